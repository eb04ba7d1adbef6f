"""Values as Python that can be pasted: what is evaluated is what was shown.

It needs `np`, and `Counter` where there is one, as the notebooks import them.
"""

from __future__ import annotations

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


def literal(value: Any) -> str:
    """Return a value as Python, over several lines where it is long.

    What is no plain data, such as `Opaque`, is told in words, which are no Python.

    Examples
    --------
    >>> literal([np.array([[3, 0], [2, 0]]), float("nan")])
    '[np.array([[3, 0], [2, 0]]), float("nan")]'
    """
    return pprint.pformat(_readable(value), width=_WIDTH, compact=True)


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
    if array.size > _MANY and len({_entry(entry) for entry in array.flat}) == 1:
        return f"np.full({array.shape}, {_entry(array.flat[0])}{dtype})"
    return f"np.array({_rows(array)}{dtype})"


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
        text = np.format_float_scientific(value, trim="0") if _is_far(value) else str(value)
        return {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}.get(text, text)
    return str(value.item())


def _is_far(value: np.floating) -> bool:
    return bool(np.isfinite(value)) and value != 0 and not 1e-4 <= abs(float(value)) < 1e16
