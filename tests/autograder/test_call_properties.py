"""What is said of calls is what their arguments have, whatever they are."""

import math

import numpy as np
import pytest

from autograder.authoring.checking import Case, case
from autograder.judging.call_properties import properties_of

NAMES = ("x", "n")


def having(cases: list[Case], words: str) -> list[int]:
    """Return the places of the calls that have a property."""
    calls = {str(place): each for place, each in enumerate(cases)}
    found = properties_of(calls, NAMES, calls.keys())
    return sorted(int(place) for place in found.get(words, ()))


@pytest.mark.parametrize(
    ("values", "words", "places"),
    [
        ([1, 2, 1, 3], "`x` is 1", [0, 2]),
        ([1, 2, 1, 3], "`x` is 2 or more", [1, 3]),
        ([1, 2, 1, 3], "`x` is less than 3", [0, 1, 2]),
        ([0.5, 1.5, -2.0, -1.0], "`x` is negative", [2, 3]),
        ([math.inf, -math.inf, 1.0], "`x` is infinite", [0, 1]),
        ([math.nan, 1.0, math.nan], "`x` is nan", [0, 2]),
        ([None, 1.0, None], "`x` is None", [0, 2]),
        ([True, False, True], "`x` is True", [0, 2]),
        (["tanh", "relu", "tanh"], "`x` is 'tanh'", [0, 2]),
        ([[], [1], [], [1, 2]], "`x` is empty", [0, 2]),
        ([np.zeros((2, 0)), np.zeros((0, 2)), np.zeros((2, 2))], "`x` is empty", [0, 1]),
        ([["a"], ["a", "b"], ["b", "b"], ["a", "a"]], "`x` holds an entry twice", [2, 3]),
        ([[1, 0], [1, 2], [0, 0]], "`x` holds a 0", [0, 2]),
        ([[1, 0], [0, 0], [0.0]], "`x` holds nothing but 0", [1, 2]),
        ([np.eye(2), np.eye(3), np.ones((2, 3))], "`x` is square", [0, 1]),
        ([np.ones((2, 1)), np.ones((1, 3)), np.ones((4, 1))],
         "the number of columns of `x` is 1", [0, 2]),
        ([{"W": None}, {"W": 1}, {"W": None}], "`x['W']` is None", [0, 2]),
    ],
)  # fmt: skip
def test_of_one_argument(values, words, places):
    assert having([case("all", value) for value in values], words) == places


def test_of_two_arguments():
    cases = [case("all", list(range(x)), n) for x, n in [(2, 2), (3, 4), (4, 4), (5, 7)]]
    assert having(cases, "`n` and the length of `x` are the same") == [0, 2]
    assert having(cases, "`n` is more than the length of `x`") == [1, 3]


def test_what_is_left_out_and_what_stands_by_name():
    cases = [case("all", 1), case("all", 2, 3), case("all", 1, n=3), case("all", 5)]
    assert having(cases, "`n` is left out") == [0, 3]
    assert having(cases, "`n` is 3") == []  # wherever it is given: nothing that parts calls
    assert having(cases, "`x` is 1") == [0, 2]


def test_what_one_call_has_is_no_property():
    assert having([case("all", value) for value in (1, 2, 3)], "`x` is 1") == []


def test_no_number_and_no_text_of_a_secret_call_is_said():
    cases = {"secret": case("all", "hidden", 7), "again": case("all", "hidden", 7)}
    cases |= {"shown": case("all", "open", 2), "too": case("all", "plain", 3)}
    said = " ".join(properties_of(cases, NAMES, {"shown", "too"}))
    assert "`n` is 3 or more" in said
    assert "hidden" not in said
    assert "7" not in said
