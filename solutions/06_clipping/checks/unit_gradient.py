"""unit_gradient: how the error of one recurrent unit follows its weight and its bias."""

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
    """Yield units on smooth ground, grids, few steps, and units on the wall."""
    for steps in (2, 3, 5, 8):
        yield case("smooth", *_unit(rng), steps)
    yield case("smooth", float(rng.uniform(2, 3)), float(rng.uniform(-0.5, 0)), 50)
    yield case("grids", rng.uniform(-3, 3, size=(3, 1)), rng.uniform(-1, 1, size=4), 6)
    yield case("grids", rng.uniform(-3, 3, size=5), float(rng.uniform(-1, 1)), 4)
    yield case("grids", rng.uniform(-3, 3, size=(2, 3)), rng.uniform(-1, 1, size=(2, 3)), 3)
    for steps in (1, 1):
        yield case("few", *_unit(rng), steps)
    yield case("few", *_unit(rng), 0)
    yield case("few", rng.uniform(-3, 3, size=(3, 1)), rng.uniform(-1, 1, size=4), 0)
    yield case("few", rng.uniform(-3, 3, size=3), rng.uniform(-1, 1, size=3), 1)
    for low, high in ((4.6, 4.8), (4.8, 5.0), (5.0, 5.2)):
        w = float(rng.uniform(low, high))
        yield case("wall", w, float(beside_the_wall(rng, w)), 50)
    w = rng.uniform(4.6, 5.2, size=4)
    yield case("wall", w, beside_the_wall(rng, w), 50)
    w = float(rng.uniform(4.6, 5.0))
    yield case("wall", w, 0.5 - w / (1 + math.exp(-0.5)), 50)


def _unit(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(1, 3) * rng.choice([-1, 1])), float(rng.uniform(-1, 1))


check = Check(
    groups={
        "smooth": Group("single units on smooth ground", 2),
        "grids": Group("arrays of weights and biases, broadcast", 1),
        "few": Group("no steps, and one", 1),
        "wall": Group("units on the wall", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-8),
)


@alternative
def backwards(w, b, steps):
    states = [np.full(np.broadcast_shapes(np.shape(w), np.shape(b)), 0.5)]
    for _ in range(steps):
        states.append(w / (1 + np.exp(-states[-1])) + b)
    outputs = [1 / (1 + np.exp(-x)) for x in states]
    signal = 2 * (outputs[-1] - 0.7) * outputs[-1] * (1 - outputs[-1])
    by_w, by_b = np.zeros_like(signal), np.zeros_like(signal)
    for s in reversed(outputs[:-1]):
        by_w, by_b = by_w + signal * s, by_b + signal
        signal = signal * w * s * (1 - s)
    return by_w, by_b


@alternative
def pair_by_pair(w, b, steps):
    ws, bs = np.broadcast_arrays(w, b)
    by_w_and_b = np.empty(ws.shape), np.empty(ws.shape)
    for place in np.ndindex(ws.shape):
        x, by_w, by_b = 0.5, 0.0, 0.0
        for _ in range(steps):
            s = 1 / (1 + math.exp(-x))
            on = ws[place] * s * (1 - s)
            by_w, by_b = s + on * by_w, 1 + on * by_b
            x = ws[place] * s + bs[place]
        s = 1 / (1 + math.exp(-x))
        by_w_and_b[0][place] = 2 * (s - 0.7) * s * (1 - s) * by_w
        by_w_and_b[1][place] = 2 * (s - 0.7) * s * (1 - s) * by_b
    return by_w_and_b


@alternative
def with_torch(w, b, steps):
    import torch

    w, b = torch.broadcast_tensors(*(torch.tensor(v, dtype=torch.float64) for v in (w, b)))
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    x = 0.5 + 0 * (w + b)
    for _ in range(steps):
        x = w * torch.sigmoid(x) + b
    ((torch.sigmoid(x) - 0.7) ** 2).sum().backward()
    return [w.grad, b.grad]


last_step_only = slip(
    REFERENCE,
    (" + handed_on * x_by_w", ""),
    (" + handed_on * x_by_b", ""),
    loses=("smooth", "grids", "wall"),
    hint="Only the last step counts in your version: what the parameters did at earlier steps, and what "
    "the state handed on of it, is left out.",
)
first_step_only = slip(
    REFERENCE,
    ("for _", "for step"),
    ("output + handed_on * x_by_w", "handed_on * x_by_w if step else output"),
    ("1 + handed_on * x_by_b", "handed_on * x_by_b if step else 1"),
    loses=("smooth", "grids", "wall"),
    hint="Only the first step counts in your version, handed on to the end. Each step adds what the "
    "parameters do there.",
)
output_slope_missing = slip(
    REFERENCE,
    ("(output - 0.7) * output * (1 - output)", "(output - 0.7)"),
    loses=("smooth", "grids", "few", "wall"),
    hint="The way from x to the output is missing: the error is about sigma(x), whose derivative is one "
    "more factor.",
)
factor_two_missing = slip(
    REFERENCE,
    ("2 * (output", "(output"),
    loses=("smooth", "grids", "few", "wall"),
    hint="The factor 2 of the square is missing.",
)
sign_turned = slip(
    REFERENCE,
    ("output - 0.7", "0.7 - output"),
    loses=("smooth", "grids", "few", "wall"),
    hint="The gradient points the other way: it is the derivative of the error, with the output minus "
    "0.7. The minus of a descent belongs to the step.",
)
exchanged = slip(
    REFERENCE,
    ("by_x * x_by_w, by_x * x_by_b", "by_x * x_by_b, by_x * x_by_w"),
    loses=("smooth", "grids", "few", "wall"),
    hint="The two derivatives are exchanged: first that by w, then that by b.",
)
slope_of_the_new_state = slip(
    REFERENCE,
    (
        "handed_on = w * output * (1 - output)",
        "new = 1 / (1 + np.exp(-(w * output + b)))\n        handed_on = w * new * (1 - new)",
    ),
    loses=("smooth", "grids", "wall"),
    hint="You take the slope of the new state where that of the state before is meant: sigma' stands at "
    "x_{t-1}, from which the step starts.",
)
weight_missing = slip(
    REFERENCE,
    ("w * output * (1", "output * (1"),
    loses=("smooth", "grids", "wall"),
    hint="The weight is missing where the state hands on: the derivative of w sigma(x) by x is w times "
    "sigma'(x).",
)
state_for_output = slip(
    REFERENCE,
    ("x_by_w = output", "x_by_w = x"),
    loses=("smooth", "grids", "few", "wall"),
    hint="The derivative by w has the state x where its output, sigma(x), belongs: w is multiplied with "
    "sigma(x).",
)


@misconception(
    "wall",
    hint="This is a difference quotient. It does on smooth ground; on the wall the curvature explodes "
    "together with the gradient, and the quotient is that of another place. Use the chain rule.",
)
def by_differences(w, b, steps):
    def error(w, b):
        x = np.full(np.broadcast_shapes(np.shape(w), np.shape(b)), 0.5)
        for _ in range(steps):
            x = w / (1 + np.exp(-x)) + b
        return (1 / (1 + np.exp(-x)) - 0.7) ** 2

    eps = 1e-4
    return (
        (error(w + eps, b) - error(w - eps, b)) / (2 * eps),
        (error(w, b + eps) - error(w, b - eps)) / (2 * eps),
    )


in_float32 = slip(
    REFERENCE,
    ("    shape =", "    w, b = np.float32(w), np.float32(b)\n    shape ="),
    ("np.full(shape, 0.5)", "np.full(shape, np.float32(0.5))"),
    loses="wall",
    hint="You compute in float32. On the wall each step multiplies the rounding errors as it multiplies "
    "the gradient, and seven digits are not enough.",
)
one_number_for_no_steps = slip(
    REFERENCE,
    ("np.full(shape, 0.5), np.zeros(shape), np.zeros(shape)", "0.5, 0.0, 0.0"),
    loses="few",
    hint="With 0 steps your answer is one 0 for each parameter, whatever the shapes of w and b are. Both "
    "parts have the broadcast shape also then.",
)


def _off_the_wall(w: float, b: float) -> float:
    """Return how far b is from that with which 0.5 is a fixed point."""
    return abs(b - 0.5 + w / (1 + math.exp(-0.5)))


rules = (
    rule(
        "both parts of the answer have the broadcast shape",
        when=lambda w, b, steps: np.shape(w) == (3, 1) and np.ndim(b) == 1 and steps > 0,
    ),
    rule("After 0 steps both are 0", when=lambda w, b, steps: steps == 0),
    rule("Some of the cases lie *on the wall*", when=lambda w, b, steps: _off_the_wall(w, b) == 0),
    rule(
        "or beside it",
        "They stay where that amplifies",
        "Float32 is not",
        when=lambda w, b, steps: steps == 50 and 0 < _off_the_wall(w, b) < 1e-4,
    ),
)
either_order = equal(
    REFERENCE,
    ("(w), np.shape(b)", "(b), np.shape(w)"),
    because="shapes are broadcast in either order",
)
either_order_backwards = equal(
    backwards,
    ("(w), np.shape(b)", "(b), np.shape(w)"),
    because="shapes are broadcast in either order",
)
a_new_tensor = equal(
    with_torch,
    ("w.clone().", "w."),
    ("b.clone().", "b."),
    because="w and b are written nowhere, so that they need not be copied",
)
zeros = equal(
    with_torch,
    ("+ 0", "- 0"),
    ("0 *", "0 /"),
    ("w +", "w -"),
    because="0 times any number, or divided by any but 0, is 0, and w + b and w - b have the same shape",
)
