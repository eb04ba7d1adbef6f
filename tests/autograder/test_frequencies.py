"""A tally of random answers is compared with what is right, and chance decides nothing."""

import json
import math
from bisect import bisect_left
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from autograder.authoring.frequencies import Frequencies, Shares
from autograder.guest.codec import MAX_BYTES, decode, encode, parse

OF = {0: 0.5, 1: 0.3, 2: 0.2}
KNOWN, TWO = Frequencies(OF), Frequencies()


def sent(value):
    return decode(parse(json.dumps(encode(value)), MAX_BYTES))


def tally(probabilities, calls, seed):
    rng = np.random.default_rng(seed)
    return Counter(dict(enumerate(rng.multinomial(calls, probabilities).tolist())))


def counts(hits, calls):
    return Counter(a=hits, b=calls - hits)


@pytest.mark.parametrize("compare", [KNOWN, TWO], ids=["known", "two"])
@pytest.mark.parametrize("seed", range(20))
def test_two_tallies_of_one_distribution_agree(seed, compare):
    one, other = (sent(tally([0.5, 0.3, 0.2], 500, 2 * seed + side)) for side in (0, 1))
    assert compare.difference(one, other) is None
    assert compare.difference(one, other, slack=0.3) is None


@pytest.mark.parametrize("compare", [KNOWN, TWO], ids=["known", "two"])
def test_tallies_of_different_distributions_differ(compare):
    one, other = sent(tally([0.5, 0.3, 0.2], 500, 0)), sent(tally([0.2, 0.3, 0.5], 500, 1))
    assert compare.difference(one, other) == "other frequencies than the probabilities say"
    assert compare.difference(one, other, slack=0.3) is not None


@pytest.mark.parametrize("calls", [20, 300, 2_700])
@pytest.mark.parametrize("chance", [1e-3, 1e-9])
@pytest.mark.parametrize("p", [0.001, 0.0149, 0.06, 0.42, 0.5, 0.9])
def test_a_right_function_is_taken_for_a_wrong_one_as_seldom_as_is_said(calls, chance, p):
    """Exactly: the binomial probability of all counts that differ."""
    compare = Frequencies({"a": p, "b": 1 - p}, Shares(chance))
    right = counts(calls, calls)  # which is not looked at
    told = [n for n in range(calls + 1) if compare.difference(right, counts(n, calls)) is not None]
    assert binom.pmf(told, calls, p).sum() <= chance
    assert told or calls == 20  # some counts must not be allowed


@pytest.mark.parametrize("p", [0.02, 0.3, 0.5])
def test_two_right_functions_are_told_apart_as_seldom_as_is_said(p):
    """Exactly, over all pairs of counts."""
    calls, compare = 60, Frequencies(shares=Shares(1e-3))
    chance = binom.pmf(np.arange(calls + 1), calls, p)
    told = sum(
        chance[one] * chance[other]
        for one in range(calls + 1)
        for other in range(calls + 1)
        if compare.difference(counts(one, calls), counts(other, calls)) is not None
    )
    assert 0 < told <= 1e-3


@pytest.mark.parametrize(("right", "wrong"), [(0.56, 0.125), (0.42, 0.66), (0.06, 0.2)])
def test_a_mistake_keeps_its_points_as_seldom_as_is_said(right, wrong):
    calls, compare = 300, Frequencies({"a": right, "b": 1 - right})
    kept = [n for n in range(calls + 1) if not compare.difference(counts(1, 300), counts(n, 300))]
    assert binom.pmf(kept, calls, wrong).sum() <= Shares().missed(right, wrong, calls)
    assert Shares().missed(right, right, calls) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("p", [0.06, 0.3, 0.5])
def test_two_tallies_of_one_mistake_hardly_ever_differ_where_a_hint_is_given(p):
    """Exactly, for the least slack that counts."""
    calls = 100
    chance = binom.pmf(np.arange(calls + 1), calls, p)
    told = sum(
        chance[one] * chance[other]
        for one in range(calls + 1)
        for other in range(calls + 1)
        if not Shares().agree(None, one / calls, other / calls, calls, slack=0.3)
    )
    assert told < 1e-4


@pytest.mark.parametrize("p", [0.06, 0.3, 0.5])
def test_two_tallies_take_two_to_three_times_the_calls_of_what_is_known(p):
    """For a probability that is 0.2 off and missed with a chance of 1e-6 or less."""

    def least(known):
        def is_enough(calls):
            return Shares().missed(p, p + 0.2, calls, known) < 1e-6

        return bisect_left(range(5_000), True, lo=100, key=is_enough)

    assert 2 < least(known=False) / least(known=True) < 3


def test_an_answer_that_never_comes_may_not_come_once():
    got = tally([0.5, 0.3, 0.2], 500, 0)
    assert KNOWN.difference(got, got) is None
    assert KNOWN.difference(got, got - Counter({0: 1}) + Counter({7: 1})) is not None
    assert TWO.difference(got, got - Counter({0: 1}) + Counter({7: 1})) is None


def test_what_is_known_counts_not_what_was_expected_but_for_a_known_mistake():
    """A reference that draws otherwise than its check says is found when an exam is drawn."""
    wrong = tally([0.2, 0.3, 0.5], 500, 0)
    assert KNOWN.difference(wrong, wrong) is not None
    assert KNOWN.difference(wrong, wrong, slack=0.3) is None
    assert KNOWN.difference(wrong, tally([0.5, 0.3, 0.2], 500, 1)) is None
    assert KNOWN.difference(wrong, tally([0.5, 0.3, 0.2], 500, 1), slack=0.3) is not None


def test_shares_may_be_off_twice_as_far_at_most():
    """Where p is 1/2: n / N by about sqrt(ln(2 / 1e-9) / 2N), .0731 of 2,000."""
    compare = Frequencies({"a": 0.5, "b": 0.5})
    for by, slack, agrees in ((145, 1, True), (147, 1, False), (288, 9, True), (294, 9, False)):
        got = counts(1000 + by, 2000)
        assert (compare.difference(counts(0, 2000), got, slack) is None) is agrees


@pytest.mark.parametrize(
    "got",
    [
        None,
        [1, 2],
        {"a": 100},
        Counter(a=99),
        Counter(a=101),
        Counter(a=101, b=-1),
        Counter(),
        Counter({"a": "100"}),
        Counter({"a": None}),
        Counter({"a": np.array([1, 2])}),
        Counter({"a": math.nan}),
        Counter({"a": True, "b": 99}),
        Counter({"a": 100.0}),
        Counter({"a": 50, "b": 50.0}),
    ],
)
@pytest.mark.parametrize("compare", [Frequencies({"a": 1.0}), TWO], ids=["known", "two"])
def test_what_is_no_tally_of_every_call_differs_and_breaks_nothing(got, compare):
    assert compare.difference(Counter(a=100), sent(got)) == "not a result of every call"


@pytest.mark.parametrize("odd", [math.nan, -0.1, 1.1, math.inf, 0.5 + 0j, None, "0.5"])
@pytest.mark.parametrize("slack", [0.3, 1.0])
def test_what_is_no_share_never_agrees(odd, slack):
    half = np.array([0.5, 0.5])
    assert Shares().agree(half, half, half, 100, slack)
    assert not Shares().agree(half, half, np.array([0.5, odd]), 100, slack)


@given(st.integers(1, 5_000), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50)
def test_shares_are_as_far_from_each_other_whichever_comes_first(calls, one, other):
    assert Shares().agree(None, one, other, calls, 1.0) == Shares().agree(
        None, other, one, calls, 1.0
    )
    assert Shares().agree(None, one, one, calls, 0.3)
