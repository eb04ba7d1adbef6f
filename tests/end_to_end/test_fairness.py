"""`autograder verify` proves every assignment fair, for several exams."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.proving.verify import Proof, verify

COURSE = Course.at(Path(__file__).resolve().parents[2])
every_assignment = pytest.mark.parametrize("name", COURSE.assignment_names())


@functools.cache
def proof(name: str) -> Proof:
    return verify(load_material(COURSE.assignment(name)), seeds=3, workers=1)


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
