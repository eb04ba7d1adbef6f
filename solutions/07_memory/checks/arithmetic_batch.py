"""arithmetic_batch: the sum, or the product, of two marked numbers."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

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
)

from .drawing import DRAWN, AlwaysAndOften, different


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield sums and products, of even and odd lengths and short ones, and what is refused."""
    for T in (6, 7, int(rng.choice([8, 9]))):
        yield _batch(rng, "addition", T, "addition")
        yield _batch(rng, "multiplication", T, "multiplication")
    for T, operation in ((2, "addition"), (3, "multiplication")):
        yield _batch(rng, "special", T, operation)
    yield different(rng, "addition", 3, 8, "addition")
    for T, operation in ((1, "addition"), (0, "multiplication"), (8, "subtraction"), (8, "add")):
        yield case("special", generator(rng), 5, T, operation)


def _batch(rng: np.random.Generator, group: str, T: int, operation: str) -> Case:
    return Case(group, (generator(rng), DRAWN, T, operation), probe="marked numbers")


check = Check(
    groups={
        "addition": Group("the addition problem", 2),
        "multiplication": Group("the multiplication problem", 1),
        "special": Group("two steps or three, and what is refused", 1),
    },
    draw=draw,
    compare=AlwaysAndOften(),
    seconds_per_case=10.0,
)


@alternative
def column_by_column(rng, batch, T, operation):
    if operation not in {"addition", "multiplication"}:
        raise ValueError("operation")
    inputs, targets = [], []
    for _ in range(batch):
        numbers, marks = rng.uniform(size=T), np.zeros(T)
        i, j = rng.integers(T // 2), rng.integers(T // 2, T)
        marks[i] = marks[j] = 1.0
        inputs.append(np.stack([numbers, marks], axis=1))
        sum_of = numbers[i] + numbers[j]
        targets.append(sum_of if operation == "addition" else numbers[i] * numbers[j])
    return np.stack(inputs, axis=1), targets


@alternative
def by_shuffled_marks(rng, batch, T, operation):
    if T < 2 or operation not in ("addition", "multiplication"):
        raise ValueError("expected T >= 2 and addition or multiplication")
    numbers, half = rng.random((T, batch)), T // 2
    marks = np.zeros((T, batch))
    marks[0], marks[half] = 1, 1
    marks[:half] = rng.permuted(marks[:half], axis=0)
    marks[half:] = rng.permuted(marks[half:], axis=0)
    marked = np.where(marks == 1, numbers, 0 if operation == "addition" else 1)
    targets = marked.sum(axis=0) if operation == "addition" else marked.prod(axis=0)
    return np.stack([numbers, marks], axis=-1), targets


@alternative
def with_torch_seeded_by_rng(rng, batch, T, operation):
    import torch

    if T < 2 or operation not in ("addition", "multiplication"):
        raise ValueError("T or operation")
    source = torch.Generator().manual_seed(int(rng.integers(2**62)))
    x = torch.zeros(T, batch, 2, dtype=torch.float64)
    x[..., 0] = torch.rand(T, batch, generator=source, dtype=torch.float64)
    columns = torch.arange(batch)
    one = torch.randint(T // 2, (batch,), generator=source)
    two = torch.randint(T // 2, T, (batch,), generator=source)
    x[one, columns, 1] = 1
    x[two, columns, 1] = 1
    a, b = x[one, columns, 0], x[two, columns, 0]
    return x, (a + b if operation == "addition" else a * b)


marks_anywhere = slip(
    REFERENCE,
    ("second = rng.integers(T // 2, T, size=batch)", "second = rng.integers(T, size=batch)"),
    loses=("addition", "multiplication", "special"),
    hint="The second mark may stand in the first half, even at the place of the first. It stands in the "
    "second half.",
)
last_place_left_out = slip(
    REFERENCE,
    (
        "rng.integers(T // 2, T, size=batch)",
        "rng.integers(T // 2, max(T - 1, T // 2 + 1), size=batch)",
    ),
    loses=("addition", "multiplication", "special"),
    hint="The last place is never marked. The second half goes to T - 1, and the upper end of rng.integers "
    "is not included.",
)
middle_in_the_first_half = slip(
    REFERENCE,
    ("rng.integers(T // 2, size=batch)", "rng.integers(T // 2 + 1, size=batch)"),
    loses=("addition", "multiplication", "special"),
    hint="The first mark may stand at place T // 2, which is the second half's. The first half ends at "
    "T // 2 - 1.",
)
marks_at_one_place = slip(
    REFERENCE,
    ("first = rng.integers(T // 2, size=batch)", "first = np.full(batch, rng.integers(T // 2))"),
    loses=("addition", "multiplication"),
    hint="In all sequences of a batch the first mark is at the same place. Each is drawn by itself.",
)
same_place_in_both_halves = slip(
    REFERENCE,
    ("second = rng.integers(T // 2, T, size=batch)", "second = first + T // 2"),
    loses=("addition", "multiplication", "special"),
    hint="The two marks are always equally far apart. Their places are independent.",
)
mean_for_sum = slip(
    REFERENCE,
    ("one + other if", "(one + other) / 2 if"),
    loses=("addition", "special"),
    hint="The target is the mean of the two numbers. Asked for is their sum.",
)
product_for_sum = slip(
    REFERENCE,
    ('one + other if operation == "addition" else one * other', "one + other"),
    loses=("multiplication", "special"),
    hint="The target is the sum for both operations. For multiplication it is the product.",
)
both_signs = slip(
    REFERENCE,
    ("rng.random((T, batch))", "rng.uniform(-1, 1, (T, batch))"),
    loses=("addition", "multiplication", "special"),
    hint="Half of your numbers are negative. They are uniform between 0 and 1.",
)
one_number_for_all = slip(
    REFERENCE,
    ("rng.random((T, batch))", "rng.random((T, 1))"),
    loses=("addition", "multiplication", "special"),
    hint="All sequences of a batch have the same numbers. Each number is drawn by itself.",
)
batch_first = slip(
    REFERENCE,
    ("return inputs,", "return inputs.swapaxes(0, 1),"),
    loses=("addition", "multiplication", "special"),
    hint="The batch comes first in your inputs. Here time does: shape (T, batch, 2).",
)
seeded_inside = slip(
    REFERENCE,
    ("    columns =", "    rng = np.random.default_rng(0)\n    columns ="),
    ("    inputs = np", "    rng = np.random.default_rng(0)\n    inputs = np"),
    loses=("addition", "multiplication", "special"),
    hint="Every batch is the same: you make a generator with a seed of its own. Use rng, which goes on from "
    "call to call.",
)
no_place_left = equal(
    REFERENCE,
    ("T < 2 or operation", "operation"),
    ("T < 2", "T < 1"),
    because="with fewer steps no place is left, and numpy refuses to draw one, with a ValueError",
)
whole_parts = equal(
    REFERENCE,
    ("integers(T // 2, size", "integers(T / 2, size"),
    ("integers(T // 2, T", "integers(T / 2, T"),
    because="numpy takes the whole part of a bound that is a float",
)
whole_parts_column_by_column = equal(
    column_by_column,
    ("rng.integers(T // 2), ", "rng.integers(T / 2), "),
    ("T // 2, T", "T / 2, T"),
    because="numpy takes the whole part of a bound that is a float",
)
single_precision = equal(
    with_torch_seeded_by_rng,
    ("batch, 2, dtype=torch.float64", "batch, 2"),
    ("generator=source, dtype=torch.float64", "generator=source"),
    settled="Arrays are float64, or float32",
)
any_seed = equal(
    with_torch_seeded_by_rng,
    ("torch.Generator().manual_seed", "torch.manual_seed"),
    ("2**62", "2**63"),
    ("2**62", "2**61"),
    settled="All randomness comes from `rng`",
)

rules = (
    rule(
        "`inputs` has the shape",
        "`inputs[..., 0]` are numbers",
        "1 at two places of each sequence",
        when=lambda rng, n, T, operation: n == DRAWN,
    ),
    rule("One marked place lies", when=lambda rng, n, T, operation: n == DRAWN and T % 2 and T > 3),
    rule(
        "`targets` has the shape",
        when=lambda rng, n, T, operation: n == DRAWN and operation == "multiplication",
    ),
    rule("Where T is below 2", gives=ValueError),
)
