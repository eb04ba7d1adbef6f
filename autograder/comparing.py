"""Whether an answer is the expected one, whatever container it comes in."""

from __future__ import annotations

import math
import numbers
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nextword.evidence.codec import Opaque

_OPAQUE_KINDS = frozenset(
    [
        *(
            "bytes",
            "bytearray",
            "builtin_function_or_method",
            "complex",
            "coroutine",
            "dict_values",
        ),
        *("filter", "function", "generator", "map", "method", "module", "type", "zip"),
    ]
)
"""Types outside the format that students return by mistake, and by which they can be helped."""


class Comparison(Protocol):
    """A way to tell whether an answer is the expected one."""

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is, None if the two agree."""
        ...


@dataclass(frozen=True)
class Frequencies:
    """Compares two tallies of a random answer by their relative frequencies.

    Parameters
    ----------
    chance
        Bound on the probability that two tallies of the same distribution are told apart, for each
        answer. By Hoeffding's inequality a relative frequency of N calls is more than
        sqrt(ln(4 / chance) / 2N) from its probability with at most half that probability.
    """

    chance: float = 1e-9

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` above 2 counts as 2.

        The tolerance is already many standard deviations wide.
        """
        if not isinstance(got, Mapping) or not _is_counts(got):
            return "not a result of every call"
        calls = sum(expected.values())
        if any(type(n) is not int for n in got.values()) or sum(got.values()) != calls:
            return "not a result of every call"
        tolerance = 2 * math.sqrt(math.log(4 / self.chance) / (2 * calls)) * min(slack, 2.0)
        for answer in {**expected, **got}:
            if abs(expected.get(answer, 0) - got.get(answer, 0)) > tolerance * calls:
                return "other frequencies than the probabilities say"
        return None


@dataclass(frozen=True)
class Close:
    """Compares by value: numbers to a tolerance, containers part by part.

    Any mapping, sequence or array that holds the expected parts is accepted; a count of zero equals
    an absent one where a Counter is expected; nan equals nan, and infinity itself.

    Parameters
    ----------
    rtol
        Largest difference of two numbers, relative to the expected one.
    atol
        Largest absolute difference, for numbers expected to be zero.
    """

    rtol: float = 1e-5
    atol: float = 1e-12

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is, without telling the expected value.

        Parameters
        ----------
        expected, got
            Decoded values.
        slack
            Factor on both tolerances.

        Returns
        -------
        difference
            None where the two agree.
        """
        if isinstance(got, np.ndarray) and got.ndim == 0:
            got = got[()]
        if isinstance(expected, (bool, np.bool_, str)) or expected is None:
            return self._plain(expected, got)
        if isinstance(expected, numbers.Number):
            return self._number(expected, got, slack)
        if isinstance(expected, np.ndarray):
            return self._array(expected, got, slack)
        if isinstance(expected, Mapping):
            return self._mapping(expected, got, slack)
        if isinstance(expected, Set):
            return None if _as_set(got) == expected else _other(expected, got)
        return self._sequence(expected, got, slack)

    def _plain(self, expected: Any, got: Any) -> str | None:
        ours, theirs = (bool(v) if isinstance(v, np.bool_) else v for v in (expected, got))
        return None if type(theirs) is type(ours) and theirs == ours else _other(expected, got)

    def _number(self, expected: Any, got: Any, slack: float) -> str | None:
        if not isinstance(got, numbers.Number) or isinstance(got, (bool, np.bool_)):
            return _other(expected, got)
        return None if self._near(expected, got, slack) else "another number"

    def _near(self, wanted: Any, got: Any, slack: float) -> bool:
        if isinstance(got, numbers.Complex) and not isinstance(got, numbers.Real):
            return False
        try:
            expected, value = float(wanted), float(got)
        except OverflowError:  # integers beyond any float
            return bool(wanted == got)
        if math.isnan(expected) or math.isnan(value):
            return math.isnan(expected) and math.isnan(value)
        if math.isinf(expected) or math.isinf(value):
            return expected == value
        return abs(value - expected) <= slack * (self.rtol * abs(expected) + self.atol)

    def _array(self, expected: np.ndarray, got: Any, slack: float) -> str | None:
        if not _has_no_text(got):
            return _other(expected, got)
        try:
            array = np.asarray(got)
        except (ValueError, TypeError):
            return _other(expected, got)
        if array.dtype.kind not in "biufc":
            return _other(expected, got)
        if array.shape != expected.shape:
            return f"an array of shape {array.shape} where {expected.shape} was expected"
        with np.errstate(all="ignore"):
            close = np.isclose(
                array, expected, rtol=slack * self.rtol, atol=slack * self.atol, equal_nan=True
            )
        return None if bool(close.all()) else "other numbers in the array"

    def _mapping(self, expected: Mapping[Any, Any], got: Any, slack: float) -> str | None:
        if not isinstance(got, Mapping):
            return _other(expected, got)
        absent = 0 if _is_counts(expected) else None
        for key in {**expected, **got}:
            if absent is None and (key not in expected or key not in got):
                return "other keys"
            there = self.difference(expected.get(key, absent), got.get(key, absent), slack)
            if there is not None:
                return "other keys" if key not in expected else f"{there} at a key"
        return None

    def _sequence(self, expected: Sequence[Any], got: Any, slack: float) -> str | None:
        if isinstance(got, np.ndarray) and got.ndim > 0:
            got = list(got)
        if isinstance(got, str) or not isinstance(got, Sequence):
            return _other(expected, got)
        if len(got) != len(expected):
            return f"{len(got)} parts where {len(expected)} were expected"
        for place, (ours, theirs) in enumerate(zip(expected, got, strict=True)):
            there = self.difference(ours, theirs, slack)
            if there is not None:
                return f"{there} at place {place}"
        return None


def is_finite(value: Any) -> bool:
    """Return whether every number in `value` is finite, and there is a value at all."""
    if value is None or isinstance(value, Opaque):
        return False
    if isinstance(value, (bool, np.bool_, str, numbers.Integral)):
        return True
    if isinstance(value, numbers.Number):
        return bool(np.isfinite(value))  # type: ignore[call-overload]
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufc" and bool(np.isfinite(value).all())
    if isinstance(value, Mapping):
        return all(is_finite(part) for part in value.values())
    return all(is_finite(part) for part in value)


def _has_no_text(got: Any) -> bool:
    """Return whether no part is a text: numpy makes all texts as wide as the longest."""
    if isinstance(got, (list, tuple)):
        return all(_has_no_text(part) for part in got)
    return not isinstance(got, str)


def _is_counts(expected: Mapping[Any, Any]) -> bool:
    return isinstance(expected, Counter)


def _as_set(got: Any) -> Any:
    return frozenset(got) if isinstance(got, Set) else None


def _other(expected: Any, got: Any) -> str:
    ours, theirs = _kind(expected), _kind(got)
    return (
        f"another {ours.split(' ', 1)[1]}"
        if ours == theirs
        else f"{theirs} where {ours} was expected"
    )


def _kind(value: Any) -> str:
    """Return a word for the kind of a value, with its article.

    A type that the student made is not named: its name could carry a secret case.
    """
    if value is None:
        return "no value (None)"
    if isinstance(value, Opaque):
        return f"a {value.type_name}" if value.type_name in _OPAQUE_KINDS else "an object"
    for kinds, word in (
        ((bool, np.bool_), "a truth value"),
        ((str,), "a text"),
        ((numbers.Number,), "a number"),
        ((np.ndarray,), "an array"),
        ((Mapping,), "a mapping"),
        ((Set,), "a set"),
        ((tuple,), "a tuple"),
        ((list,), "a list"),
    ):
        if isinstance(value, kinds):
            if isinstance(value, np.ndarray):
                return f"an array of shape {value.shape}"
            return word
    return "an object"
