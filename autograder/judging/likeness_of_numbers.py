"""What all wrong answers have in common as numbers, beside those that were expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judging.wrong_answers import WrongAnswer, calls_of, same, same_places

MIN_NUMBERS = 4
"""How many numbers have to show it together: two or three may be in one ratio by chance."""
_MANY = 6
"""The same for what half of all numbers do by chance, such as to be too large."""
_MANY_CALLS = 3
_WHOLE = 1e6
"""Up to which size it is worth a word that a number is whole: beyond, many are."""
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


def of_each_answer(wrong: Sequence[WrongAnswer]) -> str | None:
    """Return what holds of each wrong answer by itself, None where there is nothing to say."""
    if calls_of(wrong) < _MANY_CALLS or not all(each.has_right_shape for each in wrong):
        return None
    rows = [_wrong_places(each) for each in wrong]
    with np.errstate(all="ignore"):
        said = _one_difference_each(wrong) or _one_for_all(wrong)
        if said or any(np.isnan(numbers).any() for row in rows for numbers in row):
            return said
        return _outside(rows) or _too_large(rows)


def _wrong_places(each: WrongAnswer) -> Numbers:
    """Return the numbers of an answer that are wrong, in a row."""
    pairs = [(ours, theirs, ~same_places(ours, theirs)) for ours, theirs in each.pairs or ()]
    return (
        np.concatenate([ours[off] for ours, _, off in pairs]),
        np.concatenate([theirs[off] for _, theirs, off in pairs]),
    )


def _rows(wrong: Sequence[WrongAnswer]) -> list[Numbers] | None:
    rows = [each.flat for each in wrong]
    found = [row for row in rows if row is not None]
    return found if len(found) == len(rows) else None


def _all_pairs(wrong: Sequence[WrongAnswer]) -> Iterator[Numbers]:
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
    rows = _rows(wrong)
    if rows is None:
        return None
    ours, theirs = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    if np.count_nonzero(ours) < MIN_NUMBERS or not _vary(ours):
        return None
    looks = (_all_zero, _nearly_right, _one_factor, _one_difference, _one_function, _other_signs)
    for look in looks:
        said = look(ours, theirs)
        if said and (quotes or look not in (_one_factor, _one_difference)):
            return said
    return _one_factor_each(rows) or _whole(ours, theirs)


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


def _one_factor_each(rows: Sequence[Numbers]) -> str | None:
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


def _whole(ours: np.ndarray, theirs: np.ndarray) -> str | None:
    if np.any(theirs % 1) or not np.all(ours % 1) or np.abs(theirs).max() > _WHOLE:
        return None
    return (
        "Every wrong answer holds whole numbers, where those that are expected are not whole. Look "
        "for `//`, for rounding, and for arrays of integers."
    )


# --- shapes and places ---------------------------------------------------------------------------


def _in_shape(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that the right numbers stand in another order, or in another shape."""
    pairs = list(_all_pairs(wrong))
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


# --- of each answer by itself ---------------------------------------------------------------------


def _one_difference_each(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that along an axis of each array one and the same number is added."""
    for ours, theirs in _all_pairs(wrong):
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


def _one_for_all(wrong: Sequence[WrongAnswer]) -> str | None:
    pairs = [(ours, theirs) for ours, theirs in _all_pairs(wrong) if ours.size > 2]
    if len(pairs) < _MANY_CALLS or any(
        not _vary(ours.ravel()) or _vary(theirs.ravel()) for ours, theirs in pairs
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
