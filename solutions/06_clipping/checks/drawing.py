"""Random gradients and parameters for the questions of assignment 06."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.authoring.checking import Case

Grads = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {"W_h": (4, 4), "W_x": (3, 4), "b": (4,), "scale": ()}


def draw_grads(
    rng: np.random.Generator,
    norm: float,
    shapes: dict[str, tuple[int, ...]] | None = None,
    dtype: str = "float64",
) -> Grads:
    """Return gradients of a joint norm, whose arrays have quite different norms of their own."""
    shapes = SHAPES if shapes is None else shapes
    weights = rng.permutation(np.geomspace(0.3, 1.5, len(shapes)))
    grads = {
        name: weight * rng.uniform(0.3, 1, size=shape) * rng.choice([-1, 1], size=shape)
        for (name, shape), weight in zip(shapes.items(), weights, strict=True)
    }
    length = np.sqrt(sum(float((grad**2).sum()) for grad in grads.values()))
    return {name: np.asarray(norm / length * grad, dtype=dtype) for name, grad in grads.items()}


def draw_params(
    rng: np.random.Generator, shapes: dict[str, tuple[int, ...]] | None = None
) -> Grads:
    """Return parameters of about 1 in size."""
    shapes = SHAPES if shapes is None else shapes
    return {name: np.asarray(rng.normal(size=shape)) for name, shape in shapes.items()}


def spoiled(rng: np.random.Generator, grads: Grads, value: float, name: str) -> Grads:
    """Return gradients of which one entry is no finite number."""
    changed = {key: grad.copy() for key, grad in grads.items()}
    place = tuple(int(rng.integers(n)) for n in changed[name].shape)
    changed[name][place] = value
    return changed


def beside_the_wall(rng: np.random.Generator, w: Any) -> Any:
    """Return biases so near the wall that the error depends on w and b, and is not chaotic.

    Each step multiplies the distance by w sigma'(0.5), at most 1.22 for w up to 5.2, so that it
    amplifies 100,000 times at most, and the state is still near 0.5 after 50 steps.
    """
    output = 1 / (1 + math.exp(-0.5))
    growth = w * output * (1 - output)
    return 0.5 - w * output - rng.uniform(0.2, 0.5) * (growth - 1) / growth**50


def fresh(group: str, *args: Any) -> Case:
    """Return the case that also asks whether inputs are as they were, and arrays are new."""
    return Case(group, args, probe="fresh")


def plain_gradients(rng: np.random.Generator, sizes: Sequence[float]) -> list[Grads]:
    """Return gradients of some joint norms, of many shapes."""
    shapes = [SHAPES, {"W": (5, 2), "b": (2,)}, {"E": (6, 3), "U": (3, 6), "c": (6,), "h0": (3,)}]
    return [draw_grads(rng, size, shapes[i % len(shapes)]) for i, size in enumerate(sizes)]
