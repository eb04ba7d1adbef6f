"""perplexity: the inverse probability per token."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np

from autograder.authoring.checking import (
    Case,
    Check,
    Group,
    alternative,
    case,
    equal,
    misconception,
    rule,
    slip,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield log-probabilities of texts of various lengths, in nats and in other bases."""
    for length in (1, 3, 7, 20, 500):  # of 500 the product is too small for a float
        yield case("nats", _log_probs(rng, length).tolist())
    few = _log_probs(rng, 3).tolist()
    yield case("nats", [*few, few[0], *few[:2]])
    yield case("nats", _log_probs(rng, int(rng.integers(5, 40))))
    for base in (2, 2.0, 10, float(rng.uniform(1.5, 6))):
        log_probs = _log_probs(rng, int(rng.integers(2, 30))) / math.log(base)
        yield case("bases", log_probs.tolist(), base=base)
    with_zero = _log_probs(rng, 6)
    with_zero[rng.integers(6)] = -math.inf
    yield case("edges", with_zero.tolist())
    yield case("edges", [-math.inf])
    yield case("edges", [-float(rng.uniform(2_000, 9_000)) for _ in range(4)])
    yield case("edges", [])
    yield case("edges", np.array([]), base=2)


def _log_probs(rng: np.random.Generator, length: int) -> np.ndarray:
    """Return log-probabilities in nats, mostly between 0 and -8."""
    return -rng.gamma(2.0, 1.2, size=length) - 0.01


check = Check(
    groups={
        "nats": Group("natural logarithms", 1),
        "bases": Group("logarithms of other bases", 1),
        "edges": Group("tokens of probability 0, overflow, and no tokens at all", 1),
    },
    draw=draw,
)


@alternative
def mean_first(log_probs: Sequence[float], base: float = math.e) -> float:
    if len(log_probs) == 0:
        raise ValueError("no tokens")
    try:
        return base ** (-sum(log_probs) / len(log_probs))
    except OverflowError:
        return math.inf


@alternative
def with_numpy(log_probs: Sequence[float], base: float = math.e) -> object:
    log_probs = np.asarray(log_probs, dtype=float)
    if log_probs.size == 0:
        raise ValueError("empty")
    return np.power(base, -log_probs.mean())


@alternative
def with_torch_float32(log_probs: Sequence[float], base: float = math.e) -> object:
    import torch

    values = torch.tensor(np.asarray(log_probs), dtype=torch.float32)
    if values.numel() == 0:
        raise ValueError("empty")
    return torch.exp(-values.mean() * math.log(base))


@alternative
def with_a_loop(log_probs: Sequence[float], base: float = math.e) -> float:
    total, tokens = 0.0, 0
    for log_prob in log_probs:
        total += log_prob
        tokens += 1
    if tokens == 0:
        raise ValueError("there are no tokens")
    try:
        return math.pow(base, -total / tokens)
    except OverflowError:
        return float("inf")


@alternative
def geometric_mean(log_probs: Sequence[float], base: float = math.e) -> float:
    if not len(log_probs):
        raise ValueError("empty")
    result = 1.0
    for log_prob in log_probs:
        try:
            result *= base ** (-log_prob / len(log_probs))
        except OverflowError:
            return math.inf
    return result


sign_lost = slip(
    mean_first,
    ("-sum(", "sum("),
    loses=("nats", "bases", "edges"),
    hint="The sign is lost: log-probabilities are negative, and cross-entropy is minus their mean. "
    "A perplexity below 1 is impossible.",
)
two_to_the_nats = slip(
    mean_first,
    ("base **", "2.0 **"),
    loses=("nats", "bases"),
    hint="You raise 2 to the cross-entropy whatever its unit. 2^J is right for bits, e^J for nats: "
    "the base of the power is the base of the logarithm.",
)
base_ignored = slip(
    mean_first,
    ("base **", "math.e **"),
    loses="bases",
    hint="You always raise e to the cross-entropy. Where the logarithms have another base, the "
    "power needs that base: 2^J for bits.",
)
not_per_token = slip(
    mean_first,
    (" / len(log_probs)", ""),
    loses=("nats", "bases"),
    hint="The sum is not divided by the number of tokens, so a longer text always looks worse.",
)
cross_entropy_returned = slip(
    mean_first,
    ("base ** (-sum(log_probs) / len(log_probs))", "-sum(log_probs) / len(log_probs)"),
    loses=("nats", "bases", "edges"),
    hint="You return the cross-entropy J itself. Perplexity is the base raised to J.",
)


@misconception(
    "nats",
    "bases",
    "edges",
    hint="You average the probabilities and then invert. Perplexity averages the logarithms: it is "
    "the geometric mean of the inverse probabilities, so one impossible token makes it infinite.",
)
def probabilities_averaged(log_probs: Sequence[float], base: float = math.e) -> float:
    return len(log_probs) / sum(base**x for x in log_probs)


numbers_of_any_kind = equal(
    with_numpy, (", dtype=float", ""), because="a mean is a float, whatever it is the mean of"
)
a_tensor_of_either_kind = equal(
    with_torch_float32,
    (", dtype=torch.float32", ""),
    ("np.asarray(log_probs)", "log_probs"),
    because="a tensor is made of lists and of arrays alike, and float64 is more than is needed",
)
rules = (
    rule("list, tuple or array", when=lambda log_probs, base=math.e: isinstance(log_probs, list)),
    rule(
        "list, tuple or array",
        when=lambda log_probs, base=math.e: isinstance(log_probs, np.ndarray),
    ),
    rule(
        "*in base `base`*",
        when=lambda log_probs, base=math.e: base != math.e and len(log_probs) > 0,
    ),
    rule(
        "has log-probability $-\\infty$",
        when=lambda log_probs, base=math.e: -math.inf in log_probs,
        gives=math.isinf,
    ),
    rule(
        "too large for a float",
        when=lambda log_probs, base=math.e: min(log_probs) > -math.inf,
        gives=math.isinf,
    ),
    rule(
        "An empty sequence",
        when=lambda log_probs, base=math.e: isinstance(log_probs, list),
        gives=ValueError,
    ),
    rule(
        "An empty sequence",
        when=lambda log_probs, base=math.e: isinstance(log_probs, np.ndarray),
        gives=ValueError,
    ),
)
