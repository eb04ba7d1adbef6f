"""One recurrent unit without input: its orbits, its fixed points, and its error surface.

All of this module has the nonlinearity *inside*, x_t = w σ(x_{t-1}) + b with the logistic σ, as
Pascanu, Mikolov and Bengio (2013) write it in eqs 2 and 8. The rest of the course has tanh outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float


class OneUnitError(ValueError):
    """A weight, a bias, a state or a number of steps is outside its range."""


def _logistic(x: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    return 0.5 + 0.5 * np.tanh(0.5 * x)  # does not overflow, whatever x is


def _checked(name: str, values: object, least: float = -np.inf) -> Float[np.ndarray, "..."]:
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise OneUnitError(f"expected {name} as numbers, got {values!r}") from None
    good = np.isfinite(found) & (found > least)
    if not good.all():
        bad = float(found[~good].flat[0])
        wanted = "finite" if least == -np.inf else f"finite and above {least:g}"
        raise OneUnitError(f"expected {name} to be {wanted}, got {bad:g}")
    return found


@dataclass(frozen=True)
class OneUnit:
    """The map x → w σ(x) + b, applied again and again.

    Parameters
    ----------
    weight
        w, above 0.
    bias
        b.

    Raises
    ------
    OneUnitError
        A parameter is not finite, or the weight is not above 0.

    References
    ----------
    Pascanu, Mikolov, Bengio 2013, eq. 8; the example is Doya's (1993).
    """

    weight: float
    bias: float

    def __post_init__(self) -> None:
        _checked("the weight w", self.weight, least=0)
        _checked("the bias b", self.bias)

    def orbit(
        self,
        starts: Float[np.ndarray, "*starts"] | float,
        n_steps: int,
        inputs: Float[np.ndarray, " steps"] | Sequence[float] = (),
    ) -> Float[np.ndarray, "steps+1 *starts"]:
        """Return the states from each start, the start itself first.

        Parameters
        ----------
        starts
            x_0, one or many.
        n_steps
            How often the map is applied, 0 or more.
        inputs
            What is added to the state after each step (W_in u_t of eq. 2); nothing by default.

        Raises
        ------
        OneUnitError
            A start or an input is not finite, there are fewer than 0 steps, or not as many inputs
            as steps.

        Examples
        --------
        >>> OneUnit(5.0, -2.5).orbit(0.0, 3)  # an unstable fixed point
        array([0., 0., 0., 0.])
        """
        if n_steps < 0:
            raise OneUnitError(f"expected 0 steps or more, got {n_steps}")
        added = _checked("inputs", inputs) if len(inputs) else np.zeros(n_steps)
        if added.shape != (n_steps,):
            raise OneUnitError(
                f"expected one input for each of {n_steps} steps, got shape {added.shape}"
            )
        states = [_checked("starts", starts)]
        for u in added:
            states.append(self.weight * _logistic(states[-1]) + self.bias + u)
        return np.array(states)


@dataclass(frozen=True)
class FixedPointCurve:
    """All fixed points of one unit, for every bias at once.

    x is a fixed point where x = w σ(x) + b. That is hard to solve for x and needs no solving for b:
    b(x) = x - w σ(x). So we walk along x and note to which bias each state belongs. Drawn as x
    against b, this is the bifurcation diagram.

    Parameters
    ----------
    weight
        w, above 0.
    span
        The first and the last x.
    n
        How many x there are, 3 or more.

    Attributes
    ----------
    x
        States, ascending.
    b
        The bias of which each of them is a fixed point.
    slope
        w σ'(x): by how much the map stretches a small distance from the fixed point, a step.
    stable
        Where the slope is below 1: attractors. The others are boundaries between basins. For w ≤ 4
        all are attractors.

    Raises
    ------
    OneUnitError
        The weight is not finite and above 0, the span is not ascending, or n is below 3.

    References
    ----------
    Pascanu, Mikolov, Bengio 2013, Fig. 3.

    Examples
    --------
    >>> FixedPointCurve(5.0, span=(-3, 3), n=7).stable
    array([ True,  True,  True, False,  True,  True,  True])
    """

    weight: float
    span: tuple[float, float] = (-8.0, 8.0)
    n: int = 4001
    x: Float[np.ndarray, " n"] = field(init=False, repr=False)
    b: Float[np.ndarray, " n"] = field(init=False, repr=False)
    slope: Float[np.ndarray, " n"] = field(init=False, repr=False)
    stable: Bool[np.ndarray, " n"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        _checked("the weight w", self.weight, least=0)
        first, last = _checked("the span", self.span)
        if self.n < 3 or first >= last:
            raise OneUnitError(
                f"expected an ascending span with 3 states or more, got {self.n} from {first:g} to "
                f"{last:g}"
            )
        x = np.linspace(first, last, self.n)
        squashed = _logistic(x)
        slope = self.weight * squashed * (1 - squashed)
        b = x - self.weight * squashed
        found = {"x": x, "b": b, "slope": slope, "stable": slope < 1}
        for name, value in found.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Look:
    """What an `ErrorSurface` is like at some points.

    Attributes
    ----------
    states
        The last state, x_T.
    errors
        (σ(x_T) - target)².
    slopes
        The derivatives of the error by w and by b.
    curvatures
        Its second derivatives, as a symmetric matrix for each point.
    """

    states: Float[np.ndarray, "*points"]
    errors: Float[np.ndarray, "*points"]
    slopes: Float[np.ndarray, "*points 2"]
    curvatures: Float[np.ndarray, "*points 2 2"]


@dataclass(frozen=True)
class ErrorSurface:
    """The error of one unit after some steps, as a function of w and b.

    Parameters
    ----------
    n_steps
        T: how often the map is applied, 0 or more.
    start
        x_0.
    target
        What σ(x_T) should be.

    Raises
    ------
    OneUnitError
        A number is not finite, or there are fewer than 0 steps.

    References
    ----------
    Pascanu, Mikolov, Bengio 2013, eq. 8 and Fig. 6: E_50 = (σ(x_50) - .7)², x_0 = .5.
    """

    n_steps: int = 50
    start: float = 0.5
    target: float = 0.7

    def __post_init__(self) -> None:
        _checked("the start", self.start)
        _checked("the target", self.target)
        if self.n_steps < 0:
            raise OneUnitError(f"expected 0 steps or more, got {self.n_steps}")

    def look(self, points: Float[np.ndarray, "*points 2"] | Sequence[object]) -> Look:
        """Return errors, slopes and curvatures at points (w, b), exactly, by forward derivatives.

        Parameters
        ----------
        points
            Pairs (w, b) along the last axis; w may be anything finite.

        Raises
        ------
        OneUnitError
            Points are no pairs, not finite, or so extreme that derivatives overflow.

        Examples
        --------
        >>> ErrorSurface().look([[5.0, -2.2]]).errors.round(4)
        array([0.0462])
        """
        given = _checked("points", points)
        if given.ndim < 1 or given.shape[-1] != 2:
            raise OneUnitError(f"expected pairs (w, b) along the last axis, got {given.shape}")
        w, b = given[..., 0], given[..., 1]
        x = np.full(w.shape, float(self.start))
        # By w, by b; then twice by w, by w and b, twice by b.
        x_w, x_b, x_ww, x_wb, x_bb = (np.zeros(w.shape) for _ in range(5))
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(self.n_steps):
                s = _logistic(x)
                s1 = s * (1 - s)
                s2 = s1 * (1 - 2 * s)
                x_ww = 2 * s1 * x_w + w * (s2 * x_w**2 + s1 * x_ww)
                x_wb = s1 * x_b + w * (s2 * x_w * x_b + s1 * x_wb)
                x_bb = w * (s2 * x_b**2 + s1 * x_bb)
                x, x_w, x_b = w * s + b, s + w * s1 * x_w, 1 + w * s1 * x_b
            s = _logistic(x)
            s1 = s * (1 - s)
            s2 = s1 * (1 - 2 * s)
            off = 2 * (s - self.target)
            slopes = np.stack([off * s1 * x_w, off * s1 * x_b], axis=-1)

            bend = 2 * s1**2 + off * s2
            ww = bend * x_w**2 + off * s1 * x_ww
            wb = bend * x_w * x_b + off * s1 * x_wb
            bb = bend * x_b**2 + off * s1 * x_bb
        curvatures = np.stack([np.stack([ww, wb], -1), np.stack([wb, bb], -1)], -2)
        if not (np.isfinite(slopes).all() and np.isfinite(curvatures).all()):
            raise OneUnitError(
                f"derivatives over {self.n_steps} steps overflow at some of these points, with w "
                f"up to {np.abs(w).max():g}; take smaller weights or fewer steps"
            )
        return Look(x, (s - self.target) ** 2, slopes, curvatures)

    @property
    def wall_begins(self) -> float:
        """The weight above which there is a wall: 1 / σ'(x_0)."""
        s = _logistic(np.array(self.start))
        return float(1 / (s * (1 - s)))

    def wall(
        self, weights: Float[np.ndarray, "*weights"] | Sequence[float] | float
    ) -> Float[np.ndarray, "*weights"]:
        """Return the bias at which the start is an unstable fixed point: b = x_0 - w σ(x_0).

        Raises
        ------
        OneUnitError
            A weight is not above `wall_begins`: there the start would be a stable fixed point, and
            there is no wall.

        Examples
        --------
        >>> ErrorSurface().wall([5.0, 6.0]).round(4)
        array([-2.6123, -3.2348])
        """
        w = _checked("weights", weights)
        if not np.all(w > self.wall_begins):
            raise OneUnitError(
                f"expected weights above {self.wall_begins:.4f}, where the wall begins, got "
                f"{float(w.min()):g}"
            )
        return np.asarray(self.start - w * _logistic(np.array(self.start)))

    def mesh(
        self,
        weights: Float[np.ndarray, " columns"],
        biases: Float[np.ndarray, " rows"],
        from_wall: bool = False,
    ) -> Float[np.ndarray, "rows columns 2"]:
        """Return points for `look`, a row for each bias.

        Parameters
        ----------
        weights, biases
            Along the two axes.
        from_wall
            Take biases as distances from the line b = x_0 - w σ(x_0): a wall is so thin that a
            regular grid steps over it.
        """
        w, b = np.meshgrid(_checked("weights", weights), _checked("biases", biases))
        if from_wall:
            b = b + self.start - w * _logistic(np.array(self.start))
        return np.stack([w, b], axis=-1)
