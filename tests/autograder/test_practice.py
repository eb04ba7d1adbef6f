"""A practice case that is shown to a student runs in the notebook as it stands."""

import warnings

import pytest

from autograder.authoring.comparing import Close
from autograder.guest.codec import decode, encode
from autograder.judging.showing import LONGEST, NOT_PASTED
from tests.exams import failing_practice

EXACT = Close(rtol=1e-9)


def sent(value):
    return decode(encode(value))


def pasted(exam, reference):
    """Yield practice cases that are said to run, with what a student pastes."""
    for each in exam.cases:
        if each.practice and not exam.call(each).startswith(NOT_PASTED):
            yield each, exam.call(each), dict(vars(reference))


def returned(outcome, case):
    return outcome.value["returned"] if case.probe == "fresh" else outcome.value


def test_every_call_that_can_be_pasted_runs_and_gives_the_expected_answer(light_exam):
    for exam in light_exam.questions:
        for each, call, namespace in pasted(exam, light_exam.material.reference):
            expected = exam.expected[each.identity]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if expected.error is not None:
                    with pytest.raises(ValueError):
                        eval(call, namespace)
                    continue
                came = sent(eval(call, namespace))
            assert EXACT.difference(returned(expected, each.case), came) is None, call


def test_every_short_answer_is_python_too(light_exam):
    for exam in light_exam.questions:
        for each, _, namespace in pasted(exam, light_exam.material.reference):
            shown, expected = exam.answer(each), exam.expected[each.identity]
            if expected.error is None and len(shown) <= LONGEST and "rounded" not in shown:
                came = sent(eval(shown, namespace))
                assert EXACT.difference(returned(expected, each.case), came) is None, shown


def test_every_group_of_plain_calls_has_one_that_can_be_pasted(light_exam):
    for exam in light_exam.questions:
        plain = {
            each.case.group
            for each in exam.cases
            if each.practice and each.case.probe in ("call once", "fresh", "listed")
        }
        can = {each.case.group for each, _, _ in pasted(exam, light_exam.material.reference)}
        recipes = {
            each.case.group for each in exam.cases if "'recipe'" in str(encode(each.case.args))
        }
        assert plain - can <= recipes, exam.question.name


def test_every_light_exam_takes_home_only_practice_cases(light_exam):
    """Everything is wrong here: whatever can go home does."""
    for exam in light_exam.questions:
        cases = failing_practice(exam, exam.evidence_of(lambda *a, **k: "wrong"))
        practice = {exam.call(each) for each in exam.cases if each.practice}
        assert {case.call for case in cases} <= practice, exam.question.name
