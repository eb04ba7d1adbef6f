"""Training for so many updates, with a rate that falls to nothing in their second half."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from nextword.learning.training import DivergedError, TrainingSettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from nextword.learning.training import Trainable
    from nextword.text.batching import Batch, Examples


def falling_rate(update: int, updates: int) -> float:
    """Return the share of the learning rate at an update: 1 in the first half, then down to 0.

    Parameters
    ----------
    update
        Which one, counted from 0.
    updates
        How many there are.

    Examples
    --------
    >>> [falling_rate(update, 8) for update in (0, 4, 6, 7)]
    [1.0, 1.0, 0.5, 0.25]
    """
    return min(1.0, 2 * (1 - update / updates))


def train_for(
    network: nn.Module,
    examples: Examples,
    *,
    updates: int,
    learning_rate: float,
    batch_size: int = 32,
    max_norm: float = 1.0,
    seed: int = 0,
) -> list[float]:
    """Train a network by Adam for so many updates, however long they take.

    Parameters
    ----------
    network
        With a method `loss` of a batch; it is left with its last weights.
    examples
        What it learns from; gone through again and again, shuffled anew each time.
    updates
        How many, 1 or more.
    learning_rate
        In the first half; see `falling_rate`.
    batch_size
        How many examples an update sees.
    max_norm
        The longest joint gradient that is followed as it is; a longer one is scaled down.
    seed
        Where the order of examples comes from.

    Returns
    -------
    list of float
        The loss of every update's batch before the update, in nats.

    Raises
    ------
    TrainingSettingsError
        `updates` is below 1, or the rate is not above 0.
    DivergedError
        A loss is no number.
    """
    if updates < 1 or not learning_rate > 0:
        raise TrainingSettingsError(
            f"expected 1 update or more at a rate above 0, got {updates} at {learning_rate}"
        )
    optimizer = torch.optim.Adam(network.parameters(), learning_rate)
    losses = []
    network.train()
    for update, batch in enumerate(
        itertools.islice(_again_and_again(examples, batch_size, seed), updates)
    ):
        optimizer.param_groups[0]["lr"] = learning_rate * falling_rate(update, updates)
        optimizer.zero_grad()
        loss = cast("Trainable", network).loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), max_norm)
        optimizer.step()
        losses.append(float(loss.detach()))
        if not np.isfinite(losses[-1]):
            raise DivergedError(
                f"training diverged at update {len(losses)}: the loss is {losses[-1]}. Train again "
                f"from fresh weights with a smaller learning rate than {learning_rate:g}."
            )
    network.eval()
    return losses


def _again_and_again(examples: Examples, batch_size: int, seed: int) -> Iterator[Batch]:
    rng = np.random.default_rng(seed)
    while True:
        yield from examples.batches(batch_size, rng)
