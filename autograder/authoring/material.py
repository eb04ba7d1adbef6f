"""Everything that grading an assignment needs to know of it, loaded and found consistent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from nbformat import NotebookNode

from autograder.authoring import pairs
from autograder.authoring.checking import Check, CorrectWay, Misconception, Slip
from autograder.authoring.conventions import Question, questions
from autograder.authoring.course import Assignment
from autograder.authoring.course_modules import (
    CourseProbes,
    check_names,
    course_module,
    load_probes,
)
from autograder.authoring.derive import Derived, derive
from autograder.authoring.earlier import Earlier, read_earlier
from autograder.authoring.reference import load_reference, reference_function
from autograder.authoring.slips import spoil
from autograder.errors import CourseError


class BrokenCheck(CourseError):
    """A question's check is missing, or does not fit its notebook."""


@dataclass(frozen=True)
class QuestionKit:
    """One question with its check and the known ways to answer it."""

    question: Question
    check: Check
    misconceptions: tuple[Misconception, ...]
    correct_ways: tuple[CorrectWay, ...]
    probes: CourseProbes = field(default_factory=CourseProbes)

    @property
    def name(self) -> str:
        """The question's name."""
        return self.question.name


@dataclass(frozen=True)
class Material:
    """An assignment: its notebook, reference functions, and question kits in order."""

    assignment: Assignment
    notebook: NotebookNode
    reference: ModuleType
    kits: tuple[QuestionKit, ...]

    @cached_property
    def derived(self) -> Derived:
        """The master and the release."""
        return derive(self.notebook)

    @cached_property
    def earlier(self) -> Earlier:
        """What locked cells said in any release so far."""
        return read_earlier(self.assignment.text_path.parent)

    @property
    def points(self) -> float:
        """The points of all automatically graded questions."""
        return sum(kit.question.points for kit in self.kits)


def load_material(assignment: Assignment) -> Material:
    """Load an assignment's notebook, reference and checks.

    Raises
    ------
    PairOutOfStep, OutputCommitted, BrokenConvention, BrokenReference, UnknownReference,
    BrokenCheck, BrokenCourseModule
        The message says what to put right.
    """
    notebook = pairs.check(assignment.text_path)
    reference = load_reference(notebook, f"solutions/{assignment.name}")
    asked = questions(notebook)
    probes = load_probes(assignment.course)
    kits = tuple(_load_kit(question, assignment, reference, probes) for question in asked)
    _refuse_orphans(assignment, {kit.name for kit in kits})
    return Material(assignment, notebook, reference, kits)


def _load_kit(
    question: Question, assignment: Assignment, reference: ModuleType, probes: CourseProbes
) -> QuestionKit:
    path = assignment.check_path(question.name)
    if not path.exists():
        raise BrokenCheck(
            f"Question {question.name!r} has no check: expected {path}. "
            f"`autograder new-question` writes one."
        )
    where = str(path.relative_to(assignment.course.root))
    module = _check_module(assignment, question.name)
    check = getattr(module, "check", None)
    if not isinstance(check, Check):
        raise BrokenCheck(f"{where}: expected `check = Check(...)`, came {check!r}")
    kit = QuestionKit(
        question,
        check,
        tuple(_misconceptions(module, reference_function(reference, question.name), where)),
        tuple(value for value in vars(module).values() if isinstance(value, CorrectWay)),
        probes,
    )
    _refuse_inconsistent(kit, where)
    return kit


def _check_module(assignment: Assignment, name: str) -> ModuleType:
    return course_module(assignment.course, f"{assignment.notebook_name}.{name}")


def _misconceptions(
    module: ModuleType, reference: Callable[..., Any], where: str
) -> Iterator[Misconception]:
    """Yield the misconceptions of a check, in order."""
    for name, value in vars(module).items():
        if isinstance(value, Misconception):
            yield value
        elif isinstance(value, Slip):
            yield spoil(name, value, reference, where)


def _refuse_inconsistent(kit: QuestionKit, where: str) -> None:
    if not math.isclose(kit.check.points, kit.question.points):
        raise BrokenCheck(
            f"{where}: its groups are worth {kit.check.points:g} points, but the graded cell "
            f"{kit.name}-graded gives {kit.question.points:g}"
        )
    for way in kit.misconceptions:
        unknown = way.loses - set(kit.check.groups)
        if unknown or not way.loses:
            raise BrokenCheck(
                f"{where}: misconception {way.name!r} loses {sorted(unknown) or 'nothing'}; "
                f"expected one or more of {sorted(kit.check.groups)}"
            )


def _refuse_orphans(assignment: Assignment, asked: set[str]) -> None:
    for name in sorted(check_names(assignment) - asked):
        if isinstance(getattr(_check_module(assignment, name), "check", None), Check):
            raise BrokenCheck(
                f"{assignment.check_path(name)} checks a question {name!r} that the notebook does "
                "not ask"
            )
