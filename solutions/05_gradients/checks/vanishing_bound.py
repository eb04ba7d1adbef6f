"""vanishing_bound: a bound of the norm of a product of Jacobians."""

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

from .drawing import draw_weights, rotation, sheared


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield matrices of several kinds, gaps near and far, no gap, zeros, and what is refused."""
    for n, gamma, gap in ((2, 1.0, 3), (3, 0.25, 5), (5, 1.0, 12), (3, 0.6, 30)):
        yield case("bounds", draw_weights(rng, n), gamma, gap)
    yield case("bounds", sheared(rng, 3, 0.6, 2.5), float(rng.uniform(0.3, 0.9)), 6)
    yield case("bounds", draw_weights(rng, 3).astype("float32"), 0.25, 2)
    yield case("bounds", _rounds_badly(rng), 1.0, 3000)
    for gamma in (1.0, 0.25):
        yield case("special", draw_weights(rng, int(rng.integers(2, 5))), gamma, 0)
        yield case("special", np.zeros((2, 2)), gamma, 0)
        yield case("special", np.zeros((3, 3)), gamma, int(rng.integers(1, 4)))
    yield case("special", rotation(1.0), 0.0, 2)
    yield case("special", rotation(1.0), -0.5, 2)
    yield case("special", rotation(1.0), 1.0, -1)
    yield case("special", rng.normal(size=(2, 3)), 1.0, 2)


def _rounds_badly(rng: np.random.Generator) -> np.ndarray:
    """Return float32 weights of a norm near 1 which in float32 is another: powers of it tell."""
    W = rotation(1.0).astype("float32")
    for _ in range(1000):
        W = (draw_weights(rng, 3) * rng.uniform(0.5, 1)).astype("float32")
        W /= np.linalg.norm(W, 2)
        if abs(float(np.linalg.norm(W, 2)) - np.linalg.norm(W.astype(float), 2)) > 4e-8:
            break
    return W


check = Check(
    groups={
        "bounds": Group("bounds over one step and more", 1),
        "special": Group("gaps of 0, zeros, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=0.0),
)


@alternative
def by_svd(W, gamma, gap):
    rows, columns = W.shape
    if rows != columns or gamma <= 0 or gap < 0:
        raise ValueError("no bound")
    _, singular, _ = np.linalg.svd(W.astype(float))
    bound = 1.0
    for _ in range(gap):
        bound *= gamma * singular[0]
    return bound


@alternative
def by_eigenvalues(W, gamma, gap):
    if W.shape[0] != W.shape[1]:
        raise ValueError
    if not gamma > 0:
        raise ValueError
    if gap < 0:
        raise ValueError
    W = W.astype(float)
    return gamma**gap * np.sqrt(np.linalg.eigvalsh(W @ W.T).max()) ** gap


@alternative
def by_torch(W, gamma, gap):
    import torch

    if W.shape[0] != W.shape[1] or gamma <= 0 or gap < 0:
        raise ValueError
    return (gamma * torch.linalg.matrix_norm(torch.tensor(W).double(), ord=2)).pow(gap)


by_the_radius = slip(
    REFERENCE,
    ("np.linalg.norm(np.asarray(W, dtype=float), 2)", "np.abs(np.linalg.eigvals(W)).max()"),
    loses="bounds",
    hint="You take the spectral radius. For matrices that are not normal it is below the norm, and "
    "then your number bounds nothing.",
)
by_frobenius = slip(
    REFERENCE,
    ("dtype=float), 2)", "dtype=float))"),
    loses="bounds",
    hint="You take the Frobenius norm (the default of np.linalg.norm). It bounds the product too, "
    "but it is not the largest singular value.",
)
gamma_forgotten = slip(
    REFERENCE,
    ("gamma * ", ""),
    loses="bounds",
    hint="The bound of the slopes, gamma, is missing.",
)
gamma_once = slip(
    REFERENCE,
    ("(gamma * ", "gamma * ("),
    loses=("bounds", "special"),
    hint="gamma counts once in your bound. Every factor has slopes, so every factor has a gamma.",
)
one_factor_too_many = slip(
    REFERENCE,
    ("** gap", "** (gap + 1)"),
    loses=("bounds", "special"),
    hint="There is one factor too many. From h_k to h_t lead t - k steps, and for t = k none.",
)
times_the_gap = slip(
    REFERENCE,
    ("** gap", "* gap"),
    loses=("bounds", "special"),
    hint="You multiply by the gap. Norms of factors multiply: it is a power.",
)
divided_by_gamma = slip(
    REFERENCE,
    ("gamma * ", "1 / gamma * "),
    loses="bounds",
    hint="You divide by gamma. That the condition reads lambda_1 < 1/gamma does not make 1/gamma a "
    "factor.",
)
squared_singular_value = slip(
    REFERENCE,
    ("dtype=float), 2)", "dtype=float), 2) ** 2"),
    loses="bounds",
    hint="You take the eigenvalue of W^T W without its root: that is the square of the largest "
    "singular value.",
)
smallest_singular_value = slip(
    REFERENCE,
    ("dtype=float), 2)", "dtype=float), -2)"),
    loses="bounds",
    hint="You take the smallest singular value. The bound is for the direction that is stretched "
    "most.",
)

rules = (
    rule("for 0 it is 1, whatever `W` is", when=lambda W, gamma, gap: gap == 0 and not W.any()),
    rule("for any `gap` from 0 on", when=lambda W, gamma, gap: gap > 10),
    told("Gaps are so small"),
    rule(
        "A matrix that is not square",
        when=lambda W, gamma, gap: W.shape[0] != W.shape[1],
        gives=ValueError,
    ),
    rule("a `gamma` of 0", when=lambda W, gamma, gap: gamma == 0, gives=ValueError),
    rule("a `gamma` of 0 or below", when=lambda W, gamma, gap: gamma < 0, gives=ValueError),
    rule("a `gap` below 0", when=lambda W, gamma, gap: gap < 0, gives=ValueError),
)
