"""An exam is drawn from a secret, tells every mistake from the reference, and can be repeated."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from autograder.authoring.checking import Check, Group, case, misconception, tally
from autograder.authoring.comparing import Close
from autograder.authoring.frequencies import Frequencies
from autograder.judging import cases
from autograder.judging.exam import (
    MARGIN,
    MIN_DISCRIMINATING,
    REPEATS,
    CannotExamine,
    QuestionExam,
    agrees,
    difference,
    draw_exam,
)
from autograder.judging.outcomes import Outcome, StudentError

GROUPS = {"one": Group("ones", 1), "two": Group("twos", 2)}


def draw_both(rng, reference):
    for group in ("one", "one", "two", "two"):
        yield case(group, rng.normal(size=3).tolist())


def summed(values):
    return sum(values)


@misconception("one", "two", hint="The mean is not the sum.")
def mean(values):
    return sum(values) / len(values)


@pytest.fixture(scope="session")
def examine(toy_exam):
    """Draw the exam of a question whose reference is a sum, with parts replaced."""

    def draw(reference=summed, draw=draw_both, groups=None, misconceptions=(mean,), **more):
        check = Check(groups or GROUPS, draw, seconds_per_case=0.05, **more)
        return toy_exam(
            reference=reference, check=check, misconceptions=misconceptions, alternatives=()
        )

    return draw


# --- what is drawn -------------------------------------------------------------------------------


def test_the_same_secret_gives_the_same_exam(toy_exam):
    assert toy_exam("a").inputs == toy_exam("a").inputs
    assert toy_exam("a").cases == toy_exam("a").cases


def test_another_secret_gives_other_inputs(toy_exam):
    one, other = toy_exam("a").inputs, toy_exam("b").inputs
    assert one != other
    assert sorted(one) != sorted(other)


def test_another_assignment_or_question_draws_other_inputs(toy_material):
    material = toy_material()
    elsewhere = replace(material, assignment=replace(material.assignment, name="01_toy"))
    assert draw_exam(material, "a").inputs != draw_exam(elsewhere, "a").inputs


def test_practice_cases_are_not_the_secret_ones(toy):
    calls = {
        practice: {
            repr(each.case) for each in toy.cases if each.practice is practice and each.case.args[0]
        }
        for practice in (False, True)
    }
    assert calls[False].isdisjoint(calls[True])


def test_practice_is_asked_before_anything_that_is_secret(toy):
    practice = [each.practice for each in toy.cases]
    assert practice == sorted(practice, reverse=True)
    assert set(practice) == {True, False}


def test_some_secret_cases_are_asked_again_with_the_same_arguments(toy):
    again = [each for each in toy.cases if each.repeat_of]
    assert len(again) == REPEATS
    by_identity = {each.identity: each for each in toy.cases}
    for each in again:
        assert not each.practice
        assert each.case == by_identity[each.repeat_of].case
        assert by_identity[each.repeat_of].repeat_of is None


def test_identities_do_not_tell_secret_practice_and_repeated_cases_apart(toy):
    assert [each.identity for each in toy.cases] == [f"case-{n}" for n in range(len(toy.cases))]
    asked = json.loads(toy.inputs)["cases"]
    assert {frozenset(each) for each in asked} == {frozenset(["id", "probe", "args", "kwargs"])}
    kinds = [(each.practice, bool(each.repeat_of)) for each in toy.cases]
    assert kinds != sorted(kinds)
    assert kinds != sorted(kinds, reverse=True)


def test_the_witness_gets_no_expected_value_and_no_group(exam):
    for inputs in map(json.loads, exam.inputs.values()):
        inputs.pop("modules", None)  # the course's probes
        assert set(inputs) == {"question", "cases", "seconds", "seconds_per_case"}


def test_the_inputs_of_an_exam_stand_under_their_questions(exam):
    assert list(exam.inputs) == [question.name for question in exam.material.checked]
    assert all(json.loads(text)["question"] == name for name, text in exam.inputs.items())


DRAW = """
import json
import sys
from pathlib import Path
from autograder.authoring.course import Course
from autograder.judging.exam import draw_exam
from autograder.authoring.material import load_material
course = Course(Path(sys.argv[1]))
print(json.dumps(draw_exam(load_material(course.assignment("01_counting")), "tests").inputs))
"""


def test_an_exam_is_the_same_in_a_process_that_hashes_otherwise(course, exam):
    printed = subprocess.run(
        [sys.executable, "-c", DRAW, str(course.root)],
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert json.loads(printed) == exam.inputs


# --- what must hold of a draw --------------------------------------------------------------------


def test_a_good_question_can_be_examined(examine):
    exam = examine()
    assert exam.expected.keys() == {each.identity for each in exam.cases}
    assert exam.wrong.keys() == {"mean"}
    assert len(exam.discriminating[mean.name]) == len(exam.cases)


def test_a_mistake_that_is_the_reference_cannot_be_examined(examine):
    same = misconception("one", hint="")(summed)
    with pytest.raises(CannotExamine, match=r"loses \[\], said to lose \['one'\] \(in 40 draws"):
        examine(misconceptions=(same,))


@pytest.mark.parametrize("loses", [["one"], ["two"]])
def test_a_mistake_that_loses_more_than_is_said_cannot_be_examined(examine, loses):
    @misconception(*loses, hint="")
    def wrong(values):
        return 0.0

    with pytest.raises(CannotExamine, match=r"loses \['one', 'two'\]"):
        examine(misconceptions=(wrong,))


def test_a_mistake_that_loses_less_than_is_said_cannot_be_examined(examine):
    def draw(rng, reference):
        for _ in range(3):
            yield case("one", [float(rng.uniform(1, 2))])
            yield case("two", rng.uniform(1, 2, size=3).tolist())

    with pytest.raises(CannotExamine, match=r"loses \['two'\], said to lose \['one', 'two'\]"):
        examine(draw=draw)


@pytest.mark.parametrize(("kind", "lost"), [("practice", "'one'"), ("secret", "'one', 'two'")])
def test_what_a_mistake_loses_is_lost_in_secret_cases(examine, kind, lost):
    drawn = []

    def draw(rng, reference):
        drawn.append("secret" if len(drawn) % 2 else "practice")
        for group in ("one", "one", "two", "two"):
            alike = group == "two" and drawn[-1] != kind  # the mean of one value is its sum
            yield case(group, rng.normal(size=1 if alike else 3).tolist())

    said = ("one",) if kind == "secret" else ("one", "two")
    with pytest.raises(CannotExamine, match=rf"loses \[{lost}\], said to lose"):
        examine(draw=draw, misconceptions=(misconception(*said, hint="")(mean.function),))


def test_a_mistake_near_the_reference_cannot_be_examined(examine):
    @misconception("one", "two", hint="")
    def near(values):
        return sum(values) * (1 + 5e-5)

    with pytest.raises(CannotExamine):
        examine(misconceptions=(near,))

    @misconception("one", "two", hint="")
    def far(values):
        return sum(values) * (1 + 20 * 1e-5)

    assert isinstance(examine(misconceptions=(far,)), QuestionExam)


def test_a_mistake_near_the_reference_where_it_loses_nothing_cannot_be_examined(examine):
    @misconception("one", hint="")
    def near_in_two(values):
        return sum(values) * (1.00005 if len(values) == 4 else 2.0)

    def draw(rng, reference):
        for group, length in (("one", 3), ("one", 3), ("two", 4), ("two", 4)):
            yield case(group, rng.uniform(1, 2, size=length).tolist())

    with pytest.raises(CannotExamine, match="near the reference in a group that it does not lose"):
        examine(draw=draw, misconceptions=(near_in_two,))


def test_a_mistake_that_only_fails_gives_nothing_to_tell_it_by(examine):
    @misconception("one", "two", hint="")
    def fails(values):
        raise KeyError

    with pytest.raises(CannotExamine, match=f"fewer than {MIN_DISCRIMINATING} finite cases"):
        examine(misconceptions=(fails,))


def test_a_draw_is_repeated_until_it_tells_the_mistakes_apart(examine):
    drawn = []

    def draw(rng, reference):
        drawn.append(1)
        length = 3 if len(drawn) > 4 else 1  # the mean of one value is its sum
        for group in ("one", "one", "two", "two"):
            yield case(group, rng.normal(size=length).tolist())

    exam = examine(draw=draw)
    assert len(drawn) == 6
    assert all(len(each.case.args[0]) == 3 for each in exam.cases)


@pytest.mark.parametrize("kind", ["practice", "secret"])
def test_a_group_without_a_case_of_either_kind_cannot_be_examined(examine, kind):
    drawn = []

    def draw(rng, reference):
        yield from draw_both(rng, reference)
        drawn.append("secret" if len(drawn) % 2 else "practice")
        if drawn[-1] != kind:
            yield case("three", [1.0, 2.0])

    groups = {**GROUPS, "three": Group("threes", 1)}
    with pytest.raises(CannotExamine, match="its groups are"):
        examine(draw=draw, groups=groups)


def test_a_draw_of_an_unknown_group_cannot_be_examined(examine):
    def draw(rng, reference):
        yield from draw_both(rng, reference)
        yield case("ones", [1.0, 2.0])

    with pytest.raises(CannotExamine, match=r"its draw has cases of \['one', 'ones', 'two'\]"):
        examine(draw=draw)


@pytest.mark.parametrize("argument", [object(), b"bytes", lambda x: x, [1, {2: 1j}]])
def test_arguments_outside_the_format_cannot_be_examined(examine, argument):
    def draw(rng, reference):
        yield from draw_both(rng, reference)
        yield case("one", [1.0, 2.0], argument)

    with pytest.raises(CannotExamine, match="arguments outside the format"):
        examine(draw=draw, reference=lambda values, *rest: sum(values), misconceptions=())


def test_an_argument_that_reads_like_the_format_is_just_a_text(examine):
    def draw(rng, reference):
        yield from draw_both(rng, reference)
        yield case("one", ['{"other": "generator"}'])

    assert examine(draw=draw, reference=len, misconceptions=())


def test_a_reference_that_changes_its_input_cannot_be_examined(examine):
    def changes(values):
        return values.pop()

    with pytest.raises(CannotExamine, match="it changed its input"):
        examine(reference=changes, misconceptions=())


def test_a_reference_that_raises_other_than_value_errors_cannot_be_examined(examine):
    with pytest.raises(CannotExamine, match="the reference raises AttributeError"):
        examine(reference=lambda values: values.items(), misconceptions=())


def test_a_reference_whose_answer_is_no_data_cannot_be_examined(examine):
    with pytest.raises(CannotExamine, match="by its own check"):
        examine(reference=iter, misconceptions=())


def test_a_check_that_says_other_probabilities_than_the_reference_has_says_so(examine):
    def draw(rng, reference):
        for group in ("one", "two"):
            yield tally(group, 200, [1], compare=Frequencies({0: 0.5, 1: 0.5}))

    with pytest.raises(CannotExamine, match="by its own check: other frequencies than the prob"):
        examine(draw=draw, reference=len, misconceptions=())


def test_a_mistake_without_an_answer_is_refused_at_once_not_drawn_anew(examine):
    drawn = []

    def draw(rng, reference):
        drawn.append(1)
        yield from draw_both(rng, reference)

    @misconception("one", "two", hint="")
    def says_too_much(values):
        return np.zeros(10**6)  # counted before it is written: no time is lost

    words = r"'says_too_much' has no answer to look at: .* too large .* \(in 1 draws\)"
    with pytest.raises(CannotExamine, match=words):
        examine(draw=draw, misconceptions=(mean, says_too_much))
    assert len(drawn) == 2


def test_the_known_answers_are_given_ten_times_what_a_student_is(examine, monkeypatch):
    given, sound = Counter(), cases.answer

    def answer(function, asked, catalogue):
        given[function.__name__, json.loads(asked)["seconds"]] += 1
        return sound(function, asked, catalogue)

    monkeypatch.setattr(cases, "answer", answer)
    exam = examine()
    each = len(exam.cases)
    assert given == {("summed", 0.5): each, ("mean", 0.5): each}
    given.clear()
    exam.evidence_of(summed)
    exam.evidence_of(summed, patience=4.0)
    assert given == {("summed", 0.05): each, ("summed", 0.2): each}


def test_a_reference_that_is_too_slow_is_refused_at_once_not_drawn_anew(examine):
    drawn = []

    def draw(rng, reference):
        drawn.append(1)
        yield from draw_both(rng, reference)

    def slow(values):
        while True:
            pass

    with pytest.raises(CannotExamine, match=r"the reference fails .* \(in 1 draws\)"):
        examine(draw=draw, reference=slow, misconceptions=())
    assert len(drawn) == 2


# --- comparing outcomes --------------------------------------------------------------------------


def raised(*types):
    return Outcome(error=StudentError((*types, "Exception", "BaseException", "object"), "words"))


def test_an_expected_exception_is_met_by_its_class_and_by_derived_ones():
    expected = raised("ValueError")
    assert agrees(Close(), expected, raised("ValueError"))
    assert agrees(Close(), expected, raised("UnicodeDecodeError", "UnicodeError", "ValueError"))
    assert agrees(Close(), expected, raised("OwnError", "ValueError"))


@pytest.mark.parametrize(
    "got",
    [raised("KeyError"), raised(), Outcome(), Outcome(value=1.0), Outcome(failure="too slow")],
)
def test_an_expected_exception_is_met_by_nothing_else(got):
    assert not agrees(Close(), raised("ValueError"), got)


def test_an_exception_of_the_base_class_does_not_meet_a_derived_one():
    assert not agrees(Close(), raised("UnicodeError", "ValueError"), raised("ValueError"))


def test_an_exception_where_a_value_was_expected_differs():
    assert difference(Close(), Outcome(value=1.0), raised("KeyError")) == "it raised KeyError"
    assert difference(Close(), Outcome(value=1.0), raised("Own1", "Own2")) == "it raised Exception"


def test_the_message_of_an_exception_is_in_no_difference():
    expected, got = raised("ValueError"), raised("KeyError")
    assert "words" not in str(difference(Close(), expected, got))
    assert "words" not in str(difference(Close(), Outcome(value=1.0), got))


def test_slack_reaches_the_comparison():
    one, other = Outcome(value=1.0), Outcome(value=1.00005)
    assert not agrees(Close(), one, other)
    assert agrees(Close(), one, other, MARGIN)
    assert not agrees(Close(), one, Outcome(value=1.000015)), "there is none unless it is given"


def test_a_function_is_called_in_this_process_and_read_back(toy):
    outcomes = toy.read(toy.evidence_of(lambda values, sign=1: np.float32(1.0)))
    assert outcomes.keys() == toy.expected.keys()
    assert all(outcome.value == 1.0 for outcome in outcomes.values())


def test_a_case_may_bring_a_comparison_of_its_own(toy_exam, toy):
    """It may know what the student's process must not."""
    check = toy.question.check

    def draw(rng, reference):
        for each in check.draw(rng, reference):
            yield replace(each, compare=Close(rtol=1e-3) if each.group == "empty" else None)

    exam = toy_exam(check=replace(check, draw=draw))
    used = {exam.comparison(each.identity) for each in exam.cases if each.case.group == "empty"}
    assert used == {Close(rtol=1e-3)}
    others = {exam.comparison(each.identity) for each in exam.cases if each.case.group != "empty"}
    assert others == {Close()}
    assert "compare" not in exam.inputs
