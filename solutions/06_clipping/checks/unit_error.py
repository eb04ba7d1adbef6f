"""unit_error: one recurrent unit, some steps, and how far its output is from 0.7."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

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
)
from autograder.authoring.comparing import Close

from .drawing import beside_the_wall


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield single units, grids of them, and few steps."""
    for steps in (2, 5, 11, 50):
        yield case("single", *_unit(rng), steps)
    yield case("single", float(rng.uniform(20, 30)), float(rng.uniform(20, 30)), 50)
    for low, high in ((4.6, 4.9), (4.9, 5.2)):  # where each step amplifies: float32 is wrong there
        w = float(rng.uniform(low, high))
        yield case("single", w, float(beside_the_wall(rng, w)), 50)
    yield case("grids", rng.uniform(-3, 4, size=(3, 1)), rng.uniform(-2, 2, size=4), 20)
    weights = rng.uniform(4.8, 5.2, size=3)
    yield case("grids", weights, beside_the_wall(rng, weights), 50)
    yield case("grids", rng.uniform(-3, 4, size=5), float(rng.uniform(-2, 2)), 7)
    yield case("grids", rng.uniform(-3, 4, size=(2, 3)), rng.uniform(-2, 2, size=(2, 3)), 3)
    yield case("grids", float(rng.uniform(-3, 4)), rng.uniform(-2, 2, size=(1, 2)), 50)
    for steps in (0, 1, 1):
        yield case("few", *_unit(rng), steps)
    yield case("few", rng.uniform(-3, 4, size=(3, 1)), rng.uniform(-2, 2, size=4), 0)
    yield case("few", rng.uniform(-3, 4, size=3), float(rng.uniform(-2, 2)), 0)
    yield case("few", float(rng.uniform(-3, 4)), rng.uniform(-2, 2, size=3), 0)
    yield case("few", rng.uniform(-3, 4, size=3), rng.uniform(-2, 2, size=3), 1)


def _unit(rng: np.random.Generator) -> tuple[float, float]:
    """Return a weight and a bias that amplify nothing much."""
    return float(rng.uniform(1, 3.5) * rng.choice([-1, 1])), float(rng.uniform(-2, 2))


check = Check(
    groups={
        "single": Group("single units", 1),
        "grids": Group("arrays of weights and biases, broadcast", 1),
        "few": Group("no steps, and one", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-9),
)


@alternative
def pair_by_pair(w, b, steps):
    ws, bs = np.broadcast_arrays(w, b)
    errors = np.empty(ws.shape)
    for place in np.ndindex(ws.shape):
        x = 0.5
        for _ in range(steps):
            x = ws[place] * (1 / (1 + math.exp(-x))) + bs[place]
        errors[place] = (1 / (1 + math.exp(-x)) - 0.7) ** 2
    return errors


@alternative
def by_half_a_tanh(w, b, steps):
    x = 0.5 + 0.0 * (w + b)
    for _ in range(steps):
        x = w * (0.5 + 0.5 * np.tanh(x / 2)) + b
    return np.square(0.5 + 0.5 * np.tanh(x / 2) - 0.7)


@alternative
def with_torch(w, b, steps):
    import torch

    w, b = torch.broadcast_tensors(*(torch.tensor(v, dtype=torch.float64) for v in (w, b)))
    x = torch.full_like(w, 0.5)
    for _ in range(steps):
        x = w * torch.sigmoid(x) + b
    return (torch.sigmoid(x) - 0.7) ** 2


with_tanh = slip(
    REFERENCE,
    ("w / (1 + np.exp(-x))", "w * np.tanh(x)"),
    ("1 / (1 + np.exp(-x))", "np.tanh(x)"),
    loses=("single", "grids", "few"),
    hint="You use tanh. In these questions it is the logistic function, as in the paper.",
)
state_for_output = slip(
    REFERENCE,
    ("1 / (1 + np.exp(-x)) - 0.7", "x - 0.7"),
    loses=("single", "grids", "few"),
    hint="The error compares x itself with 0.7. It is the output, sigma(x), that is to be 0.7.",
)
one_step_short = slip(
    REFERENCE,
    ("range(steps)", "range(steps - 1)"),
    loses=("single", "grids", "few"),
    hint="You take one step too few. steps = 1 leads to x_1.",
)
one_step_more = slip(
    REFERENCE,
    ("range(steps)", "range(steps + 1)"),
    loses=("single", "grids", "few"),
    hint="You take one step too many. steps = 0 leaves x_0 = 0.5, and steps = 1 leads to x_1.",
)
starts_in_zero = slip(
    REFERENCE,
    ("0.5", "0.0"),
    loses=("single", "grids", "few"),
    hint="These are the errors of a unit that starts in 0. x_0 is 0.5. (The nonlinearity outside, "
    "sigma(w x + b), gives the same numbers: here it is the form of the paper, w sigma(x) + b.)",
)
halved = slip(
    REFERENCE,
    ("return (", "return 0.5 * ("),
    loses=("single", "grids", "few"),
    hint="The error is the square of the distance from 0.7, without a factor 1/2.",
)
not_squared = slip(
    REFERENCE,
    ("(1 / (1 + np.exp(-x)) - 0.7) ** 2", "np.abs(1 / (1 + np.exp(-x)) - 0.7)"),
    loses=("single", "grids", "few"),
    hint="The error is the distance from 0.7. It is the square of that.",
)
one_number_for_no_steps = slip(
    REFERENCE,
    ("np.full(np.broadcast_shapes(np.shape(w), np.shape(b)), 0.5)", "0.5"),
    loses="few",
    hint="With 0 steps you return one number, whatever the shapes of w and b are. The answer has their "
    "broadcast shape also then.",
)


@misconception(
    "single",
    "grids",
    hint="The error is added up over all steps. Only that of the last step counts.",
)
def summed_over_steps(w, b, steps):
    x = np.full(np.broadcast_shapes(np.shape(w), np.shape(b)), 0.5)
    total = (1 / (1 + np.exp(-x)) - 0.7) ** 2 if steps == 0 else 0.0
    for _ in range(steps):
        x = w / (1 + np.exp(-x)) + b
        total = total + (1 / (1 + np.exp(-x)) - 0.7) ** 2
    return total


rules = (
    rule(
        "which are *broadcast* against one another",
        when=lambda w, b, steps: np.shape(w) == (3, 1) and np.ndim(b) == 1 and steps > 0,
    ),
    rule("Two numbers give a number", when=lambda w, b, steps: np.ndim(w) == np.ndim(b) == 0),
    rule(
        "`steps` is 0 or more",
        "0 steps leave $x_0$ itself",
        when=lambda w, b, steps: steps == 0 and np.ndim(w) + np.ndim(b) > 0,
    ),
    rule(
        "Compute in float64",
        when=lambda w, b, steps: steps == 50 and np.abs(b - 0.5 + w / (1 + math.exp(-0.5))) < 1e-4,
    ),
    rule("lie between -40 and 40", when=lambda w, b, steps: w >= 20),
)
either_order = equal(
    REFERENCE,
    ("(w), np.shape(b)", "(b), np.shape(w)"),
    because="shapes are broadcast in either order",
)
zeros = equal(
    by_half_a_tanh,
    ("+ 0.0", "- 0.0"),
    ("0 *", "0 /"),
    ("w +", "w -"),
    because="0 times any number, or divided by any but 0, is 0, and w + b and w - b have the same shape",
)
