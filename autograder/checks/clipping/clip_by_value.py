"""clip_by_value: every entry by itself."""

# Wrong and right ways are written as students write.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.checking import Case, Check, Group, case, correct_way, misconception
from autograder.checks.clipping.drawing import (
    SHAPES,
    draw_grads,
    fresh,
    plain_gradients,
    spoiled,
)
from autograder.checks.clipping.outcomes import Fresh
from autograder.comparing import Close


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


def _between(rng: np.random.Generator, grads: dict[str, np.ndarray]) -> float:
    """Return a limit that a third of the entries or more is above, and as many are below."""
    sizes = np.abs(np.concatenate([grad.ravel() for grad in grads.values()]))
    return float(np.quantile(sizes, rng.uniform(0.35, 0.65)))


check = Check(
    groups={
        "clipped": Group("gradients of which some entries are above the limit", 1),
        "short": Group("gradients within the limit, zeros and none", 0.5),
        "not finite": Group("nan and infinity in one entry", 1),
        "refused": Group("limits that are refused", 0.5),
    },
    draw=draw,
    compare=Fresh(Close(rtol=1e-5, per_array=True)),
)


@misconception(
    "clipped",
    hint="You scale by a norm, which keeps the direction. Asked for is to cut every entry by itself.",
)
def scaled_by_the_norm(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    grads = {k: np.array(g) for k, g in grads.items()}
    norm = math.hypot(*(float(x) for g in grads.values() for x in np.ravel(g)))
    if not math.isfinite(norm) or any(np.isnan(g).any() for g in grads.values()) or norm <= limit:
        return grads
    return {k: g * (limit / norm) for k, g in grads.items()}


@misconception(
    "clipped",
    hint="You scale an array so that its largest entry is the limit. Asked for is to cut every entry by "
    "itself: small ones stay as they are.",
)
def scaled_by_the_largest(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    grads = {k: np.array(g) for k, g in grads.items()}
    if not all(np.isfinite(g).all() for g in grads.values()):
        return grads
    return {k: g * min(1.0, limit / max(np.abs(g).max(), 1e-300)) for k, g in grads.items()}


@misconception(
    "clipped",
    hint="Entries far below 0 are not cut: the limit holds on both sides, from -limit to limit.",
)
def one_side_only(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    if not all(np.isfinite(g).all() for g in grads.values()):
        return {k: np.array(g) for k, g in grads.items()}
    return {k: np.minimum(g, limit) for k, g in grads.items()}


@misconception(
    "clipped",
    hint="Large negative entries lose their sign: they become the limit, and must become minus the "
    "limit. With the wrong sign a step goes uphill.",
)
def sign_lost(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    if not all(np.isfinite(g).all() for g in grads.values()):
        return {k: np.array(g) for k, g in grads.items()}
    return {k: np.where(np.abs(g) > limit, limit, g) for k, g in grads.items()}


@misconception(
    "clipped",
    hint="Entries beyond the limit become 0. They are cut to the limit, not thrown away.",
)
def set_to_zero(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    if not all(np.isfinite(g).all() for g in grads.values()):
        return {k: np.array(g) for k, g in grads.items()}
    return {k: np.where(np.abs(g) > limit, 0, g) for k, g in grads.items()}


@misconception(
    "not finite",
    hint="An infinite entry is cut to the limit like any other, or the other entries are clipped beside "
    "a nan. Where one entry is not finite, nothing is clipped: whoever comes next has to see it.",
    overflows=True,
)
def infinity_hidden(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    return {k: np.clip(np.asarray(g), -limit, limit).copy() for k, g in grads.items()}


@misconception(
    "not finite",
    hint="nan and infinity are replaced by numbers (np.nan_to_num does that). They must stay, so that "
    "whoever comes next can see that something went wrong.",
    overflows=True,
)
def replaced_by_numbers(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    return {k: np.clip(np.nan_to_num(g), -limit, limit) for k, g in grads.items()}


@misconception(
    "not finite",
    hint="You look for nan, and not for infinity, which is hidden behind the limit then.",
    overflows=True,
)
def only_nan_looked_for(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    if any(np.isnan(g).any() for g in grads.values()):
        return {k: np.array(g) for k, g in grads.items()}
    return {k: np.clip(np.asarray(g), -limit, limit).copy() for k, g in grads.items()}


@misconception(
    "not finite",
    hint="You look at each array by itself: those that are finite are clipped, though another one is "
    "not. Where one entry of any array is not finite, nothing is clipped.",
    overflows=True,
)
def array_by_array(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    return {
        k: np.clip(np.asarray(g), -limit, limit).copy() if np.isfinite(g).all() else np.array(g)
        for k, g in grads.items()
    }


@misconception(
    "clipped",
    hint="You write into the arrays that came (out=, or g[...] = ...). The caller still needs them: "
    "return new ones.",
)
def in_place(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    if not all(np.isfinite(g).all() for g in grads.values()):
        return {k: np.array(g) for k, g in grads.items()}
    new = {k: np.clip(g, -limit, limit) for k, g in grads.items()}
    for k, g in grads.items():
        g[...] = new[k]
    return new


@misconception(
    "short",
    "not finite",
    hint="Where nothing is clipped you return the arrays that came. Return copies, here too: whoever "
    "writes into the answer would change the caller's gradients.",
    overflows=True,
)
def same_arrays_back(grads, limit):
    if not limit > 0:
        raise ValueError(limit)
    if not all(np.isfinite(g).all() for g in grads.values()):
        return dict(grads)
    if all(np.all(np.abs(g) <= limit) for g in grads.values()):
        return dict(grads)
    return {k: np.clip(g, -limit, limit) for k, g in grads.items()}


@correct_way
def with_minimum_and_maximum(grads, limit):
    if np.isnan(limit) or limit <= 0:
        raise ValueError("limit")
    for g in grads.values():
        if np.isnan(g).any() or np.isinf(g).any():
            return {k: np.copy(v) for k, v in grads.items()}
    return {k: np.maximum(np.minimum(v, limit), -limit) for k, v in grads.items()}


@correct_way
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


@correct_way
def with_torch(grads, limit):
    import torch

    if not limit > 0:
        raise ValueError("limit")
    tensors = {k: torch.tensor(g).double() for k, g in grads.items()}
    if not all(bool(t.isfinite().all()) for t in tensors.values()):
        return tensors
    return {k: t.clamp(-limit, limit) for k, t in tensors.items()}


@correct_way
def by_signs(grads, limit):
    if not limit > 0:
        raise ValueError("limit")
    copies = {k: np.array(g) for k, g in grads.items()}
    if not np.isfinite(sum(np.abs(g).sum() * 0 for g in copies.values())):
        return copies
    return {k: np.sign(g) * np.minimum(np.abs(g), limit) for k, g in copies.items()}
