"""A small language model to try training loops on, and what a training came to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest.probes import Shown, probe, without_the_first
from autograder.guest.recipes import Show, builds

Parameters = Mapping[str, Any]


class PositionModel:
    """A language model to try a training loop on: each word of a context votes for the next one.

    Its parameters are ``votes`` (window, vocab, vocab), a table of scores for each place of the
    context, ``bias`` (vocab,), and ``unused``, which is None.
    """

    @staticmethod
    def log_probs(params: Parameters, contexts: np.ndarray) -> np.ndarray:
        """Return the log-probabilities (N, vocab) after contexts (N, window)."""
        votes, bias = (np.asarray(params[name]) for name in ("votes", "bias"))
        with np.errstate(all="ignore"):  # whatever numpy was told to do where a training explodes
            scores = bias + votes[np.arange(len(votes)), np.asarray(contexts)].sum(axis=1)
            scores = scores - scores.max(axis=1, keepdims=True)
            return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))

    @staticmethod
    def loss(params: Parameters, contexts: np.ndarray, targets: np.ndarray) -> float:
        """Return the mean loss, in nats, of some examples."""
        log_probs = PositionModel.log_probs(params, contexts)
        return float(-log_probs[np.arange(len(targets)), np.asarray(targets)].mean())

    @staticmethod
    def gradients(
        params: Parameters, contexts: np.ndarray, targets: np.ndarray
    ) -> dict[str, np.ndarray | None]:
        """Return the gradient of the mean loss of some examples, None for what is unused.

        They come in another order than parameters: whoever takes them by name does not notice.
        """
        votes = np.zeros_like(np.asarray(params["votes"]))
        with np.errstate(all="ignore"):
            signal = np.exp(PositionModel.log_probs(params, contexts))
            signal[np.arange(len(targets)), np.asarray(targets)] -= 1
            signal /= len(targets)
            np.add.at(votes, (np.arange(len(votes)), np.asarray(contexts)), signal[:, None])
            return {"unused": None, "bias": signal.sum(axis=0), "votes": votes}


@builds("position loss", lambda show: "the loss of a small model")
def position_loss() -> Callable[..., float]:
    """Return the loss of a `PositionModel`."""
    return PositionModel.loss


@builds("position gradients", lambda show: "the gradients of a small model")
def position_gradients() -> Callable[..., dict[str, np.ndarray | None]]:
    """Return the gradients of a `PositionModel`."""
    return PositionModel.gradients


@dataclass(frozen=True)
class ClockLoss:
    """The loss of a model that only counts its steps: known beforehand after each of them.

    Its one parameter is ``x`` (1,), which a step of rate 1 raises by 1.

    Parameters
    ----------
    losses
        Before the first step, after it, and so on.
    """

    losses: Sequence[float]

    def __call__(self, params: Parameters, contexts: np.ndarray, targets: np.ndarray) -> float:
        """Return the loss after as many steps as were taken; of odd steps, the nearest one."""
        steps = float(np.asarray(params["x"]).reshape(-1)[0])
        return self.losses[min(max(round(steps), 0), len(self.losses) - 1)]


def _says_clock(show: Show, losses: Sequence[float]) -> str:
    return f"a loss that is {show(losses)} after 0, 1, 2 ... steps of rate 1"


CLOCK_LOSS = builds("clock loss", _says_clock)(ClockLoss)


def _clock_gradients(
    params: Parameters, contexts: np.ndarray, targets: np.ndarray
) -> dict[str, np.ndarray]:
    return {"x": np.full(1, -1.0)}


@builds("clock gradients", lambda show: "gradients by which a step of rate 1 counts as one")
def clock_gradients() -> Callable[..., dict[str, np.ndarray]]:
    """Return the gradients that let a `ClockLoss` count."""
    return _clock_gradients


def _shown(contexts: np.ndarray, targets: np.ndarray) -> float:
    """Return the mean of 1 + first id + next word over some examples."""
    return float(np.mean(1 + np.asarray(contexts)[:, 0] + np.asarray(targets)))


@dataclass(frozen=True)
class LedgerLoss:
    """The loss of a model that adds up what it is shown; it tells of which examples it is the loss.

    Its one parameter is ``x`` (1,).

    Parameters
    ----------
    goal
        The loss is the distance of x from it, and the mean of 1 + first id + next word.
    """

    goal: float

    def __call__(self, params: Parameters, contexts: np.ndarray, targets: np.ndarray) -> float:
        """Return the loss of some examples."""
        x = float(np.asarray(params["x"]).reshape(-1)[0])
        return abs(self.goal - x) + _shown(contexts, targets)


def _says_ledger(show: Show, goal: float) -> str:
    return (
        f"a loss that is the distance of x from {show(goal)}, and the mean of 1 + first id + next "
        "word of the examples that it gets"
    )


LEDGER_LOSS = builds("ledger loss", _says_ledger)(LedgerLoss)


def _ledger_gradients(
    params: Parameters, contexts: np.ndarray, targets: np.ndarray
) -> dict[str, np.ndarray]:
    return {"x": np.full(1, -_shown(contexts, targets))}


@builds(
    "ledger gradients",
    lambda show: (
        "gradients by which a step of rate 1 adds the mean of 1 + first id + next word of its batch"
    ),
)
def ledger_gradients() -> Callable[..., dict[str, np.ndarray]]:
    """Return the gradients by which a `LedgerLoss` adds up what it is shown."""
    return _ledger_gradients


def _log_gradients(
    params: Parameters, contexts: np.ndarray, targets: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what a step of rate 1 writes the batch's first id into ``log`` by, newest first."""
    log = np.asarray(params["log"], dtype=float)
    longer = np.concatenate([[1.0 + contexts[0, 0]], log[:-1]])
    return {"x": np.full(1, -1.0), "log": log - longer}


@builds("log gradients", lambda show: "gradients by which a step of rate 1 is written into a log")
def log_gradients() -> Callable[..., dict[str, np.ndarray]]:
    """Return the gradients that write down in which order examples came, one a batch."""
    return _log_gradients


def _shows_order(show: Show, *args: Any) -> Shown:
    return Shown(args, ", once more from a generator in the same state, and from one that went on")


@probe("order shown", _shows_order)
def order_shown(
    function: Callable[..., Any], params: Parameters, train: Any, *args: Any
) -> dict[str, bool]:
    """Return what holds of the order in which a training shows its examples.

    The examples' first ids are 0, 1, 2 ...; each batch holds one; ``log`` has a place for each step
    of all epochs.

    Returns
    -------
    outcome
        Whether ``each once`` is shown in an epoch; whether there is ``another order`` in each;
        whether they are ``the same again`` from a generator in the same state; and whether they are
        ``new in every call`` from a generator that goes on.
    """
    again = copy.deepcopy(args)
    logs = [
        np.asarray(function(params, train, *given)[0]["log"], dtype=float)
        for given in (args, again, args)
    ]
    epochs = logs[0][::-1].reshape(-1, len(train[1])) - 1
    every = np.arange(len(train[1]))
    return {
        "each once": bool((np.sort(epochs, axis=1) == every).all()),
        "another order": len(np.unique(epochs, axis=0)) == len(epochs),
        "the same again": bool(np.array_equal(logs[0], logs[1])),
        "new in every call": not np.array_equal(logs[0], logs[2]),
    }


@dataclass(frozen=True)
class SpikingGradients:
    """The gradients of a `PositionModel`, some of which explode.

    Those of a batch whose very first id is 0 are multiplied by a factor. Where the factor is not
    finite, it only takes the place of the first entry of ``bias``.

    Parameters
    ----------
    factor
        A number, nan or infinity.
    """

    factor: float

    def __call__(
        self, params: Parameters, contexts: np.ndarray, targets: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return the gradients of the mean loss of some examples."""
        grads = PositionModel.gradients(params, contexts, targets)
        found = {name: grad for name, grad in grads.items() if grad is not None}
        if contexts[0, 0] == 0:
            if np.isfinite(self.factor):
                return {name: self.factor * grad for name, grad in found.items()}
            found["bias"][0] = self.factor
        return found


def _says_spikes(show: Show, factor: float) -> str:
    spike = (
        f"multiplied by {factor:g}"
        if np.isfinite(factor)
        else f"given {factor} as the first entry of bias"
    )
    return f"the gradients of a small model; those of a batch whose first id is 0 are {spike}"


SPIKING_GRADIENTS = builds("spiking gradients", _says_spikes)(SpikingGradients)


@dataclass(frozen=True)
class ListedGradients:
    """The gradients of planes: they are the same at all parameters.

    Parameters
    ----------
    planes
        The gradients of each.
    """

    planes: Sequence[Mapping[str, np.ndarray]]

    def __call__(
        self, params: Parameters, contexts: np.ndarray, targets: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return the gradients of the plane whose number is the very first id."""
        return {name: grad.copy() for name, grad in self.planes[int(contexts[0, 0])].items()}


def _says_planes(show: Show, planes: Sequence[Mapping[str, np.ndarray]]) -> str:
    listed = ", ".join(show(plane) for plane in planes)
    return f"gradients, those of a batch whose first id is i are the i-th (from 0) of [{listed}]"


LISTED_GRADIENTS = builds("listed gradients", _says_planes)(ListedGradients)


@probe("trained", without_the_first)
def trained(
    function: Callable[..., Any], contexts: np.ndarray, *args: Any, **kwargs: Any
) -> dict[str, Any]:
    """Return what a training of a `PositionModel` came to.

    The function gets parameters, training and validation examples first, and returns parameters and
    validation losses.

    Returns
    -------
    outcome
        ``log_probs`` of held-out contexts under the parameters that came back; the
        ``valid_losses``; the validation loss ``of_returned`` parameters; the ``shapes`` of these;
        and whether all is ``the same again`` from a generator in the same state.
    """
    again = copy.deepcopy((args, kwargs))
    params, losses = function(*args, **kwargs)
    twice, _ = function(*again[0], **again[1])
    log_probs = PositionModel.log_probs(params, contexts)
    return {
        "log_probs": log_probs,
        "valid_losses": [float(loss) for loss in losses],
        "of_returned": PositionModel.loss(params, *again[0][2]),
        "shapes": {str(k): "None" if p is None else np.shape(p) for k, p in params.items()},
        "the same again": bool(np.array_equal(log_probs, PositionModel.log_probs(twice, contexts))),
    }
