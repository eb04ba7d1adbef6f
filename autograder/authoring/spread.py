"""Whether random arrays have the numbers that they should have, told by their quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.comparing import EXACT, Close, other, other_part

_ROUNDED_UP = 1 + 1e-6
"""What float32 may make of the end of a range."""
_TOLD = {
    "shape": "an array of another shape",
    "the same again": "numbers that do not come from the generator alone",
    "new in every call": "the same numbers in every call",
}


@dataclass(frozen=True)
class Spread:
    """Compares what the probe "quantiles" found of two random functions.

    Of N uniform numbers each quantile is more than 2 e of half the range from its place with a
    probability of at most 2 exp(-2 N e^2) (Dvoretzky, Kiefer and Wolfowitz), and the largest is
    more than the part z of half the range below its end with one of at most exp(-N z / 2).

    Parameters
    ----------
    tolerance
        Largest difference of two quantiles, relative to half the range of the right numbers.
    ends
        Largest difference of the smallest numbers, and of the largest, in the same unit; None for
        `tolerance`. Beyond a known range there may be none.
    half_range
        Where the right numbers are uniform between minus this and plus this: they are compared
        with it, which takes a fourth of the numbers. Where it is left out, with what was expected.
    """

    tolerance: float = 0.045
    ends: float | None = None
    half_range: float | None = None

    def false_alarm(self, numbers: int) -> float:
        """Return a bound on the chance that right numbers are taken for others.

        Parameters
        ----------
        numbers
            N, of each function.

        Examples
        --------
        >>> f"{Spread().false_alarm(100_000):.0e} {Spread(half_range=1.0).false_alarm(25_000):.0e}"
        '4e-11 2e-11'
        """
        random = 1 if self.half_range is not None else 2
        within = 2 * random * math.exp(-2 * numbers * (self.tolerance / 2 / random) ** 2)
        at_ends = 2 * random * math.exp(-numbers * self.ends / 2) if self.ends else 0.0
        return within + at_ends

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` counts from 1 to 3.

        The numbers of a generator of its own are others each time: to be nearer than by the
        tolerance would be luck. Of a known mistake (`slack` below 1) they are as random as those
        that came.
        """
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            return other(expected, got)
        there = other_part(expected, got, _TOLD)
        if there is not None:
            return there
        ours, theirs = expected["quantiles"], got["quantiles"]
        if not isinstance(ours, np.ndarray):
            same = EXACT.difference(ours, theirs) is None
        elif self.half_range is None:
            same = self._near(ours, theirs, min(max(slack, 1.0), 3.0))
        elif slack < 1:  # of a fourth of the numbers, and both are random
            same = self._near(ours, theirs, 2.0)
        else:
            right = self.half_range * np.linspace(-1, 1, len(ours))
            same = self._near(right, theirs, min(slack, 3.0)) and (
                np.abs(theirs).max() <= _ROUNDED_UP * self.half_range
            )
        return None if same else "numbers that come from another distribution"

    def _near(self, ours: np.ndarray, theirs: Any, slack: float) -> bool:
        """Return whether quantiles, and the ends of a range, are as near as they should be."""
        half = float(ours[-1] - ours[0]) / 2
        all_of_them = Close(rtol=0.0, atol=self.tolerance * half)
        if all_of_them.difference(ours, theirs, slack) is not None:
            return False
        at_ends = Close(rtol=0.0, atol=(self.ends or self.tolerance) * half)
        return at_ends.difference(ours[[0, -1]], np.asarray(theirs)[[0, -1]], slack) is None
