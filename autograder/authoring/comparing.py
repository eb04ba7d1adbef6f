"""Whether an answer is the expected one, whatever container it comes in."""

from __future__ import annotations

import math
import numbers
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from autograder.authoring.allowance import spend
from autograder.guest.codec import Opaque

_PLAIN_NUMBERS = frozenset([int, float])
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
        """Return what kind of difference there is, None if the two agree.

        Parameters
        ----------
        expected
            The reference's answer; where `slack` is below 1, it may be a known mistake's.
        got
            The answer to look at.
        slack
            Factor on what is tolerated.
        """
        ...


@runtime_checkable
class FlaggingComparison(Protocol):
    """A comparison that also knows which answers honest work does not give."""

    def flag(self, got: Any) -> str | None:
        """Return what a member of staff should look at, None where there is nothing."""
        ...


@dataclass(frozen=True)
class HeldOut:
    """Compares two models by the loss of what they say of held-out contexts.

    The next words stay here: a student's process only ever sees the contexts, and gives the
    log-probabilities of all words.

    Parameters
    ----------
    targets
        Shape (N,): the next word of each context.
    margin
        Largest difference of two mean losses, in nats.
    normalised
        Largest difference of a distribution's sum from 1.
    true_log_probs
        Shape (N,): what the distribution from which the next words were drawn gives them, in nats.
        Minus their mean is the entropy floor of this sample.
    chance
        Bound on the probability that an honest model is called better than the floor.
    """

    targets: np.ndarray
    margin: float
    normalised: float = 1e-4
    true_log_probs: np.ndarray | None = None
    chance: float = 1e-6

    def loss(self, log_probs: Any) -> float | None:
        """Return the mean loss in nats, None of what is no model's answer."""
        array = log_probs if isinstance(log_probs, np.ndarray) else None
        if array is None or array.ndim != 2 or len(array) != len(self.targets):
            return None
        if array.dtype.kind != "f" or array.shape[1] <= self.targets.max():
            return None
        array = array.astype(np.float64)
        with np.errstate(all="ignore"):
            sums = np.exp(array).sum(axis=1)
        if not np.all(np.abs(sums - 1) <= self.normalised):
            return None
        return float(-array[np.arange(len(array)), self.targets].mean())

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` above 2 counts as 2."""
        ours, theirs = self.loss(expected), self.loss(got)
        if ours is None and theirs is None:  # known again only where it is the same answer
            return Close().difference(expected, got, slack)
        if ours is None or theirs is None:
            return "no log-probabilities of every word that sum to 1"
        if abs(theirs - ours) <= self.margin * min(slack, 2.0):
            return None
        return f"a {'higher' if theirs > ours else 'lower'} loss on held-out text"

    def flag(self, got: Any) -> str | None:
        """Return that a model is better than the floor allows.

        A model q that does not know the next words, drawn from p, has E[q / p] = 1. By Markov's
        inequality the sum of ln q - ln p is above ln(1 / chance) with at most that chance.
        """
        loss = self.loss(got)
        if loss is None or self.true_log_probs is None:
            return None
        gain = -loss * len(self.targets) - float(self.true_log_probs.sum())
        if gain <= math.log(1 / self.chance):
            return None
        return (
            "held-out words are predicted better than the distribution they were drawn from "
            f"allows: {gain:.1f} nats in {len(self.targets)} words"
        )


@dataclass(frozen=True)
class Answered:
    """Compares nothing: that there is an answer, and no exception, is enough.

    So a group of refusals may hold a call that is not refused, without being about its answer.
    """

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return None: any two answers agree."""
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
    per_array
        Whether `rtol` is relative to the largest finite number of the expected array, so that
        entries which nearly cancel, as in a gradient, need not be exact to their last digit.
    more_keys
        Whether a mapping may have keys besides the expected ones.
    """

    rtol: float = 1e-5
    atol: float = 1e-12
    per_array: bool = False
    more_keys: bool = False

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
        if type(expected) in _PLAIN_NUMBERS and type(got) in _PLAIN_NUMBERS:  # the most common
            return None if self._near(expected, got, slack) else "another number"
        spend()
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
            return None if _as_set(got) == expected else other(expected, got)
        if not isinstance(expected, Sequence):  # nothing that a call can be expected to return
            return other(expected, got)
        return self._sequence(expected, got, slack)

    def _plain(self, expected: Any, got: Any) -> str | None:
        ours, theirs = (bool(v) if isinstance(v, np.bool_) else v for v in (expected, got))
        return None if type(theirs) is type(ours) and theirs == ours else other(expected, got)

    def _number(self, expected: Any, got: Any, slack: float) -> str | None:
        if not isinstance(got, numbers.Number) or isinstance(got, (bool, np.bool_)):
            return other(expected, got)
        real = isinstance(got, numbers.Real)
        return None if real and self._near(expected, got, slack) else "another number"

    def _near(self, wanted: Any, got: Any, slack: float) -> bool:
        try:
            expected, value = float(wanted), float(got)
        except OverflowError:  # an integer beyond any float: near is only itself
            return all(isinstance(n, numbers.Integral) for n in (wanted, got)) and bool(
                int(wanted) == int(got)
            )
        if math.isfinite(expected) and math.isfinite(value):
            return abs(value - expected) <= slack * (self.rtol * abs(expected) + self.atol)
        return expected == value or (math.isnan(expected) and math.isnan(value))

    def _array(self, expected: np.ndarray, got: Any, slack: float) -> str | None:
        if not _has_no_text(got):
            return other(expected, got)
        try:
            array = np.asarray(got)
        except (ValueError, TypeError, OverflowError):
            return other(expected, got)
        if array.dtype.kind not in "biufc":
            return other(expected, got)
        if array.shape != expected.shape:
            return f"an array of shape {array.shape} where {expected.shape} was expected"
        rtol, atol = self.rtol, self.atol
        if self.per_array:
            finite = np.abs(expected[np.isfinite(expected)])
            rtol, atol = 0.0, self.atol + self.rtol * float(finite.max(initial=0.0))
        with np.errstate(all="ignore"):
            close = np.isclose(
                array, expected, rtol=slack * rtol, atol=slack * atol, equal_nan=True
            )
        return None if bool(close.all()) else "other numbers in the array"

    def _mapping(self, expected: Mapping[Any, Any], got: Any, slack: float) -> str | None:
        if not isinstance(got, Mapping):
            return other(expected, got)
        absent = 0 if _is_counts(expected) else None
        for key in {**expected, **got}:
            if self.more_keys and key not in expected:
                continue
            if absent is None and (key not in expected or key not in got):
                return "other keys"
            there = self.difference(expected.get(key, absent), got.get(key, absent), slack)
            if there is not None:
                place = _place(key, expected)
                return f"{there} at {place}" if key in expected else "other keys"
        return None

    def _sequence(self, expected: Sequence[Any], got: Any, slack: float) -> str | None:
        if isinstance(got, str) or not isinstance(got, (Sequence, np.ndarray)):
            return other(expected, got)
        if len(got) != len(expected):  # before any part of it is made or looked at
            return f"{len(got)} parts where {len(expected)} were expected"
        for place, (ours, theirs) in enumerate(zip(expected, got, strict=True)):
            there = self.difference(ours, theirs, slack)
            if there is not None:
                return f"{there} at place {place}"
        return None


EXACT = Close(rtol=0.0, atol=0.0)


def other_part(
    expected: Mapping[str, Any], got: Mapping[str, Any], told: Mapping[str, str]
) -> str | None:
    """Return what is told of the first of some parts that is not exactly the same.

    Parameters
    ----------
    expected, got
        What a probe found, with the same keys.
    told
        By key: what kind of difference it is.
    """
    return next(
        (words for k, words in told.items() if EXACT.difference(expected[k], got[k]) is not None),
        None,
    )


@dataclass(frozen=True)
class TopologicalOrder:
    """Compares two lists of a graph's nodes, in which each node is its name and its parents' names.

    The expected list says which nodes and arcs there are. Where it is in topological order (each
    node once, after its parents), every other such list is as good; where only its reverse is,
    every other such list, and otherwise only the same one. What an answer says of arcs is ignored.
    """

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` means nothing here."""
        if any(
            isinstance(list_, str) or not isinstance(list_, Sequence) for list_ in (expected, got)
        ):
            return None if expected is None and got is None else other(expected, got)
        ours, theirs = ([_name_of(node) for node in nodes] for nodes in (expected, got))
        arcs = [
            (parent, name)
            for name, node in zip(ours, expected, strict=True)
            if name is not None
            for parent in node[1]
        ]
        if _follows(ours, arcs):
            return self._other_than(ours, theirs, arcs)
        if _follows(ours[::-1], arcs):
            return self._other_than(ours, theirs[::-1], arcs)
        return None if ours == theirs else "another order"

    def _other_than(
        self, ours: list[str | None], theirs: list[str | None], arcs: list[tuple[str, str]]
    ) -> str | None:
        if None in theirs:
            return "something that is no node of the graph"
        if len(set(theirs)) < len(theirs):
            return "a node that is listed twice"
        if set(theirs) != set(ours):
            return "other nodes than those that the output depends on"
        return None if _follows(theirs, arcs) else "a node that stands before one of its parents"


def _name_of(node: Any) -> str | None:
    match node:
        case [str(name), [*_]]:
            return name
    return None


def _follows(names: Sequence[str | None], arcs: Sequence[tuple[str, str]]) -> bool:
    """Return whether every name comes once, after its parents, which are all there."""
    places = {name: place for place, name in enumerate(names)}
    return len(places) == len(names) and all(
        parent in places and places[parent] < places[child] for parent, child in arcs
    )


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
        spend(len(got))
        return all(_has_no_text(part) for part in got)
    return not isinstance(got, str)


def _place(key: Any, expected: Mapping[Any, Any]) -> str:
    """Return which key this is, where it is a parameter's name; another could tell an answer."""
    named = isinstance(key, str) and key.isidentifier()
    named = named and isinstance(expected.get(key), np.ndarray)
    return f"key {key!r}" if named else "a key"


def _is_counts(expected: Mapping[Any, Any]) -> bool:
    return isinstance(expected, Counter)


def _as_set(got: Any) -> Any:
    return frozenset(got) if isinstance(got, Set) else None


def other(expected: Any, got: Any) -> str:
    """Return in words of which kind an answer is, and of which kind it should be."""
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
