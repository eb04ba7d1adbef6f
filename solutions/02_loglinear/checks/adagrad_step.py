"""adagrad_step: one step with a learning rate for every entry."""

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
        yield case("running", *_state(rng, shape), _rate(rng), 1e-8)
    yield case("running", *_state(rng, (4,)), _rate(rng), float(rng.uniform(0.3, 1)))
    for shape in ((4,), (3, 2)):
        x, grad, cache = _state(rng, shape)
        grad[0] *= 0.1
        yield case("first", x, grad, np.zeros_like(cache), _rate(rng), float(rng.uniform(0.3, 1)))
        grad, cache = grad.copy(), np.zeros_like(cache)
        grad[0] = 0.0
        yield case("first", x, grad, cache, _rate(rng), 1e-3)
    for shape in ((), (1,), (2, 3)):
        yield case("kinds", *_state(rng, shape), _rate(rng), float(rng.uniform(0.3, 1)))
        x, grad, cache = (array.astype(np.float32) for array in _state(rng, shape))
        yield case("kinds", x, grad, cache, _rate(rng), float(rng.uniform(0.3, 1)))


def _state(rng: np.random.Generator, shape: tuple[int, ...]) -> list[np.ndarray]:
    """Return parameters, gradient and cache."""
    x, grad = (
        np.asarray(rng.uniform(0.5, 2, size=shape) * rng.choice([-1, 1], size=shape))
        for _ in range(2)
    )
    return [x, grad, np.asarray(rng.uniform(0.3, 4, size=shape))]


def _rate(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.2, 0.6))


check = Check(
    groups={
        "running": Group("steps in the middle of a run", 1),
        "first": Group("the first step, and gradients of 0", 1),
        "kinds": Group("single numbers, float32, large eps", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-6),
)


@alternative
def entry_by_entry(
    x: np.ndarray, grad: np.ndarray, cache: np.ndarray, learning_rate: float, eps: float
) -> list[object]:
    new_x, new_cache = np.zeros(x.shape), np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        new_cache[index] = cache[index] + grad[index] * grad[index]
        new_x[index] = x[index] - learning_rate / (new_cache[index] ** 0.5 + eps) * grad[index]
    return [new_x, new_cache]


@alternative
def torch_optimizer(
    x: np.ndarray, grad: np.ndarray, cache: np.ndarray, learning_rate: float, eps: float
) -> tuple[object, object]:
    import torch

    parameter = torch.nn.Parameter(torch.tensor(x, dtype=torch.float64))
    optimizer = torch.optim.Adagrad([parameter], lr=learning_rate, eps=eps)
    optimizer.state[parameter]["sum"] = torch.tensor(cache, dtype=torch.float64)
    parameter.grad = torch.tensor(grad, dtype=torch.float64)
    optimizer.step()
    return parameter.detach(), optimizer.state[parameter]["sum"]


@alternative
def torch_float32(
    x: np.ndarray, grad: np.ndarray, cache: np.ndarray, learning_rate: float, eps: float
) -> tuple[object, object]:
    import torch

    point, slope, squares = (torch.tensor(a, dtype=torch.float32) for a in (x, grad, cache))
    squares = squares + slope.square()
    return point - learning_rate * slope / (squares.sqrt() + eps), squares


@alternative
def copies_in_place(
    x: np.ndarray, grad: np.ndarray, cache: np.ndarray, learning_rate: float, eps: float
) -> Arrays:
    sums = np.array(cache)
    sums += np.square(grad)
    rates = learning_rate / (np.power(sums, 0.5) + eps)
    return np.subtract(x, rates * grad), sums


no_accumulation = slip(
    REFERENCE,
    ("cache + grad**2", "grad**2"),
    loses=("running", "kinds"),
    hint="The cache forgets: it holds the square of the last gradient only, so every step is as long "
    "as the first. It is the sum over all steps.",
)
old_cache_divides = slip(
    REFERENCE,
    ("    cache = cache + grad**2\n", ""),
    ("eps), cache", "eps), cache + grad**2"),
    loses=("running", "first", "kinds"),
    hint="You divide by the cache as it was before this gradient. Add its square first.",
)
no_root = slip(
    REFERENCE,
    ("np.sqrt(cache)", "cache"),
    loses=("running", "first", "kinds"),
    hint="The root is missing: the gradient is divided by the root of the cache, so that the step "
    "does not depend on the unit of the gradient.",
)
eps_under_the_root = slip(
    REFERENCE,
    ("(np.sqrt(cache) + eps)", "np.sqrt(cache + eps)"),
    loses=("running", "first", "kinds"),
    hint="eps stands under the root. It is added after the root is taken; where eps is large that "
    "makes a difference.",
)
uphill = slip(
    REFERENCE,
    ("x - learning_rate", "x + learning_rate"),
    loses=("running", "first", "kinds"),
    hint="Your step climbs the loss: x moves against its gradient, with a minus.",
)
absolute_gradients = slip(
    REFERENCE,
    ("grad**2", "np.abs(grad)"),
    loses=("running", "first", "kinds"),
    hint="The cache adds up absolute gradients. It adds up their squares.",
)
moving_average = slip(
    REFERENCE,
    ("cache + grad**2", "0.9 * cache + 0.1 * grad**2"),
    loses=("running", "first", "kinds"),
    hint="Your cache is a moving average, which forgets old gradients: that is RMSProp. AdaGrad adds "
    "up all squares and forgets nothing.",
)
one_sum_for_all = slip(
    REFERENCE,
    ("grad**2", "np.sum(grad**2)"),
    loses=("running", "first", "kinds"),
    hint="All entries share one sum of squares, and so one learning rate. Each entry has its own.",
)

rules = (
    rule("(any number of dimensions, also none)", when=lambda x, *_: x.ndim > 2),
    rule("also none)", when=lambda x, *_: x.ndim == 0),
    rule("float64 or float32", when=lambda x, *_: x.dtype == np.float32),
    rule(
        "Every entry has a sum of its own",
        when=lambda x, grad, cache, *_: len({*cache.ravel().tolist()}) > 1,
    ),
    rule(
        "The *new* cache, this gradient included, divides",
        when=lambda x, grad, cache, *_: not cache.any() and grad.all(),
    ),
    rule(
        "is added *after* the root", "not always small", when=lambda x, g, s, rate, eps: eps > 0.1
    ),
    told("Both results are new arrays"),
    rule("Where the gradient is 0, nothing moves", when=lambda x, grad, *_: not grad.all()),
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
    ("return parameter.detach()", "return parameter"),
    because="the gradient is given; that a tensor would trace one changes none of its numbers",
)
cache_in_float32 = equal(
    torch_optimizer,
    ("torch.tensor(cache, dtype=torch.float64)", "torch.tensor(cache)"),
    because="it is float64, or came in float32, which is enough here",
)
as_they_came = equal(
    torch_float32,
    ("torch.tensor(a, dtype=torch.float32)", "torch.tensor(a)"),
    because="a tensor is made of either kind of float, and float64 is more than is needed",
)
