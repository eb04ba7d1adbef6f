"""Random models and batches for the questions of assignment 03."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.authoring.comparing import Close


class WholeNumbers(Close):
    """Compares as `Close` does, and wants numbers that can be indices."""

    def _array(self, expected: np.ndarray, got: Any, slack: float) -> str | None:
        whole = expected.dtype.kind in "iu"  # a known mistake's answers may be none themselves
        if whole and isinstance(got, np.ndarray) and got.size and got.dtype.kind not in "iu":
            return "numbers that are no integers"
        return super()._array(expected, got, slack)


Params = dict[str, np.ndarray | None]

GRADIENTS = Close(rtol=1e-5, atol=1e-6, per_array=True)
"""Entries of a gradient may nearly cancel, and so may all of a small array: they are compared on the
scale of the array, and to what float32 can do with numbers near 1."""

OF_LARGE_SCORES = Close(rtol=1e-3, atol=1e-6, per_array=True)
"""Of scores near 1,000 float32 knows little more than four decimals."""


def draw_params(
    rng: np.random.Generator,
    V: int,
    m: int,
    window: int,
    h: int,
    direct: bool,
    dtype: str = "float64",
) -> Params:
    """Return the parameters of a window model, large enough for every part of it to matter."""
    inside = window * m
    params: Params = {
        "C": rng.normal(size=(V, m)),
        "H": rng.normal(size=(inside, h)) / np.sqrt(inside),
        "d": rng.normal(size=h) / 2,
        "U": rng.normal(size=(h, V)),
        "W": rng.normal(size=(inside, V)) / np.sqrt(inside) if direct else None,
        "b": rng.normal(size=V),
    }
    return {name: None if value is None else value.astype(dtype) for name, value in params.items()}


def draw_contexts(
    rng: np.random.Generator, V: int, examples: int, window: int, distinct: bool = False
) -> np.ndarray:
    """Return contexts; where they are distinct, no word stands twice in all of them."""
    if distinct:
        return rng.permutation(V)[: examples * window].reshape(examples, window)
    return rng.integers(V, size=(examples, window))


def draw_repeating(rng: np.random.Generator, V: int, examples: int, window: int) -> np.ndarray:
    """Return contexts in which some words stand twice, also next to each other."""
    contexts = rng.integers(min(V, 4), size=(examples, window))
    contexts[:, -1] = contexts[:, 0]
    return contexts
