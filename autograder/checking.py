"""What an author writes about a question: its cases, its groups, and ways to get it wrong or right.

A question has one module in ``autograder/checks/<notebook>/``, named after it, with one `Check`
and any number of functions marked with `misconception` or `correct_way`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from autograder.comparing import Close

Draw = Callable[[np.random.Generator, ModuleType], Iterable["Case"]]


@dataclass(frozen=True)
class Case:
    """One call of the student's function.

    Parameters
    ----------
    group
        The name of the group whose points it decides.
    args, kwargs
        The arguments, in the format of `nextword.evidence.codec`.
    """

    group: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def case(group: str, *args: Any, **kwargs: Any) -> Case:
    """Return the case that calls the student's function with these arguments."""
    return Case(group, args, kwargs)


@dataclass(frozen=True)
class Group:
    """Cases that stand or fall together.

    Parameters
    ----------
    says
        What they are about, as the student reads it: "sentences of one word, and of none".
    points
        What they are worth. All of a group's cases must be right.
    """

    says: str
    points: float


@dataclass(frozen=True)
class Check:
    """How one question is graded.

    Parameters
    ----------
    groups
        By name. Their points add up to those of the graded cell.
    draw
        Draws the cases from a generator; the reference module helps to make inputs. Called anew
        for every exam; every group gets a case.
    compare
        Compares an answer with the reference's.
    seconds_per_case
        How long one call may take.
    """

    groups: Mapping[str, Group]
    draw: Draw
    compare: Close = field(default_factory=Close)
    seconds_per_case: float = 2.0

    @property
    def points(self) -> float:
        """The points of all groups together."""
        return sum(group.points for group in self.groups.values())


@dataclass(frozen=True)
class Misconception:
    """A wrong way that students really write.

    Parameters
    ----------
    function
        The wrong function, self-contained but for the imports of the notebook.
    loses
        The names of the groups whose points it loses.
    hint
        What a student who wrote it needs to hear. It names the mistake, not the solution.
    """

    function: Callable[..., Any]
    loses: frozenset[str]
    hint: str

    @property
    def name(self) -> str:
        """The name of the wrong function."""
        return self.function.__name__


@dataclass(frozen=True)
class CorrectWay:
    """A right way, written as another good student would."""

    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__


def misconception(*loses: str, hint: str) -> Callable[[Callable[..., Any]], Misconception]:
    """Mark a function as a wrong way that loses the points of the groups named."""

    def mark(function: Callable[..., Any]) -> Misconception:
        return Misconception(function, frozenset(loses), hint)

    return mark


def correct_way(function: Callable[..., Any]) -> CorrectWay:
    """Mark a function as a right way."""
    return CorrectWay(function)
