"""What all wrong answers have in common as numbers, beside those that were expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judging.wrong_answers import WrongAnswer, same

MIN_NUMBERS = 4
"""How many numbers have to show it together: two or three may be in one ratio by chance."""
_SAME = 1e-4
"""Relative difference up to which two numbers count as the same here."""
_NEARLY = 2e-3
"""The same for answers that are right, but not exact enough."""

Numbers = tuple[np.ndarray, np.ndarray]
"""The expected numbers of an answer in a row, and those that came."""


def of_numbers(wrong: Sequence[WrongAnswer], quotes: bool) -> str | None:
    """Return what holds of all wrong answers, None where there is nothing to say.

    Parameters
    ----------
    wrong
        Wrong answers.
    quotes
        Whether a number may be said that was read off the answers.
    """
    if any(each.pairs is None for each in wrong):
        return None
    with np.errstate(all="ignore"):  # what came may be of any size
        return _not_finite(wrong) or _in_rows(wrong, quotes) or _in_shape(wrong)


def rows_of(wrong: Sequence[WrongAnswer]) -> list[Numbers] | None:
    """Return the numbers of each wrong answer in a row, None where one has none to look at."""
    rows = [each.flat for each in wrong]
    found = [row for row in rows if row is not None]
    return found if len(found) == len(rows) else None


def all_pairs(wrong: Sequence[WrongAnswer]) -> Iterator[Numbers]:
    """Yield the arrays of all wrong answers that differ from those expected."""
    for each in wrong:
        yield from each.pairs or ()


# --- exact relations -----------------------------------------------------------------------------


def _not_finite(wrong: Sequence[WrongAnswer]) -> str | None:
    if all(
        each.has_right_shape
        and any(
            (np.isfinite(ours) & ~np.isfinite(theirs)).any() for ours, theirs in each.pairs or ()
        )
        for each in wrong
    ):
        return (
            "Every wrong answer holds nan or infinity where a finite number is expected. Look for "
            "what overflows, for the logarithm of 0, and for a division by 0."
        )
    return None


def _in_rows(wrong: Sequence[WrongAnswer], quotes: bool) -> str | None:
    rows = rows_of(wrong)
    if rows is None:
        return None
    ours, theirs = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    if np.count_nonzero(ours) < MIN_NUMBERS or not vary(ours):
        return None
    quoting = (_one_factor, _one_difference) if quotes else ()
    looks = (_all_zero, _nearly_right, *quoting, _one_function, _other_signs)
    return next((said for look in looks if (said := look(ours, theirs))), None)


def vary(numbers: np.ndarray) -> bool:
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
    shown = f"{factor:.4g}"
    return (
        None
        if shown == "1"
        else f"Every wrong answer is the right one times {shown}, in every place."
    )


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


def _other_signs(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    if not same(np.abs(ours), np.abs(theirs), _SAME):
        return None
    return "Every wrong number has the right size; what is wrong is its sign, in some places."


# --- shapes and places ---------------------------------------------------------------------------


def _in_shape(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that the right numbers stand in another order, or in another shape."""
    pairs = list(all_pairs(wrong))
    if not all(np.isfinite(ours).all() and ours.size >= 2 for ours, _ in pairs):
        return None
    for words, change in _ORDERS.items():
        if all(same(change(ours), theirs) for ours, theirs in pairs):
            return f"Every wrong answer holds the right numbers, {words}."
    if all(
        ours.shape == theirs.shape and same(_sorted(ours), _sorted(theirs))
        for ours, theirs in pairs
    ):
        return "Every wrong answer holds the right numbers, but in other places."
    return None


def _sorted(numbers: np.ndarray) -> np.ndarray:
    return np.sort(numbers, axis=None)


_ORDERS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "but transposed: rows and columns have changed places": np.transpose,
    "in the reverse order": lambda x: x[::-1],
    "in the reverse order along the second axis": lambda x: x[:, ::-1] if x.ndim > 1 else x[::-1],
    "in one row: they have lost their shape": np.ravel,
    "but in another shape, without the axes of length 1": np.squeeze,
}
