"""descend: gradient descent in the plane, clipped or not."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    case,
    equal,
    misconception,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close
from autograder.guest.recipes import Recipe

from ..probes.functions import CliffGradient


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield bowls with a cliff in them, paths of some steps, and what is special."""
    for n_steps in (3, 6, 10):
        yield case("free", *_path(rng, reference, None, n_steps))
    for n_steps in (4, 8, 12):
        yield case("clipped", *_path(rng, reference, float(rng.uniform(0.5, 1.5)), n_steps))
    # Short enough for each entry by itself, and too long together; then half a percent too long,
    # and half a percent short of it.
    for threshold in (4.8, 5 / 1.005, 5 / 0.995):
        yield case("clipped", *_steep(rng, threshold))
    yield case("clipped", *_steep(rng, float(rng.uniform(0.5, 2)), 1e60))  # more than float32 holds
    yield case("special", *_path(rng, reference, None, 0))
    yield case("special", *_path(rng, reference, 1.0, 0))
    yield case("special", *_path(rng, reference, math.inf, 3))
    flat = Recipe("cliff gradient", (0.5, (1.0, 2.0), 0.0, 1.0, (1.0, 0.0), 0.0))
    yield case("special", flat, [1, 2], 0.3, 1.0, 2)
    for threshold in (0.0, -1.0, math.nan):
        yield case("special", *_path(rng, reference, 1.0, 3)[:3], threshold, 3)


def _path(
    rng: np.random.Generator, reference: ModuleType, threshold: float | None, n_steps: int
) -> tuple[Any, ...]:
    """Return a path that meets the cliff, and on which a nudge of the start stays a nudge."""
    while True:
        angle = rng.uniform(0.4, 1.2)
        n = (float(np.cos(angle)), float(-np.sin(angle)))
        bottom = rng.uniform(-1, 1, size=2)
        start = bottom + rng.uniform(1.5, 3, size=2) * rng.choice([-1, 1], size=2)
        place = float(np.dot(n, bottom + rng.uniform(0.3, 0.7) * (start - bottom)))
        numbers = (float(rng.uniform(0.5, 1.5)), tuple(bottom.tolist()), 3.0, 4.0, n, place)
        recipe = Recipe("cliff gradient", numbers)
        args = (float(rng.uniform(0.2, 0.4)), threshold, n_steps)
        path = reference.descend(CliffGradient(*recipe.args), start, *args)
        nudged = reference.descend(CliffGradient(*recipe.args), start + 1e-7, *args)
        steady = np.abs(nudged - path).max() < 1e-6
        if steady and _is_bent(path) and _is_mixed(CliffGradient(*recipe.args), path, threshold):
            return recipe, start.tolist() if n_steps % 2 else tuple(start.tolist()), *args


def _is_bent(path: np.ndarray) -> bool:
    """Return whether the steps of a path differ in direction, where there are several."""
    if len(path) < 3:
        return True
    steps = np.diff(path, axis=0)
    turn = steps[:-1, 0] * steps[1:, 1] - steps[:-1, 1] * steps[1:, 0]
    sizes = np.linalg.norm(steps, axis=1)
    return bool(sizes.min() > 1e-3 and np.abs(turn / (sizes[:-1] * sizes[1:])).max() > 0.05)


def _is_mixed(gradient: Any, path: np.ndarray, threshold: float | None) -> bool:
    """Return whether some gradients on a path are to be clipped, and others are not."""
    if threshold is None or threshold == math.inf or len(path) == 1:
        return True
    long = [math.hypot(*gradient(*place)) > threshold for place in path[:-1]]
    return any(long) and not all(long)


def _steep(rng: np.random.Generator, threshold: float, c: float = 1.0) -> tuple[Any, ...]:
    """Return one step from where the gradient is c (3, 4) or so."""
    bottom = rng.uniform(-1, 1, size=2)
    recipe = Recipe("cliff gradient", (c, tuple(bottom.tolist()), 0.0, 1.0, (1.0, 0.0), 0.0))
    start = bottom + rng.choice([-1, 1], size=2) * [3.0, 4.0]
    return recipe, start.tolist(), float(rng.uniform(0.1, 0.4)), threshold, 1


check = Check(
    groups={
        "free": Group("paths without clipping", 1),
        "clipped": Group("paths with clipping", 2),
        "special": Group("no steps, flat places, an infinite threshold, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-4, per_array=True),
)


@alternative
def as_pairs(gradient, start, learning_rate, threshold, n_steps):
    if threshold is not None and (threshold <= 0 or math.isnan(threshold)):
        raise ValueError("threshold")
    w, b = start
    path = [(w, b)]
    for _ in range(n_steps):
        by_w, by_b = gradient(w, b)
        norm = (by_w**2 + by_b**2) ** 0.5
        factor = 1.0
        if threshold is not None and norm > threshold:
            factor = threshold / norm
        w, b = w - learning_rate * factor * by_w, b - learning_rate * factor * by_b
        path.append((w, b))
    return path


@alternative
def in_a_table(gradient, start, learning_rate, threshold, n_steps):
    limit = np.inf if threshold is None else threshold
    if not limit > 0:
        raise ValueError("threshold")
    path = np.empty((n_steps + 1, 2))
    path[0] = start
    for i in range(n_steps):
        g = np.asarray(gradient(path[i, 0], path[i, 1]))
        norm = np.linalg.norm(g)
        path[i + 1] = path[i] - learning_rate * (g if norm <= limit else limit * g / norm)
    return path


@alternative
def with_torch(gradient, start, learning_rate, threshold, n_steps):
    import torch

    if threshold is not None and not threshold > 0:
        raise ValueError("threshold")
    here = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = torch.optim.SGD([here], lr=learning_rate)
    path = [here.clone()]
    for _ in range(n_steps):
        here.grad = torch.tensor(gradient(here[0].item(), here[1].item()), dtype=torch.float64)
        if threshold is not None:
            torch.nn.utils.clip_grad_norm_([here], threshold)
        optimizer.step()
        path.append(here.clone())
    return torch.stack(path).detach().numpy()


uphill = slip(
    REFERENCE,
    ("path[-1] - learning_rate", "path[-1] + learning_rate"),
    loses=("free", "clipped", "special"),
    hint="The path goes uphill: a step is taken against the gradient.",
)
start_missing = slip(
    REFERENCE,
    ("np.array(path)", "np.array(path)[1:]"),
    loses=("free", "clipped", "special"),
    hint="The start is missing: path[0] is where the path begins, before any step.",
)
last_missing = slip(
    REFERENCE,
    ("np.array(path)", "np.array(path)[:-1]"),
    loses=("free", "clipped", "special"),
    hint="The last point is missing: n_steps steps lead to n_steps + 1 points.",
)


@misconception(
    "free",
    "clipped",
    "special",
    hint="b moves by the gradient at the new w. Both derivatives are taken at the same point, before "
    "the step.",
)
def one_after_the_other(gradient, start, learning_rate, threshold, n_steps):
    if threshold is not None and not threshold > 0:
        raise ValueError(threshold)
    w, b = (float(x) for x in start)
    path = [(w, b)]
    for _ in range(n_steps):
        g = gradient(w, b)
        norm = math.hypot(*g)
        scale = threshold / norm if threshold is not None and norm > threshold else 1.0
        w = w - learning_rate * scale * g[0]
        g = gradient(w, b)
        norm = math.hypot(*g)
        scale = threshold / norm if threshold is not None and norm > threshold else 1.0
        b = b - learning_rate * scale * g[1]
        path.append((w, b))
    return np.array(path)


gradient_of_the_start = slip(
    REFERENCE,
    ("gradient(*path[-1])", "gradient(*path[0])"),
    loses=("free", "clipped", "special"),
    hint="The gradient is taken once, at the start. It changes from step to step.",
)
never_clipped = slip(
    REFERENCE,
    (
        (
            "        if threshold is not None and norm > threshold:\n"
            "            slope *= threshold / norm\n"
        ),
        "",
    ),
    loses="clipped",
    hint="The gradient is not clipped.",
)
step_clipped = slip(
    REFERENCE,
    ("slope = np.array", "slope = learning_rate * np.array"),
    ("- learning_rate * slope", "- slope"),
    loses="clipped",
    hint="You clip after the multiplication with the learning rate, so that a step may be as long as the "
    "threshold. The gradient is clipped first.",
)
each_entry = slip(
    REFERENCE,
    (" and norm > threshold", ""),
    ("slope *= threshold / norm", "slope = np.clip(slope, -threshold, threshold)"),
    loses="clipped",
    hint="Each derivative is cut by itself. Here the norm of the two counts, and the direction stays.",
)
always_as_long = slip(
    REFERENCE,
    ("norm > threshold", "norm > 0 and threshold < math.inf"),
    loses="clipped",
    hint="Short gradients are made as long as the threshold. They stay as they are.",
)

rules = (
    told("`gradient(w, b)` takes two numbers", "the graded ones are others", "are finite"),
    rule("`start` is a pair", when=lambda gradient, start, *others: isinstance(start, tuple)),
    rule("`start` is a pair", when=lambda gradient, start, *others: isinstance(start, list)),
    rule(
        "`path[0]` is `start`",
        "`n_steps` is 0 or more",
        when=lambda gradient, start, rate, threshold, n_steps: n_steps == 0,
    ),
    rule(
        "`threshold` is `None`: no clipping",
        when=lambda gradient, start, rate, threshold, n_steps: threshold is None and n_steps,
    ),
    rule(
        "shortened to it, in its direction",
        "A step is then at most",
        when=lambda gradient, start, rate, threshold, n_steps: n_steps and 0 < threshold < 2,
        gives=lambda path: len(path) > 1,
    ),
    rule("A threshold that is a number and not above 0", gives=ValueError),
)
floats_anyway = equal(
    REFERENCE,
    ("start, dtype=np.float64", "start"),
    ("np.array(start, dtype=np.float64)", "start"),
    because="a rate times a slope is an array of floats, whatever the start is",
)
floats_as_they_come = equal(
    REFERENCE,
    ("(*path[-1]), dtype=np.float64", "(*path[-1])"),
    because="the derivatives are two floats",
)
at_the_threshold = equal(
    REFERENCE,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_as_pairs = equal(
    as_pairs,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_in_a_table = equal(
    in_a_table,
    ("= limit", " limit"),
    because="at the threshold itself the factor is 1",
)
a_list = equal(
    REFERENCE,
    ("np.array(path)", "path"),
    because="a list of pairs is an array of them as well",
)
a_tensor = equal(
    with_torch,
    (
        "nn.Parameter(torch.tensor(start, dtype=torch.float64))",
        "tensor(start, dtype=torch.float64)",
    ),
    because="the optimizer takes any leaf, and the gradient is given to it",
)
a_tensor_as_it_is = equal(
    with_torch,
    (".numpy()", ""),
    because="a tensor is an array as well",
)
