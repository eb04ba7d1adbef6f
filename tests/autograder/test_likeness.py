"""What all wrong answers have in common is said where it holds of each, and nowhere else."""

import math

import numpy as np
import pytest

from autograder.authoring.checking import Check, Group, case
from autograder.judging.judge import judge
from autograder.judging.likeness import what_all_have


def exam_of(toy_exam, reference, inputs):
    def draw(rng, module):
        yield from (case("all", x) for x in inputs)

    check = Check({"all": Group("all", 1)}, draw)
    return toy_exam(reference=reference, check=check, misconceptions=(), alternatives=())


def hint_on(exam, function):
    verdict = judge(exam, exam.evidence_of(function))
    assert verdict.points == 0
    assert verdict.misconception is None
    return verdict.hint or ""


NUMBERS = [0.3, 1.7, 2.2, 4.1, 5.9]


def thrice(x):
    return 3.0 * x


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: 1.5 * x, "the right one times 0.5"),
        (lambda x: -3 * x, "the opposite sign"),
        (lambda x: 3 * x + 1, "1 more than the right one"),
        (lambda x: 3 * x - 0.25, "0.25 less than the right one"),
        (lambda x: math.exp(3 * x), "the exponential of the right one"),
        (lambda x: -math.log(3 * x), "minus the logarithm of the right one"),
        (lambda x: 0, "is 0"),
        (lambda x: 3 * x * (1 + 1e-4 * math.sin(x)), "off by less than 0.2%"),
        (lambda x: math.nan, "nan or infinity where a finite number is expected"),
        (lambda x: None, "returns None whatever it gets"),
        (lambda x: 3 * x if x < 5 else math.inf, ""),  # one call tells little
        (lambda x: 1.5 * x if x < 5 else x, ""),
        (lambda x: 3 * x + x % 1, ""),
        (lambda x: "three", ""),
        (lambda x: [3 * x], ""),
        (lambda x: 10**400, ""),
        (lambda x: x.missing, ""),
    ],
)
def test_of_numbers(toy_exam, wrong, said):
    hint = hint_on(exam_of(toy_exam, thrice, NUMBERS), wrong)
    assert (said in hint) if said else hint == ""


def test_few_numbers_or_equal_ones_say_nothing(toy_exam):
    assert hint_on(exam_of(toy_exam, thrice, [1.7]), lambda x: x) == ""
    assert hint_on(exam_of(toy_exam, lambda x: 2.0, NUMBERS), lambda x: 4.0) == ""


RNG = np.random.default_rng(0)
MATRICES = [RNG.normal(size=(3, 2)) for _ in range(3)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: x.T, "transposed"),
        (lambda x: x[::-1], "in the reverse order"),
        (lambda x: x.ravel(), "lost their shape"),
        (lambda x: x / np.abs(x).max(), "only a factor is wrong"),
        (lambda x: x.T[::-1], ""),
    ],
)
def test_of_arrays(toy_exam, wrong, said):
    hint = hint_on(exam_of(toy_exam, lambda x: 1.0 * x, MATRICES), wrong)
    assert (said in hint) if said else hint == ""


def test_of_a_pair_the_part_that_is_wrong_is_looked_at(toy_exam):
    exam = exam_of(toy_exam, lambda x: (x, 3.0 * x), NUMBERS)
    assert "times 2" in hint_on(exam, lambda x: (x, 6.0 * x))
    exam = exam_of(toy_exam, lambda x: {"same": x, "other": 3.0 * x}, NUMBERS)
    assert "times 2" in hint_on(exam, lambda x: {"other": 6.0 * x, "same": x})


def test_which_part_is_wrong_is_said_where_nothing_else_is(toy_exam):
    exam = exam_of(toy_exam, lambda x: (x, 3.0 * x), NUMBERS)
    assert "part 2 of 2 is wrong" in hint_on(exam, lambda x: (x, x * x + x % 1))
    assert hint_on(exam, lambda x: (x + x % 1, x * x + x % 1)) == ""
    exam = exam_of(toy_exam, lambda x: {"W": x, "b": None}, NUMBERS)
    assert "the part 'W' is wrong" in hint_on(exam, lambda x: {"W": x * x + x % 1, "b": None})


def root(x):
    if x < 0:
        raise ValueError("negative")
    return math.sqrt(x)


def test_of_refusals_and_changed_arguments(toy_exam):
    exam = exam_of(toy_exam, root, [*NUMBERS, -1.0])
    assert "What is missing is a refusal" in hint_on(exam, lambda x: abs(x) ** 0.5)
    assert "refuse too much" in hint_on(exam, lambda x: root(x - 0.5) * 0 + root(x))
    assert hint_on(exam, lambda x: x * x + x % 1) == ""  # wrong otherwise, not alike

    def emptied(values):
        answer = sum(values)
        values.clear()
        return answer

    lists = exam_of(toy_exam, sum, [[1.0, 2.0], [2.5], [3.0, 1.0]])
    assert "changes its arguments" in hint_on(lists, emptied)


def test_a_special_answer_that_is_missed(toy_exam):
    exam = exam_of(toy_exam, lambda x: math.inf if x > 2 else x, NUMBERS)
    for wrong in (lambda x: x, lambda x: x if x <= 2 else [][0]):
        assert "right wherever the answer is finite" in hint_on(exam, wrong)


def test_an_exception_for_some_arguments(toy_exam):
    exam = exam_of(toy_exam, root, [*NUMBERS, -1.0])
    assert "raises IndexError" in hint_on(exam, lambda x: root(x) if x < 2 else [][0])
    assert "missing is a refusal" in hint_on(exam, lambda x: root(x) if x > 0 else {}[x])
    assert hint_on(exam, lambda x: root(x) if x < 2 else [][0] if x < 3 else {}[x]) == ""


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e308, -1e308])
def test_answers_of_any_size_are_looked_at_without_a_word_on_the_terminal(toy_exam, size):
    assert hint_on(exam_of(toy_exam, thrice, NUMBERS), lambda x: size if x > 1 else -size) == ""


def test_of_nothing_wrong_nothing_is_said(toy_exam):
    exam = exam_of(toy_exam, thrice, NUMBERS)
    assert what_all_have(exam, exam.expected, dict.fromkeys(exam.expected)) is None
