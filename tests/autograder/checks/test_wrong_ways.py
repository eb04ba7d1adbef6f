"""What once kept full marks by luck loses some in every one of three exams."""

import functools
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.authoring.checking import REFERENCE
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.authoring.reference import reference_function
from autograder.authoring.slips import changed, function_of, source_of
from autograder.judging.exam import difference, draw_exam
from autograder.proving.mutant_gate import _faults
from tests.autograder.checks.wrong_ways import WAYS

COURSE = Course.at(Path(__file__).resolve().parents[3])
SECRETS = ("wrong-0", "wrong-1", "wrong-2")


@functools.cache
def material(name):
    return load_material(COURSE.assignment(name))


@functools.cache
def exams_of(assignment, question):
    """Return three exams of a question. No known mistake has a say in their draw."""
    asked = next(each for each in material(assignment).checked if each.name == question)
    alone = replace(material(assignment), checked=(replace(asked, misconceptions=()),), asserted=())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [draw_exam(alone, secret).questions[0] for secret in SECRETS]


def function_of_way(way):
    if way.function is not None:
        return way.function
    where = f"{way.assignment}, {way.question}: {way.words}"
    question = next(e for e in material(way.assignment).checked if e.name == way.question)
    if way.of == REFERENCE:
        right = reference_function(material(way.assignment).reference, way.question)
    else:
        right = next(e.function for e in question.alternatives if e.name == way.of)
    text = changed(source_of(right), way.changes, where)
    return function_of(text, right, way.question, where)


def first_loss(exam, function):
    """Return the group and the reason of the first secret case that is answered wrongly."""
    fault = next(_faults(exam, function, practice=False), None)
    if fault is None:
        return None
    case, outcome = fault
    expected = exam.expected[case.identity]
    return case.case.group, difference(exam.comparison(case.identity), expected, outcome)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "way", [pytest.param(way, id=f"{way.question}: {way.words}") for way in WAYS]
)
def test_a_wrong_way_loses_marks_in_every_exam(way):
    function = function_of_way(way)
    lost = [first_loss(exam, function) for exam in exams_of(way.assignment, way.question)]
    assert None not in lost, f"{way.words}: kept full marks in an exam of {lost}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("of", sorted({(way.assignment, way.question) for way in WAYS}))
def test_the_reference_loses_nothing(of):
    reference = reference_function(material(of[0]).reference, of[1])
    assert [first_loss(exam, reference) for exam in exams_of(*of)] == [None] * len(SECRETS)
