"""temporal_order_batch: which symbols came, and in which order."""

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

from .drawing import DRAWN, FEW, AlwaysAndOften, different


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield problems of two and three bits, of odd and even lengths, and what is refused.

    One length is such that no two ways to round the begin of a range agree. One batch of each
    number of bits is large enough for shares, the others for what comes at all.
    """
    for T, drawn in ((20, DRAWN), (int(rng.choice([25, 35])), FEW), (39, FEW)):
        yield _batch(rng, "two bits", drawn, T, 2)
    for T, drawn in ((int(rng.choice([20, 26])), DRAWN), (35, FEW), (30, FEW)):
        yield _batch(rng, "three bits", drawn, T, 3)
    for bits in (2, 3):
        yield _batch(rng, "special", FEW, int(rng.choice([12, 13, 15, 16, 18, 19])), bits)
        yield _batch(rng, "special", FEW, 10, bits)
    yield different(rng, "two bits", 3, 20, 2)
    for T, bits in ((9, 2), (int(rng.integers(1, 9)), 3), (20, 1), (20, 4)):
        yield case("special", generator(rng), 5, T, bits)


def _batch(rng: np.random.Generator, group: str, drawn: int, T: int, bits: int) -> Case:
    return Case(group, (generator(rng), drawn, T, bits), probe="marked symbols")


check = Check(
    groups={
        "two bits": Group("two symbols that count", 2),
        "three bits": Group("three symbols that count", 1),
        "special": Group("short sequences, and what is refused", 1),
    },
    draw=draw,
    compare=AlwaysAndOften(),
    seconds_per_case=10.0,
)


@alternative
def column_by_column(rng, batch, T, bits):
    if not 2 <= bits <= 3:
        raise ValueError("bits")
    d = T // 10
    columns, classes = [], []
    for _ in range(batch):
        column = rng.integers(2, 6, size=T)
        number = 0
        for i in range(bits):
            start = int(i * T / bits)
            symbol = rng.integers(2)
            column[start + rng.integers(d)] = symbol
            number = 2 * number + symbol
        columns.append(column)
        classes.append(number)
    return np.array(columns).T, classes


@alternative
def classes_first(rng, batch, T, bits):
    if bits not in {2, 3}:
        raise ValueError("expected bits 2 or 3")
    begins = {2: [0, T // 2], 3: [0, T // 3, (2 * T) // 3]}[bits]
    classes = rng.integers(2**bits, size=batch)
    ids = rng.choice([2, 3, 4, 5], size=(batch, T))
    for i, begin in enumerate(begins):
        places = begin + rng.integers(T // 10, size=batch)
        ids[np.arange(batch), places] = classes >> (bits - 1 - i) & 1
    return ids.T, classes


@alternative
def with_torch_seeded_by_rng(rng, batch, T, bits):
    import torch

    if T < 10 or bits not in (2, 3):
        raise ValueError("T or bits")
    source = torch.Generator().manual_seed(int(rng.integers(2**62)))
    d = T // 10
    ids = torch.randint(2, 6, (T, batch), generator=source)
    symbols = torch.randint(2, (bits, batch), generator=source)
    begins = [0, T // 2] if bits == 2 else [0, T // 3, 2 * T // 3]
    for begin, row in zip(begins, symbols):
        ids[torch.randint(begin, begin + d, (batch,), generator=source), torch.arange(batch)] = row
    weights = 2 ** torch.arange(bits - 1, -1, -1)
    return ids, (weights[:, None] * symbols).sum(0)


end_is_one_too_far = slip(
    REFERENCE,
    ("rng.integers(begin, begin + tenth, size", "rng.integers(begin, begin + tenth + 1, size"),
    loses=("two bits", "three bits", "special"),
    hint="Your ranges are one place too long at their end. The last place is begin + T // 10 - 1.",
)
always_the_first_place = slip(
    REFERENCE,
    ("rng.integers(begin, begin + tenth, size=batch)", "begin"),
    loses=("two bits", "three bits"),
    hint="The symbols that count always stand at the first place of their range. The place is drawn.",
)
one_place_for_all = slip(
    REFERENCE,
    (
        "    for begin in begins:\n",
        "    offset = rng.integers(tenth, size=batch)\n    for begin in begins:\n",
    ),
    ("rng.integers(begin, begin + tenth, size=batch)", "begin + offset"),
    loses=("two bits", "three bits"),
    hint="The symbols that count are always equally far apart: one place is drawn for all of them. "
    "Each is drawn by itself.",
)
begins_a_tenth_later = slip(
    REFERENCE,
    ("number * T // bits for", "number * T // bits or tenth for"),
    loses=("two bits", "three bits", "special"),
    hint="Your first range begins a tenth later, as in the published code. Here it begins at place 0.",
)
others_may_be_a_or_b = slip(
    REFERENCE,
    ("rng.integers(2, 6, size=(T, batch))", "rng.integers(6, size=(T, batch))"),
    loses=("two bits", "three bits", "special"),
    hint="Among the symbols that distract there are A and B too, so that the class cannot be told. Only 2 "
    "to 5 distract.",
)
last_one_never_comes = slip(
    REFERENCE,
    ("rng.integers(2, 6, size=(T, batch))", "rng.integers(2, 5, size=(T, batch))"),
    loses=("two bits", "three bits", "special"),
    hint="The symbol 5 never comes: the upper end of rng.integers is not included.",
)
read_backwards = slip(
    REFERENCE,
    ("    for begin in begins:\n", "    for bit, begin in enumerate(begins):\n"),
    ("2 * classes + symbols", "classes + 2**bit * symbols"),
    loses=("two bits", "three bits", "special"),
    hint="The class is written with the last symbol first, so that AB and BA are exchanged. The first "
    "symbol is the highest digit.",
)
only_whether_they_differ = slip(
    REFERENCE,
    ("2 * classes + symbols", "(classes + symbols) % 2"),
    loses=("two bits", "three bits", "special"),
    hint="There are only two classes: whether the number of B is odd. Which symbol came first must be told.",
)
the_same_distraction = slip(
    REFERENCE,
    (
        "rng.integers(2, 6, size=(T, batch))",
        "np.tile(rng.integers(2, 6, size=(T, 1)), (1, batch))",
    ),
    loses=("two bits", "three bits", "special"),
    hint="All sequences of a batch have the same distraction. Each is drawn by itself.",
)
batch_first = slip(
    REFERENCE,
    ("return ids, classes", "return ids.T, classes"),
    loses=("two bits", "three bits", "special"),
    hint="The batch comes first in your ids. Here time does: shape (T, batch).",
)
in_parts_of_equal_length = slip(
    REFERENCE,
    ("number * T // bits", "number * (T // bits)"),
    loses="three bits",
    hint="The third range begins too early for some lengths: first multiply, then round down.",
)
seeded_inside = slip(
    REFERENCE,
    ("    tenth = T // 10", "    rng = np.random.default_rng(0)\n    tenth = T // 10"),
    loses=("two bits", "three bits", "special"),
    hint="Every batch is the same: you make a generator with a seed of its own. Use rng, which goes on from "
    "call to call.",
)
no_place_left = equal(
    REFERENCE,
    ("T < 10 or bits", "bits"),
    ("T < 10", "T < 9"),
    because="with fewer steps no place is left, and numpy refuses to draw one, with a ValueError",
)
whole_parts = equal(
    REFERENCE,
    ("T // 10", "T / 10"),
    ("number * T // bits", "number * T / bits"),
    because="numpy takes the whole part of a bound that is a float",
)
whole_parts_column_by_column = equal(
    column_by_column,
    ("T // 10", "T / 10"),
    because="numpy takes the whole part of a bound that is a float",
)
whole_parts_classes_first = equal(
    classes_first,
    ("T // 10, size", "T / 10, size"),
    because="numpy takes the whole part of a bound that is a float",
)
rounded_once_more = equal(
    column_by_column,
    ("i * T / bits", "i * T // bits"),
    because="what was rounded down is a whole number",
)
any_seed = equal(
    with_torch_seeded_by_rng,
    ("torch.Generator().manual_seed", "torch.manual_seed"),
    ("2**62", "2**63"),
    ("2**62", "2**61"),
    settled="All randomness comes from `rng`",
)

rules = (
    rule("`ids` has the shape", "`classes` has the shape", when=lambda rng, n, T, bits: n == DRAWN),
    rule("With $d =", when=lambda rng, n, T, bits: bits == 2 and T % 2 and T >= 20),
    rule("(The code that its authors", "Each place is drawn", when=lambda r, n, T, bits: T >= 20),
    rule("Each of them is A or B", "At all other places", when=lambda rng, n, T, bits: n == DRAWN),
    rule("The class is the number", when=lambda rng, n, T, bits: bits == 3 and n == DRAWN),
    rule("Where T is below 10", gives=ValueError),
)
