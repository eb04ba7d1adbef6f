"""Random matrices of known spectra, states of networks and single units for assignment 05."""

from __future__ import annotations

import math

import numpy as np


def orthogonal(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return a random orthogonal matrix."""
    q, r = np.linalg.qr(rng.normal(size=(n, n)))
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


def turned(rng: np.random.Generator, matrix: np.ndarray) -> np.ndarray:
    """Return a matrix in other coordinates: eigenvalues and singular values stay."""
    q = orthogonal(rng, len(matrix))
    return q @ matrix @ q.T


def rotation(angle: float) -> np.ndarray:
    """Return the matrix that turns the plane."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, s], [-s, c]])


def blocks(*parts: np.ndarray | float) -> np.ndarray:
    """Return a matrix with numbers and matrices along its diagonal."""
    squares = [np.atleast_2d(part) for part in parts]
    whole = np.zeros((sum(map(len, squares)),) * 2)
    start = 0
    for square in squares:
        end = start + len(square)
        whole[start:end, start:end] = square
        start = end
    return whole


def skewed(rng: np.random.Generator, matrix: np.ndarray, size: float) -> np.ndarray:
    """Return a matrix of blocks with more above them, turned: the eigenvalues stay, norms grow."""
    above = np.triu(rng.uniform(0.5, 1, size=matrix.shape) * size, 2)
    above += np.diag(np.where(np.diag(matrix, 1) == 0, size, 0.0), 1)
    above *= np.tril(matrix) == 0  # inside a block nothing changes
    above[np.triu(matrix, 1) != 0] = 0
    return turned(rng, matrix + above)


def normal(rng: np.random.Generator, n: int, norm: float) -> np.ndarray:
    """Return a normal matrix: its spectral radius is its norm."""
    others = rng.uniform(-0.7, 0.7, size=n - 1) * norm
    return turned(rng, np.diag([float(rng.choice([-1, 1])) * norm, *others]))


def sheared(rng: np.random.Generator, n: int, radius: float, norm: float) -> np.ndarray:
    """Return a matrix whose largest singular value is far above its spectral radius."""
    values = np.array([radius, -0.7 * radius, *(0.3 * radius * rng.uniform(-1, 1, size=n - 2))])
    above = np.triu(rng.uniform(0.5, 1, size=(n, n)), 1)
    low, high = 0.0, norm / above[0, 1]  # one entry alone then is as long as the norm
    for _ in range(80):
        middle = (low + high) / 2
        longer = np.linalg.norm(np.diag(values) + middle * above, 2) > norm
        low, high = (low, middle) if longer else (middle, high)
    return turned(rng, np.diag(values) + low * above)


def at_the_threshold(rng: np.random.Generator, side: int, norm: bool) -> np.ndarray:
    """Return a rotation whose computed norm, or spectral radius, is off 1 by rounding.

    Parameters
    ----------
    rng
        Draws the angle.
    side
        -1 for one that is computed below 1, 1 for above.
    norm
        Whether the norm is looked at, or else the spectral radius.
    """
    for _ in range(1000):
        matrix = rotation(float(rng.uniform(0.1, 3)))
        found = np.linalg.norm(matrix, 2) if norm else np.abs(np.linalg.eigvals(matrix)).max()
        if (found - 1) * side > 0:
            break
    return matrix


def draw_weights(rng: np.random.Generator, H: int, scale: float = 1.0) -> np.ndarray:
    """Return recurrent weights."""
    return scale * rng.normal(size=(H, H)) / math.sqrt(H)


def draw_states(rng: np.random.Generator, W_h: np.ndarray, steps: int) -> np.ndarray:
    """Return h_0 to h_steps of a tanh network that reads noise."""
    states = np.empty((steps + 1, len(W_h)))
    states[0] = rng.uniform(-0.8, 0.8, size=len(W_h))
    for t in range(steps):
        states[t + 1] = np.tanh(states[t] @ W_h + rng.normal(0, 0.5, size=len(W_h)))
    return states


def saturated(rng: np.random.Generator, states: np.ndarray) -> np.ndarray:
    """Return states near -1 and 1 in float32: there 1 - h^2 has few digits left in float32."""
    sizes = rng.uniform(0.999, 0.9999, size=states.shape)
    return (sizes * rng.choice([-1.0, 1.0], size=states.shape)).astype("float32")


# --- one unit ------------------------------------------------------------------------------------


def folds(w: float) -> tuple[float, float]:
    """Return the biases between which the unit has two attractors, for w above 4."""
    turn = 2 * math.acosh(math.sqrt(w) / 2)
    return turn - w / (1 + math.exp(-turn)), -turn - w / (1 + math.exp(turn))


def two_attractors(
    rng: np.random.Generator, least: float, most: float, side: int = 0
) -> tuple[float, float]:
    """Return w and b of a unit with two attractors, far from the folds and from symmetry.

    Parameters
    ----------
    rng
        Draws both.
    least, most
        Between which w lies.
    side
        1 for a bias above that of symmetry, -1 for one below it, 0 for any.
    """
    w = float(rng.uniform(least, most))
    lower, upper = folds(w)
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    return w, middle + half * float((side or rng.choice([-1, 1])) * rng.uniform(0.3, 0.8))


def near_a_fold(
    rng: np.random.Generator, least: float, most: float, side: int
) -> tuple[float, float]:
    """Return w and b of a unit whose unstable fixed point is about 0.15 from an attractor.

    Parameters
    ----------
    rng
        Draws w.
    least, most
        Between which w lies.
    side
        1 for the upper attractor, -1 for the lower one.
    """
    w = float(rng.uniform(least, most))
    unstable = side * (2 * math.acosh(math.sqrt(w) / 2) - 0.08)
    return w, unstable - w / (1 + math.exp(-unstable))


def beyond_a_fold(
    rng: np.random.Generator, least: float, most: float, side: int
) -> tuple[float, float]:
    """Return w and b of a unit with one attractor, where another one is about to appear.

    A state that passes that place takes more than a hundred steps there.

    Parameters
    ----------
    rng
        Draws both.
    least, most
        Between which w lies, above 4.
    side
        1 for a bias above the upper fold, -1 for one below the lower one.
    """
    w = float(rng.uniform(least, most))
    lower, upper = folds(w)
    away = float(rng.uniform(0.003, 0.004))
    return w, (upper + away if side > 0 else lower - away)


def one_attractor(rng: np.random.Generator, least: float, most: float) -> tuple[float, float]:
    """Return w and b of a unit with one attractor, far from the folds if there are any."""
    w = float(rng.uniform(least, most))
    if w <= 4.2:
        return w, float(rng.uniform(-3, 1))
    lower, upper = folds(w)
    away = float(rng.uniform(0.4, 2))
    return w, lower - away if rng.random() < 0.5 else upper + away
