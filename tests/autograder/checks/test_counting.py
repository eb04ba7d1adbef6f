"""What must hold of the reference functions of assignment 01 themselves."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = st.sampled_from("abcd")
SENTENCES = st.lists(st.lists(WORDS, max_size=6), max_size=6)
ORDERS = st.integers(1, 4)
DELTAS = st.floats(1e-3, 10)
BASES = st.floats(1.1, 20)
QUESTIONS = ("count_ngrams", "mle_prob", "add_delta_prob", "perplexity")


@pytest.fixture(scope="session")
def reference(material):
    return material.reference


def counted(reference, sentences, n):
    return {order: reference.count_ngrams(sentences, order) for order in range(1, n + 1)}


# --- count_ngrams --------------------------------------------------------------------------------


@given(sentences=SENTENCES, n=ORDERS)
def test_there_are_as_many_ngrams_as_tokens_and_ends(reference, sentences, n):
    counts = reference.count_ngrams(sentences, n)
    assert counts.total() == sum(len(sentence) + 1 for sentence in sentences)


@given(sentences=SENTENCES, n=ORDERS)
def test_every_ngram_has_n_tokens_and_every_sentence_one_end(reference, sentences, n):
    counts = reference.count_ngrams(sentences, n)
    assert all(type(gram) is tuple and len(gram) == n for gram in counts)
    assert sum(counts[gram] for gram in counts if gram[-1] == "</s>") == len(sentences)
    assert not any(gram[-1] == "<s>" or "</s>" in gram[:-1] for gram in counts)


@given(one=SENTENCES, other=SENTENCES, n=ORDERS)
def test_the_counts_of_two_corpora_add_up(reference, one, other, n):
    together = reference.count_ngrams(one + other, n)
    assert together == reference.count_ngrams(one, n) + reference.count_ngrams(other, n)


@given(sentences=SENTENCES, n=ORDERS)
def test_lower_orders_are_sums_of_higher_ones(reference, sentences, n):
    shorter = Counter()
    for gram, count in reference.count_ngrams(sentences, n + 1).items():
        shorter[gram[1:]] += count
    assert shorter == reference.count_ngrams(sentences, n)


# --- probabilities -------------------------------------------------------------------------------


@given(sentences=SENTENCES, n=ORDERS, data=st.data())
@settings(deadline=None)
def test_relative_frequencies_sum_to_one_after_every_seen_context(reference, sentences, n, data):
    counts = counted(reference, sentences, n)
    vocab = {gram[-1] for gram in counts[1]}
    for context in {gram[:-1] for gram in counts[n]}:
        probs = [reference.mle_prob(counts, context, word) for word in vocab]
        assert math.isclose(sum(probs), 1)
        assert min(probs) >= 0
    assert math.isnan(reference.mle_prob(counts, ("unseen",) * (n - 1), "a")) == (
        n > 1 or not sentences
    )


@given(sentences=SENTENCES, n=ORDERS, delta=DELTAS, more=st.integers(0, 5), data=st.data())
@settings(deadline=None)
def test_smoothed_probabilities_sum_to_one_over_the_vocabulary(
    reference, sentences, n, delta, more, data
):
    counts = counted(reference, sentences, n)
    vocab = [*{gram[-1] for gram in counts[1]}, *(f"new {i}" for i in range(more)), "other"]
    contexts = sorted({gram[:-1] for gram in counts[n]} | {("unseen",) * (n - 1)})
    context = data.draw(st.sampled_from(contexts))
    probs = [reference.add_delta_prob(counts, context, word, len(vocab), delta) for word in vocab]
    assert math.isclose(sum(probs), 1)
    assert all(0 < prob <= 1 for prob in probs)


@given(sentences=SENTENCES, n=ORDERS, word=WORDS, data=st.data())
@settings(deadline=None)
def test_without_delta_the_smoothed_estimate_is_the_relative_frequency(
    reference, sentences, n, word, data
):
    counts = counted(reference, sentences, n)
    contexts = sorted({gram[:-1] for gram in counts[n]} | {("unseen",) * (n - 1)})
    context = data.draw(st.sampled_from(contexts))
    plain = reference.mle_prob(counts, context, word)
    smoothed = reference.add_delta_prob(counts, context, word, 10, 0.0)
    assert smoothed == pytest.approx(plain, nan_ok=True)


# --- perplexity ----------------------------------------------------------------------------------


@given(vocab_size=st.integers(1, 10**6), length=st.integers(1, 50), base=BASES)
def test_the_perplexity_of_a_uniform_model_is_its_vocabulary_size(
    reference, vocab_size, length, base
):
    log_probs = [-math.log(vocab_size, base)] * length
    assert reference.perplexity(log_probs, base) == pytest.approx(vocab_size)


@given(log_probs=st.lists(st.floats(-20, 0), min_size=1, max_size=20), base=BASES)
def test_perplexity_lies_between_that_of_the_best_and_the_worst_token(reference, log_probs, base):
    perplexity = reference.perplexity(log_probs, base)
    assert perplexity >= base ** -max(log_probs) * (1 - 1e-9)
    assert perplexity <= base ** -min(log_probs) * (1 + 1e-9)


@given(nats=st.lists(st.floats(-20, 0), min_size=1, max_size=20), base=BASES)
def test_perplexity_does_not_depend_on_the_base(reference, nats, base):
    logs = [nat / math.log(base) for nat in nats]
    assert reference.perplexity(logs, base) == pytest.approx(reference.perplexity(nats))


@given(log_probs=st.lists(st.floats(-20, 0), min_size=1, max_size=20), times=st.integers(1, 5))
def test_saying_a_text_again_does_not_change_its_perplexity(reference, log_probs, times):
    again = reference.perplexity(np.array(log_probs * times))
    assert again == pytest.approx(reference.perplexity(log_probs))


def test_all_questions_whose_references_are_tested_above_are_asked(material):
    assert set(QUESTIONS) <= {question.name for question in material.checked}
