"""Matrices for the four conditions: which of them holds is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograder.authoring.checking import Equal, Solution, equal

from .drawing import (
    at_the_threshold,
    blocks,
    normal,
    orthogonal,
    rotation,
    sheared,
    skewed,
)

FAR_FROM_ONE = (
    "what does not count as 1 is 0.02 away from it, more than rounding and these tolerances"
)
Weighted = tuple[np.ndarray, float]


def by_norm(rng: np.random.Generator) -> Iterator[Weighted]:
    """Yield matrices and bounds of slopes, of which the norm decides.

    Of all kinds some are below the threshold and some above.
    """
    for gamma in (1.0, 0.25, 2.0):
        for norm in (0.7, 1.4):
            yield normal(rng, int(rng.integers(2, 5)), _near(rng, norm) / gamma), gamma
        # The spectral radius is below the threshold, the norm above; then both are below.
        yield sheared(rng, int(rng.integers(2, 4)), _near(rng, 0.5) / gamma, 2.0 / gamma), gamma
        yield sheared(rng, int(rng.integers(2, 4)), 0.3 / gamma, _near(rng, 0.8) / gamma), gamma
    # 1 lies on one side of the norm, and gamma and 1/gamma lie elsewhere.
    yield normal(rng, 3, _near(rng, 0.5)), 0.25
    yield normal(rng, 3, _near(rng, 1.5)), 2.0
    # All directions are stretched alike: the Frobenius norm is far larger.
    for n in (4, 3):
        yield _near(rng, 0.8) * orthogonal(rng, n), 1.0
    # One direction is stretched, the others hardly.
    yield np.diag(rng.permutation([_near(rng, 1.6), 0.3, 0.2])), 1.0
    # Its square is zero: no power of it grows. Half of it and its transpose is half as long.
    yield np.array([[0.0, _near(rng, 3.0)], [0.0, 0.0]]), 1.0
    yield np.array([[0.0, _near(rng, 1.5)], [0.0, 0.0]]), 1.0
    # As near the threshold as cases come, but for those that count as 1.
    yield normal(rng, 3, 0.975), 1.0
    yield normal(rng, 2, 1.025 / 0.25), 0.25
    yield normal(rng, 3, 2.5).astype("float32"), 0.25
    yield normal(rng, 3, 1.3).astype("float32"), 1.0


def norm_specials(rng: np.random.Generator, side: int) -> Iterator[Weighted]:
    """Yield the threshold, computed on one side of it, zeros and ones, and what is refused."""
    for gamma in (1.0, 0.25, 1.0):
        yield at_the_threshold(rng, side, norm=True) / gamma, gamma
    for gamma in (1.0, 0.25):  # within 1e-9, which counts as 1
        yield np.eye(2) * (1 + side * 7e-10) / gamma, gamma
    yield np.eye(3) * 2, 0.5
    yield np.zeros((2, 2)), 1.0
    yield np.zeros((3, 3)), 4.0
    yield np.array([[-_near(rng, 1.5)]]), 1.0
    yield np.array([[_near(rng, 2.0)]]), 0.25
    yield rng.normal(size=(2, 3)), 1.0
    yield rotation(1.0), 0.0
    yield rotation(1.0), -1.0


def by_radius(rng: np.random.Generator, side: int) -> Iterator[np.ndarray]:
    """Yield matrices of which the spectral radius decides, the threshold, and what is refused."""
    for norm in (0.7, 1.4):
        yield normal(rng, int(rng.integers(2, 5)), _near(rng, norm))
    # As near the threshold as cases come, but for those that count as 1.
    for norm in (0.975, 1.025):
        yield normal(rng, 3, norm)
    # The norm is above the threshold, the spectral radius below.
    for n in (2, 3):
        yield sheared(rng, n, _near(rng, 0.7), 4.0)
    # Both are above.
    yield sheared(rng, 3, _near(rng, 1.2), 4.0)
    # Complex, with real parts below the threshold; and negative, with the others far below.
    for radius in (0.8, 1.3, 1.2):
        pair = _near(rng, radius) * rotation(float(rng.uniform(1.2, 1.9)))
        yield skewed(rng, blocks(pair, 0.4), 0.5)
    yield skewed(rng, np.diag([-_near(rng, 1.3), 0.5]), 0.5)
    yield skewed(rng, np.diag([-_near(rng, 1.4), 0.3, 0.2]), 0.5)
    yield normal(rng, 3, 0.7).astype("float32")
    for _ in range(2):
        yield at_the_threshold(rng, side, norm=False)
    yield np.array([[1 + side * 7e-10, 3.0], [0.0, 0.5]])  # within 1e-9, which counts as 1
    yield np.array([[1.0, 1.0], [0.0, 1.0]]) * float(rng.choice([-1.0, 1.0]))
    yield np.array([[0.0, 5.0], [0.0, 0.0]])
    # Below the threshold, as the triangle below the diagonal says; three steps of it still grow.
    yield np.array([[0.5, 5.0], [0.0, 0.5]])
    yield np.zeros((2, 2))
    yield np.array([[-_near(rng, 1.5)]])
    yield rng.normal(size=(3, 2))


def _near(rng: np.random.Generator, value: float) -> float:
    return value * float(rng.uniform(0.93, 1.07))


# --- what all four conditions may be written like --------------------------------------------------


def far_from_one(of: Solution, comparison: str, *others: tuple[str, str]) -> Equal:
    """Return the word that neither equality nor the tolerance matters in a comparison with 1.

    Parameters
    ----------
    of
        A solution, which writes its tolerance as 1e-9.
    comparison
        Such as ``"< 1"``, as it stands there once.
    others
        More changes of which that is true.
    """
    with_equality = comparison.replace("<", "<=").replace(">", ">=")
    changes = ((comparison, with_equality), ("1e", "2e"), *others)
    return equal(of, *changes, because=FAR_FROM_ONE)


def truth_of_its_own(of: Solution, comparison: str) -> Equal:
    """Return the word that what a library finds true need not be made a bool."""
    return equal(
        of,
        (f"return bool({comparison})", f"return {comparison}"),
        because="truth values of numpy and torch are truth values",
    )


def single_precision(of: Solution) -> Equal:
    """Return the word that weights need not be made float64."""
    return equal(
        of,
        (".double()", ""),
        because="weights of float32 are 0.02 away from the threshold or more",
    )


def refused_by_numpy(of: Solution, *changes: tuple[str, str]) -> Equal:
    """Return the word that a shape need not be looked at where eigenvalues are computed."""
    return equal(
        of,
        *changes,
        because="eigvals refuses what is no square matrix by a LinAlgError, and that is a ValueError",
    )
