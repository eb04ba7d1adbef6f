"""Modules of torch that a function makes, or takes steps with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.guest.probes import Shown, Words, probe
from autograder.guest.recipes import Show

if TYPE_CHECKING:
    import torch


def _shows_module(
    show: Show,
    steps: int,
    learning_rate: float,
    params: Any,
    contexts: np.ndarray,
    targets: np.ndarray,
) -> Shown:
    after = (
        f"\nand the module that it returns, called with {show(contexts)}, before and after "
        f"{steps} step(s) of gradient descent with learning rate {learning_rate:.6g} on the mean "
        f"loss of {show(targets)}"
    )
    return Shown((params,), after)


@probe("module", _shows_module)
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


def _shows_steps(
    show: Show, params: Any, batches: Any, factors: Sequence[float], rate: float, threshold: float
) -> Shown:
    given = (Words("a small module"), Words("a torch optimizer"), Words("a loss"), threshold)
    factors = list(factors)
    after = f"\nfor {len(factors)} losses in turn, which are multiplied by {show(factors)}"
    return Shown(given, after)


@probe("torch steps", _shows_steps)
def torch_steps(
    function: Callable[..., Any],
    params: Mapping[str, np.ndarray],
    batches: Sequence[tuple[np.ndarray, np.ndarray]],
    factors: Sequence[float],
    learning_rate: float,
    threshold: float,
) -> dict[str, Any]:
    """Return where steps lead that a function takes with a torch module and its optimizer.

    The module has a parameter that no loss depends on, and gradients of an older loss in it.

    Parameters
    ----------
    function
        Called with the module, an SGD optimizer, the loss of a batch, and the threshold.
    params
        Of a `PositionModel`.
    batches, factors
        Contexts and targets, and a factor on their loss. Where it is not finite, only the gradient
        of the bias is not.

    Returns
    -------
    outcome
        The ``norms`` that were returned, and the ``votes`` and ``bias`` after the last step.
    """
    import torch

    values = {name: torch.tensor(np.array(value)) for name, value in params.items()}
    module = torch.nn.Module()
    module.weights = torch.nn.ParameterDict({**values, "unused": torch.ones(2)})
    optimizer = torch.optim.SGD(module.parameters(), lr=learning_rate)
    _position_loss(module, *batches[-1]).backward()  # type: ignore[no-untyped-call]
    norms = []
    for (contexts, targets), factor in zip(batches, factors, strict=True):
        loss = _position_loss(module, contexts, targets)
        loss = factor * loss if np.isfinite(factor) else loss + factor * module.weights["bias"][0]
        norms.append(float(function(module, optimizer, loss, threshold)))
    return {"norms": norms, **{name: module.weights[name].detach() for name in params}}


def _position_loss(module: Any, contexts: np.ndarray, targets: np.ndarray) -> torch.Tensor:
    import torch

    votes, bias = module.weights["votes"], module.weights["bias"]
    scores = bias + votes[np.arange(len(votes)), contexts].sum(1)
    return torch.nn.functional.cross_entropy(scores, torch.tensor(targets))
