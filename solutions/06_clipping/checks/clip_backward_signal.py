"""clip_backward_signal: clipping on the way back through time."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def, var-annotated"

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
    equal,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .drawing import fresh
from .outcomes import Fresh


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield signals that grow on their way, walks without a limit, and what is special."""
    for B, T, H in ((2, 5, 3), (3, 8, 4), (1, 6, 5)):
        yield fresh("clipped", *_walk(rng, B, T, H), float(rng.uniform(0.8, 1.3)))
    yield fresh("clipped", *(a.astype(np.float32) for a in _walk(rng, 2, 4, 3)), 1.0)
    for B, T, H in ((2, 4, 3), (3, 6, 4)):
        yield fresh("free", *_walk(rng, B, T, H), math.inf)
    yield fresh("free", *_walk(rng, 2, 3, 4), 1e6)
    for B, H in ((2, 3), (1, 4), (3, 2)):
        dh, W_h, states = _walk(rng, B, 1, H)
        yield fresh("special", 2 * dh, W_h, states, 0.7)
    for limit in (0.0, -1.0, math.nan):
        yield fresh("special", *_walk(rng, 2, 3, 3), limit)


def _walk(rng: np.random.Generator, B: int, T: int, H: int) -> tuple[Any, ...]:
    """Return what steps hear, weights with which a signal grows, and states."""
    W_h = 2 * rng.normal(size=(H, H)) / np.sqrt(H) + 0.3 * np.eye(H)
    return rng.normal(size=(B, T, H)), W_h, rng.uniform(-0.8, 0.8, size=(B, T + 1, H))


check = Check(
    groups={
        "clipped": Group("signals that grow on their way", 2),
        "free": Group("walks on which nothing is clipped", 1),
        "special": Group("single steps, and limits that are refused", 1),
    },
    draw=draw,
    compare=Fresh(Close(rtol=2e-5, per_array=True)),
)


@alternative
def step_by_step(dh, W_h, states, limit):
    if math.isnan(limit) or limit <= 0:
        raise ValueError("limit")
    signals, later = [], 0.0
    for t in reversed(range(dh.shape[1])):
        signal = np.maximum(np.minimum(dh[:, t] + later, limit), -limit)
        signals.insert(0, signal)
        later = (signal * (1 - states[:, t + 1] ** 2)) @ W_h.T
    return np.stack(signals, axis=1)


@alternative
def row_by_row(dh, W_h, states, limit):
    if not limit > 0:
        raise ValueError("limit")
    B, T, H = dh.shape
    out = np.zeros((B, T, H))
    for i in range(B):
        for t in range(T - 1, -1, -1):
            for j in range(H):
                heard = dh[i, t, j]
                if t < T - 1:
                    for k in range(H):
                        slope = 1 - states[i, t + 2, k] ** 2
                        heard = heard + out[i, t + 1, k] * slope * W_h[j, k]
                out[i, t, j] = min(max(heard, -limit), limit)
    return out


@alternative
def with_torch(dh, W_h, states, limit):
    import torch

    if not limit > 0:
        raise ValueError("limit")
    dh, W_h, states = (torch.tensor(a).double() for a in (dh, W_h, states))
    found = [dh[:, -1].clamp(-limit, limit)]
    for t in range(dh.shape[1] - 2, -1, -1):
        back = (found[0] * (1 - states[:, t + 2] ** 2)) @ W_h.T
        found.insert(0, (dh[:, t] + back).clamp(-limit, limit))
    return torch.stack(found, dim=1)


clipped_afterwards = slip(
    REFERENCE,
    ("        signal[:, t] = np.clip(signal[:, t], -limit, limit)\n", ""),
    ("return signal", "return np.clip(signal, -limit, limit)"),
    loses="clipped",
    hint="The signal is clipped when the walk is over. It is clipped at each step, and the clipped signal "
    "is handed on: only so can it not explode on its way.",
)
future_clipped_only = slip(
    step_by_step,
    (
        "np.maximum(np.minimum(dh[:, t] + later, limit), -limit)",
        "dh[:, t] + np.clip(later, -limit, limit)",
    ),
    loses=("clipped", "special"),
    hint="Only what comes from the future is clipped, and the step's own part is added unclipped. The sum "
    "of the two is clipped.",
)
own_part_clipped_only = slip(
    step_by_step,
    (
        "np.maximum(np.minimum(dh[:, t] + later, limit), -limit)",
        "np.clip(dh[:, t], -limit, limit) + later",
    ),
    loses="clipped",
    hint="The step's own part is clipped before what comes from the future is added, and the sum is not. "
    "The sum of the two is clipped.",
)
by_norm = slip(
    step_by_step,
    (
        "np.maximum(np.minimum(dh[:, t] + later, limit), -limit)",
        (
            "dh[:, t] + later\n"
            "        norms = np.linalg.norm(signal, axis=1, keepdims=True)\n"
            "        signal = signal * np.minimum(1.0, limit / norms)"
        ),
    ),
    loses=("clipped", "special"),
    hint="You shorten the signal by its norm. Graves cuts every entry by itself.",
)
not_transposed = slip(
    REFERENCE,
    ("W_h.T", "W_h"),
    loses=("clipped", "free"),
    hint="W_h is used the wrong way round: forwards it is h @ W_h, so backwards the signal is multiplied "
    "with the transpose.",
)
no_slope = slip(
    REFERENCE,
    (" * (1 - states[:, t + 2] ** 2)", ""),
    loses=("clipped", "free"),
    hint="The slope of tanh is missing on the way back.",
)
slope_one_state_early = slip(
    REFERENCE,
    ("t + 2", "t + 1"),
    loses=("clipped", "free"),
    hint="The slope is that of the state to which the signal goes. It is that of the state at which it "
    "stands, before it meets W_h: states[:, t + 1] for step t.",
)
nothing_handed_on = slip(
    step_by_step,
    ("dh[:, t] + later", "dh[:, t]"),
    loses=("clipped", "free"),
    hint="What each step hears of its own loss is clipped, and nothing comes from the future: the signals "
    "are not handed on.",
)
scaled_by_the_largest = slip(
    step_by_step,
    (
        "np.maximum(np.minimum(dh[:, t] + later, limit), -limit)",
        "dh[:, t] + later\n        signal = signal * min(1.0, limit / np.abs(signal).max())",
    ),
    loses=("clipped", "special"),
    hint="The limit of an entry depends on the other rows: all rows are scaled or cut together. Every "
    "sequence is treated by itself, every entry by its value.",
)

rules = (
    rule("$T \\ge 1$", when=lambda dh, W_h, states, limit: dh.shape[1] == 1),
    rule(
        "`clip` cuts each entry",
        "**What is handed on is the clipped signal",
        when=lambda dh, W_h, states, limit: dh.shape[1] > 3 and 0 < limit < 2,
    ),
    rule(
        "An infinite limit is plain backpropagation",
        when=lambda dh, W_h, states, limit: limit == math.inf,
    ),
    told("All numbers are finite"),
    rule(
        "Where arrays come in float32",
        when=lambda dh, W_h, states, limit: dh.dtype == np.float32,
    ),
)
in_float32 = equal(
    REFERENCE,
    (", dtype=np.float64", ""),
    settled="Where arrays come in float32, float32 is exact enough.",
)
in_float32_with_torch = equal(
    with_torch,
    (".double()", ""),
    settled="Where arrays come in float32, float32 is exact enough.",
)
either_order = equal(
    REFERENCE,
    ("signal[:, t], -limit", "-limit, signal[:, t]"),
    because="what is larger, or smaller, of two finite numbers does not depend on their order",
)
either_order_step_by_step = equal(
    step_by_step,
    ("np.minimum(dh[:, t] + later, limit), -limit", "-limit, np.minimum(dh[:, t] + later, limit)"),
    ("dh[:, t] + later, limit", "limit, dh[:, t] + later"),
    because="what is larger, or smaller, of two finite numbers does not depend on their order",
)
either_order_row_by_row = equal(
    row_by_row,
    ("max(heard, -limit), limit", "limit, max(heard, -limit)"),
    ("heard, -limit", "-limit, heard"),
    because="what is larger, or smaller, of two finite numbers does not depend on their order",
)
written_over = equal(
    row_by_row,
    ("zeros", "ones"),
    because="every entry is written before it is read",
)
