"""The best guess at a question is found, and what it earns."""

import math
from dataclasses import replace

import pytest

from autograder.authoring.checking import Case, Check, Group, case
from autograder.authoring.comparing import Answered
from autograder.proving.guessing import best_guess


def of_one_group(toy_exam, reference, cases, compare=None):
    """Return the exam of a question of two groups, the other of which no guess meets."""

    def draw(rng, module):
        for values in cases:
            yield Case("guessed", values, compare=compare)
        for x in rng.uniform(2, 9, size=3):
            yield case("other", float(x))

    check = Check({"guessed": Group("guessed", 1), "other": Group("other", 3)}, draw)
    return toy_exam(reference=reference, check=check, misconceptions=(), alternatives=())


def thrice(x, y=0):
    if x < 0:
        raise ValueError
    return 3.0 * x


@pytest.mark.parametrize(
    ("reference", "cases", "words"),
    [
        (thrice, [(-1.0,), (-2.0,)], "raises ValueError"),
        (thrice, [(0.0,), (0.0,)], "returns 0"),
        (lambda x, y=0: math.nan if x == 1 else 3.0 * x, [(1.0,)], "returns nan"),
        (lambda x, y=0: y or 3.0 * x, [(1.0, 5.5), (2.0, 6.5)], "returns argument 2"),
    ],
)
def test_the_best_guess_is_found(toy_exam, reference, cases, words):
    best = best_guess(of_one_group(toy_exam, reference, cases))
    assert (best.guess, best.points, best.groups) == (words, 1, ("guessed",))
    assert not best.nothing


def test_a_constant_may_know_the_right_answer(toy_exam):
    best = best_guess(of_one_group(toy_exam, thrice, [(7.25,), (7.25,)]))
    assert best.guess.startswith("returns the answer to case-")
    assert best.points == 1


def test_a_tenth_is_nothing_and_a_refusal_beside_an_answer_is_too(toy_exam, toy):
    assert not best_guess(toy).nothing  # its group "no numbers" holds refusals only
    for each in (9, 10):
        best = replace(best_guess(toy), points=1.0, max_points=float(each))
        assert best.nothing is (each == 10)
    mixed = of_one_group(toy_exam, thrice, [(-1.0,), (2.0,)], compare=Answered())
    assert best_guess(mixed).points == 0
