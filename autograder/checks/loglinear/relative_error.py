"""relative_error: the worst entry of two gradients."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.checking import Case, Check, Group, case, correct_way, misconception


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield pairs that differ a little or much, tiny entries, and the edges."""
    for shape in ((4,), (3, 2), (2, 3, 2), (25,)):
        yield case("plain", *_pair(rng, shape, 0.3))
    for size in (3, 8):
        yield case("plain", *_pair(rng, (size,), float(10 ** rng.uniform(-6, -2))))
    for size in (2, 5):
        a, b = _pair(rng, (size,), 0.5)
        yield case("tiny", 4e-9 * a, 4e-9 * b)
        a[0] = b[0] = 0.0
        yield case("tiny", a, b)
    yield case("tiny", np.zeros(3), np.zeros(3))
    yield case("tiny", np.array([0.0, 1.0]), np.array([float(rng.uniform(0.1, 1)), 1.0]))
    for size in (3, 4):
        a, b = _pair(rng, (size,), 0.3)
        a[int(rng.integers(1, size))] = math.nan
        yield case("special", a, b)
        a, b = _pair(rng, (size,), 0.3)
        b[int(rng.integers(1, size))] = math.nan
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


@misconception(
    "plain",
    "tiny",
    hint="You average over the entries. One wrong entry among a thousand right ones would hardly "
    "show: take the largest error.",
)
def mean_of_errors(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    errors = np.abs(a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))
    return float(errors.mean()) if errors.size else 0.0


@misconception(
    "plain",
    "tiny",
    "special",
    hint="The difference keeps its sign, so that an entry of b that is too large counts as a negative "
    "error. Take absolute values.",
)
def signed(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    errors = (a - b) / np.maximum(1e-8, np.abs(a) + np.abs(b))
    return float(errors.max()) if errors.size else 0.0


@misconception(
    "plain",
    "tiny",
    "special",
    hint="The difference is absolute: it is not divided by the size of the entries.",
)
def absolute(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    return float(np.max(np.abs(a - b), initial=0.0))


@misconception(
    "plain",
    "tiny",
    "special",
    hint="You divide by the size of the first gradient only. Divide by |a| + |b|: then it makes no "
    "difference which of the two comes first, and the error is never more than 1.",
)
def by_the_first_only(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, np.abs(a)), initial=0.0))


@misconception(
    "plain",
    "tiny",
    "special",
    hint="You divide by the larger of |a| and |b|, as some other courses do. Here it is their sum.",
)
def by_the_larger(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    larger = np.maximum(np.abs(a), np.abs(b))
    return float(np.max(np.abs(a - b) / np.maximum(1e-8, larger), initial=0.0))


@misconception(
    "plain",
    "tiny",
    hint="You divide the largest difference by the largest size. A large entry then hides a wrong "
    "small one: divide entry by entry, and take the maximum last.",
)
def largest_by_largest(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    if a.size == 0:
        return 0.0
    return float(np.max(np.abs(a - b)) / max(1e-8, np.max(np.abs(a) + np.abs(b))))


@misconception(
    "plain",
    "tiny",
    hint="You compare the norms of the whole gradients. A wrong small entry disappears in it: the "
    "error is taken entry by entry, and the worst counts.",
)
def of_norms(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    norm = math.sqrt(np.sum((a - b) ** 2))
    return norm / max(1e-8, math.sqrt(np.sum(a**2)) + math.sqrt(np.sum(b**2)))


@misconception(
    "tiny",
    hint="You add 1e-8 to the denominator. It is the larger of the two: for entries of about 1e-8 "
    "that is another number.",
)
def guard_added(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    return float(np.max(np.abs(a - b) / (1e-8 + np.abs(a) + np.abs(b)), initial=0.0))


@misconception(
    "tiny",
    overflows=True,
    hint="Where both entries are 0 you divide 0 by 0. The formula has a smallest denominator.",
)
def no_guard(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    return float(np.max(np.abs(a - b) / (np.abs(a) + np.abs(b)), initial=0.0))


@misconception(
    "special",
    overflows=True,
    hint="A nan in a gradient gets lost: no comparison with nan is true, so Python's max and a loop "
    "with > pass it by, and nanmax leaves it out on purpose. A broken gradient must not pass.",
)
def nan_passed_by(a: np.ndarray, b: np.ndarray) -> float:
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        raise ValueError("shapes")
    worst = 0.0
    for one, other in zip(a.ravel(), b.ravel()):
        error = abs(one - other) / max(1e-8, abs(one) + abs(other))
        if error > worst:
            worst = float(error)
    return worst


@correct_way
def with_a_loop(a: np.ndarray, b: np.ndarray) -> float:
    if np.shape(a) != np.shape(b):
        raise ValueError("shapes differ")
    worst = 0.0
    for one, other in zip(np.ravel(a), np.ravel(b)):
        if math.isnan(one) or math.isnan(other):
            return math.nan
        worst = max(worst, abs(one - other) / max(1e-8, abs(one) + abs(other)))
    return worst


@correct_way
def with_torch(a: np.ndarray, b: np.ndarray) -> object:
    import torch

    one, other = torch.as_tensor(np.array(a)), torch.as_tensor(np.array(b))
    if one.shape != other.shape:
        raise ValueError(f"{one.shape} and {other.shape}")
    if one.numel() == 0:
        return torch.tensor(0.0)
    return ((one - other).abs() / (one.abs() + other.abs()).clamp(min=1e-8)).max()


@correct_way
def with_where(a: np.ndarray, b: np.ndarray) -> object:
    if np.shape(a) != np.shape(b):
        raise ValueError("shapes differ")
    if np.size(a) == 0:
        return 0
    size = np.abs(a) + np.abs(b)
    return np.amax(np.abs(np.subtract(a, b)) / np.where(size < 1e-8, 1e-8, size))


@correct_way
def sorted_errors(a: np.ndarray, b: np.ndarray) -> float:
    one, other = np.array(a, dtype=np.longdouble), np.array(b, dtype=np.longdouble)
    if one.shape != other.shape:
        raise ValueError("shapes differ")
    errors = np.abs(one - other) / np.maximum(np.longdouble(1e-8), np.abs(one) + np.abs(other))
    return np.sort(errors, axis=None)[-1] if errors.size else 0.0
