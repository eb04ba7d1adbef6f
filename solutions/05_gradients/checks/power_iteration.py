"""power_iteration: the spectral radius by multiplying again and again."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

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
    told,
)
from autograder.guest.recipes import Recipe

from .drawing import blocks, rotation, skewed


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield matrices with a gap, large and small ones, and those of which a start may see nothing."""
    for largest, others in ((1.2, (0.7, -0.3)), (-0.9, (0.5,)), (-1.1, (0.6, 0.2, -0.4))):
        values = np.diag(rng.permutation([largest, *others])) * rng.uniform(0.9, 1.1)
        yield case("gap", skewed(rng, values, 1.5), 100, _seed(rng))
    pair = 0.5 * rotation(float(rng.uniform(0.5, 2)))  # the others may be complex
    yield case("gap", skewed(rng, blocks(pair, float(rng.uniform(0.9, 1.3))), 1.0), 80, _seed(rng))
    single = skewed(rng, np.diag([-1.1, 0.4]), 1000.0)  # in float32 it has others
    single = single.astype("float32")
    yield case("gap", single, 90, _seed(rng))
    for size, n_iter in ((600.0, 300), (-900.0, 250), (0.002, 300), (-0.0015, 250)):
        values = np.diag(size * rng.uniform(0.9, 1.1) * rng.permutation([1.0, -0.5, 0.2]))
        yield case("scale", skewed(rng, values, abs(size)), n_iter, _seed(rng))
    for _ in range(2):  # 1/4 along (1, 1), 1 along (1, -1); all sums of products are exact
        size = float(rng.choice([0.5, 1.0, 2.0]))
        crossed = size * np.array([[0.625, -0.375], [-0.375, 0.625]])
        yield case("special", crossed, 14, _seed(rng))
    for n in (2, 3):  # a small eigenvalue along the first axis, which stays there
        first = np.diag([0.25, *[0.125] * (n - 2), 1.0]) * rng.uniform(0.5, 2)
        yield case("special", first, 14, _seed(rng))
    for n in (2, 3):  # what is 0 in one direction is not 0
        values = np.diag(rng.permutation([0.0, *[0.5] * (n - 2), 1.5]))
        yield case("special", values * rng.uniform(0.5, 2), 40, _seed(rng))
    one = np.array([[float(rng.uniform(2, 5))]])  # the first multiplication is the last
    yield case("special", one, 1, _seed(rng))
    above = np.array([[0.0, float(rng.uniform(2, 6))], [0.0, 0.0]])
    yield case("special", above, int(rng.integers(5, 20)), _seed(rng))
    yield case("special", np.zeros((3, 3)), int(rng.integers(1, 20)), _seed(rng))
    yield case("special", rng.normal(size=(3, 2)), 10, _seed(rng))
    yield case("special", rng.normal(size=(2, 2)), 0, _seed(rng))


def _seed(rng: np.random.Generator) -> Recipe:
    return Recipe("generator", (int(rng.integers(1_000_000)),))


check = Check(
    groups={
        "gap": Group("matrices with a gap between the largest eigenvalue and the others", 1),
        "scale": Group("eigenvalues near 1000 and near 1/1000", 1),
        "special": Group("special directions, zeros, and what is refused", 1),
    },
    draw=draw,
)


@alternative
def by_rayleigh(W, n_iter, rng):
    if W.shape[0] != W.shape[1]:
        raise ValueError("not square")
    if n_iter < 1:
        raise ValueError("no iteration")
    v = rng.uniform(-1, 1, size=len(W))
    for _ in range(n_iter):
        v = W @ v
        if np.all(v == 0):
            return 0
        v /= np.sqrt(v @ v)
    return abs(v @ W @ v)


@alternative
def by_the_largest_entry(W, n_iter, rng):
    n, m = W.shape
    if n != m or n_iter <= 0:
        raise ValueError((W.shape, n_iter))
    v = rng.standard_normal(n)
    for _ in range(n_iter):
        before = max(abs(x) for x in v)
        if before == 0:
            return 0.0
        v = [sum(w * x for w, x in zip(row, v)) / before for row in W.astype(float)]
        stretch = max(abs(x) for x in v)
    return stretch


@alternative
def with_rows(W, n_iter, rng):
    if W.shape[1] != len(W) or n_iter < 1:
        raise ValueError
    row = rng.normal(size=(1, len(W)))
    size = np.linalg.norm(row)
    for _ in range(n_iter):
        row = row / (size or 1.0) @ W
        size = np.linalg.norm(row)
    return size


@alternative
def by_torch(W, n_iter, rng):
    import torch

    if W.shape[0] != W.shape[1] or n_iter < 1:
        raise ValueError
    matrix = torch.tensor(W).double()
    v = torch.tensor(rng.normal(size=len(W)))
    for _ in range(n_iter):
        v = matrix @ torch.nn.functional.normalize(v, dim=0)
        size = torch.linalg.vector_norm(v)
    return size


never_rescaled = slip(
    by_rayleigh,
    ("        v /= np.sqrt(v @ v)\n", ""),
    ("abs(v @ W @ v)", "abs(v @ W @ v) / (v @ v)"),
    loses="scale",
    hint="The vector is never rescaled. After hundreds of multiplications its numbers leave the "
    "range of floats: they become infinity, or 0.",
    overflows=True,
)
mean_growth = slip(
    REFERENCE,
    ("v /= np.linalg.norm(v)\n", "v /= np.linalg.norm(v)\n    mean = 1.0\n"),
    ("v /= stretch\n", "v /= stretch\n        mean *= stretch ** (1 / n_iter)\n"),
    ("return stretch", "return mean"),
    loses=("gap", "scale", "special"),
    hint="You return the mean growth over all multiplications. The first ones stretch by something "
    "else, and count too: asked is the last.",
)
with_its_sign = slip(
    by_rayleigh,
    ("abs(v @ W @ v)", "v @ W @ v"),
    loses=("gap", "scale"),
    hint="A negative eigenvalue comes out negative. Asked is its modulus.",
)
starts_from_ones = slip(
    REFERENCE,
    ("rng.normal(size=len(W))", "np.ones(len(W))"),
    loses="special",
    hint="You start from (1, ..., 1). A matrix may keep that direction to itself, and then the one "
    "that wins is never seen. Start from a random direction.",
)
starts_along_an_axis = slip(
    REFERENCE,
    ("rng.normal(size=len(W))", "np.eye(len(W))[0]"),
    loses="special",
    hint="You start along the first axis. A matrix may keep that direction to itself, and then the "
    "one that wins is never seen. Start from a random direction.",
)
singular_value = slip(
    REFERENCE,
    ("v = W @ v", "v = W.T @ (W @ v)"),
    ("return stretch", "return stretch**0.5"),
    loses=("gap", "scale", "special"),
    hint="You multiply by W and by its transpose. That finds the largest singular value.",
)
divides_by_zero = slip(
    REFERENCE,
    ("        if stretch == 0:\n            return 0.0\n", ""),
    loses="special",
    hint="Where the vector becomes zero you divide by its length, which gives nan. There the answer "
    "is 0.",
    overflows=True,
)
one_multiplication = slip(
    REFERENCE,
    ("range(n_iter)", "range(1)"),
    loses=("gap", "scale", "special"),
    hint="You return the stretch of the first multiplication. After one the vector still has parts "
    "in all directions.",
)
numpy_refuses = equal(
    REFERENCE,
    ("W.shape[0] != W.shape[1] or n_iter", "n_iter"),
    ("[0]", "[1]"),
    ("[0]", "[-1]"),
    ("[1]", "[0]"),
    because="numpy refuses to multiply what is not square by v, with a ValueError",
)
numpy_refuses_by_rayleigh = equal(
    by_rayleigh,
    ("W.shape[0] != W.shape[1]", "False"),
    ("[0]", "[1]"),
    ("[0]", "[-1]"),
    ("[1]", "[0]"),
    ('raise ValueError("not square")', "pass"),
    because="numpy refuses to multiply what is not square by v, with a ValueError",
)
numpy_refuses_with_rows = equal(
    with_rows,
    ("W.shape[1] != len(W) or n_iter", "n_iter"),
    ("[1]", "[0]"),
    because="numpy refuses to multiply what is not square by v, with a ValueError",
)
any_start_by_rayleigh = equal(
    by_rayleigh,
    ("1, size", "size"),
    ("-1", "-2"),
    ("-1", "-0"),
    (", 1", ", 2"),
    (", 1", ", 0"),
    because="any direction drawn at random will do, and its length does not count",
)
any_start_with_rows = equal(
    with_rows,
    ("1,", "2,"),
    because="any direction drawn at random will do, and its length does not count",
)
any_order = equal(
    by_the_largest_entry,
    ("row, v", "v, row"),
    because="a product does not depend on the order",
)
zeros = equal(
    with_rows,
    ("1.", "2."),
    ("1.0", "0.5"),
    because="a row of zeros is divided, and remains one",
)
one_axis = equal(
    by_torch,
    ("=0", "=-1"),
    because="a vector has one axis",
)


def _largest(W: np.ndarray) -> float:
    """Return the eigenvalue of the largest modulus, where it is real."""
    return float(max(np.linalg.eigvals(W), key=abs).real)


rules = (
    rule(
        "a fixed one, such as $(1, \\dots, 1)$, may have no part",
        when=lambda W, n_iter, rng: W[0, 1] == W[1, 0] < 0 and W[0, 0] == W[1, 1],
    ),
    told("`W` has shape `(n, n)`", "A start from a random direction then gives"),
    rule(
        "the largest one is real (positive",
        when=lambda W, n_iter, rng: n_iter > 50 and _largest(W) > 0,
    ),
    rule("**or negative**", when=lambda W, n_iter, rng: n_iter > 50 and _largest(W) < 0),
    rule(
        "may be as large as 1000",
        "Rescale the vector on the way",
        when=lambda W, n_iter, rng: n_iter > 200 and abs(_largest(W)) > 500,
    ),
    rule(
        "as small as 1/1000",
        "Rescale the vector on the way",
        when=lambda W, n_iter, rng: n_iter > 200 and abs(_largest(W)) < 0.003,
    ),
    rule(
        "Where the vector becomes exactly zero",
        when=lambda W, n_iter, rng: W.any() and _largest(W) == 0,
        gives=lambda radius: radius == 0,
    ),
    rule("as with the zero matrix", when=lambda W, n_iter, rng: not W.any()),
    rule("A matrix that is not square", when=lambda W, n_iter, rng: n_iter > 0, gives=ValueError),
    rule("`n_iter` below 1", when=lambda W, n_iter, rng: n_iter < 1, gives=ValueError),
)
