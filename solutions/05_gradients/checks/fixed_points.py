"""fixed_points: where one unit can stay."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="import-untyped, misc, no-untyped-call, no-untyped-def, operator, var-annotated"

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
    misconception,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .drawing import beyond_a_fold, folds, near_a_fold, one_attractor, two_attractors


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield units with one fixed point and with three, and large weights and biases."""
    for least, most in ((0.3, 2), (2, 3.8), (4.6, 6), (6, 10)):
        yield case("one", *one_attractor(rng, least, most))
    for least, most in ((4.8, 4.95), (5.5, 7), (7, 9), (9, 11)):
        yield case("three", *two_attractors(rng, least, most))
    for least, most, end in ((5.5, 8, -1), (5.5, 8, 1)):
        yield case("three", *near_a_fold(rng, least, most, end))
    for least, most, side in ((25, 40, -1), (25, 40, 1), (50, 60, 0)):
        yield case("far", *two_attractors(rng, least, most, side))
    yield case("far", *near_a_fold(rng, 20, 30, int(rng.choice([-1, 1]))))
    # The two that are near each other lie 1 from an end of [b, b + w]. A grid of 60 places, or fewer,
    # which goes somewhat beyond both ends, may hit between them with one of these weights: then its
    # places have moved by a quarter of their distance with the other, and by more than the gap.
    for least, most in ((50, 50.5), (59.5, 60)):
        for side in (-1, 1):
            yield case("far", *near_a_fold(rng, least, most, side))
    w, b = two_attractors(rng, 6, 9, -1)  # one weight with three fixed points, three and one
    for bias in (b, -w - b, float(rng.uniform(1, 3))):
        yield case("three" if bias < 0 else "one", w, bias)
    for side in (-1, 1):
        yield case("one", *beyond_a_fold(rng, 4.8, 6, side))
    for w in (2.5, 7.5):  # sigma is 1 there, and the fixed point is b + w
        yield case("far", w, float(rng.integers(40, 80)))
    for side in (-1, 1):
        yield case("far", float(rng.uniform(1, 9)), side * float(rng.uniform(40, 80)))


check = Check(
    groups={
        "one": Group("units with one fixed point", 1),
        "three": Group("units with three fixed points", 2),
        "far": Group("large weights and large biases", 1),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=1e-6),
)


@alternative
def on_a_grid_then_bisection(w, b):
    grid = np.linspace(b - 0.5, b + w + 0.5, 20_002)
    rest = b + w / (1 + np.exp(-grid)) - grid
    found = []
    for i in np.flatnonzero(np.sign(rest[:-1]) != np.sign(rest[1:])):
        left, right = grid[i], grid[i + 1]
        sign = math.copysign(1, rest[i])
        while right - left > 1e-10:
            middle = (left + right) / 2
            if sign * (b + w / (1 + math.exp(-middle)) - middle) > 0:
                left = middle
            else:
                right = middle
        found.append((left + right) / 2)
    return found


@alternative
def by_brent_s_method(w, b):
    from scipy.optimize import brentq
    from scipy.special import expit

    def excess(x):
        return w * expit(x) + b - x

    grid = np.linspace(b - 1, b + w + 1, 5001)
    signs = excess(grid) >= 0
    changes = np.flatnonzero(signs[1:] != signs[:-1])
    return tuple(brentq(excess, grid[i], grid[i + 1]) for i in changes)


@alternative
def by_the_map_and_its_inverse(w, b):
    low, high = b, b + w
    for _ in range(2000):
        low, high = (w / (1 + math.exp(-x)) + b for x in (low, high))
    if high - low < 1e-4:
        return np.array([low])
    # The unstable one attracts under the inverse map, x = log(p / (1 - p)), p = (x - b) / w.
    middle = np.mean([low, high])
    for _ in range(2000):
        p = (middle - b) / w
        middle = math.log(p / (1 - p))
    return np.array([low, middle, high])


attractors_only = slip(
    by_the_map_and_its_inverse,
    ("[low, middle, high]", "[low, high]"),
    loses=("three", "far"),
    hint="The unstable fixed point is missing. No iteration of the map ends there, but it is a "
    "fixed point, and the boundary between the two basins.",
)
one_bisection = slip(
    on_a_grid_then_bisection,
    ("20_002", "2"),
    loses=("three", "far"),
    hint="Your search ends with one fixed point. Where there are three, the difference between "
    "w sigma(x) + b and x changes its sign three times.",
)
nonlinearity_outside = slip(
    on_a_grid_then_bisection,
    ("b - 0.5, b + w + 0.5", "-0.1, 1.1"),
    ("b + w / (1 + np.exp(-grid))", "1 / (1 + np.exp(-w * grid - b))"),
    ("b + w / (1 + math.exp(-middle))", "1 / (1 + math.exp(-w * middle - b))"),
    loses=("one", "three", "far"),
    hint="Your unit has its nonlinearity outside, x = sigma(w x + b). This one has it inside, as in "
    "002's eq. 8: x = w sigma(x) + b.",
)
with_tanh = slip(
    on_a_grid_then_bisection,
    ("b - 0.5", "b - w - 0.5"),
    ("w / (1 + np.exp(-grid))", "w * np.tanh(grid)"),
    ("w / (1 + math.exp(-middle))", "w * math.tanh(middle)"),
    loses=("one", "three", "far"),
    hint="Your unit has a tanh. This one is 002's, with the logistic function between 0 and 1.",
)
search_too_narrow = slip(
    on_a_grid_then_bisection,
    ("b - 0.5, b + w + 0.5", "-10, 10"),
    loses="far",
    hint="You search between -10 and 10. With large weights and biases the fixed points lie further "
    "out: sigma is between 0 and 1, so they lie between b and b + w.",
)
as_coarse_as_the_grid = slip(
    on_a_grid_then_bisection,
    ("append((left + right) / 2)", "append(grid[i])"),
    loses=("one", "three", "far"),
    hint="Your answers are as coarse as your grid. Where the sign changes, go on from there.",
)
largest_first = slip(
    on_a_grid_then_bisection,
    ("return found", "return found[::-1]"),
    loses=("three", "far"),
    hint="Your fixed points come in decreasing order. The smallest comes first.",
)


@misconception(
    "one",
    "three",
    "far",
    hint="You start from several places and list where each of them ends. An attractor at which two "
    "starts end is listed twice, and the unstable fixed point is missing.",
)
def listed_twice(w, b):
    ends = []
    for x in (b - 1.0, b + w / 2, b + w + 1.0):
        for _ in range(3000):
            x = w / (1 + math.exp(-x)) + b
        ends.append(x)
    return np.sort(np.array(ends))


where_the_slope_is_one = slip(
    REFERENCE,
    ("np.array(points)", "np.array(cuts[1:-1])"),
    loses=("one", "three", "far"),
    hint="You return where x moves fastest or slowest, where w sigma'(x) = 1. A fixed point is where "
    "it does not move: w sigma(x) + b = x.",
)
halved = equal(
    REFERENCE,
    ("> 0", ">= 0"),
    ("(right) <", "(right) <="),
    ("100", "101"),
    ("100", "99"),
    ("(middle) <", "(middle) <="),
    because="what is halved so often is as accurate as floats are, and is never exactly 0 before",
)
merged = equal(
    REFERENCE,
    ("> 4", ">= 4"),
    because="at w = 4 the two places are one",
)
a_wider_bracket = equal(
    REFERENCE,
    ("b, b + w + 1", "b, b + w + 2"),
    ("turn, b + w + 1", "turn, b + w + 2"),
    because="all fixed points lie further inside",
)
pairs = equal(
    REFERENCE,
    (", strict=False", ""),
    ("cuts, cuts[1:], strict", "cuts[1:], cuts, strict"),
    because="a bracket is the same from either end",
)
a_list = equal(
    REFERENCE,
    ("np.array(points)", "points"),
    because="a list of numbers is an array as well",
)
a_bracket = equal(
    on_a_grid_then_bisection,
    ("b - 0.5", "b"),
    ("- 0.5", "- 1.0"),
    ("5, b", "25, b"),
    ("5, b", "0, b"),
    ("w + 0.5", "w"),
    ("+ 0.5", "+ 1.0"),
    ("+ 0.", "+ 0.2"),
    ("+ 0.5", "+ 0.0"),
    (
        "grid = np.linspace(b - 0.5, b + w + 0.5, 20_002)",
        "grid = np.linspace(b - 0.5, b + w + 0.5, 20003)",
    ),
    (
        "grid = np.linspace(b - 0.5, b + w + 0.5, 20_002)",
        "grid = np.linspace(b - 0.5, b + w + 0.5, 20001)",
    ),
    ("+ 1", "+ 2"),
    ("1,", "2,"),
    because="a bracket that holds the sign change finds the same zero",
)
digits = equal(
    on_a_grid_then_bisection,
    ("> 1e", ">= 1e"),
    ("1e", "2e"),
    ("1e-10", "5e-11"),
    ("> 0", ">= 0"),
    ("sign *", "sign /"),
    because="this is finer than is asked, and a sign is as good a divisor as a factor",
)
found_by_brent = equal(
    by_brent_s_method,
    ("b - 1", "b"),
    ("- 1", "- 2"),
    ("- 1", "- 0"),
    ("1, 5001", "2, 5001"),
    ("5001", "5002"),
    ("5001", "5000"),
    ("[i], grid[i + 1]", "[i + 1], grid[i]"),
    ("i + 1", "i + 2"),
    because="a bracket that holds the sign change finds the same zero",
)
zeros_on_the_grid = equal(
    by_brent_s_method,
    (">=", ">"),
    (">=", "<"),
    because="a zero on the grid is the end of a bracket, on whichever side it is counted",
)
between_the_attractors = equal(
    by_the_map_and_its_inverse,
    ("mean", "sum"),
    ("mean", "median"),
    because="one attractor lies below 0, the other one above, and their sum and median between them",
)
another_start = equal(
    by_the_map_and_its_inverse,
    ("b + w", "w"),
    because="the start need only be above the upper attractor, and b is below 0 where there are two",
)
long_converged = equal(
    by_the_map_and_its_inverse,
    ("low <", "low <="),
    because="the map has converged long before, and two attractors are far more apart",
)
as_a_list = equal(
    by_the_map_and_its_inverse,
    ("np.array([low])", "[low]"),
    ("np.array([low, middle, high])", "[low, middle, high]"),
    because="a list of numbers is an array as well",
)
long_converged_too = equal(
    by_the_map_and_its_inverse,
    ("b + w\n    for _ in range(2000)", "b + w\n    for _ in range(2001)"),
    ("b + w\n    for _ in range(2000)", "b + w\n    for _ in range(1999)"),
    ("high])\n    for _ in range(2000)", "high])\n    for _ in range(2001)"),
    ("high])\n    for _ in range(2000)", "high])\n    for _ in range(1999)"),
    ("< 1e-4", "< 2e-4"),
    ("< 1e-4", "< 5e-5"),
    because="the map has converged long before, and two attractors are far more apart",
)

rules = (
    rule("it may be as large as 60", when=lambda w, b: w > 50),
    rule("$b$ may lie between -80", when=lambda w, b: b < -39),
    rule("and 80", when=lambda w, b: b > 39),
    rule("For $w \\le 4$", when=lambda w, b: w < 4, gives=lambda points: len(points) == 1),
    rule("above there are one", when=lambda w, b: w > 4, gives=lambda points: len(points) == 1),
    rule("or three, depending on $b$", gives=lambda points: len(points) == 3),
    told("Accurate to 1e-6"),
    rule(
        "neighbours are at least 0.1 apart",
        when=lambda w, b: w > 50,
        gives=lambda points: np.diff(points).min() < 0.2,
    ),
    rule(
        "$b$ is at least 0.003 away",
        when=lambda w, b: min(abs(b - fold) for fold in folds(w)) < 0.005,
        gives=lambda points: len(points) == 1,
    ),
)
