"""rnn_step: the state after one more word."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

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

from .drawing import draw_params


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield steps of models of many shapes, with batches of several rows and of one."""
    for m, H, rows, dtype in (
        (2, 3, 4, "float64"),
        (3, 2, 2, "float64"),
        (5, 4, 3, "float32"),
        (4, 4, 4, "float64"),
        (3, 5, 1, "float64"),
        (1, 3, 1, "float64"),
    ):
        params = draw_params(rng, 7, m, H, dtype=dtype)
        x_t = rng.normal(size=(rows, m)).astype(dtype)
        h_prev = rng.uniform(-1, 1, size=(rows, H)).astype(dtype)
        yield case("rows" if rows > 1 else "one row", params, x_t, h_prev)
    for inside in (7.0, -7.0):  # one unit is far out; and two batches of one shape
        params = draw_params(rng, 7, 3, 4)
        params["b"][0] = inside
        yield case("rows", params, rng.normal(size=(3, 3)), rng.uniform(-1, 1, size=(3, 4)))


check = Check(
    groups={
        "rows": Group("batches of several rows", 1),
        "one row": Group("a batch of one row", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def with_one_matrix(params, x_t, h_prev):
    weights = np.vstack([params["W_x"], params["W_h"], params["b"]])
    ones = np.ones((len(x_t), 1), dtype=x_t.dtype)
    return np.tanh(np.hstack([x_t, h_prev, ones]) @ weights)


@alternative
def with_loops(params, x_t, h_prev):
    states = []
    for x, h in zip(x_t, h_prev, strict=True):
        state = []
        for j, bias in enumerate(params["b"]):
            total = float(bias)
            for i in range(len(x)):
                total += x[i] * params["W_x"][i, j]
            for i in range(len(h)):
                total += h[i] * params["W_h"][i, j]
            state.append(math.tanh(total))
        states.append(state)
    return states


@alternative
def with_torch(params, x_t, h_prev):
    import torch

    cell = torch.nn.RNNCell(params["W_x"].shape[0], len(params["b"]))
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor(params["W_x"].T.copy()))
        cell.weight_hh.copy_(torch.tensor(params["W_h"].T.copy()))
        cell.bias_ih.copy_(torch.tensor(params["b"]))
        cell.bias_hh.zero_()
        return cell(torch.tensor(x_t).float(), torch.tensor(h_prev).float())


@alternative
def by_the_sigmoid(params, x_t, h_prev):
    inside = params["b"] + np.einsum("bi,ij->bj", h_prev, params["W_h"])
    inside = inside + np.einsum("bi,ij->bj", x_t, params["W_x"])
    return 2 / (1 + np.exp(-2 * inside)) - 1


state_forgotten = slip(
    REFERENCE,
    (' + h_prev @ params["W_h"]', ""),
    loses=("rows", "one row"),
    hint="The state before plays no part. Without h_prev W_h the model sees one word only: a "
    "network with a window of 1.",
)
weights_transposed = slip(
    REFERENCE,
    ('params["W_h"]', 'params["W_h"].T'),
    loses=("rows", "one row"),
    hint="W_h is used the wrong way round. Vectors are rows here, so the state stands on the "
    "left: h @ W_h, not W_h @ h.",
)
no_nonlinearity = slip(
    REFERENCE,
    ("np.tanh", ""),
    loses=("rows", "one row"),
    hint="The tanh is missing. Without it the whole sequence is one linear map.",
)
logistic_sigmoid = slip(
    by_the_sigmoid,
    ("2 / (1 + np.exp(-2 * inside)) - 1", "1 / (1 + np.exp(-inside))"),
    loses=("rows", "one row"),
    hint="The state is squashed by the logistic sigmoid. Here it is the tanh, between -1 and 1.",
)
bias_outside = slip(
    REFERENCE,
    (' + params["b"])', ') + params["b"]'),
    loses=("rows", "one row"),
    hint="The bias b is added outside the tanh. It belongs inside: it says where a unit switches.",
)
bias_forgotten = slip(
    REFERENCE,
    (' + params["b"]', ""),
    loses=("rows", "one row"),
    hint="The bias b is missing.",
)
recurrence_outside = slip(
    REFERENCE,
    (' + h_prev @ params["W_h"] + params["b"])', ' + params["b"]) + h_prev @ params["W_h"]'),
    loses=("rows", "one row"),
    hint="The part that comes from the state before is added outside the tanh. The tanh is "
    "taken of the sum of all three parts.",
)
recurrence_inside_out = slip(
    REFERENCE,
    ("h_prev @", "np.tanh(h_prev) @"),
    loses=("rows", "one row"),
    hint="The state before is squashed again on its way in. It was squashed when it was made: "
    "h_prev goes into the sum as it is.",
)
state_added = slip(
    REFERENCE,
    ("np.tanh", "h_prev + np.tanh"),
    loses=("rows", "one row"),
    hint="The state before is added to the result. In this model nothing passes by the tanh: "
    "h_t is made anew at every step.",
)

ones_of_any_precision = equal(
    with_one_matrix, (", dtype=x_t.dtype", ""), because="float64 is more than is needed"
)
rows_of_both = equal(
    with_loops,
    (", strict=True", ""),
    ("strict=True", "strict=False"),
    ("float(bias)", "bias"),
    because="x_t and h_prev have as many rows, and a number of numpy is a number",
)
no_copy_is_needed = equal(
    with_torch,
    ('params["W_x"].T.copy()', 'params["W_x"].T'),
    ('params["W_h"].T.copy()', 'params["W_h"].T'),
    because="torch.tensor copies",
)

rules = (
    told("`params` holds all names of the table", "`h_prev` has shape `(B, H)`"),
    rule(
        "a row for each text of the batch",
        "Return an array of shape `(B, H)`",
        when=lambda params, x_t, h_prev: len(x_t) > 1,
    ),
    rule("a row for each text of the batch", when=lambda params, x_t, h_prev: len(x_t) == 1),
)
