"""rnn_forward: from ids to logits, along a sequence."""

# Wrong and right ways are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.checking import Case, Check, Group, case, correct_way, misconception
from autograder.checks.recurrent.drawing import draw_ids, draw_params
from autograder.comparing import Close

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


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="Every step starts from h0 again. Each step is right by itself, and the sequence is "
    "not: the state of a step is made of the state before.",
)
def state_reset(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + hs[0] @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "edges",
    hint='You start in zeros. None means the learned start, params["h0"].',
)
def zeros_for_h0(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = 0.0 if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "carried",
    "edges",
    hint="The h0 that is given is ignored: you always start in the learned one, so a carried "
    "state gets lost.",
)
def start_ignored(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"]
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="Each row starts where the row before it ended. Rows are different texts: what one of "
    "them said must not leak into the next.",
)
def rows_chained(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    states = np.zeros((B, T + 1, n_hidden))
    now = h[0]
    for i in range(B):
        states[i, 0] = now
        for t in range(T):
            now = np.tanh(x[i, t] @ W_x + now @ W_h + b)
            states[i, t + 1] = now
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint='cache["states"] lacks the state in which the rows start. It has T + 1 states: '
    "states[:, 0] is the start, and the backward pass needs it.",
)
def start_not_kept(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states[:, 1:], "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="All states in the cache are the last one. You keep the same array at every step and "
    "write into it: keep a copy of each.",
)
def one_buffer_for_all(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h[:] = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="The logits of a step are made of the state before it, so they do not know the word "
    "that was just read.",
)
def logits_of_the_state_before(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, :-1] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    hint="Rows and steps are mixed up: reshape is not transpose. Each row is one text, and its "
    "steps are read in order.",
)
def axes_mixed_up(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    by_step = x.reshape(T, B, -1)
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(by_step[t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="You return log-probabilities. Asked for are the logits: h U + c, not normalised.",
)
def log_probs_returned(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    logits = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="You return probabilities. Asked for are the logits: h U + c, not normalised.",
)
def probabilities_returned(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    logits = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="The biases c of the logits are missing.",
)
def output_bias_forgotten(params, inputs, h0=None):
    E, W_x, W_h, b, U, _c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint="The text is read from its end: the state after word t knows the words that come "
    "later. A language model reads from left to right.",
)
def read_backwards(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    for t in range(T):
        h = np.tanh(x[:, T - 1 - t] @ W_x + h @ W_h + b)
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": states, "logits": logits}


@misconception(
    "sentences",
    "carried",
    "edges",
    hint='cache["states"] holds the numbers before the tanh. The states are those after it, '
    "and so does the backward pass need them.",
)
def states_before_tanh(params, inputs, h0=None):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    if inputs.min() < 0 or inputs.max() >= len(E):
        raise ValueError
    (B, T), n_hidden = inputs.shape, len(b)
    x = E[inputs]
    start = params["h0"] if h0 is None else h0
    h = np.zeros((B, n_hidden)) + start
    hs = [h]
    kept = [h]
    for t in range(T):
        kept.append(x[:, t] @ W_x + h @ W_h + b)
        h = np.tanh(kept[-1])
        hs.append(h)
    states = np.stack(hs, axis=1)
    logits = states[:, 1:] @ U + c
    return logits, {"inputs": inputs, "x": x, "states": np.stack(kept, axis=1), "logits": logits}


@correct_way
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


@correct_way
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


@correct_way
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
