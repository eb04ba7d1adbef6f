"""Where in arrays and lists all wrong answers are wrong, and where they are right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.authoring.allowance import spend
from autograder.judging.wrong_answers import WrongAnswer, are_equal, calls_of, same_places

_MANY_CALLS = 3
"""How many answers have to show it, as a place may be right by chance."""
_LONG = 3
"""How long arrays are in which the first place, or the last, is told from the others."""


def of_places(wrong: Sequence[WrongAnswer]) -> str | None:
    """Return where all wrong answers are wrong, None where there is nothing to say."""
    if calls_of(wrong) < _MANY_CALLS:
        return None
    found = [right for each in wrong for right in _right_places(each)]
    if len(found) < len(wrong) or any(right.all() or not right.ndim for right in found):
        return None
    axes = min(right.ndim for right in found)
    for axis in range(axes):
        for words, holds in _ALONG.items():
            if all(right.shape[axis] >= _LONG and holds(_slices(right, axis)) for right in found):
                return words.format(_along(axis, {right.ndim for right in found}))
    return _on_diagonals(found)


def _right_places(each: WrongAnswer) -> Iterator[np.ndarray]:
    """Yield of every wrong part which of its places are right; nothing where they do not match."""
    if each.pairs is None:
        yield from _of_lists(each.expected, each.got)
        return
    if each.has_right_shape and all(ours.ndim for ours, _ in each.pairs):
        for ours, theirs in each.pairs:
            yield same_places(ours, theirs)


def _of_lists(ours: Any, theirs: Any) -> Iterator[np.ndarray]:
    both = (ours, theirs)
    if all(isinstance(one, (list, tuple)) for one in both) and len(ours) == len(theirs) > 0:
        spend(len(ours))
        yield np.array([are_equal(*pair) for pair in zip(ours, theirs, strict=True)])


def _slices(right: np.ndarray, axis: int) -> np.ndarray:
    """Return which slices along an axis are right in all their places."""
    others = tuple(other for other in range(right.ndim) if other != axis)
    return np.asarray(right.all(axis=others))


_ALONG: Mapping[str, Callable[[np.ndarray], Any]] = {
    "Nothing but the first {} of every wrong answer is wrong.": lambda x: x[1:].all(),
    "Nothing but the last {} of every wrong answer is wrong.": lambda x: x[:-1].all(),
    "Of every wrong answer the first {} is right, and all that follow are wrong.": (
        lambda x: x[0] and not x[1:].any()
    ),
    "Of every wrong answer the last {} is right, and all before it are wrong.": (
        lambda x: x[-1] and not x[:-1].any()
    ),
    "Every wrong answer begins rightly, and from some {} on all are wrong, to its end.": (
        lambda x: x[0] and not x[np.argmin(x) :].any()
    ),
    "Every wrong answer ends rightly, and up to some {} all are wrong.": (
        lambda x: x[-1] and not x[: len(x) - np.argmin(x[::-1])].any()
    ),
}


def _along(axis: int, dimensions: set[int]) -> str:
    """Return what lies along an axis of arrays of so many dimensions."""
    if dimensions == {1}:
        return "entry"
    if dimensions == {2}:
        return ("row", "column")[axis]
    return f"part along axis {axis}"


def _on_diagonals(found: Sequence[np.ndarray]) -> str | None:
    square = all(right.ndim == 2 and right.shape[0] == right.shape[1] > 1 for right in found)
    if not square:
        return None
    diagonals = [np.eye(len(right), dtype=bool) for right in found]
    if all(right[~on].all() for right, on in zip(found, diagonals, strict=True)):
        return "Nothing but the diagonal of every wrong answer is wrong."
    if all(
        right[on].all() and not right[~on].any() for right, on in zip(found, diagonals, strict=True)
    ):
        return "Of every wrong answer the diagonal is right, and all beside it is wrong."
    return None
