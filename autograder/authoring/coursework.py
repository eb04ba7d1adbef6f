"""An assignment as a class is graded on it: a notebook, or several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from autograder.authoring.conventions import Question
from autograder.authoring.course import Assignment
from autograder.authoring.material import Material, load_material

INSIDE = "from inside the student's process: asserts in the notebook"
"""What everybody reads of a verdict that no check gave."""


class Asked(Protocol):
    """What reports need to know of an assignment; the material of its only notebook will do."""

    @property
    def assignment(self) -> Assignment:
        """Which one."""
        ...

    @property
    def sheets(self) -> tuple[Material, ...]:
        """Its notebooks."""
        ...

    @property
    def questions(self) -> tuple[Question, ...]:
        """All automatically graded questions, in order, each under a name of its own."""
        ...

    @property
    def points(self) -> float:
        """Their points."""
        ...


@dataclass(frozen=True)
class Coursework:
    """An assignment of several notebooks. Its questions are named after these as well.

    Parameters
    ----------
    assignment
        Which one.
    sheets
        Its notebooks.
    """

    assignment: Assignment
    sheets: tuple[Material, ...]

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All automatically graded questions, in order, such as ``problem1/correct_squares``."""
        return tuple(self._questions())

    def _questions(self) -> Iterator[Question]:
        for sheet in self.sheets:
            for question in sheet.questions:
                yield replace(question, name=named(self, sheet, question.name))

    @property
    def points(self) -> float:
        """The points of all automatically graded questions."""
        return sum(sheet.points for sheet in self.sheets)


def named(work: Asked, sheet: Material, name: str) -> str:
    """Return the name under which an assignment knows a question, or a cell, of a notebook."""
    return name if len(work.sheets) == 1 else f"{sheet.assignment.notebook_name}/{name}"


def load_coursework(assignment: Assignment) -> Asked:
    """Load an assignment: all its notebooks.

    Raises
    ------
    CourseError
        As `load_material` does.
    """
    sheets = tuple(load_material(each) for each in assignment.notebooks)
    return sheets[0] if len(sheets) == 1 else Coursework(assignment, sheets)
