"""lstm_step: a cell with gates."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

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
    """Yield steps with ordinary sums, with biases of both signs, and with huge sums."""
    for B, n, H in ((3, 2, 4), (1, 4, 3), (4, 3, 1)):
        yield case("ordinary", *_step(rng, B, n, H), 0.0)
    yield case("ordinary", *(_single(part) for part in _step(rng, 2, 3, 4)), 0)
    yield case("forget bias", *_step(rng, 3, 2, 4))
    for bias in (2.0, -1.5, float(rng.uniform(0.3, 0.8))):
        yield case("forget bias", *_step(rng, 2, 3, 3), bias)
    for size in (1.0, -1.0):
        params, *states = _step(rng, 2, 3, 4)
        params["b"] = size * rng.uniform(700, 1000, size=16)
        yield case("huge", params, *states)
    params, *states = _step(rng, 3, 2, 4)
    params["b"] = rng.permuted(np.repeat([900.0, -900.0, 0.5, -0.5], 4))
    yield case("huge", params, *states, -1.0)


def _single(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: value.astype(np.float32) for name, value in part.items()}
    return part.astype(np.float32)


def _step(rng: np.random.Generator, B: int, n: int, H: int) -> tuple[Any, ...]:
    params = {
        "W_x": rng.normal(size=(n, 4 * H)),
        "W_h": rng.normal(size=(H, 4 * H)),
        "b": rng.normal(size=4 * H),
    }
    return (
        params,
        rng.normal(size=(B, n)),
        rng.uniform(-0.9, 0.9, size=(B, H)),
        rng.normal(size=(B, H)),
    )


check = Check(
    groups={
        "ordinary": Group("ordinary sums, without a forget bias", 1),
        "forget bias": Group("forget biases of both signs, and the usual one", 1),
        "huge": Group("sums as large as 1,000", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def gate_by_gate(params, x_t, h_prev, c_prev, forget_bias=1.0):
    from scipy.special import expit  # type: ignore[import-untyped]

    H = h_prev.shape[1]

    def block(k):
        part = slice(k * H, (k + 1) * H)
        return x_t @ params["W_x"][:, part] + h_prev @ params["W_h"][:, part] + params["b"][part]

    c_t = expit(block(0) + forget_bias) * c_prev + expit(block(1)) * np.tanh(block(3))
    return expit(block(2)) * np.tanh(c_t), c_t


@alternative
def unit_by_unit(params, x_t, h_prev, c_prev, forget_bias=1.0):
    def squash(z):
        if z < 0:
            return math.exp(z) / (1 + math.exp(z))
        return 1 / (1 + math.exp(-z))

    B, H = h_prev.shape
    h, c = np.zeros((B, H)), np.zeros((B, H))
    for row in range(B):
        sums = x_t[row] @ params["W_x"] + h_prev[row] @ params["W_h"] + params["b"]
        for j in range(H):
            f, i, o, g = (float(sums[k * H + j]) for k in range(4))
            c[row, j] = squash(f + forget_bias) * c_prev[row, j] + squash(i) * math.tanh(g)
            h[row, j] = squash(o) * math.tanh(c[row, j])
    return h, c


@alternative
def by_torch_after_sorting_the_blocks(params, x_t, h_prev, c_prev, forget_bias=1.0):
    import torch

    H = np.shape(h_prev)[1]
    order = np.concatenate([np.arange(k * H, (k + 1) * H) for k in (1, 0, 3, 2)])  # i, f, g, o
    p = {k: torch.tensor(np.asarray(v, dtype=float)[..., order]) for k, v in params.items()}
    p["b"][H : 2 * H] += forget_bias
    cell = torch.nn.LSTMCell(np.shape(x_t)[1], H, dtype=torch.float64)
    with torch.no_grad():
        cell.weight_ih.copy_(p["W_x"].T)
        cell.weight_hh.copy_(p["W_h"].T)
        cell.bias_ih.copy_(p["b"])
        cell.bias_hh.zero_()
        args = [torch.tensor(v).double() for v in (x_t, h_prev, c_prev)]
        return cell(args[0], (args[1], args[2]))


bias_taken_away = slip(
    REFERENCE,
    ("forget + forget_bias", "forget - forget_bias"),
    loses=("forget bias", "huge"),
    hint="The forget bias is taken away, so that the cell forgets at the start. It is added: it opens the "
    "gate.",
)
bias_left_out = slip(
    REFERENCE,
    ("(forget + forget_bias)", "forget"),
    loses=("forget bias", "huge"),
    hint="forget_bias is not used.",
)
bias_for_the_input_gate = slip(
    REFERENCE,
    ("forget + forget_bias", "forget"),
    ("np.tanh(write / 2)", "np.tanh((write + forget_bias) / 2)"),
    loses=("forget bias", "huge"),
    hint="The forget bias is added to the input gate. It belongs to the gate that keeps the cell.",
)
order_of_torch = slip(
    REFERENCE,
    ("forget, write, show, candidate =", "write, forget, candidate, show ="),
    loses=("ordinary", "forget bias", "huge"),
    hint="The blocks are read in the order of torch (input, forget, candidate, output). Here it is forget, "
    "input, output, candidate.",
)
candidate_squashed_like_a_gate = slip(
    REFERENCE,
    ("* np.tanh(candidate)", "* (1 + np.tanh(candidate / 2)) / 2"),
    loses=("ordinary", "forget bias", "huge"),
    hint="The candidate goes through the logistic function like a gate, and can only raise the cell. It goes "
    "through tanh.",
)
shows_the_old_cell = slip(
    REFERENCE,
    ("np.tanh(c_t), c_t", "np.tanh(c_prev), c_t"),
    loses=("ordinary", "forget bias", "huge"),
    hint="The state is made from the cell before the step. It is made from the new one.",
)
cell_shown_as_it_is = slip(
    REFERENCE,
    ("* np.tanh(c_t), c_t", "* c_t, c_t"),
    loses=("ordinary", "forget bias", "huge"),
    hint="The cell is shown as it is. Before the output gate it goes through tanh.",
)
input_is_what_is_not_kept = slip(
    REFERENCE,
    ("(1 + np.tanh(write / 2)) / 2 *", "(1 - kept) *"),
    loses=("ordinary", "forget bias", "huge"),
    hint="What is written is weighted by one minus the forget gate, as in a GRU. Here the input gate has "
    "weights of its own.",
)
both_forms_agree = equal(
    unit_by_unit,
    ("z < 0", "z <= 0"),
    ("z < 0", "z < 1"),
    ("z < 0", "z < -1"),
    because="near 0 the two forms are the same number, and neither overflows",
)
every_entry_is_written = equal(
    unit_by_unit,
    ("h, c = np.zeros((B, H))", "h, c = np.ones((B, H))"),
    (", np.zeros((B, H))", ", np.ones((B, H))"),
    because="every entry of states and cells is written",
)
numbers_of_numpy = equal(
    unit_by_unit,
    ("float(sums[k * H + j])", "sums[k * H + j]"),
    because="a number of numpy is a number",
)
taken_over_as_float64 = equal(
    by_torch_after_sorting_the_blocks,
    ("np.asarray(v, dtype=float)", "np.asarray(v)"),
    ("np.asarray(v, dtype=float)", "v"),
    because="copy_ makes float64 of them, and a bias added in float32 is exact to 1e-6",
)

rules = (
    rule("`params` holds", "Their columns are", "(torch has", when=lambda p, x, *_: len(x) > 1),
    rule(
        "`forget_bias` is added",
        "The larger it is",
        when=lambda *args: len(args) == 5 and args[4] < 0,
    ),
    rule(
        "Sums may be as large",
        when=lambda params, *_: params["b"].max() > 500 or params["b"].min() < -500,
    ),
)
