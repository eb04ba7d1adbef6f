"""Sequences and weights that are drawn: what is always so, and how often the rest comes.

Two right functions draw other numbers from the same generator. So what is compared are counts.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest.probes import many_times, probe, without_the_first
from autograder.guest.recipes import Show, builds

CALLS = 2
"""How many batches are drawn with one generator, so that it is seen to go on."""


def _counts(values: Iterable[Any]) -> Counter[Any]:
    return Counter(values)


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
    few = [np.flatnonzero(column < 2).tolist() for column in ids.T]
    outcome["symbols"] = _counts(ids.ravel().tolist())
    outcome["how many"] = _counts(len(places) for places in few)
    most = max(len(places) for places in few)
    for number in range(min(most, 4)):
        outcome[f"place {number}"] = _counts(p[number] for p in few if len(p) > number)
    for one in range(min(most, 4) - 1):
        gaps = [p[one + 1] - p[one] for p in few if len(p) > one + 1]
        outcome[f"distance {one}"] = _counts(gaps)
    outcome["symbols and class"] = _counts(
        (tuple(int(ids[place, column]) for place in places[:4]), int(classes[column]))
        for column, places in enumerate(few)
    )
    outcome["last symbol"] = _counts(ids[-1].tolist())
    outcome["as the one before"] = _counts((ids[-1] == ids[-2]).tolist())
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
    outcome["marks"] = _counts(marks.ravel().tolist())
    few = [np.flatnonzero(column).tolist() for column in marks.T]
    outcome["how many"] = _counts(len(places) for places in few)
    for number in range(min(max(len(places) for places in few), 3)):
        outcome[f"place {number}"] = _counts(p[number] for p in few if len(p) > number)
    outcome["distance"] = _counts(p[1] - p[0] for p in few if len(p) > 1)
    below = np.where(numbers == 1, 0.9, numbers)  # float32 rounds to 1 what is just below
    outcome["quarters"] = _counts(np.floor(4 * below).clip(-1, 4).ravel().tolist())
    outcome["neighbours"] = _counts(((numbers[0] < 0.5) == (numbers[1] < 0.5)).tolist())
    outcome["first number"] = _counts((numbers[0] < 0.5).tolist())
    how_many = np.array([len(places) for places in few])
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
    outcome["after the pattern"] = _counts(map(tuple, ids[length:].T.tolist()))
    outcome["before the answer"] = _counts(map(tuple, targets[: length + T].T.tolist()))
    outcome["answer is the pattern"] = _counts(
        (targets[length + T :] == pattern).all(axis=0).tolist()
    )
    outcome["first symbol"] = _counts(pattern[0].tolist())
    outcome["last symbol"] = _counts(pattern[-1].tolist())
    outcome["alike"] = _counts((pattern[0] == pattern[-1]).tolist())
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
        ``shapes`` by name; the largest ``bias``; of each matrix the ``deviation`` of the entries
        that are not 0, the ``shares`` of those that are below some heights, in deviations, and
        whether they are ``different numbers``;
        the ``fewest`` and the ``most`` entries of a column of W_h that are not 0; its least and its
        largest spectral ``radius``; how far it is ``from the identity``; how often each unit is
        connected (``least often``, ``most often``); whether connections are ``new for each unit``;
        and where chance comes from.
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
        below = (entries[:, None] / (deviation or 1.0) < HEIGHTS).mean(axis=0)
        outcome[f"shares of {name}"] = below
        # float32 may round two of them to the same number
        outcome[f"different numbers in {name}"] = 2 * len(np.unique(entries)) > len(entries)
    square = [p["W_h"] for p in drawn if p["W_h"].shape == (hidden, hidden)]
    connected = np.array([weights != 0 for weights in square])
    into = connected.sum(axis=1)
    radii = [float(np.abs(np.linalg.eigvals(weights)).max()) for weights in square]
    often = connected.mean(axis=(0, 2))
    return outcome | {
        "into a unit": [int(into.min()), int(into.max())],
        "radius": [min(radii), max(radii)],
        "from the identity": max(float(np.abs(w - np.eye(hidden)).max()) for w in square),
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
