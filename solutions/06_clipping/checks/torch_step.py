"""torch_step: the order of a training step in torch."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    equal,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Answered, Close

WORDS, WINDOW = 5, 2


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield some steps in a row, with losses that are scaled up, or spoiled, here and there."""
    for n_steps in (2, 4, 6):
        factors = rng.uniform(0.3, 0.6, size=n_steps)
        factors[::2] *= 40
        yield _steps(rng, "steps", factors.tolist(), float(rng.uniform(0.6, 0.9)))
    yield _steps(rng, "steps", [1.0, 1.0, 1.0], math.inf)
    for value in (math.nan, math.inf, -math.inf):
        yield _steps(rng, "not finite", [0.5, value, 20.0, 0.5], float(rng.uniform(0.6, 0.9)))
    yield _steps(rng, "not finite", [math.nan], 1.0)
    for threshold in (0.0, -1.0, math.nan):
        yield _steps(rng, "refused", [1.0], threshold)
    accepted = _steps(rng, "refused", [0.5], 1e3)
    yield replace(accepted, compare=Answered())  # what it comes to is the other groups' business


def _steps(rng: np.random.Generator, group: str, factors: list[float], threshold: float) -> Case:
    params = {
        "votes": rng.normal(size=(WINDOW, WORDS, WORDS)) * 0.5,
        "bias": rng.normal(size=WORDS) * 0.5,
    }
    batches = [
        (rng.integers(WORDS, size=(6, WINDOW)), rng.integers(WORDS, size=6)) for _ in factors
    ]
    args = (params, batches, factors, float(rng.uniform(0.3, 0.6)), threshold)
    return Case(group, args, probe="torch steps")


check = Check(
    groups={
        "steps": Group("steps one after another, with long and short gradients", 2),
        "not finite": Group("gradients with a nan or an infinity in them", 1),
        "refused": Group("thresholds that are refused, and a large one that is not", 1),
    },
    draw=draw,
    compare=Close(rtol=2e-5, per_array=True),
    seconds_per_case=10.0,
)


@alternative
def by_hand(module, optimizer, loss, threshold):
    import torch

    if math.isnan(threshold) or threshold <= 0:
        raise ValueError("threshold")
    for p in module.parameters():
        p.grad = None
    loss.backward()
    grads = [p.grad for p in module.parameters() if p.grad is not None]
    norm = torch.sqrt(sum((g**2).sum() for g in grads))
    if bool(torch.isfinite(norm)):
        for g in grads:
            g *= min(1.0, threshold / norm)
        optimizer.step()
    return norm.item()


@alternative
def without_the_optimizer(module, optimizer, loss, threshold):
    import torch

    if not threshold > 0:
        raise ValueError("threshold")
    rate = optimizer.param_groups[0]["lr"]
    parameters = [p for p in module.parameters() if p.requires_grad]
    grads = torch.autograd.grad(loss, parameters, allow_unused=True)
    used = [(p, g) for p, g in zip(parameters, grads, strict=True) if g is not None]
    norm = float(torch.linalg.vector_norm(torch.cat([g.flatten() for _, g in used])))
    if math.isfinite(norm):
        with torch.no_grad():
            for p, g in used:
                p -= rate * g * (threshold / norm if norm > threshold else 1.0)
    return norm


@alternative
def set_to_zero(module, optimizer, loss, threshold):
    import torch

    if not threshold > 0:
        raise ValueError("threshold")
    module.zero_grad(set_to_none=False)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(module.parameters(), max_norm=threshold)
    if torch.isnan(norm) or torch.isinf(norm):
        return norm
    optimizer.step()
    return norm


old_gradients_kept = slip(
    REFERENCE,
    ("    optimizer.zero_grad()\n", ""),
    loses=("steps", "not finite"),
    hint="Gradients of the loss before are still there: backward adds to what is in .grad. Set it to zero "
    "first.",
    overflows=True,
)
clipped_too_late = slip(
    REFERENCE,
    ("threshold))", "math.inf))"),
    (
        "    return norm",
        "    torch.nn.utils.clip_grad_norm_(module.parameters(), threshold)\n    return norm",
    ),
    loses=("steps", "not finite"),
    hint="The step is taken with an unclipped gradient: you clip after it. The order is: old gradients "
    "away, backward, clip, step.",
    overflows=True,
)
each_by_its_own = slip(
    REFERENCE,
    (
        "threshold))\n",
        (
            "math.inf))\n"
            "    for p in module.parameters():\n"
            "        torch.nn.utils.clip_grad_norm_([p], threshold)\n"
        ),
    ),
    loses=("steps", "not finite"),
    hint="You clip each parameter by its own norm. clip_grad_norm_ is called once, with all of them.",
    overflows=True,
)
by_value = slip(
    REFERENCE,
    (
        "threshold))\n",
        "math.inf))\n    torch.nn.utils.clip_grad_value_(module.parameters(), threshold)\n",
    ),
    loses=("steps", "not finite"),
    hint="clip_grad_value_ cuts every entry by itself. Here the joint norm is clipped.",
    overflows=True,
)
norm_after_clipping = slip(
    REFERENCE,
    ("optimizer.step()\n", "optimizer.step()\n        norm = min(norm, threshold)\n"),
    loses=("steps", "not finite"),
    hint="You return the norm after clipping. clip_grad_norm_ returns the one before.",
    overflows=True,
)
always_steps = slip(
    REFERENCE,
    ("    if math.isfinite(norm):\n        optimizer.step()\n", "    optimizer.step()\n"),
    loses="not finite",
    hint="The step is taken although the norm is nan or infinite, and all parameters are spoiled by it. "
    "Look at the norm before you step.",
    overflows=True,
)
never_steps = slip(
    REFERENCE,
    ("    if math.isfinite(norm):\n        optimizer.step()\n", ""),
    loses=("steps", "not finite"),
    hint="No step is taken: the parameters stay where they are. optimizer.step() is missing.",
    overflows=True,
)

rules = (
    told("`module` is a `torch.nn.Module`", "random step is the other way"),
    rule(
        "**Here everything happens in place**",
        "Gradients of an older loss",
        "The gradient of all parameters *jointly*",
        "A parameter that the loss does not depend on",
        when=lambda params, batches, factors, rate, threshold: (
            len(factors) > 1 and np.isfinite(factors).all() and threshold < 1
        ),
    ),
    rule(
        "**If the norm is `nan`",
        when=lambda params, batches, factors, rate, threshold: np.isnan(factors).any(),
    ),
    rule(
        "or infinite, no step is taken**",
        when=lambda params, batches, factors, rate, threshold: np.isinf(factors).any(),
    ),
    rule(
        "A threshold that is not above 0",
        when=lambda params, batches, factors, rate, threshold: threshold <= 0,
        gives=ValueError,
    ),
    rule(
        "`math.inf` is allowed",
        when=lambda params, batches, factors, rate, threshold: threshold == math.inf,
    ),
)
a_tensor = equal(
    REFERENCE,
    (
        "float(torch.nn.utils.clip_grad_norm_(module.parameters(), threshold))",
        "torch.nn.utils.clip_grad_norm_(module.parameters(), threshold)",
    ),
    because="a tensor with one number is one, and compares as one",
)
a_tensor_by_hand = equal(
    by_hand,
    ("bool(torch.isfinite(norm))", "torch.isfinite(norm)"),
    (".item()", ""),
    because="a tensor with one number is one, and compares as one",
)
a_tensor_without_the_optimizer = equal(
    without_the_optimizer,
    (
        "float(torch.linalg.vector_norm(torch.cat([g.flatten() for _, g in used])))",
        "torch.linalg.vector_norm(torch.cat([g.flatten() for _, g in used]))",
    ),
    because="a tensor with one number is one, and compares as one",
)
either_order = equal(
    by_hand,
    ("1.0, threshold / norm", "threshold / norm, 1.0"),
    because="the norm is finite where this is asked",
)
one_group = equal(
    without_the_optimizer,
    ("[0]", "[-1]"),
    because="the optimizer has one group: it is on all parameters",
)
all_learned = equal(
    without_the_optimizer,
    ("() if p.requires_grad", "()"),
    because="every parameter of the module is one that learns",
)
as_many = equal(
    without_the_optimizer,
    (", strict=True", ""),
    ("strict=True", "strict=False"),
    because="there are as many gradients as parameters",
)
at_the_threshold = equal(
    without_the_optimizer,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
none_or_zeros = equal(
    set_to_zero,
    ("set_to_none=False", ""),
    ("False", "True"),
    because="a gradient of None and one of zeros come to the same here: nothing is added, and plain SGD moves nothing",
)
