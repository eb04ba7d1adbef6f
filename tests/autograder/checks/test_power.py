"""What statistics decide: which mistakes are seen with a probability above 1 - 1e-6."""

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binom

from autograder.authoring.comparing import Frequencies
from tests.course_code import module

SAMPLE, DROPOUT, GENERATE = (
    module(name) for name in ("counting.sample_text", "window.apply_dropout", "recurrent.generate")
)
RNG = np.random.default_rng(0)


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


def furthest(right, wrong):
    return float(np.abs(np.asarray(right) - np.asarray(wrong)).max())


def test_words_drawn_alike_or_the_best_are_seen_and_a_small_power_is_not_decided():
    surely = Frequencies().told_apart(SAMPLE.DRAWS)
    assert surely < 0.352
    (_, p) = SAMPLE._choice(RNG).args[1][()]
    p = np.array(p)
    assert furthest(p, np.full(len(p), 1 / len(p))) > surely
    assert furthest(p, p == p.max()) > surely
    assert furthest(p, p**1.3 / (p**1.3).sum()) < surely  # as the check says


@pytest.mark.parametrize(
    "mistake",
    [
        lambda scores, t: softmax(scores * t),
        lambda scores, t: softmax(scores),
        lambda scores, t: scores == scores.max(),
        lambda scores, t: np.full(len(scores), 1 / len(scores)),
    ],
    ids=["multiplied", "ignored", "the best", "alike"],
)
def test_each_mistake_with_the_temperature_is_seen_at_one_of_them(mistake):
    surely = Frequencies().told_apart(GENERATE.DRAWS)
    assert surely < 0.5
    for seed in range(20):
        rng = np.random.default_rng(seed)
        choices = [(t, GENERATE._choice(rng, 2, best)["c"]) for t, best in GENERATE.CHOICES]
        off = [furthest(softmax(scores / t), mistake(scores, t)) for t, scores in choices]
        assert max(off) > surely


def test_a_word_beyond_the_five_likeliest_is_missed():
    """Each of three would have to come too seldom; who seldom draws one draws others more often."""
    temperature, best = GENERATE.CHOICES[0]
    for seed in range(20):
        scores = GENERATE._choice(np.random.default_rng(seed), 2, best)["c"]
        p = np.sort(softmax(scores / temperature))[-8:]  # without </s>, which is never drawn
        seldom = binom.cdf(Frequencies().never_by_chance - 1, GENERATE.DRAWS, p[:3])
        assert seldom.prod() < 1e-6


def test_a_rate_taken_for_what_is_kept_is_seen():
    surely = Frequencies().told_apart(DROPOUT.DRAWS)
    assert surely < 0.16
    assert abs(0.75 - 0.25) > surely


def test_what_is_told_apart_is_told_apart_and_what_is_right_is_not():
    """By simulation: at the power's difference no mistake is missed, and no right answer lost."""
    calls, compare = 1_500, Frequencies()
    surely = compare.told_apart(calls)
    rng = np.random.default_rng(1)
    p = 0.3

    def tally(probability):
        hits = int(rng.binomial(calls, probability))
        return Counter(a=hits, b=calls - hits)

    assert all(compare.difference(tally(p), tally(p + surely)) for _ in range(300))
    assert not any(compare.difference(tally(p), tally(p)) for _ in range(300))
