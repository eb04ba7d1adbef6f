"""Functions whose gradient is asked for, or walked down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograder.guest.recipes import Show, builds


@dataclass(frozen=True)
class Waves:
    """A smooth function of an array: sum(a sin(20 x)) + b sin(sum(w x)).

    Parameters
    ----------
    a, w
        Of the shape of the argument.
    b
        The height of the wave that couples the entries.
    scribbles
        Whether it uses the array that it gets as scratch space, and leaves it changed.
    """

    a: np.ndarray
    b: float
    w: np.ndarray
    scribbles: bool = False

    def __call__(self, x: np.ndarray) -> float:
        """Return the value at x, a number."""
        if np.shape(x) != self.a.shape:
            raise ValueError(f"f expects an array of shape {self.a.shape}, came {np.shape(x)}")
        value = float(np.sum(self.a * np.sin(20 * x)) + self.b * np.sin(np.sum(self.w * x)))
        if self.scribbles and isinstance(x, np.ndarray):
            x *= 0.5
        return value


def _says_waves(show: Show, a: np.ndarray, b: float, w: np.ndarray, scribbles: bool = False) -> str:
    what = (
        f"f, where f(x) is sum(a sin(20 x)) + b sin(sum(w x)), a = {show(a)}, b = {b:.6g}, "
        f"w = {show(w)}"
    )
    return what + (", and f changes the array that it gets" if scribbles else "")


WAVES = builds("waves", _says_waves)(Waves)


@dataclass(frozen=True)
class CliffGradient:
    """The gradient of a bowl with a cliff: c |p - bottom|^2 / 2 + h logistic(k (n p - place)).

    Parameters
    ----------
    c
        How steep the bowl is.
    bottom
        Of the bowl, two numbers.
    h, k
        The cliff's height, and how sharp its edge is.
    n, place
        Two numbers, and one: the cliff stands where n p = place.
    """

    c: float
    bottom: tuple[float, float]
    h: float
    k: float
    n: tuple[float, float]
    place: float

    def __call__(self, w: float, b: float) -> tuple[float, float]:
        """Return the derivatives by w and by b."""
        half = 0.5 * self.k * (self.n[0] * w + self.n[1] * b - self.place)
        edge = self.h * self.k / (4 * np.cosh(np.clip(half, -300, 300)) ** 2)
        return (
            float(self.c * (w - self.bottom[0]) + edge * self.n[0]),
            float(self.c * (b - self.bottom[1]) + edge * self.n[1]),
        )


def _says_cliff(
    show: Show,
    c: float,
    bottom: tuple[float, float],
    h: float,
    k: float,
    n: tuple[float, float],
    place: float,
) -> str:
    return (
        f"the gradient of {c:.6g} ((w - {bottom[0]:.6g})^2 + (b - {bottom[1]:.6g})^2) / 2 "
        f"+ {h:.6g} logistic({k:.6g} ({n[0]:.6g} w + {n[1]:.6g} b - {place:.6g}))"
    )


CLIFF_GRADIENT = builds("cliff gradient", _says_cliff)(CliffGradient)
