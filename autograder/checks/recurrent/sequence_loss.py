"""sequence_loss: the mean cross-entropy of real tokens."""

# Wrong and right ways are written as students write.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.checking import Case, Check, Group, case, correct_way, misconception
from autograder.checks.recurrent.drawing import draw_ids, draw_mask, full_mask


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield batches without padding and with it, large scores, and what is refused."""
    for V, rows, steps in ((2, 2, 3), (5, 3, 4), (11, 4, 6), (30, 2, 9)):
        logits = rng.normal(size=(rows, steps, V)) * 2 + rng.normal()
        yield case("full", logits, draw_ids(rng, V, rows, steps), full_mask(rows, steps))
    for V, rows, steps in ((3, 3, 4), (6, 4, 6), (12, 5, 8)):
        for empty_row in (False, True):
            logits = rng.normal(size=(rows, steps, V)) * 2
            mask = draw_mask(rng, rows, steps, empty_row)
            yield case("padded", logits, draw_ids(rng, V, rows, steps), mask)
    single = rng.normal(size=(3, 5, 7)).astype("float32") * 2
    yield case("padded", single, draw_ids(rng, 7, 3, 5).astype("int32"), draw_mask(rng, 3, 5, True))
    for _ in range(3):
        large = rng.uniform(-1000, 1000, size=(3, 4, 5))
        yield case("edges", large, draw_ids(rng, 5, 3, 4), draw_mask(rng, 3, 4, False))
    logits, targets = rng.normal(size=(2, 3, 4)), draw_ids(rng, 4, 2, 3)
    yield case("edges", logits, targets, np.zeros((2, 3), dtype=np.bool_))
    for wrong in (-1, 4):
        outside = targets.copy()
        outside[rng.integers(2), 0] = wrong
        yield case("edges", logits, outside, full_mask(2, 3))


check = Check(
    groups={
        "full": Group("batches without padding", 1),
        "padded": Group("batches with padding", 1),
        "edges": Group("large scores, no real token, and what is refused", 1),
    },
    draw=draw,
)


@misconception(
    "padded",
    "edges",
    hint="Padding is counted like text. The mean is over the real tokens only: the mask says "
    "which they are.",
)
def padding_counted(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses.mean()


@misconception(
    "padded",
    "edges",
    hint="The sum is over real tokens, but you divide by all places, padding included. The "
    "more padding there is, the smaller your loss gets.",
)
def divided_by_all_places(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return (losses * mask).mean()


@misconception(
    "padded",
    "edges",
    hint="You take the mean of each row, and then the mean of these. So a token of a short row "
    "counts more than one of a long row. Every real token counts the same.",
)
def mean_of_means(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return np.mean([row[real].mean() for row, real in zip(losses, mask) if real.any()])


@misconception(
    "full",
    "padded",
    "edges",
    hint="You divide by the number of rows, not by the number of real tokens.",
)
def per_sentence(logits, targets, mask):
    B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses[mask].sum() / B


@misconception(
    "full",
    "padded",
    "edges",
    hint="The losses are added up, and not divided by the number of real tokens.",
)
def not_divided(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses[mask].sum()


@misconception(
    "full",
    "padded",
    "edges",
    hint="The targets are shifted a second time. targets[i, t] already is the word after "
    "inputs[i, t], so it belongs to the logits of the same step.",
)
def shifted_again(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    later = -np.take_along_axis(log_probs[:, :-1], targets[:, 1:, None], axis=2)[:, :, 0]
    return later[mask[:, 1:]].mean()


@misconception(
    "full",
    "padded",
    "edges",
    hint="You take the logits for log-probabilities. They are not normalised: it takes a "
    "softmax over the words first.",
)
def logits_taken_for_log_probs(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    logits - logits.max(axis=2, keepdims=True)
    log_probs = logits
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses[mask].mean()


@misconception(
    "full",
    "padded",
    "edges",
    hint="The loss is in bits. Asked for are nats, so natural logarithms.",
)
def in_bits(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses[mask].mean() / math.log(2)


@misconception(
    "full",
    "padded",
    "edges",
    hint="You average the probabilities, and take the logarithm of that. Take the logarithm of "
    "each one first: the mean is over losses.",
)
def probabilities_averaged(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return -np.log(np.exp(-losses[mask]).mean() + 1e-300)


@misconception(
    "full",
    "padded",
    "edges",
    hint="The softmax runs over the steps. At each step there is a distribution over the "
    "words, the last axis.",
)
def softmax_over_time(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits - logits.max(axis=1, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses[mask].mean()


@misconception(
    "edges",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from "
    "all scores of a step changes no probability.",
    overflows=True,
)
def overflows(logits, targets, mask):
    _B, _T, V = logits.shape
    if not mask.any() or targets.min() < 0 or targets.max() >= V:
        raise ValueError
    scores = logits
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses[mask].mean()


@correct_way
def with_loops(logits, targets, mask):
    total, tokens = 0.0, 0
    for i in range(mask.shape[0]):
        for t in range(mask.shape[1]):
            if not 0 <= targets[i, t] < logits.shape[2]:
                raise ValueError("a target outside the vocabulary")
            if mask[i, t]:
                scores = [float(score) for score in logits[i, t]]
                top = max(scores)
                total += top + math.log(sum(math.exp(score - top) for score in scores))
                total -= scores[targets[i, t]]
                tokens += 1
    if tokens == 0:
        raise ValueError("no real token")
    return total / tokens


@correct_way
def with_torch(logits, targets, mask):
    import torch

    if mask.sum() == 0 or np.any(targets < 0) or np.any(targets > logits.shape[2] - 1):
        raise ValueError("bad batch")
    wanted = np.where(mask, targets, -100)
    flat = torch.tensor(logits).float().flatten(0, 1)
    return torch.nn.functional.cross_entropy(flat, torch.tensor(wanted).long().flatten())


@correct_way
def with_one_hot(logits, targets, mask):
    if not mask.any() or targets.min() < 0 or targets.max() >= logits.shape[-1]:
        raise ValueError("bad batch")
    real = np.asarray(logits, dtype=float)[mask]
    observed = np.eye(logits.shape[-1])[targets[mask]]
    return (np.logaddexp.reduce(real, axis=1) - (real * observed).sum(axis=1)).sum() / mask.sum()
