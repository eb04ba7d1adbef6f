"""How a training is judged: by what the trained model says of contexts that it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.comparing import Close, HeldOut


@dataclass(frozen=True)
class Ledger:
    """Compares what two training loops did by the ledger of their batches.

    That examples are shuffled anew is seen where the two epochs at a rate of 1 keep fewer than three
    quarters of the pairs that share a batch. Of the 36 pairs in 6 batches of 4 examples a new order keeps 4.7
    in the mean, and 27 with a chance below 1e-6 (half of them, 18, with one of 6e-6).

    Parameters
    ----------
    shuffled
        Whether there are two epochs at a rate of 1 and one at 1/2, whose batches should differ.
    """

    shuffled: bool

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is."""
        close = Close(rtol=1e-9, atol=1e-9)
        if not isinstance(got, (tuple, list)) or len(got) != 2 or not isinstance(got[0], Mapping):
            return close.difference(expected, got, slack)
        kept = [self._of(each) for each in (expected, got)]
        there = close.difference((kept[0][0], expected[1]), (kept[1][0], got[1]), slack)
        if there is not None or kept[0][1] == kept[1][1]:
            return there
        return "batches of the same examples in every epoch"

    def _of(self, answer: Any) -> tuple[Mapping[str, Any], bool]:
        """Return a ledger without the pairs of a batch, and whether they are new in each epoch."""
        rest = {name: value for name, value in answer[0].items() if name != "together"}
        pairs = answer[0].get("together")
        if not self.shuffled or not isinstance(pairs, np.ndarray) or pairs.ndim != 2:
            return rest, True
        once_or_more = np.triu(pairs, 1)
        return rest, bool((once_or_more > 1.5).sum() < 0.3 * once_or_more.sum())


@dataclass(frozen=True)
class Training:
    """Compares two trainings of a model by its loss on held-out text.

    What the probe "trained" found is compared; the next words of the held-out contexts stay here.

    Parameters
    ----------
    targets
        The next words.
    margin
        Largest difference of two mean losses, in nats: several times what another order of the
        examples changes.
    true_log_probs
        Shape (N,): what the model that drew the next words gives them.
    """

    targets: np.ndarray
    margin: float = 0.05
    true_log_probs: np.ndarray | None = None

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` above 2 counts as 2."""
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            return "no outcome of a training"
        exact = Close(rtol=0.0, atol=0.0)
        if exact.difference(expected["shapes"], got["shapes"]) is not None:
            return "parameters of other names or shapes"
        if exact.difference(expected["the same again"], got["the same again"]) is not None:
            return "parameters that do not come from the generator alone"
        losses = got["valid_losses"]
        if not isinstance(losses, list) or len(losses) != len(expected["valid_losses"]):
            return "another number of epochs"
        return self._loss.difference(expected["log_probs"], got["log_probs"], slack)

    def flag(self, got: Any) -> str | None:
        """Return that a trained model is better than the one that drew the text allows."""
        return self._loss.flag(got.get("log_probs")) if isinstance(got, Mapping) else None

    @property
    def _loss(self) -> HeldOut:
        return HeldOut(self.targets, self.margin, true_log_probs=self.true_log_probs)
