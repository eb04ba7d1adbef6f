"""Whether a function draws its answers with the right probabilities, told by how often each comes.

How surprising it is that an answer of probability p comes as the share s of N calls is measured by
N KL(s || p), the relative entropy of s to p in nats, times N: by Chernoff's bound it is x or more
with a probability of at most 2 exp(-x), whatever p is. That is exact where a bound by the distance
s - p, such as Hoeffding's, takes every answer to be as uncertain as a coin.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

_LEAST_SLACK = 0.6
"""Tallies of one function differ by less than this part of a tolerance, but for one in 10,000."""
_MOST_SLACK = 2.0
"""A tolerance is many standard deviations wide: twice as wide is far."""


@dataclass(frozen=True)
class Shares:
    """Compares how often answers came with the probabilities that are right, or with other shares.

    Parameters
    ----------
    chance
        Bound on the probability that a right function is taken for a wrong one, for each answer.
    """

    chance: float = 1e-9

    @property
    def surprise(self) -> float:
        """How surprising a right function's share of an answer may be, in nats (see the module)."""
        return math.log(2 / self.chance)

    @property
    def surprise_of_two(self) -> float:
        """The same for two tallies of unknown probabilities, at those that are likeliest.

        Each has at most an exponential variable's surprise, and ln 2 more; so both together have
        y + 2 ln 2 or more with a probability of at most (1 + y) exp(-y).
        """
        y = math.log(1 / self.chance)
        for _ in range(20):  # a contraction: its slope is 1 / (1 + y)
            y = math.log((1 + y) / self.chance)
        return y + 2 * math.log(2)

    def agree(
        self,
        right: ArrayLike | None,
        expected: ArrayLike,
        got: ArrayLike,
        calls: int,
        slack: float = 1.0,
    ) -> bool:
        """Return whether shares are as they should be.

        Parameters
        ----------
        right
            The right probabilities, where they are known.
        expected, got
            Shares of `calls` calls, of the same shape.
        calls
            N.
        slack
            Factor on how far shares may be off, from 0.6 to 2, and so its square one on surprise.
            Where it is below 1, what is expected may be a known mistake's, and is what counts.
        """
        near = min(max(slack, _LEAST_SLACK), _MOST_SLACK) ** 2
        share = np.asarray(got)
        if share.dtype.kind not in "biuf" or not ((share >= 0) & (share <= 1)).all():
            return False
        if right is None or slack < 1:
            surprise, most = calls * _nats_of_two(expected, share), self.surprise_of_two
        else:
            surprise, most = calls * _nats(share, right), self.surprise
        return bool((surprise <= near * most).all())

    def missed(self, right: float, wrong: float, calls: int, known: bool = True) -> float:
        """Return the power: a bound on the probability that a mistake keeps its points.

        Parameters
        ----------
        right, wrong
            The probability of an answer, and that which the mistake gives it.
        calls
            N, of each function.
        known
            Whether the right probability is known.

        Examples
        --------
        >>> f"{Shares().missed(0.3, 0.65, 300):.0e}"
        '1e-08'
        """
        shares = np.linspace(0, 1, 1_001)
        if known:
            alike = shares[calls * _nats(shares, right) <= self.surprise]
            return float(min(1.0, np.exp(-calls * _nats(alike, wrong).min())))
        ours, theirs = np.meshgrid(shares, shares)
        alike_pairs = calls * _nats_of_two(ours, theirs) <= self.surprise_of_two
        together = calls * (_nats(ours, right) + _nats(theirs, wrong))[alike_pairs].min()
        y = max(0.0, float(together) - 2 * math.log(2))
        return (1 + y) * math.exp(-y)


@dataclass(frozen=True)
class Frequencies:
    """Compares a tally of random answers with the probabilities that are right, or with a tally.

    Parameters
    ----------
    of
        The right probability of each answer; what is not named never comes. Where it is left out,
        the expected tally stands for it, which takes two to three times as many calls.
    shares
        How often a right function may be taken for a wrong one.
    """

    of: Mapping[Any, float] | None = None
    shares: Shares = Shares()

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; for `slack` see `Shares.agree`."""
        calls = sum(expected.values())
        if not _is_tally(got, calls):
            return "not a result of every call"
        answers = {**expected, **got, **(self.of or {})}
        right = None if self.of is None else [self.of.get(answer, 0.0) for answer in answers]
        ours, theirs = (
            [each.get(answer, 0) / calls for answer in answers] for each in (expected, got)
        )
        if self.shares.agree(right, ours, theirs, calls, slack):
            return None
        return "other frequencies than the probabilities say"


def _is_tally(got: Any, calls: int) -> bool:
    """Return whether something counts so many answers."""
    return (
        isinstance(got, Counter)
        and all(type(n) is int and n >= 0 for n in got.values())
        and sum(got.values()) == calls
    )


def _nats(share: ArrayLike, probability: ArrayLike) -> np.ndarray:
    """Return KL(share || probability), of an answer and its absence."""
    s, p = np.asarray(share, dtype=float), np.asarray(probability, dtype=float)
    with np.errstate(all="ignore"):
        present = np.where(s > 0, s * np.log(s / p), 0.0)
        absent = np.where(s < 1, (1 - s) * np.log((1 - s) / (1 - p)), 0.0)
    return np.asarray(present + absent)


def _nats_of_two(one: ArrayLike, other: ArrayLike) -> np.ndarray:
    """Return the surprise of two shares of as many calls at the probability that is likeliest."""
    middle = (np.asarray(one, dtype=float) + np.asarray(other, dtype=float)) / 2
    return np.asarray(_nats(one, middle) + _nats(other, middle))
