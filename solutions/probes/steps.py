"""Steps with gradients: where they lead, and what a training by them came to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.guest.probes import many_times, probe, without_the_first

from .models import PositionModel

HEIGHTS = np.linspace(-3, 3, 25)
"""Where `moves` asks which share of the numbers lies below."""


@probe("moves", many_times)
def moves(
    function: Callable[..., Any],
    times: int,
    params: Mapping[str, np.ndarray],
    *args: Any,
) -> dict[str, Any]:
    """Return where a random step leads from the same parameters, over many calls.

    A step in a uniformly random direction, times a length of its own that is drawn as that of
    normal numbers is, has independent normal numbers for entries. So does its image under a
    rotation.

    Parameters
    ----------
    function
        Called with `params` and `args`, of which generators go on from call to call; it returns
        new parameters.
    times
        How many calls, 2 or more.

    Returns
    -------
    outcome
        The ``least length`` and the ``most length`` of a step; the ``shapes`` by name; whether the
        first step is ``the same again`` from a generator in the same state; how many ``different
        steps`` there are; and shares of numbers
        below `HEIGHTS`: the ``shares of all entries``, the ``shares at each place``, the ``shares
        of turned entries`` and ``shares at each turned place``, after a fixed rotation; and the
        ``shares in each array`` of its mean squares, less 1.
    """
    again = copy.deepcopy(args)
    start = {name: np.array(value, dtype=float) for name, value in params.items()}
    reached = [function(params, *args) for _ in range(times)]
    once_more = function(params, *again)
    steps = np.array([_difference(new, start) for new in reached])
    lengths = np.sqrt((steps**2).sum(axis=1))
    n_places = steps.shape[1]
    rng = np.random.default_rng(0)
    radii = np.sqrt(rng.chisquare(n_places, size=times))
    rotation = np.linalg.qr(rng.normal(size=(n_places, n_places)))[0]
    normal = steps * (radii / np.maximum(lengths, 1e-300))[:, None]
    turned = normal @ rotation
    return {
        "shapes": {str(name): np.shape(value) for name, value in reached[0].items()},
        "least length": float(lengths.min()),
        "most length": float(lengths.max()),
        "the same again": bool(np.array_equal(steps[0], _difference(once_more, start))),
        "different steps": len(np.unique(steps, axis=0)),
        "shares of all entries": _shares_below(normal.reshape(-1, 1))[0],
        "shares at each place": _shares_below(normal),
        "shares of turned entries": _shares_below(turned.reshape(-1, 1))[0],
        "shares at each turned place": _shares_below(turned),
        "shares in each array": _shares_below(_mean_squares(normal, start) - 1),
    }


def _difference(new: Mapping[str, Any], start: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the step from parameters to others as one row of numbers."""
    parts = [np.asarray(new[name], dtype=float) - value for name, value in start.items()]
    return np.concatenate([part.ravel() for part in parts])


def _mean_squares(rows: np.ndarray, start: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return, for each row, the mean of the squared entries of each parameter."""
    ends = np.cumsum([value.size for value in start.values()])
    parts = np.split(rows**2, ends[:-1], axis=1)
    return np.stack([part.mean(axis=1) for part in parts], axis=1)


def _shares_below(columns: np.ndarray) -> np.ndarray:
    """Return, for each column, which share of its numbers is not above each of the heights."""
    n_columns, n_bins = columns.shape[1], len(HEIGHTS) + 1
    bins = np.searchsorted(HEIGHTS, columns) + n_bins * np.arange(n_columns)
    counts = np.bincount(bins.ravel(), minlength=n_columns * n_bins)
    return np.asarray(counts.reshape(n_columns, n_bins)[:, :-1].cumsum(axis=1) / len(columns))


@probe("clipped training", without_the_first)
def clipped_training(
    function: Callable[..., Any], contexts: np.ndarray, params: Mapping[str, np.ndarray], *args: Any
) -> dict[str, Any]:
    """Return what a training of a `PositionModel` with clipped gradients came to.

    The function gets parameters first, and returns parameters and the norm of every gradient.

    Returns
    -------
    outcome
        ``log_probs`` of held-out contexts under the parameters that came back; the ``norms``; the
        ``distance`` of these parameters from the first ones; their ``shapes``; whether all is
        ``the same again`` from a generator in the same state; and whether it is ``new in every
        call`` from a generator that goes on.
    """
    again = copy.deepcopy((params, args))
    start = {name: np.array(value, dtype=float) for name, value in params.items()}
    trained, norms = function(params, *args)
    later, _ = function(copy.deepcopy(again[0]), *args)
    twice, _ = function(again[0], *again[1])
    log_probs = PositionModel.log_probs(trained, contexts)
    return {
        "log_probs": log_probs,
        "norms": [float(norm) for norm in norms],
        "distance": float(np.sqrt((_difference(trained, start) ** 2).sum())),
        "shapes": {str(name): np.shape(value) for name, value in trained.items()},
        "the same again": _alike(log_probs, PositionModel.log_probs(twice, contexts)),
        "new in every call": not _alike(log_probs, PositionModel.log_probs(later, contexts)),
    }


def _alike(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return bool(np.array_equal(ours, theirs, equal_nan=True))
