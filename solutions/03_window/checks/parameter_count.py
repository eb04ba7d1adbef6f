"""parameter_count: how large the model is."""

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
    rule,
    slip,
)
from autograder.authoring.comparing import Close


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models from tiny to large, and sizes that no model has."""
    for group, direct in (("without", False), ("direct", True)):
        for largest in (12, 60, 20_000):
            yield case(group, *_sizes(rng, largest), direct)
        yield case(group, *_sizes(rng, 100), direct)
        yield case(group, 5_000_000 + int(rng.integers(1_000)), 300, 5, 401, direct)
    V, m, n, h = _sizes(rng, 30)
    for wrong in ((0, m, n, h), (V, 0, n, h), (V, m, 1, h), (V, m, n, 0), (V, m, 0, h)):
        yield case("edges", *wrong, bool(rng.integers(2)))
    yield case("edges", 1, 1, 2, 1, False)
    yield case("edges", 1, 1, 2, 1, True)


def _sizes(rng: np.random.Generator, largest: int) -> tuple[int, int, int, int]:
    """Return V, m, n and h."""
    n = int(rng.integers(3, 8))
    return int(rng.integers(8, largest)), int(rng.integers(2, 60)), n, int(rng.integers(2, 120))


check = Check(
    groups={
        "without": Group("models without direct connections", 1),
        "direct": Group("models with direct connections", 0.5),
        "edges": Group("the smallest model, and sizes below what the statement allows", 0.5),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=1e-9),
)


@alternative
def by_the_formula(V: int, m: int, n: int, h: int, direct: bool) -> int:
    if V < 1 or m < 1 or h < 1 or n < 2:
        raise ValueError("sizes")
    total = V * (1 + n * m + h) + h * (1 + (n - 1) * m)
    return total - (0 if direct else V * (n - 1) * m)


@alternative
def array_by_array(V: int, m: int, n: int, h: int, direct: bool) -> object:
    if not (V >= 1 and m >= 1 and h >= 1 and n >= 2):
        raise ValueError
    window = n - 1
    shapes = [(V, m), (window * m, h), (h,), (h, V), (V,)]
    if direct:
        shapes.append((window * m, V))
    return np.sum([np.prod(shape) for shape in shapes])


@alternative
def by_building_it(V: int, m: int, n: int, h: int, direct: bool) -> float:
    for size, least in ((V, 1), (m, 1), (n, 2), (h, 1)):
        if size < least:
            raise ValueError(size)
    count = 0.0
    for shape in [(V, m), ((n - 1) * m, h), (1, h), (h, V), (1, V)]:
        count += shape[0] * shape[1]
    return count + (n - 1) * m * V * direct


n_is_the_window = slip(
    REFERENCE,
    ("(n - 1) * m", "n * m"),
    loses=("without", "direct", "edges"),
    hint="You take n for the number of words in the window. Bengio's n counts the predicted word "
    "too, so the window is one shorter.",
)
biases_forgotten = slip(
    REFERENCE,
    ("h * (1 + features) + V * (1 + h)", "h * features + V * h"),
    loses=("without", "direct", "edges"),
    hint="The biases are missing: d has a number for each hidden unit, b one for each word.",
)
direct_ignored = slip(
    REFERENCE,
    (" + V * features if direct else count", ""),
    loses=("direct", "edges"),
    hint="Direct connections cost parameters too: W has a number for each feature of the context "
    "and each word.",
)
always_direct = slip(
    REFERENCE,
    (" if direct else count", ""),
    loses=("without", "edges"),
    hint="You count W in any case. The formula of the paper is that with direct connections; "
    "without them W does not exist.",
)
features_gone_with_direct = slip(
    by_the_formula,
    ("V * (n - 1) * m", "V * n * m"),
    loses=("without", "edges"),
    hint="Without direct connections you leave out too much: the term nm of the paper's formula "
    "holds those of W and the features in C, and C is always there.",
)
features_at_every_place = slip(
    REFERENCE,
    ("count = V * m", "count = V * features"),
    loses=("without", "direct"),
    hint="You count features for each place of the context in C. The places share one table: C has "
    "a row for each word, whatever the window.",
)
one_place_in_the_hidden_layer = slip(
    REFERENCE,
    ("(n - 1) * m", "m"),
    loses=("without", "direct"),
    hint="The hidden layer sees the features of all words of the context joined, not those of one "
    "word: H has rows for every place.",
)
any_order = equal(
    REFERENCE,
    ("V, m, h) <", "m, V, h) <"),
    ("V, m, h) <", "V, h, m) <"),
    because="the smallest of some numbers does not depend on their order",
)

rules = (
    rule("counts the predicted word", when=lambda V, m, n, h, direct: n > 2, gives=lambda n: n > 0),
    rule("whether there are direct connections", when=lambda V, m, n, h, direct: direct),
    rule("Count every entry of every array", when=lambda V, m, n, h, direct: not direct),
    rule("Return a whole number, exactly", gives=lambda count: count > 2**31),
    rule("`V`, `m` or `h` below 1", when=lambda V, m, n, h, direct: V == 0, gives=ValueError),
    rule("`m` or `h` below 1", when=lambda V, m, n, h, direct: m == 0, gives=ValueError),
    rule("or `h` below 1", when=lambda V, m, n, h, direct: h == 0, gives=ValueError),
    rule("`n` below 2", when=lambda V, m, n, h, direct: n == 1, gives=ValueError),
)
