"""Random models, texts and masks for the questions of assignment 04."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from autograder.authoring.comparing import Close

LARGE = 990.0
"""What is added to all scores so that exponentials overflow, in float64 as well."""
OF_LARGE_SCORES = Close(rtol=1e-3, atol=1e-6, per_array=True)
"""Of scores near 1,000 float32 knows little more than four decimals."""

Params = dict[str, np.ndarray]
Cache = dict[str, np.ndarray]

GRADIENTS = Close(rtol=1e-5, atol=1e-6, per_array=True)
"""Entries of a gradient may nearly cancel: they are compared on the scale of their array, or to what
float32 leaves of 0 where all of it cancels."""


def draw_params(
    rng: np.random.Generator, V: int, m: int, H: int, dtype: str = "float64", scale: float = 1.0
) -> Params:
    """Return the parameters of a recurrent model in which the past matters.

    `scale` is that of the recurrent weights: at 1, what was long ago is neither lost nor all.
    """
    params = {
        "E": rng.normal(size=(V, m)),
        "W_x": rng.normal(size=(m, H)) / np.sqrt(m),
        "W_h": scale * rng.normal(size=(H, H)) / np.sqrt(H),
        "b": rng.normal(size=H) / 2,
        "U": rng.normal(size=(H, V)),
        "c": rng.normal(size=V),
        "h0": rng.uniform(-0.9, 0.9, size=H),
    }
    return {name: value.astype(dtype) for name, value in params.items()}


def with_large_scores(params: Params) -> Params:
    """Return a model that says the same, with scores near 1,000."""
    return {**params, "c": params["c"] + LARGE}


def draw_ids(rng: np.random.Generator, V: int, rows: int, steps: int) -> np.ndarray:
    """Return ids, of which some occur several times."""
    return rng.integers(V, size=(rows, steps))


def draw_mask(rng: np.random.Generator, rows: int, steps: int, empty_row: bool) -> np.ndarray:
    """Return a mask whose rows have different lengths, from 1 to all; one may have none."""
    lengths = rng.integers(1, steps + 1, size=rows)
    lengths[:2] = rng.permutation([1, steps])
    if empty_row:
        lengths[2] = 0
    mask: np.ndarray = np.arange(steps) < rng.permutation(lengths)[:, None]
    return mask


def full_mask(rows: int, steps: int) -> np.ndarray:
    """Return the mask of a batch without padding."""
    return np.ones((rows, steps), dtype=np.bool_)


def draw_cache(
    rng: np.random.Generator, reference: ModuleType, params: Params, rows: int, steps: int
) -> Cache:
    """Return what the reference's forward pass leaves of random inputs."""
    inputs = draw_ids(rng, len(params["E"]), rows, steps)
    cache: Cache = reference.rnn_forward(params, inputs, None)[1]
    return cache


def draw_batch(
    rng: np.random.Generator,
    reference: ModuleType,
    sizes: tuple[int, int, int],
    mask: np.ndarray,
    dtype: str = "float64",
) -> tuple[Any, ...]:
    """Return parameters, the reference's cache, targets and the mask, for V, m and H."""
    params = draw_params(rng, *sizes, dtype=dtype)
    cache = draw_cache(rng, reference, params, *mask.shape)
    return params, cache, draw_ids(rng, sizes[0], *mask.shape), mask


def with_scattered_scores(params: Params) -> Params:
    """Return a model whose scores are near 800 after odd ids and near 0 after even ones.

    So exponentials overflow or vanish, whatever number is taken from all scores.
    """
    changed = {name: value.copy() for name, value in params.items()}
    changed["E"][:, 0] = np.where(np.arange(len(params["E"])) % 2, 8.0, -8.0)
    changed["W_x"][0, 0] = 1.0
    changed["U"][0] += 400.0
    changed["c"] += 400.0
    return changed


def with_an_impossible_word(params: Params) -> Params:
    """Return a model in which the word 0 has 800 less than others: more than exponentials span."""
    change = np.where(np.arange(len(params["c"])) == 0, -800.0, 0.0)
    return {**params, "c": params["c"] + change}


def draw_large_batch(
    rng: np.random.Generator, reference: ModuleType, sizes: tuple[int, int, int], mask: np.ndarray
) -> tuple[Any, ...]:
    """Return what `draw_batch` does, of a model with large scores; V is even."""
    params = with_an_impossible_word(with_scattered_scores(draw_params(rng, *sizes)))
    even = draw_ids(rng, sizes[0] // 2, *mask.shape) * 2
    inputs = even + np.indices(mask.shape).sum(axis=0) % 2
    cache: Cache = reference.rnn_forward(params, inputs, None)[1]
    return params, cache, draw_ids(rng, sizes[0], *mask.shape), mask
