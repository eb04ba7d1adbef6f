import inspect
import math

import pytest

from autograder.authoring.checking import REFERENCE, Misconception, alternative, slip
from autograder.authoring.slips import MisfitSlip, spoil
from autograder.proving.simulate import answer_source


def mean(values: "list[float]") -> float:
    ### BEGIN SOLUTION
    if not values:
        raise ValueError("no values")
    return math.fsum(values) / len(values)
    ### END SOLUTION


@alternative
def recursive(values: list[float], so_far: float = 0.0, seen: int = 0) -> float:
    if not values:
        return so_far / seen
    return recursive(values[1:], so_far + values[0], seen + 1)


def spoiled(of, *changes, name="wrong"):
    made = slip(of, *changes, loses="all", hint="It is wrong.", overflows=True)
    return spoil(name, made, mean, "checks.tiny.mean")


def test_a_slip_of_the_reference_is_the_reference_with_the_change():
    mistake = spoiled(REFERENCE, ("len(values)", "(len(values) - 1)"))
    assert mistake.function([1.0, 2.0, 3.0]) == 3.0
    assert (mistake.name, mistake.loses, mistake.hint) == ("wrong", {"all"}, "It is wrong.")
    assert isinstance(mistake, Misconception)
    assert mistake.overflows
    assert mean([1.0, 2.0, 3.0]) == 2.0


def test_a_function_that_calls_itself_calls_its_spoiled_self():
    mistake = spoiled(recursive, ("seen + 1)", "seen + 2)"))
    assert mistake.function([2.0, 4.0, 6.0]) == 2.0
    assert recursive([2.0, 4.0, 6.0]) == 4.0


def test_changes_are_made_in_order():
    mistake = spoiled(REFERENCE, ("len(values)", "count"), ("return", "count = 4\n    return"))
    assert mistake.function([2.0, 6.0]) == 2.0


def test_its_source_can_be_asked_for_and_put_into_a_students_notebook():
    mistake = spoiled(recursive, ("so_far / seen", "so_far"))
    assert "return so_far\n" in inspect.getsource(mistake.function)
    namespace = {}
    exec(answer_source(mistake, "mean"), namespace)
    assert namespace["mean"]([2.0, 4.0]) == 6.0
    assert "recursive" not in answer_source(mistake, "mean")


def test_two_slips_of_one_function_have_a_source_each():
    first = spoiled(REFERENCE, ("fsum", "prod"), name="first")
    second = spoiled(REFERENCE, ("fsum", "dist"), name="second")
    assert "prod" in inspect.getsource(first.function)
    assert "dist" in inspect.getsource(second.function)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("median", "mean"), "replaces 'median', which stands there 0 times; expected once"),
        (("values", "x"), "stands there 5 times; expected once"),
        (("fsum", "fsum"), "replaces 'fsum' by itself"),
        (("return", "return return"), "does not parse once it is changed: invalid syntax"),
        (('def mean(values: "list[float]") -> float:', "if True:"), "no function once"),
    ],
)
def test_a_slip_that_does_not_fit_says_which(change, words):
    with pytest.raises(MisfitSlip) as error:
        spoiled(REFERENCE, change, name="odd_one")
    assert words in str(error.value)
    assert "checks.tiny.mean" in str(error.value)
    assert "odd_one" in str(error.value)
