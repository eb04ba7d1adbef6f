"""The wrong answers to a question beside the right ones, as far as they can be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograder.authoring.allowance import spend
from autograder.authoring.comparing import Close
from autograder.judging.exam import PLAIN_PROBES, ExamCase, QuestionExam, returned
from autograder.judging.outcomes import Outcome

_SAME = 1e-6
"""Relative difference up to which there is nothing to look at."""
_RIGHT = 1e-5
"""The same up to which a number, or a part, is not called wrong: checks are seldom stricter."""
_EXACT = Close(rtol=_RIGHT)
_MORE, _FEW = 10, 100
"""How many times as many parts as expected, and how many besides, an answer may have that is looked
at: each is looked at often, and a hint is not worth it."""


Place = str | tuple[int, int]
"""A part of an answer: its name, or which it is of how many."""


@dataclass(frozen=True)
class WrongAnswer:
    """What one call gave, and what it should have given.

    Parameters
    ----------
    expected, got
        The values.
    case
        The call.
    call
        What makes it another one than its repetitions.
    """

    expected: Any
    got: Any
    case: ExamCase
    call: str

    @cached_property
    def parts(self) -> dict[Place, tuple[Any, Any]]:
        """The parts of tuples of one length, and of mappings of the same names."""
        ours, theirs = self.expected, self.got
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            if ours.keys() == theirs.keys() and all(isinstance(key, str) for key in ours):
                return {key: (ours[key], theirs[key]) for key in ours}
            return {}
        if not isinstance(ours, tuple) or not isinstance(theirs, (tuple, list)):
            return {}
        if len(ours) != len(theirs):
            return {}
        return {
            (place, len(ours)): pair
            for place, pair in enumerate(zip(ours, theirs, strict=True), start=1)
        }

    @cached_property
    def pairs(self) -> tuple[tuple[np.ndarray, np.ndarray], ...] | None:
        """The parts that differ, as arrays of numbers; None where something else is in them."""
        ours, theirs = arrays_in(self.expected), arrays_in(self.got)
        if ours is None or theirs is None or len(ours) != len(theirs):
            return None
        differing = [pair for pair in zip(ours, theirs, strict=True) if not same(*pair)]
        return tuple(differing) or None

    @cached_property
    def has_right_shape(self) -> bool:
        """Whether all parts that differ are arrays, and have the shapes that they are to have."""
        pairs = self.pairs
        return pairs is not None and all(ours.shape == theirs.shape for ours, theirs in pairs)

    @cached_property
    def flat(self) -> tuple[np.ndarray, np.ndarray] | None:
        """All numbers in a row, but for infinity and nan that are right where they stand.

        None where shapes differ, or another number is not finite.
        """
        if self.pairs is None or not self.has_right_shape:
            return None
        ours, theirs = (
            np.concatenate([pair[side].ravel() for pair in self.pairs]) for side in (0, 1)
        )
        looked_at = np.isfinite(ours) | ~same_places(ours, theirs)
        ours, theirs = ours[looked_at], theirs[looked_at]
        finite = np.isfinite(ours).all() and np.isfinite(theirs).all()
        return (ours, theirs) if finite and ours.size else None


def wrong_answers(
    exam: QuestionExam, wrong: Sequence[ExamCase], outcomes: Mapping[str, Outcome]
) -> list[WrongAnswer]:
    """Return what wrong calls gave where a value was expected, each different answer once.

    None at all where one of them has many times as many parts as it should.
    """
    found: dict[str, list[WrongAnswer]] = {}
    for each in wrong:
        expected, came = exam.expected[each.identity], outcomes[each.identity]
        if expected.returned and came.returned and each.case.probe in PLAIN_PROBES:
            ours, theirs = returned(expected, each), returned(came, each)
            if _size_of(theirs) > _MORE * _size_of(ours) + _FEW:
                return []
            before = found.setdefault(exam.distinct[each.identity], [])
            if not any(are_equal(other.got, theirs) for other in before):
                before.append(WrongAnswer(ours, theirs, each, exam.distinct[each.identity]))
    return [answer for answers in found.values() for answer in answers]


def _size_of(value: Any) -> int:
    """Return of how many parts a value is made; an array is one."""
    if isinstance(value, Mapping):
        return 1 + len(value) + sum(map(_size_of, value.values()))
    if isinstance(value, (list, tuple, Set)):
        return 1 + sum(map(_size_of, value))
    return 1


def named(place: Place) -> str:
    """Return what a part is called in a sentence."""
    return f"the part {place!r}" if isinstance(place, str) else f"part {place[0]} of {place[1]}"


def calls_of(answers: Sequence[WrongAnswer]) -> int:
    """Return how many different calls answers are to."""
    return len({each.call for each in answers})


def arrays_in(value: Any) -> tuple[np.ndarray, ...] | None:
    """Return the arrays of numbers in a value, in order; None where there is something else."""
    if isinstance(value, Mapping):
        try:
            return _in_all([value[key] for key in sorted(value)])
        except TypeError:
            return None
    if isinstance(value, tuple) or (
        isinstance(value, list) and not all(isinstance(part, (int, float)) for part in value)
    ):
        return _in_all(value)
    if value is None or isinstance(value, (bool, np.bool_, str)):
        return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return (array.astype(np.float64),) if array.dtype.kind in "biuf" else None


def _in_all(values: Sequence[Any]) -> tuple[np.ndarray, ...] | None:
    spend(len(values))
    found: list[np.ndarray] = []
    for value in values:
        parts = arrays_in(value)
        if parts is None:
            return None
        found += parts
    return tuple(found)


def same(ours: np.ndarray, theirs: np.ndarray, rtol: float = _SAME) -> bool:
    """Return whether two arrays have one shape and the same numbers."""
    return ours.shape == theirs.shape and bool(same_places(ours, theirs, rtol).all())


def same_places(ours: np.ndarray, theirs: np.ndarray, rtol: float = _RIGHT) -> np.ndarray:
    """Return where two arrays of one shape have the same numbers."""
    with np.errstate(all="ignore"):
        size = np.abs(ours[np.isfinite(ours)]).max(initial=0.0)
        return np.asarray(np.isclose(theirs, ours, rtol=rtol, atol=rtol * size, equal_nan=True))


def are_equal(ours: Any, theirs: Any) -> bool:
    """Return whether two values of any kind are the same, numbers up to rounding."""
    one, other = arrays_in(ours), arrays_in(theirs)
    if one is None or other is None:
        return _EXACT.difference(ours, theirs) is None
    return len(one) == len(other) and all(
        same(*pair, rtol=_RIGHT) for pair in zip(one, other, strict=True)
    )
