"""Inputs that are no plain data: described on one side, built on the other.

A `Recipe` crosses as its name and plain arguments. The witness builds the object anew for every
call, so that a function which uses it up harms no other call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nextword.flow_graph import Node


class UnknownRecipe(ValueError):
    """A recipe whose name nothing here builds."""


@dataclass(frozen=True)
class Recipe:
    """How to build an input.

    Parameters
    ----------
    name
        One of the builders of this module.
    args
        Plain data.
    """

    name: str
    args: tuple[Any, ...] = ()


def build(value: Any) -> Any:
    """Return what a recipe builds, and anything else as it is.

    Raises
    ------
    UnknownRecipe
    """
    if not isinstance(value, Recipe):
        return value
    builder = _BUILDERS.get(value.name)
    if builder is None:
        raise UnknownRecipe(f"no recipe {value.name!r}; there are {', '.join(sorted(_BUILDERS))}")
    return builder(*value.args)


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@dataclass(frozen=True)
class TableModel:
    """A language model that is a table: what follows the last tokens of a prefix.

    Parameters
    ----------
    memory
        How many tokens it looks back.
    table
        Maps each context, a tuple of at most `memory` tokens, to words and their probabilities.
    """

    memory: int
    table: dict[tuple[str, ...], tuple[list[str], list[float]]]

    def __call__(self, prefix: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Return the words that can follow a prefix, and their probabilities."""
        context = tuple(str(token) for token in prefix)[-self.memory :]
        words, probabilities = self.table[context]
        return list(words), np.array(probabilities)


NodeSpec = tuple[str, float, tuple[int, ...], tuple[float, ...], float]
"""A node of a graph: name, value, places of its parents, derivatives, and what `grad` holds."""
_MOST_LOOKS = 300_000


class WalkedForEver(RuntimeError):
    """A graph's parents were looked up far more often than there are nodes and arcs."""


class _WatchedNode(Node):
    """A node that counts how often the parents of its graph are looked up.

    A walk along every path, not every arc, would otherwise not end before its time is up, and
    take the time of the other cases with it.
    """

    def __init__(
        self, value: float, parents: Sequence[Node], derivatives: Sequence[float], looks: list[int]
    ) -> None:
        self._looks = looks
        super().__init__(value, parents, derivatives)

    @property
    def parents(self) -> tuple[Node, ...]:
        """The parents, counted."""
        self._looks[0] += 1
        if self._looks[0] > _MOST_LOOKS:
            raise WalkedForEver(
                f"the parents of this small graph were looked up more than {_MOST_LOOKS:,} times: "
                "does the walk follow every path instead of every arc?"
            )
        return self._parents

    @parents.setter
    def parents(self, parents: tuple[Node, ...]) -> None:
        self._parents = tuple(parents)


def _graph(specs: Sequence[NodeSpec]) -> Node:
    """Return the last of the nodes, each of which stands after its parents."""
    nodes: list[Node] = []
    looks = [0]
    for name, value, parents, derivatives, grad in specs:
        node = _WatchedNode(value, [nodes[place] for place in parents], derivatives, looks)
        node.name, node.grad = name, grad
        nodes.append(node)
    return nodes[-1]


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


Parameters = Mapping[str, Any]


class PositionModel:
    """A language model to try a training loop on: each word of a context votes for the next one.

    Its parameters are ``votes`` (window, vocab, vocab), a table of scores for each place of the
    context, ``bias`` (vocab,), and ``unused``, which is None.
    """

    @staticmethod
    def log_probs(params: Parameters, contexts: np.ndarray) -> np.ndarray:
        """Return the log-probabilities (N, vocab) after contexts (N, window)."""
        import torch

        votes, bias = (torch.tensor(np.asarray(params[name])) for name in ("votes", "bias"))
        scores = _position_scores(votes, bias, contexts)
        return np.asarray(torch.log_softmax(scores, dim=1).numpy())

    @staticmethod
    def loss(params: Parameters, contexts: np.ndarray, targets: np.ndarray) -> float:
        """Return the mean loss, in nats, of some examples."""
        import torch

        votes, bias = (torch.tensor(np.asarray(params[name])) for name in ("votes", "bias"))
        scores = _position_scores(votes, bias, contexts)
        return float(torch.nn.functional.cross_entropy(scores, torch.tensor(targets)))

    @staticmethod
    def gradients(
        params: Parameters, contexts: np.ndarray, targets: np.ndarray
    ) -> dict[str, np.ndarray | None]:
        """Return the gradient of the mean loss of some examples, None for what is unused."""
        import torch

        votes, bias = (
            torch.tensor(np.asarray(params[name]), requires_grad=True) for name in ("votes", "bias")
        )
        scores = _position_scores(votes, bias, contexts)
        torch.nn.functional.cross_entropy(scores, torch.tensor(targets)).backward()  # type: ignore[no-untyped-call]
        grads = (votes.grad, bias.grad)
        ours = [None if grad is None else grad.numpy() for grad in grads]
        return {"votes": ours[0], "bias": ours[1], "unused": None}


def _position_scores(votes: Any, bias: Any, contexts: np.ndarray) -> Any:
    return bias + votes[np.arange(votes.shape[0]), np.asarray(contexts)].sum(1)


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


def _clock_gradients(
    params: Parameters, contexts: np.ndarray, targets: np.ndarray
) -> dict[str, np.ndarray]:
    return {"x": np.full(1, -1.0)}


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
            self.c * (w - self.bottom[0]) + edge * self.n[0],
            self.c * (b - self.bottom[1]) + edge * self.n[1],
        )


_BUILDERS: dict[str, Callable[..., Any]] = {
    "cliff gradient": CliffGradient,
    "clock gradients": lambda: _clock_gradients,
    "clock loss": ClockLoss,
    "generator": _generator,
    "graph": _graph,
    "position gradients": lambda: PositionModel.gradients,
    "position loss": lambda: PositionModel.loss,
    "spiking gradients": SpikingGradients,
    "table model": TableModel,
    "waves": Waves,
}
