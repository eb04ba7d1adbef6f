"""leaky_step: a unit that changes slowly."""

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
    rule,
    slip,
)
from autograder.authoring.comparing import Close


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield steps with one leak for all, with one for each unit, with none or all kept."""
    for B, n, H, leak in ((3, 2, 4, 0.3), (1, 5, 3, 0.8), (4, 1, 6, 0.55), (2, 3, 5, 0.95)):
        yield case("one leak", *_step(rng, B, n, H), float(leak + rng.uniform(-0.04, 0.04)))
    params, x_t, h_prev = _step(rng, 3, 4, 5)
    single = {name: value.astype(np.float32) for name, value in params.items()}
    leak = float(rng.uniform(0.2, 0.7))
    yield case("one leak", single, x_t.astype(np.float32), h_prev.astype(np.float32), leak)
    for leak in (0, 1.0):
        yield case("many", *_step(rng, 3, 2, 4), leak)
    for B, n, H in ((3, 2, 4), (5, 4, 5)):
        leaks = rng.uniform(0.1, 0.9, size=H)
        leaks[:2] = [0.0, 1.0]
        yield case("many", *_step(rng, B, n, H), rng.permutation(leaks))
    for bad in (-0.05, 1.05, math.nan):
        yield case("many", *_step(rng, 2, 3, 4), bad)
        leaks = rng.uniform(0.1, 0.9, size=4)
        leaks[rng.integers(4)] = bad
        yield case("many", *_step(rng, 2, 3, 4), leaks)


def _step(rng: np.random.Generator, B: int, n: int, H: int) -> tuple[Any, ...]:
    params = {
        "W_in": rng.normal(size=(n, H)),
        "W_h": 0.7 * rng.normal(size=(H, H)),
        "b": rng.normal(size=H),
    }
    return params, rng.normal(size=(B, n)), rng.uniform(-0.9, 0.9, size=(B, H))


check = Check(
    groups={
        "one leak": Group("one leak for all units", 1),
        "many": Group("a leak for each unit, the ends 0 and 1, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def in_loops(params, x_t, h_prev, leak):
    leaks = np.broadcast_to(leak, h_prev.shape[1:])
    if any(not 0 <= a <= 1 for a in leaks):
        raise ValueError("leak")
    out = np.zeros(h_prev.shape)
    for row in range(len(h_prev)):
        for j in range(h_prev.shape[1]):
            total = params["b"][j]
            for i in range(x_t.shape[1]):
                total = total + x_t[row, i] * params["W_in"][i, j]
            for i in range(h_prev.shape[1]):
                total = total + h_prev[row, i] * params["W_h"][i, j]
            out[row, j] = leaks[j] * h_prev[row, j] + (1 - leaks[j]) * math.tanh(total)
    return out


@alternative
def as_a_move_towards_the_new_state(params, x_t, h_prev, leak):
    if np.isnan(leak).any() or np.min(leak) < 0 or np.max(leak) > 1:
        raise ValueError("leak")
    new = np.tanh(
        np.hstack([x_t, h_prev]) @ np.vstack([params["W_in"], params["W_h"]]) + params["b"]
    )
    return h_prev + (1 - leak) * (new - h_prev)


@alternative
def with_torch(params, x_t, h_prev, leak):
    import torch

    a = torch.as_tensor(np.array(leak, dtype=float))
    if not bool(((a >= 0) & (a <= 1)).all()):
        raise ValueError("leak")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    x, h = torch.tensor(x_t).double(), torch.tensor(h_prev).double()
    return a * h + (1 - a) * (x @ p["W_in"] + h @ p["W_h"] + p["b"]).tanh()


the_other_way_round = slip(
    REFERENCE,
    ("leak * h_prev + (1 - leak) * new", "(1 - leak) * h_prev + leak * new"),
    loses=("one leak", "many"),
    hint="The leak is used the other way round. Here, as in 002, it says how much of its old state a unit "
    "keeps; other books call the rest leak.",
)
mixed_inside = slip(
    REFERENCE,
    ("    new = np.tanh(", "    new = ("),
    ("return leak * h_prev + (1 - leak) * new", "return np.tanh(leak * h_prev + (1 - leak) * new)"),
    loses=("one leak", "many"),
    hint="Old state and new sum are mixed inside tanh. The old state itself is kept, outside.",
)
new_added_in_full = slip(
    REFERENCE,
    ("(1 - leak) * new", "new"),
    loses=("one leak", "many"),
    hint="The new state is added in full, so that states grow beyond 1. Its share is 1 - leak.",
)
recurrence_transposed = slip(
    REFERENCE,
    ('h_prev @ params["W_h"]', 'h_prev @ params["W_h"].T'),
    loses=("one leak", "many"),
    hint="W_h is used the wrong way round: states are rows, so it is h @ W_h.",
)
bias_forgotten = slip(
    REFERENCE,
    (' + params["b"]', ""),
    loses=("one leak", "many"),
    hint="The bias b is missing from the sum.",
)
numbers_or_arrays = equal(
    REFERENCE,
    ("np.asarray(leak) >= 0", "leak >= 0"),
    ("np.asarray(leak) <= 1", "leak <= 1"),
    because="a leak is a number or an array",
)
every_entry_is_written = equal(
    in_loops, ("zeros", "ones"), because="every entry of the states is written"
)
torch_takes_numbers = equal(
    with_torch,
    ("np.array(leak, dtype=float)", "np.array(leak)"),
    ("np.array(leak, dtype=float)", "leak"),
    ("bool(((a >= 0) & (a <= 1)).all())", "((a >= 0) & (a <= 1)).all()"),
    because="torch takes numbers and arrays of any kind, and a tensor of one truth value is one",
)

rules = (
    rule("`params` holds", "`x_t` has the shape", when=lambda params, x_t, h, leak: len(x_t) > 1),
    rule("one number for all units", when=lambda p, x, h, leak: np.ndim(leak) == 0 and leak > 0),
    rule("`leak` is $\\alpha$", "A list of numbers", when=lambda p, x, h, leak: np.ndim(leak)),
    rule("Where any $\\alpha$", gives=ValueError),
    rule("0 and 1 themselves", when=lambda p, x, h, leak: np.ndim(leak) == 0 and leak in (0, 1)),
)
