"""must_vanish_linear: whether the sufficient condition for linear networks holds."""

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
    by_radius,
    far_from_one,
    refused_by_numpy,
    single_precision,
    truth_of_its_own,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield matrices for which the condition holds, and others."""
    for W in by_radius(rng, side=-1):
        yield case("all", W)


check = Check(
    groups={"all": Group("matrices of many kinds, the threshold, zeros, and what is refused", 1)},
    draw=draw,
)


@alternative
def with_hypot(W):
    rows, columns = W.shape
    if rows != columns:
        raise ValueError("not square")
    values = np.linalg.eigvals(W.astype(float))
    largest = max(np.hypot(value.real, value.imag) for value in values)
    return largest < 1 and abs(largest - 1) > 1e-9


@alternative
def by_torch(W):
    import torch

    if W.shape[0] != W.shape[1]:
        raise ValueError
    return bool(torch.linalg.eigvals(torch.tensor(W).double()).abs().max() < 1 - 1e-9)


@alternative
def every_one(W):
    if len(W) != len(W.T):
        raise ValueError
    return np.all(np.abs(np.linalg.eigvals(W)) < 1 - 1e-9)


by_the_norm = slip(
    REFERENCE,
    ("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W, 2)"),
    loses="all",
    hint="You look at the largest singular value, which decides for nonlinear networks. In a "
    "linear one every factor is the same, and the eigenvalues decide: norms may grow at "
    "first.",
)
by_real_parts = slip(
    REFERENCE,
    ("eigvals(W)", "eigvals(W).real"),
    loses="all",
    hint="You take the real parts of complex eigenvalues. Their modulus decides: a part that turns "
    "may grow while its real part is small.",
)
by_the_largest_eigenvalue = slip(
    REFERENCE,
    ("np.abs(np.linalg.eigvals(W))", "np.linalg.eigvals(W).real"),
    loses="all",
    hint="You take the eigenvalue with the largest real part. A large negative one, or a complex "
    "pair, has a larger modulus.",
)
at_the_threshold_too = slip(
    REFERENCE,
    ("< 1 - 1e-9", "<= 1 + 1e-9"),
    loses="all",
    hint="At the threshold itself you say True. There nothing has to vanish: a rotation keeps "
    "every length.",
)
without_room_for_rounding = slip(
    REFERENCE,
    (" - 1e-9", ""),
    loses="all",
    hint="You compare computed numbers with < alone. A rotation's eigenvalues come out with a "
    "modulus of 0.9999999999999999 or 1.0000000000000002: what is within 1e-9 of 1 counts as "
    "1.",
)
the_other_condition = slip(
    REFERENCE,
    ("< 1 - 1e-9", "> 1 + 1e-9"),
    loses="all",
    hint="You say when they may explode. Asked is the opposite end: when they surely vanish.",
)
as_if_symmetric = slip(
    REFERENCE,
    ("eigvals(", "eigvalsh("),
    loses="all",
    hint="You use a function for symmetric matrices (eigh, eigvalsh). It looks at one triangle of "
    "the matrix only, and W is not symmetric.",
)
by_a_few_steps = slip(
    REFERENCE,
    ("np.abs(np.linalg.eigvals(W)).max()", "np.linalg.norm(W @ W @ W, 2)"),
    loses="all",
    hint="You try it out over a few steps. Powers of a matrix that is not normal may grow at first "
    "and vanish later, or shrink slowly.",
)
numpy_refuses = refused_by_numpy(
    REFERENCE,
    ("W.shape[0] != W.shape[1]", "False"),
    ("[0]", "[1]"),
    ("[0]", "[-1]"),
    ("[1]", "[0]"),
    ('raise ValueError(f"expected a square matrix, came shape {W.shape}")', "pass"),
)
numpy_refuses_with_hypot = refused_by_numpy(
    with_hypot, ("rows != columns", "False"), ('raise ValueError("not square")', "pass")
)
numpy_refuses_every_one = refused_by_numpy(
    every_one, ("len(W) != len(W.T)", "False"), (".T", ""), ("raise ValueError", "pass")
)
of_numpy = truth_of_its_own(REFERENCE, "np.abs(np.linalg.eigvals(W)).max() < 1 - 1e-9")
of_torch = truth_of_its_own(
    by_torch, "torch.linalg.eigvals(torch.tensor(W).double()).abs().max() < 1 - 1e-9"
)
legs = equal(
    with_hypot,
    ("real, value.imag", "imag, value.real"),
    because="both legs of a triangle count the same",
)
away_from_it = far_from_one(REFERENCE, "< 1")
away_from_it_with_hypot = far_from_one(with_hypot, "largest <", ("> 1e", ">= 1e"))
away_from_it_by_torch = far_from_one(by_torch, "< 1")
away_from_it_every_one = far_from_one(every_one, "< 1")
in_float32 = single_precision(by_torch)
rules = (
    rule("the sufficient condition for vanishing holds", gives=lambda holds: holds),
    rule(
        "for linear networks",  # the norm says otherwise
        when=lambda W: W.shape[0] == W.shape[1] and np.linalg.norm(W, 2) > 2,
        gives=lambda holds: holds,
    ),
    told("False also where components vanish"),
)
