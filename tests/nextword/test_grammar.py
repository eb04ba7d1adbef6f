"""The language is sampled and read as it says."""

import itertools
import math
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nextword.grammar import (
    FIRST_NOUN_INDEX,
    PRESETS,
    Grammar,
    ImpossibleSentenceError,
    ParameterError,
    Parameters,
    Slot,
    beyond_luck,
)

BEGINNING = ["these", "old", "cooks", "eat", "quietly", "near", "the", "river"]
SENTENCE = [*BEGINNING, "and", "the", "cooks", "smile", "."]


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return Grammar.load()


parameters = st.builds(
    Parameters,
    returning=st.floats(0, 1),
    stop=st.floats(0.05, 1),
    min_distance=st.integers(4, 30),
    skew=st.floats(0, 5),
)


# Vocabulary and sampling


def test_the_vocabulary_has_400_to_600_words_whatever_the_parameters(grammar: Grammar) -> None:
    assert 400 <= len(grammar.vocab) <= 600
    assert list(grammar.vocab) == sorted(set(grammar.vocab))
    assert {"the", "and", "."} <= set(grammar.vocab)
    assert not {"<s>", "</s>", "<unk>", ""} & set(grammar.vocab)
    extreme = Parameters(returning=0, stop=1, min_distance=4, skew=0)
    assert Grammar.load(parameters=extreme).vocab == grammar.vocab


@settings(deadline=None, max_examples=30)
@given(parameters, st.integers(0, 2**32))
def test_every_sample_can_be_read_back(parameters: Parameters, seed: int) -> None:
    grammar = Grammar.load(parameters=parameters)
    sample = grammar.sample(20, np.random.default_rng(seed))
    assert len(sample) == 20
    for sentence in sample:
        assert sentence[-1] == "."
        assert set(sentence) <= set(grammar.vocab)
        assert math.isfinite(grammar.log_prob(sentence))
        assert grammar.distance(sentence) >= parameters.min_distance


def test_the_same_seed_makes_the_same_sample_and_going_on_another(grammar: Grammar) -> None:
    rng = np.random.default_rng(7)
    first, second = grammar.sample(10, rng), grammar.sample(10, rng)
    assert first != second
    assert grammar.sample(20, np.random.default_rng(7)) == first + second


def test_sample_tokens_stops_with_the_sentence_that_reaches_the_number(grammar: Grammar) -> None:
    sample = grammar.sample_tokens(1000, np.random.default_rng(1))
    scored = [len(sentence) + 1 for sentence in sample]
    assert sum(scored[:-1]) < 1000 <= sum(scored)
    assert grammar.sample_tokens(0, np.random.default_rng(1)) == []


def test_a_negative_number_of_sentences_or_tokens_is_refused(grammar: Grammar) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="0 sentences or more, got -1"):
        grammar.sample(-1, rng)
    with pytest.raises(ValueError, match="0 tokens or more, got -1"):
        grammar.sample_tokens(-1, rng)


@pytest.mark.parametrize("name", PRESETS)
def test_words_come_as_often_as_their_probabilities_say(name: str) -> None:
    grammar = Grammar.load(parameters=PRESETS[name])
    n = 20_000
    sample = grammar.sample(n, np.random.default_rng(11))
    determiners = Counter(sentence[0] for sentence in sample)
    _assert_frequencies(determiners, grammar.next_distribution([]), n)
    nouns = Counter(s[2] for s in sample if s[0] in ("the", "our") and s[1] == "old")
    _assert_frequencies(nouns, grammar.next_distribution(["our", "old"]), nouns.total())
    returned = sum(s[2] == s[grammar.returning_index(s)] for s in sample)
    p = PRESETS[name].returning
    assert abs(returned - n * p) < 5 * math.sqrt(n * p * (1 - p))


def _assert_frequencies(counts: Counter[str], probs: dict[str, float], n: int) -> None:
    assert set(counts) <= set(probs)
    for word, p in probs.items():
        # 5.5 standard deviations, and a little for rare words, whose counts are Poisson.
        assert abs(counts[word] - n * p) < 5.5 * math.sqrt(n * p * (1 - p)) + 5, word


def test_agreement_and_a_returning_noun_are_there_to_be_seen(grammar: Grammar) -> None:
    assert math.isfinite(grammar.log_prob(SENTENCE))
    for index, word in [(0, "this"), (2, "cook"), (3, "eats"), (10, "cook"), (11, "smiles")]:
        wrong = [*SENTENCE[:index], word, *SENTENCE[index + 1 :]]
        assert grammar.log_prob(wrong) == -math.inf, wrong
    returned = grammar.next_distribution(SENTENCE[:10])
    assert returned["cooks"] == pytest.approx(0.85)
    assert "cook" not in returned
    assert "captains" not in returned
    assert {"baker", "bakers"} <= set(returned)


# Reading


@settings(deadline=None, max_examples=40)
@given(parameters, st.integers(0, 2**32))
def test_continuations_sum_to_1_and_chain_to_the_log_prob(
    parameters: Parameters, seed: int
) -> None:
    grammar = Grammar.load(parameters=parameters)
    (sentence,) = grammar.sample(1, np.random.default_rng(seed))
    log_probs = grammar.log_probs(sentence)
    assert log_probs.shape == (len(sentence) + 1,)
    for index, token in enumerate([*sentence, "</s>"]):
        continuations = grammar.next_distribution(sentence[:index])
        assert math.fsum(continuations.values()) == pytest.approx(1, abs=1e-12)
        assert min(continuations.values()) > 0
        assert math.log(continuations[token]) == pytest.approx(log_probs[index], abs=1e-12)
    assert grammar.log_prob(sentence) == pytest.approx(log_probs.sum(), rel=1e-12)


def test_the_end_is_certain_after_the_full_stop_and_impossible_before(grammar: Grammar) -> None:
    assert grammar.next_distribution(SENTENCE) == {"</s>": 1.0}
    assert grammar.log_probs(SENTENCE)[-1] == 0
    assert grammar.log_probs(SENTENCE[:-1])[-1] == -math.inf


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["."],
        ["</s>"],
        ["the"],
        ["zebra"],
        SENTENCE[:-1],
        [*SENTENCE, "."],
        [*SENTENCE, "</s>"],
        ["<s>", *SENTENCE],
        SENTENCE + SENTENCE,
        SENTENCE[::-1],
        [word.upper() for word in SENTENCE],
        ["the", "old", "and"],
    ],
    ids=" ".join,
)
def test_what_the_grammar_cannot_make_has_log_prob_minus_infinity(
    grammar: Grammar, words: list[str]
) -> None:
    assert grammar.log_prob(words) == -math.inf


@given(st.lists(st.one_of(st.sampled_from(SENTENCE), st.text(max_size=3)), max_size=12))
def test_any_list_of_strings_has_a_log_prob(words: list[str]) -> None:
    log_prob = Grammar.load().log_prob(words)
    assert log_prob == -math.inf or math.isfinite(log_prob)
    assert not math.isnan(log_prob)


def test_log_probs_are_minus_infinity_from_the_first_impossible_token_on(grammar: Grammar) -> None:
    wrong = [*SENTENCE[:4], "zebra", *SENTENCE[5:]]
    log_probs = grammar.log_probs(wrong)
    assert log_probs[:4].tolist() == grammar.log_probs(SENTENCE)[:4].tolist()
    assert np.isneginf(log_probs[4:]).all()


def test_a_distribution_given_away_can_be_changed_without_harm(grammar: Grammar) -> None:
    grammar.next_distribution([]).clear()
    assert math.isfinite(grammar.log_prob(SENTENCE))


@pytest.mark.parametrize(
    "prefix", [["zebra"], ["the", "the"], [*SENTENCE, "</s>"], [*SENTENCE, "x"]]
)
def test_an_impossible_prefix_is_refused_with_what_was_possible(
    grammar: Grammar, prefix: list[str]
) -> None:
    with pytest.raises(ImpossibleSentenceError, match=r"expected .*got"):
        grammar.next_distribution(prefix)


def test_the_refusal_names_the_token_and_what_could_have_stood_there(grammar: Grammar) -> None:
    with pytest.raises(ImpossibleSentenceError) as refusal:
        grammar.tags([*SENTENCE[:3], "eats", *SENTENCE[4:]])
    message = str(refusal.value)
    assert message.startswith("token 3, after 'these old cooks': expected as verb 'cook', 'bake'")
    assert "got 'eats'" in message


# Classes


def test_slots_tags_and_distance_of_a_sentence(grammar: Grammar) -> None:
    assert [str(slot) for slot in grammar.slots(SENTENCE)] == [
        "determiner", "adjective", "noun", "verb", "next phrase", "next phrase", "article",
        "setting", "next phrase", "article", "returning noun", "closing verb", "full stop",
        "end of sentence",
    ]  # fmt: skip
    tags = "DET ADJ NOUN VERB ADV ADP DET NOUN CCONJ DET NOUN VERB PUNCT"
    assert grammar.tags(SENTENCE) == tags.split()
    assert grammar.returning_index(SENTENCE) == 10
    assert SENTENCE[FIRST_NOUN_INDEX] == "cooks"
    assert grammar.distance(SENTENCE) == 8


def test_some_words_are_noun_and_verb_and_none_has_another_two_classes(grammar: Grammar) -> None:
    classes: dict[str, set[str]] = {}
    for sentence in grammar.sample(20_000, np.random.default_rng(2)):
        for word, tag in zip(sentence, grammar.tags(sentence), strict=True):
            classes.setdefault(word, set()).add(tag)
    double = {word for word, tags in classes.items() if len(tags) > 1}
    assert {"cooks", "judges", "coaches", "guards", "tutors", "pilots", "nurses"} <= double
    assert all(classes[word] == {"NOUN", "VERB"} for word in double)


@pytest.mark.parametrize("method", ["slots", "tags", "returning_index", "distance"])
def test_what_is_no_sentence_has_no_classes(grammar: Grammar, method: str) -> None:
    for words in ([], SENTENCE[:-1], [*SENTENCE, "."], [*SENTENCE, "</s>"]):
        with pytest.raises(ImpossibleSentenceError):
            getattr(grammar, method)(words)


def test_a_grammar_travels_to_another_process(grammar: Grammar) -> None:
    copy = pickle.loads(pickle.dumps(grammar))
    assert copy.log_prob(SENTENCE) == grammar.log_prob(SENTENCE)


# Parameters


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *itertools.product(
            ["returning", "stop"], [-0.1, 1.1, math.nan, math.inf, "0.5", None, True]
        ),
        ("stop", 0),
        *itertools.product(["min_distance"], [3, -1, 4.5, 1001, math.nan, "9"]),
        *itertools.product(["skew"], [-1, 5.1, math.nan]),
    ],
)
def test_a_parameter_outside_its_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=rf"expected {name}.* got"):
        Parameters(**{name: value})


def test_numpy_numbers_are_parameters_too() -> None:
    numbers: dict[str, Any] = {"min_distance": np.int64(9), "stop": np.float32(0.5)}
    assert Parameters(**numbers) == Parameters(min_distance=9, stop=0.5)


def test_a_window_of_8_never_sees_noun_or_verb_out_of_sight() -> None:
    grammar = Grammar.load(parameters=PRESETS["out of sight"])
    for sentence in grammar.sample(2000, np.random.default_rng(6)):
        window = slice(grammar.returning_index(sentence) - 8, grammar.returning_index(sentence))
        assert not {Slot.NOUN, Slot.VERB} & set(grammar.slots(sentence)[window])


# Luck


def test_a_model_that_has_seen_the_text_is_beyond_luck_and_the_truth_is_not(
    grammar: Grammar,
) -> None:
    sample = grammar.sample(20, np.random.default_rng(8))
    truth = sum(map(grammar.log_prob, sample))
    assert beyond_luck(0.0, truth)
    assert not beyond_luck(truth, truth)
    assert not beyond_luck(-math.inf, truth)
    assert not beyond_luck(truth + math.log(1e6) - 1e-6, truth)
    assert beyond_luck(truth + math.log(1e6) + 1e-6, truth)
    assert beyond_luck(truth + 5, truth, chance=0.01)


def test_luck_is_not_judged_without_numbers() -> None:
    with pytest.raises(ValueError, match="cannot come from the grammar"):
        beyond_luck(-1.0, -math.inf)
    with pytest.raises(ValueError, match="nan"):
        beyond_luck(math.nan, -1.0)
    for chance in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="chance between 0 and 1"):
            beyond_luck(-1.0, -1.0, chance=chance)
