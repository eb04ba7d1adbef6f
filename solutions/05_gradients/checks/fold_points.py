"""fold_points: the biases at which one unit gains or loses an attractor."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

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
    """Yield weights with folds and without, in both groups."""
    for least, most in ((4.11, 4.2), (5, 7), (7, 10)):
        yield case("moderate", float(rng.uniform(least, most)))
    for least, most in ((1, 2.5), (2.5, 3.8)):
        yield case("moderate", float(rng.uniform(least, most)))
    for least, most in ((15, 30), (30, 60)):
        yield case("far", float(rng.uniform(least, most)))
    yield case("far", 4.0)
    yield case("far", 4)
    yield case("far", float(rng.uniform(0.01, 0.1)))


check = Check(
    groups={
        "moderate": Group("moderate weights, with folds and without", 2),
        "far": Group("large weights, small ones, and 4 itself", 1),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=1e-6),
)


@alternative
def by_the_state(w):
    if w <= 4:
        return []
    turn = 2 * math.acosh(math.sqrt(w) / 2)
    return sorted(x - w / (1 + math.exp(-x)) for x in (-turn, turn))


@alternative
def as_extremes_of_the_curve(w):
    if w <= 4:
        return []
    low, high = 0.0, 20.0  # where the slope of b(x) = x - w sigma(x) changes its sign
    for _ in range(200):
        middle = (low + high) / 2
        s = 1 / (1 + np.exp(-middle))
        low, high = (middle, high) if w * s * (1 - s) > 1 else (low, middle)
    b = low - w / (1 + np.exp(-low))
    return [b, -w - b]  # symmetric about -w/2


@alternative
def by_the_quadratic(w):
    discriminant = w * w - 4 * w
    if discriminant <= 0:
        return np.empty(0)
    s = (w + np.array([discriminant**0.5, -(discriminant**0.5)])) / (2 * w)
    return np.sort(np.log(s) - np.log1p(-s) - w * s)


states_not_biases = slip(
    by_the_state,
    (" - w / (1 + math.exp(-x))", ""),
    loses=("moderate", "far"),
    hint="You return the states x at which the attractors appear. Asked are the biases b that "
    "belong to them: b = x - w sigma(x).",
)
wrong_sign = slip(
    by_the_state,
    ("x - w / (1 + math.exp(-x))", "w / (1 + math.exp(-x)) - x"),
    loses=("moderate", "far"),
    hint="Your biases have the wrong sign: from x = w sigma(x) + b follows b = x - w sigma(x).",
)
upper_first = slip(
    by_the_state,
    ("sorted(", "list("),
    loses=("moderate", "far"),
    hint="Your folds come in decreasing order. The lower one comes first.",
)
not_a_number = slip(
    REFERENCE,
    ("    if w <= 4:\n        return np.zeros(0)\n", ""),
    ("math.sqrt", "np.sqrt"),
    loses=("moderate", "far"),
    hint="For weights below 4 you return numbers that are none (nan). The slope w sigma'(x) is at "
    "most w/4: it never is 1 there, and there are no folds.",
    overflows=True,
)
lower_only = slip(
    by_the_state,
    ("(-turn, turn)", "(turn,)"),
    loses=("moderate", "far"),
    hint="You return one fold. The slope w sigma'(x) is 1 at two places, x and -x.",
)
with_tanh = slip(
    by_the_state,
    ("w <= 4", "w <= 1"),
    ("2 * math.acosh(math.sqrt(w) / 2)", "math.acosh(math.sqrt(w))"),
    ("w / (1 + math.exp(-x))", "w * math.tanh(x)"),
    loses=("moderate", "far"),
    hint="Your unit has a tanh, whose slope is 1 at its steepest. The logistic function of 002 has "
    "a slope of 1/4 there, so folds begin at w = 4.",
)
merged_folds = slip(
    by_the_state,
    ("w <= 4", "w < 4"),
    loses="far",
    hint="At w = 4 you return the point at which the two folds have merged, twice. There is no "
    "interval of two attractors: the answer is empty.",
)
sigma_for_x = slip(
    REFERENCE,
    ("np.log(s / (1 - s))", "s"),
    loses=("moderate", "far"),
    hint="You find the two places where w sigma'(x) = 1, and take sigma(x) for x itself. The x that "
    "belongs to s = sigma(x) is log(s / (1 - s)).",
)
none = equal(
    REFERENCE,
    ("zeros", "ones"),
    because="an array without numbers holds neither zeros nor ones",
)
accurate_enough = equal(
    as_extremes_of_the_curve,
    ("20.", "40."),
    ("20.", "10."),
    ("200", "201"),
    ("200", "199"),
    ("> 1", ">= 1"),
    because="the place where the slope is 1 lies below 10, and 199 halvings are more than floats have digits",
)
symmetric = equal(
    as_extremes_of_the_curve,
    ("-middle", "middle"),
    because="the slope of sigma is the same at x and -x",
)
in_order = equal(
    by_the_quadratic,
    ("sort(np.log(s) - np.log1p(-s) - w * s)", "log(s) - np.log1p(-s) - w * s"),
    because="the larger s comes first, and has the smaller b",
)
sorted_afterwards = equal(
    by_the_quadratic, ("+ np", "- np"), because="the two are put in order afterwards"
)

rules = (
    told("$w > 0$", "Accurate to 1e-6"),
    rule("For $w \\le 4$ there is no interval", when=lambda w: w < 4),
    rule("At $w = 4$ exactly", when=lambda w: w == 4),
    rule("at least 0.1 away from 4", when=lambda w: 4.1 < w < 4.2),
)
