"""How a training is judged: by what the trained model says of contexts that it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.comparing import HeldOut, other_part


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
        told = {
            "shapes": "parameters of other names or shapes",
            "the same again": "parameters that do not come from the generator alone",
        }
        there = other_part(expected, got, told)
        if there is not None:
            return there
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
