"""temporal_components: the parts that each step has in the gradient of one loss."""

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
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .drawing import draw_states, draw_weights, saturated


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield losses of early and late steps, in networks of several sizes."""
    for group, H, m, t, dtype in (
        ("late", 3, 2, 4, "float64"),
        ("late", 2, 3, 6, "float64"),
        ("late", 4, 4, 3, "float32"),
        ("late", 5, 1, 9, "float64"),
        ("early", 3, 2, 1, "float64"),
        ("early", 2, 3, 2, "float64"),
        ("early", 3, 3, 2, "float64"),
        ("early", 1, 1, 2, "float64"),
    ):
        W_h = draw_weights(rng, H, 1.2)
        arguments = (W_h, draw_states(rng, W_h, t), rng.normal(size=(t, m)), rng.normal(size=H))
        yield case(group, *(array.astype(dtype) for array in arguments))
    W_h, inputs, d_state = 5 * draw_weights(rng, 3), rng.normal(size=(4, 2)), rng.normal(size=3)
    W_h, inputs, d_state = (array.astype("float32") for array in (W_h, inputs, d_state))
    yield case("late", W_h, saturated(rng, np.empty((5, 3))), inputs, d_state)


check = Check(
    groups={
        "late": Group("losses of step 3 and later", 3),
        "early": Group("losses of steps 1 and 2", 2),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True, more_keys=True),
)


@alternative
def by_the_formula(W_h, states, inputs, d_state):
    states = states.astype(float)
    parts = {"W_h": [], "W_x": [], "b": []}
    t = len(states) - 1
    for k in range(1, t + 1):
        transport = np.eye(len(W_h))
        for i in range(k + 1, t + 1):
            transport = np.diag(1 - states[i] ** 2) @ W_h.T @ transport
        signal = d_state @ transport @ np.diag(1 - states[k] ** 2)
        parts["W_h"].append(np.outer(states[k - 1], signal))
        parts["W_x"].append(np.outer(inputs[k - 1], signal))
        parts["b"].append(signal)
    return parts


@alternative
def with_copies_in_torch(W_h, states, inputs, d_state):
    import torch

    t, m = inputs.shape
    W, h, x = (torch.tensor(a).double() for a in (W_h, states, inputs))
    copies = {
        "W_h": [W.clone().requires_grad_() for _ in range(t)],
        "W_x": [torch.zeros(m, len(W)).double().requires_grad_() for _ in range(t)],
        "b": [
            (torch.atanh(h[k + 1]) - h[k] @ W).requires_grad_()  # what leads to the next state
            for k in range(t)
        ],
    }
    state = h[0]
    for k in range(t):
        state = torch.tanh(state @ copies["W_h"][k] + x[k] @ copies["W_x"][k] + copies["b"][k])
    (state @ torch.tensor(d_state).double()).backward()
    return {name: [c.grad for c in some] for name, some in copies.items()}


@alternative
def with_loops_over_units(W_h, states, inputs, d_state):
    t, m = inputs.shape
    H = len(W_h)
    hidden = np.empty((t, H, H))
    read = np.empty((t, m, H))
    bias = np.empty((t, H))
    signal = d_state
    for k in reversed(range(t)):
        for j in range(H):
            bias[k, j] = signal[j] * (1 - float(states[k + 1, j]) ** 2)
            for i in range(H):
                hidden[k, i, j] = states[k, i] * bias[k, j]
            for i in range(m):
                read[k, i, j] = inputs[k, i] * bias[k, j]
        signal = [sum(W_h[i, j] * bias[k, j] for j in range(H)) for i in range(H)]
    return {"b": bias, "W_x": read, "W_h": hidden}


total_instead_of_immediate = slip(
    by_the_formula,
    ("return parts", "return {name: np.cumsum(part, axis=0) for name, part in parts.items()}"),
    loses=("late", "early"),
    hint="A component holds those of all steps before it as well: you take the total derivative of "
    "h_k, not the immediate one, in which h_{k-1} is a constant.",
)
summed = slip(
    by_the_formula,
    ("return parts", "return {name: sum(part) for name, part in parts.items()}"),
    loses=("late", "early"),
    hint="You return the sums over the steps. Asked are the components themselves, one for each "
    "step.",
)
state_after_the_step = slip(
    REFERENCE,
    ("states[:-1, :, None]", "states[1:, :, None]"),
    loses=("late", "early"),
    hint="In component k, W_h meets the state before step k, h_{k-1}. You take the one after it.",
)
no_slope_in_the_immediate_derivative = slip(
    by_the_formula,
    (" @ np.diag(1 - states[k] ** 2)", ""),
    loses=("late", "early"),
    hint="The immediate derivative goes through tanh as well: its slope at h_k is missing, though "
    "it is there in the Jacobians.",
)
no_slopes = slip(
    REFERENCE,
    (" * (1 - states[k] ** 2)", ""),
    loses=("late", "early"),
    hint="The slopes of tanh are missing throughout.",
)
carried_too_far = slip(
    by_the_formula,
    ("range(k + 1, t + 1)", "range(k, t + 1)"),
    loses=("late", "early"),
    hint="The error is carried back one step too far: component k has the Jacobian of h_t with "
    "respect to h_k, which for k = t is the identity.",
)
not_carried_at_all = slip(
    by_the_formula,
    ("d_state @ transport", "d_state"),
    loses=("late", "early"),
    hint="The error is not carried back: every step gets it as it is at step t. In between stands "
    "the Jacobian of h_t with respect to h_k.",
)
a_loss_at_every_step = slip(
    REFERENCE,
    ("@ W_h.T", "@ W_h.T + d_state"),
    loses=("late", "early"),
    hint="The error enters at every step, as if every state had a loss of its own. Here there is "
    "one loss, at h_t.",
)
weights_the_wrong_way_round = slip(
    REFERENCE,
    ("W_h.T", "W_h"),
    loses=("late", "early"),
    hint="On the way back you multiply by W_h instead of its transpose.",
)
components_transposed = slip(
    by_the_formula,
    ("np.outer(states[k - 1], signal)", "np.outer(signal, states[k - 1])"),
    ("np.outer(inputs[k - 1], signal)", "np.outer(signal, inputs[k - 1])"),
    loses=("late", "early"),
    hint="Your components of W_h and W_x are transposed. Row i belongs to entry i of what is "
    "multiplied, column j to unit j.",
)
last_step_first = slip(
    by_the_formula,
    ("range(1, t + 1)", "range(t, 0, -1)"),
    loses=("late", "early"),
    hint="Your components stand in the reverse order: that of step 1 comes first.",
)
slopes_of_the_state_before = slip(
    REFERENCE,
    ("states[k]", "states[k - 1]"),
    loses=("late", "early"),
    hint="The slopes are those of the state before each step. The nonlinearity stands outside: they "
    "are those of the state after it.",
)

rules = (
    rule(
        "**the loss sits at the last of them**",
        when=lambda W_h, states, inputs, d_state: len(inputs) > 2,
    ),
    rule("and $t \\ge 1$", when=lambda W_h, states, inputs, d_state: len(inputs) == 1),
    told("`inputs` has shape `(t, m)`", "`d_state` has shape `(H,)`"),
    rule(
        "A component has the shape of its parameter",
        when=lambda W_h, states, inputs, d_state: inputs.shape[1] != len(W_h),
    ),
)
