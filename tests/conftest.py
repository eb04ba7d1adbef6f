"""What many tests share: the course, its first assignment, an exam of it, and a toy question."""

import inspect
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat.v4
import numpy as np
import pytest

from autograder.authoring.checking import (
    Alternative,
    Case,
    Check,
    Group,
    Misconception,
    alternative,
    case,
    misconception,
)
from autograder.authoring.course import Assignment, Course
from autograder.authoring.material import CheckedQuestion, Material, load_material
from autograder.judging.exam import Exam, QuestionExam, draw_exam
from tests import dearest_first, needs_sandbox
from tests.exams import shared_exam


@pytest.fixture(scope="session")
def course() -> Course:
    return Course(Path(__file__).parents[1])


@pytest.fixture(scope="session")
def material(course: Course) -> Material:
    return load_material(course.assignment("01_counting"))


@pytest.fixture(scope="session")
def exam(material: Material) -> Exam:
    return shared_exam(material)


# --- a toy question, for what must not depend on the course's own questions ----------------------


def total(values: list[float], sign: int = 1) -> float:
    if len(values) == 0:
        raise ValueError("no values")
    return sign * math.fsum(values)


@misconception("plain", "signs", hint="The first value is left out.")
def first_left_out(values: list[float], sign: int = 1) -> float:
    if len(values) == 0:
        raise ValueError("no values")
    return sign * math.fsum(values[1:])


@misconception("signs", hint="The sign does nothing.")
def sign_ignored(values: list[float], sign: int = 1) -> float:
    return total(values)


@alternative
def with_numpy(values: list[float], sign: int = 1) -> Any:
    if not values:
        raise ValueError
    return sign * np.sum(values)


def draw_total(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    for length in (1, 2, 5, 9):
        yield case("plain", rng.normal(size=length).tolist())
    for length in (3, 4):
        yield case("signs", rng.normal(size=length).tolist(), sign=-1)
    yield case("empty", [])


TOTAL = Check(
    groups={
        "plain": Group("lists of numbers", 2),
        "signs": Group("negative signs", 1),
        "empty": Group("no numbers", 1),
    },
    draw=draw_total,
    seconds_per_case=0.05,
)


def toy_material(
    reference: Callable[..., Any] = total,
    check: Check = TOTAL,
    misconceptions: tuple[Misconception, ...] = (first_left_out, sign_ignored),
    alternatives: tuple[Alternative, ...] = (with_numpy,),
) -> Material:
    module = ModuleType("toy")
    module.total = reference  # type: ignore[attr-defined]
    named = inspect.signature(reference).parameters if inspect.isfunction(reference) else ()
    question = CheckedQuestion(
        "total",
        check.points,
        check=check,
        misconceptions=misconceptions,
        alternatives=alternatives,
        parameters=tuple(named),
    )
    assignment = Assignment(Course(Path("nowhere")), "00_toy")
    return Material(assignment, nbformat.v4.new_notebook(), module, (question,))


@pytest.fixture(name="toy_material", scope="session")
def _toy_material() -> Callable[..., Material]:
    """The material of one question, `total`, any part of which can be replaced."""
    return toy_material


@pytest.fixture(scope="session")
def toy_exam() -> Callable[..., QuestionExam]:
    """The exam of the toy question, any part of which can be replaced."""

    def draw(secret: str = "tests", **parts: Any) -> QuestionExam:
        (question,) = draw_exam(toy_material(**parts), secret).questions
        return question

    return draw


@pytest.fixture(scope="session")
def toy(toy_exam: Callable[..., QuestionExam]) -> QuestionExam:
    """The exam of the toy question as it is."""
    return toy_exam()


def pytest_configure(config: pytest.Config) -> None:
    """Let `needs_sandbox` skip, count and tell, and `dearest_first` order."""
    config.pluginmanager.register(needs_sandbox)
    config.pluginmanager.register(dearest_first)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the course's notebooks took, in one table."""
    rows = sorted(
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == "notebook"
    )
    if rows:
        terminalreporter.section("notebooks, CPU seconds on a machine of pace 1")
        for path, took, cpu, budget in rows:
            terminalreporter.line(f"{path:40} {took:6.1f} of {budget} ({cpu:.1f} of this machine)")
