"""sequence_loss: the mean cross-entropy of real tokens."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

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
    told,
)

from .drawing import LARGE, OF_LARGE_SCORES, draw_ids, draw_mask, full_mask


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield batches without padding and with it, large scores, and what is refused."""
    for V, rows, steps in (
        (2, 2, 3),
        (5, 3, 4),
        (11, 4, 6),
        (30, 2, 9),
        (4, 1, 5),
        (6, 4, 1),
        (3, 1, 1),
    ):
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
    # Scores of one step are far above those of another: what is subtracted is each step's own.
    scattered = rng.normal(size=(2, 3, 5)) + LARGE * np.array([-1, 1, -1, 1, 1, -1]).reshape(
        2, 3, 1
    )
    args = (scattered, draw_ids(rng, 5, 2, 3), full_mask(2, 3))
    yield Case("edges", args, compare=OF_LARGE_SCORES)
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


@alternative
def with_log_probs(logits, targets, mask):
    if not mask.any() or targets.min() < 0 or targets.max() >= logits.shape[2]:
        raise ValueError("bad batch")
    scores = logits - logits.max(axis=2, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=2, keepdims=True))
    losses = -np.take_along_axis(log_probs, targets[:, :, None], axis=2)[:, :, 0]
    return losses[mask].mean()


@alternative
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


@alternative
def with_torch(logits, targets, mask):
    import torch

    if mask.sum() == 0 or np.any(targets < 0) or np.any(targets > logits.shape[2] - 1):
        raise ValueError("bad batch")
    wanted = np.where(mask, targets, -100)
    flat = torch.tensor(logits).float().flatten(0, 1)
    return torch.nn.functional.cross_entropy(flat, torch.tensor(wanted).long().flatten())


@alternative
def with_one_hot(logits, targets, mask):
    if not mask.any() or targets.min() < 0 or targets.max() >= logits.shape[-1]:
        raise ValueError("bad batch")
    real = np.asarray(logits, dtype=float)[mask]
    observed = np.eye(logits.shape[-1])[targets[mask]]
    return (np.logaddexp.reduce(real, axis=1) - (real * observed).sum(axis=1)).sum() / mask.sum()


padding_counted = slip(
    with_log_probs,
    ("losses[mask]", "losses"),
    loses=("padded", "edges"),
    hint="Padding is counted like text. The mean is over the real tokens only: the mask says "
    "which they are.",
)
divided_by_all_places = slip(
    with_log_probs,
    ("losses[mask]", "(losses * mask)"),
    loses=("padded", "edges"),
    hint="The sum is over real tokens, but you divide by all places, padding included. The "
    "more padding there is, the smaller your loss gets.",
)
mean_of_means = slip(
    with_log_probs,
    (
        "losses[mask].mean()",
        "np.mean([row[real].mean() for row, real in zip(losses, mask) if real.any()])",
    ),
    loses=("padded", "edges"),
    hint="You take the mean of each row, and then the mean of these. So a token of a short row "
    "counts more than one of a long row. Every real token counts the same.",
)
per_sentence = slip(
    with_log_probs,
    ("mean()", "sum() / len(mask)"),
    loses=("full", "padded", "edges"),
    hint="You divide by the number of rows, not by the number of real tokens.",
)
not_divided = slip(
    with_log_probs,
    ("mean()", "sum()"),
    loses=("full", "padded", "edges"),
    hint="The losses are added up, and not divided by the number of real tokens.",
)
shifted_again = slip(
    with_log_probs,
    ("axis(log_probs", "axis(log_probs[:, :-1]"),
    ("targets[:, :, None]", "targets[:, 1:, None]"),
    ("losses[mask]", "losses[mask[:, 1:]]"),
    loses=("full", "padded", "edges"),
    hint="The targets are shifted a second time. targets[i, t] already is the word after "
    "inputs[i, t], so it belongs to the logits of the same step.",
)
logits_taken_for_log_probs = slip(
    with_log_probs,
    ("axis(log_probs", "axis(logits"),
    loses=("full", "padded", "edges"),
    hint="You take the logits for log-probabilities. They are not normalised: it takes a "
    "softmax over the words first.",
)
in_bits = slip(
    with_log_probs,
    ("mean()", "mean() / np.log(2)"),
    loses=("full", "padded", "edges"),
    hint="The loss is in bits. Asked for are nats, so natural logarithms.",
)
probabilities_averaged = slip(
    with_log_probs,
    ("losses[mask].mean()", "-np.log(np.exp(-losses[mask]).mean() + 1e-300)"),
    loses=("full", "padded", "edges"),
    hint="You average the probabilities, and take the logarithm of that. Take the logarithm of "
    "each one first: the mean is over losses.",
)
softmax_over_time = slip(
    with_log_probs,
    ("max(axis=2", "max(axis=1"),
    ("sum(axis=2", "sum(axis=1"),
    loses=("full", "padded", "edges"),
    hint="The softmax runs over the steps. At each step there is a distribution over the "
    "words, the last axis.",
)
overflows = slip(
    with_log_probs,
    (" - logits.max(axis=2, keepdims=True)", ""),
    loses="edges",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from "
    "all scores of a step changes no probability.",
    overflows=True,
)

arrays_already = equal(
    REFERENCE,
    ("logits, targets, mask = np.asarray(logits), np.asarray(targets), np.asarray(mask)", "pass"),
    ("np.asarray(logits)", "logits"),
    ("np.asarray(targets)", "targets"),
    ("np.asarray(mask)", "mask"),
    because="they are arrays, as the signature says",
)
a_number_of_numpy = equal(
    REFERENCE,
    (
        "float((np.log(powers.sum(axis=2))[mask] - chosen).mean())",
        "(np.log(powers.sum(axis=2))[mask] - chosen).mean()",
    ),
    because="a number of numpy is a number",
)
the_only_place = equal(
    with_log_probs,
    ("targets[:, :, None], axis=2)", "targets[:, :, None])"),
    ("axis=2)[:, :, 0]", "axis=2)[:, :, -1]"),
    because="the last axis is the one that take_along_axis takes, and one place is left of it",
)
a_score_of_numpy = equal(
    with_loops, ("float(score)", "score"), because="a number of numpy is a number"
)
none_at_all = equal(
    with_torch,
    ("mask.sum() == 0", "mask.mean() == 0"),
    (".float()", ""),
    because="the mean is 0 where the sum is, and float64 is more than is needed",
)
more_than_float32 = equal(
    with_one_hot,
    (", dtype=float", ""),
    ("np.asarray(logits, dtype=float)", "logits"),
    because="float32 is enough, and logits are an array",
)

rules = (
    told("`logits` has shape", "`targets` and `mask` have shape"),
    rule("nothing is to be shifted here", when=lambda logits, targets, mask: mask.all()),
    rule(
        "Every real token counts the same",
        when=lambda logits, targets, mask: len(set(mask.sum(axis=1))) > 1,
    ),
    rule(
        "Logits may be as large as 1,000",
        when=lambda logits, targets, mask: np.abs(logits).max() > 800,
    ),
    rule(
        "A batch without a real token",
        when=lambda logits, targets, mask: not mask.any(),
        gives=ValueError,
    ),
    rule(
        "a target below 0 or not below $V$",
        when=lambda logits, targets, mask: targets.min() < 0,
        gives=ValueError,
    ),
    rule(
        "a target below 0 or not below $V$",
        when=lambda logits, targets, mask: targets.max() >= logits.shape[2],
        gives=ValueError,
    ),
)
