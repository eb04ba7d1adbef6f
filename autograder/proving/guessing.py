"""What guessing earns: functions that have understood nothing of their question.

A guess answers every call with the same value, with one of its arguments, or with an exception. It
may know the right answers to the exam's own cases: the best constant is among them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from autograder.authoring.checking import Case
from autograder.judging.exam import ExamCase, QuestionExam, agrees
from autograder.judging.outcomes import Outcome, StudentError

ADMITTED = 0.1
"""The share of a question's points that a guess may earn."""
_PLAIN: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    0.5,
    math.nan,
    math.inf,
    -math.inf,
    "",
    (),
    [],
    {},
    set(),
)
_EXCEPTIONS = (ValueError, TypeError, IndexError, KeyError, ZeroDivisionError, NotImplementedError)


@dataclass(frozen=True)
class Guess:
    """A function that is no answer.

    Parameters
    ----------
    words
        What it does.
    function
        Takes any arguments.
    """

    words: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Earned:
    """What the best guess at a question earns.

    Parameters
    ----------
    question
        Its name.
    guess
        What the best guess does.
    points, max_points
        Earned, and to be earned.
    groups
        The groups that it does not lose.
    """

    question: str
    guess: str
    points: float
    max_points: float
    groups: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether it is so little that guessing does not pay."""
        return self.points <= ADMITTED * self.max_points + 1e-9

    @property
    def warning(self) -> str:
        """What an author should know of a guess that pays."""
        return (
            f"{self.question}: a function that {self.guess} earns {self.points:g} of "
            f"{self.max_points:g} points ({', '.join(self.groups)}). Let these groups hold other "
            "cases too: where something is refused, also a call that is not"
        )


def best_guess(exam: QuestionExam) -> Earned:
    """Return what the best guess at a question earns in an exam, called in this process."""
    groups, name = exam.question.check.groups, exam.question.name
    secret = [each for each in exam.cases if not each.practice]
    best = Earned(name, "none", 0.0, exam.question.points)
    for guess in guesses(exam):
        kept = tuple(
            group
            for group in groups
            if all(_right(exam, guess, each) for each in secret if each.case.group == group)
        )
        points = sum(groups[group].points for group in kept)
        if points > best.points:
            best = Earned(name, guess.words, points, exam.question.points, kept)
    return best


def guesses(exam: QuestionExam) -> Iterator[Guess]:
    """Yield the guesses at a question: exceptions, plain constants, right answers, echoes."""
    for kind in _EXCEPTIONS:
        yield Guess(f"raises {kind.__name__}", _raiser(kind))
    for value in _PLAIN:
        yield Guess(f"returns {value!r}", _constant(value))
    seen: set[str] = set()
    for each in exam.cases:
        outcome = exam.expected[each.identity]
        words = repr(outcome.value)
        if each.case.probe == "call once" and outcome.returned and words not in seen:
            seen.add(words)
            yield Guess(f"returns the answer to {each.identity}", _constant(outcome.value))
    names = {name for each in exam.cases for name in each.case.kwargs}
    for place in range(max(len(each.case.args) for each in exam.cases)):
        yield Guess(f"returns argument {place + 1}", _echo(place))
    for name in sorted(names):
        yield Guess(f"returns argument {name!r}", _echo_of(name))


def _raiser(kind: type[Exception]) -> Callable[..., NoReturn]:
    def guess(*args: Any, **kwargs: Any) -> NoReturn:
        raise kind

    return guess


def _constant(value: Any) -> Callable[..., Any]:
    return lambda *args, **kwargs: value


def _echo(place: int) -> Callable[..., Any]:
    return lambda *args, **kwargs: args[place]


def _echo_of(name: str) -> Callable[..., Any]:
    return lambda *args, **kwargs: kwargs[name]


def _right(exam: QuestionExam, guess: Guess, each: ExamCase) -> bool:
    """Return whether a guess answers a case rightly."""
    plain = each.case.probe == "call once" and '{"recipe": ' not in exam.alone[each.identity]
    outcome = _called(guess, each.case) if plain else exam.outcome_of(guess.function, each.identity)
    with np.errstate(all="ignore"):
        right = agrees(exam.comparison(each.identity), exam.expected[each.identity], outcome)
    return right and not outcome.changed


def _called(guess: Guess, case: Case) -> Outcome:
    """Return what a guess comes to, without the way through a witness: it changes no argument."""
    try:
        return Outcome(value=guess.function(*case.args, **case.kwargs))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the guess came to
        names = tuple(kind.__name__ for kind in type(error).__mro__)
        return Outcome(error=StudentError(names, ""))
