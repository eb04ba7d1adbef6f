"""gradient_norm_by_gap: how long the gradient is that arrives so many steps before the loss."""

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

from .drawing import draw_states, draw_weights, saturated


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield texts of one length, of several lengths, and single ones."""
    for H, B, T in ((3, 3, 4), (2, 4, 6), (4, 2, 3)):
        yield case("equal", *_batch(rng, H, T, np.full(B, T)))
    for H, T, lengths in ((3, 5, (5, 2, 3)), (2, 6, (1, 6, 4, 2)), (4, 7, (3, 5, 5, 1, 2))):
        yield case("different", *_batch(rng, H, T, rng.permutation(lengths)))
    W_h, states, lengths, d_last = _batch(rng, 3, 4, rng.permutation([4, 1, 2]))
    single = (W_h.astype("float32"), states.astype("float32"), lengths, d_last.astype("float32"))
    yield case("different", *single)
    W_h, states, lengths, d_last = _batch(rng, 3, 4, rng.permutation([4, 1, 2]))
    W_h, d_last = 2000 * W_h.astype("float32"), d_last.astype("float32")
    yield case("different", W_h, saturated(rng, states), lengths, d_last)
    for H, T, length in ((3, 4, 4), (2, 5, 3), (3, 6, 1), (1, 5, 4)):
        yield case("single", *_batch(rng, H, T, np.array([length])))


def _batch(
    rng: np.random.Generator, H: int, T: int, lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    W_h = draw_weights(rng, H, 1.2)
    states = np.stack([draw_states(rng, W_h, T) for _ in lengths])
    for row, length in zip(states, lengths):
        row[length + 1 :] = rng.uniform(-1, 1, size=row[length + 1 :].shape)
    return W_h, states, lengths, rng.normal(size=(len(lengths), H))


check = Check(
    groups={
        "equal": Group("texts of the same length", 1),
        "different": Group("texts of different lengths, with padding", 2),
        "single": Group("a single text", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def gap_by_gap(W_h, states, lengths, d_last):
    states, carried, norms = states.astype(float), d_last.astype(float), []
    rows = np.arange(len(lengths))
    for gap in range(lengths.max() + 1):
        if gap:
            here = states[rows, lengths - gap + 1]
            carried = (carried * (1 - here**2)) @ W_h.T
        there = carried[lengths >= gap]
        norms.append(np.linalg.norm(there, axis=1).mean())
    return norms


@alternative
def text_by_text(W_h, states, lengths, d_last):
    found = [[] for _ in range(max(lengths) + 1)]
    for h, n, signal in zip(states.astype(float), lengths, d_last):
        found[0].append(np.sqrt(signal @ signal))
        for gap in range(1, n + 1):
            signal = W_h @ (signal * (1 - h[n - gap + 1] ** 2))
            found[gap].append(np.sqrt(signal @ signal))
    return [sum(norms) / len(norms) for norms in found]


@alternative
def with_jacobians(W_h, states, lengths, d_last):
    longest = np.max(lengths)
    norms = np.full((len(lengths), longest + 1), np.nan)
    for i, n in enumerate(lengths):
        product = np.eye(len(W_h))
        norms[i, 0] = np.linalg.norm(d_last[i])
        for k in range(n - 1, -1, -1):
            product = product @ (np.diag(1 - states[i, k + 1].astype(float) ** 2) @ W_h.T)
            norms[i, n - k] = np.linalg.norm(d_last[i] @ product)
    return np.nanmean(norms, axis=0)


@alternative
def by_torch(W_h, states, lengths, d_last):
    import torch

    W = torch.tensor(W_h).double()
    sums = torch.zeros(lengths.max() + 1)
    counts = torch.zeros_like(sums)
    for h, n, d in zip(states, lengths, d_last):
        true = torch.tensor(h).double()
        rest = torch.atanh(true[1:]) - true[:-1] @ W
        walked = [true[0].requires_grad_()]
        for k in range(n):
            walked.append(torch.tanh(walked[-1] @ W + rest[k]))
        loss = walked[-1] @ torch.tensor(d).double()
        for gap, grad in enumerate(torch.autograd.grad(loss, walked[::-1])):
            sums[gap] += grad.norm()
            counts[gap] += 1
    return sums / counts


norm_of_the_mean = slip(
    gap_by_gap,
    ("norm(there, axis=1).mean()", "norm(there.mean(axis=0))"),
    loses=("equal", "different"),
    hint="You take the mean of the gradients first and then its length. Gradients that point "
    "against each other cancel. First the lengths, then their mean.",
)
root_of_mean_squares = slip(
    gap_by_gap,
    ("np.linalg.norm(there, axis=1).mean()", "np.sqrt((there**2).sum(axis=1).mean())"),
    loses=("equal", "different"),
    hint="You take the root of the mean of squares. Asked is the mean of the lengths.",
)
squared_lengths = slip(
    gap_by_gap,
    ("np.linalg.norm(there, axis=1)", "(there**2).sum(axis=1)"),
    loses=("equal", "different", "single"),
    hint="You return squared lengths: the root is missing.",
)
summed = slip(
    gap_by_gap,
    (".mean()", ".sum()"),
    loses=("equal", "different"),
    hint="You return sums over the texts. Asked is the mean.",
)
divided_by_all = slip(
    gap_by_gap,
    (".mean()", ".sum() / len(lengths)"),
    loses="different",
    hint="You divide by the number of all texts, those that do not reach back so far included. They "
    "have no gradient there, and are left out of the mean.",
)
from_the_last_column = slip(
    gap_by_gap,
    ("lengths - gap + 1", "states.shape[1] - gap"),
    loses=("different", "single"),
    hint="You walk back from the last column of the array, through the padding. The loss of a text "
    "sits after its own last word.",
)
by_step_not_by_gap = slip(
    text_by_text,
    ("found[0]", "found[n]"),
    ("found[gap]", "found[n - gap]"),
    loses=("equal", "different", "single"),
    hint="Your numbers are ordered by the step at which the gradient arrives, not by how many steps "
    "back that is. Gap 0 comes first.",
)
slopes_of_the_state_before = slip(
    gap_by_gap,
    ("lengths - gap + 1", "lengths - gap"),
    loses=("equal", "different", "single"),
    hint="The slopes are those of the state before each step. The nonlinearity stands outside: they "
    "are those of the state after it.",
)
weights_the_wrong_way_round = slip(
    gap_by_gap,
    ("W_h.T", "W_h"),
    loses=("equal", "different", "single"),
    hint="You multiply by W_h instead of its transpose on the way back.",
)
no_slopes = slip(
    gap_by_gap,
    (" * (1 - here**2)", ""),
    loses=("equal", "different", "single"),
    hint="The slopes of tanh are missing on the way back.",
)
norms_of_jacobians = slip(
    with_jacobians,
    ("np.linalg.norm(d_last[i])", "1.0"),
    ("d_last[i] @ product", "product, 2"),
    loses=("equal", "different", "single"),
    hint="You return norms of the Jacobians. Their 2-norm says how much the best direction would "
    "keep; asked is what becomes of this gradient, d_last.",
)
h0_left_out = slip(
    gap_by_gap,
    ("lengths.max() + 1", "lengths.max()"),
    loses=("equal", "different", "single"),
    hint="The gaps end one too early: h_0 is a state as well, as many steps back as the text has "
    "words.",
)
left_out = equal(
    REFERENCE,
    ("lengths - gap + 1, 0", "0, lengths - gap + 1"),
    ("np.maximum(lengths - gap + 1, 0)", "lengths - gap + 1"),
    (", 0", ", 1"),
    (", 0", ", -1"),
    because="the states of texts that do not reach back so far are left out of the mean",
)
a_list = equal(
    REFERENCE,
    ("np.array(norms)", "norms"),
    because="a list of numbers is an array as well",
)

rules = (
    told("`states` has shape `(B, T + 1, H)`"),
    rule("each from 1 to $T$", when=lambda W_h, states, lengths, d_last: 1 in lengths),
    rule(
        "**The loss of row `i` sits at",
        "is padding and means nothing",
        when=lambda W_h, states, lengths, d_last: lengths.max() < states.shape[1] - 1,
    ),
    rule(
        "`d_last` has shape `(B, H)`",
        "So at `[0]` stands the mean norm",
        "First the norm of each row's gradient",
        when=lambda W_h, states, lengths, d_last: len(lengths) > 1,
    ),
    rule(
        "A row with $n$ words has the gaps",
        when=lambda W_h, states, lengths, d_last: len(lengths) == 1,
    ),
    rule(
        "**The mean for a gap is over those rows",
        when=lambda W_h, states, lengths, d_last: len(set(lengths)) > 1,
    ),
)
