"""What all wrong answers have in common is said where it holds of each, and nowhere else."""

import math
from collections import Counter

import numpy as np
import pytest

from autograder.authoring.allowance import allowance
from autograder.authoring.checking import Check, Group, case, tally
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


def test_a_number_is_quoted_only_where_a_practice_answer_says_it(toy_exam):
    """A function that remembers secret cases could tell them by what a hint quotes."""
    exam = exam_of(toy_exam, thrice, NUMBERS)
    outcomes = exam.read(exam.evidence_of(lambda x: 1.5 * x))
    wrong = {each.identity: None if each.practice else "another number" for each in exam.cases}
    outcomes |= {
        each.identity: exam.expected[each.identity] for each in exam.cases if each.practice
    }
    said = what_all_have(exam, outcomes, wrong)
    assert "too small" in said
    assert "0.5" not in said


RNG = np.random.default_rng(0)
PAIRS = [(RNG.normal(size=3), RNG.normal(size=3)) for _ in range(3)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x, y: (x, 2 * y), "part 1 of 2 is what came in as `x`, as it was"),
        (lambda x, y: (x - 3 * y, 2 * y), "wrong in part 1 of 2 of every wrong answer is in propo"),
        (lambda x, y: (x - y, 2 * y + x), "is in proportion to `x`"),
        (lambda x, y: (x - y**2, 2 * y), "part 1 of 2 is wrong in every wrong answer"),
    ],
)
def test_of_arguments(toy_exam, wrong, said):
    def draw(rng, module):
        yield from (case("all", x, y) for x, y in PAIRS)

    def reference(x, y):
        return x - y, 2 * y

    check = Check({"all": Group("all", 1)}, draw)
    exam = toy_exam(reference=reference, check=check, misconceptions=(), alternatives=())
    assert said in hint_on(exam, wrong)


NUMBERS = [0.3, 1.7, 2.2, 3.3, 4.1, 4.6, 5.9]


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
        (lambda x: 1.5 * x if x < 5 else x, "too small"),
        (lambda x: 1.5 * x if x < 5 else 4 * x, ""),
        (lambda x: 3 * x + x % 1, "Every wrong number is too large."),
        (lambda x: 3 * x + x * x / 99, "too large, by less than a tenth"),
        (lambda x: 90 * x + x * x, "too large, each by more than a factor of 10"),
        (lambda x: 9 * x + x * x, "too large, each by more than a factor of 2"),
        (lambda x: 3 * x // 1, "holds whole numbers"),
        (lambda x: -x - x % 1, "a negative number, where none is expected"),
        (lambda x: 7.3, "is the same one, whatever the arguments are"),
        (lambda x: "three", "is text where a number is expected"),
        (lambda x: [3 * x], "is an array with 1 axis where a number is expected"),
        (lambda x: {"x": str(x)}, "is a dict where a number is expected"),
        (lambda x: 10**400, "is the same one, whatever the arguments are"),
        (lambda x: x.missing, ""),
    ],
)
def test_of_numbers(toy_exam, wrong, said):
    hint = hint_on(exam_of(toy_exam, thrice, NUMBERS), wrong)
    assert (said in hint) if said else hint == ""


def shares(x):
    return np.abs(x) / np.abs(x).sum()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (shares, lambda x: shares(x) ** 3, "all numbers add up to 1; in every wrong"),
        (lambda x: x - x.mean(), lambda x: x**3 - x[0, 0], "all numbers add up to 0; in every"),
        (lambda x: np.log(shares(x)), lambda x: np.log(shares(x) + 0.1), "the exponentials of all"),
        (
            lambda x: x - x.mean(1, keepdims=True),
            lambda x: x**3 - x.mean(),
            "of each row add up to 0",
        ),
        (
            lambda x: x + x[:, :1],
            lambda x: x + x[:, 1:],
            "differences of the numbers in a row, or in a column",
        ),
        (
            lambda x: np.where(x > 0, x, -np.inf),
            lambda x: np.where(x > 0, x + 0.25 + (x > 1), -np.inf),
            "Every wrong number is too large.",
        ),
        (np.square, lambda x: 0 * x + x[0, 0], "holds one number in all places"),
    ],
)
def test_of_each_answer(toy_exam, right, wrong, said):
    assert said in hint_on(exam_of(toy_exam, right, MATRICES), wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (np.sum, "the right one times the length of `x`, in every place"),
        (lambda x: x.mean() / len(x), "the right one divided by the length of `x`"),
        (lambda x: x.mean() + len(x), "the right one plus the length of `x`"),
        (lambda x: len(x), "Every wrong answer is the length of `x`"),
        (lambda x: 1 / len(x), "Every wrong answer is 1 divided by the length of `x`"),
    ],
)
def test_of_how_long_arguments_are(toy_exam, wrong, said):
    inputs = [np.sqrt(np.arange(2.0, 2 + n)) for n in (2, 3, 5, 6)]
    assert said in hint_on(exam_of(toy_exam, lambda x: x.mean(), inputs), wrong)


def test_what_was_not_looked_at_is_not_spoken_of(toy_exam):
    def draw(rng, module):
        yield from (case("all", x) for x in NUMBERS)
        yield tally("all", 3, 9.9)

    check = Check({"all": Group("all", 1)}, draw)
    exam = toy_exam(reference=thrice, check=check, misconceptions=(), alternatives=())
    assert hint_on(exam, lambda x: 3 * x + x % 1) == (
        "Where it is called once: every wrong number is too large."
    )


def test_of_other_numbers(toy_exam):
    exam = exam_of(toy_exam, lambda x: x * x - 4, NUMBERS)
    assert "Every wrong answer is `x`, in every place." in hint_on(exam, lambda x: x)


def test_few_numbers_or_equal_ones_say_nothing(toy_exam):
    assert hint_on(exam_of(toy_exam, thrice, [1.7]), lambda x: x) == ""
    assert hint_on(exam_of(toy_exam, lambda x: 2.0, NUMBERS), lambda x: 4.0).endswith("too large.")
    assert hint_on(exam_of(toy_exam, thrice, NUMBERS[:3]), lambda x: 3 * x + x % 1) == ""


MATRICES = [RNG.normal(size=(3, 2)) for _ in range(3)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: x.T, "transposed"),
        (lambda x: x[::-1], "in the reverse order"),
        (lambda x: x.ravel(), "lost their shape"),
        (lambda x: x / np.abs(x).max(), "only a factor is wrong"),
        (lambda x: x[::-1, ::-1], "the right numbers, but in other places"),
        (lambda x: x * np.array([1, -1]), "right size; what is wrong is its sign, in some places"),
        (lambda x: (x**2 - x % 1).tolist(), ""),
        (lambda x: x[None], "is an array with 3 axes where an array with 2 axes is expected"),
        (lambda x: x[1:], "too short by one along axis 0"),
        (lambda x: np.hstack([x, x]), "too long along axis 1"),
        (lambda x: x[:0], "is empty"),
        (lambda x: np.full_like(x, 0.7), "is the same one, whatever"),
        (lambda x: np.vstack([x[:1] + 1, x[1:]]), "Nothing but the first row"),
        (lambda x: np.vstack([x[:-1], x[-1:] ** 2]), "Nothing but the last row"),
        (lambda x: np.vstack([x[:1], x[1:] ** 2]), "first row is right, and all that follow are"),
        (lambda x: np.vstack([x[:-1] ** 2, x[-1:]]), "last row is right, and all before it are"),
        (lambda x: np.vstack([x[:1], x[1:2] ** 3, x[2:]]), ""),
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
    for wrong in (lambda x: 3 * x, lambda x: (x, x, x), lambda x: [x * x]):
        assert "2 parts are to be returned together" in hint_on(exam, wrong)
    assert "lack a return" in hint_on(exam, lambda x: None)
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
    assert hint_on(exam, lambda x: x * x - x % 1) == ""  # wrong otherwise, not alike
    assert "the wrong way round" in hint_on(exam, lambda x: root(-x) if x > 0 else 1.0)
    assert "refuses too much" in hint_on(exam, lambda x: root(-1))
    assert "refuse other arguments" in hint_on(exam, lambda x: root(-x if x > 5 else abs(x)))

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


SENTENCES = [["a", "b", "c"], ["b", "c", "d", "e"], ["c", "a", "b"], ["x", "y", "z", "w", "v"]]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: x[::-1], "the right entries, in another order"),
        (lambda x: [*x, "</s>"], "too long by one"),
        (lambda x: x[:-1], "too short by one"),
        (lambda x: x[:1], "too short."),
        (lambda x: [], "is empty"),
        (lambda x: [*x[:-1], "?"], "Nothing but the last entry"),
        (lambda x: ["?", *x[1:]], "Nothing but the first entry"),
        (lambda x: [x[0], *("?" * (len(x) - 1))], "first entry is right, and all that follow"),
        (lambda x: [*x[:2], *("?" * (len(x) - 2))], "from some entry on all are wrong"),
        (lambda x: [*("?" * (len(x) - 2)), *x[-2:]], "ends rightly, and up to some entry"),
        (lambda x: " ".join(x), "is text where a list is expected"),
        (lambda x: [x[0], "?", *x[2:]], ""),
    ],
)
def test_of_lists_of_words(toy_exam, wrong, said):
    hint = hint_on(exam_of(toy_exam, list, SENTENCES), wrong)
    assert (said in hint) if said else hint == ""


def test_an_answer_of_far_too_many_parts_is_not_looked_at(toy_exam):
    """Of ints that leave the same rest, a set takes as long as all pairs of them."""
    odd = [(2**61 - 1) * n for n in range(30_000)]
    with allowance(3.0):
        assert hint_on(exam_of(toy_exam, list, SENTENCES), lambda x: odd) == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: {**Counter(x), "<s>": 1}, "has all expected keys, and some that do not belong"),
        (lambda x: Counter({None: np.zeros(0)}), "lacks keys that are expected, and has others"),
        (lambda x: Counter(x[1:]), "lacks keys that are expected, and has no others"),
        (lambda x: Counter([*x[1:], "<s>"]), "lacks keys that are expected, and has others"),
        (lambda x: Counter({word: ord(word) for word in x}), "holds a number above 1"),
    ],
)
def test_of_counts(toy_exam, wrong, said):
    hint = hint_on(exam_of(toy_exam, Counter, SENTENCES), wrong)
    assert (said in hint) if said else hint == ""


def test_of_yes_and_no(toy_exam):
    exam = exam_of(toy_exam, lambda x: x > 3, NUMBERS)
    assert "is True where False is expected, and never" in hint_on(exam, lambda x: x < 9)
    assert hint_on(exam, lambda x: x < 2) == ""
    assert hint_on(exam, lambda x: x > 2) == ""  # two calls tell little


SQUARES = [RNG.normal(size=(n, n)) for n in (2, 3, 4)]


def test_of_diagonals(toy_exam):
    exam = exam_of(toy_exam, lambda x: 1.0 * x, SQUARES)
    hint = hint_on(exam, lambda x: x + np.diag(range(1, 1 + len(x))))
    assert "Nothing but the diagonal of every wrong answer is wrong." in hint
    hint = hint_on(exam, lambda x: x**2 + np.diag(np.diag(x - x**2)))
    assert "the diagonal is right, and all beside it is wrong" in hint


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            lambda x: 3 * x if len(x) > 3 else 4 * x,
            "wrong wherever the length of `x` is less than 4",
        ),
        (
            lambda x: 3 * x if len(x) < 4 else 4 * x,
            "right wherever the length of `x` is less than 4",
        ),
        (lambda x: 3 * x if len(x) > 2 else 4 * x, ""),  # some property fits two calls
        (lambda x: 4 * x, "times 1.333"),
        (lambda x: 3 * x if len(x) % 9 else 4 * x, "times 1.333"),
    ],
)
def test_just_these_calls_are_wrong(toy_exam, wrong, said):
    inputs = [np.linspace(1, 2 + n, n) for n in range(1, 31)]
    hint = hint_on(exam_of(toy_exam, thrice, inputs), wrong)
    assert said in hint
    assert ("wherever" in hint) == ("wherever" in said)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e308, -1e308])
def test_answers_of_any_size_are_looked_at_without_a_word_on_the_terminal(toy_exam, size):
    assert hint_on(exam_of(toy_exam, thrice, NUMBERS), lambda x: size if x > 1 else -size) == ""


def test_of_nothing_wrong_nothing_is_said(toy_exam):
    exam = exam_of(toy_exam, thrice, NUMBERS)
    assert what_all_have(exam, exam.expected, dict.fromkeys(exam.expected)) is None
