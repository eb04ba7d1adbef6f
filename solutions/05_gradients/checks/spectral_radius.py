"""spectral_radius: the largest modulus of an eigenvalue."""

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

from .drawing import blocks, rotation, skewed, turned


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield matrices with real eigenvalues, with others, defective ones, zeros, and no squares."""
    for largest, others in ((-1.3, (0.9, 0.2)), (-0.6, (0.4,)), (2.5, (-1.7, 0.3, -0.1))):
        values = rng.permutation([largest, *others]) * rng.uniform(0.8, 1.2)
        yield case("real", skewed(rng, np.diag(values), 1.5))
    yield case("real", np.triu(rng.uniform(0.5, 1, size=(3, 3)), 1) + np.diag([0.3, -0.9, 0.5]))
    yield case("real", np.array([[-float(rng.uniform(0.2, 3))]]))
    yield case("real", skewed(rng, np.diag([0.4, -1.1]), 1.0).astype("float32"))
    # In float32 these eigenvalues are off in the second digit.
    yield case("real", skewed(rng, np.diag([0.4, -1.1]), 1000.0).astype("float32"))
    for radius, others in ((1.4, (0.6,)), (0.7, (-0.3, 0.5)), (3.0, ())):
        pair = radius * rng.uniform(0.9, 1.1) * rotation(float(rng.uniform(1.2, 1.9)))
        yield case("others", skewed(rng, blocks(pair, *others), 1.0))
    lone = float(rng.uniform(0.5, 1.5))
    yield case("others", np.array([[lone, 3.0], [0.0, lone]]))
    yield case("others", turned(rng, np.array([[-lone, 1.0], [0.0, -lone]])))
    yield case("others", np.zeros((int(rng.integers(1, 4)),) * 2))
    yield case("others", rng.normal(size=(2, 3)))


check = Check(
    groups={
        "real": Group("matrices with real eigenvalues", 1),
        "others": Group("complex eigenvalues, defective matrices, zeros, and what is refused", 1),
    },
    draw=draw,
)


@alternative
def with_eig(W):
    if len(W) != len(W[0]):
        raise ValueError("not square")
    values, _ = np.linalg.eig(W.astype(float))
    return max(abs(value) for value in values)


@alternative
def by_torch(W):
    import torch

    rows, columns = W.shape
    if rows != columns:
        raise ValueError
    return torch.linalg.eigvals(torch.tensor(W).double()).abs().max()


@alternative
def with_hypot(W):
    if W.shape != W.T.shape:
        raise ValueError("expected a square matrix")
    values = np.linalg.eigvals(W.astype(float))
    return np.hypot(values.real, values.imag).max()


@alternative
def as_numpy_refuses(W):
    return np.max(np.abs(np.linalg.eigvals(W.astype(float))))


largest_singular_value = slip(
    REFERENCE,
    ("np.abs(np.linalg.eigvals(np.asarray(W, dtype=float))).max()", "np.linalg.norm(W, 2)"),
    loses=("real", "others"),
    hint="What you compute is the largest singular value, by how much the matrix stretches at most. "
    "For a matrix that is not normal it is larger than the spectral radius.",
)
real_part = slip(
    REFERENCE,
    ("eigvals(np.asarray(W, dtype=float))", "eigvals(np.asarray(W, dtype=float)).real"),
    loses="others",
    hint="You take the real part of complex eigenvalues. Their modulus is what counts: a quarter "
    "turn has the eigenvalues i and -i.",
)
largest_eigenvalue = slip(
    REFERENCE,
    (
        "np.abs(np.linalg.eigvals(np.asarray(W, dtype=float)))",
        "np.linalg.eigvals(np.asarray(W, dtype=float)).real",
    ),
    loses=("real", "others"),
    hint="You return the eigenvalue with the largest real part. A large negative one, or a complex "
    "pair, has a larger modulus.",
)
as_if_symmetric = slip(
    REFERENCE,
    ("eigvals(", "eigvalsh("),
    loses=("real", "others"),
    hint="You use a function for symmetric matrices (eigh, eigvalsh). It looks at one triangle of "
    "the matrix only, and W is not symmetric.",
)
of_the_symmetric_part = slip(
    REFERENCE,
    ("eigvals(np.asarray(W, dtype=float))", "eigvals((W + W.T) / 2)"),
    loses=("real", "others"),
    hint="You symmetrise W first. Its symmetric part has other eigenvalues.",
)
frobenius = slip(
    REFERENCE,
    ("np.abs(np.linalg.eigvals(np.asarray(W, dtype=float))).max()", "np.linalg.norm(W)"),
    loses=("real", "others"),
    hint="You return the Frobenius norm, the root of the sum of squares. It is no eigenvalue.",
)


first_eigenvalue = slip(
    REFERENCE,
    (
        "np.abs(np.linalg.eigvals(np.asarray(W, dtype=float))).max()",
        "np.abs(np.linalg.eigvals(np.asarray(W, dtype=float)))[0]",
    ),
    loses=("real",),
    hint="You take the eigenvalue that comes first. They come in no particular order.",
)
squared_modulus = slip(
    REFERENCE,
    (".max()", ".max() ** 2"),
    loses=("real", "others"),
    hint="You return the square of the modulus: its root is missing.",
)
numpy_refuses = equal(
    REFERENCE,
    ("W.shape[0] != W.shape[1]", "False"),
    ("[0]", "[1]"),
    ("[0]", "[-1]"),
    ("[1]", "[0]"),
    ('raise ValueError(f"expected a square matrix, came shape {W.shape}")', "pass"),
    because="eigvals refuses what is no square matrix by a LinAlgError, and that is a ValueError",
)
numpy_refuses_with_eig = equal(
    with_eig,
    ("len(W) != len(W[0])", "False"),
    ("[0]", "[-1]"),
    ('raise ValueError("not square")', "pass"),
    because="eigvals refuses what is no square matrix by a LinAlgError, and that is a ValueError",
)
numpy_refuses_with_hypot = equal(
    with_hypot,
    ("W.shape != W.T.shape", "False"),
    ("T.", ""),
    ('raise ValueError("expected a square matrix")', "pass"),
    because="eigvals refuses what is no square matrix by a LinAlgError, and that is a ValueError",
)
in_float64_anyway = equal(
    REFERENCE,
    (", dtype=float", ""),
    ("np.asarray(W, dtype=float)", "W"),
    because="numpy computes eigenvalues in float64, and rounds them to the type of the matrix",
)
legs = equal(
    with_hypot,
    ("real, values.imag", "imag, values.real"),
    because="both legs of a triangle count the same",
)

rules = (
    rule("with $n \\ge 1$", when=lambda W: W.shape == (1, 1)),
    rule("It need not be symmetric", when=lambda W: not np.allclose(W, W.T)),
    rule(
        "its eigenvalues may be negative",
        when=lambda W: -np.linalg.eigvals(W).real.min() == np.abs(np.linalg.eigvals(W)).max(),
    ),
    rule("or complex", when=lambda W: np.abs(np.linalg.eigvals(W).imag).max() > 0.1),
    rule(
        "it may have fewer eigenvectors than rows",
        when=lambda W: W.shape == (2, 2) and W[0, 0] == W[1, 1] and (W[0, 1] > 0) and not W[1, 0],
    ),
    rule("or be all zeros", when=lambda W: not W.any()),
    rule("A matrix that is not square", gives=ValueError),
)
