"""What all wrong answers to a question have in common with the right ones.

Where no known mistake explains the evidence, this may: *three quarters of the right number, each
time*. It claims no cause. It says what holds of every wrong answer, so it is true whatever the
student wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.allowance import spend
from autograder.authoring.comparing import is_finite
from autograder.judging.exam import ExamCase, QuestionExam, returned
from autograder.judging.outcomes import CHANGED, Outcome

MIN_CALLS = 2
"""How many different calls have to show it."""
MIN_NUMBERS = 4
"""How many numbers have to, together: two or three may be in one ratio by chance."""
_SAME = 1e-4
"""Relative difference up to which two numbers count as the same here."""
_NEARLY = 2e-3
"""The same for answers that are right, but not exact enough."""
_PLAIN_PROBES = frozenset(["call once", "fresh", "listed"])


@dataclass(frozen=True)
class _Wrong:
    """The numbers of one wrong answer: parts of it that are not right, and what they should be."""

    expected: tuple[np.ndarray, ...]
    got: tuple[np.ndarray, ...]

    @property
    def pairs(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield what was expected, and what came."""
        return zip(self.expected, self.got, strict=True)

    def flat(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return all numbers in a row; None where shapes differ, or a number is not finite."""
        if any(ours.shape != theirs.shape for ours, theirs in self.pairs):
            return None
        ours, theirs = (np.concatenate([p.ravel() for p in e]) for e in (self.expected, self.got))
        finite = np.isfinite(ours).all() and np.isfinite(theirs).all()
        return (ours, theirs) if finite and ours.size else None


def what_all_have(
    exam: QuestionExam, outcomes: Mapping[str, Outcome], reasons: Mapping[str, str | None]
) -> str | None:
    """Return what holds of all wrong answers, None where there is nothing to say.

    Parameters
    ----------
    exam
        The question's exam.
    outcomes
        What each case came to.
    reasons
        Why each is wrong, None where it is right (see `autograder.judging.judge.case_reasons`).
    """
    wrong = [each for each in exam.cases if reasons[each.identity] is not None]
    if not wrong:
        return None
    if all(reasons[each.identity] == CHANGED for each in wrong):
        return "Every value that you return is right, but your function changes its arguments."
    if len(wrong) == len(exam.cases):
        said = _of_everything(exam, outcomes)
        if said:
            return said
    else:
        said = _of_refusals(exam, wrong, outcomes)
        if said:
            return said
    return _of_values(exam, wrong, outcomes)


def _of_everything(exam: QuestionExam, outcomes: Mapping[str, Outcome]) -> str | None:
    """Return what holds where no case is right."""
    came = list(outcomes.values())
    if all(each.returned and each.value is None for each in came):
        return "Your function returns None whatever it gets. Does a path through it lack a return?"
    return None


def _of_refusals(
    exam: QuestionExam, wrong: Sequence[ExamCase], outcomes: Mapping[str, Outcome]
) -> str | None:
    """Return what holds where other cases are right."""
    ends = [(exam.expected[each.identity], outcomes[each.identity]) for each in wrong]
    if all(expected.error for expected, _ in ends):
        return (
            "Everything that you compute is right. What is missing is a refusal: for some "
            "arguments the statement asks for a ValueError, and your function does something else."
        )
    if all(expected.returned and _refused(came) for expected, came in ends):
        return (
            "What you compute is right, but you refuse too much: for some arguments a value is "
            "expected, and your function raises ValueError."
        )
    if all(expected.returned and not is_finite(expected.value) for expected, _ in ends):
        return (
            "You are right wherever the answer is finite. What is wrong is where it is, or holds, "
            "nan, infinity or None: read again when that is to come out."
        )
    raised = {came.error.known_type if came.error else "" for _, came in ends}
    if len(raised) == 1 and "" not in raised and all(expected.returned for expected, _ in ends):
        return (
            f"What comes back is right, but for some arguments your function raises {raised.pop()} "
            "where a value is expected."
        )
    return None


def _refused(outcome: Outcome) -> bool:
    return outcome.error is not None and "ValueError" in outcome.error.types


def _of_values(
    exam: QuestionExam, wrong: Sequence[ExamCase], outcomes: Mapping[str, Outcome]
) -> str | None:
    """Return what holds of all answers that came where another was expected."""
    answered = [
        each
        for each in wrong
        if exam.expected[each.identity].returned and outcomes[each.identity].returned
    ]
    if len({exam.distinct[each.identity] for each in answered}) < MIN_CALLS:
        return None
    found = []
    for each in answered:
        spend()
        numbers = _wrong_numbers(each, exam.expected[each.identity], outcomes[each.identity])
        if numbers is None:
            return _in_parts(exam, answered, outcomes)
        found.append(numbers)
    with np.errstate(all="ignore"):  # what came may be of any size
        for look in (_not_finite, _in_numbers, _in_shape):
            said = look(found)
            if said:
                return said
    return _in_parts(exam, answered, outcomes)


def _in_parts(
    exam: QuestionExam, answered: Sequence[ExamCase], outcomes: Mapping[str, Outcome]
) -> str | None:
    """Say that one part of what is returned is wrong, each time the same, and the others right."""
    places = {
        _wrong_places(each, exam.expected[each.identity], outcomes[each.identity])
        for each in answered
    }
    if len(places) != 1 or None in places:
        return None
    wrong = " and ".join(places.pop() or ())
    return f"Of what you return, {wrong} is wrong in every wrong answer, and the rest is right."


def _wrong_places(each: ExamCase, expected: Outcome, came: Outcome) -> tuple[str, ...] | None:
    """Return which parts of a wrong answer are wrong; None where not some are and some are not."""
    if each.case.probe not in _PLAIN_PROBES:
        return None
    ours, theirs = returned(expected, each), returned(came, each)
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping) and ours.keys() == theirs.keys():
        pairs = {f"the part {key!r}": (ours[key], theirs[key]) for key in ours}
    elif isinstance(ours, tuple) and isinstance(theirs, (tuple, list)) and len(ours) == len(theirs):
        both = zip(ours, theirs, strict=True)
        pairs = {f"part {place} of {len(ours)}": pair for place, pair in enumerate(both, start=1)}
    else:
        return None
    wrong = tuple(label for label, pair in pairs.items() if not _are_same(*pair))
    return wrong if 0 < len(wrong) < len(pairs) else None


def _are_same(ours: Any, theirs: Any) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    one, other = _parts(ours), _parts(theirs)
    if one is None or other is None or len(one) != len(other):
        return False
    return all(_same(a, b) for a, b in zip(one, other, strict=True))


# --- the numbers of an answer --------------------------------------------------------------------


def _wrong_numbers(each: ExamCase, expected: Outcome, came: Outcome) -> _Wrong | None:
    """Return the parts of a wrong answer that are not right; None where it is not of numbers."""
    if each.case.probe not in _PLAIN_PROBES:
        return None
    ours, theirs = _parts(returned(expected, each)), _parts(returned(came, each))
    if ours is None or theirs is None or len(ours) != len(theirs):
        return None
    differing = [pair for pair in zip(ours, theirs, strict=True) if not _same(*pair)]
    if not differing:
        return None
    return _Wrong(*(tuple(part) for part in zip(*differing, strict=True)))


def _parts(value: Any) -> tuple[np.ndarray, ...] | None:
    """Return the arrays of numbers in a value, in order; None where there is something else."""
    if isinstance(value, Mapping):
        try:
            return _all_parts([value[key] for key in sorted(value)])
        except TypeError:
            return None
    if isinstance(value, tuple) or (
        isinstance(value, list) and not all(isinstance(part, (int, float)) for part in value)
    ):
        return _all_parts(value)
    if value is None or isinstance(value, (bool, np.bool_, str)):
        return None
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return (array.astype(np.float64),) if array.dtype.kind in "iuf" else None


def _all_parts(values: Sequence[Any]) -> tuple[np.ndarray, ...] | None:
    found: list[np.ndarray] = []
    for value in values:
        parts = _parts(value)
        if parts is None:
            return None
        found += parts
    return tuple(found)


def _same(ours: np.ndarray, theirs: np.ndarray, rtol: float = 1e-6) -> bool:
    if ours.shape != theirs.shape:
        return False
    with np.errstate(all="ignore"):
        size = np.abs(ours[np.isfinite(ours)]).max(initial=0.0)
        close = np.isclose(theirs, ours, rtol=rtol, atol=rtol * size, equal_nan=True)
    return bool(close.all())


# --- what may hold of them -----------------------------------------------------------------------


def _not_finite(wrong: Sequence[_Wrong]) -> str | None:
    finite = all(np.isfinite(part).all() for each in wrong for part in each.expected)
    if finite and all(
        any(not np.isfinite(part).all() for part in each.got)
        and all(a.shape == b.shape for a, b in each.pairs)
        for each in wrong
    ):
        return (
            "Every wrong answer holds nan or infinity where a finite number is expected. Look for "
            "what overflows, for the logarithm of 0, and for a division by 0."
        )
    return None


def _in_numbers(wrong: Sequence[_Wrong]) -> str | None:
    flat = [each.flat() for each in wrong]
    rows = [row for row in flat if row is not None]
    if len(rows) < len(flat):
        return None
    ours, theirs = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    if np.count_nonzero(ours) < MIN_NUMBERS or not _vary(ours):
        return None
    for look in (_all_zero, _nearly_right, _one_factor, _one_difference, _one_function):
        said = look(ours, theirs)
        if said:
            return said
    return _one_factor_each(rows)


def _vary(numbers: np.ndarray) -> bool:
    """Return whether numbers are not all the same: of these, little can be said."""
    return not np.allclose(numbers, numbers[0], rtol=1e-3)


def _all_zero(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    return None if theirs.any() else "Every wrong answer is 0, or holds nothing else."


def _nearly_right(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    if not np.all(np.abs(theirs - ours) <= _NEARLY * np.abs(ours)):
        return None
    return (
        f"Every wrong answer is off by less than {_NEARLY:.1%}. Either it is not computed exactly "
        "enough (in float32, in too few rounds, with too wide a step), or something small is in it "
        "that does not belong there."
    )


def _one_factor(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    factor = float(ours @ theirs / (ours @ ours))
    if not np.allclose(theirs, factor * ours, rtol=_SAME, atol=_SAME * np.abs(theirs).max()):
        return None
    if abs(factor + 1) < _SAME:
        return "Every wrong answer has the right size and the opposite sign."
    return f"Every wrong answer is the right one times {factor:.4g}, in every place."


def _one_difference(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    difference = float(np.mean(theirs - ours))
    scale = abs(difference) + 1e-6 * np.abs(ours).max()
    if not np.allclose(theirs - ours, difference, rtol=0, atol=_SAME * scale):
        return None
    more = "more" if difference > 0 else "less"
    return f"Every wrong answer is {abs(difference):.4g} {more} than the right one, in every place."


_FUNCTIONS: Mapping[str, Callable[[np.ndarray], Any]] = {
    "the exponential of the right one": np.exp,
    "the logarithm of the right one": np.log,
    "the exponential of minus the right one": lambda x: np.exp(-x),
    "minus the logarithm of the right one": lambda x: -np.log(x),
    "the square of the right one": np.square,
    "the square root of the right one": np.sqrt,
    "1 minus the right one": lambda x: 1 - x,
    "1 divided by the right one": lambda x: 1 / x,
    "the absolute value of the right one": np.abs,
}


def _one_function(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    for words, function in _FUNCTIONS.items():
        if np.allclose(theirs, function(ours), rtol=_SAME, atol=0):
            return f"Every wrong answer is {words}."
    return None


def _one_factor_each(rows: Sequence[tuple[np.ndarray, np.ndarray]]) -> str | None:
    """Say that answers are right but for their size, where each has several numbers."""
    for ours, theirs in rows:
        if np.count_nonzero(ours) < MIN_NUMBERS or not theirs.any():
            return None
        factor = float(ours @ theirs / (ours @ ours))
        if not np.allclose(theirs, factor * ours, rtol=_SAME, atol=_SAME * np.abs(theirs).max()):
            return None
    return (
        "In every wrong answer all numbers are in the right proportion: only a factor is wrong, "
        "another one for each call."
    )


def _in_shape(wrong: Sequence[_Wrong]) -> str | None:
    """Say that the right numbers stand in another order, or in another shape."""
    if not all(
        np.isfinite(part).all() and part.size >= 2 for each in wrong for part in each.expected
    ):
        return None
    for words, change in _ORDERS.items():
        if all(_same(change(ours), theirs) for each in wrong for ours, theirs in each.pairs):
            return f"Every wrong answer holds the right numbers, {words}."
    return None


_ORDERS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "but transposed: rows and columns have changed places": np.transpose,
    "in the reverse order": lambda x: x[::-1],
    "in the reverse order along the second axis": lambda x: x[:, ::-1] if x.ndim > 1 else x[::-1],
    "in one row: they have lost their shape": np.ravel,
    "but in another shape, without the axes of length 1": np.squeeze,
}
