"""add_weight_decay: a penalty on weights that spares biases."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="union-attr, var-annotated"

from __future__ import annotations

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
    rule,
    slip,
    told,
)

from .drawing import GRADIENTS, Params, draw_params

Answer = tuple[Any, Any]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models with and without direct connections, strong and weak decay, and none."""
    for V, m, window, h in ((2, 1, 2, 1), (4, 2, 2, 3), (9, 3, 3, 5), (20, 4, 2, 6)):
        yield _case("direct", rng, draw_params(rng, V, m, window, h, True), _decay(rng))
        yield _case("without", rng, draw_params(rng, V, m, window, h, False), _decay(rng))
    yield _case("direct", rng, draw_params(rng, 6, 2, 2, 3, True, "float32"), _decay(rng))
    for direct in (True, False):
        yield _case("edges", rng, draw_params(rng, 5, 2, 2, 3, direct), 0.0)
        yield _case("edges", rng, draw_params(rng, 5, 2, 2, 3, direct), -_decay(rng))


def _decay(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.05, 0.9))


def _case(group: str, rng: np.random.Generator, params: Params, decay: float) -> Case:
    grads = {
        name: None if value is None else rng.normal(size=value.shape).astype(value.dtype)
        for name, value in params.items()
    }
    return case(group, float(rng.uniform(0.5, 6)), grads, params, decay)


check = Check(
    groups={
        "direct": Group("models with direct connections", 1.5),
        "without": Group("models whose W is None", 1),
        "edges": Group("no decay, and a negative one", 0.5),
    },
    draw=draw,
    compare=GRADIENTS,
)


@alternative
def in_one_go(loss: float, grads: Any, params: Any, decay: float) -> Answer:
    if decay < 0:
        raise ValueError("decay")
    rates = {"C": decay, "H": decay, "d": 0, "U": decay, "W": decay, "b": 0}
    kept = {name: p for name, p in params.items() if p is not None}
    penalty = sum(rates[name] * np.vdot(p, p) for name, p in kept.items()) / 2
    new = {name: grads[name] + rates[name] * p for name, p in kept.items()}
    return loss + penalty, {**dict.fromkeys(params), **new}


@alternative
def with_loops(loss: float, grads: Any, params: Any, decay: float) -> Answer:
    if not decay >= 0:
        raise ValueError("a decay of 0 or more")
    result = {}
    for name in params:
        if params[name] is None:
            result[name] = None
            continue
        result[name] = np.array(grads[name])
        if name in ("b", "d"):
            continue
        for place in np.ndindex(params[name].shape):
            weight = float(params[name][place])
            loss += 0.5 * decay * weight * weight
            result[name][place] += decay * weight
    return loss, result


@alternative
def with_torch(loss: float, grads: Any, params: Any, decay: float) -> Answer:
    import torch

    if decay < 0:
        raise ValueError(decay)
    weights = {
        k: torch.tensor(v, dtype=torch.float32, requires_grad=True)
        for k, v in params.items()
        if k not in ("b", "d") and v is not None
    }
    penalty = decay / 2 * sum(w.square().sum() for w in weights.values())
    if penalty.requires_grad:
        penalty.backward()
    new = {}
    for name, grad in grads.items():
        extra = weights[name].grad.numpy() if name in weights else 0.0
        new[name] = None if grad is None else grad + extra
    return loss + penalty.item(), new


biases_too = slip(
    REFERENCE,
    ('("C", "H", "U", "W")', "params"),
    loses=("direct", "without"),
    hint="The biases are penalised too. Only the weights and the features in C are; d and b are "
    "spared.",
)
hidden_biases_too = slip(
    REFERENCE,
    ('"H", "U"', '"H", "d", "U"'),
    loses=("direct", "without"),
    hint="One kind of bias is penalised: the hidden layer has biases as well as the scores, d and b, "
    "and both are spared.",
)
features_spared = slip(
    REFERENCE,
    ('"C", "H", "U"', '"H", "U"'),
    loses=("direct", "without"),
    hint="The features in C are spared. The paper penalises them as well; otherwise C could grow "
    "while the other weights shrink, and nothing is gained.",
)
half_forgotten = slip(
    REFERENCE,
    ("decay / 2 *", "decay *"),
    loses=("direct", "without"),
    hint="The half is missing in the penalty. With it, the derivative of decay / 2 times a square is "
    "decay times the weight.",
)
half_in_the_gradient = slip(
    REFERENCE,
    ("decay * weights", "decay / 2 * weights"),
    loses=("direct", "without"),
    hint="The half of the penalty stands in its gradient too. The derivative of a square brings a "
    "factor of 2, which cancels it.",
)
doubled_in_the_gradient = slip(
    REFERENCE,
    ("decay * weights", "2 * decay * weights"),
    loses=("direct", "without"),
    hint="The gradient is that of a penalty without the half: decay times the weight is enough.",
)
gradient_subtracted = slip(
    REFERENCE,
    ("+= decay * weights", "-= decay * weights"),
    loses=("direct", "without"),
    hint="The gradient of the penalty is subtracted. It is part of the gradient of what is to be "
    "minimised, and added; the minus comes with the step.",
)
norms_not_squared = slip(
    REFERENCE,
    ("(weights**2).sum()", "np.sqrt((weights**2).sum())"),
    loses=("direct", "without"),
    hint="The penalty takes the norms of the arrays, not their squares. The sum of the squares of "
    "all entries has no root.",
)
loss_without_penalty = slip(
    REFERENCE,
    ("            loss += decay / 2 * float((weights**2).sum())\n", ""),
    loses=("direct", "without"),
    hint="The loss stays as it was. The penalty belongs to it as its gradient belongs to the "
    "gradients: a gradient check compares the two.",
)
number_of_numpy = equal(
    REFERENCE,
    ("float((weights**2).sum())", "(weights**2).sum()"),
    because="a number of numpy is a number",
)
none_is_left = equal(
    in_one_go,
    ("**dict.fromkeys(params)", "**params"),
    because="what is not None is replaced by what is new",
)
number_of_numpy_in_loops = equal(
    with_loops,
    ("float(params[name][place])", "params[name][place]"),
    because="a number of numpy is a number",
)
with_weights_always = equal(
    with_torch,
    (", dtype=torch.float32", ""),
    ("penalty.requires_grad", "True"),
    ("penalty.item()", "penalty"),
    because="there is always a C, float64 is more than is needed, and a tensor of one number is a "
    "number",
)

rules = (
    told("`params` and `grads` are dicts"),
    rule(
        "**The biases `d` and `b` are spared",
        "Mind the ½",
        when=lambda loss, grads, params, decay: decay > 0 and params["W"] is not None,
    ),
    rule(
        "A `W` that is `None` costs nothing",
        when=lambda loss, grads, params, decay: params["W"] is None,
    ),
    rule(
        "The new `grads` is a new dict of new arrays",
        when=lambda loss, grads, params, decay: decay == 0,
    ),
    rule("A negative `decay`", when=lambda loss, grads, params, decay: decay < 0, gives=ValueError),
)
