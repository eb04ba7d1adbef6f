"""fit_mixture_weight: how much of each model held-out text wants."""

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


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield texts whose best weight lies between the models, at one of them, or anywhere."""
    for tokens in (12, 60, 200, 500):
        for low, high in ((0.12, 0.38), (0.57, 0.92)):
            yield case("between", *_between(rng, reference, tokens, low, high))
    p, q = _between(rng, reference, 40, 0.2, 0.5)
    times = np.where(p > q, 4, 1)  # pairs that come again move the weight
    yield case("between", np.repeat(p, times), np.repeat(q, times))
    yield case("between", *_alike(rng))
    for better in (True, False):
        p = rng.uniform(0.3, 0.9, size=30)
        q = p * rng.uniform(0.3, 0.9, size=30)
        yield case("edges", *((p, q) if better else (q, p)))
    for _ in range(2):
        p, q = _between(rng, reference, 20, 0.6, 0.9)
        p[3] = q[3] = p[11] = q[11] = 0.0
        yield case("edges", p, q)
    p, q = _between(rng, reference, 20, 0.45, 0.75)
    p[np.argmin(p)] = q[np.argmin(q)] = 0.0  # each model alone knows one token
    yield case("edges", p, q)
    p = rng.uniform(0.1, 0.9, size=6)
    yield case("edges", p, p.copy())
    yield case("edges", np.zeros(4), np.zeros(4))
    yield case("edges", np.zeros(0), np.zeros(0))
    yield case("edges", p, p[:-1])
    yield case("edges", p, p[:1])  # which numpy would repeat


def _between(
    rng: np.random.Generator, reference: ModuleType, tokens: int, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities whose best weight is from `low` to `high`, and off a coarse grid."""
    while True:
        share = rng.uniform(low, high)
        neural_knows = rng.random(tokens) < share
        p = np.where(neural_knows, rng.uniform(0.2, 0.9, tokens), rng.uniform(0.001, 0.1, tokens))
        q = np.where(neural_knows, rng.uniform(0.001, 0.1, tokens), rng.uniform(0.2, 0.9, tokens))
        weight = reference.fit_mixture_weight(p, q)
        if low < weight < high and abs(weight * 10 - round(weight * 10)) > 0.25:
            return p, q


def _alike(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities that differ by a tenth: EM takes thousands of rounds.

    On every other token the neural model has `up` more, on the others `down` less than the n-gram
    model, so that the derivative is 0 where the weight is (up - down) / (2 up down).
    """
    weight, down = rng.uniform(0.22, 0.28), rng.uniform(0.08, 0.1)
    up = down / (1 - 2 * weight * down)
    q = rng.uniform(0.2, 0.8, size=12)
    return q * np.where(np.arange(12) % 2, 1 + up, 1 - down), q


check = Check(
    groups={
        "between": Group("texts on which both models are needed", 2),
        "edges": Group("best weights 0 and 1, unknown tokens, ties, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=1.5e-3),  # 0.001 is asked for, and what rounding adds
)


@alternative
def with_em(p_neural: np.ndarray, p_ngram: np.ndarray) -> float:
    if np.shape(p_neural) != np.shape(p_ngram):
        raise ValueError("shapes")
    known = (p_neural > 0) | (p_ngram > 0)
    p, q = p_neural[known], p_ngram[known]
    weight = 0.5
    if len(p) == 0:
        return weight
    while True:
        before = weight
        weight = float((weight * p / (weight * p + (1 - weight) * q)).mean())
        if abs(weight - before) < 1e-10:
            break
    return weight


@alternative
def with_a_grid(p_neural: np.ndarray, p_ngram: np.ndarray) -> object:
    if p_neural.shape != p_ngram.shape:
        raise ValueError(f"{p_neural.shape} and {p_ngram.shape}")
    rows = [(p, q) for p, q in zip(p_neural.tolist(), p_ngram.tolist()) if p > 0 or q > 0]
    if all(p == q for p, q in rows):
        return 0.5
    p, q = np.array(rows).T
    grid = np.arange(0, 1.0005, 0.001)
    with np.errstate(divide="ignore"):
        return grid[np.argmax(np.log(np.outer(grid, p) + np.outer(1 - grid, q)).sum(axis=1))]


@alternative
def with_thirds(p_neural: np.ndarray, p_ngram: np.ndarray) -> object:
    import torch

    p, q = torch.tensor(p_neural), torch.tensor(p_ngram)
    if p.shape != q.shape:
        raise ValueError("one probability of each model for each token")
    known = (p > 0) | (q > 0)
    p, q = p[known], q[known]
    if torch.equal(p, q):
        return torch.tensor(0.5)
    low, high = 0.0, 1.0
    while high - low > 1e-5:
        a, b = low + (high - low) / 3, high - (high - low) / 3
        at_a, at_b = ((w * p + (1 - w) * q).log().sum() for w in (a, b))
        if at_a < at_b:
            low = a
        else:
            high = b
    return torch.tensor((low + high) / 2)


weight_of_the_other = slip(
    REFERENCE,
    ("return (low + high) / 2", "return 1 - (low + high) / 2"),
    loses=("between", "edges"),
    hint="You return the weight of the n-gram model. Asked for is that of the neural one.",
)
probabilities_summed = slip(
    REFERENCE,
    ("((p - q) / (middle * p + (1 - middle) * q)).sum()", "(p - q).sum()"),
    loses=("between", "edges"),
    hint="You make the sum of the mixed probabilities largest, not the sum of their logarithms. "
    "That sum is a straight line, and always highest at one end.",
)
coarse_grid = slip(
    with_a_grid,
    ("1.0005, 0.001", "1.05, 0.1"),
    loses=("between", "edges"),
    hint="The grid is too coarse: steps of 0.1 do not find a weight to 0.001.",
)
share_of_wins = slip(
    with_a_grid,
    ("    grid = np.arange(0, 1.0005, 0.001)\n", ""),
    ('    with np.errstate(divide="ignore"):\n        return', "    return"),
    (
        "grid[np.argmax(np.log(np.outer(grid, p) + np.outer(1 - grid, q)).sum(axis=1))]",
        "(p > q).mean()",
    ),
    loses=("between", "edges"),
    hint="You return the share of tokens on which the neural model is better. How much better it is "
    "matters too: write down the likelihood of the text as a function of the weight.",
)
one_round = slip(
    with_em,
    ("while True:", "for _ in range(1):"),
    loses=("between", "edges"),
    hint="You stop after one round of EM. It creeps up to the best weight; go on until it no longer "
    "moves.",
)
too_few_rounds = slip(
    with_em,
    ("while True:", "for _ in range(400):"),
    loses="between",
    hint="EM is stopped before it is there. Where the two models nearly agree a round moves the "
    "weight by very little, and it takes thousands; go on until it no longer moves.",
)
impossible_tokens_kept = slip(
    with_a_grid,
    (" if p > 0 or q > 0", ""),
    loses="edges",
    hint="A token to which both models give probability 0 makes every weight look equally bad: its "
    "logarithm is minus infinity whatever the weight. Leave such tokens out.",
)
arrays_already = equal(
    REFERENCE,
    ("np.asarray(p_neural, dtype=float)", "np.asarray(p_neural)"),
    ("np.asarray(p_neural, dtype=float)", "p_neural"),
    ("np.asarray(p_ngram, dtype=float)", "np.asarray(p_ngram)"),
    ("np.asarray(p_ngram, dtype=float)", "p_ngram"),
    because="both are arrays of float64, as the statement says",
)
same_signs = equal(
    REFERENCE,
    ("(p, q)", "(q, p)"),
    (".sum()", ".mean()"),
    ("slope > 0", "slope >= 0"),
    because="a mean has the sign of the sum, and where the slope is 0 the middle is the top: both "
    "halves end there",
)
accurate_enough = equal(
    REFERENCE, ("range(40)", "range(41)"), ("range(40)", "range(39)"), settled="accurate to 0.001"
)
accurate_enough_with_em = equal(
    with_em,
    ("< 1e-10", "<= 1e-10"),
    ("1e-10", "2e-10"),
    ("1e-10", "5e-11"),
    settled="accurate to 0.001",
)
number_of_numpy = equal(
    with_em,
    (
        "float((weight * p / (weight * p + (1 - weight) * q)).mean())",
        "(weight * p / (weight * p + (1 - weight) * q)).mean()",
    ),
    because="a number of numpy is a number",
)
accurate_enough_on_a_grid = equal(
    with_a_grid, (", 0.001", ", 0.002"), (", 0.001", ", 0.0005"), settled="accurate to 0.001"
)
same_top_on_a_grid = equal(
    with_a_grid,
    ("p_neural.tolist()", "p_neural"),
    ("p_ngram.tolist()", "p_ngram"),
    ('divide="ignore"', ""),
    (".sum(axis=1)", ".mean(axis=1)"),
    ("np.log(", "np.log2("),
    ("np.log(", "np.log10("),
    because="a mean, and logarithms to another base, are largest at the same weight; a warning "
    "changes no answer, nor does a number of numpy",
)
accurate_enough_with_thirds = equal(
    with_thirds,
    ("> 1e-5", ">= 1e-5"),
    ("1e-5", "2e-5"),
    ("1e-5", "5e-6"),
    ("low + (high - low) / 3", "low + (high - low) / 4"),
    ("low + (high - low) / 3", "low + (high - low) / 2"),
    ("high - (high - low) / 3", "high - (high - low) / 4"),
    ("high - (high - low) / 3", "high - (high - low) / 2"),
    settled="accurate to 0.001",
)
same_top_with_thirds = equal(
    with_thirds,
    ("(p, q)", "(q, p)"),
    ("torch.tensor(0.5)", "0.5"),
    ("torch.tensor((low + high) / 2)", "(low + high) / 2"),
    (".sum()", ".mean()"),
    (".log()", ".log2()"),
    (".log()", ".log10()"),
    ("at_a < at_b", "at_a <= at_b"),
    because="a mean, and logarithms to another base, are largest at the same weight, which is "
    "between two that are equally good",
)

rules = (
    rule(
        "Return the best weight of the neural model",
        when=lambda p, q: len(p) > 100,
        gives=lambda weight: 0.1 < weight < 0.95 and weight != 0.5,
    ),
    rule("It may be 0", gives=lambda weight: weight < 1e-6),
    rule("be 0 or 1", gives=lambda weight: weight > 1 - 1e-6),
    rule(
        "the best weight of the neural model",
        when=lambda p, q: np.abs(p / q - 1).max() < 0.15,
        gives=lambda weight: 0.2 < weight < 0.3,
    ),
    rule(
        "to which *both* models give probability 0",
        when=lambda p, q: (p == 0).sum() == (q == 0).sum() == 1 and not np.any((p == 0) & (q == 0)),
    ),
    told("Both are arrays of float64 of shape `(T,)`", "(Here float32 is too coarse"),
    rule(
        "Tokens to which *both* models give probability 0",
        when=lambda p, q: np.any((p == 0) & (q == 0)) and p.any(),
    ),
    rule("no token is left", when=lambda p, q: len(p) and not p.any() and not q.any()),
    rule("$p_t = q_t$ for all of them", when=lambda p, q: p.any() and np.all(p == q)),
    rule("Arrays of different shapes", when=lambda p, q: len(q) == 1, gives=ValueError),
)
