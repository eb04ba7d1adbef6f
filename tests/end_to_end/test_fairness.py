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
FIRST = "01_counting"
"""The assignment that `make test` proves, for one exam; `make test-long` proves all, for three."""
every_assignment = pytest.mark.parametrize(
    ("name", "seeds"),
    [
        pytest.param(FIRST, 1, id=f"{FIRST}-1"),
        *(pytest.param(name, 3, marks=pytest.mark.long) for name in COURSE.assignment_names()),
    ],
)


@functools.cache
def proof(name: str, seeds: int) -> Proof:
    return verify(load_material(COURSE.assignment(name)), seeds, workers=1, cache=ANSWERS)


@every_assignment
def test_grading_is_fair(name: str, seeds: int) -> None:
    assert not proof(name, seeds).unstable
    assert [finding for finding in proof(name, seeds).findings if not finding.fair] == []


@every_assignment
def test_every_misconception_gets_its_own_hint(name: str, seeds: int) -> None:
    """A hint that nobody ever gets is no hint: where two look alike, they are one."""
    wrong = [finding for finding in proof(name, seeds).findings if finding.kind == "misconception"]
    assert wrong
    assert [finding.way for finding in wrong if finding.recognised != finding.way] == []
