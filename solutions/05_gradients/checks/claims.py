"""What makes a pair of weights and slopes a counterexample, and its comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.comparing import Close

NEVER_EXPLODES = "radius below 1 never explodes"
ONLY_SHRINKS = "radius below 1 only shrinks"
NORM_EXPLODES = "lambda_1 above 1 explodes"

RADIUS = 0.95
LARGEST_ENTRY = 10.0
"""Times the size: an example that is the same for every size is none."""
LARGEST_MATRIX = 20
LONGEST_POWER = 200
ROOM = 1e-4
"""Relative: what a condition may be missed by. The statement asks for ten times as much room."""


@dataclass(frozen=True)
class Refutation:
    """Compares two answers by whether they refute a claim.

    Any answer that fulfils the conditions is as good as any other; of those that do not, only an
    equal one is the same.

    Parameters
    ----------
    claim
        Which one.
    size
        How clearly.
    """

    claim: str
    size: float

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` is a factor on the room."""
        ours, theirs = self.fault(expected), self.fault(got, slack)
        if ours is None:
            return theirs
        if theirs is None:
            return "an example that refutes the claim"
        return Close(rtol=1e-5).difference(expected, got, slack)

    def fault(self, answer: Any, slack: float = 1.0) -> str | None:
        """Return why an answer refutes nothing, None if it refutes the claim."""
        pair = _pair(answer)
        if pair is None:
            return "no pair of a square matrix and a slope for each of its units"
        W, d = pair
        room = ROOM * slack
        least = 0.5 if self.claim == NORM_EXPLODES else 0.0
        if d.min() < least - room or d.max() > 1 + room:
            return "slopes outside their range"
        if np.abs(W).max() > LARGEST_ENTRY * self.size * (1 + room):
            return "entries that are too large"
        J = W * d
        small = W if self.claim == NEVER_EXPLODES else J
        if not _radius(small) <= RADIUS * (1 + room):
            return "a spectral radius that is too large"
        if self._reached(W, J) < self.size * (1 - room):
            return "an example that is too weak"
        return None

    def _reached(self, W: np.ndarray, J: np.ndarray) -> float:
        if self.claim == NEVER_EXPLODES:
            return _radius(J)
        if self.claim == NORM_EXPLODES:
            return float(np.linalg.norm(W, 2))
        powers = _powers(J)[1:]
        # The spectral norm lies between Frobenius' and that over √n: few can have the largest.
        with np.errstate(over="ignore"):
            bounds = np.linalg.norm(powers, axis=(1, 2))
        likely = powers[bounds * np.sqrt(len(J)) >= bounds.max(initial=0.0)]
        return float(np.linalg.norm(likely, 2, axis=(1, 2)).max(initial=0.0))


def _powers(J: np.ndarray) -> np.ndarray:
    """Return J, J², J³, … (count, n, n), up to the longest or the last that a float can hold."""
    powers = J[None]
    with np.errstate(invalid="ignore", over="ignore"):
        while len(powers) < LONGEST_POWER:  # twice as many at once: one by one takes longer
            powers = np.concatenate([powers, powers @ powers[-1]])
    finite = np.isfinite(powers).all(axis=(1, 2))
    held = len(powers) if finite.all() else int(finite.argmin())
    return powers[: min(held, LONGEST_POWER)]


def _radius(matrix: np.ndarray) -> float:
    """Return the largest absolute eigenvalue; nan where none can be computed."""
    try:
        return float(np.abs(np.linalg.eigvals(matrix)).max())
    except np.linalg.LinAlgError:
        return float("nan")


def _is_pair(answer: Any) -> bool:
    if isinstance(answer, np.ndarray):
        return answer.ndim > 0 and len(answer) == 2
    return isinstance(answer, Sequence) and not isinstance(answer, str) and len(answer) == 2


def _small_array(part: Any) -> np.ndarray | None:
    """Return what numpy makes of a part; None of what it makes nothing of, or of too much."""
    if isinstance(part, Sequence) and len(part) > LARGEST_MATRIX:
        return None
    try:
        return np.asarray(part)
    except (TypeError, ValueError, OverflowError):
        return None


def _pair(answer: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return weights and slopes as arrays, None if the answer is anything else."""
    W, d = (_small_array(part) for part in answer) if _is_pair(answer) else (None, None)
    if W is None or d is None:
        return None
    if any(array.dtype.kind not in "iuf" for array in (W, d)):
        return None
    n = len(d) if d.ndim == 1 else 0
    if not 1 <= n <= LARGEST_MATRIX or W.shape != (n, n):
        return None
    W, d = W.astype(float), d.astype(float)
    return (W, d) if np.isfinite(W).all() and np.isfinite(d).all() else None
