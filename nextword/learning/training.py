"""A small training loop: updates, validation, early stopping, and a stop where it diverges."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

import numpy as np
import torch
from tqdm import tqdm  # type: ignore[import-untyped]

from nextword.learning.progress import progress_file

if TYPE_CHECKING:
    from torch import Tensor, nn

    from nextword.text.batching import Batch, Examples

Optimizer = Literal["sgd", "adagrad", "adam"]

DIVERGED = 10
"""How many times the first batch's loss a batch's loss may be."""


class TrainingSettingsError(ValueError):
    """A setting is outside its range."""


class DivergedError(ArithmeticError):
    """The loss grew without bound; the network's weights are worth nothing."""


class Trainable(Protocol):
    """A network that knows its loss."""

    def loss(self, batch: Batch) -> Tensor:
        """Return the mean loss over the batch's tokens, in nats."""
        ...


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a network is trained.

    Parameters
    ----------
    epochs
        How often the text is gone through, at most.
    batch_size
        How many examples an update sees.
    learning_rate
        Of the optimiser, in the first epoch.
    rate_decay
        The learning rate of each epoch after the first is this multiple of the one before.
    optimizer
        "sgd" (with `momentum`), "adagrad" or "adam".
    momentum
        Share of the last update that is added to the next, for "sgd".
    weight_decay
        Adds this multiple of each weight to its gradient. Biases are spared.
    decay_biases
        Do not spare them. (Bengio et al. 2003 do.)
    max_norm
        The longest joint gradient that is followed as it is; a longer one is scaled down.
    patience
        Stop when the validation loss has not improved for so many epochs; None goes on.
    seed
        Where the order of batches and dropout come from.

    Raises
    ------
    TrainingSettingsError
        A setting is outside its range.
    """

    epochs: int = 5
    batch_size: int = 128
    learning_rate: float = 0.05
    rate_decay: float = 1.0
    optimizer: Optimizer = "adagrad"
    momentum: float = 0.0
    weight_decay: float = 0.0
    decay_biases: bool = False
    max_norm: float | None = None
    patience: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("patience", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise TrainingSettingsError(f"expected {name} of {least} or more, got {value}")
        for name, value in (
            ("learning_rate", self.learning_rate),
            ("rate_decay", self.rate_decay),
            ("max_norm", self.max_norm),
        ):
            if value is not None and not 0 < value < math.inf:
                raise TrainingSettingsError(f"expected {name} above 0 and finite, got {value}")
        for name, value, limit in (
            ("momentum", self.momentum, 1.0),
            ("weight_decay", self.weight_decay, math.inf),
        ):
            if not 0 <= value < limit:
                raise TrainingSettingsError(f"expected {name} from 0 to below {limit}, got {value}")
        if self.optimizer not in get_args(Optimizer):
            raise TrainingSettingsError(
                f"expected optimizer to be one of {get_args(Optimizer)}, got {self.optimizer!r}"
            )


@dataclass
class History:
    """What happened in training.

    Attributes
    ----------
    losses
        Of every update's batch, before the update, in nats.
    norms
        Of every update's gradient, all parameters together, before it is shortened to `max_norm`.
    valid_losses
        On the validation text, in nats per token: before training, and after every epoch.
    updates_per_epoch
        How many updates an epoch has.
    best_epoch
        The epoch, counted from 1, whose weights the network now has; 0 is before training.
    """

    updates_per_epoch: int
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    valid_losses: list[float] = field(default_factory=list)
    best_epoch: int = 0

    @property
    def epochs(self) -> int:
        """How many epochs were gone through."""
        return len(self.valid_losses) - 1

    @property
    def valid_perplexities(self) -> list[float]:
        """Perplexities on the validation text: e to the validation losses."""
        return [math.exp(loss) for loss in self.valid_losses]


def train(
    network: nn.Module,
    examples: Examples,
    valid: Examples,
    settings: TrainingSettings | None = None,
    *,
    watch: Callable[[History], None] | None = None,
    watch_every: int = 500,
    progress: bool = True,
) -> History:
    """Train a network, and leave it with the weights that were best on the validation text.

    Parameters
    ----------
    network
        With a method `loss` of a batch, as `neural.LanguageNetwork`.
    examples
        What it learns from.
    valid
        What it does not learn from: chooses the epoch, and stops early.
    settings
        How; by default `TrainingSettings()`.
    watch
        Called before training, every `watch_every` updates, and after every epoch, such as a
        `live.LiveLoss`.
    watch_every
        How many updates lie between two looks.
    progress
        Whether to print a progress bar, with the validation perplexity.

    Returns
    -------
    History
        Losses by update and by epoch. The same seed gives the same ones on the same machine with
        as many threads.

    Raises
    ------
    DivergedError
        A loss is no number, or ten times that of the first batch. The network keeps its last
        weights.
    """
    settings = TrainingSettings() if settings is None else settings
    history = History(math.ceil(len(examples) / settings.batch_size))
    rng = np.random.default_rng(settings.seed)
    optimizer = _optimizer(network, settings)
    history.valid_losses.append(_mean_loss(network, valid))
    best = copy.deepcopy(network.state_dict())
    was_training = network.training
    if watch is not None:
        watch(history)
    bar = tqdm(
        total=settings.epochs * history.updates_per_epoch,
        unit=" updates",
        file=progress_file() if progress else None,
        disable=not progress,
        mininterval=0.5,
        ncols=78,
    )
    # Dropout draws from torch's own state, which others may be using: give it back as it was.
    with bar, torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(2**63)))
        for epoch in range(1, settings.epochs + 1):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * settings.rate_decay ** (epoch - 1)
            network.train()
            for batch in examples.batches(settings.batch_size, rng):
                loss, norm = _update(network, optimizer, batch, settings)
                history.losses.append(loss)
                history.norms.append(norm)
                _stop_if_diverged(history, settings)
                bar.update()
                if watch is not None and len(history.losses) % watch_every == 0:
                    watch(history)
            history.valid_losses.append(_mean_loss(network, valid))
            bar.set_postfix_str(f"perplexity {math.exp(history.valid_losses[-1]):.2f}")
            if history.valid_losses[-1] < history.valid_losses[history.best_epoch]:
                history.best_epoch = epoch
                best = copy.deepcopy(network.state_dict())
            if watch is not None:
                watch(history)
            if settings.patience and epoch - history.best_epoch >= settings.patience:
                break
    network.load_state_dict(best)
    network.train(was_training)
    return history


def _optimizer(network: nn.Module, settings: TrainingSettings) -> torch.optim.Optimizer:
    weights: list[nn.Parameter] = []
    biases: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        (biases if name.rpartition(".")[2].startswith("bias") else weights).append(parameter)
    groups = [
        {"params": weights, "weight_decay": settings.weight_decay},
        {
            "params": biases,
            "weight_decay": settings.weight_decay if settings.decay_biases else 0.0,
        },
    ]
    match settings.optimizer:
        case "sgd":
            return torch.optim.SGD(groups, settings.learning_rate, settings.momentum)
        case "adagrad":
            return torch.optim.Adagrad(groups, settings.learning_rate)
        case "adam":
            return torch.optim.Adam(groups, settings.learning_rate)


def _update(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    settings: TrainingSettings,
) -> tuple[float, float]:
    optimizer.zero_grad()
    loss = cast("Trainable", network).loss(batch)
    loss.backward()  # type: ignore[no-untyped-call]
    if settings.max_norm is None:
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
    else:
        norm = torch.nn.utils.clip_grad_norm_(network.parameters(), settings.max_norm)
    optimizer.step()
    return float(loss.detach()), float(norm)


def _stop_if_diverged(history: History, settings: TrainingSettings) -> None:
    loss, first = history.losses[-1], history.losses[0]
    if math.isfinite(loss) and loss <= DIVERGED * max(first, 1.0):
        return
    raise DivergedError(
        f"training diverged at update {len(history.losses)}: the loss is {loss:.4g} nats, and was "
        f"{first:.4g} in the beginning. Train again from fresh weights with a smaller learning "
        f"rate than {settings.learning_rate:g}, or limit the gradient's norm (max_norm)."
    )


def _mean_loss(network: nn.Module, examples: Examples) -> float:
    """Return the mean loss per token, without dropout and without learning."""
    was_training = network.training
    network.eval()
    nats, tokens = 0.0, 0
    with torch.no_grad():
        for batch in examples.batches(_validation_batch(examples)):
            nats += float(cast("Trainable", network).loss(batch)) * batch.n_tokens
            tokens += batch.n_tokens
    network.train(was_training)
    return nats / tokens


def _validation_batch(examples: Examples) -> int:
    return max(1, 4096 * len(examples) // examples.n_tokens)
