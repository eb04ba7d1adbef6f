"""omega: how far the error signal is from keeping its length."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

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
    equal,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .signals import draw_walks, has_short, is_nothing, is_single, is_swallowed


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield signals that are alive, some that have vanished or are swallowed, and none."""
    yield from draw_walks(rng)


check = Check(
    groups={
        "alive": Group("signals that are alive, a loss at each step", 2),
        "vanished": Group("signals that have vanished or are passed on as 0, and none at all", 2),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def pair_by_pair(dh, W_h, states):
    terms = []
    for signal, state in zip(dh.reshape(-1, len(W_h)), states[1:].reshape(-1, len(W_h))):
        delta, h = signal.astype(float), state.astype(float)
        if delta @ delta > 1e-20:
            v = W_h @ (delta * (1 - h * h))
            terms.append((math.sqrt(v @ v) / math.sqrt(delta @ delta) - 1) ** 2)
    return sum(terms) / len(terms) if terms else 0


@alternative
def with_einsum(dh, W_h, states):
    arrived = np.sqrt(np.einsum("tbh,tbh->tb", dh, dh, dtype=float))
    v = np.einsum("tbi,ji->tbj", dh * (1 - states[1:] ** 2), W_h, dtype=float)
    alive = arrived > 1e-10
    safe = np.where(alive, arrived, 1.0)
    squares = (np.sqrt((v * v).sum(-1)) / safe - 1) ** 2
    return np.sum(squares * alive) / max(1, alive.sum())


@alternative
def with_torch(dh, W_h, states):
    import torch

    d, W, h = (torch.tensor(a).double() for a in (dh, W_h, states))
    arrived = d.square().sum(-1)
    v = torch.nn.functional.linear(d * (1 - h[1:].square()), W)
    ratios = (v.norm(dim=-1) / arrived.sqrt())[arrived > 1e-20]
    return ((ratios - 1).square()).mean() if len(ratios) else torch.tensor(0.0)


squared_quotient = slip(
    REFERENCE,
    ("np.mean((ratios - 1) ** 2)", "np.mean((ratios**2 - 1) ** 2)"),
    loses=("alive", "vanished"),
    hint="The lengths are squared before 1 is taken away. So the published code does; equation 9 does not.",
)
not_squared = slip(
    REFERENCE,
    ("np.mean((ratios - 1) ** 2)", "np.mean(ratios**2 - 1)"),
    loses=("alive", "vanished"),
    hint="The outer square is missing (it is missing in equation 10 as it is printed): signals that shrink "
    "and signals that grow make up for one another.",
)
sum_over_steps = slip(
    REFERENCE,
    ("np.mean((ratios - 1) ** 2)", "np.sum((ratios - 1) ** 2)"),
    loses=("alive", "vanished"),
    hint="This is the sum, as equation 9 has it. Here it is the mean over all pairs whose signal is alive.",
)
mean_over_all = slip(
    REFERENCE,
    ("np.mean((ratios - 1) ** 2)", "np.sum((ratios - 1) ** 2) / alive.size"),
    loses="vanished",
    hint="Steps without a signal are counted in the mean. Those that have vanished do not count: "
    "neither in the sum nor in the number by which it is divided.",
)
vanished_counted = slip(
    REFERENCE,
    ("alive = squares > 1e-20", "alive = squares >= 0"),
    ("/ np.sqrt(squares[alive])", "/ np.maximum(np.sqrt(squares[alive]), 1e-20)"),
    loses="vanished",
    hint="Signals that have vanished are counted, as if they said something of the weights. Leave them out.",
)
division_by_nothing = slip(
    REFERENCE,
    ("alive = squares > 1e-20", "alive = squares >= 0"),
    loses="vanished",
    hint="You divide by the length of signals that have vanished: 0 / 0 is nan. Leave these pairs out.",
    overflows=True,
)
bound_for_the_length = slip(
    REFERENCE,
    ("squares > 1e-20", "np.sqrt(squares) > 1e-20"),
    loses="vanished",
    hint="The length itself is compared with 1e-20. It is its square that has to be above.",
)
swallowed_left_out = slip(
    REFERENCE,
    (
        "alive = squares > 1e-20",
        "alive = (squares > 1e-20) & (passed_on**2).sum(axis=2).astype(bool)",
    ),
    loses="vanished",
    hint="Signals that are passed on as 0 are left out. They are alive when they arrive: the quotient is 0, "
    "and they count with 1.",
)
weights_not_transposed = slip(
    REFERENCE,
    ("@ W_h.T", "@ W_h"),
    loses=("alive", "vanished"),
    hint="W_h is used the wrong way round: forwards it is h @ W_h, so backwards the signal is multiplied "
    "with the transpose.",
)
slopes_one_state_early = slip(
    REFERENCE,
    ("states[1:] ** 2", "states[:-1] ** 2"),
    loses=("alive", "vanished"),
    hint="The slope is that of the state before the step. It is that of the state at which the signal "
    "stands: states[1:].",
)
slopes_forgotten = slip(
    REFERENCE,
    ("(dh * (1 - states[1:] ** 2))", "dh"),
    loses=("alive", "vanished"),
    hint="The slope of tanh is missing in what is passed on.",
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
single_precision_with_einsum = equal(
    with_einsum,
    ("dh, dh, dtype=float", "dh, dh"),
    ("W_h, dtype=float", "W_h"),
    settled="where they are float32, single precision is enough",
)
single_precision_with_torch = equal(
    with_torch,
    (").double() for", ") for"),
    settled="where they are float32, single precision is enough",
)
none_at_the_bound = equal(
    REFERENCE, ("> 1e-20", ">= 1e-20"), because="no signal's square is at the bound"
)
none_at_the_bound_pair_by_pair = equal(
    pair_by_pair, ("> 1e-20", ">= 1e-20"), because="no signal's square is at the bound"
)
none_at_the_bound_with_einsum = equal(
    with_einsum, ("> 1e-10", ">= 1e-10"), because="no signal's square is at the bound"
)
none_at_the_bound_with_torch = equal(
    with_torch, ("> 1e-20", ">= 1e-20"), because="no signal's square is at the bound"
)
numbers_of_libraries = equal(
    REFERENCE,
    ("float(np.mean((ratios - 1) ** 2))", "np.mean((ratios - 1) ** 2)"),
    because="a number of numpy is a number",
)
numbers_with_torch = equal(
    with_torch, ("torch.tensor(0.0)", "0.0"), because="a tensor of one number is that number"
)
unknown_sizes = equal(
    pair_by_pair,
    ("dh.reshape(-1", "dh.reshape(-2"),
    ("states[1:].reshape(-1", "states[1:].reshape(-2"),
    because="numpy takes any negative size for the unknown one",
)
left_out_anyway = equal(
    with_einsum,
    ("arrived, 1.0", "arrived, 2.0"),
    ("arrived, 1.0", "arrived, 0.5"),
    because="what has vanished is multiplied by False, whatever it was divided by",
)
any_order = equal(
    with_einsum,
    ("max(1, alive.sum())", "max(alive.sum(), 1)"),
    because="the larger of two numbers does not depend on their order",
)

rules = (
    rule("All three arrays are float64", when=is_single),
    told("No $\\lVert \\delta_t \\rVert^2$ lies from"),
    rule("`dh` has the shape", when=lambda dh, W_h, states: dh.shape[0] != dh.shape[1]),
    rule("$\\Omega$ is the mean of", "The other ones have vanished", when=has_short),
    rule("Where no pair is left", when=is_nothing),
    rule("$v_t$ is computed from", "All T steps count", when=lambda dh, W_h, states: len(dh) > 2),
    rule("A signal that is alive", when=is_swallowed),
)
