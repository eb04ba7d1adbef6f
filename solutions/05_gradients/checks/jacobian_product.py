"""jacobian_product: the derivative of a state with respect to an earlier one."""

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
    """Yield products of several factors, of one and none, of many, and what is refused."""
    for H, steps, t, k, dtype in (
        (2, 3, 3, 0, "float64"),
        (3, 7, 5, 2, "float64"),
        (4, 8, 8, 3, "float64"),
        (3, 4, 4, 1, "float32"),
        (2, 6, 4, 0, "float64"),
        (3, 5, 4, 2, "float64"),
    ):
        W_h = draw_weights(rng, H, 1.2)
        states = draw_states(rng, W_h, steps)
        yield case("several", W_h.astype(dtype), states.astype(dtype), t, k)
    W_h = 5 * draw_weights(rng, 3).astype("float32")
    yield case("several", W_h, saturated(rng, np.empty((5, 3))), 4, 1)
    for H, steps, t, k in ((3, 4, 3, 2), (2, 2, 1, 0), (3, 5, 5, 4), (4, 5, 3, 3), (2, 3, 0, 0)):
        W_h = draw_weights(rng, H)
        yield case("near", W_h, draw_states(rng, W_h, steps), t, k)
    for H, steps, t, k, scale in ((3, 40, 40, 5, 1.6), (5, 60, 55, 10, 0.8)):
        W_h = draw_weights(rng, H, scale)
        yield case("far", W_h, draw_states(rng, W_h, steps), t, k)
    W_h = draw_weights(rng, 2)
    states = draw_states(rng, W_h, 4)
    for t, k in ((2, 3), (5, 1), (3, -1)):
        yield case("far", W_h, states, t, k)


check = Check(
    groups={
        "several": Group("several factors", 2),
        "near": Group("one factor, and none", 1),
        "far": Group("many factors, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=0.0, per_array=True),
)


@alternative
def from_the_left(W_h, states, t, k):
    if not (0 <= k <= t <= len(states) - 1):
        raise ValueError("out of range")
    product = np.identity(len(W_h))
    for i in range(t, k, -1):
        product = product @ np.diag(1 - states[i].astype(float) ** 2) @ W_h.T
    return product


@alternative
def by_recursion(W_h, states, t, k):
    if t < k or k < 0 or t >= len(states):
        raise ValueError((t, k))
    if t == k:
        return np.eye(len(W_h))
    slopes = 1 - states[t].astype(float) ** 2
    return slopes[:, None] * W_h.T @ by_recursion(W_h, states, t - 1, k)


@alternative
def with_multi_dot(W_h, states, t, k):
    if k not in range(len(states)) or t not in range(k, len(states)):
        raise ValueError
    states = states.astype(float)
    factors = [np.einsum("i,ji->ij", 1 - states[i] ** 2, W_h) for i in range(t, k, -1)]
    if len(factors) < 2:
        return factors[0] if factors else np.eye(len(W_h))
    return np.linalg.multi_dot(factors)


@alternative
def by_torch(W_h, states, t, k):
    import torch

    if k < 0 or t < k or t >= len(states):
        raise ValueError
    W, h = torch.tensor(W_h).double(), torch.tensor(states).double()
    # What comes from outside at each step: what is needed to get to the next state.
    rest = torch.atanh(h[1:]) - h[:-1] @ W

    def walk(x):
        for i in range(k, t):
            x = torch.tanh(x @ W + rest[i])
        return x

    return torch.autograd.functional.jacobian(walk, h[k])


@alternative
def in_long_precision(W_h, states, t, k):
    if k < 0 or t < k or t >= len(states):
        raise ValueError
    W_h, states = W_h.astype("longdouble"), states.astype("longdouble")
    product = np.eye(len(W_h))
    for i in range(k + 1, t + 1):
        product = (1 - states[i] ** 2)[:, None] * (W_h.T @ product)
    return product.astype(float)


reverse_order = slip(
    from_the_left,
    ("range(t, k, -1)", "range(k + 1, t + 1)"),
    loses=("several", "far"),
    hint="Your factors stand in the reverse order. The chain rule puts the later step on the left.",
)
transposed = slip(
    REFERENCE,
    ("return product", "return product.T"),
    loses=("several", "near", "far"),
    hint="What you return is the transpose of the Jacobian. Its rows belong to h_t, its columns to "
    "h_k.",
)
one_factor_too_many = slip(
    REFERENCE,
    ("range(k + 1, t + 1)", "range(k, t + 1)"),
    loses=("several", "near", "far"),
    hint="There is one factor too many: that of step k itself leads from h_{k-1} to h_k, and is no "
    "part of the way from h_k to h_t.",
)
one_factor_too_few = slip(
    REFERENCE,
    ("range(k + 1, t + 1)", "range(k + 1, t)"),
    loses=("several", "near", "far"),
    hint="There is one factor too few: the last step, which leads to h_t, is missing.",
)
slopes_of_the_state_before = slip(
    REFERENCE,
    ("states[i]", "states[i - 1]"),
    loses=("several", "near", "far"),
    hint="The slopes of each factor are those of the state before the step. With the nonlinearity "
    "outside they are those of the state after it.",
)
nonlinearity_inside = slip(
    from_the_left,
    (
        "np.diag(1 - states[i].astype(float) ** 2) @ W_h.T",
        "W_h.T @ np.diag(1 - states[i].astype(float) ** 2)",
    ),
    loses=("several", "near", "far"),
    hint="Your slopes multiply the columns of each factor, as in 002's eq. 5, where the nonlinearity "
    "stands inside. Here it stands outside.",
)
power_of_the_last_factor = slip(
    REFERENCE,
    ("states[i]", "states[t]"),
    loses=("several", "far"),
    hint="You take a power of one factor. The slopes differ from step to step, so every factor is "
    "another one.",
)
no_slopes = slip(
    REFERENCE,
    ("(1 - states[i] ** 2)[:, None] * ", ""),
    loses=("several", "near", "far"),
    hint="The slopes of tanh are missing. A power of W_h is the product of the linear network.",
)
weights_not_transposed = slip(
    REFERENCE,
    ("W_h.T", "W_h"),
    loses=("several", "near", "far"),
    hint="W_h stands the wrong way round in your factors. The state is a row, h @ W_h, so h[j] "
    "gets to unit i through W_h[j, i].",
)
entry_by_entry = slip(
    REFERENCE,
    ("np.eye(len(W_h))", "np.ones_like(W_h)"),
    ("W_h.T @ product", "W_h.T * product"),
    loses=("several", "near", "far"),
    hint="You multiply the factors entry by entry (*). The chain rule multiplies matrices (@).",
)
nothing_for_no_factor = slip(
    REFERENCE,
    ("np.eye(len(W_h))", "np.eye(len(W_h)) * (t > k)"),
    loses="near",
    hint="For t = k you return zeros. A state depends on itself: a change of h_k is the same change "
    "of h_k.",
)
one_factor = equal(
    with_multi_dot,
    ("[0]", "[-1]"),
    because="this is about a list with one factor",
)

rules = (
    told("`states` has shape `(T + 1, H)`", "They come from a network"),
    rule("There are $t - k$ factors", when=lambda W_h, states, t, k: t - k > 1),
    rule("Each has the slopes of the state it", when=lambda W_h, states, t, k: t - k == 1),
    rule("For $t = k$ there is no factor", when=lambda W_h, states, t, k: t == k),
    rule("$t < k$", when=lambda W_h, states, t, k: t < k, gives=ValueError),
    rule("$k < 0$", when=lambda W_h, states, t, k: k < 0, gives=ValueError),
    rule("$t > T$", when=lambda W_h, states, t, k: t == len(states), gives=ValueError),
)
