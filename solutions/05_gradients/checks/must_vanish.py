"""must_vanish: whether the sufficient condition for nonlinear networks holds."""

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

from .conditions import (
    by_norm,
    far_from_one,
    norm_specials,
    single_precision,
    truth_of_its_own,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield matrices of which some must vanish, in both groups."""
    for W, gamma in by_norm(rng):
        yield case("matrices", W, gamma)
    for W, gamma in norm_specials(rng, side=-1):
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
    return largest < 1 and not np.isclose(largest, 1, rtol=0, atol=1e-9)


@alternative
def by_eigenvalues(W, gamma):
    if W.shape[0] != W.shape[1] or gamma <= 0:
        raise ValueError
    return np.sqrt(np.linalg.eigvalsh(W.T @ W)[-1]) < (1 - 1e-9) / gamma


@alternative
def by_torch(W, gamma):
    import torch

    if W.shape[0] != W.shape[1] or gamma <= 0:
        raise ValueError
    norm = torch.linalg.matrix_norm(torch.tensor(W).double(), ord=2)
    return bool(1 - norm * gamma > 1e-9)


by_the_radius = slip(
    REFERENCE,
    ("np.linalg.norm(W, 2)", "np.abs(np.linalg.eigvals(W)).max()"),
    loses="matrices",
    hint="You look at the spectral radius, or at what powers of W do. That decides in linear "
    "networks. Where slopes differ from unit to unit products may grow though it is below 1/gamma: "
    "the sufficient condition is about the largest singular value, and where it does not hold it "
    "says nothing.",
)
gamma_forgotten = slip(
    REFERENCE,
    ("gamma * ", ""),
    loses=("matrices", "special"),
    hint="You compare with 1 whatever gamma is, as if the nonlinearity were always tanh.",
)
below_gamma = slip(
    REFERENCE,
    ("gamma * ", ""),
    ("< 1 - 1e-9", "< gamma - 1e-9"),
    loses=("matrices", "special"),
    hint="You compare with gamma. The condition is lambda_1 < 1/gamma: the flatter the "
    "nonlinearity, the larger the weights may be. (A slide of 003 prints it as you have it.)",
)
at_most = slip(
    REFERENCE,
    ("< 1 - 1e-9", "<= 1 + 1e-9"),
    loses="special",
    hint="At the threshold itself you say True. There the factors need not shrink at all: a "
    "rotation keeps every length.",
)
without_room_for_rounding = slip(
    REFERENCE,
    (" - 1e-9", ""),
    loses="special",
    hint="You compare computed numbers with < alone. A rotation's singular values come out as "
    "0.9999999999999998 or 1.0000000000000002: what is within 1e-9 of 1 counts as 1.",
)
by_frobenius = slip(
    REFERENCE,
    ("norm(W, 2)", "norm(W)"),
    loses="matrices",
    hint="You look at the Frobenius norm (the default of np.linalg.norm). It is larger than the "
    "largest singular value, so that you miss matrices that must vanish.",
)
by_the_smallest = slip(
    REFERENCE,
    ("norm(W, 2)", "norm(W, -2)"),
    loses="matrices",
    hint="You look at the smallest singular value. The largest has to be small: otherwise there is "
    "a direction that is stretched.",
)
the_other_condition = slip(
    REFERENCE,
    ("< 1 - 1e-9", "> 1 + 1e-9"),
    loses=("matrices", "special"),
    hint="You say when they may explode. Asked is the opposite end: when they surely vanish.",
)
of_numpy = truth_of_its_own(REFERENCE, "gamma * np.linalg.norm(W, 2) < 1 - 1e-9")
of_torch = truth_of_its_own(by_torch, "1 - norm * gamma > 1e-9")
away_from_it = far_from_one(REFERENCE, "< 1")
away_from_it_by_svd = far_from_one(
    by_svd,
    "< 1",
    ("rtol=0, atol", "atol"),
    ("rtol=0, atol=1e-9", "rtol=0"),
)
away_from_it_by_eigenvalues = far_from_one(by_eigenvalues, "[-1]) <")
away_from_it_by_torch = far_from_one(by_torch, "> 1e-9")
either_order = equal(
    by_svd,
    ("largest, 1", "1, largest"),
    because="with an absolute tolerance both are treated alike",
)
in_float32 = single_precision(by_torch)


def _off_one(W: np.ndarray, gamma: float) -> float:
    """Return how far from the threshold a case is."""
    return abs(gamma * float(np.linalg.norm(W.astype(float), 2)) - 1)


rules = (
    rule(
        "whether the sufficient condition for nonlinear networks holds", gives=lambda holds: holds
    ),
    told("`may_explode(W, gamma)`:", "the same for linear networks", "All other cases"),
    rule(
        "**Exactly at the threshold neither holds**",
        when=lambda W, gamma: 0 < _off_one(W, gamma) < 1e-12,
        gives=lambda holds: not holds,
    ),
    rule(
        "**within 1e-9 of 1 counts as 1**",
        when=lambda W, gamma: 5e-10 < _off_one(W, gamma) < 1e-9,
        gives=lambda holds: not holds,
    ),
    rule("The zero matrix vanishes", when=lambda W, gamma: not W.any(), gives=lambda holds: holds),
    rule(
        "A matrix that is not square",
        when=lambda W, gamma: W.shape[0] != W.shape[1],
        gives=ValueError,
    ),
    rule("a `gamma` of 0", when=lambda W, gamma: gamma == 0, gives=ValueError),
    rule("a `gamma` of 0 or below", when=lambda W, gamma: gamma < 0, gives=ValueError),
)
