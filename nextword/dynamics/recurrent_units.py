"""What a recurrent network is made of at the start: its nonlinearity, and its recurrent weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import expit  # type: ignore[import-untyped]

Array = np.ndarray[Any, Any]

INCOMING = 15
"""Connections into each unit of a sparse start (002, sec. 4.1.1, *smart tanh*)."""
RADIUS = 0.95
"""The spectral radius to which a sparse start is scaled."""


def _tanh(sums: Array) -> None:
    np.tanh(sums, out=sums)


def _tanh_slopes(states: Array, out: Array) -> None:
    np.square(states, out=out)
    np.subtract(1, out, out=out)


def _sigmoid(sums: Array) -> None:
    expit(sums, out=sums)


def _sigmoid_slopes(states: Array, out: Array) -> None:
    np.subtract(1, states, out=out)
    np.multiply(states, out, out=out)


def _relu(sums: Array) -> None:
    np.maximum(sums, 0, out=sums)


def _relu_slopes(states: Array, out: Array) -> None:
    out[...] = states > 0


UNITS: dict[str, tuple[Callable[[Array], None], Callable[[Array, Array], None]]] = {
    "tanh": (_tanh, _tanh_slopes),
    "sigmoid": (_sigmoid, _sigmoid_slopes),
    "relu": (_relu, _relu_slopes),
}
"""Of each nonlinearity: what replaces sums by states, and what writes the slopes of states."""


def sparse_start(rng: np.random.Generator, n_hidden: int) -> Float[np.ndarray, "hidden hidden"]:
    """Return weights for `h @ W_h` with 15 connections into each unit, scaled to a radius.

    The radius is the spectral one, 0.95; what scale the weights had before does not matter. The
    authors' published code keeps 15 connections out of each unit; this is the paper's way.
    """
    weights = np.zeros((n_hidden, n_hidden))
    for unit in range(n_hidden):
        into = rng.choice(n_hidden, size=min(INCOMING, n_hidden), replace=False)
        weights[into, unit] = rng.normal(size=len(into))
    return np.asarray(weights * (RADIUS / np.abs(np.linalg.eigvals(weights)).max()))


def identity_start(rng: np.random.Generator, n_hidden: int) -> Float[np.ndarray, "hidden hidden"]:
    """Return the identity: at the start, a state is what it was (Le et al. 2015)."""
    return np.eye(n_hidden)


STARTS = {"sparse": sparse_start, "identity": identity_start}
"""How recurrent weights may begin in place of numbers that are drawn like all others."""
