"""variance: the mean of the squared distances from the mean."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.authoring.checking import REFERENCE, Case, Check, Group, alternative, case, slip


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield lists of several lengths, single values, and an empty list."""
    for length in (2, 3, 6, 9):
        yield case("numbers", rng.normal(3, 2, size=length).tolist())
    for _ in range(2):
        yield case("one", [float(rng.normal(3, 2))])
    yield case("empty", [])


check = Check(
    groups={
        "numbers": Group("lists of numbers", 2),
        "one": Group("one value", 0.5),
        "empty": Group("no values", 0.5),
    },
    draw=draw,
)


@alternative
def with_numpy(values: list[float]) -> float:
    if len(values) == 0:
        raise ValueError
    return np.var(values)


@alternative
def by_the_squares(values: list[float]) -> float:
    n = len(values)
    if n == 0:
        raise ValueError("no values")
    return max(0.0, sum(value * value for value in values) / n - (sum(values) / n) ** 2)


one_less = slip(
    REFERENCE,
    ("for value in values) / len(values)", "for value in values) / max(len(values) - 1, 1)"),
    loses="numbers",
    hint="You divide by one less than the number of values. The formula of this question divides by their number.",
)
the_root = slip(
    with_numpy,
    ("np.var", "np.std"),
    loses="numbers",
    hint="That is the standard deviation, the root of the variance.",
)
not_squared = slip(
    REFERENCE,
    ("(value - middle) ** 2", "abs(value - middle)"),
    loses="numbers",
    hint="You add up the distances. The variance adds up their squares.",
)
