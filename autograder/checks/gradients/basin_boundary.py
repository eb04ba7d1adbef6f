"""basin_boundary: which starts of one unit end at which attractor."""

# Wrong and right ways are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.checking import Case, Check, Group, case, correct_way, misconception
from autograder.checks.gradients.drawing import one_attractor, two_attractors
from autograder.comparing import Close


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield units with two attractors and with one, in both groups."""
    for least, most in ((4.8, 5.5), (5.5, 7), (7, 9), (9, 11)):
        yield case("moderate", *two_attractors(rng, least, most))
    for least, most in ((1, 3.8), (4.6, 6), (6, 9), (9, 11)):
        yield case("moderate", *one_attractor(rng, least, most))
    for least, most in ((25, 40), (40, 60)):
        yield case("far", *two_attractors(rng, least, most))
    yield case("far", float(rng.uniform(10, 40)), -float(rng.uniform(60, 80)))
    yield case("far", float(rng.uniform(30, 60)), float(rng.uniform(1, 50)))
    yield case("far", float(rng.uniform(0.1, 0.5)), float(rng.uniform(-2, 2)))


check = Check(
    groups={
        "moderate": Group("one attractor and two, moderate weights", 2),
        "far": Group("one attractor and two, large weights and small ones", 1),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=1e-6),
)


@misconception(
    "moderate",
    "far",
    hint="You return the middle between the two attractors. The boundary is the unstable fixed "
    "point, which lies elsewhere unless all is symmetric.",
)
def middle_of_the_attractors(w, b):
    ends = []
    for x in (b - 1.0, b + w + 1.0):
        for _ in range(3000):
            x = w / (1 + math.exp(-x)) + b
        ends.append(x)
    return None if abs(ends[1] - ends[0]) < 1e-3 else sum(ends) / 2


@misconception(
    "moderate",
    "far",
    hint="You return an attractor. Starts on both sides of it end there: it bounds nothing.",
)
def an_attractor(w, b):
    ends = []
    for x in (b - 1.0, b + w + 1.0):
        for _ in range(3000):
            x = w / (1 + math.exp(-x)) + b
        ends.append(x)
    return None if abs(ends[1] - ends[0]) < 1e-3 else ends[1]


@misconception(
    "moderate",
    "far",
    hint="Where there is one attractor you return a number. All starts end there: there is no "
    "boundary, so None.",
    overflows=True,
)
def a_number_in_any_case(w, b):
    low, high = b - 1.0, b + w + 1.0
    if w > 4:
        turn = 2 * math.acosh(math.sqrt(w) / 2)
        at = [w / (1 + math.exp(-x)) + b - x for x in (-turn, turn)]
        if at[0] < 0 < at[1]:
            low, high = turn, -turn
    for _ in range(100):
        middle = (low + high) / 2
        if w / (1 + math.exp(-middle)) + b > middle:
            low = middle
        else:
            high = middle
    return low


@misconception(
    "moderate",
    "far",
    hint="You return 0, where sigma is steepest. That is the boundary in the symmetric case, "
    "b = -w/2, only.",
)
def always_zero(w, b):
    ends = []
    for x in (b - 1.0, b + w + 1.0):
        for _ in range(3000):
            x = w / (1 + math.exp(-x)) + b
        ends.append(x)
    return None if abs(ends[1] - ends[0]) < 1e-3 else 0.0


@misconception(
    "moderate",
    "far",
    hint="You return a place where w sigma'(x) = 1. There fixed points merge at the folds; between "
    "the folds the boundary lies elsewhere.",
)
def where_the_slope_is_one(w, b):
    ends = []
    for x in (b - 1.0, b + w + 1.0):
        for _ in range(3000):
            x = w / (1 + math.exp(-x)) + b
        ends.append(x)
    if abs(ends[1] - ends[0]) < 1e-3:
        return None
    return 2 * math.acosh(math.sqrt(w) / 2)


@misconception(
    "moderate",
    "far",
    hint="Your unit has its nonlinearity outside, x = sigma(w x + b). This one has it inside, as in "
    "002's eq. 8: x = w sigma(x) + b.",
)
def nonlinearity_outside(w, b):
    if w <= 4:
        return None
    grid = np.linspace(-0.001, 1.001, 20_001)
    rest = 1 / (1 + np.exp(-np.clip(w * grid + b, -500, 500))) - grid
    for i in np.flatnonzero((rest[:-1] <= 0) & (rest[1:] > 0)):
        low, high = grid[i], grid[i + 1]
        for _ in range(60):
            middle = (low + high) / 2
            value = 1 / (1 + math.exp(-max(min(w * middle + b, 500), -500))) - middle
            low, high = (middle, high) if value < 0 else (low, middle)
        return float(low)
    return None


@misconception(
    "moderate",
    "far",
    hint="Your unit has a tanh. This one is 002's, with the logistic function between 0 and 1.",
)
def with_tanh(w, b):
    grid = np.linspace(-w, w, 20_002)
    rest = w * np.tanh(grid) + b - grid
    for i in np.flatnonzero((rest[:-1] <= 0) & (rest[1:] > 0)):
        low, high = grid[i], grid[i + 1]
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if w * math.tanh(middle) + b < middle else (low, middle)
        return float(low)
    return None


@misconception(
    "moderate",
    "far",
    hint="Where w is above 4 you return a number, whatever b is. Two attractors there are only "
    "between the folds.",
    overflows=True,
)
def by_the_weight_alone(w, b):
    if w <= 4:
        return None
    turn = 2 * math.acosh(math.sqrt(w) / 2)
    low, high = -turn, turn
    for _ in range(100):
        middle = (low + high) / 2
        if w / (1 + math.exp(-middle)) + b < middle:
            low = middle
        else:
            high = middle
    return low


@correct_way
def by_bisection_on_starts(w, b):
    def end(x):
        for _ in range(2000):
            x = w / (1 + math.exp(-x)) + b
        return x

    low, high = b, b + w
    lowest, highest = end(low), end(high)
    if highest - lowest < 1e-3:
        return None
    while high - low > 1e-8:
        middle = (low + high) / 2
        if abs(end(middle) - lowest) < abs(end(middle) - highest):
            low = middle
        else:
            high = middle
    return (low + high) / 2


@correct_way
def by_sign_changes(w, b):
    grid = np.linspace(b - 1, b + w + 1, 50_001)
    rest = w / (1 + np.exp(-grid)) + b - grid
    changes = np.flatnonzero((rest[:-1] < 0) & (rest[1:] >= 0))
    if len(changes) == 0:
        return None
    left, right = grid[changes[0]], grid[changes[0] + 1]
    for _ in range(60):
        middle = (left + right) / 2
        if w / (1 + np.exp(-middle)) + b < middle:
            left = middle
        else:
            right = middle
    return np.float64(left)


@correct_way
def by_the_inverse_map(w, b):
    low, high = b, b + w
    for _ in range(5000):
        low, high = (w / (1 + math.exp(-x)) + b for x in (low, high))
    if abs(high - low) < 1e-3:
        return None
    x = (low + high) / 2
    for _ in range(5000):
        p = (x - b) / w
        x = math.log(p) - math.log(1 - p)
    return x
