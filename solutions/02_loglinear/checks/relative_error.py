"""relative_error: the worst entry of two gradients."""

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


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield pairs that differ a little or much, tiny entries, and the edges."""
    for shape in ((4,), (3, 2), (2, 3, 2), (25,)):
        yield case("plain", *_pair(rng, shape, 0.3))
    for size, exponent in ((3, -6), (8, -4)):
        yield case("plain", *_pair(rng, (size,), float(10 ** rng.uniform(exponent, exponent + 2))))
    for size in (2, 5):
        a, b = _pair(rng, (size,), 0.5)
        yield case("tiny", 4e-9 * a, 4e-9 * b)
        a[0] = b[0] = 0.0
        yield case("tiny", a, b)
    for size in (7e-9, 1.4e-8):  # on both sides of the smallest denominator
        share = float(rng.uniform(0.2, 0.45))
        yield case("tiny", np.array([(1 - share) * size]), np.array([share * size]))
    yield case("tiny", np.zeros(3), np.zeros(3))
    yield case("tiny", np.array([0.0, 1.0]), np.array([float(rng.uniform(0.1, 1)), 1.0]))
    for size in (3, 4):
        a, b = _pair(rng, (size,), 0.3)
        a[int(rng.integers(1, size))] = math.nan
        yield case("special", a, b)
        a, b = _pair(rng, (size,), 0.3)
        b[int(rng.integers(1, size))] = math.nan
        yield case("special", a, b)
    a, b = _pair(rng, (4,), 0.3)
    a[2] = b[2] = math.nan
    yield case("special", a, b)
    yield case("special", np.zeros(0), np.zeros(0))
    yield case("special", 3.0, float(rng.uniform(1, 2)))
    yield case("special", *(np.array(number) for number in (-1.5, float(rng.uniform(1, 2)))))
    yield case("special", np.ones((2, 1)), np.ones((1, 2)))
    yield case("special", np.ones(3), np.ones(1))


def _pair(
    rng: np.random.Generator, shape: tuple[int, ...], error: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return two arrays of entries of very different size, whose smallest entry differs most."""
    a = 10 ** rng.uniform(-1, 2, size=shape) * rng.choice([-1, 1], size=shape)
    shares = rng.uniform(0.05, 0.4, size=shape)
    smallest = np.unravel_index(np.argmin(np.abs(a)), shape)
    shares[smallest] = 1.0
    sign = rng.choice([-1, 1], size=shape)
    sign[smallest] = np.sign(a[smallest])  # so that a - b is not the largest difference
    return a, a + np.abs(a) * error * shares * sign


check = Check(
    groups={
        "plain": Group("gradients with entries of very different size", 1),
        "tiny": Group("entries that are zero or nearly so", 1),
        "special": Group("nan, no entries, single numbers, shapes that differ", 1),
    },
    draw=draw,
)


@alternative
def with_a_loop(a: np.ndarray, b: np.ndarray) -> float:
    if np.shape(a) != np.shape(b):
        raise ValueError("shapes differ")
    worst = 0.0
    for one, other in zip(np.ravel(a), np.ravel(b)):
        if math.isnan(one) or math.isnan(other):
            return math.nan
        worst = max(worst, abs(one - other) / max(1e-8, abs(one) + abs(other)))
    return worst


@alternative
def with_torch(a: np.ndarray, b: np.ndarray) -> object:
    import torch

    one, other = torch.as_tensor(np.array(a)), torch.as_tensor(np.array(b))
    if one.shape != other.shape:
        raise ValueError(f"{one.shape} and {other.shape}")
    if one.numel() == 0:
        return torch.tensor(0.0)
    return ((one - other).abs() / (one.abs() + other.abs()).clamp(min=1e-8)).max()


@alternative
def with_where(a: np.ndarray, b: np.ndarray) -> object:
    if np.shape(a) != np.shape(b):
        raise ValueError("shapes differ")
    if np.size(a) == 0:
        return 0
    size = np.abs(a) + np.abs(b)
    return np.amax(np.abs(np.subtract(a, b)) / np.where(size < 1e-8, 1e-8, size))


@alternative
def sorted_errors(a: np.ndarray, b: np.ndarray) -> float:
    one, other = np.array(a, dtype=np.longdouble), np.array(b, dtype=np.longdouble)
    if one.shape != other.shape:
        raise ValueError("shapes differ")
    errors = np.abs(one - other) / np.maximum(np.longdouble(1e-8), np.abs(one) + np.abs(other))
    return np.sort(errors, axis=None)[-1] if errors.size else 0.0


mean_of_errors = slip(
    REFERENCE,
    ("np.max(errors, initial=0.0)", "np.mean(errors) if errors.size else 0.0"),
    loses=("plain", "tiny"),
    hint="You average over the entries. One wrong entry among a thousand right ones would hardly "
    "show: take the largest error.",
)
signed = slip(
    REFERENCE,
    ("np.abs(a - b)", "(a - b)"),
    (", initial=0.0", ""),
    loses=("plain", "tiny", "special"),
    hint="The difference keeps its sign, so that an entry of b that is too large counts as a negative "
    "error. Take absolute values.",
)
absolute = slip(
    REFERENCE,
    (" / np.maximum(1e-8, np.abs(a) + np.abs(b))", ""),
    loses=("plain", "tiny", "special"),
    hint="The difference is absolute: it is not divided by the size of the entries.",
)
by_the_first_only = slip(
    REFERENCE,
    (" + np.abs(b)", ""),
    loses=("plain", "tiny", "special"),
    hint="You divide by the size of the first gradient only. Divide by |a| + |b|: then it makes no "
    "difference which of the two comes first, and the error is never more than 1.",
)
by_the_larger = slip(
    REFERENCE,
    ("np.abs(a) + np.abs(b)", "np.maximum(np.abs(a), np.abs(b))"),
    loses=("plain", "tiny", "special"),
    hint="You divide by the larger of |a| and |b|, as some other courses do. Here it is their sum.",
)
largest_by_largest = slip(
    REFERENCE,
    ("np.maximum(1e-8, np.abs(a) + np.abs(b))", "np.max(np.abs(a) + np.abs(b), initial=1e-8)"),
    loses=("plain", "tiny"),
    hint="You divide the largest difference by the largest size. A large entry then hides a wrong "
    "small one: divide entry by entry, and take the maximum last.",
)
of_norms = slip(
    REFERENCE,
    ("np.abs(a - b)", "np.linalg.norm(a - b)"),
    ("np.abs(a) + np.abs(b)", "np.linalg.norm(a) + np.linalg.norm(b)"),
    loses=("plain", "tiny"),
    hint="You compare the norms of the whole gradients. A wrong small entry disappears in it: the "
    "error is taken entry by entry, and the worst counts.",
)
guard_added = slip(
    REFERENCE,
    ("np.maximum(1e-8, ", "(1e-8 + "),
    loses="tiny",
    hint="You add 1e-8 to the denominator. It is the larger of the two: for entries of about 1e-8 "
    "that is another number.",
)
no_guard = slip(
    REFERENCE,
    ("np.maximum(1e-8, ", "("),
    loses="tiny",
    overflows=True,
    hint="Where both entries are 0 you divide 0 by 0. The formula has a smallest denominator.",
)
nan_passed_by = slip(
    REFERENCE,
    ("np.max(", "np.nanmax("),
    loses="special",
    overflows=True,
    hint="A nan in a gradient gets lost: no comparison with nan is true, so Python's max and a loop "
    "with > pass it by, and nanmax leaves it out on purpose. A broken gradient must not pass.",
)

rules = (
    rule("`a` and `b` are arrays of the same shape", when=lambda a, b: a.ndim > 1),
    rule("or two numbers", when=lambda a, b: isinstance(a, float)),
    rule(
        "Shapes that differ raise `ValueError`",
        when=lambda a, b: a.size == b.size,
        gives=ValueError,
    ),
    rule("nothing is broadcast", when=lambda a, b: b.size == 1, gives=ValueError),
    rule("Empty arrays agree", when=lambda a, b: a.size == 0),
    rule(
        "A `nan` anywhere gives `nan`", when=lambda a, b: np.isnan(a).any() and np.isfinite(b).all()
    ),
    rule("anywhere gives `nan`", when=lambda a, b: np.isnan(b).any() and np.isfinite(a).all()),
    rule("a broken gradient must not pass", when=lambda a, b: np.any(np.isnan(a) & np.isnan(b))),
    told("Infinities do not come"),
    rule("the differences are small", gives=lambda error: 0 < error < 1e-4),
)
floats_anyway = equal(
    REFERENCE,
    ("a, dtype=float", "a"),
    ("b, dtype=float", "b"),
    because="what comes is float64, whose rounding is far below the accuracy",
)
floats_anyway_sorted_errors = equal(
    sorted_errors,
    ("a, dtype=np.longdouble", "a"),
    ("b, dtype=np.longdouble", "b"),
    because="what comes is float64, whose rounding is far below the accuracy",
)
the_larger_of_two = equal(
    REFERENCE,
    (
        "errors = np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))",
        "errors = np.abs(a - b) / np.maximum(np.abs(a) + np.abs(b), 1e-08)",
    ),
    because="the larger of two does not depend on their order, and nan stays nan",
)
the_larger_of_two_with_a_loop = equal(
    with_a_loop,
    (
        "worst = max(worst, abs(one - other) / max(1e-8, abs(one) + abs(other)))",
        "worst = max(worst, abs(one - other) / max(abs(one) + abs(other), 1e-08))",
    ),
    because="the larger of two does not depend on their order, and nan stays nan",
)
the_larger_of_two_sorted_errors = equal(
    sorted_errors,
    (
        "errors = np.abs(one - other) / np.maximum(np.longdouble(1e-8), np.abs(one) + np.abs(other))",
        "errors = np.abs(one - other) / np.maximum(np.abs(one) + np.abs(other), np.longdouble(1e-08))",
    ),
    (
        "errors = np.abs(one - other) / np.maximum(np.longdouble(1e-8), np.abs(one) + np.abs(other))",
        "errors = np.abs(one - other) / np.maximum(1e-08, np.abs(one) + np.abs(other))",
    ),
    because="the larger of two does not depend on their order, and nan stays nan",
)
worst_of_two = equal(
    with_a_loop,
    (
        "worst = max(worst, abs(one - other) / max(1e-8, abs(one) + abs(other)))",
        "worst = max(abs(one - other) / max(1e-08, abs(one) + abs(other)), worst)",
    ),
    because="a nan has been returned before",
)
a_number_of_numpys = equal(
    REFERENCE,
    ("float(np.max(errors, initial=0.0))", "np.max(errors, initial=0.0)"),
    because="a number of numpy's, or Python's, is the same number",
)
a_number_of_numpys_with_torch = equal(
    with_torch,
    ("torch.tensor(0.0)", "0.0"),
    because="a number of numpy's, or Python's, is the same number",
)
either_way_round_with_a_loop = equal(
    with_a_loop,
    ("(a), np.ravel(b)", "(b), np.ravel(a)"),
    because="the error of a against b is that of b against a",
)
either_way_round_with_where = equal(
    with_where,
    ("a, b", "b, a"),
    because="the error of a against b is that of b against a",
)
no_copy = equal(
    with_torch,
    ("np.array(a)", "a"),
    ("np.array(b)", "b"),
    because="nothing is written into them",
)
at_the_edge = equal(
    with_where,
    ("< 1e", "<= 1e"),
    because="at 1e-8 itself both branches are 1e-8",
)
