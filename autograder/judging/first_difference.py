"""Says where two answers differ first.

The notebook of practice cases that a student takes home holds the text of this module, so it needs
numpy and nothing of ours.
"""

import math
import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def first_difference(
    expected: Any, got: Any, rtol: float = 1e-9, atol: float = 0.0, place: str = "answer"
) -> str | None:
    """Return in words where two answers differ first, None where they agree.

    Parameters
    ----------
    expected, got
        Numbers, text, and mappings, sequences and arrays of them.
    rtol, atol
        The largest difference of two numbers, relative to the expected one, and absolute.
    place
        What the answer is called.

    Examples
    --------
    >>> first_difference([1, [2, 3]], [1, [2, 4]])
    'answer[1][1] is 4, expected 3'
    """
    if isinstance(expected, Mapping):
        if not isinstance(got, Mapping):
            return _unlike(expected, got, place)
        return _of_mappings(expected, got, rtol, atol, place)
    if isinstance(expected, np.ndarray):
        return _of_arrays(expected, got, rtol, atol, place)
    if isinstance(expected, (list, tuple)):
        if isinstance(got, (str, bytes)) or not isinstance(got, (Sequence, np.ndarray)):
            return _unlike(expected, got, place)
        if isinstance(got, np.ndarray) and got.ndim == 0:
            return _unlike(expected, got, place)
        if len(got) != len(expected):
            number = "1 part" if len(got) == 1 else f"{len(got)} parts"
            return f"{place} has {number}, expected {len(expected)}"
        parts = (
            first_difference(one, other, rtol, atol, f"{place}[{i}]")
            for i, (one, other) in enumerate(zip(expected, got, strict=True))
        )
        return next((words for words in parts if words), None)
    if _is_number(expected) and _is_number(got):
        agree = _near(expected, got, rtol, atol)
    else:
        agree = type(expected) is type(got) and expected == got
    return None if agree else _unlike(expected, got, place)


def _unlike(expected: Any, got: Any, place: str) -> str:
    return f"{place} is {_shown(got)}, expected {_shown(expected)}"


class _Short(reprlib.Repr):
    """Shortens; a number of numpy is written like Python's."""

    def repr1(self, x: Any, level: int) -> str:
        return super().repr1(x.item() if isinstance(x, np.generic) else x, level)


_SHORT = _Short()


def _shown(value: Any) -> str:
    try:
        return _SHORT.repr(value)
    except ValueError:  # an integer of more digits than Python writes
        return "a very long number"


def _near(expected: Any, got: Any, rtol: float, atol: float) -> bool:
    try:
        near = math.isclose(expected, got, rel_tol=rtol, abs_tol=atol)
        return near or (math.isnan(expected) and math.isnan(got))
    except OverflowError:  # an integer beyond any float
        return bool(expected == got)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _is_of_numbers(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_is_of_numbers, value))
    return isinstance(value, (bool, complex, np.ndarray, np.generic)) or _is_number(value)


def _of_mappings(
    expected: Mapping[Any, Any], got: Mapping[Any, Any], rtol: float, atol: float, place: str
) -> str | None:
    counts = isinstance(expected, Counter)
    for key in {**expected, **got}:
        there = f"{place}[{_shown(key)}]"
        if counts:
            words = first_difference(expected.get(key, 0), got.get(key, 0), rtol, atol, there)
        elif key not in got:
            words = f"{there} is missing, expected {_shown(expected[key])}"
        elif key not in expected:
            words = f"{there} is there, and not expected"
        else:
            words = first_difference(expected[key], got[key], rtol, atol, there)
        if words:
            return words
    return None


def _of_arrays(expected: np.ndarray, got: Any, rtol: float, atol: float, place: str) -> str | None:
    if not _is_of_numbers(got):  # of long texts numpy would make an array of many gigabytes
        return _no_array(expected, got, place)
    try:
        array = np.asarray(got)
    except (ValueError, OverflowError):
        return _no_array(expected, got, place)
    if array.shape != expected.shape:
        return f"{place} has the shape {array.shape}, expected {expected.shape}"
    if expected.dtype.kind not in "biuf" or array.dtype.kind not in "biuf":
        agree = np.asarray(expected == array)
    else:
        agree = np.isclose(array, expected, rtol=rtol, atol=atol, equal_nan=True)
    if agree.all():
        return None
    index = tuple(int(i) for i in np.argwhere(~agree)[0])
    where = f"[{', '.join(map(str, index))}]" if index else ""
    found, wanted = (each.item(*index) for each in (array, expected))
    return f"{place}{where} is {_shown(found)}, expected {_shown(wanted)}"


def _no_array(expected: np.ndarray, got: Any, place: str) -> str:
    return f"{place} is {_shown(got)}, expected an array of shape {expected.shape}"
