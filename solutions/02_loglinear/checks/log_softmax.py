"""log_softmax: scores to log-probabilities."""

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
from autograder.authoring.comparing import Close


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield scores of many shapes, along every axis, and of every size."""
    for shape in ((3, 3), (5, 5), (4, 7)):
        yield case("plain", rng.uniform(-3, 3, size=shape))
    yield case("plain", rng.uniform(-3, 3, size=int(rng.integers(3, 9))))
    yield case("axes", rng.uniform(-3, 3, size=(4, 3)), axis=0)
    yield case("axes", rng.uniform(-3, 3, size=(2, 5, 3)), axis=1)
    yield case("axes", rng.uniform(-3, 3, size=(3, 2, 4)), axis=-2)
    yield case("axes", rng.uniform(-3, 3, size=(2, 3, 2, 2)), 0)
    yield case("axes", rng.uniform(-3, 3, size=(2, 3, 4)))
    yield case("axes", rng.uniform(-3, 3, size=(2, 3, 4, 2)), 2)
    for shape in ((5,), (3, 6)):
        scores = rng.integers(-9, 9, size=shape) * 1000.0
        scores[..., 0], scores[..., 2] = 9000.0, 9001.0
        yield case("large", scores)
    scores = -1000.0 * rng.integers(1, 9, size=(4, 3))
    yield case("large", scores, axis=0)
    yield case("large", np.array([10_000.0, -10_000.0, 10_000.0]))
    for size in (4, 6):
        yield case("special", rng.integers(-3, 4, size=(2, size)))
        impossible = rng.uniform(-3, 3, size=(2, size))
        impossible[0, int(rng.integers(size))] = impossible[1, int(rng.integers(size))] = -math.inf
        yield case("special", impossible)
    yield case("special", rng.uniform(-3, 3, size=(3, 5)).astype(np.float32))
    yield case("special", np.full((2, 3), float(rng.uniform(-3, 3))))
    yield case("special", rng.uniform(-3, 3, size=(2, 1)))


check = Check(
    groups={
        "plain": Group("scores of ordinary size, each row a distribution", 1),
        "axes": Group("other axes, and arrays of three dimensions and more", 1),
        "large": Group("scores of thousands, positive and negative", 1, Close(1e-5, 5e-3)),
        "special": Group("integers, -inf, float32, equal scores, a single class", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-6),
)


@alternative
def logaddexp(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    return scores - np.logaddexp.reduce(np.asarray(scores, float), axis=axis, keepdims=True)


@alternative
def log_sum_exp_added_again(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    largest = scores.max(axis=axis, keepdims=True)
    log_sum = largest + np.log(np.exp(scores - largest).sum(axis=axis, keepdims=True))
    return scores - log_sum


@alternative
def torch_float32(scores: np.ndarray, axis: int = -1) -> object:
    import torch

    return torch.log_softmax(torch.tensor(scores, dtype=torch.float32), dim=axis)


@alternative
def slice_by_slice(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    def one(values: np.ndarray) -> list[float]:
        largest = max(float(value) for value in values)
        total = sum(math.exp(value - largest) for value in values)
        return [value - largest - math.log(total) for value in values]

    return np.apply_along_axis(one, axis, np.asarray(scores, dtype=float))


@alternative
def nested_lists(scores: np.ndarray, axis: int = -1) -> list[object]:
    moved = np.moveaxis(np.asarray(scores, dtype=np.float64), axis, 0)
    shifted = moved - moved.max(axis=0)
    return np.moveaxis(shifted - np.log(np.exp(shifted).sum(axis=0)), 0, axis).tolist()


@alternative
def float32_throughout(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    scores = np.asarray(scores, dtype=np.float32)
    largest = scores.max(axis=axis, keepdims=True)
    log_sum = largest + np.log(np.exp(scores - largest).sum(axis=axis, keepdims=True))
    return scores - log_sum


overflow = slip(
    REFERENCE,
    (" - np.max(scores, axis=axis, keepdims=True)", ""),
    loses="large",
    overflows=True,
    hint="Large scores give you nan or infinity: the exponential overflows, or all of them vanish. "
    "Adding a constant to all scores of a slice changes no probability. Choose one before exp.",
)
overflow_then_log = slip(
    REFERENCE,
    (" - np.max(scores, axis=axis, keepdims=True)", ""),
    ("shifted - np.log(", "np.log(np.exp(shifted) / "),
    loses="large",
    overflows=True,
    hint="You compute the probabilities first and take their logarithm afterwards, and both "
    "steps fail for large scores. Simplify the logarithm of the quotient on paper before you code.",
)
underflow_then_log = slip(
    REFERENCE,
    ("shifted - np.log(", "np.log(np.exp(shifted) / "),
    loses="large",
    overflows=True,
    hint="Your scores are shifted well, but then you take the logarithm of probabilities, and the "
    "small ones have already become 0: their logarithm is -inf instead of a finite number.",
)
constant_inside_the_log = slip(
    REFERENCE,
    ("shifted - np.log(", "np.log(np.exp(shifted) / "),
    ("keepdims=True))", "keepdims=True) + 1e-10)"),
    loses=("large", "special"),
    hint="You add a small constant inside the logarithm. That hides a probability of 0, and makes "
    "every improbable class as probable as that constant. Do not go through probabilities at all.",
)
probabilities = slip(
    REFERENCE,
    ("shifted - np.log(", "np.exp(shifted) / ("),
    loses=("plain", "axes", "large", "special"),
    hint="You return the probabilities themselves. Asked for are their logarithms, 0 or less.",
)
whole_array = slip(
    REFERENCE,
    ("np.max(scores, axis=axis, keepdims=True)", "np.max(scores)"),
    ("np.exp(shifted), axis=axis, keepdims=True", "np.exp(shifted)"),
    loses=("plain", "axes", "large", "special"),
    hint="All numbers of the array share one normaliser. Each slice along `axis` is a distribution "
    "of its own, and its probabilities sum to 1.",
)
always_last_axis = slip(
    REFERENCE,
    ("np.max(scores, axis=axis", "np.max(scores, axis=-1"),
    ("np.exp(shifted), axis=axis", "np.exp(shifted), axis=-1"),
    loses=("axes", "large"),
    hint="You always normalise along the last axis. `axis` is an argument.",
)
always_first_axis = slip(
    REFERENCE,
    ("np.max(scores, axis=axis", "np.max(scores, axis=0"),
    ("np.exp(shifted), axis=axis", "np.exp(shifted), axis=0"),
    loses=("plain", "axes", "large", "special"),
    hint="You always normalise along the first axis, down the columns. `axis` is an argument, and by "
    "default it is the last one.",
)
axis_lost = slip(
    REFERENCE,
    ("np.exp(shifted), axis=axis, keepdims=True", "np.exp(shifted), axis=axis"),
    loses=("plain", "axes", "large", "special"),
    hint="The sum over an axis has lost that axis, so that broadcasting subtracts the normaliser of "
    "another slice, or fails. numpy keeps the axis with keepdims=True.",
)
shifted_in_the_sum_only = slip(
    REFERENCE,
    ("return shifted", "return scores"),
    loses=("plain", "axes", "large", "special"),
    hint="You shift the scores inside the sum only. What you subtract must be subtracted from both "
    "parts of the formula, or added again afterwards.",
)
integers_stay_integers = slip(
    REFERENCE,
    ("return shifted", "return (shifted"),
    ("keepdims=True))", "keepdims=True))).astype(scores.dtype)"),
    loses="special",
    hint="Of integer scores you return integers: the result was put into an array of the type of "
    "the scores, which cuts off everything behind the point.",
)

floats_anyway = equal(
    logaddexp,
    ("np.asarray(scores, float)", "np.asarray(scores)"),
    ("np.asarray(scores, float)", "scores"),
    because="logaddexp makes floats of whole numbers, and float32 is enough here",
)

rules = (
    rule("`scores` has one dimension or more", when=lambda scores, axis=-1: scores.ndim == 1),
    rule("Each slice along `axis`", when=lambda scores, axis=-1: scores.ndim > 2 and axis >= 0),
    rule("(which may be negative)", when=lambda scores, axis=-1: axis < -1),
    rule(
        "10,000 and −10,000 in the same slice",
        "The result is finite there",
        when=lambda scores, axis=-1: {1e4, -1e4} <= set(scores.tolist()),
    ),
    rule(
        "or, in cases of their own, in the thousands",
        when=lambda scores, axis=-1: np.all(np.isfinite(scores)) and np.abs(scores).max() > 999,
    ),
    rule("A score of $-\\infty$", when=lambda scores, axis=-1: np.isneginf(scores).any()),
    rule("Integer scores are scores like others", when=lambda scores, axis=-1: scores.dtype == int),
    rule("float32 comes as well", when=lambda scores, axis=-1: scores.dtype == np.float32),
    rule("Of a single class", when=lambda scores, axis=-1: scores.shape[axis] == 1),
    told(
        "The result has the shape of `scores`",
        "There, log-probabilities are compared to an absolute accuracy",
        "At least one score of each slice is finite",
        "No score is",
    ),
)
logarithms_are_floats_slice_by_slice = equal(
    slice_by_slice,
    ("float(value)", "value"),
    (", dtype=float", ""),
    ("np.asarray(scores, dtype=float)", "scores"),
    because="exponentials and logarithms of whole numbers are floats, and float32 is enough here",
)
logarithms_are_floats_nested_lists = equal(
    nested_lists,
    (", dtype=np.float64", ""),
    ("np.asarray(scores, dtype=np.float64)", "scores"),
    because="exponentials and logarithms of whole numbers are floats, and float32 is enough here",
)
logarithms_are_floats_float32_throughout = equal(
    float32_throughout,
    (", dtype=np.float32", ""),
    ("np.asarray(scores, dtype=np.float32)", "scores"),
    ("scores = np.asarray(scores, dtype=np.float32)", "pass"),
    because="exponentials and logarithms of whole numbers are floats, and float32 is enough here",
)
an_array_for_lists = equal(
    nested_lists,
    (".tolist()", ""),
    because="an array holds the same numbers as nested lists",
)
