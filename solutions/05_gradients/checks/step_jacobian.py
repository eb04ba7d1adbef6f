"""step_jacobian: the derivative of a state with respect to the one before it."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

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
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .drawing import draw_weights, saturated


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield steps of networks of several sizes, with each of the nonlinearities."""
    for H, dtype in ((2, "float64"), (3, "float64"), (5, "float32"), (1, "float64")):
        W_h = draw_weights(rng, H).astype(dtype)
        yield case("tanh", W_h, rng.uniform(-0.9, 0.9, size=H).astype(dtype), "tanh")
        yield case("logistic", W_h, rng.uniform(0.1, 0.9, size=H).astype(dtype), "logistic")
    yield case("tanh", draw_weights(rng, 4).astype("float32"), saturated(rng, np.empty(4)), "tanh")
    yield case(
        "tanh", draw_weights(rng, 3), rng.choice([-1, 1], 3) * rng.uniform(0.95, 1, 3), "tanh"
    )
    near_the_ends = np.where(rng.random(4) < 0.5, 0.0, 0.95) + rng.uniform(0.005, 0.045, 4)
    yield case("logistic", draw_weights(rng, 4), near_the_ends, "logistic")
    for H in (2, 4):
        yield case("others", draw_weights(rng, H), rng.normal(size=H), "identity")
        h_t = np.array([0.0, *rng.uniform(0.2, 2, size=H)])
        yield case("others", draw_weights(rng, H + 1), rng.permutation(h_t), "relu")
    unknown = str(rng.choice(["softsign", "cube", "sine"]))
    yield case("others", draw_weights(rng, 2), rng.uniform(-0.9, 0.9, size=2), unknown)


check = Check(
    groups={
        "tanh": Group("steps through tanh", 1),
        "logistic": Group("steps through the logistic function", 1),
        "others": Group("the rectifier, no nonlinearity, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def with_diag(W_h, h_t, activation):
    slope_of = {
        "tanh": lambda h: 1 - h * h,
        "logistic": lambda h: h - h * h,
        "relu": lambda h: np.heaviside(h, 0.0),
        "identity": lambda h: h**0,
    }
    if activation not in slope_of:
        raise ValueError(f"unknown activation {activation}")
    return np.diag(slope_of[activation](h_t.astype(float))) @ np.transpose(W_h)


@alternative
def with_loops(W_h, h_t, activation):
    rows = []
    for i, h in enumerate(map(float, h_t)):
        match activation:
            case "tanh":
                slope = 1 / math.cosh(math.atanh(h)) ** 2
            case "logistic":
                slope = h * (1 - h)
            case "relu":
                slope = 1 if h > 0 else 0
            case "identity":
                slope = 1
            case _:
                raise ValueError("no such activation")
        rows.append([slope * W_h[j][i] for j in range(len(h_t))])
    return rows


@alternative
def by_torch(W_h, h_t, activation):
    import torch

    phi = {
        "tanh": (torch.tanh, torch.atanh),
        "logistic": (torch.sigmoid, torch.logit),
        "relu": (torch.relu, lambda h: h),
        "identity": (lambda a: a, lambda h: h),
    }
    if activation not in phi:
        raise ValueError(activation)
    there, back = phi[activation]
    W, h = torch.tensor(W_h).double(), torch.tensor(h_t).double()
    before = torch.zeros(len(h)).double()
    rest = back(h)  # what the inputs and biases have to be, for a state before it of zeros
    return torch.autograd.functional.jacobian(lambda x: there(x @ W + rest), before)


transposed = slip(
    REFERENCE,
    ("slopes[:, None]", "slopes"),
    (".T", ""),
    loses=("tanh", "logistic", "others"),
    hint="Your matrix is the transpose of the Jacobian: its columns belong to the state after the "
    "step. In numerator layout these are the rows.",
)
weights_not_transposed = slip(
    REFERENCE,
    (".T", ""),
    loses=("tanh", "logistic", "others"),
    hint="W_h stands the wrong way round, though the slopes are where they belong. The state is a "
    "row, h @ W_h, so h[j] gets to unit i through W_h[j, i].",
)
slopes_on_columns = slip(
    REFERENCE,
    ("slopes[:, None]", "slopes"),
    loses=("tanh", "logistic", "others"),
    hint="Your slopes multiply the columns of the matrix, as in 002's eq. 5, where the nonlinearity "
    "stands inside. Here it stands outside: a slope belongs to the unit after the step.",
)
no_slopes = slip(
    REFERENCE,
    ("slopes[:, None] * ", ""),
    loses=("tanh", "logistic", "others"),
    hint="The slopes of the nonlinearity are missing. What you return is the Jacobian of the linear "
    "network.",
)
always_tanh = slip(
    REFERENCE,
    ("slopes[:, None]", "(1 - h**2)[:, None]"),
    loses=("logistic", "others"),
    hint="You take the slope of tanh, 1 - h^2, whatever the activation is.",
)
slope_of_a_squashed_state = slip(
    REFERENCE,
    ("1 - h**2", "1 - np.tanh(h) ** 2"),
    ("h * (1 - h)", "np.exp(-h) / (1 + np.exp(-h)) ** 2"),
    loses=("tanh", "logistic"),
    hint="You apply the nonlinearity to h_t once more before you take the slope. The state h_t is "
    "what it returned: its slope is to be written in terms of that.",
)
largest_slope = slip(
    REFERENCE,
    ("slopes[:, None]", '(0.25 if activation == "logistic" else 1.0)'),
    loses=("tanh", "logistic", "others"),
    hint="In place of each unit's slope you take the largest that the nonlinearity has, gamma. That "
    "bounds the Jacobian; it is not the Jacobian.",
)
one_minus_h_squared = slip(
    REFERENCE,
    ("1 - h**2", "(1 - h) ** 2"),
    loses="tanh",
    hint="Your slope of tanh is (1 - h)^2. It is 1 - h^2.",
)
rectifier_by_its_value = slip(
    REFERENCE,
    ("np.where(h > 0, 1.0, 0.0)", "np.maximum(h, 0.0)"),
    loses="others",
    hint="The rectifier's slope is 1 where it is on and 0 where it is off; you multiply by what it "
    "returned.",
)
truth_values = equal(
    REFERENCE,
    ("h > 0, 1.", "1.0, h > "),
    ("np.where(h > 0, 1.0, 0.0)", "h > 0"),
    because="True counts as 1 in a product, and False as 0",
)
in_float32 = equal(
    by_torch,
    ("(h_t).double()", "(h_t)"),
    because="what atanh makes of a state of float32 is as good as the state, and the slope is taken in float64",
)

rules = (
    told("`h_t` has shape `(H,)`"),
    rule(
        "It is the state **after** the step",
        '`activation` says what $\\phi$ is: `"tanh"`',
        when=lambda W_h, h_t, activation: activation == "tanh",
    ),
    rule('`"logistic"`, $1/(1', when=lambda W_h, h_t, activation: activation == "logistic"),
    rule(
        "whose slope counts as 0 where `h_t` is 0",
        when=lambda W_h, h_t, activation: activation == "relu" and 0 in h_t,
    ),
    rule('or `"identity"`', when=lambda W_h, h_t, activation: activation == "identity"),
    rule("Anything else raises `ValueError`", gives=ValueError),
)
