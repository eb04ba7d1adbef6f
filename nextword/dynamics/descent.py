"""Gradient descent on the error surface of one unit, from many starting points at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from nextword.dynamics.one_unit import ErrorSurface


class DescentError(ValueError):
    """A learning rate, a number of steps or a longest gradient is outside its range."""


@dataclass(frozen=True)
class Descent:
    """Paths of plain gradient descent.

    Parameters
    ----------
    surface
        What is descended.
    starts
        Pairs (w, b), one or many.
    learning_rate
        The same for all steps; one for all paths, or an array of them.
    n_steps
        How many.
    longest
        A longer gradient is shortened to this; infinity (the default) leaves all as they are. One
        for all paths, or an array of them.

    Attributes
    ----------
    points
        Where each path was: before the first step, and after every step.
    errors
        There.
    norms
        Lengths of the gradient there, before it is shortened.

    Raises
    ------
    DescentError
        An argument is outside its range.
    OneUnitError
        A path leads to where derivatives overflow.

    References
    ----------
    Pascanu et al. 2013, Fig. 6 and Algorithm 1.

    Notes
    -----
    A path that meets the wall again and again magnifies rounding errors: starts that differ by
    1e-14 are as far apart as the path is wide after some 200 steps. Where it ends up is
    reproducible, its details are not.

    Examples
    --------
    >>> wild = Descent(ErrorSurface(), [5.0, -2.2], learning_rate=0.1, n_steps=200)
    >>> tame = Descent(ErrorSurface(), [5.0, -2.2], learning_rate=0.1, n_steps=500, longest=1.0)
    >>> wild.errors[-1].round(2), tame.errors[-1].round(2)
    (np.float64(0.09), np.float64(0.0))
    """

    surface: ErrorSurface
    starts: Float[np.ndarray, "... 2"] | Sequence[float]
    learning_rate: float | Float[np.ndarray, "*paths"]
    n_steps: int
    longest: float | Float[np.ndarray, "*paths"] = math.inf
    points: Float[np.ndarray, "times ... 2"] = field(init=False, repr=False)
    errors: Float[np.ndarray, "times ..."] = field(init=False, repr=False)
    norms: Float[np.ndarray, "times ..."] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rates, longest = np.asarray(self.learning_rate, float), np.asarray(self.longest, float)
        if not np.all((rates > 0) & (rates < math.inf)):
            raise DescentError(f"expected a learning rate above 0, got {self.learning_rate}")
        if self.n_steps < 0:
            raise DescentError(f"expected 0 steps or more, got {self.n_steps}")
        if not np.all(longest > 0):
            raise DescentError(f"expected a longest gradient above 0, got {self.longest}")
        begin = np.asarray(self.starts, dtype=float)
        try:
            paths = np.broadcast_shapes(begin.shape[:-1], rates.shape, longest.shape)
        except ValueError:
            raise DescentError(
                f"expected starts, rates and longest gradients that broadcast, got shapes "
                f"{begin.shape[:-1]}, {rates.shape} and {longest.shape}"
            ) from None
        here = np.broadcast_to(begin, (*paths, begin.shape[-1]))
        points, errors, norms = [], [], []
        for step in range(self.n_steps + 1):
            look = self.surface.look(here)
            points.append(here)
            errors.append(look.errors)
            norms.append(np.hypot(look.slopes[..., 0], look.slopes[..., 1]))
            if step < self.n_steps:
                share = np.minimum(1, longest / np.maximum(norms[-1], 1e-300))
                here = here - (rates * share)[..., None] * look.slopes
        for name, found in (("points", points), ("errors", errors), ("norms", norms)):
            object.__setattr__(self, name, np.array(found))

    @property
    def farthest_step(self) -> Float[np.ndarray, "*paths"]:
        """The length of each path's longest step."""
        moved = np.linalg.norm(np.diff(self.points, axis=0), axis=-1)
        return np.asarray(moved.max(axis=0, initial=0.0))
