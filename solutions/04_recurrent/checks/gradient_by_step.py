"""gradient_by_step: one loss, and every appearance of W_h behind it."""

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
    misconception,
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
    """Yield losses of late and of early steps, rows that have ended before, and what is refused."""
    for sizes, rows, steps, t in (
        ((4, 2, 2), 2, 3, 2),
        ((7, 3, 4), 3, 5, 4),
        ((9, 2, 3), 4, 6, 3),
        ((6, 3, 5), 2, 8, 6),
    ):
        yield case("late", *draw_batch(rng, reference, sizes, full_mask(rows, steps)), t)
    single = draw_batch(rng, reference, (8, 3, 3), full_mask(3, 5), dtype="float32")
    yield case("late", *single, 3)
    for sizes, rows, steps, t in (((6, 3, 4), 4, 5, 2), ((8, 2, 3), 5, 6, 3), ((5, 2, 2), 3, 4, 1)):
        mask = draw_mask(rng, rows, steps, empty_row=True)
        yield case("padded", *draw_batch(rng, reference, sizes, mask), t)
    ended = np.arange(5) < np.array([[3], [2], [0]])
    yield case("padded", *draw_batch(rng, reference, (5, 2, 3), ended), 4)
    for sizes, rows, steps in (((5, 2, 3), 2, 4), ((6, 3, 4), 3, 1), ((4, 2, 2), 1, 3)):
        yield case("edges", *draw_batch(rng, reference, sizes, full_mask(rows, steps)), 0)
    large = draw_large_batch(rng, reference, (6, 2, 3), full_mask(2, 4))
    yield Case("edges", (*large, 0), compare=OF_LARGE_SCORES)
    batch = draw_batch(rng, reference, (5, 2, 3), full_mask(2, 4))
    for t in (-1, 4, 9):
        yield case("edges", *batch, t)


check = Check(
    groups={
        "late": Group("losses of late steps", 2),
        "padded": Group("batches in which some rows have ended", 1),
        "edges": Group("the first step, large scores, and steps that do not exist", 1),
    },
    draw=draw,
    compare=GRADIENTS,
)


@alternative
def with_torch_weights_of_their_own(params, cache, targets, mask, t):
    import torch

    if not 0 <= t < cache["logits"].shape[1]:
        raise ValueError("no such step")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    copies = [p["W_h"].clone().requires_grad_() for _ in range(t + 1)]
    h = torch.tensor(cache["states"][:, 0]).double()
    for k in range(t + 1):
        x = torch.tensor(cache["x"][:, k]).double()
        h = torch.tanh(x @ p["W_x"] + h @ copies[k] + p["b"])
    wanted = torch.tensor(targets[:, t]).long()
    losses = torch.nn.functional.cross_entropy(h @ p["U"] + p["c"], wanted, reduction="none")
    (losses * torch.tensor(mask[:, t])).sum().backward()
    return torch.stack([copy.grad for copy in copies])


@alternative
def row_by_row(params, cache, targets, mask, t):
    T = cache["logits"].shape[1]
    if t not in range(T):
        raise ValueError(t)
    n_hidden = len(params["b"])
    parts = np.zeros((t + 1, n_hidden, n_hidden))
    for i in np.flatnonzero(mask[:, t]):
        scores = np.asarray(cache["logits"][i, t], dtype=float)
        p = np.exp(scores - scores.max())
        p = p / p.sum()
        p[targets[i, t]] -= 1
        delta = params["U"] @ p
        for k in reversed(range(t + 1)):
            delta = delta * (1 - cache["states"][i, k + 1] ** 2)
            parts[k] += np.outer(cache["states"][i, k], delta)
            delta = params["W_h"] @ delta
    return parts


@alternative
def with_jacobians(params, cache, targets, mask, t):
    states, logits = cache["states"].astype(float), cache["logits"].astype(float)
    if t < 0 or t > logits.shape[1] - 1:
        raise ValueError("t")
    shares = np.exp(logits[:, t] - np.logaddexp.reduce(logits[:, t], axis=1)[:, None])
    shares[np.arange(len(shares)), targets[:, t]] -= 1
    signal = np.where(mask[:, t, None], shares, 0) @ params["U"].T
    parts = [None] * (t + 1)
    for k in range(t, -1, -1):
        slopes = 1 - states[:, k + 1] ** 2
        parts[k] = np.einsum("bi,bj->ij", states[:, k], signal * slopes)
        jacobians = slopes[:, :, None] * params["W_h"].T[None]
        signal = np.einsum("bi,bij->bj", signal, jacobians)
    return parts


newest_first = slip(
    REFERENCE,
    ("return parts", "return parts[::-1]"),
    loses=("late", "padded"),
    hint="The appearances come in the wrong order: yours begin with the newest one. At [0] "
    "belongs the one at step 0.",
)


@misconception(
    "late",
    "padded",
    hint="The losses of other steps are in it as well. Asked for is the gradient of J_t alone, "
    "the loss of one step.",
)
def all_losses(params, cache, targets, mask, t):
    W_h, U, states, logits = params["W_h"], params["U"], cache["states"], cache["logits"]
    _B, T, V = logits.shape
    if t < 0 or t >= T:
        raise ValueError
    probs = np.exp(logits - logits.max(axis=2, keepdims=True))
    probs /= probs.sum(axis=2, keepdims=True)
    d_logits = (probs - np.eye(V)[targets]) * mask[:, :, None]
    dh = d_logits[:, t] @ U.T
    parts = []
    for k in range(t, -1, -1):
        d_inside = dh * (1 - states[:, k + 1] ** 2)
        parts.append(states[:, k].T @ d_inside)
        dh = d_inside @ W_h.T + (d_logits[:, k - 1] @ U.T if k > 0 else 0)
    parts.reverse()
    return np.array(parts)


mean_over_tokens = slip(
    REFERENCE,
    ('params["U"].T', 'params["U"].T / np.sum(mask)'),
    loses=("late", "padded", "edges"),
    hint="You divide by the number of real tokens. J_t is a sum over the rows, and is not "
    "divided by anything.",
)
mean_over_rows = slip(
    REFERENCE,
    ('params["U"].T', 'params["U"].T / len(mask)'),
    loses=("late", "padded", "edges"),
    hint="You divide by the number of rows. J_t is a sum over the rows, and is not divided by "
    "anything.",
)
last_appearance_only = slip(
    REFERENCE,
    ('d_inside @ params["W_h"].T', "0 * d_inside"),
    loses=("late", "padded"),
    hint="Only the last appearance gets a gradient. The loss depends on the earlier ones too, "
    "through the states that they made.",
)
no_slope = slip(
    REFERENCE,
    (" * (1 - states[:, k + 1] ** 2)", ""),
    loses=("late", "padded", "edges"),
    hint="The derivative of tanh is missing on the way back.",
)
slope_of_a_squashed_state = slip(
    REFERENCE,
    ("states[:, k + 1]", "np.tanh(states[:, k + 1])"),
    loses=("late", "padded", "edges"),
    hint="Your derivative of tanh is 1 - tanh(h)^2. The state h already is a tanh, and you "
    "squash it a second time.",
)
slope_of_the_state_before = slip(
    REFERENCE,
    ("k + 1", "k"),
    loses=("late", "padded", "edges"),
    hint="The derivative of tanh at step k belongs to the state that step k made, states[:, k "
    "+ 1]; you take the one before it.",
)
same_way_back = slip(
    REFERENCE,
    ('params["W_h"].T', 'params["W_h"]'),
    loses=("late", "padded"),
    hint="On the way back the weights are used as on the way forward. What came through h @ "
    "W_h goes back through its transpose.",
)
state_after = slip(
    REFERENCE,
    ("states[:, k].T", "states[:, k + 1].T"),
    loses=("late", "padded", "edges"),
    hint="The gradient of W_h at step k is made of the state before step k, which went in, not "
    "of the state that came out.",
)
padding_counted = slip(
    REFERENCE,
    ("    d_logits[~np.asarray(mask)[:, t]] = 0\n", ""),
    loses="padded",
    hint="Rows whose step t is padding are counted as well. The mask says where there is a loss.",
)
running_sums = slip(
    REFERENCE,
    ("return parts", "return np.cumsum(parts[::-1], axis=0)[::-1]"),
    loses=("late", "padded"),
    hint="You return sums: each entry holds what belongs to it and to later appearances. Each "
    "appearance has an entry of its own, and the sum over all of them is the whole.",
)
first_step_missing = slip(
    REFERENCE,
    ("return parts", "return parts[1:]"),
    loses=("late", "padded", "edges"),
    hint="The appearance at step 0 is missing: there W_h meets h0, which is not zero. There "
    "are t + 1 appearances.",
)
sign_lost = slip(
    REFERENCE,
    ("d_logits @", "-d_logits @"),
    loses=("late", "padded", "edges"),
    hint="The sign is wrong: the derivative of the loss with respect to the logits is "
    "predicted minus observed.",
)
overflows = slip(
    REFERENCE,
    ("logits[:, t] - logits[:, t].max(axis=1, keepdims=True)", "logits[:, t]"),
    loses="edges",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from "
    "all scores of a step changes no probability.",
    overflows=True,
)

arrays_already = equal(
    REFERENCE,
    ('np.asarray(cache["states"])', 'cache["states"]'),
    ('np.asarray(cache["logits"])', 'cache["logits"]'),
    ("np.asarray(targets)", "targets"),
    ("np.asarray(mask)", "mask"),
    (", dtype=d_state.dtype", ""),
    because="they are arrays, as the signature says, and float64 is more than is needed",
)

no_other_integers = equal(
    with_torch_weights_of_their_own,
    (".long()", ""),
    ("torch.stack([copy.grad for copy in copies])", "[copy.grad for copy in copies]"),
    because="targets are int64, and a list of tensors is compared as a tensor is",
)
scores_as_they_are = equal(
    row_by_row,
    (", dtype=float", ""),
    ('np.asarray(cache["logits"][i, t], dtype=float)', 'cache["logits"][i, t]'),
    because="they are an array, and float32 is enough",
)

rules = (
    rule(
        "Scores may be as large as 1,000",
        "a relative accuracy of 1e-3 is enough",
        when=lambda params, cache, *_: cache["logits"].max() > 700,
    ),
    told("is what `rnn_forward` returned", "are as in question 3"),
    rule(
        "summed over the rows",
        "It is not divided by anything",
        when=lambda params, cache, targets, mask, t: mask[:, t].sum() > 1,
    ),
    rule(
        "A row whose step $t$ is padding adds nothing",
        when=lambda params, cache, targets, mask, t: 0 < mask[:, t].sum() < len(mask),
    ),
    rule(
        "where all of them are, the answer is zeros",
        when=lambda params, cache, targets, mask, t: not mask[:, t].any(),
    ),
    rule(
        "A `t` below 0 or not below $T$",
        when=lambda params, cache, targets, mask, t: t < 0,
        gives=ValueError,
    ),
    rule(
        "A `t` below 0 or not below $T$",
        when=lambda params, cache, targets, mask, t: t == mask.shape[1],
        gives=ValueError,
    ),
)
