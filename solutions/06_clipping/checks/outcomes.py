"""How outcomes of the probes of assignment 06 are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.comparing import EXACT, Close, HeldOut, other_part
from autograder.authoring.frequencies import Shares

from ..probes.steps import HEIGHTS

_SHARES = Shares(chance=1e-12)


@dataclass(frozen=True)
class Fresh:
    """Compares what the probe "fresh" found.

    Parameters
    ----------
    answer
        How what was returned is compared.
    """

    answer: Close

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is."""
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            return "no outcome of a call"
        there = self.answer.difference(expected["returned"], got["returned"], slack)
        if there is not None:
            return there
        told = {
            "with inputs as they were": "it changed its input",
            "with new arrays": "arrays that are those of its input, where new ones were expected",
        }
        return other_part(expected, got, told)


@dataclass(frozen=True)
class RandomSteps:
    """Compares what the probe "moves" found with what holds of steps in directions that are alike.

    Their entries are independent normal numbers (see the probe), and a mean of k squares is a
    chi-squared number, divided by k. So the probability of a number below each height is known, and
    a share that is off as far as is allowed has a chance of 1e-12 at most (see
    `autograder.authoring.frequencies`): a share of 1/2 of 48,000 entries together by .017, and of
    250 at one place by .24.

    Parameters
    ----------
    times
        How many steps there are.
    sizes
        Numbers in each parameter; none where steps are too few to look at their directions.
    length
        Largest difference of two steps' lengths, relative to the expected one.
    """

    times: int = 0
    sizes: Sequence[int] = ()
    length: float = 1e-4

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; of shares, `slack` counts as in `Shares`."""
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            return "no outcome of random steps"
        if EXACT.difference(expected["shapes"], got["shapes"]) is not None:
            return "parameters of other names or shapes"
        lengths = Close(rtol=self.length)
        for end in ("least length", "most length"):
            if lengths.difference(expected[end], got[end], slack) is not None:
                return "random steps of another length"
        if EXACT.difference(expected["the same again"], got["the same again"]) is not None:
            return "a step that does not come from the generator alone"
        if not _are_as_many(expected["different steps"], got["different steps"]):
            return "the same step more than once"
        if self.sizes and not self._directions_agree(expected, got, slack):
            return "directions that are not equally probable"
        return None

    def _directions_agree(
        self, expected: Mapping[str, Any], got: Mapping[str, Any], slack: float
    ) -> bool:
        # When it is needed: it takes longer than all else that a run's start imports for this check.
        from scipy.special import erf, gammainc  # type: ignore[import-untyped]

        times, entries = self.times, sum(self.sizes)
        normal = 0.5 * (1 + erf(HEIGHTS / math.sqrt(2)))
        squares = [gammainc(k / 2, k * (1 + HEIGHTS).clip(min=0) / 2) for k in self.sizes]
        for key, numbers, right in (
            ("shares of all entries", times * entries, normal),
            ("shares of turned entries", times * entries, normal),
            ("shares at each place", times, np.tile(normal, (entries, 1))),
            ("shares at each turned place", times, np.tile(normal, (entries, 1))),
            ("shares in each array", times, np.array(squares)),
        ):
            ours, theirs = expected[key], got[key]
            if Close(rtol=0.0, atol=1.0).difference(ours, theirs) is not None:
                return False
            if not _SHARES.agree(right, ours, theirs, numbers, slack):
                return False
        return True


@dataclass(frozen=True)
class ClippedTraining:
    """Compares what the probe "clipped training" found.

    Without chance two trainings must agree in the log-probabilities that they give to held-out
    contexts. Where random steps were taken, in the mean loss on the next words, which stay here.

    Parameters
    ----------
    targets
        The next words of the held-out contexts.
    random
        Whether random steps are taken.
    margin
        Largest difference of two mean losses, in nats: several times what a random step changes.
    """

    targets: np.ndarray
    random: bool = False
    margin: float = 0.05

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; for the margin, `slack` above 2 counts as 2."""
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            return "no outcome of a training"
        told = {
            "shapes": "parameters of other names or shapes",
            "the same again": "parameters that do not come from the generator alone",
            "new in every call": "random steps where there is no need, or the same ones in every "
            "call",
        }
        there = other_part(expected, got, told)
        if there is not None:
            return there
        ours, theirs = expected["norms"], got["norms"]
        if not _are_norms(theirs) or len(theirs) != len(ours):
            return "not a norm for every batch"
        if self.random:
            ours, theirs = ([n if not np.isfinite(n) else 0.0 for n in ns] for ns in (ours, theirs))
        if Close(rtol=1e-4).difference(ours, theirs, slack) is not None:
            return "other norms"
        if not self.random or len(ours) == 1:
            there = Close(rtol=1e-3, atol=1e-9).difference(
                expected["distance"], got["distance"], slack
            )
            if there is not None:
                return "parameters that moved another distance"
        if self.random:
            loss = HeldOut(self.targets, self.margin)
            return loss.difference(expected["log_probs"], got["log_probs"], slack)
        close = Close(rtol=0.0, atol=1e-4)
        if close.difference(expected["log_probs"], got["log_probs"], slack) is not None:
            return "other log-probabilities on held-out text"
        return None


def _are_as_many(expected: Any, got: Any) -> bool:
    """Return whether there are about as many different steps.

    Seeds of 32 bits repeat one of 250 once in 138,000 exams: a few may be the same.
    """
    return isinstance(got, int) and not isinstance(got, bool) and got >= 0.99 * expected


def _are_norms(values: Any) -> bool:
    """Return whether it is a list of floats, as the probe writes: evidence can be forged."""
    return isinstance(values, list) and all(type(value) is float for value in values)
