"""mixture_log_probs: two models vote."""

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
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield texts and whole distributions, weights at the ends, and impossible words."""
    for tokens in (2, 7, 40):
        weight = float(rng.choice([0.2, 0.3, 0.7, 0.85])) + float(rng.uniform(-0.02, 0.02))
        yield case("mixtures", _probs(rng, (tokens,)), _probs(rng, (tokens,)), weight)
    for shape in ((3, 5), (2, 3, 4), (1,), (1, 5)):
        yield case("mixtures", _probs(rng, shape), _probs(rng, shape), float(rng.uniform(0.1, 0.4)))
    for weight in (0.0, 1.0, 1, float(rng.uniform(0.6, 0.9))):
        yield case("edges", _probs(rng, (4,)), _probs(rng, (4,)), weight)
    for _ in range(2):  # each model calls other words impossible, but no word both do
        p, q = _probs(rng, (5,)), _probs(rng, (5,))
        p[int(rng.integers(2))], q[int(rng.integers(2, 5))] = 0.0, 0.0
        yield case("edges", p, q, float(rng.uniform(0.2, 0.4)))
    p, q = _probs(rng, (4,)), _probs(rng, (4,))
    p[1] = q[1] = 0.0
    yield case("edges", p, q, float(rng.uniform(0.6, 0.8)))
    p = _probs(rng, (3,))
    p[0] = 0.0
    yield case("edges", p, _probs(rng, (3,)), 1.0)
    for wrong in (-0.1, 1.001, float("nan")):
        yield case("edges", _probs(rng, (3,)), _probs(rng, (3,)), wrong)
    yield case("edges", _probs(rng, (3,)), _probs(rng, (4,)), 0.5)
    yield case("edges", _probs(rng, (3,)), _probs(rng, (1,)), 0.5)
    for shape in ((0,), (0, 5)):
        yield case("edges", np.zeros(shape), np.zeros(shape), 0.5)


def _probs(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return probabilities from small to large, none of them near another model's by plan."""
    return rng.beta(0.6, 1.2, size=shape) * 0.96 + 0.01


check = Check(
    groups={
        "mixtures": Group("texts and whole distributions", 1),
        "edges": Group("weights 0 and 1, words of probability 0, and what is refused", 1),
    },
    draw=draw,
)


@alternative
def with_logaddexp(p_neural: np.ndarray, p_ngram: np.ndarray, weight: float) -> object:
    if np.shape(p_neural) != np.shape(p_ngram):
        raise ValueError("shapes")
    if not (weight >= 0 and weight <= 1):
        raise ValueError("weight")
    with np.errstate(divide="ignore"):
        neural = np.log(p_neural) + np.log(weight)
        return np.logaddexp(neural, np.log(p_ngram) + np.log1p(-weight))


@alternative
def with_a_loop(p_neural: np.ndarray, p_ngram: np.ndarray, weight: float) -> object:
    import math

    if p_neural.shape != p_ngram.shape or math.isnan(weight) or weight < 0 or weight > 1:
        raise ValueError("cannot be mixed")
    result = np.empty(p_neural.shape)
    for place in np.ndindex(*p_neural.shape):
        mixed = weight * p_neural[place] + (1 - weight) * p_ngram[place]
        result[place] = math.log(mixed) if mixed > 0 else -math.inf
    return result.tolist() if result.size else result


@alternative
def with_torch_float32(p_neural: np.ndarray, p_ngram: np.ndarray, weight: float) -> object:
    import torch

    p, q = (torch.tensor(a, dtype=torch.float32) for a in (p_neural, p_ngram))
    if p.shape != q.shape or not 0.0 <= weight <= 1.0:
        raise ValueError("arguments")
    return torch.lerp(q, p, float(weight)).log()


logarithms_mixed = slip(
    REFERENCE,
    (
        "np.log(weight * p_neural + (1 - weight) * p_ngram)",
        "weight * np.log(p_neural) + (1 - weight) * np.log(p_ngram)",
    ),
    loses=("mixtures", "edges"),
    hint="You mix the log-probabilities. A mixture is a weighted mean of probabilities: in "
    "logarithms one model that calls a word impossible would overrule the other.",
)
weights_exchanged = slip(
    REFERENCE,
    ("weight * p_neural + (1 - weight) * p_ngram", "(1 - weight) * p_neural + weight * p_ngram"),
    loses=("mixtures", "edges"),
    hint="The weights are exchanged: `weight` belongs to the neural model.",
)
half_and_half = slip(
    REFERENCE,
    ("weight * p_neural + (1 - weight) * p_ngram", "(p_neural + p_ngram) / 2"),
    loses=("mixtures", "edges"),
    hint="You always mix half and half. The weight is an argument.",
)
probabilities_returned = slip(
    REFERENCE,
    ("np.log(", "("),
    loses=("mixtures", "edges"),
    hint="You return probabilities. Asked for are their logarithms.",
)
taken_for_logarithms = slip(
    REFERENCE,
    (
        "weight * p_neural + (1 - weight) * p_ngram",
        "weight * np.exp(p_neural) + (1 - weight) * np.exp(p_ngram)",
    ),
    loses=("mixtures", "edges"),
    hint="You take what comes in for logarithms. Both arrays hold probabilities.",
)
one_weighted = slip(
    REFERENCE,
    ("(1 - weight) * p_ngram", "p_ngram"),
    loses=("mixtures", "edges"),
    hint="Only one of the two models is weighted. The shares of the two sum to 1, or the mixture is "
    "no distribution.",
)
rounded_up = slip(
    REFERENCE,
    ("* p_ngram)", "* p_ngram + 1e-12)"),
    loses="edges",
    hint="Something small is added before the logarithm, so that an impossible word is no longer "
    "impossible. Its logarithm is minus infinity, and says what it means.",
    overflows=True,
)
arrays_already = equal(
    REFERENCE,
    ("p_neural, p_ngram = np.asarray(p_neural), np.asarray(p_ngram)", "pass"),
    ("np.asarray(p_neural)", "p_neural"),
    ("np.asarray(p_ngram)", "p_ngram"),
    because="both are arrays, as the statement says",
)
with_a_warning = equal(REFERENCE, ('divide="ignore"', ""), settled="no warning or error is needed")
with_a_warning_of_logaddexp = equal(
    with_logaddexp, ('divide="ignore"', ""), settled="no warning or error is needed"
)
any_order = equal(
    with_logaddexp,
    (
        "neural, np.log(p_ngram) + np.log1p(-weight)",
        "np.log(p_ngram) + np.log1p(-weight), neural",
    ),
    because="a sum does not depend on the order",
)
lists_of_numbers = equal(
    with_a_loop,
    ("result.size", "False"),
    ("result.tolist()", "result"),
    because="lists of numbers are compared as arrays are",
)
more_than_float32 = equal(
    with_torch_float32,
    (", dtype=torch.float32", ""),
    ("float(weight)", "weight"),
    because="float64 is more than is needed, and torch takes a whole number as well",
)

rules = (
    rule("one for each token of a text", when=lambda p, q, weight: p.ndim == 1 and 0 < weight < 1),
    rule("whole distributions of shape `(N, V)`", when=lambda p, q, weight: p.ndim == 2),
    rule("of one shape, whatever it is", when=lambda p, q, weight: p.ndim == 3),
    rule("of *probabilities* in float64, of one shape", when=lambda p, q, weight: p.size == 1),
    rule("**the share of the neural model**, from 0", when=lambda p, q, weight: weight == 0),
    rule("from 0 to 1", when=lambda p, q, weight: weight == 1),
    rule(
        "Return natural *log*-probabilities",
        when=lambda p, q, weight: weight < 0.5,
        gives=lambda a: len(a),
    ),
    rule("Where the mixture gives probability 0", gives=lambda answer: np.isneginf(answer).any()),
    rule("A weight below 0", when=lambda p, q, weight: weight < 0, gives=ValueError),
    rule("above 1 or `nan`", when=lambda p, q, weight: weight > 1, gives=ValueError),
    rule("or `nan`, or arrays", when=lambda p, q, weight: np.isnan(weight), gives=ValueError),
    rule(
        "or arrays of different shapes",
        when=lambda p, q, weight: p.shape != q.shape,
        gives=ValueError,
    ),
)
