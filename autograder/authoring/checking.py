"""What an author writes about a question: its cases, its groups, wrong answers and right ones.

A question has one module in the folder ``checks`` beside its notebook, named after it, with one
`Check`, and any number of functions marked with `alternative` or `misconception`, of `slip`s, and
of changes that are `equal`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, Literal

import numpy as np

from autograder.authoring.comparing import Close, Comparison
from autograder.guest.recipes import Recipe

Draw = Callable[[np.random.Generator, ModuleType], Iterable["Case"]]


@dataclass(frozen=True)
class Case:
    """One call of the student's function.

    Parameters
    ----------
    group
        The name of the group whose points it decides.
    args, kwargs
        The arguments, in the format of `autograder.guest.codec`: plain data, and recipes.
    probe
        Which of `autograder.guest.probes` asks; arguments of its own come first in `args`.
    compare
        How its answer is compared, where not as in the rest of its group. It may hold what must not
        enter the student's process, such as the next words of a held-out text.
    """

    group: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    probe: str = "call once"
    compare: Comparison | None = None


def case(group: str, *args: Any, **kwargs: Any) -> Case:
    """Return the case that calls the student's function with these arguments."""
    return Case(group, args, kwargs)


def generator(rng: np.random.Generator) -> Recipe:
    """Return the recipe of a random generator of its own, with a seed drawn from `rng`."""
    return Recipe("generator", (int(rng.integers(2**31)),))


def tally(group: str, times: int, *args: Any, compare: Comparison | None = None) -> Case:
    """Return the case that tallies the results of many calls with these arguments.

    They are best compared with the probabilities that are right (see
    `autograder.authoring.frequencies`), as tuples where lists are returned.
    """
    return Case(group, (times, *args), probe="tally", compare=compare)


def repeated(probe: str, group: str, times: int, *args: Any, **kwargs: Any) -> Case:
    """Return the case in which a probe makes many calls with these arguments.

    The probes are those of `autograder.guest.probes` whose first argument is how often.
    """
    return Case(group, (times, *args), kwargs, probe)


@dataclass(frozen=True)
class Group:
    """Cases that stand or fall together.

    Parameters
    ----------
    says
        What they are about, as the student reads it: "sentences of one word, and of none".
    points
        What they are worth. All of a group's cases must be right.
    compare
        How answers are compared, where it is not as in the rest of the check.
    """

    says: str
    points: float
    compare: Comparison | None = None


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
    compare: Comparison = field(default_factory=Close)
    seconds_per_case: float = 6.0

    def comparison(self, group: str) -> Comparison:
        """Return how the answers of a group are compared."""
        return self.groups[group].compare or self.compare

    @property
    def points(self) -> float:
        """The points of all groups together."""
        return sum(group.points for group in self.groups.values())


@dataclass(frozen=True)
class Misconception:
    """A mistake that students really make.

    Parameters
    ----------
    function
        The wrong function, self-contained but for the imports of the notebook.
    loses
        The names of the groups whose points it loses.
    hint
        What a student who wrote it needs to hear. It names the mistake, not the solution.
    overflows
        Whether the mistake shows where an answer, its own or the right one, is not finite: a number
        that overflowed, or a nan that got lost. Such cases tell nothing of other mistakes.
    """

    function: Callable[..., Any]
    loses: frozenset[str]
    hint: str
    overflows: bool = False

    @property
    def name(self) -> str:
        """The name of the wrong function."""
        return self.function.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, so that it can call itself by its name."""
        return self.function(*args, **kwargs)


@dataclass(frozen=True)
class Alternative:
    """An alternative solution: as right as the reference, written as another student would."""

    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, so that it can call itself by its name."""
        return self.function(*args, **kwargs)


REFERENCE: Final = "reference"
"""The notebook's own solution, as what a slip spoils."""
Solution = Alternative | Literal["reference"]


@dataclass(frozen=True)
class Slip:
    """A mistake that is a small change of a solution. It is named by the variable that holds it.

    Parameters
    ----------
    of
        The alternative solution that it spoils, or `REFERENCE`.
    changes
        What is replaced by what, in order. What is replaced stands in the source exactly once.
    loses, hint, overflows
        See `Misconception`.
    """

    of: Solution
    changes: tuple[tuple[str, str], ...]
    loses: frozenset[str]
    hint: str
    overflows: bool = False


def slip(
    of: Solution,
    *changes: tuple[str, str],
    loses: str | Sequence[str],
    hint: str,
    overflows: bool = False,
) -> Slip:
    """Return the mistake that a change makes of a solution (see `Slip`).

    Examples
    --------
    >>> slip(REFERENCE, ("n - 1", "n"), loses="ends", hint="The last one is lost.").changes
    (('n - 1', 'n'),)
    """
    groups = [loses] if isinstance(loses, str) else loses
    return Slip(of, changes, frozenset(groups), hint, overflows)


@dataclass(frozen=True)
class Equal:
    """Small changes of a solution that may keep its points; `verify --mutants` sees to it.

    Parameters
    ----------
    of
        The alternative solution that is changed, or `REFERENCE`.
    changes
        What is replaced by what, each by itself. What is replaced stands in the source exactly
        once.
    because
        Why no answer can be another one; it is tried on many inputs.
    settled
        Where answers are other ones, but as right: the words of the statement that say so.
    """

    of: Solution
    changes: tuple[tuple[str, str], ...]
    because: str = ""
    settled: str = ""


def equal(of: Solution, *changes: tuple[str, str], because: str = "", settled: str = "") -> Equal:
    """Return the word that each of some changes leaves a solution right (see `Equal`).

    Raises
    ------
    ValueError
        Not one of `because` and `settled` is given.

    Examples
    --------
    >>> equal(REFERENCE, ("n < 2", "n <= 1"), because="n is a whole number").changes
    (('n < 2', 'n <= 1'),)
    """
    if bool(because) == bool(settled):
        raise ValueError("equal(...): expected either because=... or settled=...")
    return Equal(of, changes, because, settled)


@dataclass(frozen=True)
class Rule:
    """What sentences of a statement settle, and which cases show it.

    Parameters
    ----------
    quotes
        Words of the statement, one piece or more from each sentence.
    when
        Called with a case's arguments (a probe's own come first): whether it is one that shows it.
        A case for which it raises is none.
    gives
        Called with the right answer, or the exception that is right.
    """

    quotes: tuple[str, ...]
    when: Callable[..., Any] | None = None
    gives: Callable[[Any], Any] | type[Exception] | None = None

    @property
    def shown(self) -> bool:
        """Whether there are cases to look for."""
        return self.when is not None or self.gives is not None


def rule(
    *quotes: str,
    when: Callable[..., Any] | None = None,
    gives: Callable[[Any], Any] | type[Exception] | None = None,
) -> Rule:
    """Return the word that every exam has a case of what a statement says (see `Rule`).

    Raises
    ------
    ValueError
        Nothing is quoted, or nothing says which cases are meant.

    Examples
    --------
    >>> rule("An empty list gives 0", when=lambda values: not values).quotes
    ('An empty list gives 0',)
    """
    found = Rule(quotes, when, gives)
    if not quotes or not found.shown:
        raise ValueError("rule(...): expected words of the statement, and when=... or gives=...")
    return found


def told(*quotes: str) -> Rule:
    """Return the word that sentences only tell what comes, and leave nothing open to be shown."""
    return Rule(quotes)


def misconception(
    *loses: str, hint: str, overflows: bool = False
) -> Callable[[Callable[..., Any]], Misconception]:
    """Mark a function as a mistake that loses the points of the groups named."""

    def mark(function: Callable[..., Any]) -> Misconception:
        return Misconception(function, frozenset(loses), hint, overflows)

    return mark


def alternative(function: Callable[..., Any]) -> Alternative:
    """Mark a function as an alternative solution."""
    return Alternative(function)
