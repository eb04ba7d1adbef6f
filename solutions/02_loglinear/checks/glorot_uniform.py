"""glorot_uniform: random first weights."""

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
    case,
    equal,
    generator,
    rule,
    slip,
)
from autograder.authoring.spread import Spread

NUMBERS = 25_000
ENDS = 0.002
"""Of half the range: the largest of so many numbers is nearer to its end, but for a chance of 1e-11."""


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield wide and narrow layers for both activations, small ones, and an unknown activation."""
    wide = int(rng.integers(300, 500))
    yield _spread(rng, "tanh", 40, wide)
    yield _spread(rng, "tanh", wide, 50)
    yield _spread(rng, "tanh", 25, wide, activation="tanh")
    yield _spread(rng, "sigmoid", wide, 40, activation="sigmoid")
    yield _spread(rng, "sigmoid", 30, wide, "sigmoid")
    yield _spread(rng, "special", 2, 30)
    yield _spread(rng, "special", 40, 1, activation="sigmoid")
    yield _spread(rng, "special", 1, 50)
    yield case("special", 3, 4, generator(rng), activation="relu")
    yield case("special", 3, 4, generator(rng), "")


def _spread(
    rng: np.random.Generator, group: str, fan_in: int, fan_out: int, *args: str, **kwargs: str
) -> Case:
    times = math.ceil(NUMBERS / (fan_in * fan_out))
    gain = 4.0 if "sigmoid" in (*args, *kwargs.values()) else 1.0
    call = (times, fan_in, fan_out, generator(rng), *args)
    right = Spread(ends=ENDS, half_range=gain * math.sqrt(6 / (fan_in + fan_out)))
    return Case(group, call, kwargs, "quantiles", right)


check = Check(
    groups={
        "tanh": Group("layers of tanh units", 1),
        "sigmoid": Group("layers of sigmoid units", 1),
        "special": Group("layers of a few units, and other activations", 1),
    },
    draw=draw,
)


@alternative
def scaled(
    fan_in: int, fan_out: int, rng: np.random.Generator, activation: str = "tanh"
) -> np.ndarray:
    r = (6 / (fan_in + fan_out)) ** 0.5
    if activation == "sigmoid":
        r *= 4
    elif activation != "tanh":
        raise ValueError(f"unknown activation {activation}")
    return (2 * rng.random((fan_in, fan_out)) - 1) * r


@alternative
def weight_by_weight(
    fan_in: int, fan_out: int, rng: np.random.Generator, activation: str = "tanh"
) -> list[object]:
    if activation not in {"tanh", "sigmoid"}:
        raise ValueError("unknown activation")
    r = math.sqrt((96 if activation == "sigmoid" else 6) / (fan_in + fan_out))
    return [[float(u) for u in row] for row in rng.uniform(-r, r, (fan_in, fan_out))]


@alternative
def float32_numbers(
    fan_in: int, fan_out: int, rng: np.random.Generator, activation: str = "tanh"
) -> np.ndarray:
    match activation:
        case "tanh":
            gain = 1.0
        case "sigmoid":
            gain = 4.0
        case _:
            raise ValueError(activation)
    bound = gain * np.sqrt(6.0) / np.sqrt(fan_in + fan_out)
    return rng.uniform(low=-bound, high=bound, size=(fan_in, fan_out)).astype(np.float32)


@alternative
def torch_seeded_by_rng(
    fan_in: int, fan_out: int, rng: np.random.Generator, activation: str = "tanh"
) -> object:
    import torch

    if activation not in ("tanh", "sigmoid"):
        raise ValueError(activation)
    source = torch.Generator().manual_seed(int(rng.integers(2**31)))
    layer = torch.empty(fan_in, fan_out, dtype=torch.float64)
    gain = 4.0 if activation == "sigmoid" else 1.0
    return torch.nn.init.xavier_uniform_(layer, gain=gain, generator=source)


deviation_as_range = slip(
    REFERENCE,
    ("math.sqrt(6", "math.sqrt(2"),
    loses=("tanh", "sigmoid", "special"),
    hint="Your numbers are spread too narrowly: 2 / (fan_in + fan_out) is the *variance* of Glorot's "
    "weights, and its root the standard deviation. Neither is the range r.",
)
no_root = slip(
    REFERENCE,
    ("math.sqrt(6 / (fan_in + fan_out))", "6 / (fan_in + fan_out)"),
    loses=("tanh", "sigmoid", "special"),
    hint="The root is missing: r is the square root of 6 / (fan_in + fan_out).",
)
only_positive = slip(
    REFERENCE,
    ("rng.uniform(-r", "rng.uniform(0"),
    loses=("tanh", "sigmoid", "special"),
    hint="All of your weights are positive. They are uniform on both sides of 0, from -r to r.",
)
normal = slip(
    REFERENCE,
    ("math.sqrt(6", "math.sqrt(2"),
    ("rng.uniform(-r", "rng.normal(0"),
    loses=("tanh", "sigmoid", "special"),
    hint="Your weights are normally distributed. That is another recipe of the same variance; asked "
    "for is a uniform distribution, in which no weight is beyond r.",
)
activation_ignored = slip(
    REFERENCE,
    ("    gains =", '    activation = "tanh"\n    gains ='),
    loses=("sigmoid", "special"),
    hint="The activation makes no difference in your version. For sigmoid units the range is 4 times "
    "as large.",
)
four_under_the_root = slip(
    REFERENCE,
    ("gains[activation] * math.sqrt(6", "math.sqrt(gains[activation] * 6"),
    loses=("sigmoid", "special"),
    hint="The 4 of the sigmoid is under the root, so the range is only twice as large. It is 4 times "
    "the range of tanh.",
)
fan_in_only = slip(
    REFERENCE,
    ("6 / (fan_in + fan_out)", "3 / fan_in"),
    loses=("tanh", "sigmoid", "special"),
    hint="Your range depends on fan_in only. Glorot's compromise between the forward and the "
    "backward pass takes both.",
)
transposed = slip(
    REFERENCE,
    ("size=(fan_in, fan_out)", "size=(fan_out, fan_in)"),
    loses=("tanh", "sigmoid", "special"),
    hint="The shape is (fan_out, fan_in). This course multiplies from the left, h @ W, so it is "
    "(fan_in, fan_out).",
)
another_generator = slip(
    REFERENCE,
    ("rng.uniform", "np.random.uniform"),
    loses=("tanh", "sigmoid", "special"),
    hint="Your numbers do not come from rng, so that a run cannot be repeated: the same generator "
    "in the same state must give the same weights.",
)
seeded_inside = slip(
    REFERENCE,
    ("rng.uniform", "np.random.default_rng(0).uniform"),
    loses=("tanh", "sigmoid", "special"),
    hint="Every call gives the same numbers: you make a new generator with a fixed seed inside. Use "
    "rng, which goes on from call to call.",
)

rules = (
    rule("`(fan_in, fan_out)`", when=lambda times, fan_in, fan_out, *_, **__: fan_in < fan_out),
    rule(
        "multiplies from the left", when=lambda times, fan_in, fan_out, *_, **__: fan_in > fan_out
    ),
    rule(
        '`activation` is `"tanh"`',
        when=lambda times, a, b, rng, activation="tanh": activation == "tanh",
    ),
    rule('or `"sigmoid"`', when=lambda times, a, b, rng, activation="": activation == "sigmoid"),
    rule("anything else raises `ValueError`", gives=ValueError),
    rule(
        "All randomness comes from `rng`",
        "goes on from call to call",
        "hardly any two of them give the same weights",
        when=lambda times, fan_in, fan_out, rng, *_, **__: times > 1,
    ),
    rule(
        "a hundred thousand of them",
        when=lambda times, fan_in, fan_out, rng, *_, **__: times * fan_in * fan_out >= NUMBERS,
    ),
)

numbers_of_numpy = equal(
    weight_by_weight,
    ("float(u)", "u"),
    because="a number of numpy's is the same number",
)
as_many_seeds_as_needed = equal(
    torch_seeded_by_rng,
    ("2**31", "3**31"),
    ("2**31", "2**32"),
    ("2**31", "2**30"),
    because="each is so many seeds that hardly two calls of thousands get the same one",
)
seeded_before_it_draws = equal(
    torch_seeded_by_rng,
    ("torch.Generator().manual_seed", "torch.manual_seed"),
    because="torch's own generator is seeded from rng in every call as well",
)
weights_in_float32 = equal(
    torch_seeded_by_rng,
    (", dtype=torch.float64", ""),
    because="float32 is enough here",
)
