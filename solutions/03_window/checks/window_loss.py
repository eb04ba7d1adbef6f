"""window_loss: the mean cross-entropy of a batch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    case,
    equal,
    rule,
    slip,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield batches of several sizes, impossible words, and what is no batch."""
    for examples, words in ((3, 4), (5, 11), (8, 6), (20, 40), (1, 5)):
        yield case("batches", _log_probs(rng, examples, words), _targets(rng, examples, words))
    single = _log_probs(rng, 6, 7).astype("float32")
    yield case("batches", single, _targets(rng, 6, 7).astype("int32"))
    log_probs, targets = _log_probs(rng, 5, 6), _targets(rng, 5, 6)
    log_probs[2:4], targets[2:4] = log_probs[0], targets[0]  # an example that comes three times
    yield case("batches", log_probs, targets)
    for _ in range(2):  # words other than the targets are impossible
        log_probs, targets = _log_probs(rng, 4, 6), _targets(rng, 4, 6)
        log_probs[np.arange(4), (targets + 1) % 6] = -math.inf
        yield case("edges", log_probs, targets)
    log_probs, targets = _log_probs(rng, 3, 5), _targets(rng, 3, 5)
    log_probs[1, targets[1]] = -math.inf
    yield case("edges", log_probs, targets)
    other = _log_probs(rng, 3, 5)
    other[0, (targets[0] + 1) % 5] = math.nan
    yield case("edges", other, targets)
    log_probs = _log_probs(rng, 3, 5)
    log_probs[2, targets[2]] = math.nan
    yield case("edges", log_probs, targets)
    good = _log_probs(rng, 3, 5)
    for wrong in ([0, 1, 5], [0, -1, 2], [0, 1], [0, 1, 2, 3]):
        yield case("edges", good, np.array(wrong))
    # One target for all rows, or one row for all targets, which numpy would repeat.
    yield case("edges", good, np.array([1]))
    yield case("edges", good[:1], np.array([0, 1, 2]))
    yield case("edges", np.zeros((0, 5)), np.zeros(0, dtype=np.int64))


def _log_probs(rng: np.random.Generator, examples: int, words: int) -> np.ndarray:
    scores = 2 * rng.normal(size=(examples, words))
    return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def _targets(rng: np.random.Generator, examples: int, words: int) -> np.ndarray:
    """Return targets that are not all the same word."""
    targets = rng.integers(words, size=examples)
    targets[-1] = (targets[0] + 1) % words
    return targets


check = Check(
    groups={
        "batches": Group("batches of several sizes", 1),
        "edges": Group("words of probability 0, diverged models, and what is no batch", 1),
    },
    draw=draw,
)


@alternative
def with_a_loop(log_probs: np.ndarray, targets: np.ndarray) -> float:
    if len(targets) == 0 or len(targets) != len(log_probs):
        raise ValueError("batch")
    total = 0.0
    for row, target in zip(log_probs, targets):
        if target < 0 or target >= len(row) or math.isnan(row[target]):
            raise ValueError("target")
        total -= row[target]
    return total / len(targets)


@alternative
def with_one_hot(log_probs: np.ndarray, targets: np.ndarray) -> object:
    n, words = log_probs.shape
    targets = np.asarray(targets)
    if n == 0 or len(targets) != n or not ((targets >= 0) & (targets < words)).all():
        raise ValueError("no batch")
    observed = np.eye(words, dtype=bool)[targets]
    loss = -np.where(observed, log_probs, 0).sum() / n
    if np.isnan(loss):
        raise ValueError("diverged")
    return loss


@alternative
def with_torch(log_probs: np.ndarray, targets: np.ndarray) -> object:
    import torch

    if log_probs.shape[0] == 0 or len(targets) != log_probs.shape[0]:
        raise ValueError("a target for each example")
    wanted = torch.tensor(np.asarray(targets)).long()
    if wanted.min() < 0 or wanted.max() >= log_probs.shape[1]:
        raise ValueError("outside the vocabulary")
    loss = torch.nn.functional.nll_loss(torch.tensor(log_probs).float(), wanted)
    if torch.isnan(loss):
        raise ValueError("nan")
    return loss


summed = slip(
    REFERENCE,
    ("chosen.mean()", "chosen.sum()"),
    loses=("batches", "edges"),
    hint="The sum over the batch is not divided by its size, so that a larger batch has a larger "
    "loss, and larger gradients.",
)
sign_lost = slip(
    REFERENCE,
    ("-chosen.mean()", "chosen.mean()"),
    loses=("batches", "edges"),
    hint="The sign is lost: log-probabilities are negative, and the loss is minus their mean.",
)
every_row_with_every_target = slip(
    REFERENCE,
    ("np.arange(n_examples), targets", ":, targets"),
    loses=("batches", "edges"),
    hint="log_probs[:, targets] picks every example's column for every other example's target, a "
    "square of numbers. Each example has one target: pair row and target.",
)
mean_over_the_vocabulary = slip(
    REFERENCE,
    ("chosen.mean()", "chosen.sum() / log_probs.size"),
    loses=("batches", "edges"),
    hint="You divide by the number of all entries, not by the number of examples.",
)
perplexity_returned = slip(
    REFERENCE,
    ("-chosen.mean()", "np.exp(-chosen.mean())"),
    loses=("batches", "edges"),
    hint="You return the perplexity. The loss is its logarithm.",
)
in_bits = slip(
    REFERENCE,
    ("chosen.mean()", "chosen.mean() / np.log(2)"),
    loses=("batches", "edges"),
    hint="The loss is in bits. Here it is in nats: the logarithms that come in are natural ones.",
)
probabilities_averaged = slip(
    REFERENCE,
    ("chosen.mean()", "np.log(np.exp(chosen).mean())"),
    loses=("batches", "edges"),
    hint="You average the probabilities before the logarithm. The loss averages the logarithms.",
)
best_word_scored = slip(
    REFERENCE,
    ("log_probs[np.arange(n_examples), targets]", "log_probs.max(axis=1)"),
    loses=("batches", "edges"),
    hint="You score the word that the model likes best, not the one that came: a model cannot "
    "choose its own examination.",
)
arrays_already = equal(
    REFERENCE,
    ("log_probs, targets = np.asarray(log_probs), np.asarray(targets)", "pass"),
    ("np.asarray(log_probs)", "log_probs"),
    ("np.asarray(targets)", "targets"),
    ("float(-chosen.mean())", "-chosen.mean()"),
    because="both are arrays, as the signature says, and a number of numpy is a number",
)
nothing_has_no_extremes = equal(
    REFERENCE,
    ("n_examples == 0 or ", ""),
    ("== 0", "== -1"),
    because="the smallest of no targets is a ValueError already",
)
nothing_has_no_mean = equal(
    with_one_hot,
    ("n == 0 or ", ""),
    ("n == 0", "n == -1"),
    because="the mean of no examples is nan, which is refused below",
)
arrays_already_with_one_hot = equal(
    with_one_hot,
    ("targets = np.asarray(targets)", "pass"),
    ("np.asarray(targets)", "targets"),
    ("words, dtype=bool", "words"),
    because="targets are an array, and 1.0 is as true as True",
)
torch_refuses = equal(
    with_torch,
    (" or len(targets) != log_probs.shape[0]", ""),
    ("np.asarray(targets)", "targets"),
    (".float()", ""),
    because="torch refuses another number of targets with a ValueError, takes arrays, and float64 "
    "is more than is needed",
)

rules = (
    rule(
        "holds natural logarithms",
        "Return one number, in nats",
        when=lambda log_probs, targets: len(targets) > 1 and np.isfinite(log_probs).all(),
        gives=np.isfinite,
    ),
    rule("A target of probability 0", gives=lambda loss: loss == math.inf),
    rule(
        "What the other words of a row cost",
        when=lambda log_probs, targets: np.isneginf(log_probs).any(),
        gives=np.isfinite,
    ),
    rule(
        "plays no part, whatever it is",
        when=lambda log_probs, targets: np.isnan(log_probs).any(),
        gives=np.isfinite,
    ),
    rule("an empty batch", when=lambda log_probs, targets: len(targets) == 0, gives=ValueError),
    rule(
        "a number of targets that is not $B$",
        when=lambda log_probs, targets: 0 < len(targets) < len(log_probs),
        gives=ValueError,
    ),
    rule(
        "targets that is not $B$",
        when=lambda log_probs, targets: len(targets) > len(log_probs),
        gives=ValueError,
    ),
    rule("a target below 0", when=lambda log_probs, targets: min(targets) < 0, gives=ValueError),
    rule(
        "or not below $V$",
        when=lambda log_probs, targets: max(targets) == log_probs.shape[1],
        gives=ValueError,
    ),
    rule(
        "a `nan` among the targets' log-probabilities",
        when=lambda log_probs, targets: np.isnan(log_probs).any(),
        gives=ValueError,
    ),
)
