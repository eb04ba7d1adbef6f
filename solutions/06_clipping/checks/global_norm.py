"""global_norm: the length of all gradients together."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

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
from autograder.authoring.comparing import Close

from .drawing import SHAPES, Grads, draw_grads, plain_gradients, spoiled


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield gradients of some arrays, of extreme sizes, and special ones."""
    for grads in plain_gradients(rng, rng.uniform(0.5, 20, size=5).tolist()):
        yield case("plain", grads)
    yield case("plain", draw_grads(rng, float(rng.uniform(1, 5)), dtype="float32"))
    for exponent in (290, 200, -200, -290):
        yield case("extremes", draw_grads(rng, float(rng.uniform(1, 9)) * 10.0**exponent))
    for exponent in (28, 24):
        norm = float(rng.uniform(1, 9)) * 10.0**exponent
        yield case("extremes", draw_grads(rng, norm, dtype="float32"))
    # One array is longer than another by more than squares of their entries can be.
    apart = {"E": np.zeros((2, 3)), **draw_grads(rng, 1.0), "h0": np.full(3, 1e-170)}
    apart["W_h"] = apart["W_h"] * 10.0**180
    yield case("extremes", apart)
    yield case("special", {})
    yield case("special", {"W": np.zeros((2, 3)), "b": np.zeros(3)})
    yield case("special", {"scale": np.array(-rng.uniform(2, 5))})
    for value in (math.nan, math.inf, -math.inf):
        name = str(rng.choice(list(SHAPES)))
        yield case("special", spoiled(rng, draw_grads(rng, 2.0), value, name))
    zeros = {name: np.zeros(shape) for name, shape in SHAPES.items()}
    for name in (next(iter(SHAPES)), "b"):  # a nan among zeros, in the first array and in another
        yield case("special", spoiled(rng, zeros, math.nan, name))


check = Check(
    groups={
        "plain": Group("gradients of some arrays of many shapes", 1),
        "extremes": Group("huge and tiny gradients, whose squares are beyond the format", 1),
        "special": Group("no gradients, zeros, single numbers, nan and infinity", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=0.0),
)


@alternative
def with_hypot(grads):
    return math.hypot(*(float(x) for g in grads.values() for x in np.ravel(g)))


@alternative
def in_one_vector(grads):
    if len(grads) == 0:
        return 0
    flat = np.concatenate([np.ravel(g).astype(np.float64) for g in grads.values()])
    largest = np.max(np.abs(flat))
    if not 0 < largest < np.inf:
        return largest
    return np.linalg.norm(flat / largest) * largest


@alternative
def in_a_loop(grads):
    largest, total = 0.0, 0.0
    for g in grads.values():
        for x in g.flatten().tolist():
            if math.isnan(x):
                return x
            largest = max(largest, abs(x))
    if largest == 0 or largest == math.inf:
        return largest
    for g in grads.values():
        for x in g.flatten().tolist():
            total += (x / largest) ** 2
    return largest * total**0.5


@alternative
def with_torch(grads):
    import torch

    if not grads:
        return 0.0
    flat = torch.cat([torch.tensor(g).double().flatten() for g in grads.values()])
    largest = flat.abs().max()
    if largest == 0 or not torch.isfinite(largest):
        return largest
    return torch.linalg.vector_norm(flat / largest) * largest


sum_of_norms = slip(
    REFERENCE,
    ("math.sqrt(sum(float(", "sum((math.sqrt("),
    loses=("plain", "extremes"),
    hint="You add up the norms of the arrays. All entries of all arrays are one vector: add up the "
    "squares, and take one root.",
)
norm_of_the_longest = slip(
    REFERENCE,
    ("sum(float(", "np.max([float("),
    ("sizes))", "sizes]))"),
    loses=("plain", "extremes"),
    hint="You return the norm of the longest array. All entries of all arrays count together.",
)
squared = slip(
    REFERENCE,
    ("largest * math.sqrt(", "largest * largest * ("),
    loses=("plain", "extremes", "special"),
    hint="The root is missing: this is the square of the norm.",
)
squares_overflow = slip(
    REFERENCE,
    (", dtype=np.float64", ""),
    ("(size / largest) ** 2", "size**2"),
    ("largest * math", "math"),
    loses="extremes",
    hint="Your norm overflows, or is rounded to 0, because the entries are squared as they are. "
    "Divide by the largest of them first (float32 overflows far sooner than float64).",
    overflows=True,
)
only_huge_ones_scaled = slip(
    REFERENCE,
    ("initial=0", "initial=1"),
    loses="extremes",
    hint="Tiny entries are rounded to 0 when they are squared. Huge ones are right in your version: "
    "scale by the largest entry whatever its size.",
)
absolute_values = slip(
    REFERENCE,
    ("math.sqrt", ""),
    (" ** 2", ""),
    loses=("plain", "extremes"),
    hint="You add up absolute values. The norm is the root of the sum of squares.",
)
root_mean_square = slip(
    in_one_vector,
    ("np.linalg.norm(flat / largest)", "np.sqrt(np.mean((flat / largest) ** 2))"),
    loses=("plain", "extremes"),
    hint="You take the mean of the squares. The norm is the root of their sum: it does not get smaller "
    "where there are more parameters.",
)
spectral = slip(
    in_one_vector,
    (
        "np.linalg.norm(flat / largest)",
        "math.hypot(*(np.linalg.norm(np.atleast_1d(g / largest), 2) for g in grads.values()))",
    ),
    loses=("plain", "extremes"),
    hint="For matrices you take the largest singular value (np.linalg.norm with ord 2 does that). The "
    "entries of a matrix count like those of a vector.",
)
nan_left_out = slip(
    REFERENCE,
    ("np.asarray(grad, dtype=np.float64)", "np.where(np.isnan(grad), 0.0, grad)"),
    loses="special",
    hint="Entries that are nan are left out (np.nansum does that), so the norm looks healthy. It is nan "
    "where an entry is, or nobody will notice.",
    overflows=True,
)


def _largest(grads: Grads) -> float:
    """Return the largest entry, where all are finite."""
    return max(float(np.abs(grad).max()) for grad in grads.values())


rules = (
    rule("No arrays at all", when=lambda grads: not grads, gives=lambda norm: norm == 0),
    rule("or arrays of zeros: 0", when=lambda grads: _largest(grads) == 0),
    rule(
        "**It must not overflow",
        "entries may be as large as 1e300",
        "Look for the largest entry first",
        when=lambda grads: 1e160 < _largest(grads) < math.inf,
    ),
    rule(
        "(1e30 in float32)",
        when=lambda grads: grads["b"].dtype == np.float32 and _largest(grads) > 1e20,
    ),
    rule("They may also be as small as 1e-300", when=lambda grads: 0 < _largest(grads) < 1e-160),
    rule("If an entry is `nan`, the norm is `nan`", gives=math.isnan),
    rule("If one is infinite, the norm is infinite", gives=math.isinf),
    told("Both at once does not come"),
)
in_float32 = equal(
    REFERENCE,
    (", dtype=np.float64", ""),
    because="divided by the largest entry, float32 overflows nowhere, and is exact to 1e-6",
)
in_float32_with_torch = equal(
    with_torch,
    ("double().", ""),
    because="divided by the largest entry, float32 overflows nowhere, and is exact to 1e-6",
)
as_it_came = equal(
    REFERENCE,
    ("np.asarray(grad, dtype=np.float64)", "grad"),
    because="gradients are arrays, and divided by the largest entry float32 is exact to 1e-6",
)
numbers_of_numpy = equal(
    REFERENCE,
    (
        "float(np.max([0.0, *(size.max(initial=0) for size in sizes)]))",
        "np.max([0.0, *(size.max(initial=0) for size in sizes)])",
    ),
    ("float(((size / largest) ** 2).sum())", "((size / largest) ** 2).sum()"),
    because="a number of numpy is a number",
)
no_empty_array = equal(
    REFERENCE,
    ("initial=0", ""),
    ("=0", "=-1"),
    because="no array is empty, and no size is below 0",
)
numbers_of_numpy_too = equal(
    with_hypot,
    ("float(x)", "x"),
    because="math.hypot makes floats of its arguments",
)
either_order = equal(
    in_a_loop,
    ("largest, abs(x)", "abs(x), largest"),
    because="where one is nan it is returned before they are compared",
)
numbers_of_numpy_in_a_loop = equal(
    in_a_loop,
    ("g.flatten().tolist():\n            if", "g.flatten():\n            if"),
    ("g.flatten().tolist():\n            total", "g.flatten():\n            total"),
    because="divided by the largest entry, float32 overflows nowhere, and is exact to 1e-6",
)
