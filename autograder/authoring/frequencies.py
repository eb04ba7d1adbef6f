"""Whether a function draws its answers with the right probabilities, told by how often each comes.

How surprising it is that an answer of probability p comes as the share s of N calls is measured by
N KL(s || p), the relative entropy of s to p in nats, times N: by Chernoff's bound it is x or more
with a probability of at most 2 exp(-x), whatever p is. That is exact where a bound by the distance
s - p, such as Hoeffding's, takes every answer to be as uncertain as a coin: a fifth of the calls
tell as much.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_LEAST_SLACK = 0.6
"""Tallies of one function differ by less than this part of a tolerance, but for one in 10,000."""
_MOST_SLACK = 2.0
"""A tolerance is many standard deviations wide: twice as wide is far."""


@dataclass(frozen=True)
class Frequencies:
    """Compares a tally of random answers with the probabilities that are right, or with a tally.

    Parameters
    ----------
    of
        The right probability of each answer; what is not named never comes. Where it is left out,
        the expected tally stands for it, which takes three times as many calls.
    chance
        Bound on the probability that a right function is taken for a wrong one, for each answer.
    """

    of: Mapping[Any, float] | None = None
    chance: float = 1e-9

    @property
    def surprise(self) -> float:
        """How surprising a right function's share of an answer may be, in nats (see the module)."""
        return math.log(2 / self.chance)

    @property
    def surprise_of_two(self) -> float:
        """The same for two tallies of unknown probabilities, each against what is likeliest of both.

        Each has at most an exponential variable's surprise, and ln 2 more; so both together have
        y + 2 ln 2 or more with a probability of at most (1 + y) exp(-y).
        """
        y = math.log(1 / self.chance)
        for _ in range(50):  # a contraction: its slope is 1 / (1 + y)
            y = math.log((1 + y) / self.chance)
        return y + 2 * math.log(2)

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` counts from 0.6 to 2.

        It is a factor on how far shares may be off, and so its square one on surprise. Where it is
        below 1, the expected tally may be a known mistake's, and is what counts.
        """
        calls = sum(expected.values())
        if not is_tally(got, calls):
            return "not a result of every call"
        near = min(max(slack, _LEAST_SLACK), _MOST_SLACK) ** 2
        if self.of is None or slack < 1:
            same = self._of_one(expected, got, calls, near)
        else:
            same = self._of_right(self.of, got, calls, near)
        return None if same else "other frequencies than the probabilities say"

    def _of_right(
        self, of: Mapping[Any, float], tally: Mapping[Any, int], calls: int, near: float
    ) -> bool:
        """Return whether a tally may be one of the right probabilities."""
        return all(
            calls * _nats(tally.get(answer, 0) / calls, of.get(answer, 0.0)) <= near * self.surprise
            for answer in {**of, **tally}
        )

    def _of_one(
        self, one: Mapping[Any, int], other: Mapping[Any, int], calls: int, near: float
    ) -> bool:
        """Return whether two tallies may be of the same probabilities."""
        return all(
            calls * _nats_of_two(one.get(answer, 0) / calls, other.get(answer, 0) / calls)
            <= near * self.surprise_of_two
            for answer in {**one, **other}
        )

    def missed(self, right: float, wrong: float, calls: int) -> float:
        """Return the power: a bound on the probability that a mistake keeps its points.

        Parameters
        ----------
        right, wrong
            The probability of an answer, and that which the mistake gives it.
        calls
            N, of each function.

        Examples
        --------
        >>> f"{Frequencies(of={}).missed(0.3, 0.65, 250):.0e}"
        '6e-07'
        """
        shares = np.linspace(0, 1, 2_001)
        if self.of is not None:
            alike = [s for s in shares if calls * _nats(s, right) <= self.surprise]
            return min(1.0, math.exp(-calls * min(_nats(s, wrong) for s in alike)))
        grid = shares[::10]
        y = min(
            calls * (_nats(ours, right) + _nats(theirs, wrong))
            for ours in grid
            for theirs in grid
            if calls * _nats_of_two(ours, theirs) <= self.surprise_of_two
        ) - 2 * math.log(2)
        return min(1.0, (1 + y) * math.exp(-y)) if y > 0 else 1.0


def is_tally(got: Any, calls: int) -> bool:
    """Return whether something counts so many answers."""
    return (
        isinstance(got, Counter)
        and all(type(n) is int and n >= 0 for n in got.values())
        and sum(got.values()) == calls
    )


def _nats(share: float, probability: float) -> float:
    """Return KL(share || probability), of an answer and its absence."""
    return _term(share, probability) + _term(1 - share, 1 - probability)


def _nats_of_two(one: float, other: float) -> float:
    """Return the surprise of two shares of as many calls at the probability that is likeliest."""
    middle = (one + other) / 2
    return _nats(one, middle) + _nats(other, middle)


def _term(share: float, probability: float) -> float:
    if share <= 0:
        return 0.0
    return share * math.log(share / probability) if probability > 0 else math.inf
