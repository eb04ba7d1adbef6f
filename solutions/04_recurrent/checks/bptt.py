"""bptt: the gradient of the mean loss, back through time."""

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

from .drawing import (
    GRADIENTS,
    OF_LARGE_SCORES,
    draw_batch,
    draw_large_batch,
    draw_mask,
    full_mask,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield batches without padding and with it, truncations, single rows and steps, and refusals."""
    for sizes, rows, steps in (((4, 2, 2), 2, 3), ((7, 3, 4), 4, 6)):
        yield case("full", *draw_batch(rng, reference, sizes, full_mask(rows, steps)), None)
    yield case("full", *draw_batch(rng, reference, (5, 2, 3), full_mask(2, 12)), None)
    single = draw_batch(rng, reference, (8, 3, 3), full_mask(3, 5), dtype="float32")
    yield case("full", *single, None)
    for sizes, rows, steps in (((3, 3, 4), 5, 5), ((5, 2, 2), 4, 4)):
        mask = draw_mask(rng, rows, steps, empty_row=True)
        yield case("padded", *draw_batch(rng, reference, sizes, mask), None)
    for sizes, rows, steps, k in (
        ((5, 2, 3), 2, 5, 1),
        ((7, 2, 3), 2, 7, 3),
        ((5, 2, 2), 2, 4, 4),
        ((5, 3, 3), 2, 3, 9),
        ((4, 2, 3), 3, 1, 1),
    ):
        yield case("truncated", *draw_batch(rng, reference, sizes, full_mask(rows, steps)), k)
    mask = draw_mask(rng, 4, 6, empty_row=True)
    yield case("truncated", *draw_batch(rng, reference, (6, 2, 4), mask), 2)
    for V, rows, steps in ((5, 1, 5), (2, 4, 1), (3, 1, 1)):
        batch = draw_batch(rng, reference, (V, 2, 3), full_mask(rows, steps))
        yield case("edges", *batch, None)
    large = draw_large_batch(rng, reference, (6, 2, 3), full_mask(1, 4))
    yield Case("edges", (*large, None), compare=OF_LARGE_SCORES)
    params, cache, targets, mask = draw_batch(rng, reference, (5, 2, 3), full_mask(2, 4))
    yield case("edges", params, cache, targets, ~mask, None)
    for wrong in (-1, 5):
        outside = targets.copy()
        outside[rng.integers(2), rng.integers(4)] = wrong
        yield case("edges", params, cache, outside, mask, None)
    yield case("edges", params, cache, targets, mask, 0)


check = Check(
    groups={
        "full": Group("batches without padding", 3),
        "padded": Group("batches with padding", 2),
        "truncated": Group("truncation", 2),
        "edges": Group("one row, one step, large scores, and what is refused", 1),
    },
    draw=draw,
    compare=GRADIENTS,
)


@alternative
def walking_back(params, cache, targets, mask, truncate=None):
    W_x, W_h, U = (params[k] for k in ("W_x", "W_h", "U"))
    inputs, x, states, logits = (cache[k] for k in ("inputs", "x", "states", "logits"))
    _B, T, V = logits.shape
    k = T if truncate is None else truncate
    if not mask.any() or k < 1 or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    probs = np.exp(logits - logits.max(axis=2, keepdims=True))
    probs /= probs.sum(axis=2, keepdims=True)
    d_logits = (probs - np.eye(V)[targets]) * mask[:, :, None] / mask.sum()
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    future = []  # what the losses of the next k steps say, the nearest first
    for t in range(T - 1, -1, -1):
        grads["U"] += states[:, t + 1].T @ d_logits[:, t]
        grads["c"] += d_logits[:, t].sum(axis=0)
        signals = np.array([d_logits[:, t] @ U.T, *future]) * (1 - states[:, t + 1] ** 2)
        d_inside = signals.sum(axis=0)
        grads["W_x"] += x[:, t].T @ d_inside
        grads["W_h"] += states[:, t].T @ d_inside
        grads["b"] += d_inside.sum(axis=0)
        np.add.at(grads["E"], inputs[:, t], d_inside @ W_x.T)
        future = (signals @ W_h.T)[:k]
    grads["h0"] += np.sum(future, axis=(0, 1))
    return grads


@alternative
def every_loss_by_itself(params, cache, targets, mask, truncate=None):
    _E, W_x, W_h, U = (params[k] for k in ("E", "W_x", "W_h", "U"))
    inputs, x, states, logits = (cache[k] for k in ("inputs", "x", "states", "logits"))
    _B, T, V = logits.shape
    if not mask.any() or (truncate is not None and truncate < 1):
        raise ValueError
    if targets.min() < 0 or targets.max() >= V:
        raise ValueError
    probs = np.exp(logits - logits.max(axis=2, keepdims=True))
    probs /= probs.sum(axis=2, keepdims=True)
    d_logits = (probs - np.eye(V)[targets]) * mask[:, :, None] / mask.sum()
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    for t in range(T):
        grads["U"] += states[:, t + 1].T @ d_logits[:, t]
        grads["c"] += d_logits[:, t].sum(axis=0)
        dh = d_logits[:, t] @ U.T
        reach = T if truncate is None else truncate
        for back in range(reach + 1):
            s = t - back
            if s < 0:
                grads["h0"] += dh.sum(axis=0)
                break
            d_inside = dh * (1 - states[:, s + 1] ** 2)
            grads["W_x"] += x[:, s].T @ d_inside
            grads["W_h"] += states[:, s].T @ d_inside
            grads["b"] += d_inside.sum(axis=0)
            np.add.at(grads["E"], inputs[:, s], d_inside @ W_x.T)
            dh = d_inside @ W_h.T
    return grads


@alternative
def with_torch(params, cache, targets, mask, truncate=None):
    import torch

    V = cache["logits"].shape[2]
    if mask.sum() < 1 or np.any(targets < 0) or np.any(targets >= V):
        raise ValueError("a bad batch")
    if truncate is not None and truncate <= 0:
        raise ValueError("truncate")
    p = {k: torch.tensor(v).double().requires_grad_() for k, v in params.items()}
    inputs, wanted = torch.tensor(cache["inputs"]).long(), torch.tensor(targets).long()
    fixed = torch.tensor(cache["states"]).double()
    B, T = inputs.shape
    total = 0.0
    for t in range(T):
        first = 0 if truncate is None else max(t - truncate, 0)
        reaches = truncate is None or t + 1 <= truncate
        h = p["h0"].expand(B, -1) if reaches else fixed[:, first]
        for s in range(first, t + 1):
            h = torch.tanh(p["E"][inputs[:, s]] @ p["W_x"] + h @ p["W_h"] + p["b"])
        losses = torch.nn.functional.cross_entropy(
            h @ p["U"] + p["c"], wanted[:, t], reduction="none"
        )
        total = total + losses[torch.tensor(mask[:, t])].sum()
    (total / int(mask.sum())).backward()
    return {k: v.grad for k, v in p.items()}


@alternative
def with_many_signals(params, cache, targets, mask, truncate=None):
    E, W_x, W_h, U = (params[k] for k in ("E", "W_x", "W_h", "U"))
    states = cache["states"]
    B, T, V = cache["logits"].shape
    k = T if truncate is None else truncate
    if not mask.any() or k < 1 or ((targets < 0) | (targets >= V)).any():
        raise ValueError("cannot")
    logits = cache["logits"] - np.logaddexp.reduce(cache["logits"], axis=2, keepdims=True)
    d_logits = np.where(mask[:, :, None], np.exp(logits) - np.eye(V)[targets], 0) / mask.sum()
    d_inside = np.zeros((B, T, len(W_h)))
    signals = []  # one for each loss that is still heard, and over how many factors it came
    for t in range(T - 1, -1, -1):
        signals = [(dh, n) for dh, n in signals if n <= k] + [(d_logits[:, t] @ U.T, 0)]
        slopes = 1 - states[:, t + 1] ** 2
        d_inside[:, t] = sum(dh * slopes for dh, _ in signals)
        signals = [((dh * slopes) @ W_h.T, n + 1) for dh, n in signals]
    d_h0 = sum([dh for dh, n in signals if n <= k], np.zeros((B, len(W_h))))
    d_E = np.zeros(E.shape)
    for i in range(B):
        for t in range(T):
            d_E[cache["inputs"][i, t]] += W_x @ d_inside[i, t]
    return {
        "E": d_E,
        "W_x": np.einsum("bti,btj->ij", cache["x"], d_inside),
        "W_h": np.einsum("bti,btj->ij", states[:, :-1], d_inside),
        "b": d_inside.sum(axis=(0, 1)),
        "U": np.einsum("bti,btj->ij", states[:, 1:], d_logits),
        "c": d_logits.sum(axis=(0, 1)),
        "h0": d_h0.sum(axis=0),
    }


future_forgotten = slip(
    every_loss_by_itself,
    ("T if truncate is None else truncate", "0"),
    loses=("full", "padded", "truncated", "edges"),
    hint="Each state hears its own loss only, and nothing of the future: what comes back "
    "through W_h from the step after it is missing. Each step by itself is right, and the "
    "sequence is not.",
)
one_appearance_of_w_h = slip(
    walking_back,
    ('grads["W_h"] +=', 'grads["W_h"] ='),
    loses=("full", "padded", "truncated", "edges"),
    hint="The gradient of W_h is overwritten at every step instead of added up (= for +=). A "
    "repeated weight gets the sum over its appearances.",
)
state_gradient_accumulates = slip(
    walking_back,
    ("(signals @ W_h.T)[:k]", "[*future, *(signals @ W_h.T)[:k]]"),
    loses=("full", "padded", "truncated", "edges"),
    hint="The gradient that is handed back is added to the old one, or changed in place, so "
    "that what a later step handed on arrives again at every earlier step. At each step "
    "it is made anew.",
)
future_without_slope = slip(
    walking_back,
    (
        "np.array([d_logits[:, t] @ U.T, *future]) * (1 - states[:, t + 1] ** 2)",
        "np.array([d_logits[:, t] @ U.T * (1 - states[:, t + 1] ** 2), *future])",
    ),
    loses=("full", "padded", "truncated", "edges"),
    hint="What the future says to a state does not go through the derivative of tanh at that "
    "state; only its own loss does. Add up both first, then multiply: check what you "
    "change in place, and when.",
)
slope_of_a_squashed_state = slip(
    every_loss_by_itself,
    ("states[:, s + 1]", "np.tanh(states[:, s + 1])"),
    loses=("full", "padded", "truncated", "edges"),
    hint="Your derivative of tanh is 1 - tanh(h)^2. The state h already is a tanh, and you "
    "squash it a second time.",
)
slope_of_the_pre_activation = slip(
    walking_back,
    ("states[:, t + 1] **", '(x[:, t] @ W_x + states[:, t] @ W_h + params["b"]) **'),
    loses=("full", "padded", "truncated", "edges"),
    hint="The derivative of tanh is 1 - h^2 with h the state, after the tanh. You square what "
    "stands before the tanh.",
)
no_slope = slip(
    every_loss_by_itself,
    (" * (1 - states[:, s + 1] ** 2)", ""),
    loses=("full", "padded", "truncated", "edges"),
    hint="The derivative of tanh is missing on the way back.",
)
same_way_back = slip(
    every_loss_by_itself,
    ("W_h.T", "W_h"),
    loses=("full", "padded", "truncated", "edges"),
    hint="On the way back W_h is used as on the way forward. What came through h @ W_h goes "
    "back through its transpose.",
)
state_after = slip(
    every_loss_by_itself,
    ("states[:, s].T", "states[:, s + 1].T"),
    loses=("full", "padded", "truncated", "edges"),
    hint="The gradient of W_h at a step is made of the state before that step, which went in, "
    "not of the state that came out.",
)
start_not_learned = slip(
    every_loss_by_itself,
    ('                grads["h0"] += dh.sum(axis=0)\n', ""),
    loses=("full", "padded", "truncated", "edges"),
    hint="h0 gets no gradient. It is learned like the rest: it gets what arrives at states[:, 0].",
)
start_averaged = slip(
    every_loss_by_itself,
    ("dh.sum", "dh.mean"),
    loses=("full", "padded", "truncated", "edges"),
    hint="The gradient of h0 is a mean over the rows. All rows start in the same h0, so what "
    "comes back from them adds up; the mean over tokens is in it already.",
)
start_confused_with_step_0 = slip(
    every_loss_by_itself,
    ("if s < 0:", "if s == 0:"),
    ("                break\n", "            if s < 0:\n                break\n"),
    loses=("full", "padded", "truncated", "edges"),
    hint="What you give to h0 is the gradient of the state after step 0. h0 stands one step "
    "earlier, behind one more tanh and one more W_h.",
)
repeated_words_lost = slip(
    walking_back,
    (
        'np.add.at(grads["E"], inputs[:, t], d_inside @ W_x.T)',
        'grads["E"][inputs[:, t]] += d_inside @ W_x.T',
    ),
    loses=("full", "padded", "truncated", "edges"),
    hint="A word that stands in several rows at the same step gets the gradient of one of them "
    "only: E[ids] += g adds once for each different id. Its row of E gets the sum over "
    "all its appearances.",
)
not_averaged = slip(
    every_loss_by_itself,
    (" / mask.sum()", ""),
    loses=("full", "padded", "truncated", "edges"),
    hint="The gradients are those of the sum of the losses. Asked for are those of the mean "
    "over all real tokens.",
)
averaged_over_places = slip(
    every_loss_by_itself,
    ("mask.sum()", "mask.size"),
    loses=("padded", "truncated"),
    hint="You divide by all places of the batch, padding included. The mean is over real tokens.",
)
averaged_over_rows = slip(
    every_loss_by_itself,
    ("mask.sum()", "len(mask)"),
    loses=("full", "padded", "truncated", "edges"),
    hint="You divide by the number of rows. The mean is over all real tokens of the batch.",
)
mean_of_means = slip(
    every_loss_by_itself,
    ("mask.sum()", "np.maximum(mask.sum(axis=1), 1)[:, None, None] / mask.any(axis=1).sum()"),
    loses=("padded", "truncated"),
    hint="Each row is averaged by itself, so a token of a short row counts more than one of a "
    "long row. The mean is over all real tokens of the batch, each counting the same.",
)
padding_counted = slip(
    every_loss_by_itself,
    (" * mask[:, :, None]", ""),
    loses=("padded", "truncated"),
    hint="Padding sends gradients: the loss there has to be masked out before anything is "
    "handed back.",
)
truncation_ignored = slip(
    every_loss_by_itself,
    (" if truncate is None else truncate", ""),
    loses="truncated",
    hint="truncate changes nothing in your answer. With truncate = k, each loss reaches back "
    "over k steps at most.",
)
truncation_cuts_the_losses = slip(
    every_loss_by_itself,
    (
        "reach = T if truncate is None else truncate",
        "reach = T\n        if truncate is not None and t < T - truncate:\n            continue",
    ),
    loses="truncated",
    hint="You leave out losses: only those of the last k steps count. Truncation stops the way "
    "back of each loss, and leaves no loss out.",
)
truncation_of_the_text = slip(
    every_loss_by_itself,
    (
        "            d_inside = dh",
        (
            "            if truncate is not None and s < T - truncate:\n"
            "                break\n"
            "            d_inside = dh"
        ),
    ),
    loses="truncated",
    hint="You go back over the last k steps of the text and stop there, for all losses alike. "
    "Each loss reaches back over k steps from where it stands itself.",
)
truncation_in_chunks = slip(
    every_loss_by_itself,
    ("else truncate", "else t % truncate"),
    loses="truncated",
    hint="You cut the text into chunks of k steps, and no loss reaches out of its chunk. Here "
    "the window slides: every loss reaches back over k steps, wherever it stands.",
)
truncated_a_step_early = slip(
    every_loss_by_itself,
    ("else truncate", "else truncate - 1"),
    loses="truncated",
    hint="You stop one step too early. With truncate = k a loss is heard at the state of its "
    "own step and at k states before it: k factors, not k states.",
)
truncated_a_step_late = slip(
    every_loss_by_itself,
    ("else truncate", "else truncate + 1"),
    loses="truncated",
    hint="You go one step too far. With truncate = k a loss is handed back over k factors, and "
    "no further.",
)
overflows = slip(
    every_loss_by_itself,
    ("logits - logits.max(axis=2, keepdims=True)", "logits"),
    loses="edges",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from "
    "all scores of a step changes no probability.",
    overflows=True,
)

arrays_already = equal(
    REFERENCE,
    ("np.asarray(cache[name])", "cache[name]"),
    ("targets, mask = np.asarray(targets), np.asarray(mask)", "pass"),
    ("np.asarray(targets)", "targets"),
    ("np.asarray(mask)", "mask"),
    ("int(mask.sum())", "mask.sum()"),
    because="they are arrays, as the signature says",
)
however_it_lies = equal(
    REFERENCE,
    ("(1, 0, 2).copy()", "(1, 0, 2)"),
    ("np.ascontiguousarray(W_h.T)", "W_h.T"),
    because="a product is the same however its factors lie in memory, and they are new arrays",
)
one_unknown_size = equal(
    REFERENCE,
    ("n_steps, -1", "n_steps, -2"),
    ("(1, 0, 2).reshape(n_tokens, -1)", "(1, 0, 2).reshape(n_tokens, -2)"),
    ("x.reshape(n_tokens, -1)", "x.reshape(n_tokens, -2)"),
    ("[:, :-1].reshape(n_tokens, -1)", "[:, :-1].reshape(n_tokens, -2)"),
    ("(n_tokens, -1).T @ d_logits", "(n_tokens, -2).T @ d_logits"),
    because="numpy takes any negative size for the unknown one",
)
steps_are_alike = equal(
    REFERENCE,
    ("zeros_like(d_states[0])", "zeros_like(d_states[-1])"),
    ("min(truncate, n_steps)", "min(n_steps, truncate)"),
    because="all steps have one shape, and the smaller of two is the same in either order",
)
new_at_the_first_step = equal(
    REFERENCE,
    ("d_states = d_states.copy()", "pass"),
    ("d_states.copy()", "d_states"),
    because="the first step back makes a new array of what walks before anything is added",
)
added_in_any_order = equal(
    REFERENCE,
    (', kind="stable"', ""),
    ("stable", "stablex"),
    ("first, axis=0", "first"),
    because="a sum does not ask for the order (numpy looks at the first letter), and np.add.reduceat "
    "adds along the first axis",
)
a_list_of_signals = equal(
    walking_back,
    ("np.array([d_logits[:, t] @ U.T, *future])", "[d_logits[:, t] @ U.T, *future]"),
    ('grads["h0"] +=', 'grads["h0"] ='),
    because="a product makes an array of a list, and before that the gradient is 0",
)

numbers_of_torch = equal(
    with_torch,
    ("double().", ""),
    (".long(),", ","),
    ("(targets).long()", "(targets)"),
    ('torch.tensor(cache["states"]).double()', 'torch.tensor(cache["states"])'),
    ("torch.tensor(mask[:, t])", "mask[:, t]"),
    ("int(mask.sum())", "mask.sum()"),
    because="float32 is enough, ids are int64, and torch takes masks and numbers of numpy",
)
without_a_gradient = equal(
    with_torch,
    ("0.0", "1.0"),
    ("t - truncate, 0", "0, t - truncate"),
    ("B, -", "-"),
    because="a constant has no gradient, the larger of two is the same in either order, and a sum "
    "takes one start for each row",
)
filled_later = equal(
    with_many_signals,
    ("d_inside = np.zeros", "d_inside = np.ones"),
    (", np.zeros((B, len(W_h)))", ""),
    because="all steps are filled, and some signal reaches h0 whatever is cut",
)

rules = (
    rule(
        "Scores may be as large as 1,000",
        "a relative accuracy of 1e-3 is enough",
        when=lambda params, cache, *_: cache["logits"].max() > 700,
    ),
    told("are as in question 4", "**each** step $t$ reaches back over at most"),
    rule(
        "a word that occurs several times gets the sum",
        when=lambda params, cache, *_: len(np.unique(cache["inputs"])) < cache["inputs"].size,
    ),
    rule(
        "Padding contributes nothing",
        when=lambda params, cache, targets, mask, truncate: truncate is None and not mask.all(),
        gives=lambda got: True,
    ),
    rule(
        "the sum over the rows of what arrives at",
        when=lambda params, cache, targets, mask, truncate: truncate is None and len(mask) > 1,
    ),
    rule(
        "`truncate` is `None` (no truncation)",
        when=lambda params, cache, targets, mask, truncate: truncate is None,
    ),
    rule(
        "or $k \\ge 1$",
        "so only if $t + 1 \\le k$",
        when=lambda params, cache, targets, mask, truncate: truncate == 1 and mask.shape[1] > 1,
    ),
    rule(
        "it does not come in fixed chunks",
        when=lambda params, cache, targets, mask, truncate: 1 < truncate < mask.shape[1],
    ),
    rule(
        "With $k \\ge T$ nothing is cut",
        when=lambda params, cache, targets, mask, truncate: truncate == mask.shape[1],
    ),
    rule(
        "With $k \\ge T$ nothing is cut",
        when=lambda params, cache, targets, mask, truncate: truncate > mask.shape[1],
    ),
    rule(
        "A batch without a real token",
        when=lambda params, cache, targets, mask, truncate: not mask.any(),
        gives=ValueError,
    ),
    rule(
        "a target below 0 or not below $V$",
        when=lambda params, cache, targets, mask, truncate: targets.min() < 0,
        gives=ValueError,
    ),
    rule(
        "a target below 0 or not below $V$",
        when=lambda params, cache, targets, mask, truncate: targets.max() >= len(params["E"]),
        gives=ValueError,
    ),
    rule(
        "a `truncate` below 1",
        when=lambda params, cache, targets, mask, truncate: truncate == 0,
        gives=ValueError,
    ),
)
