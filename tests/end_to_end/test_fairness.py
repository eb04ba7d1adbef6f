"""`autograder verify` proves every assignment fair, for several exams."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.proving.verify import Proof, verify
from tests.exams import ANSWERS

COURSE = Course.at(Path(__file__).resolve().parents[2])
every_assignment = pytest.mark.parametrize("name", COURSE.assignment_names())


@functools.cache
def proof(name: str, seeds: int = 1) -> Proof:
    return verify(load_material(COURSE.assignment(name)), seeds, workers=1, cache=ANSWERS)


@pytest.mark.long
@every_assignment
def test_grading_is_fair_in_several_exams(name: str) -> None:
    assert not proof(name, 3).unstable
    assert [finding for finding in proof(name, 3).findings if not finding.fair] == []


@every_assignment
def test_grading_is_fair(name: str) -> None:
    assert not proof(name).unstable
    assert [finding for finding in proof(name).findings if not finding.fair] == []


@every_assignment
def test_every_misconception_gets_its_own_hint(name: str) -> None:
    """A hint that nobody ever gets is no hint: where two look alike, they are one."""
    wrong = [finding for finding in proof(name).findings if finding.kind == "misconception"]
    assert wrong
    assert [finding.way for finding in wrong if finding.recognised != finding.way] == []
