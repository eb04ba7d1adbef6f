"""The regulariser of 002: error signals shall keep their length on the way back through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from nextword.dynamics.recurrent_runs import BackwardPass, RunSettingsError

Array = np.ndarray[Any, Any]

_NO_SIGNAL = 1e-20
"""Squared length below which a signal has vanished, and says nothing of the weights."""


@dataclass(frozen=True)
class NormPreservation:
    """The gradient of weight · Ω by the recurrent weights, its immediate part.

    δ_k is the derivative of the loss by h_k, and δ_{k−1} = (δ_k · σ') W_hᵀ what a step makes of it.
    The states, the slopes σ' and δ_k count as constants. In the paper's form, Ω is the sum over
    steps of (‖δ_{k−1}‖ / ‖δ_k‖ − 1)², and here the mean over the sequences of a batch. In the form
    of the authors' published code it is the mean, over all steps and sequences whose signal has not
    vanished, of (‖δ_{k−1}‖² / ‖δ_k‖² − 1)²: it pulls harder where signals grow, hardly where they
    shrink.

    Parameters
    ----------
    weight
        How much Ω counts beside the loss: 4 in the paper's experiments.
    form
        ``"paper"`` or ``"code"``.
    halved_after
        Updates after which the weight is half of this, then a third, a fourth: the *1/t schedule*
        that natural problems need in the paper (sec. 4.2). None: it stays.

    Raises
    ------
    RunSettingsError
        The weight is negative or no number, `halved_after` is 0 or less, or there is no such form.

    References
    ----------
    Pascanu et al. 2013, eqs. 9 and 10 (002); https://github.com/pascanur/trainingRNNs.
    """

    weight: float = 4.0
    form: Literal["paper", "code"] = "paper"
    halved_after: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.weight < np.inf:
            raise RunSettingsError(f"expected a weight of 0 or more, got {self.weight}")
        if self.halved_after is not None and not 0 < self.halved_after < np.inf:
            raise RunSettingsError(f"expected halved_after above 0, got {self.halved_after}")
        if self.form not in ("paper", "code"):
            raise RunSettingsError(f"expected the form 'paper' or 'code', got {self.form!r}")

    def __call__(self, backward: BackwardPass) -> Float[np.ndarray, "runs hidden hidden"]:
        """Return the term that is added to the gradient by W_h."""
        through, before, after = _steps(backward)
        alive = (before > _NO_SIGNAL) & (after > _NO_SIGNAL)
        by_length = self._by_squared_length(np.where(alive, before, 1), np.where(alive, after, 1))
        weight = self.weight / (1 + backward.updates / (self.halved_after or np.inf))
        factors = 2 * weight * np.where(alive, by_length, 0) / self._count(alive)
        passed = backward.passed
        runs, hidden = len(passed), passed.shape[-1]
        # Ω depends on W_h by ‖v‖² with v = through W_hᵀ alone, and ∂‖v‖²/∂W_h = 2 vᵀ through.
        weighted = (factors.astype(passed.dtype)[..., None] * passed).reshape(runs, -1, hidden)
        return np.asarray(weighted.swapaxes(1, 2) @ through.reshape(runs, -1, hidden))

    def value(self, backward: BackwardPass) -> Float[np.ndarray, " runs"]:
        """Return Ω itself, without its weight: 0 where every step keeps the length."""
        _, before, after = _steps(backward)
        alive = (before > _NO_SIGNAL) & (after > _NO_SIGNAL)
        ratio = np.where(alive, after, 1) / np.where(alive, before, 1)
        kept = np.sqrt(ratio) if self.form == "paper" else ratio
        squares = np.where(alive, (kept - 1) ** 2, 0) / self._count(alive)
        return np.asarray(squares.sum(axis=(1, 2)))

    def _by_squared_length(self, before: Array, after: Array) -> Array:
        """Return the derivative of a step's summand by the squared length of what it passed on."""
        if self.form == "code":
            return np.asarray(2 * (after / before - 1) / before)
        ratio = np.sqrt(after / before)
        return np.asarray((ratio - 1) / (ratio * before))

    def _count(self, alive: Array) -> Array | float:
        """Return by what the sum over all steps and sequences is divided."""
        if self.form == "paper":
            return float(alive.shape[-1])
        return np.asarray(np.maximum(alive.sum(axis=(1, 2), keepdims=True), 1))


def _steps(backward: BackwardPass) -> tuple[Array, Array, Array]:
    """Return what went through W_hᵀ at each step, and the squared lengths before and after it."""
    signals = backward.signals
    through = signals[:, 1:] * backward.slopes[:, 1:]
    lengths = _squared_lengths(signals)
    between = backward.between
    after = lengths[:, :-1] if between is None else _squared_lengths(between)
    return through, lengths[:, 1:], after


def _squared_lengths(signals: Array) -> Array:
    """Return them in float64: squares leave the range of float32."""
    return np.asarray(np.einsum("rtbh,rtbh->rtb", signals, signals, dtype=np.float64))
