"""The models are held against KenLM's numbers, and against slow twins written from the papers."""

import os
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.models.ngram import (
    FALLBACK_DISCOUNTS,
    AddDelta,
    ContextError,
    DeltaError,
    EmptyCorpusError,
    ModifiedKneserNey,
    OrderError,
)
from nextword.models.ngram_table import ReservedTokenError
from nextword.text.vocabulary import NotSentencesError, Vocabulary

REPO = Path(__file__).parents[2]
SHARED = Path(os.environ.get("NEXTWORD_SHARED", REPO.parent / "shared")) / "data"

WORDS = st.sampled_from("abcde")
CORPORA = st.lists(st.lists(WORDS, max_size=8), min_size=1, max_size=30)
CONTEXTS = st.lists(st.sampled_from([*"abcde", "zzz", "<s>", "</s>", "<unk>"]), max_size=6)
ORDERS = st.integers(1, 5)


# --- twins: the definitions, word for word, on dictionaries --------------------------------------


def windows(sentence, n, n_bos):
    padded = ("<s>",) * n_bos + (*sentence, "</s>")
    return [padded[i : i + n] for i in range(len(padded) - n + 1)]


class SlowKneserNey:
    """Chen and Goodman 1999, eqs. 24 to 26, and KenLM's treatment of `<s>`."""

    def __init__(self, sentences, order, outcomes):
        self.order, self.outcomes = order, outcomes
        raw = {
            k: Counter(g for s in sentences for g in windows(s, k, 1)) for k in range(1, order + 2)
        }
        del raw[1][("<s>",)]
        self.counts = {}
        for k in range(1, order + 1):
            left = defaultdict(set)
            for gram in raw[k + 1]:
                left[gram[1:]].add(gram[0])
            top = k == order
            self.counts[k] = {
                gram: count if top or gram[0] == "<s>" else len(left[gram])
                for gram, count in raw[k].items()
            }
        self.discounts = {k: self.estimate(list(c.values())) for k, c in self.counts.items()}

    @staticmethod
    def estimate(counts):
        n = [None, *(counts.count(i) for i in (1, 2, 3, 4))]
        if 0 in n[1:4]:
            return FALLBACK_DISCOUNTS
        y = n[1] / (n[1] + 2 * n[2])
        found = tuple(i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3))
        return found if min(found) > 0 else FALLBACK_DISCOUNTS

    def prob(self, word, context):
        below = self.prob(word, context[1:]) if context else 1 / self.outcomes
        k = len(context) + 1
        after = {g[-1]: c for g, c in self.counts[k].items() if g[:-1] == context}
        if not after:
            return below
        total = sum(after.values())
        taken = {w: self.discounts[k][min(c, 3) - 1] for w, c in after.items()}
        share = (after[word] - taken[word]) / total if word in after else 0.0
        return share + sum(taken.values()) / total * below


@settings(max_examples=60, deadline=None)
@given(CORPORA, ORDERS, st.lists(st.lists(st.sampled_from("abcdz"), max_size=6), min_size=1))
def test_kneser_ney_agrees_with_the_formulas_on_any_text(train, order, test):
    model = ModifiedKneserNey.fit(train, order)
    slow = SlowKneserNey(train, order, model.vocab.n_outcomes)
    expected = []
    for sentence in test:
        known = ["<s>", *(w if w in model.vocab else "<unk>" for w in sentence), "</s>"]
        expected += [
            slow.prob(known[i], tuple(known[max(0, i - order + 1) : i]))
            for i in range(1, len(known))
        ]
    np.testing.assert_allclose(model.log_probs(test), np.log(expected), rtol=0, atol=1e-10)


@settings(max_examples=60, deadline=None)
@given(CORPORA, ORDERS, st.sampled_from([0.01, 0.5, 1.0]), CORPORA)
def test_add_delta_agrees_with_the_formula_on_any_text(train, order, delta, test):
    model = AddDelta.fit(train, order, delta)
    grams = Counter(g for s in train for g in windows(s, order, order - 1))
    contexts = Counter()
    for gram, count in grams.items():
        contexts[gram[:-1]] += count
    v = model.vocab.n_outcomes
    known = [[w if w in model.vocab else "<unk>" for w in s] for s in test]
    expected = [
        (grams[g] + delta) / (contexts[g[:-1]] + delta * v)
        for s in known
        for g in windows(s, order, order - 1)
    ]
    np.testing.assert_allclose(model.log_probs(test), np.log(expected), rtol=0, atol=1e-10)


@settings(max_examples=100, deadline=None)
@given(CORPORA, ORDERS, st.lists(st.sampled_from("abcxy"), unique=True))
def test_with_any_vocabulary_probabilities_are_those_of_the_formulas(train, order, words):
    vocab = Vocabulary(words)
    model = ModifiedKneserNey.fit(train, order, vocab)
    known = [[w if w in vocab else "<unk>" for w in s] for s in train]
    slow = SlowKneserNey(known, order, vocab.n_outcomes)
    expected = [
        slow.prob(padded[i], tuple(padded[max(0, i - order + 1) : i]))
        for padded in (["<s>", *s, "</s>"] for s in known)
        for i in range(1, len(padded))
    ]
    np.testing.assert_allclose(np.exp(model.log_probs(train)), expected, rtol=1e-12, atol=0)


@settings(deadline=None)
@given(CORPORA, ORDERS)
def test_a_text_may_come_once_sentence_after_sentence(train, order):
    for cls in (ModifiedKneserNey, AddDelta):
        model, streamed = cls.fit(train, order), cls.fit(map(tuple, train), order)
        assert streamed.vocab == model.vocab
        assert streamed.n_ngrams == model.n_ngrams
        np.testing.assert_array_equal(streamed.log_probs(iter(train)), model.log_probs(train))


# --- KenLM ---------------------------------------------------------------------------------------


def tiny_shakespeare(part):
    path = SHARED / f"tinyshakespeare.{part}.txt"
    if not path.is_file():
        pytest.skip(f"{path} is not here: no KenLM numbers to compare with (set NEXTWORD_SHARED)")
    return [line.split() for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("order", "without_unknown", "with_unknown"),
    [(2, 132.8433, 183.2456), (3, 125.1538, 173.0370), (5, 124.3136, 171.8637)],
)
def test_perplexity_agrees_with_kenlm_to_four_decimals(order, without_unknown, with_unknown):
    train, test = tiny_shakespeare("train"), tiny_shakespeare("test")
    model = ModifiedKneserNey.fit(train, order)
    assert f"{model.perplexity(test, unknown='skip'):.4f}" == f"{without_unknown:.4f}"
    assert f"{model.perplexity(test, unknown='score'):.4f}" == f"{with_unknown:.4f}"


# --- distributions -------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(CORPORA, ORDERS, CONTEXTS)
def test_kneser_ney_sums_to_one_after_any_context_and_gives_every_outcome_a_share(
    train, order, context
):
    distribution = ModifiedKneserNey.fit(train, order).next_distribution(context)
    assert distribution.sum() == pytest.approx(1, abs=1e-12)
    assert distribution[0] == 0
    assert (distribution[1:] > 0).all()


@settings(max_examples=100, deadline=None)
@given(CORPORA, ORDERS, CONTEXTS)
def test_add_delta_sums_to_one_after_any_context(train, order, context):
    distribution = AddDelta.fit(train, order, 0.3).next_distribution(["<s>", *context])
    assert distribution.sum() == pytest.approx(1, abs=1e-12)
    assert distribution[0] == 0


@settings(max_examples=100, deadline=None)
@given(CORPORA, ORDERS, st.lists(st.sampled_from([*"abcde", "zzz"]), max_size=6))
def test_distributions_and_scores_are_the_same_model(train, order, sentence):
    for model in (ModifiedKneserNey.fit(train, order), AddDelta.fit(train, order, 0.1)):
        steps = [
            model.next_distribution(["<s>", *sentence[:i]])[model.vocab.encode([word])[0]]
            for i, word in enumerate([*sentence, "</s>"])
        ]
        np.testing.assert_allclose(np.exp(model.log_probs([sentence])), steps, rtol=1e-12)


def test_on_real_text_distributions_sum_to_one_at_seen_and_unseen_contexts():
    train, test = tiny_shakespeare("train"), tiny_shakespeare("test")
    model = ModifiedKneserNey.fit(train[:5000], 4)
    rng = np.random.default_rng(0)
    for number in rng.integers(len(test), size=50):
        for context in (test[number][:3], train[number][:3], rng.permutation(test[number])[:3]):
            assert model.next_distribution(list(context)).sum() == pytest.approx(1, abs=1e-12)


TOY = [["the", "cat", "sat"], ["the", "dog", "sat"], ["a", "cat", "ran"]]


def test_an_unknown_word_gets_the_probability_of_unk():
    model = ModifiedKneserNey.fit(TOY, 3)
    unk = model.next_distribution(["<s>", "the"])[model.vocab.unk]
    assert np.exp(model.log_probs([["the", "zebra"]])[1]) == pytest.approx(unk)
    assert unk > 0


def test_unknown_words_are_skipped_only_when_told_to():
    model = ModifiedKneserNey.fit(TOY, 2)
    scores = model.log_probs([["the", "zebra", "sat"]])
    kept = scores[[0, 2, 3]]
    assert model.perplexity([["the", "zebra", "sat"]]) == pytest.approx(np.exp(-scores.mean()))
    skipped = model.perplexity([["the", "zebra", "sat"]], unknown="skip")
    assert skipped == pytest.approx(np.exp(-kept.mean()))
    with pytest.raises(ValueError, match="'score' or 'skip'"):
        model.perplexity(TOY, unknown="ignore")


def test_training_words_outside_a_given_vocabulary_are_counted_as_unk():
    vocab = Vocabulary(["the", "sat"])
    model = ModifiedKneserNey.fit(TOY, 2, vocab)
    renamed = [[w if w in vocab else "<unk>" for w in s] for s in TOY]
    assert model.vocab is vocab
    np.testing.assert_array_equal(
        model.log_probs(TOY), ModifiedKneserNey.fit(renamed, 2, vocab).log_probs(renamed)
    )


def test_a_context_longer_than_the_model_is_cut():
    model = ModifiedKneserNey.fit(TOY, 3)
    np.testing.assert_array_equal(
        model.next_distribution(["a", "dog", "ran", "the", "cat"]),
        model.next_distribution(["the", "cat"]),
    )


def test_a_shorter_context_asks_the_lower_orders():
    # Order 2 of the order-3 model counts left neighbours, so it differs from an order-2 model;
    # a context that was never seen must fall to exactly what the shorter one gives.
    model = ModifiedKneserNey.fit(TOY, 3)
    np.testing.assert_array_equal(
        model.next_distribution(["zebra", "cat"]), model.next_distribution(["cat"])
    )
    np.testing.assert_array_equal(model.next_distribution(["zebra"]), model.next_distribution([]))
    assert not np.allclose(model.next_distribution(["cat"]), model.next_distribution([]))


def test_any_number_of_sentence_starts_means_one():
    model = ModifiedKneserNey.fit(TOY, 4)
    np.testing.assert_array_equal(
        model.next_distribution(["<s>", "<s>", "<s>", "the"]),
        model.next_distribution(["<s>", "the"]),
    )


# --- add-δ ---------------------------------------------------------------------------------------


def test_an_unseen_context_is_uniform_for_add_delta():
    model = AddDelta.fit(TOY, 3, 0.5)
    after = model.next_distribution(["dog", "zebra"])
    assert after[1:].tolist() == [1 / model.vocab.n_outcomes] * model.vocab.n_outcomes


def test_maximum_likelihood_is_delta_zero():
    model = AddDelta.fit(TOY, 2, delta=0)
    after = dict(zip(model.vocab, model.next_distribution(["the"]), strict=True))
    assert (after["cat"], after["dog"], after["sat"]) == (0.5, 0.5, 0.0)
    assert np.isnan(model.next_distribution(["zebra"])[1:]).all()
    scores = model.log_probs([["the", "sat"], ["zebra", "ran"]])
    assert scores[1] == -np.inf
    assert np.isnan(scores[4])
    assert model.perplexity([["a", "dog", "ran"]]) == np.inf


def test_students_opened_their_books():
    sentences = [["their", "books"]] * 400 + [["their", "exams"]] * 100 + [["their", "eyes"]] * 500
    model = AddDelta.fit(sentences, 2, delta=0)
    after = model.next_distribution(["their"])
    assert after[model.vocab.encode(["books", "exams"])].tolist() == [0.4, 0.1]


def test_add_delta_needs_to_know_where_a_short_context_stands():
    model = AddDelta.fit(TOY, 3)
    with pytest.raises(ContextError, match="2 words of context"):
        model.next_distribution(["the"])
    np.testing.assert_array_equal(
        model.next_distribution(["<s>", "the"]), model.next_distribution(["<s>", "<s>", "the"])[:]
    )


@pytest.mark.parametrize("delta", [-0.1, float("nan"), float("inf")])
def test_a_delta_that_is_no_count_is_refused(delta):
    with pytest.raises(DeltaError, match="finite"):
        AddDelta.fit(TOY, 2, delta)


# --- discounts -----------------------------------------------------------------------------------


def test_discounts_follow_from_the_counts_of_counts():
    # As unigrams of an order-1 model: 4 words once, 3 twice, 2 three times, 1 four times, and
    # </s> once a sentence, 12 times: Y = 4 / (4 + 6) = .4.
    words = ["a", "b", "c", "d", *"ee", *"ff", *"gg", *"hhh", *"iii", *"jjjj"]
    sentences = [words, *([[]] * 11)]
    (discounts,) = ModifiedKneserNey.fit(sentences, 1).discounts
    assert discounts == pytest.approx((1 - 0.8 * 3 / 4, 2 - 1.2 * 2 / 3, 3 - 1.6 * 1 / 2))


def test_undefined_discounts_fall_back():
    assert set(ModifiedKneserNey.fit([["a", "b"]], 3).discounts) == {FALLBACK_DISCOUNTS}


# --- awkward corpora -----------------------------------------------------------------------------


def fits(order):
    return [
        lambda sentences: ModifiedKneserNey.fit(sentences, order),
        lambda sentences: AddDelta.fit(sentences, order),
    ]


@pytest.mark.parametrize("fit", fits(2))
@pytest.mark.parametrize("nothing", [[], (), iter([])])
def test_an_empty_corpus_is_refused(fit, nothing):
    with pytest.raises(EmptyCorpusError, match="at least one sentence"):
        fit(nothing)


@pytest.mark.parametrize("fit", fits(2))
def test_nothing_to_evaluate_is_refused(fit):
    model = fit(TOY)
    for ask in (model.log_probs, model.perplexity):
        with pytest.raises(EmptyCorpusError):
            ask([])


@pytest.mark.parametrize("order", [0, -1, 1.5, 2.0, True, "3", None])
def test_an_order_that_is_no_positive_whole_number_is_refused(order):
    for fit in fits(order):
        with pytest.raises(OrderError, match="1 or more"):
            fit(TOY)


def test_a_numpy_integer_is_an_order():
    assert ModifiedKneserNey.fit(TOY, np.int64(2)).order == 2


@pytest.mark.parametrize("order", [1, 2, 7])
@pytest.mark.parametrize("corpus", [[["word"]], [["word"]] * 100, [[]], [[], ["word"]]])
def test_a_corpus_of_one_word_or_none_gives_a_model(corpus, order):
    for fit in fits(order):
        model = fit(corpus)
        assert np.isfinite(model.log_probs([["word"], ["other"], []])).all()
        assert model.next_distribution(["<s>", "word"]).sum() == pytest.approx(1)


def test_an_order_longer_than_every_sentence_is_the_longest_that_fits():
    longest = ModifiedKneserNey.fit(TOY, 5)
    longer = ModifiedKneserNey.fit(TOY, 50)
    assert longer.n_ngrams == longest.n_ngrams
    np.testing.assert_array_equal(longer.log_probs(TOY), longest.log_probs(TOY))
    assert np.isfinite(longer.log_probs([["the"] * 100])).all()


@pytest.mark.parametrize("fit", fits(2))
def test_sentence_marks_inside_a_sentence_are_refused(fit):
    with pytest.raises(ReservedTokenError, match="<s> and </s>"):
        fit([["<s>", "the", "</s>"]])


@pytest.mark.parametrize("fit", fits(2))
def test_text_that_was_not_split_is_refused(fit):
    with pytest.raises(NotSentencesError):
        fit(["the cat sat"])
    late = [*TOY * 200, "the cat sat"]
    for text in (late, iter(late)):
        with pytest.raises(NotSentencesError, match="sentence 600 is"):
            fit(text)
    with pytest.raises(NotSentencesError):
        fit(TOY).next_distribution("the cat")


# --- what is stored, what was seen, samples ------------------------------------------------------


@settings(deadline=None)
@given(CORPORA, ORDERS)
def test_as_many_ngrams_are_stored_as_there_are_different_ones(train, order):
    model = ModifiedKneserNey.fit(train, order)
    different = [len({g for s in train for g in windows(s, k, 1)}) for k in range(1, order + 1)]
    different[0] -= 1  # <s> is no outcome
    assert list(model.n_ngrams) == [n for n in different if n]


@settings(deadline=None)
@given(CORPORA, ORDERS, CORPORA)
def test_seen_tells_which_ngrams_occurred_in_training(train, order, test):
    seen = AddDelta.fit(train, order).seen(test)
    assert seen.shape == (sum(len(s) + 1 for s in test), order)
    for k in range(1, order + 1):
        known = {g for s in train for g in windows(s, k, k - 1)}
        assert seen[:, k - 1].tolist() == [g in known for s in test for g in windows(s, k, k - 1)]


def test_samples_come_from_the_distribution():
    model = AddDelta.fit([["a"]] * 3 + [["b"]], 2, delta=0)
    rng = np.random.default_rng(1)
    drawn = Counter(tuple(model.sample(rng)) for _ in range(4000))
    assert set(drawn) == {("a",), ("b",)}
    # Mean 3000, standard deviation 27: five of them are passed once in 1.7 million runs.
    assert abs(drawn[("a",)] - 3000) < 5 * 27.4


def test_a_sample_is_reproducible_goes_on_from_its_start_and_stops():
    model = ModifiedKneserNey.fit(TOY, 3)
    one, same = (model.sample(np.random.default_rng(5), start=["the"]) for _ in range(2))
    assert one == same
    assert one[0] == "the"
    assert "<s>" not in one
    assert "</s>" not in one
    endless = AddDelta.fit([["a"] * 2000], 2, delta=0)
    assert len(endless.sample(np.random.default_rng(0), max_tokens=5)) == 5
    assert endless.sample(np.random.default_rng(0), max_tokens=0, start=["a"]) == ["a"]
