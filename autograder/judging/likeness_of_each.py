"""What holds of each wrong answer by itself, as numbers: of its size, its sum, its direction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judging.likeness_of_numbers import MIN_NUMBERS, Numbers, all_pairs, rows_of, vary
from autograder.judging.wrong_answers import WrongAnswer, calls_of, same_places

_MANY_CALLS = 3
_MANY = 6
"""How many numbers have to show what half of all do by chance, such as to be too large."""
_WHOLE = 1e6
"""Up to which size it is worth a word that a number is whole: beyond, many are."""
_SAME = 1e-4
"""Relative difference up to which two numbers count as the same here."""
_OTHER = 2e-3
"""Beyond which two sums count as different."""


def of_each_answer(wrong: Sequence[WrongAnswer]) -> str | None:
    """Return what holds of each wrong answer by itself, None where there is nothing to say."""
    if calls_of(wrong) < _MANY_CALLS or not all(each.has_right_shape for each in wrong):
        return None
    rows = [_wrong_places(each) for each in wrong]
    looks = (_one_factor_each, _one_difference_each, _whole, _totals, _one_for_all)
    with np.errstate(all="ignore"):
        said = next((said for look in looks if (said := look(wrong))), None)
        if said or any(not row[0].size or np.isnan(row).any() for row in rows):
            return said
        return _outside(rows) or _too_large(rows)


def _wrong_places(each: WrongAnswer) -> Numbers:
    """Return the numbers of an answer that are wrong, in a row."""
    pairs = [(ours, theirs, ~same_places(ours, theirs)) for ours, theirs in each.pairs or ()]
    return (
        np.concatenate([ours[off] for ours, _, off in pairs]),
        np.concatenate([theirs[off] for _, theirs, off in pairs]),
    )


def _one_factor_each(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that answers are right but for their size, where each has several numbers."""
    rows = rows_of(wrong)
    if rows is None:
        return None
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


def _one_difference_each(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that along an axis of each array one and the same number is added."""
    if rows_of(wrong) is None:
        return None
    for ours, theirs in all_pairs(wrong):
        scale = _SAME * float(np.nanmax(np.abs(theirs), initial=0.0, where=np.isfinite(theirs)))
        difference = theirs - ours
        axes = [axis for axis in range(ours.ndim) if ours.shape[axis] > 1]
        if not any(_is_constant(difference, axis, scale) for axis in axes):
            return None
    return (
        "In every wrong answer the differences of the numbers in a row, or in a column, are right: "
        "only what is added to all of them is wrong."
    )


def _is_constant(difference: np.ndarray, axis: int, scale: float) -> bool:
    """Return whether numbers are the same along an axis; where there is none, any will do."""
    known = np.isfinite(difference)
    least, most = (
        look(difference, axis=axis, where=known, initial=start)
        for look, start in ((np.min, np.inf), (np.max, -np.inf))
    )
    return bool(known.any() and np.all(most - least <= scale))


def _whole(wrong: Sequence[WrongAnswer]) -> str | None:
    rows = rows_of(wrong)
    if rows is None:
        return None
    ours, theirs = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    if np.any(theirs % 1) or not np.all(ours % 1) or np.abs(theirs).max() > _WHOLE:
        return None
    return (
        "Every wrong answer holds whole numbers, where those that are expected are not whole. Look "
        "for `//`, for rounding, and for arrays of integers."
    )


def _totals(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that all right answers have one and the same sum, and no wrong one has it."""
    pairs = list(all_pairs(wrong))
    if any(isinstance(each.expected, (tuple, Mapping)) for each in wrong) or not all(
        ours.ndim for ours, _ in pairs
    ):
        return None
    for what, total in _TOTALS.items():
        ours, theirs = ([total(pair[side]) for pair in pairs] for side in (0, 1))
        for number in (0, 1):
            if all(np.allclose(each, number, atol=_SAME) for each in ours) and not any(
                np.allclose(each, number, atol=_OTHER) for each in theirs
            ):
                return (
                    f"In right answers {what} add up to {number}; in every wrong one they do not."
                )
    return None


def _along(axis: int, of: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], Any]:
    """Return what sums along an axis of arrays that have several; of others the sum is nan."""
    return lambda x: of(x).sum(axis=axis) if x.ndim > 1 else np.nan


_TOTALS: Mapping[str, Callable[[np.ndarray], Any]] = {
    "the numbers of each row": _along(-1, np.asarray),
    "the numbers of each column": _along(0, np.asarray),
    "all numbers": np.sum,
    "the exponentials of the numbers of each row": _along(-1, np.exp),
    "the exponentials of all numbers": lambda x: np.exp(x).sum(),
    "the squares of all numbers": lambda x: np.square(x).sum(),
}


def _one_for_all(wrong: Sequence[WrongAnswer]) -> str | None:
    pairs = [(ours, theirs) for ours, theirs in all_pairs(wrong) if ours.size > 2]
    if len(pairs) < _MANY_CALLS or any(
        not vary(ours.ravel()) or vary(theirs.ravel()) for ours, theirs in pairs
    ):
        return None
    return "Every wrong answer holds one number in all places, where different ones are expected."


def _outside(rows: Sequence[Numbers]) -> str | None:
    """Say that answers leave the range in which all numbers are that are expected."""
    ours = np.concatenate([row for row, _ in rows])
    if ours.min() >= 0 and all(theirs.min() < 0 for _, theirs in rows):
        return "Every wrong answer holds a negative number, where none is expected."
    if ours.max() <= 0 and all(theirs.max() > 0 for _, theirs in rows):
        return "Every wrong answer holds a positive number, where none is expected."
    if ours.min() >= 0 and ours.max() <= 1 and all(theirs.max() > 1 for _, theirs in rows):
        return "Every wrong answer holds a number above 1, where all are between 0 and 1."
    return None


def _too_large(rows: Sequence[Numbers]) -> str | None:
    """Say that all wrong numbers are too large, or too small, and roughly by how much."""
    ours, theirs = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    if len(ours) < _MANY:
        return None
    if not (np.all(theirs > ours) or np.all(theirs < ours)):
        return None
    word = "large" if theirs[0] > ours[0] else "small"
    return f"Every wrong number is too {word}{_how_far(ours, theirs)}."


def _how_far(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Return by which factor positive numbers are at least off, or at most; nothing where none."""
    if min(ours.min(), theirs.min()) <= 0:
        return ""
    ratios = np.maximum(ours / theirs, theirs / ours)
    for factor in (10, 2):
        if ratios.min() > factor:
            return f", each by more than a factor of {factor}"
    return ", by less than a tenth" if ratios.max() < 1.1 else ""
