"""Values as Python that can be pasted: what is evaluated is what was shown.

It needs `np`, and `Counter` where there is one, as the notebooks import them.
"""

from __future__ import annotations

import ast
import math
import pprint
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.guest.codec import Opaque

_WIDTH = 90
_OF_ITSELF = frozenset(["bool", "int64", "float64", "complex128"])
"""The dtypes that numpy gives to Python's own numbers."""
_MANY = 8
_SPELT = {"nan": 'float("nan")', "inf": 'float("inf")', "-inf": 'float("-inf")'}


def literal(value: Any, sorted_keys: bool = True) -> str:
    """Return a value as Python, over several lines where it is long.

    What is no plain data, such as `Opaque`, is told in words, which are no Python. Keys of mappings
    are sorted, so that two answers can be compared by eye, or stand in the order that they have.

    Examples
    --------
    >>> literal([np.array([[3, 0], [2, 0]]), float("nan")])
    '[np.array([[3, 0], [2, 0]]), float("nan")]'
    """
    return pprint.pformat(_readable(value), width=_WIDTH, compact=True, sort_dicts=sorted_keys)


def expression(value: Any, longest: int) -> str:
    """Return a value as Python that can be evaluated; nothing where it is longer, or is none.

    Examples
    --------
    >>> expression([1, 2], longest=10), expression([1, 2], longest=5)
    ('[1, 2]', '')
    """
    text = literal(value)
    if len(text) > longest:
        return ""
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return ""
    return text


class _Text:
    """Something that `pprint` writes as the text it is given."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _readable(value: Any) -> Any:
    """Return a value of which Python's own `repr` is what is to be written."""
    if isinstance(value, Opaque):
        return _Text(f"a {value.type_name}")
    if isinstance(value, np.ndarray):
        return _Text(_array(value))
    if isinstance(value, np.generic):
        return _scalar(value)
    if isinstance(value, float):
        return _Text(_SPELT[repr(value)]) if repr(value) in _SPELT else value
    if isinstance(value, Mapping):
        parts = {_readable(key): _readable(part) for key, part in value.items()}
        return Counter(parts) if isinstance(value, Counter) and _can_be_sorted(parts) else parts
    if isinstance(value, (list, tuple)):
        listed = [_readable(part) for part in value]
        return listed if isinstance(value, list) else tuple(listed)
    if isinstance(value, frozenset):
        return frozenset(_readable(part) for part in value)
    return value


def _can_be_sorted(counts: Mapping[Any, Any]) -> bool:
    """Return whether `pprint` can sort a Counter, which a student may have filled with anything."""
    return all(isinstance(count, (int, float)) for count in counts.values())


def _scalar(value: np.generic) -> Any:
    if value.dtype.name in _OF_ITSELF:
        return _readable(value.item())
    return _Text(f"np.{value.dtype.name}({_entry(value)})")


def _array(array: np.ndarray) -> str:
    kind = array.dtype.name
    dtype = "" if kind in _OF_ITSELF else f", dtype=np.{kind}"
    if array.size == 0:  # of floats, unless it is said of what
        return f"np.zeros({array.shape}{'' if kind == 'float64' else f', dtype=np.{kind}'})"
    if is_uniform(array):
        return f"np.full({array.shape}, {_entry(array.flat[0])}{dtype})"
    return f"np.array({_rows(array)}{dtype})"


def is_uniform(array: np.ndarray) -> bool:
    """Return whether an array holds many numbers that are all written alike."""
    if array.size <= _MANY:
        return False
    first = _entry(array.flat[0])
    return all(_entry(entry) == first for entry in array.flat)


def _rows(array: np.ndarray) -> str:
    """Return nested lists of entries, a row of a long array on a line of its own."""
    if array.ndim == 0:
        return _entry(array[()])
    parts = [_rows(part) if array.ndim > 1 else _entry(part) for part in array]
    lines: list[str] = [""]
    for part in parts:
        room = len(lines[-1]) + len(part) < _WIDTH - 10
        if lines[-1] and (not room or "\n" in part):
            lines.append("")
        lines[-1] += f"{part}, "
    return "[" + "\n".join(line.rstrip() for line in lines).removesuffix(",") + "]"


def _entry(value: Any) -> str:
    """Return a number of an array, with as many digits as tell it from all others of its type."""
    if isinstance(value, np.complexfloating):
        return f"complex({_entry(value.real)}, {_entry(value.imag)})"
    if isinstance(value, np.floating):
        number = float(value)
        if not math.isfinite(number):
            return {math.inf: "np.inf", -math.inf: "-np.inf"}.get(number, "np.nan")
        if number and not 1e-4 <= abs(number) < 1e16:
            return np.format_float_scientific(value, trim="0")
        return repr(number) if value.dtype.char == "d" else str(value)
    return str(value.item())
