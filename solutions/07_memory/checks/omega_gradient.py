"""omega_gradient: the immediate derivative of omega."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

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
    equal,
    misconception,
    rule,
    slip,
)
from autograder.authoring.comparing import Close

from .signals import draw_walks, has_short, is_nothing, is_single, is_swallowed


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield signals that are alive, some that have vanished or are swallowed, and none."""
    yield from draw_walks(rng)


check = Check(
    groups={
        "alive": Group("signals that are alive, a loss at each step", 3),
        "vanished": Group("signals that have vanished or are passed on as 0, and none at all", 2),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def pair_by_pair(dh, W_h, states):
    total, count = np.zeros(np.shape(W_h)), 0
    for t in range(len(dh)):
        for b in range(dh.shape[1]):
            delta = dh[t, b].astype(float)
            length = np.sqrt(delta @ delta)
            if length <= 1e-10:
                continue
            count += 1
            u = delta * (1 - states[t + 1, b].astype(float) ** 2)
            v = W_h @ u
            size = np.sqrt(v @ v)
            if size > 0:
                total += 2 * (size / length - 1) / (length * size) * np.outer(v, u)
    return total / count if count else total


@alternative
def with_autograd(dh, W_h, states):
    import torch

    W = torch.tensor(W_h).double().requires_grad_()
    d = torch.tensor(dh).double()
    u = d * (1 - torch.tensor(states)[1:].double() ** 2)
    alive = d.square().sum(-1) > 1e-20
    if not bool(alive.any()):
        return np.zeros(W_h.shape)
    ratio = (u[alive] @ W.T).norm(dim=1) / d[alive].norm(dim=1)
    ((ratio - 1) ** 2).mean().backward()
    return W.grad


@alternative
def with_einsum(dh, W_h, states):
    d, h = dh.astype(float), states.astype(float)
    a = np.linalg.norm(d, axis=-1)
    keep = a > 1e-10
    a = np.where(keep, a, 1)
    u = d * (1 - h[1:] ** 2)
    v = np.einsum("ij,tbj->tbi", W_h, u)
    s = np.linalg.norm(v, axis=-1)
    factor = np.where(keep & (s > 0), 2 * (s - a) / a**2 / np.where(s > 0, s, 1), 0)
    return np.einsum("tb,tbi,tbj->ij", factor, v, u) / max(keep.sum(), 1)


@misconception(
    "alive",
    "vanished",
    hint="The states are differentiated as well, as if W_h moved them: your derivative is more than the "
    "immediate one. The states and dh are constants.",
)
def through_the_states(dh, W_h, states):
    import torch

    W = torch.tensor(W_h).double().requires_grad_()
    d, h = torch.tensor(dh).double(), torch.tensor(states).double()
    inputs = torch.atanh(h[1:]) - h[:-1] @ W.detach()
    moving = torch.tanh(inputs + h[:-1] @ W)
    alive = d.square().sum(-1) > 1e-20
    if not bool(alive.any()):
        return np.zeros(W_h.shape)
    v = (d * (1 - moving**2))[alive] @ W.T
    ((v.norm(dim=1) / d[alive].norm(dim=1) - 1) ** 2).mean().backward()
    return np.asarray(W.grad)


of_the_squared_quotient = slip(
    REFERENCE,
    (
        "2 * (lengths / arrived - 1) / arrived / len(arrived)",
        "4 * ((lengths / arrived) ** 2 - 1) * lengths / arrived**2 / len(arrived)",
    ),
    loses=("alive", "vanished"),
    hint="This is the gradient of the published code's form, with squared lengths inside. Question 7 takes "
    "equation 9.",
)
of_equation_10_as_printed = slip(
    REFERENCE,
    (
        "2 * (lengths / arrived - 1) / arrived / len(arrived)",
        "2 * lengths / arrived**2 / len(arrived)",
    ),
    loses=("alive", "vanished"),
    hint="The outer square is missing (as it is in equation 10 as printed), so that all signals are made "
    "shorter.",
)
sum_over_steps = slip(
    REFERENCE,
    (" / arrived / len(arrived)", " / arrived"),
    loses=("alive", "vanished"),
    hint="This is the gradient of the sum. Omega is the mean over all pairs whose signal is alive.",
)
mean_over_all = slip(
    REFERENCE,
    ("/ len(arrived)", "/ alive.size"),
    loses="vanished",
    hint="Steps without a signal are counted in the mean. Those that have vanished do not count.",
)
vanished_counted = slip(
    REFERENCE,
    ("(dh**2).sum(axis=2) > 1e-20", "(dh**2).sum(axis=2) > 0"),
    loses="vanished",
    hint="Signals that have nearly vanished are counted, and pull as hard as the others, or harder: they "
    "are divided by next to nothing. Leave them out.",
)
division_by_nothing = slip(
    REFERENCE,
    ("np.where(lengths > 0, lengths, 1)", "lengths"),
    loses="vanished",
    hint="You divide by the length of what is passed on, also where it is 0: 0 / 0 is nan. Such a pair adds "
    "0 to the gradient.",
    overflows=True,
)
swallowed_left_out = slip(
    REFERENCE,
    (
        "    alive = (dh**2).sum(axis=2) > 1e-20\n",
        (
            "    passing = ((dh * (1 - states[1:] ** 2)) @ W_h.T != 0).any(axis=2)\n"
            "    alive = ((dh**2).sum(axis=2) > 1e-20) & passing\n"
        ),
    ),
    loses="vanished",
    hint="Signals that are passed on as 0 are left out of the mean. They add nothing to the gradient, but "
    "they are alive, and count.",
)
not_divided_by_its_length = slip(
    REFERENCE,
    (
        "passed_on / np.where(lengths > 0, lengths, 1)[:, None]",
        "passed_on",
    ),
    loses=("alive", "vanished"),
    hint="The derivative of a length is the vector over its length. You leave the division out.",
)
transposed = slip(
    REFERENCE,
    ("(weights[:, None] * directions).T @ through", "through.T @ (weights[:, None] * directions)"),
    loses=("alive", "vanished"),
    hint="Your gradient is transposed: W_h[i, j] takes what stands at unit j of the later state to unit i of "
    "the earlier one.",
)
slopes_forgotten = slip(
    REFERENCE,
    ("(dh * (1 - states[1:] ** 2))[alive]", "dh[alive]"),
    loses=("alive", "vanished"),
    hint="The slope of tanh is missing in what is passed on.",
)
wrong_sign = slip(
    REFERENCE,
    ("weights = 2 *", "weights = -2 *"),
    loses=("alive", "vanished"),
    hint="The sign is the other one. You return the gradient, which leads uphill; a step goes against it "
    "later.",
)
single_precision = equal(
    REFERENCE,
    (
        "dh, states = np.asarray(dh, dtype=np.float64), np.asarray(states, dtype=np.float64)",
        "pass",
    ),
    ("np.asarray(dh, dtype=np.float64)", "np.asarray(dh)"),
    ("np.asarray(dh, dtype=np.float64)", "dh"),
    ("np.asarray(states, dtype=np.float64)", "np.asarray(states)"),
    ("np.asarray(states, dtype=np.float64)", "states"),
    settled="where they are float32, single precision is enough",
)
single_precision_with_autograd = equal(
    with_autograd,
    ("d = torch.tensor(dh).double()", "d = torch.tensor(dh)"),
    ("torch.tensor(states)[1:].double()", "torch.tensor(states)[1:]"),
    settled="where they are float32, single precision is enough",
)
none_at_the_bound = equal(
    REFERENCE, ("> 1e-20", ">= 1e-20"), because="no signal's square is at the bound"
)
none_at_the_bound_pair_by_pair = equal(
    pair_by_pair, ("<= 1e-10", "< 1e-10"), because="no signal's square is at the bound"
)
none_at_the_bound_with_autograd = equal(
    with_autograd, ("> 1e-20", ">= 1e-20"), because="no signal's square is at the bound"
)
none_at_the_bound_with_einsum = equal(
    with_einsum, ("> 1e-10", ">= 1e-10"), because="no signal's square is at the bound"
)
a_sum_over_no_pair = equal(
    REFERENCE,
    ("not alive.any()", "False"),
    ("return np.zeros(np.shape(W_h))", "pass"),
    because="a product of arrays without rows is 0 everywhere",
)
a_mean_over_no_pair = equal(
    with_autograd,
    ("not bool(alive.any())", "False"),
    ("return np.zeros(W_h.shape)", "pass"),
    because="from a mean over no pair nothing flows back: the gradient is 0 everywhere",
)
a_truth_value_of_torch = equal(
    with_autograd,
    ("bool(alive.any())", "alive.any()"),
    because="a tensor of one truth value is one",
)
zeros_divided = equal(
    REFERENCE,
    ("lengths, 1)", "lengths, 2)"),
    because="what is passed on as 0 is 0, whatever it is divided by",
)
chosen_afterwards = equal(
    with_einsum,
    ("a = np.where(keep, a, 1)", "pass"),
    ("keep, a, 1", "keep, a, 2"),
    ("keep, a, 1", "keep, a, 0"),
    ("np.where(s > 0, s, 1)", "np.where(s >= 0, s, 1)"),
    ("np.where(s > 0, s, 1)", "np.where(s > -1, s, 1)"),
    ("s, 1)", "s, 2)"),
    ("s, 1)", "s, 0)"),
    because="where there is no length, or it does not count, the other branch is chosen afterwards",
)
nothing_is_multiplied = equal(
    with_einsum,
    ("keep & (s > 0)", "keep"),
    ("keep & (s > 0)", "keep & (s >= 0)"),
    ("keep & (s > 0)", "keep & (s > -1)"),
    because="where s is 0 so is v, by which the finite factor is multiplied",
)
squares_of_the_vanished = equal(
    with_einsum,
    ("1), 0)", "1), 1)"),
    ("1), 0)", "1), -1)"),
    because="v and u of what has vanished have products below 1e-20, those of v = 0 are 0",
)
any_order = equal(
    with_einsum,
    ("max(keep.sum(), 1)", "max(1, keep.sum())"),
    because="the larger of two numbers does not depend on their order",
)

rules = (
    rule("Here too, where they are float32", when=is_single),
    rule("Arguments are as in question 7", when=lambda dh, W_h, states: len(dh) > 2),
    rule("Pairs that do not count there", when=has_short),
    rule("Where no pair is left", when=is_nothing),
    rule("Where $v_t$ is 0", when=is_swallowed),
)
