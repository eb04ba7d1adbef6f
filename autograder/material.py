"""Everything that grading an assignment needs to know of it, loaded and found consistent."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from nbformat import NotebookNode
from traitlets.config import Config

from autograder import pairs
from autograder.checking import Check, CorrectWay, Misconception, Slip
from autograder.conventions import (
    Question,
    cell_of,
    grade_id_of,
    nbgraders_questions,
    questions,
)
from autograder.course import Assignment
from autograder.derive import Derived, derive
from autograder.earlier import Earlier, read_earlier
from autograder.errors import CourseError
from autograder.nbgraders_course import course_config, read_source
from autograder.reference import load_reference, reference_function
from autograder.slips import spoil

_CHECKS = "autograder.checks"


class BrokenCheck(CourseError):
    """A question's check is missing, or does not fit its notebook."""


class NoChecks(CourseError):
    """The checks, which hold the answers, are not installed."""


@dataclass(frozen=True)
class QuestionKit:
    """One question with its check and the known ways to answer it."""

    question: Question
    check: Check
    misconceptions: tuple[Misconception, ...]
    correct_ways: tuple[CorrectWay, ...]

    @property
    def name(self) -> str:
        """The question's name."""
        return self.question.name


@dataclass(frozen=True)
class Material:
    """A notebook of an assignment, its reference functions, and its questions.

    Parameters
    ----------
    assignment, notebook, reference
        Which notebook, what it says, and the functions in it.
    kits
        The questions with a check, in order.
    asserted
        Those without: their asserts decide, inside the student's process.
    config
        nbgrader's settings; None means ours.
    """

    assignment: Assignment
    notebook: NotebookNode
    reference: ModuleType
    kits: tuple[QuestionKit, ...]
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
        found = [*(kit.question for kit in self.kits), *self.asserted]
        return tuple(sorted(found, key=lambda question: places.get(cell_of(question), 0)))

    @property
    def sheets(self) -> tuple[Material, ...]:
        """The only notebook: several are `autograder.coursework.Coursework`."""
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
    BrokenCheck, NoChecks
        The message says what to put right.
    """
    if assignment.course.is_nbgraders:
        return _load_nbgraders(assignment)
    notebook = pairs.check(assignment.text_path)
    reference = load_reference(notebook, f"solutions/{assignment.name}")
    kits = _load_kits(assignment, questions(notebook), reference)
    return Material(assignment, notebook, reference, kits)


def _load_nbgraders(assignment: Assignment) -> Material:
    """Load a notebook of a course of nbgrader's, some of whose questions may have checks."""
    config = course_config(assignment.course.root)
    notebook = read_source(assignment, config)
    asked = nbgraders_questions(notebook)
    checked = [question for question in asked if not question.inside]
    where = f"{assignment.folder.parent.name}/{assignment.name}"
    # A notebook without checks may import what is not here: nothing of it is executed.
    reference = load_reference(notebook, where) if checked else ModuleType(where)
    kits = _load_kits(assignment, checked, reference) if checked else ()
    asserted = tuple(question for question in asked if question.inside)
    return Material(assignment, notebook, reference, kits, asserted, config)


def _load_kits(
    assignment: Assignment, asked: Sequence[Question], reference: ModuleType
) -> tuple[QuestionKit, ...]:
    package = _checks_package(assignment)
    known = {name for _, name, _ in pkgutil.iter_modules(package.__path__)}
    kits = tuple(_load_kit(question, package, known, reference) for question in asked)
    _refuse_orphans(package, known, {kit.name for kit in kits})
    return kits


def all_checks() -> ModuleType:
    """Return the package with the checks of all assignments.

    Raises
    ------
    NoChecks
        It is not installed.
    """
    try:
        return importlib.import_module(_CHECKS)
    except ModuleNotFoundError as error:
        if error.name != _CHECKS:
            raise
        raise NoChecks(
            "This installation has no checks: they hold the answers, so they do not come with what "
            "students install. Staff install from the course's folder: "
            'pip install -c constraints.txt -e ".[staff]"'
        ) from error


def _checks_package(assignment: Assignment) -> ModuleType:
    name = f"{all_checks().__name__}.{assignment.notebook_name}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise BrokenCheck(
            f"No checks for {assignment.name}: expected the folder {name.replace('.', '/')}/"
        ) from error


def _load_kit(
    question: Question, package: ModuleType, known: set[str], reference: ModuleType
) -> QuestionKit:
    if question.name not in known:
        raise BrokenCheck(
            f"Question {question.name!r} has no check: expected "
            f"{package.__name__.replace('.', '/')}/{question.name}.py. "
            f"`autograder new-question` writes one."
        )
    module = importlib.import_module(f"{package.__name__}.{question.name}")
    check = getattr(module, "check", None)
    if not isinstance(check, Check):
        raise BrokenCheck(f"{module.__name__}: expected `check = Check(...)`, came {check!r}")
    kit = QuestionKit(
        question,
        check,
        tuple(_misconceptions(module, reference_function(reference, question.name))),
        tuple(value for value in vars(module).values() if isinstance(value, CorrectWay)),
    )
    _refuse_inconsistent(kit, module.__name__)
    return kit


def _misconceptions(module: ModuleType, reference: Callable[..., Any]) -> Iterator[Misconception]:
    """Yield the misconceptions of a check, in order."""
    for name, value in vars(module).items():
        if isinstance(value, Misconception):
            yield value
        elif isinstance(value, Slip):
            yield spoil(name, value, reference, module.__name__)


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


def _refuse_orphans(package: ModuleType, known: set[str], asked: set[str]) -> None:
    for name in sorted(known - asked):
        module = importlib.import_module(f"{package.__name__}.{name}")
        if isinstance(getattr(module, "check", None), Check):
            raise BrokenCheck(
                f"{module.__name__} checks a question {name!r} that the notebook does not ask"
            )
