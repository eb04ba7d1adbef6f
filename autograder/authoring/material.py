"""Everything that grading an assignment needs to know of it, loaded and found consistent."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from nbformat import NotebookNode
from traitlets.config import Config

from autograder.authoring import pairs
from autograder.authoring.checking import Alternative, Check, Equal, Misconception, Rule, Slip
from autograder.authoring.conventions import (
    Question,
    cell_of,
    grade_id_of,
    nbgraders_questions,
    questions,
)
from autograder.authoring.course import Assignment
from autograder.authoring.course_modules import (
    CourseProbes,
    check_names,
    course_module,
    load_probes,
)
from autograder.authoring.derive import Derived, derive
from autograder.authoring.earlier import Earlier, read_earlier
from autograder.authoring.nbgraders_course import course_config, read_source
from autograder.authoring.reference import load_reference, reference_function
from autograder.authoring.slips import spoil
from autograder.errors import CourseError


class BrokenCheck(CourseError):
    """A question's check is missing, or does not fit its notebook."""


@dataclass(frozen=True, kw_only=True)
class CheckedQuestion(Question):
    """A question with its check, and with answers that are known to be wrong or right.

    Parameters
    ----------
    check
        How it is graded.
    misconceptions, alternatives
        What students may answer besides the reference: mistakes, and other solutions.
    probes
        What its course asks in ways of its own.
    equals
        Which changes of solutions are as right, by the names of the variables that hold them.
    rules
        What the statement settles, and by which cases it shows.
    parameters
        The names of the reference's parameters, in order.
    """

    check: Check
    misconceptions: tuple[Misconception, ...]
    alternatives: tuple[Alternative, ...]
    probes: CourseProbes = field(default_factory=CourseProbes)
    equals: Mapping[str, Equal] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Material:
    """A notebook of an assignment, its reference functions, and its questions.

    Parameters
    ----------
    assignment, notebook, reference
        Which notebook, what it says, and the functions in it.
    checked
        The questions with a check, in order.
    asserted
        Those without: their asserts decide, inside the student's process.
    config
        nbgrader's settings; None means ours.
    """

    assignment: Assignment
    notebook: NotebookNode
    reference: ModuleType
    checked: tuple[CheckedQuestion, ...]
    asserted: tuple[Question, ...] = ()
    config: Config | None = None

    @cached_property
    def derived(self) -> Derived:
        """The master and the release."""
        return derive(self.notebook, self.config)

    @cached_property
    def earlier(self) -> Earlier:
        """What locked cells said in any release so far."""
        return read_earlier(self.assignment.folder)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All automatically graded questions, in the notebook's order."""
        places = {grade_id_of(cell): place for place, cell in enumerate(self.notebook.cells)}
        found: list[Question] = [*self.checked, *self.asserted]
        return tuple(sorted(found, key=lambda question: places.get(cell_of(question), 0)))

    @property
    def sheets(self) -> tuple[Material, ...]:
        """The only notebook: several are `autograder.authoring.coursework.Coursework`."""
        return (self,)

    @property
    def points(self) -> float:
        """The points of all automatically graded questions."""
        return sum(question.points for question in self.questions)


def load_material(assignment: Assignment) -> Material:
    """Load a notebook of an assignment, its reference and its checks.

    Raises
    ------
    PairOutOfStep, OutputCommitted, BrokenConvention, BrokenReference, UnknownReference,
    BrokenCheck, BrokenCourseModule
        The message says what to put right.
    """
    if assignment.course.is_nbgraders:
        return _load_nbgraders(assignment)
    notebook = pairs.check(assignment.text_path)
    reference = load_reference(notebook, f"solutions/{assignment.name}")
    checked = _load_checked(assignment, questions(notebook), reference)
    return Material(assignment, notebook, reference, checked)


def _load_nbgraders(assignment: Assignment) -> Material:
    """Load a notebook of a course of nbgrader's, some of whose questions may have checks."""
    config = course_config(assignment.course.root)
    notebook = read_source(assignment, config)
    asked = nbgraders_questions(notebook)
    to_check = [question for question in asked if not question.inside]
    where = f"{assignment.folder.parent.name}/{assignment.name}"
    # A notebook without checks may import what is not here: nothing of it is executed.
    reference = load_reference(notebook, where) if to_check else ModuleType(where)
    checked = _load_checked(assignment, to_check, reference) if to_check else ()
    asserted = tuple(question for question in asked if question.inside)
    return Material(assignment, notebook, reference, checked, asserted, config)


def _load_checked(
    assignment: Assignment, asked: Sequence[Question], reference: ModuleType
) -> tuple[CheckedQuestion, ...]:
    probes = load_probes(assignment.course)
    checked = tuple(_load_check(question, assignment, reference, probes) for question in asked)
    if not assignment.course.is_nbgraders:  # where checks may be of another notebook's questions
        _refuse_orphans(assignment, {question.name for question in checked})
    return checked


def _load_check(
    question: Question, assignment: Assignment, reference: ModuleType, probes: CourseProbes
) -> CheckedQuestion:
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
    function = reference_function(reference, question.name)
    checked = CheckedQuestion(
        question.name,
        question.points,
        check=check,
        misconceptions=tuple(_misconceptions(module, function, where)),
        alternatives=tuple(each for each in vars(module).values() if isinstance(each, Alternative)),
        probes=probes,
        equals={name: each for name, each in vars(module).items() if isinstance(each, Equal)},
        rules=tuple(getattr(module, "rules", ())),
        parameters=tuple(inspect.signature(function).parameters),
    )
    _refuse_inconsistent(checked, where)
    return checked


def _check_module(assignment: Assignment, name: str) -> ModuleType:
    return course_module(assignment.course, f"{assignment.topic}.{name}")


def _misconceptions(
    module: ModuleType, reference: Callable[..., Any], where: str
) -> Iterator[Misconception]:
    """Yield the misconceptions of a check, in order."""
    for name, value in vars(module).items():
        if isinstance(value, Misconception):
            yield value
        elif isinstance(value, Slip):
            yield spoil(name, value, reference, where)


def _refuse_inconsistent(question: CheckedQuestion, where: str) -> None:
    if not math.isclose(question.check.points, question.points):
        raise BrokenCheck(
            f"{where}: its groups are worth {question.check.points:g} points, but the graded cell "
            f"{question.name}-graded gives {question.points:g}"
        )
    for mistake in question.misconceptions:
        unknown = mistake.loses - set(question.check.groups)
        if unknown or not mistake.loses:
            raise BrokenCheck(
                f"{where}: misconception {mistake.name!r} loses {sorted(unknown) or 'nothing'}; "
                f"expected one or more of {sorted(question.check.groups)}"
            )


def _refuse_orphans(assignment: Assignment, asked: set[str]) -> None:
    for name in sorted(check_names(assignment) - asked):
        if isinstance(getattr(_check_module(assignment, name), "check", None), Check):
            raise BrokenCheck(
                f"{assignment.check_path(name)} checks a question {name!r} that the notebook does "
                "not ask"
            )
