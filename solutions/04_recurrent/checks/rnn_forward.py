"""rnn_forward: from ids to logits, along a sequence."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

from __future__ import annotations

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

from .drawing import draw_ids, draw_params

SHAPES = ((4, 1, 2, 2, 2), (7, 3, 4, 3, 5), (12, 4, 3, 5, 3), (20, 3, 6, 2, 9))


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models of many shapes, starts of all kinds, single rows and steps, and what is refused."""
    for V, m, H, rows, steps in SHAPES:
        params = draw_params(rng, V, m, H)
        yield case("sentences", params, draw_ids(rng, V, rows, steps), None)
        params = draw_params(rng, V, m, H)
        start = rng.uniform(-1, 1, size=(rows, H) if rows > 2 else H)
        yield case("carried", params, draw_ids(rng, V, rows, steps), start)
    single = draw_params(rng, 9, 3, 5, dtype="float32")
    yield case("sentences", single, draw_ids(rng, 9, 4, 6).astype("int32"), None)
    start = rng.uniform(-1, 1, size=(3, 5)).astype("float32")
    yield case("carried", single, draw_ids(rng, 9, 3, 4), start)
    for rows, steps in ((1, 6), (4, 1), (1, 1)):
        yield case("edges", draw_params(rng, 6, 2, 4), draw_ids(rng, 6, rows, steps), None)
    start = rng.uniform(-1, 1, size=(1, 4))
    yield case("edges", draw_params(rng, 6, 2, 4), draw_ids(rng, 6, 1, 5), start)
    for wrong in (-1, 6):
        inputs = draw_ids(rng, 6, 3, 4)
        inputs[rng.integers(3), rng.integers(4)] = wrong
        yield case("edges", draw_params(rng, 6, 2, 4), inputs, None)


check = Check(
    groups={
        "sentences": Group("several sentences, from the learned start", 2),
        "carried": Group("states that are carried on from elsewhere", 2),
        "edges": Group("one sentence, one step, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True, more_keys=True),
)


@alternative
def step_by_step(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError("no such id")
    (n_rows, n_steps), x = inputs.shape, E[inputs]
    h = np.zeros((n_rows, len(b))) + (params["h0"] if h0 is None else h0)
    past = [h]
    for t in range(n_steps):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        past.append(h)
    states = np.stack(past, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@alternative
def row_by_row(params, inputs, h0=None):
    if (inputs < 0).any() or (inputs >= len(params["E"])).any():
        raise ValueError("no such id")
    start = params["h0"] if h0 is None else np.asarray(h0)
    if start.ndim == 1:
        start = np.tile(start, (len(inputs), 1))
    all_x, all_states, all_logits = [], [], []
    for row, h in zip(inputs, start, strict=True):
        states, logits = [h], []
        for word in row:
            x = params["E"][word]
            h = np.tanh(x @ params["W_x"] + h @ params["W_h"] + params["b"])
            states.append(h)
            logits.append(h @ params["U"] + params["c"])
        all_x.append(params["E"][row])
        all_states.append(states)
        all_logits.append(logits)
    logits = np.array(all_logits)
    cache = {"inputs": inputs, "x": all_x, "states": np.array(all_states), "logits": logits}
    return logits, cache


@alternative
def with_torch_rnn(params, inputs, h0=None):
    import torch

    E = params["E"]
    if inputs.min() < 0 or inputs.max() > len(E) - 1:
        raise ValueError("id out of range")
    t = {k: torch.tensor(v).double() for k, v in params.items()}
    rnn = torch.nn.RNN(E.shape[1], len(params["b"]), batch_first=True).double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(t["W_x"].T)
        rnn.weight_hh_l0.copy_(t["W_h"].T)
        rnn.bias_ih_l0.copy_(t["b"])
        rnn.bias_hh_l0.zero_()
        x = t["E"][torch.tensor(inputs).long()]
        start = t["h0"] if h0 is None else torch.tensor(h0).double()
        start = start.expand(len(inputs), -1).contiguous()
        after, _ = rnn(x, start[None])
        logits = after @ t["U"] + t["c"]
        states = torch.cat([start[:, None], after], dim=1)
    return logits, {"inputs": torch.tensor(inputs), "x": x, "states": states, "logits": logits}


@alternative
def in_float32_with_more_in_the_cache(params, inputs, h0=None):
    p = {k: v.astype(np.float32) for k, v in params.items()}
    if not np.all((inputs >= 0) & (inputs < p["E"].shape[0])):
        raise ValueError("ids")
    one_hot = np.eye(len(p["E"]), dtype=np.float32)[inputs]
    x = one_hot @ p["E"]
    states = np.empty((inputs.shape[0], inputs.shape[1] + 1, len(p["b"])), dtype=np.float32)
    states[:, 0] = p["h0"] if h0 is None else h0
    for t in range(inputs.shape[1]):
        states[:, t + 1] = np.tanh(x[:, t] @ p["W_x"] + states[:, t] @ p["W_h"] + p["b"])
    logits = np.einsum("bth,hv->btv", states[:, 1:], p["U"]) + p["c"]
    cache = {"inputs": inputs, "x": x, "states": states, "logits": logits, "one_hot": one_hot}
    return logits, cache


state_reset = slip(
    step_by_step,
    ("h @ W_h", "past[0] @ W_h"),
    loses=("sentences", "carried", "edges"),
    hint="Every step starts from h0 again. Each step is right by itself, and the sequence is "
    "not: the state of a step is made of the state before.",
)
zeros_for_h0 = slip(
    step_by_step,
    ('params["h0"]', "0"),
    loses=("sentences", "edges"),
    hint='You start in zeros. None means the learned start, params["h0"].',
)
start_ignored = slip(
    step_by_step,
    (" if h0 is None else h0", ""),
    loses=("carried", "edges"),
    hint="The h0 that is given is ignored: you always start in the learned one, so a carried "
    "state gets lost.",
)
rows_chained = slip(
    row_by_row,
    ("for row, h in zip(inputs, start, strict=True):", "h = start[0]\n    for row in inputs:"),
    loses=("sentences", "carried", "edges"),
    hint="Each row starts where the row before it ended. Rows are different texts: what one of "
    "them said must not leak into the next.",
)
start_not_kept = slip(
    step_by_step,
    ('"states": states', '"states": states[:, 1:]'),
    loses=("sentences", "carried", "edges"),
    hint='cache["states"] lacks the state in which the rows start. It has T + 1 states: '
    "states[:, 0] is the start, and the backward pass needs it.",
)
one_buffer_for_all = slip(
    step_by_step,
    ("h = np.tanh", "h[:] = np.tanh"),
    loses=("sentences", "carried", "edges"),
    hint="All states in the cache are the last one. You keep the same array at every step and "
    "write into it: keep a copy of each.",
)
logits_of_the_state_before = slip(
    step_by_step,
    ("states[:, 1:]", "states[:, :-1]"),
    loses=("sentences", "carried", "edges"),
    hint="The logits of a step are made of the state before it, so they do not know the word "
    "that was just read.",
)
axes_mixed_up = slip(
    step_by_step,
    ("x[:, t]", "x.reshape(n_steps, n_rows, -1)[t]"),
    loses=("sentences", "carried"),
    hint="Rows and steps are mixed up: reshape is not transpose. Each row is one text, and its "
    "steps are read in order.",
)
log_probs_returned = slip(
    step_by_step,
    (
        "return logits",
        "logits -= np.log(np.exp(logits).sum(axis=2, keepdims=True))\n    return logits",
    ),
    loses=("sentences", "carried", "edges"),
    hint="You return log-probabilities. Asked for are the logits: h U + c, not normalised.",
)
probabilities_returned = slip(
    step_by_step,
    (
        "return logits",
        "logits = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)\n    return logits",
    ),
    loses=("sentences", "carried", "edges"),
    hint="You return probabilities. Asked for are the logits: h U + c, not normalised.",
)
output_bias_forgotten = slip(
    step_by_step,
    (" + c", ""),
    loses=("sentences", "carried", "edges"),
    hint="The biases c of the logits are missing.",
)
read_backwards = slip(
    step_by_step,
    ("x[:, t]", "x[:, -1 - t]"),
    loses=("sentences", "carried", "edges"),
    hint="The text is read from its end: the state after word t knows the words that come "
    "later. A language model reads from left to right.",
)
states_before_tanh = slip(
    row_by_row,
    ("h = np.tanh(x", "inside = (x"),
    ("states.append(h)", "h = np.tanh(inside)\n            states.append(inside)"),
    loses=("sentences", "carried", "edges"),
    hint='cache["states"] holds the numbers before the tanh. The states are those after it, '
    "and so does the backward pass need them.",
)

arrays_already = equal(
    REFERENCE,
    ("inputs = np.asarray(inputs)", "pass"),
    ("np.asarray(inputs)", "inputs"),
    because="inputs are an array, as the signature says",
)
one_unknown_size = equal(
    REFERENCE,
    ("* n_steps, -1", "* n_steps, -2"),
    (", n_steps, -1", ", n_steps, -2"),
    because="numpy takes any negative size for the unknown one",
)
in_float64 = equal(
    REFERENCE, (", dtype=from_x.dtype", ""), because="float64 is more than is needed"
)
steps_of_both = equal(
    REFERENCE,
    (", strict=True", ""),
    ("strict=True", "strict=False"),
    ("np.ascontiguousarray(states.transpose(1, 0, 2))", "states.transpose(1, 0, 2)"),
    because="there are T states before and T after, however they lie in memory",
)
inputs_themselves = equal(REFERENCE, (".copy()", ""), settled="may be `inputs` itself")
rows_of_both = equal(
    row_by_row,
    (", strict=True", ""),
    ("strict=True", "strict=False"),
    ("np.asarray(h0)", "h0"),
    because="there is a start for each row, in an array",
)
lists_of_numbers = equal(
    row_by_row,
    ("np.array(all_logits)", "all_logits"),
    ("np.array(all_states)", "all_states"),
    because="lists of numbers are compared as arrays are",
)
ids_of_any_dtype = equal(
    with_torch_rnn,
    (".long()", ""),
    (".contiguous()", ""),
    because="torch looks up ids of int32 as well, and makes the start contiguous itself",
)
inputs_as_they_came = equal(
    with_torch_rnn, ("torch.tensor(inputs),", "inputs,"), settled="may be `inputs` itself"
)
more_than_float32 = equal(
    in_float32_with_more_in_the_cache,
    ('np.eye(len(p["E"]), dtype=np.float32)', 'np.eye(len(p["E"]))'),
    ('len(p["b"])), dtype=np.float32)', 'len(p["b"])))'),
    because="float64 is more than is needed",
)
other_keys = equal(
    in_float32_with_more_in_the_cache,
    ('"one_hot": one_hot', '"one_hotx": one_hot'),
    ('"one_hot": one_hot', '"": one_hot'),
    settled="It may hold other keys as well",
)

rules = (
    told(
        "and holds ids, $T",
        "`h0` is where to start",
        "what the backward pass needs",
        "may be `inputs` itself",
        "It may hold other keys",
    ),
    rule(
        "the scores of the word that comes *after*",
        "They are not normalised",
        when=lambda params, inputs, h0: inputs.shape[1] > 1,
        gives=lambda got: got is not None,
    ),
    rule(
        "`None` means the learned one",
        when=lambda params, inputs, h0: h0 is None and len(inputs) > 1,
    ),
    rule(
        "An array of shape `(H,)`", when=lambda params, inputs, h0: h0.ndim == 1 and len(inputs) > 1
    ),
    rule(
        "An array of shape `(B, H)`",
        when=lambda params, inputs, h0: h0.ndim == 2 and len(inputs) > 1,
    ),
    rule("Rows know nothing of each other", when=lambda params, inputs, h0: len(inputs) == 1),
    rule("Rows know nothing of each other", when=lambda params, inputs, h0: len(inputs) > 2),
    rule("where each row started", when=lambda params, inputs, h0: h0.ndim == 2),
    rule(
        "An id below 0 or not below $V$",
        when=lambda params, inputs, h0: inputs.min() < 0,
        gives=ValueError,
    ),
    rule(
        "An id below 0 or not below $V$",
        when=lambda params, inputs, h0: inputs.max() >= len(params["E"]),
        gives=ValueError,
    ),
)
