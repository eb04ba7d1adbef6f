"""Ways to question a function whose single answers cannot be compared.

A probe calls the student's function, often many times, and turns what comes back into data. It runs
beside the student's code and is trusted by nobody.
"""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nextword.evidence import step_probes
from nextword.evidence.recipes import PositionModel
from nextword.flow_graph import Node

Probe = Callable[..., Any]


class UnknownProbe(ValueError):
    """A probe whose name nothing here answers to."""


def call_once(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what one call gives: the probe of most cases."""
    return function(*args, **kwargs)


def tally(function: Callable[..., Any], times: int, *args: Any, **kwargs: Any) -> Counter[Any]:
    """Return how often each result comes in `times` calls with the same arguments.

    Lists are tallied as tuples. A random generator among the arguments goes on from call to call.
    """
    return Counter(_hashable(function(*args, **kwargs)) for _ in range(times))


def tally_rows(
    function: Callable[..., Any], times: int, x: np.ndarray, *args: Any, **kwargs: Any
) -> Counter[Any]:
    """Return how often each row comes in one call, in which every row of the first argument is `x`.

    The function returns an array with as many rows, or several, whose rows are then joined.
    """
    returned = function(np.tile(x, (times, 1)), *args, **kwargs)
    arrays = returned if isinstance(returned, (tuple, list)) else (returned,)
    rows = np.hstack([np.asarray(array, dtype=float).reshape(times, -1) for array in arrays])
    found, counts = np.unique(rows, axis=0, return_counts=True)
    return Counter({tuple(row): n for row, n in zip(found.tolist(), counts.tolist(), strict=True)})


def _hashable(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    try:
        return tuple(_hashable(part) for part in value)
    except TypeError:
        return value


class GraphChanged(RuntimeError):
    """A function changed more of a flow graph than it was asked to."""


def order(function: Callable[..., Any], times: int, output: Node) -> Any:
    """Return the nodes that the last of some calls on one graph lists: names, and their parents'.

    What is no node of the graph is listed as such.
    """
    with_arcs = _arcs(output)
    named = {id(node): [node.name, [parent.name for parent in node.parents]] for node in with_arcs}
    nothing = ["no node of the graph", []]
    for _ in range(times):
        listed = function(output)
    _check_unchanged(with_arcs)
    return [named.get(id(node), nothing) for node in listed] if np.iterable(listed) else listed


def gradients(function: Callable[..., Any], times: int, output: Node) -> dict[str, Any]:
    """Return what the last of some calls on one graph leaves in each node's `grad`, by name."""
    with_arcs = _arcs(output)
    for _ in range(times):
        function(output)
    _check_unchanged(with_arcs)
    return {node.name: node.grad for node in with_arcs}


_Arcs = dict[Node, tuple[float, tuple[Node, ...], tuple[float, ...]]]


def _arcs(output: Node) -> _Arcs:
    """Return every node from which there is a way to the output, and what belongs to it."""
    found: _Arcs = {}
    waiting = [output]
    while waiting:
        node = waiting.pop()
        found[node] = (node.value, node.parents, node.derivatives)
        waiting += [parent for parent in node.parents if parent not in found]
    return dict(sorted(found.items(), key=lambda item: item[0].name))


def _check_unchanged(before: _Arcs) -> None:
    if any((node.value, node.parents, node.derivatives) != was for node, was in before.items()):
        raise GraphChanged("a node's value, parents or derivatives are not what they were")


def quantiles(
    function: Callable[..., Any], times: int, *args: Any, **kwargs: Any
) -> dict[str, Any]:
    """Return how the numbers in random arrays are spread, over many calls with one generator.

    Returns
    -------
    spread
        ``shape`` of the first array; ``quantiles``, at steps of 5 %, of the numbers in all of them;
        whether it is ``the same again`` from a generator in the same state; and whether it is
        ``new in every call`` from a generator that goes on.
    """
    again = copy.deepcopy((args, kwargs))
    drawn = [np.asarray(function(*args, **kwargs)) for _ in range(max(times, 2))]
    first = np.asarray(function(*again[0], **again[1]))
    numbers = np.concatenate([array.ravel() for array in drawn])
    return {
        "shape": drawn[0].shape,
        "quantiles": np.quantile(numbers, np.linspace(0, 1, 21)) if numbers.size else None,
        "the same again": bool(np.array_equal(drawn[0], first)),
        "new in every call": not np.array_equal(drawn[0], drawn[1]),
    }


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


def module(
    function: Callable[..., Any],
    steps: int,
    learning_rate: float,
    params: Any,
    contexts: np.ndarray,
    targets: np.ndarray,
) -> dict[str, Any]:
    """Return what a torch module says, and what it says after some steps of gradient descent.

    Steps lead to the same place however the parameters are cut, transposed or named. The module
    gives log-probabilities of all words, its last axis, for each of the targets.

    Returns
    -------
    outcome
        Whether there ``is a module``; its number of ``trainable`` parameters; and its
        log-probabilities ``before`` and ``after`` steps on the mean loss of `targets`.
    """
    import torch

    made = function(params)
    inputs, next_words = torch.tensor(contexts), torch.tensor(targets)
    before = made(inputs).detach().clone()
    trainable = [weight for weight in made.parameters() if weight.requires_grad]
    for _ in range(steps if trainable else 0):
        made.zero_grad()
        log_probs = made(inputs).reshape(next_words.numel(), -1)
        loss = -log_probs[torch.arange(len(log_probs)), next_words.flatten()].mean()
        loss.backward()
        with torch.no_grad():
            for weight in trainable:
                if weight.grad is not None:
                    weight -= learning_rate * weight.grad
    return {
        "is a module": isinstance(made, torch.nn.Module),
        "trainable": sum(weight.numel() for weight in trainable),
        "before": before,
        "after": made(inputs).detach(),
    }


_MOST_LISTED = 1_000


def listed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
    """Return what a function yields, or returns as a sequence: the first 1,000 of it."""
    return list(itertools.islice(function(*args, **kwargs), _MOST_LISTED))


def last_rows(
    function: Callable[..., Any], params: Any, texts: Sequence[np.ndarray], *args: Any
) -> np.ndarray:
    """Return the last row of the array that a function returns second, for each of some texts."""
    return np.stack([np.asarray(function(params, text, *args)[1])[-1] for text in texts])


_PROBES: dict[str, Probe] = {
    "call once": call_once,
    "clipped training": step_probes.clipped_training,
    "fresh": step_probes.fresh,
    "gradients": gradients,
    "last rows": last_rows,
    "listed": listed,
    "module": module,
    "moves": step_probes.moves,
    "order": order,
    "quantiles": quantiles,
    "tally": tally,
    "tally rows": tally_rows,
    "torch steps": step_probes.torch_steps,
    "trained": trained,
}


def probe(name: str) -> Probe:
    """Return the probe of that name.

    Raises
    ------
    UnknownProbe
    """
    if name not in _PROBES:
        raise UnknownProbe(f"no probe {name!r}; there are {', '.join(sorted(_PROBES))}")
    return _PROBES[name]
