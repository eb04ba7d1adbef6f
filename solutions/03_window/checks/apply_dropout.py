"""apply_dropout: hiding numbers at random while training."""

from __future__ import annotations

import itertools
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
    generator,
    rule,
    slip,
    told,
)
from autograder.authoring.frequencies import Frequencies
from autograder.authoring.spread import Spread

Answer = tuple[object, object]
DRAWS = 1_400
"""Enough to miss a probability that is 0.16 off with a chance below 1e-6: a rate taken for what is
kept is 0.5 off (at a rate of 0.75).
"""


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield small layers many times, test time, the ends, and rates that are refused.

    The rates that are tallied are such that 1 / (1 - rate) is exact in every format.
    """
    for width, rate in ((2, 0.5), (2, 0.75), (1, 0.75), (3, 0.5)):
        row = rng.permutation([1.0, 2.0, 4.0, -1.0, -2.0])[:width]
        args = (DRAWS, row, rate, generator(rng), True)
        yield Case("training", args, probe="tally rows", compare=Frequencies(_rows(row, rate)))
    # A batch of one, with a mask of its own in every call, all of it from the generator.
    one = (np.ones((1, 200)), 0.725, generator(rng), True)
    yield Case("training", (100, *one), probe="quantiles", compare=Spread())
    for shape in ((3, 4), (2, 3, 2)):
        rate = float(rng.uniform(0.1, 0.9))
        yield case("ends", rng.normal(size=shape), rate, generator(rng), False)
    for rate, train in ((0.0, True), (1.0, True), (1, True), (0.0, False), (1.0, False)):
        yield case("ends", rng.normal(size=(3, 2)), rate, generator(rng), train)
    yield case("ends", np.zeros((0, 3)), 0.5, generator(rng), True)
    for train in (True, False):
        for rate in (-0.1, 1.01, float("nan")):
            yield case("ends", rng.normal(size=4), rate, generator(rng), train)


def _rows(row: np.ndarray, rate: float) -> dict[tuple[float, ...], float]:
    """Return how probable each outcome is: what becomes of a row, and then its mask."""
    masks = itertools.product((0.0, 1 / (1 - rate)), repeat=len(row))
    return {
        (*(row * mask).tolist(), *mask): math.prod(1 - rate if kept else rate for kept in mask)
        for mask in masks
    }


check = Check(
    groups={
        "training": Group("what is dropped in training, and how the rest is rescaled", 2),
        "ends": Group("test time, rates 0 and 1, and rates that are refused", 1),
    },
    draw=draw,
)


@alternative
def with_binomials(x: np.ndarray, rate: float, rng: np.random.Generator, train: bool) -> Answer:
    if not (rate >= 0 and rate <= 1):
        raise ValueError("rate")
    if train and rate > 0:
        mask = rng.binomial(1, 1 - rate, size=x.shape).astype(float)
        mask /= max(1 - rate, 1e-9)
    else:
        mask = np.ones_like(x)
    return mask * x, mask


@alternative
def with_a_loop(x: np.ndarray, rate: float, rng: np.random.Generator, train: bool) -> Answer:
    if np.isnan(rate) or rate < 0 or rate > 1:
        raise ValueError("no probability")
    y, mask = x.copy(), np.ones(x.shape)
    for place in np.ndindex(x.shape):
        if train and rng.random() < rate:
            mask[place] = 0
        elif train:
            mask[place] = 1 / (1 - rate)
        y[place] = x[place] * mask[place]
    return y, mask


@alternative
def with_torch_float32(x: np.ndarray, rate: float, rng: np.random.Generator, train: bool) -> Answer:
    import torch

    if not 0 <= rate <= 1:
        raise ValueError(rate)
    t = torch.tensor(x, dtype=torch.float32)
    if not train:
        return t, torch.ones_like(t)
    if rate == 1:
        return torch.zeros_like(t), torch.zeros_like(t)
    kept = torch.tensor(rng.uniform(size=x.shape) > rate).to(torch.float32)
    mask = kept / (1 - rate)
    return t * mask, mask


@alternative
def with_choices(x: np.ndarray, rate: float, rng: np.random.Generator, train: bool) -> Answer:
    if not 0 <= rate <= 1:
        raise ValueError("expected a rate from 0 to 1")
    rate = rate if train else 0.0
    scale = 0.0 if rate == 1 else 1 / (1 - rate)
    mask = rng.choice([0.0, scale], size=x.shape, p=[rate, 1 - rate])
    return x * mask, mask


keeps_with_the_rate = slip(
    REFERENCE,
    ("x = np.asarray(x)", "x, rate = np.asarray(x), 1 - rate"),
    loses=("training", "ends"),
    hint="`rate` is the probability that a number is dropped. You keep numbers with it.",
)
not_rescaled = slip(
    REFERENCE,
    ("rate) / (1 - rate)", "rate) * 1.0"),
    loses="training",
    hint="What is kept is not rescaled in training, so that the layer is smaller on average than at "
    "test time. Inverted dropout makes up for it at once, in the mask.",
)
rescaled_at_test_time = slip(
    REFERENCE,
    ("np.ones(x.shape)", "np.full(x.shape, 1 - rate)"),
    ("rate) / (1 - rate)", "rate) * 1.0"),
    loses=("training", "ends"),
    hint="You rescale the other way: in training nothing is rescaled, and at test time everything is "
    "made smaller. Inverted dropout rescales in training and leaves test time alone.",
)
multiplied = slip(
    REFERENCE,
    ("rate) / (1 - rate)", "rate) * (1 - rate)"),
    ("return x * mask", "return x * mask if train else x * (1 - rate)"),
    loses=("training", "ends"),
    hint="What is kept is multiplied by the probability to keep it, not divided by it: the layer "
    "shrinks twice.",
)
drops_at_test_time = slip(
    REFERENCE,
    ("not train or ", ""),
    loses="ends",
    hint="Numbers are dropped at test time too. Dropout is for training only: a prediction must not "
    "depend on chance.",
)
another_generator = slip(
    REFERENCE,
    ("rng.random", "np.random.random"),
    loses="training",
    hint="Your mask does not come from rng, so that a run cannot be repeated: the same generator in "
    "the same state must drop the same numbers.",
)
seeded_inside = slip(
    REFERENCE,
    ("rng.random", "np.random.default_rng(0).random"),
    loses="training",
    hint="Every call drops the same numbers: you make a new generator with a fixed seed inside. Use "
    "rng, which goes on from call to call.",
)
one_mask_for_the_batch = slip(
    REFERENCE,
    ("(rng.random(x.shape) >= rate)", "np.ones(x.shape) * (rng.random(x.shape[1:]) >= rate)"),
    loses="training",
    hint="Whole columns are dropped together, for all examples of the batch. Every number is dropped "
    "by itself: the mask has the shape of x.",
)
mask_without_scale = slip(
    REFERENCE,
    ("return x * mask, mask", "return x * mask, np.sign(mask)"),
    loses="training",
    hint="The mask that comes back is not the one that was used: the backward pass multiplies by it, "
    "so the rescaling belongs into it. y is x times the mask.",
)
arrays_already = equal(
    REFERENCE,
    ("x = np.asarray(x)", "pass"),
    ("np.asarray(x)", "x"),
    because="x is an array, as the signature says",
)
nothing_is_dropped = equal(
    REFERENCE,
    (" or rate == 0", ""),
    ("rate == 0", "rate == -1"),
    (">= rate", "> rate"),
    because="no number of [0, 1) is below 0, and it is the rate itself once in 2**53 draws",
)
nothing_is_dropped_with_binomials = equal(
    with_binomials,
    (" and rate > 0", ""),
    ("rate > 0", "rate >= 0"),
    ("rate > 0", "rate > -1"),
    because="what has the probability 1 comes always",
)
all_are_dropped = equal(
    with_binomials,
    ("1 - rate, 1e-9", "1e-9, 1 - rate"),
    ("1e-9", "2e-9"),
    ("1e-9", "5e-10"),
    because="at a rate of 1 all are 0 already, and where a rate is that near to 1 a number is kept "
    "once in 500 million draws",
)
never_the_rate_itself = equal(
    with_a_loop, ("() < rate", "() <= rate"), because="it is drawn once in 2**53 times"
)
in_torch_as_well = equal(
    with_torch_float32,
    ("x, dtype=torch.float32", "x"),
    (".to(torch.float32)", ".to()"),
    ("> rate", ">= rate"),
    because="float64 is more than is needed, True is divided as 1, and the rate itself is drawn "
    "once in 2**53 times",
)
never_chosen = equal(
    with_choices,
    ("scale = 0.0", "scale = 1.0"),
    because="what has the probability 0 is never chosen",
)

rules = (
    rule(
        "`rate` is the probability that a number is *dropped*",
        "each of its entries, independently of all others",
        "`y` is `x * mask`",
        when=lambda times, row, rate, *_: times == DRAWS and len(row) > 2,
    ),
    told("(The backward pass then", "How you draw is up to you"),
    rule(
        "With `train=False` nothing is dropped",
        when=lambda x, rate, rng, train: not train and 0 < rate < 1,
    ),
    rule("A rate of 0 drops nothing", when=lambda x, rate, rng, train: train and rate == 0),
    rule("**A rate of 1 drops everything**", when=lambda x, rate, rng, train: train and rate == 1),
    rule("`x` has any shape", when=lambda x, rate, rng, train: x.ndim > 2),
    rule("also without numbers in it", when=lambda x, rate, rng, train: x.size == 0),
    rule("A rate below 0", when=lambda x, rate, rng, train: rate < 0, gives=ValueError),
    rule("above 1 or `nan`", when=lambda x, rate, rng, train: rate > 1, gives=ValueError),
    rule("or `nan` raises", when=lambda x, rate, rng, train: np.isnan(rate), gives=ValueError),
    rule(
        "with `train=False` as well", when=lambda x, rate, rng, train: not train, gives=ValueError
    ),
    rule("All randomness comes from `rng`", when=lambda times, x, *_: x.size == 200),
)
