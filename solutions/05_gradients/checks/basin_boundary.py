"""basin_boundary: which starts of one unit end at which attractor."""

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
)
from autograder.authoring.comparing import Close

from .drawing import beyond_a_fold, folds, near_a_fold, one_attractor, two_attractors


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield units with two attractors and with one, in both groups."""
    for least, most in ((4.8, 4.95), (5.5, 7), (7, 9), (9, 11)):
        yield case("moderate", *two_attractors(rng, least, most))
    for end in (-1, 1):
        yield case("moderate", *near_a_fold(rng, 5.5, 8, end))
    for side in (0, 1):  # one attractor, with a weight that has two for another bias
        w = float(rng.uniform(5, 8))
        b = folds(w)[side] + (2 * side - 1) * float(rng.uniform(0.4, 0.8))
        yield case("moderate", w, b)
    for side in (-1, 1):
        yield case("moderate", *beyond_a_fold(rng, 4.8, 6, side))
    w, b = two_attractors(rng, 6, 9, -1)  # one weight with two attractors, two and one
    for bias in (b, -w - b, float(rng.uniform(1, 3))):
        yield case("moderate", w, bias)
    for least, most in ((1, 3), (3.2, 3.8), (4.6, 6), (6, 9), (9, 11)):
        yield case("moderate", *one_attractor(rng, least, most))
    for least, most, side in ((25, 40, -1), (25, 40, 1), (50, 60, 0)):
        yield case("far", *two_attractors(rng, least, most, side))
    for least, most, side in ((20, 30, int(rng.choice([-1, 1]))), (50, 60, -1), (50, 60, 1)):
        yield case("far", *near_a_fold(rng, least, most, side))
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


@alternative
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


@alternative
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
    return left


@alternative
def by_the_inverse_map(w, b):
    low, high = b, b + w
    for _ in range(2000):
        low, high = (w / (1 + math.exp(-x)) + b for x in (low, high))
    if high - low < 1e-3:
        return None
    x = np.mean([low, high])
    for _ in range(2000):
        p = (x - b) / w
        x = math.log(p) - math.log(1 - p)
    return x


middle_of_the_attractors = slip(
    by_the_inverse_map,
    ("return x", "return (low + high) / 2"),
    loses=("moderate", "far"),
    hint="You return the middle between the two attractors. The boundary is the unstable fixed "
    "point, which lies elsewhere unless all is symmetric.",
)
an_attractor = slip(
    by_the_inverse_map,
    ("return x", "return high"),
    loses=("moderate", "far"),
    hint="You return an attractor. Starts on both sides of it end there: it bounds nothing.",
)
a_number_in_any_case = slip(
    by_the_inverse_map,
    ("return None", "return low"),
    loses=("moderate", "far"),
    hint="Where there is one attractor you return a number. All starts end there: there is no "
    "boundary, so None.",
    overflows=True,
)
always_zero = slip(
    REFERENCE,
    ("return (left + right) / 2", "return 0.0"),
    loses=("moderate", "far"),
    hint="You return 0, where sigma is steepest. That is the boundary in the symmetric case, "
    "b = -w/2, only.",
)
where_the_slope_is_one = slip(
    REFERENCE,
    ("return (left + right) / 2", "return turn"),
    loses=("moderate", "far"),
    hint="You return a place where w sigma'(x) = 1. There fixed points merge at the folds; between "
    "the folds the boundary lies elsewhere.",
)
nonlinearity_outside = slip(
    by_sign_changes,
    ("w / (1 + np.exp(-grid)) + b - grid", "1 / (1 + np.exp(-w * grid - b)) - grid"),
    ("w / (1 + np.exp(-middle)) + b < middle", "1 / (1 + np.exp(-w * middle - b)) < middle"),
    loses=("moderate", "far"),
    hint="Your unit has its nonlinearity outside, x = sigma(w x + b). This one has it inside, as in "
    "002's eq. 8: x = w sigma(x) + b.",
)
with_tanh = slip(
    by_sign_changes,
    ("b - 1", "b - w - 1"),
    ("w / (1 + np.exp(-grid))", "w * np.tanh(grid)"),
    ("w / (1 + np.exp(-middle))", "w * np.tanh(middle)"),
    loses=("moderate", "far"),
    hint="Your unit has a tanh. This one is 002's, with the logistic function between 0 and 1.",
)
by_the_weight_alone = slip(
    REFERENCE,
    ("    if excess(left) >= 0 or excess(right) <= 0:\n        return None\n", ""),
    loses=("moderate", "far"),
    hint="Where w is above 4 you return a number, whatever b is. Two attractors there are only "
    "between the folds.",
    overflows=True,
)
merged = equal(
    REFERENCE,
    ("= 4", " 4"),
    because="at w = 4 the two places are one, and neither side is met",
)
halved = equal(
    REFERENCE,
    (">= 0", "> 0"),
    ("= 0:", " 0:"),
    ("100", "101"),
    ("100", "99"),
    ("< 0", "<= 0"),
    because="what is halved so often is as accurate as floats are, and is never exactly 0 before",
)
long_converged = equal(
    by_bisection_on_starts,
    ("2000", "2001"),
    ("2000", "1999"),
    ("lowest <", "lowest <="),
    ("> 1e", ">= 1e"),
    ("> 1e", "> 2e"),
    ("< abs", "<= abs"),
    because="the map has converged long before, and what is halved is finer than is asked",
)
another_start_by_bisection_on_starts = equal(
    by_bisection_on_starts,
    ("b + w", "w"),
    because="the start need only be above the upper attractor, and b is below 0 where there are two",
)
another_start_by_the_inverse_map = equal(
    by_the_inverse_map,
    ("b + w", "w"),
    because="the start need only be above the upper attractor, and b is below 0 where there are two",
)
either_attractor = equal(
    by_bisection_on_starts,
    ("abs(end(middle) - lowest)", "end(middle) - lowest"),
    ("(middle) - lowest", "(middle)"),
    ("end(middle) - lowest", "lowest"),
    ("end(middle) - lowest", "middle - lowest"),
    ("(middle) - highest", "(middle)"),
    ("end(middle) - highest", "highest"),
    ("end(middle) - highest", "middle - highest"),
    because="a start ends at the lower attractor, below 0, or at the upper one, above it",
)
a_bracket = equal(
    by_sign_changes,
    ("- 1", "+ 1"),
    ("b - 1", "b"),
    ("- 1", "- 2"),
    ("- 1", "- 0"),
    ("w +", "w -"),
    ("w + 1", "w"),
    ("b + w", "w"),
    ("+ 1,", "+ 2,"),
    ("+ 1,", "+ 0,"),
    ("grid = np.linspace(b - 1, b + w + 1, 50_001)", "grid = np.linspace(b - 1, b + w + 1, 50002)"),
    ("grid = np.linspace(b - 1, b + w + 1, 50_001)", "grid = np.linspace(b - 1, b + w + 1, 50000)"),
    ("< 0", "<= 0"),
    (">= 0", "> 0"),
    ("[changes[0]]", "[changes[-1]]"),
    ("[0] +", "[-1] +"),
    ("[0] + 1", "[0] + 2"),
    ("60", "61"),
    ("60", "59"),
    ("< middle", "<= middle"),
    because="there is one such change, and a bracket that holds it finds the same boundary",
)
between_the_attractors = equal(
    by_the_inverse_map,
    ("mean", "sum"),
    ("mean", "median"),
    because="one attractor lies below 0, the other one above, and their sum and median between them",
)
converged = equal(
    by_the_inverse_map,
    ("low <", "low <="),
    because="the map has converged long before, and two attractors are far more apart",
)
near_enough = equal(
    by_bisection_on_starts,
    ("< 1e-3", "< 2e-3"),
    ("< 1e-3", "< 5e-4"),
    ("> 1e-8", "> 5e-9"),
    because="two attractors are far more apart, and 1e-8 is finer than is asked",
)
long_converged_too = equal(
    by_the_inverse_map,
    ("b + w\n    for _ in range(2000)", "b + w\n    for _ in range(2001)"),
    ("b + w\n    for _ in range(2000)", "b + w\n    for _ in range(1999)"),
    ("high])\n    for _ in range(2000)", "high])\n    for _ in range(2001)"),
    ("high])\n    for _ in range(2000)", "high])\n    for _ in range(1999)"),
    ("< 1e-3", "< 2e-3"),
    ("< 1e-3", "< 5e-4"),
    because="the map has converged long before, and two attractors are far more apart",
)

rules = (
    rule("the boundary between the two basins", gives=lambda boundary: boundary is not None),
    rule(
        "or **`None`** where there is one attractor only", gives=lambda boundary: boundary is None
    ),
    rule("The same unit, the same ranges", when=lambda w, b: w > 50),
    rule(
        "keep away from merging fixed points in the same way",
        when=lambda w, b: min(abs(b - fold) for fold in folds(w)) < 0.005,
        gives=lambda boundary: boundary is None,
    ),
)
