"""may_explode: whether the necessary condition for nonlinear networks holds."""

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
)

from .conditions import (
    by_norm,
    far_from_one,
    norm_specials,
    single_precision,
    truth_of_its_own,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield matrices of which some may explode, in both groups."""
    for W, gamma in by_norm(rng):
        yield case("matrices", W, gamma)
    for W, gamma in norm_specials(rng, side=1):
        yield case("special", W, gamma)


check = Check(
    groups={
        "matrices": Group("matrices of many kinds", 1),
        "special": Group("the threshold, zeros, one unit, and what is refused", 1),
    },
    draw=draw,
)


@alternative
def by_svd(W, gamma):
    rows, columns = W.shape
    if rows != columns:
        raise ValueError("not square")
    if gamma <= 0:
        raise ValueError("gamma")
    largest = np.linalg.svd(W, compute_uv=False).max() * gamma
    return largest > 1 and not np.isclose(largest, 1, rtol=0, atol=1e-9)


@alternative
def by_eigenvalues(W, gamma):
    if W.shape[0] != W.shape[1] or gamma <= 0:
        raise ValueError
    return np.sqrt(np.linalg.eigvalsh(W.T @ W)[-1]) > (1 + 1e-9) / gamma


@alternative
def by_torch(W, gamma):
    import torch

    if W.shape[0] != W.shape[1] or gamma <= 0:
        raise ValueError
    norm = torch.linalg.matrix_norm(torch.tensor(W).double(), ord=2)
    return bool(norm * gamma - 1 > 1e-9)


by_the_radius = slip(
    REFERENCE,
    ("np.linalg.norm(W, 2)", "np.abs(np.linalg.eigvals(W)).max()"),
    loses="matrices",
    hint="You look at the spectral radius, or at whether powers of W do grow. That decides in linear "
    "networks. Asked is the necessary condition for nonlinear ones, about the largest singular "
    "value: where it holds, gradients may explode or not.",
)
gamma_forgotten = slip(
    REFERENCE,
    ("gamma * ", ""),
    loses=("matrices", "special"),
    hint="You compare with 1 whatever gamma is, as if the nonlinearity were always tanh.",
)
above_gamma = slip(
    REFERENCE,
    ("gamma * ", ""),
    ("> 1 + 1e-9", "> gamma + 1e-9"),
    loses=("matrices", "special"),
    hint="You compare with gamma. The condition is lambda_1 > 1/gamma: the flatter the "
    "nonlinearity, the larger the weights have to be.",
)
not_must_vanish = slip(
    REFERENCE,
    ("> 1 + 1e-9", ">= 1 - 1e-9"),
    loses="special",
    hint="At the threshold itself you say True: you return that must_vanish does not hold. There is "
    "a case between the two, in which neither holds.",
)
without_room_for_rounding = slip(
    REFERENCE,
    (" + 1e-9", ""),
    loses="special",
    hint="You compare computed numbers with > alone. A rotation's singular values come out as "
    "0.9999999999999998 or 1.0000000000000002: what is within 1e-9 of 1 counts as 1.",
)
by_frobenius = slip(
    REFERENCE,
    ("norm(W, 2)", "norm(W)"),
    loses=("matrices", "special"),
    hint="You look at the Frobenius norm (the default of np.linalg.norm). It is larger than the "
    "largest singular value: it calls matrices explosive that shrink every vector.",
)
by_the_smallest = slip(
    REFERENCE,
    ("norm(W, 2)", "norm(W, -2)"),
    loses="matrices",
    hint="You look at the smallest singular value. One direction that is stretched is enough: the "
    "largest decides.",
)
the_other_condition = slip(
    REFERENCE,
    ("> 1 + 1e-9", "< 1 - 1e-9"),
    loses=("matrices", "special"),
    hint="You say when they must vanish. Asked is the opposite end: when they may explode.",
)
of_numpy = truth_of_its_own(REFERENCE, "gamma * np.linalg.norm(W, 2) > 1 + 1e-9")
of_torch = truth_of_its_own(by_torch, "norm * gamma - 1 > 1e-9")
away_from_it = far_from_one(REFERENCE, "> 1")
away_from_it_by_svd = far_from_one(
    by_svd,
    "> 1",
    ("rtol=0, atol", "atol"),
    ("rtol=0, atol=1e-9", "rtol=0"),
)
away_from_it_by_eigenvalues = far_from_one(by_eigenvalues, "[-1]) >")
away_from_it_by_torch = far_from_one(by_torch, "> 1e-9")
either_order = equal(
    by_svd,
    ("largest, 1", "1, largest"),
    because="with an absolute tolerance both are treated alike",
)
in_float32 = single_precision(by_torch)
rules = (
    rule(
        "True also where components do not explode",
        when=lambda W, gamma: W.shape == (2, 2) and W[0, 1] > 1 and not (W @ W).any(),
        gives=lambda holds: holds,
    ),
)
