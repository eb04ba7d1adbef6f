"""Ways to question a function whose single answers cannot be compared.

A probe calls the student's function, often many times, and turns what comes back into data. It runs
beside the student's code and is trusted by nobody. It also knows how its question is put to a
student in words; that is called outside.

These serve any course. What only one course needs stands in its own ``probes/`` (see
`autograder.guest.catalogue`).
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest.recipes import Show


class Words(str):
    """Stands in a call for an argument that only words can tell."""

    __slots__ = ()


@dataclass(frozen=True)
class Shown:
    """A call as a student reads it.

    Parameters
    ----------
    args
        What the student's function gets.
    after
        Words behind the call: how often, say.
    """

    args: tuple[Any, ...]
    after: str = ""


@dataclass(frozen=True)
class Probe:
    """One way to question a function.

    Parameters
    ----------
    name
        By which cases ask for it.
    ask
        Returns the answer, called with the student's function and a case's arguments.
    shows
        Returns the call in a student's words, called with `Show` and a case's arguments.
    pasted
        What comes to the same in a student's notebook, around the call; None where nothing does.
    says
        Returns an answer in a student's words, called with `Show` and the answer.
    """

    name: str
    ask: Callable[..., Any]
    shows: Callable[..., Shown]
    pasted: str | None = None
    says: Callable[[Show, Any], str] | None = None

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Ask a function."""
        return self.ask(function, *args, **kwargs)


def as_it_is(show: Show, *args: Any) -> Shown:
    """Show a call with all arguments of its case."""
    return Shown(args)


def without_the_first(show: Show, first: Any, *args: Any) -> Shown:
    """Show a call whose first argument is the probe's own."""
    return Shown(args)


def many_times(show: Show, times: int, *args: Any) -> Shown:
    """Show a call whose first argument says how often it is made."""
    return Shown(args, f", {times:,} times" if times > 1 else "")


def probe(
    name: str,
    shows: Callable[..., Shown] = as_it_is,
    pasted: str | None = None,
    says: Callable[[Show, Any], str] | None = None,
) -> Callable[[Callable[..., Any]], Probe]:
    """Mark a function as the probe of a name (see `Probe`)."""
    return lambda ask: Probe(name, ask, shows, pasted, says)


@probe("call once", pasted="{}")
def call_once(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what one call gives: the probe of most cases."""
    return function(*args, **kwargs)


@probe("tally", many_times)
def tally(function: Callable[..., Any], times: int, *args: Any, **kwargs: Any) -> Counter[Any]:
    """Return how often each result comes in `times` calls with the same arguments.

    Lists are tallied as tuples. A random generator among the arguments goes on from call to call.
    """
    return Counter(_hashable(function(*args, **kwargs)) for _ in range(times))


def _in_rows(show: Show, times: int, x: np.ndarray, *args: Any) -> Shown:
    return Shown((np.tile(x, (times, 1)), *args))


@probe("tally rows", _in_rows)
def tally_rows(
    function: Callable[..., Any], times: int, x: np.ndarray, *args: Any, **kwargs: Any
) -> Counter[Any]:
    """Return how often each row comes in one call, in which every row of the first argument is `x`.

    The function returns an array with as many rows, or several, whose rows are then joined.
    """
    returned = function(np.tile(x, (times, 1)), *args, **kwargs)
    arrays = returned if isinstance(returned, (tuple, list)) else (returned,)
    rows = np.hstack([np.asarray(array, dtype=float).reshape(times, -1) for array in arrays])
    found, counts = np.unique(rows, axis=0, return_counts=True)
    return Counter({tuple(row): n for row, n in zip(found.tolist(), counts.tolist(), strict=True)})


def _hashable(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    try:
        return tuple(_hashable(part) for part in value)
    except TypeError:
        return value


@probe("quantiles", many_times)
def quantiles(
    function: Callable[..., Any], times: int, *args: Any, **kwargs: Any
) -> dict[str, Any]:
    """Return how the numbers in random arrays are spread, over many calls with one generator.

    Returns
    -------
    spread
        ``shape`` of the first array; ``quantiles``, at steps of 5 %, of the numbers in all of them;
        whether it is ``the same again`` from a generator in the same state; and whether arrays are
        ``new in every call`` from a generator that goes on: more than three quarters of them are
        like none before.
    """
    again = copy.deepcopy((args, kwargs))
    samples = [np.asarray(function(*args, **kwargs)) for _ in range(max(times, 2))]
    first = np.asarray(function(*again[0], **again[1]))
    numbers = np.concatenate([array.ravel() for array in samples])
    different = len({array.tobytes() for array in samples})
    return {
        "shape": samples[0].shape,
        # Sorted, they are found in half the time.
        "quantiles": np.quantile(np.sort(numbers), np.linspace(0, 1, 21)) if numbers.size else None,
        "the same again": bool(np.array_equal(samples[0], first)),
        "new in every call": 4 * different > 3 * len(samples),
    }


_MOST_LISTED = 1_000


@probe("listed", pasted="list({})")
def listed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
    """Return what a function yields, or returns as a sequence: the first 1,000 of it."""
    return list(itertools.islice(function(*args, **kwargs), _MOST_LISTED))


def _say_fresh(show: Show, found: Any) -> str:
    """Say what came back, and what else happened."""
    if not (isinstance(found, Mapping) and "returned" in found):
        return show(found)
    notes = {
        "with inputs as they were": "its input was changed",
        "with new arrays": "an array of its input is among what came back",
    }
    said = [f"\n# {words}" for key, words in notes.items() if found.get(key) is False]
    return show(found["returned"]) + "".join(said)


@probe("fresh", pasted="{}", says=_say_fresh)
def fresh(function: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Return what a call gives, and whether caller and function can go on without each other.

    Returns
    -------
    outcome
        What was ``returned``; whether it is ``with inputs as they were``, all arrays among them to
        the last bit; and ``with new arrays``, none of which shares memory with an input.
    """
    inputs = list(_arrays((args, kwargs)))
    before = [array.tobytes() for array in inputs]
    returned = function(*args, **kwargs)
    shared = any(
        np.may_share_memory(ours, theirs) for ours in inputs for theirs in _arrays(returned)
    )
    return {
        "returned": returned,
        "with inputs as they were": [array.tobytes() for array in inputs] == before,
        "with new arrays": not shared,
    }


def _arrays(value: Any) -> Iterator[np.ndarray]:
    """Yield all arrays in a value; a tensor as the array that shares its memory."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        yield from _arrays(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _arrays(part)
    elif hasattr(value, "detach"):
        yield value.detach().numpy()
