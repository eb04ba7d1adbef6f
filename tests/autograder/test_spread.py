"""Random arrays are compared by the quantiles of their numbers, and chance decides nothing."""

import json

import numpy as np
import pytest

from autograder.authoring.spread import Spread
from autograder.guest.codec import MAX_BYTES, decode, encode, parse

KNOWN = Spread(half_range=1.0, ends=0.002)


def difference(expected, got, slack=1.0, comparison=None):
    """Return the difference as a judge sees it: both have travelled."""
    both = (decode(parse(json.dumps(encode(each)), MAX_BYTES)) for each in (expected, got))
    return (comparison or Spread()).difference(*both, slack)


def spread(seed, width=1.0, shape=(2, 3), again=True, new=True, numbers=100_000):
    numbers = np.random.default_rng(seed).uniform(-width, width, numbers)
    return {
        "shape": shape,
        "quantiles": np.quantile(numbers, np.linspace(0, 1, 21)),
        "the same again": again,
        "new in every call": new,
    }


@pytest.mark.parametrize("seed", range(20))
def test_two_spreads_of_one_distribution_agree(seed):
    one, other = spread(2 * seed), spread(2 * seed + 1)
    assert difference(one, other, comparison=Spread()) is None


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (spread(1, width=0.9), "numbers that come from another distribution"),
        (spread(1, width=1.1), "numbers that come from another distribution"),
        (spread(1, shape=(3, 2)), "an array of another shape"),
        (spread(1, shape=(2, 3.00001)), "an array of another shape"),
        (spread(1, again=False), "numbers that do not come from the generator alone"),
        (spread(1, new=False), "the same numbers in every call"),
        (spread(1) | {"quantiles": None}, "numbers that come from another distribution"),
        (spread(1) | {"shape": np.ones((2, 2))}, "an array of another shape"),
        (
            spread(1) | {"the same again": np.ones(3)},
            "numbers that do not come from the generator alone",
        ),
        ({}, "another mapping"),
        (None, "no value (None) where a mapping was expected"),
    ],
)
def test_another_spread_is_told_how_it_differs(got, words):
    assert difference(spread(0), got, comparison=Spread()) == words


@pytest.mark.parametrize("width", [1.0, 10.0])
@pytest.mark.parametrize(
    ("by", "slack", "agrees"),
    [(0.044, 1, True), (0.046, 1, False), (0.13, 9, True), (0.14, 9, False)],
)
def test_quantiles_may_differ_by_a_part_of_half_the_range_and_slack_trebles_it_at_most(
    width, by, slack, agrees
):
    one = spread(0) | {"quantiles": np.linspace(-width, width, 21)}
    other = one | {"quantiles": one["quantiles"] + by * width}
    assert (Spread().difference(one, other, slack) is None) is agrees
    assert (Spread().difference(one, other) is None) is (by < 0.045)


@pytest.mark.parametrize("width", [95, 97])
def test_the_ends_of_a_range_may_have_to_be_nearer(width):
    ends = Spread(ends=0.001)
    one, other = spread(0), spread(1, width=(width / 96) ** 0.5)
    assert difference(one, other, comparison=Spread()) is None
    assert difference(one, other, comparison=ends) is not None
    assert difference(one, spread(1), comparison=ends) is None
    assert difference(one, one | {"quantiles": None}, comparison=ends) is not None


def test_what_has_no_quantiles_agrees_with_what_has_none():
    none = spread(0) | {"quantiles": None}
    assert difference(none, none, comparison=Spread()) is None


def test_nothing_that_is_sent_breaks_a_comparison():
    odd = [None, 1, "a", [], {}, [[]], [["a"]], [["a", "b"]], [[1, []]], np.ones(3), {1, 2}, b"a"]
    for got in odd:
        assert difference(spread(0), got) is not None
        for compare in (Spread(), KNOWN):
            bent = spread(0, numbers=25_000) | {"quantiles": got}
            assert difference(spread(0), bent, comparison=compare) is not None


# --- where the right range is known --------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_a_fourth_of_the_numbers_of_a_known_range_is_enough(seed):
    got = spread(seed, numbers=25_000)
    assert difference(spread(99, numbers=25_000), got, comparison=KNOWN) is None
    rounded = got | {"quantiles": got["quantiles"].astype("float32")}
    assert difference(spread(99), rounded, comparison=KNOWN) is None


@pytest.mark.parametrize("width", [0.995, 1.005, 1.0005, 0.9, 3.0])
def test_a_range_that_is_a_little_off_is_seen_at_its_ends(width):
    for seed in range(20):
        got = spread(seed, width, numbers=25_000)
        assert difference(spread(99), got, comparison=KNOWN) is not None


def test_the_known_range_counts_not_the_expected_one_but_for_a_known_mistake():
    wide, right = (spread(n, width, numbers=25_000) for n, width in ((0, 2.0), (1, 1.0)))
    assert difference(wide, wide, comparison=KNOWN) is not None
    assert difference(wide, right, comparison=KNOWN) is None
    assert difference(wide, right, 0.3, KNOWN) is not None
    assert difference(wide, spread(2, 2.0, numbers=25_000), 0.3, KNOWN) is None
