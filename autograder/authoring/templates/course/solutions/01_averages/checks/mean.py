"""mean: the sum of some numbers, divided by how many there are."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.authoring.checking import REFERENCE, Case, Check, Group, alternative, case, slip


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield lists of several lengths, and an empty one."""
    for length in (1, 3, 5, 8):
        yield case("numbers", rng.normal(3, 2, size=length).tolist())
    yield case("empty", [])


check = Check(
    groups={"numbers": Group("lists of numbers", 1.5), "empty": Group("no values", 0.5)},
    draw=draw,
)


@alternative
def with_numpy(values: list[float]) -> float:
    if len(values) == 0:
        raise ValueError
    return np.mean(values)


@alternative
def with_a_loop(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    if not values:
        raise ValueError("expected one value at least")
    return total / len(values)


not_divided = slip(
    REFERENCE,
    (" / len(values)", ""),
    loses="numbers",
    hint="You return the sum. A mean is the sum, divided by how many values there are.",
)
first_left_out = slip(
    with_a_loop,
    ("in values:", "in values[1:]:"),
    loses="numbers",
    hint="The first value is missing from your sum.",
)
the_middle = slip(
    with_numpy,
    ("np.mean", "np.median"),
    loses="numbers",
    hint="That is the median, the value in the middle. The mean divides the sum by the number.",
)
