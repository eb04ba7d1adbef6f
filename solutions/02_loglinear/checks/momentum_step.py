"""momentum_step: one step of gradient descent with momentum."""

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

Arrays = tuple[np.ndarray, np.ndarray]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield steps in the middle of a run, first steps, and arrays of other kinds."""
    for shape in ((3,), (2, 4), (6,), (2, 2, 3)):
        yield case("running", *_state(rng, shape), *_rates(rng))
    for shape in ((4,), (3, 2)):
        x, grad, velocity = _state(rng, shape)
        yield case("first", x, grad, np.zeros_like(velocity), *_rates(rng))
        yield case("first", x, grad, velocity, float(rng.uniform(0.1, 0.4)), 0.0)
    for shape in ((), (1,), (2, 3)):
        x, grad, velocity = _state(rng, shape)
        yield case("kinds", x, grad, velocity, *_rates(rng))
        x, grad, velocity = (array.astype(np.float32) for array in _state(rng, shape))
        yield case("kinds", x, grad, velocity, *_rates(rng))


def _state(rng: np.random.Generator, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return parameters, gradient and velocity of the same size."""
    return [
        np.asarray(rng.uniform(0.5, 2, size=shape) * rng.choice([-1, 1], size=shape))
        for _ in range(3)
    ]


def _rates(rng: np.random.Generator) -> tuple[float, float]:
    return float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.5, 0.8))


check = Check(
    groups={
        "running": Group("steps in the middle of a run", 1),
        "first": Group("the first step, with a velocity of 0, and mu = 0", 1),
        "kinds": Group("single numbers, float32", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-6),
)


@alternative
def entry_by_entry(
    x: np.ndarray, grad: np.ndarray, velocity: np.ndarray, learning_rate: float, mu: float
) -> list[object]:
    new_x, new_velocity = np.zeros(x.shape), np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        new_velocity[index] = mu * velocity[index] - learning_rate * grad[index]
        new_x[index] = x[index] + new_velocity[index]
    return [new_x, new_velocity]


@alternative
def torch_optimizer(
    x: np.ndarray, grad: np.ndarray, velocity: np.ndarray, learning_rate: float, mu: float
) -> tuple[object, object]:
    import torch

    parameter = torch.nn.Parameter(torch.tensor(x, dtype=torch.float64))
    optimizer = torch.optim.SGD([parameter], lr=learning_rate, momentum=mu)
    moved = torch.tensor(velocity, dtype=torch.float64)
    optimizer.state[parameter]["momentum_buffer"] = moved / -learning_rate
    parameter.grad = torch.tensor(grad, dtype=torch.float64)
    before = parameter.detach().clone()
    optimizer.step()
    return parameter.detach(), parameter.detach() - before


@alternative
def copies_in_place(
    x: np.ndarray, grad: np.ndarray, velocity: np.ndarray, learning_rate: float, mu: float
) -> Arrays:
    new_velocity = np.array(velocity)
    new_velocity *= mu
    new_velocity -= learning_rate * grad
    new_x = np.array(x)
    new_x += new_velocity
    return new_x, new_velocity


@alternative
def torch_float32(
    x: np.ndarray, grad: np.ndarray, velocity: np.ndarray, learning_rate: float, mu: float
) -> tuple[object, object]:
    import torch

    point, slope, moved = (torch.tensor(a, dtype=torch.float32) for a in (x, grad, velocity))
    moved = moved * mu - slope * learning_rate
    return point + moved, moved


uphill = slip(
    REFERENCE,
    ("- learning_rate", "+ learning_rate"),
    loses=("running", "first", "kinds"),
    hint="Your velocity adds the gradient: it climbs the loss instead of descending. The minus of "
    "the step is in the velocity.",
)
minus_in_the_step = slip(
    REFERENCE,
    ("x + velocity, velocity", "x + velocity, -velocity"),
    loses=("running", "first", "kinds"),
    hint="x is moved rightly, but your velocity points the other way: with the minus in the step of "
    "x instead of in the velocity. The velocity that is returned has the minus in it.",
)
rate_outside = slip(
    REFERENCE,
    ("- learning_rate * grad", "+ grad"),
    ("x + velocity", "x - learning_rate * velocity"),
    loses=("running", "first", "kinds"),
    hint="The learning rate multiplies the whole velocity, as some libraries do, so that the velocity "
    "is a gradient and no step. Here it multiplies the gradient only.",
)
old_velocity_moves = slip(
    REFERENCE,
    ("velocity = mu", "new = mu"),
    ("x + velocity, velocity", "x + velocity, new"),
    loses=("running", "first", "kinds"),
    hint="x is moved by the velocity of the step before. The new velocity, with this gradient in it, "
    "moves it.",
)
no_memory = slip(
    REFERENCE,
    ("mu * velocity - learning_rate", "-learning_rate"),
    loses=("running", "kinds"),
    hint="The velocity of the step before is forgotten: this is gradient descent without momentum.",
)
moving_average = slip(
    REFERENCE,
    ("- learning_rate", "- (1 - mu) * learning_rate"),
    loses=("running", "first", "kinds"),
    hint="You weigh the gradient by 1 - mu, which makes a moving average of gradients. In this "
    "formula the gradient counts in full.",
)
gradient_twice = slip(
    REFERENCE,
    ("x + velocity", "x + velocity - learning_rate * grad"),
    loses=("running", "first", "kinds"),
    hint="The gradient moves x a second time, beside the velocity that has it already.",
)
exchanged = slip(
    REFERENCE,
    ("x + velocity, velocity", "velocity, x + velocity"),
    loses=("running", "first", "kinds"),
    hint="The two results are exchanged: first x, then the velocity.",
)

rules = (
    rule("(any number of dimensions, also none)", when=lambda x, *_: x.ndim > 2),
    rule("also none)", when=lambda x, *_: x.ndim == 0),
    rule("float64 or float32", when=lambda x, *_: x.dtype == np.float32),
    rule(
        "The velocity is a *step*",
        "The *new* velocity moves $x$",
        when=lambda x, grad, velocity, rate, mu: mu > 0 and np.all(velocity != 0),
    ),
    told("(Some libraries keep it without", "Both results are new arrays"),
)

every_entry_is_written = equal(
    entry_by_entry,
    ("np.zeros(x.shape), np.zeros(x.shape)", "np.ones(x.shape), np.zeros(x.shape)"),
    ("np.zeros(x.shape), np.zeros(x.shape)", "np.zeros(x.shape), np.ones(x.shape)"),
    because="every entry of both is written",
)
all_at_once = equal(
    entry_by_entry,
    ("np.ndindex(*x.shape)", "np.ndindex()"),
    because="an index of no axes is the whole array",
)

no_gradient_is_traced = equal(
    torch_optimizer,
    (
        "torch.nn.Parameter(torch.tensor(x, dtype=torch.float64))",
        "torch.tensor(x, dtype=torch.float64)",
    ),
    ("before = parameter.detach()", "before = parameter"),
    ("return parameter.detach()", "return parameter"),
    (", parameter.detach()", ", parameter"),
    because="the gradient is given; that a tensor would trace one changes none of its numbers",
)
velocity_in_float32 = equal(
    torch_optimizer,
    ("torch.tensor(velocity, dtype=torch.float64)", "torch.tensor(velocity)"),
    because="it is float64, or came in float32, which is enough here",
)
as_they_came = equal(
    torch_float32,
    ("torch.tensor(a, dtype=torch.float32)", "torch.tensor(a)"),
    ("torch.tensor(a, dtype=torch.float32)", "a"),
    because="tensors and arrays are added and multiplied alike, and float64 is more than is needed",
)
