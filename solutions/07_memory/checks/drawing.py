"""What several questions of assignment 07 draw, and how counts of what is drawn are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.checking import Case, generator
from autograder.authoring.comparing import EXACT
from autograder.authoring.frequencies import Frequencies

DRAWN = 1_500
"""Sequences in a batch. Two are looked at, so 3,000: a share of 1/2 may be .09 off (`Frequencies`)."""
FEW = 500
"""Enough where it is seen what comes and what never does; of 1,000 a share of 1/2 may be .16 off."""
MANY = 150
"""Batches that one generator draws, all different: a seed of 7 bits cannot make as many."""


def different(rng: np.random.Generator, group: str, *args: Any) -> Case:
    """Return the case that asks for many batches, which are all different."""
    return Case(group, (MANY, generator(rng), *args), probe="different batches", compare=EXACT)


@dataclass(frozen=True)
class AlwaysAndOften:
    """Compares what probes of ``solutions/probes/sequences.py`` found of two drawing functions.

    What never comes must not come, and what comes must: the rarest has a probability of 1/32 or
    more, and of 3,000 draws it is absent with a chance below 1e-40, of 1,000 below 1e-13. Shares are compared as
    `Frequencies` does. Numbers that are 0 where all is right must be so.
    """

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; of shares, `slack` above 2 counts as 2."""
        if not isinstance(got, Mapping):
            return "no batch of sequences"
        for key, ours in expected.items():
            if key not in got:
                return f"no sequences of which one could tell: {key}"
            theirs = got[key]
            if isinstance(ours, Counter):
                there = _shares(ours, theirs, slack)
            elif isinstance(ours, float):
                there = "another number" if ours < 1e-9 and not _is_zero(theirs) else None
            else:
                there = EXACT.difference(ours, theirs)
            if there is not None:
                return f"{there}, of: {key}"
        return None


def _shares(expected: Counter[Any], got: Any, slack: float) -> str | None:
    if not isinstance(got, Counter) or not got:
        return "nothing to count"
    if {key for key, n in got.items() if n} != set(expected):
        return "something that never comes, or that never came"
    calls = sum(expected.values())
    there = Frequencies().difference(expected, got, slack)
    return None if there is None else f"other shares among {calls:,}"


def _is_zero(value: Any) -> bool:
    return isinstance(value, float) and abs(value) < 1e-6
