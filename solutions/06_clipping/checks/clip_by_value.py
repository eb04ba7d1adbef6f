"""clip_by_value: every entry by itself."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
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
from autograder.authoring.comparing import Close

from .drawing import (
    SHAPES,
    Grads,
    draw_grads,
    fresh,
    plain_gradients,
    spoiled,
)
from .outcomes import Fresh


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield gradients of which some entries are large, some that are not finite, and bad limits."""
    for grads in plain_gradients(rng, rng.uniform(3, 9, size=4).tolist()):
        yield fresh("clipped", grads, _between(rng, grads))
    grads = draw_grads(rng, float(rng.uniform(3, 9)), dtype="float32")
    yield fresh("clipped", grads, _between(rng, grads))
    yield fresh("clipped", draw_grads(rng, 1e200), 2.0)
    for limit in (100.0, math.inf):
        yield fresh("short", draw_grads(rng, float(rng.uniform(3, 9))), limit)
    yield fresh("short", {}, 1.0)
    yield fresh("short", {"W": np.zeros((2, 2)), "scale": np.array(0.0)}, 1)
    for value in (math.nan, math.inf, -math.inf, math.nan):
        grads = spoiled(rng, draw_grads(rng, 6.0), value, str(rng.choice(list(SHAPES))))
        yield fresh("not finite", grads, 0.4)
    for limit in (0.0, -1.0, math.nan):
        yield case("refused", draw_grads(rng, 2.0), limit)
    yield case("refused", {}, -0.5)
    yield case("refused", draw_grads(rng, 2.0), -math.inf)
    yield fresh("refused", {}, 1e-9)


def _between(rng: np.random.Generator, grads: dict[str, np.ndarray]) -> float:
    """Return a limit that a third of the entries or more is above, and as many are below."""
    sizes = np.abs(np.concatenate([grad.ravel() for grad in grads.values()]))
    return float(np.quantile(sizes, rng.uniform(0.35, 0.65)))


check = Check(
    groups={
        "clipped": Group("gradients of which some entries are above the limit", 1),
        "short": Group("gradients within the limit, zeros and none", 0.5),
        "not finite": Group("nan and infinity in one entry", 1),
        "refused": Group("limits that are refused, and a small one that is not", 0.5),
    },
    draw=draw,
    compare=Fresh(Close(rtol=1e-5, per_array=True)),
)


@alternative
def with_minimum_and_maximum(grads, limit):
    if np.isnan(limit) or limit <= 0:
        raise ValueError("limit")
    for g in grads.values():
        if np.isnan(g).any() or np.isinf(g).any():
            return {k: np.copy(v) for k, v in grads.items()}
    return {k: np.maximum(np.minimum(v, limit), -limit) for k, v in grads.items()}


@alternative
def in_a_loop(grads, limit):
    if not limit > 0:
        raise ValueError("limit")
    finite = all(math.isfinite(x) for g in grads.values() for x in np.ravel(g))
    clipped = {}
    for k, g in grads.items():
        new = np.array(g, dtype=float)
        if finite:
            for place in np.ndindex(new.shape):
                new[place] = max(-limit, min(limit, new[place]))
        clipped[k] = new
    return clipped


@alternative
def with_torch(grads, limit):
    import torch

    if not limit > 0:
        raise ValueError("limit")
    tensors = {k: torch.tensor(g).double() for k, g in grads.items()}
    if not all(t.isfinite().all() for t in tensors.values()):
        return tensors
    return {k: t.clamp(-limit, limit) for k, t in tensors.items()}


@alternative
def by_signs(grads, limit):
    if not limit > 0:
        raise ValueError("limit")
    copies = {k: np.array(g) for k, g in grads.items()}
    if not all(np.isfinite(g).all() for g in copies.values()):
        return copies
    return {k: np.sign(g) * np.minimum(np.abs(g), limit) for k, g in copies.items()}


scaled_by_the_norm = slip(
    REFERENCE,
    (
        "    return {name: np.clip(grad, -limit, limit)",
        (
            "    norm = math.hypot(*(x for grad in arrays.values() for x in np.ravel(grad)))\n"
            "    return {name: grad * (limit / norm) if norm > limit else grad"
        ),
    ),
    loses="clipped",
    hint="You scale by a norm, which keeps the direction. Asked for is to cut every entry by itself.",
)
scaled_by_the_largest = slip(
    REFERENCE,
    ("np.clip(grad, -limit, limit)", "grad * min(1.0, limit / max(np.abs(grad).max(), 1e-300))"),
    loses="clipped",
    hint="You scale an array so that its largest entry is the limit. Asked for is to cut every entry by "
    "itself: small ones stay as they are.",
)
one_side_only = slip(
    REFERENCE,
    ("np.clip(grad, -limit, limit)", "np.minimum(grad, limit)"),
    loses="clipped",
    hint="Entries far below 0 are not cut: the limit holds on both sides, from -limit to limit.",
)
sign_lost = slip(
    REFERENCE,
    ("np.clip(grad, -limit, limit)", "np.where(np.abs(grad) > limit, limit, grad)"),
    loses="clipped",
    hint="Large negative entries lose their sign: they become the limit, and must become minus the "
    "limit. With the wrong sign a step goes uphill.",
)
set_to_zero = slip(
    REFERENCE,
    ("np.clip(grad, -limit, limit)", "np.where(np.abs(grad) > limit, 0, grad)"),
    loses="clipped",
    hint="Entries beyond the limit become 0. They are cut to the limit, not thrown away.",
)
infinity_hidden = slip(
    REFERENCE,
    (
        (
            "    if not all(np.isfinite(grad).all() for grad in arrays.values()):\n"
            "        return arrays\n"
        ),
        "",
    ),
    loses="not finite",
    hint="An infinite entry is cut to the limit like any other, or the other entries are clipped beside "
    "a nan. Where one entry is not finite, nothing is clipped: whoever comes next has to see it.",
    overflows=True,
)
replaced_by_numbers = slip(
    REFERENCE,
    ("np.array(grad)", "np.nan_to_num(grad)"),
    loses="not finite",
    hint="nan and infinity are replaced by numbers (np.nan_to_num does that). They must stay, so that "
    "whoever comes next can see that something went wrong.",
    overflows=True,
)
only_nan_looked_for = slip(
    REFERENCE,
    ("not all(np.isfinite(grad).all()", "any(np.isnan(grad).any()"),
    loses="not finite",
    hint="You look for nan, and not for infinity, which is hidden behind the limit then.",
    overflows=True,
)
array_by_array = slip(
    REFERENCE,
    (
        (
            "    if not all(np.isfinite(grad).all() for grad in arrays.values()):\n"
            "        return arrays\n"
        ),
        "",
    ),
    (
        "np.clip(grad, -limit, limit)",
        "np.clip(grad, -limit, limit) if np.isfinite(grad).all() else grad",
    ),
    loses="not finite",
    hint="You look at each array by itself: those that are finite are clipped, though another one is "
    "not. Where one entry of any array is not finite, nothing is clipped.",
    overflows=True,
)
in_place = slip(
    REFERENCE,
    (
        "    return {",
        (
            "    for grad in grads.values():\n"
            "        np.clip(grad, -limit, limit, out=grad)\n"
            "    return {"
        ),
    ),
    loses="clipped",
    hint="You write into the arrays that came (out=, or g[...] = ...). The caller still needs them: "
    "return new ones.",
)
same_arrays_back = slip(
    REFERENCE,
    ("return arrays", "return dict(grads)"),
    (
        "    return {",
        (
            "    if all((np.abs(grad) <= limit).all() for grad in grads.values()):\n"
            "        return dict(grads)\n"
            "    return {"
        ),
    ),
    loses=("short", "not finite"),
    hint="Where nothing is clipped you return the arrays that came. Return copies, here too: whoever "
    "writes into the answer would change the caller's gradients.",
    overflows=True,
)

rules = (
    rule("**If any entry of any array is `nan`", when=lambda grads, limit: _holds(grads, np.isnan)),
    rule("or infinite, nothing is clipped**", when=lambda grads, limit: _holds(grads, np.isinf)),
    told("An infinite entry that is turned into", "What to do then"),
    rule("No arrays: an empty dict", when=lambda grads, limit: not grads and limit > 0),
)


def _holds(grads: Grads, kind: Callable[..., Any]) -> bool:
    """Return whether an entry is of a kind."""
    return any(kind(grad).any() for grad in grads.values())


either_order = equal(
    REFERENCE,
    ("grad, -limit", "-limit, grad"),
    because="what is larger, or smaller, of two finite numbers does not depend on their order",
)
either_order_with_minimum_and_maximum = equal(
    with_minimum_and_maximum,
    ("np.minimum(v, limit), -limit", "-limit, np.minimum(v, limit)"),
    ("v, limit", "limit, v"),
    because="what is larger, or smaller, of two finite numbers does not depend on their order",
)
either_order_in_a_loop = equal(
    in_a_loop,
    ("-limit, min(limit, new[place])", "min(limit, new[place]), -limit"),
    ("limit, new[place]", "new[place], limit"),
    because="what is larger, or smaller, of two finite numbers does not depend on their order",
)
either_order_by_signs = equal(
    by_signs,
    ("np.abs(g), limit", "limit, np.abs(g)"),
    because="what is larger, or smaller, of two finite numbers does not depend on their order",
)
in_float32_in_a_loop = equal(
    in_a_loop,
    (", dtype=float", ""),
    because="the limit is rounded to 1e-7 of itself where float32 comes",
)
in_float32_with_torch = equal(
    with_torch,
    (".double()", ""),
    because="the limit is rounded to 1e-7 of itself where float32 comes",
)
