"""Sequences and weights that are drawn: what is always so, and how often the rest comes.

Two right functions draw other numbers from the same generator. So what is compared are counts.
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest.probes import many_times, probe, without_the_first
from autograder.guest.recipes import Show, builds

CALLS = 2
"""How many batches are drawn with one generator, so that it is seen to go on."""


def _counts(values: np.ndarray) -> Counter[Any]:
    """Return how often each number comes in an array."""
    found, times = np.unique(values, return_counts=True)
    return Counter(dict(zip(found.tolist(), times.tolist(), strict=True)))


def _places(marked: np.ndarray, most: int) -> list[np.ndarray]:
    """Return the places in time of the first, the second ... mark of each sequence.

    Parameters
    ----------
    marked
        Shape (T, B), bool.
    most
        How many of them at most.

    Returns
    -------
    places
        Each of shape (B,), and -1 where a sequence has no more.
    """
    columns, rows = np.nonzero(marked.T)
    how_many = marked.sum(axis=0)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(how_many) - how_many, how_many)
    found = []
    for number in range(min(int(how_many.max()), most)):
        places = np.full(marked.shape[1], -1)
        places[columns[rank == number]] = rows[rank == number]
        found.append(places)
    return found


def _drawn(
    function: Callable[..., Any], args: tuple[Any, ...]
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """Return the joined arrays of some batches, and where their chance comes from."""
    again = copy.deepcopy(args)
    batches = [[np.array(part) for part in function(*args)] for _ in range(CALLS)]
    once_more = [np.array(part) for part in function(*again)]
    first, second = batches[0], batches[1]
    told = {
        "shapes": [part.shape for part in first],
        "whole numbers": [part.dtype.kind in "iu" for part in first],
        "the same again": _equal(first, once_more),
        "new in every call": not _equal(first, second),
    }
    sizes = [part.ndim and part.shape[min(1, part.ndim - 1)] for part in first]
    if len(set(sizes)) != 1 or len(first) != 2:
        return [], told
    joined = [np.concatenate(parts, axis=min(1, parts[0].ndim - 1)) for parts in zip(*batches)]  # noqa: B905
    return joined, told


def _equal(ours: list[np.ndarray], theirs: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))


@probe("marked symbols")
def marked_symbols(
    function: Callable[..., Any], rng: np.random.Generator, batch: int, T: int, bits: int
) -> dict[str, Any]:
    """Return what sequences of symbols, time first, and their classes have in common.

    Returns
    -------
    outcome
        Shapes and kinds; and counts: of the ``symbols``, of ``how many`` of a sequence are 0 or 1,
        of the ``place`` of each of these, of whether places ``agree``, of ``symbols and class``,
        of the ``last symbol``, and of whether it is the one before.
    """
    joined, outcome = _drawn(function, (rng, batch, T, bits))
    if not joined or joined[0].shape[:1] != (T,) or joined[0].ndim != 2:
        return outcome
    ids, classes = joined
    marked, columns = ids < 2, np.arange(ids.shape[1])
    places = _places(marked, 4)
    outcome["symbols"] = _counts(ids)
    outcome["how many"] = _counts(marked.sum(axis=0))
    for number, place in enumerate(places):
        outcome[f"place {number}"] = _counts(place[place >= 0])
    for number, (one, other) in enumerate(itertools.pairwise(places)):
        outcome[f"distance {number}"] = _counts((other - one)[other >= 0])
    # What is below 0 does not come either, and is seen among all symbols.
    symbols = [np.where(place < 0, -1, ids[place, columns]).tolist() for place in places]
    outcome["symbols and class"] = Counter(
        (tuple(symbol for symbol in first if symbol >= 0), number)
        for *first, number in zip(*symbols, classes.astype(int).tolist(), strict=True)
    )
    outcome["last symbol"] = _counts(ids[-1])
    outcome["as the one before"] = _counts(ids[-1] == ids[-2])
    return outcome


@probe("marked numbers")
def marked_numbers(
    function: Callable[..., Any], rng: np.random.Generator, batch: int, T: int, operation: str
) -> dict[str, Any]:
    """Return what sequences of numbers and marks, time first, and their targets have in common.

    Returns
    -------
    outcome
        Shapes and kinds; counts of ``marks``, of ``how many`` there are, of the ``place`` of each,
        of places ``together``, of the ``quarters`` in which numbers lie, of whether ``neighbours``
        are alike; and how far targets are at most from the sum, the product and the mean of what
        is marked.
    """
    joined, outcome = _drawn(function, (rng, batch, T, operation))
    if not joined or joined[0].ndim != 3 or joined[0].shape[::2] != (T, 2):
        return outcome
    numbers, marks, targets = joined[0][..., 0], joined[0][..., 1], joined[1]
    how_many = (marks != 0).sum(axis=0)
    places = _places(marks != 0, 3)
    outcome["marks"] = _counts(marks)
    outcome["how many"] = _counts(how_many)
    for number, place in enumerate(places):
        outcome[f"place {number}"] = _counts(place[place >= 0])
    if len(places) > 1:
        outcome["distance"] = _counts((places[1] - places[0])[places[1] >= 0])
    below = np.where(numbers == 1, 0.9, numbers)  # float32 rounds to 1 what is just below
    outcome["quarters"] = _counts(np.floor(4 * below).clip(-1, 4))
    outcome["neighbours"] = _counts((numbers[0] < 0.5) == (numbers[1] < 0.5))
    outcome["first number"] = _counts(numbers[0] < 0.5)
    total = np.where(marks != 0, numbers, 0).sum(axis=0)
    outcome["furthest from the sum"] = _furthest(targets, total)
    outcome["furthest from the mean"] = _furthest(targets, total / how_many.clip(min=1))
    product = np.where(marks != 0, numbers, 1).prod(axis=0)
    outcome["furthest from the product"] = _furthest(targets, product)
    return outcome


def _furthest(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(ours - theirs).max())


@probe("pattern and answer")
def pattern_and_answer(
    function: Callable[..., Any],
    rng: np.random.Generator,
    batch: int,
    T: int,
    length: int,
    n_symbols: int,
) -> dict[str, Any]:
    """Return what patterns to remember, and the answers that are to be given, have in common.

    Returns
    -------
    outcome
        Shapes and kinds; and counts: of ids ``after the pattern``, of targets ``before the
        answer``, of whether the ``answer is the pattern``, of the ``first`` and the ``last symbol``
        of patterns, and of whether these are ``alike``.
    """
    joined, outcome = _drawn(function, (rng, batch, T, length, n_symbols))
    if not joined or any(part.ndim != 2 or len(part) != 2 * length + T for part in joined):
        return outcome
    ids, targets = joined
    pattern = ids[:length]
    outcome["after the pattern"] = Counter(map(tuple, ids[length:].T.tolist()))
    outcome["before the answer"] = Counter(map(tuple, targets[: length + T].T.tolist()))
    outcome["answer is the pattern"] = _counts((targets[length + T :] == pattern).all(axis=0))
    outcome["first symbol"] = _counts(pattern[0])
    outcome["last symbol"] = _counts(pattern[-1])
    outcome["alike"] = _counts(pattern[0] == pattern[-1])
    return outcome


@probe("different batches", many_times)
def different_batches(
    function: Callable[..., Any], times: int, rng: np.random.Generator, *args: Any
) -> int:
    """Return how many different batches there are among many that one generator drew."""
    return len({np.array(function(rng, *args)[0]).tobytes() for _ in range(times)})


WEIGHTS = ("W_in", "W_h", "W_out")
HEIGHTS = np.linspace(-2.5, 2.5, 21)
"""In standard deviations: where shares of weights are taken."""


@probe("first weights", without_the_first)
def first_weights(
    function: Callable[..., Any],
    calls: int,
    kind: str,
    n_in: int,
    hidden: int,
    n_out: int,
    *args: Any,
) -> dict[str, Any]:
    """Return what the first weights of a recurrent network have in common, over some calls.

    Returns
    -------
    outcome
        ``shapes`` by name; the ``largest bias``; of each matrix the ``deviation`` of the entries
        that are not 0, the ``shares`` of those that are below some heights, in deviations, and
        whether they are ``different numbers``; the fewest and the most entries of a column of W_h
        that are not 0, ``into a unit``; where it is sparse its least and its largest spectral
        ``radius``; how far it is ``from the identity``; ``how often`` a unit is connected, at least
        and at most; whether connections are ``new for each unit``; and where chance comes from.
    """
    again = copy.deepcopy((kind, n_in, hidden, n_out, *args))
    drawn = [
        {name: np.array(value, dtype=float) for name, value in found.items()}
        for found in (function(kind, n_in, hidden, n_out, *args) for _ in range(calls))
    ]
    once_more = function(*again)
    first = drawn[0]
    outcome: dict[str, Any] = {
        "shapes": {str(name): value.shape for name, value in first.items()},
        "the same again": all(np.array_equal(first[n], once_more[n]) for n in WEIGHTS),
        "new in every call": not np.array_equal(first["W_in"], drawn[1]["W_in"]),
        "largest bias": max(float(np.abs(p[n]).max()) for p in drawn for n in ("b", "b_out")),
    }
    for name in WEIGHTS:
        entries = np.concatenate([p[name][p[name] != 0] for p in drawn])
        deviation = float(np.sqrt(np.mean(entries**2))) if entries.size else 0.0
        outcome[f"deviation of {name}"] = deviation
        ranked = np.sort(entries / (deviation or 1.0))
        outcome[f"shares of {name}"] = np.searchsorted(ranked, HEIGHTS) / max(len(ranked), 1)
        # float32 may round two of them to the same number
        outcome[f"different numbers in {name}"] = 2 * len(np.unique(entries)) > len(entries)
    square = np.array([p["W_h"] for p in drawn if p["W_h"].shape == (hidden, hidden)])
    connected = square != 0
    into = connected.sum(axis=1)
    if kind == "smart tanh":
        radii = np.abs(np.linalg.eigvals(square)).max(axis=1)
        outcome["radius"] = [float(radii.min()), float(radii.max())]
    often = connected.mean(axis=(0, 2))
    return outcome | {
        "into a unit": [int(into.min()), int(into.max())],
        "from the identity": float(np.abs(square - np.eye(hidden)).max()),
        "how often": [float(often.min()), float(often.max())],
        "new for each unit": any(bool((c != c[:, :1]).any()) for c in connected),
    }


@probe("connections", many_times)
def connections(
    function: Callable[..., Any], calls: int, kind: str, n_in: int, hidden: int, *args: Any
) -> dict[str, Any]:
    """Return what is connected in the first weights that one generator draws in many calls.

    Returns
    -------
    outcome
        How many ``different`` recurrent matrices there are; and how often an entry of them is not
        0: ``each``, and on average over the units to which a unit leads, ``from a unit``.
    """
    drawn = [
        np.array(function(kind, n_in, hidden, *args)["W_h"], dtype=float) for _ in range(calls)
    ]
    each = np.mean([weights != 0 for weights in drawn], axis=0)
    different = len({weights.tobytes() for weights in drawn})
    return {"different": different, "each": each, "from a unit": each.mean(axis=1)}


@probe("says of fresh sequences", without_the_first)
def says_of_fresh_sequences(
    function: Callable[..., Any],
    ids: np.ndarray,
    method: str,
    params: Mapping[str, Any],
    *args: Any,
) -> np.ndarray:
    """Return the log-probabilities of classes that a trained network gives to fresh sequences."""
    trained = function(method, params, *args)
    h = np.zeros((ids.shape[1], np.shape(trained["W_h"])[0]))
    for symbols in ids:
        h = np.tanh(
            np.asarray(trained["W_in"])[symbols]
            + h @ np.asarray(trained["W_h"])
            + np.asarray(trained["b"])
        )
    scores = h @ np.asarray(trained["W_out"]) + np.asarray(trained["b_out"])
    scores = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


@dataclass(frozen=True)
class LookBack:
    """Gradients of a tanh network on a batch of symbols, time first, and its signals and states."""

    def __call__(
        self, params: Mapping[str, Any], ids: np.ndarray, classes: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Return gradients by name, dh (T, B, H) and states (T + 1, B, H)."""
        own = {name: np.asarray(value, dtype=float) for name, value in params.items()}
        (T, B), H = ids.shape, len(own["W_h"])
        states = np.zeros((T + 1, B, H))
        for t in range(T):
            states[t + 1] = np.tanh(own["W_in"][ids[t]] + states[t] @ own["W_h"] + own["b"])
        probs = states[-1] @ own["W_out"] + own["b_out"]
        probs = np.exp(probs - probs.max(axis=1, keepdims=True))
        probs /= probs.sum(axis=1, keepdims=True)
        probs[np.arange(B), classes] -= 1
        grads = {name: np.zeros(value.shape) for name, value in own.items()}
        grads["W_out"], grads["b_out"] = states[-1].T @ probs / B, probs.sum(axis=0) / B
        dh, signal = np.zeros((T, B, H)), probs @ own["W_out"].T / B
        for t in reversed(range(T)):
            dh[t] = signal
            before_tanh = signal * (1 - states[t + 1] ** 2)
            np.add.at(grads["W_in"], ids[t], before_tanh)
            grads["W_h"] += states[t].T @ before_tanh
            grads["b"] += before_tanh.sum(axis=0)
            signal = before_tanh @ own["W_h"].T
        return grads, dh, states


def _says_look_back(show: Show) -> str:
    return "look_back (the notebook's)"


LOOK_BACK = builds("look back", _says_look_back)(LookBack)


@dataclass(frozen=True)
class FaintLookBack(LookBack):
    """The same, with signals of which few are alive.

    Parameters
    ----------
    alive
        3, 1 or 0. Of the three, one is just above the bound of question 7, one is at unit 0 alone,
        and one is as it was; others are just below the bound, and well below it. All that are not
        mentioned are 0.
    """

    alive: int = 3

    def __call__(
        self, params: Mapping[str, Any], ids: np.ndarray, classes: np.ndarray
    ) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """Return gradients by name, dh (T, B, H) and states (T + 1, B, H)."""
        grads, whole, states = super().__call__(params, ids, classes)
        dh = np.zeros_like(whole)
        if self.alive:
            dh[-1, 1] = whole[-1, 1]
        if self.alive > 1:
            dh[-1, 0, 0] = 1.0
            for column, length in enumerate((1.14e-10, 8.66e-11, 3e-11)):
                dh[0, column] = length * whole[0, column] / np.linalg.norm(whole[0, column])
        return grads, dh, states


def _says_faint_look_back(show: Show, alive: int) -> str:
    return f"look_back (the notebook's), all but {alive} of whose signals have vanished"


FAINT_LOOK_BACK = builds("faint look back", _says_faint_look_back)(FaintLookBack)
