"""clipping_bias: the mean of the clipped against the clipped mean."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

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


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield batches of long and short gradients, batches without a bias, and what is refused."""
    for n, p in ((2, 2), (5, 3), (12, 4), (8, 1)):
        yield case("mixed", _batch(rng, n, p), 1.5)
    yield case("mixed", _batch(rng, 6, 3).astype(np.float32), 1.5)
    # Some are above the threshold, and their mean is below it.
    opposite = _batch(rng, 4, 3) * [[3], [3], [0.1], [0.1]]
    yield case("mixed", opposite * [[1], [-0.8], [1], [1]], 2.5)
    # One norm is the threshold itself, two others are above it, the mean's too; all are exact.
    rows = np.array([[3.0, 4.0], [30.0, -40.0], [-9.0, 12.0], [0.0, 1.0]])
    size = float(rng.choice([0.5, 1.0, 2.0]))
    yield case("mixed", size * rng.permutation(rows), size * 5.0)
    yield case("none", _batch(rng, 5, 3), 1e3)
    yield case("none", _batch(rng, 5, 3), math.inf)
    yield case("none", 10 * _batch(rng, 1, 4), float(rng.uniform(0.5, 2)))
    yield case("none", np.zeros((3, 2)), 1.0)
    same = np.tile(_batch(rng, 1, 3), (4, 1))
    yield case("none", 10 * same, 1)
    for threshold in (0.0, -1.0, math.nan):
        yield case("refused", _batch(rng, 3, 2), threshold)
    yield case("refused", np.zeros((0, 3)), 1.0)
    yield case("refused", _batch(rng, 1, 3), 1e3)


def _batch(rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    """Return gradients with norms from 0.5 to 5, in various directions, some above 1.5."""
    rows = rng.normal(size=(n, p)) + 0.5
    lengths = rng.permutation(np.geomspace(0.5, 5, n))[:, None]
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True) * lengths)


check = Check(
    groups={
        "mixed": Group("batches of long and short gradients", 1.5),
        "none": Group("batches without a bias", 0.5),
        "refused": Group(
            "no example and thresholds that are refused, and one example that is not", 1
        ),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-6, per_array=True),
)


@alternative
def in_a_loop(grads_per_example, threshold):
    if math.isnan(threshold) or threshold <= 0 or len(grads_per_example) == 0:
        raise ValueError("refused")

    def clipped(row):
        norm = math.sqrt(sum(float(x) ** 2 for x in row))
        return [float(x) * threshold / norm if norm > threshold else float(x) for x in row]

    n, p = np.shape(grads_per_example)
    rows = [clipped(row) for row in grads_per_example]
    mean = clipped([sum(float(row[i]) for row in grads_per_example) / n for i in range(p)])
    return [sum(row[i] for row in rows) / n - mean[i] for i in range(p)]


@alternative
def in_numpy(grads_per_example, threshold):
    if not threshold > 0 or not len(grads_per_example):
        raise ValueError("refused")
    g = np.array(grads_per_example, dtype=float)
    norms = np.sqrt((g**2).sum(1))
    factors = np.ones(len(g))
    factors[norms > threshold] = threshold / norms[norms > threshold]
    mean = g.mean(0)
    length = np.sqrt(mean @ mean)
    return (factors[:, None] * g).mean(0) - (
        mean / length * threshold if length > threshold else mean
    )


@alternative
def with_torch(grads_per_example, threshold):
    import torch

    if not threshold > 0 or len(grads_per_example) == 0:
        raise ValueError("refused")
    g = torch.tensor(grads_per_example).double()

    def clipped(row):
        row = torch.nn.Parameter(row.clone())
        row.grad = row.detach().clone()
        torch.nn.utils.clip_grad_norm_([row], threshold)
        return row.grad

    return torch.stack([clipped(row) for row in g]).mean(0) - clipped(g.mean(0))


other_sign = slip(
    REFERENCE,
    ("clipped[:-1].mean(axis=0) - clipped[-1]", "clipped[-1] - clipped[:-1].mean(axis=0)"),
    loses="mixed",
    hint="The two are exchanged: it is the mean of the clipped minus the clipped mean.",
)
mean_not_clipped = slip(
    REFERENCE,
    ("- clipped[-1]", "- mean"),
    loses=("mixed", "none"),
    hint="You compare with the mean as it is. It is clipped too: a batch's gradient would be.",
)
one_norm_for_all = slip(
    in_numpy,
    ("np.sqrt((g**2).sum(1))", "np.full(len(g), np.linalg.norm(g))"),
    loses=("mixed", "none"),
    hint="All examples are clipped together, by the norm of the whole array. Each row has its own norm.",
)
entry_by_entry = slip(
    REFERENCE,
    ("together * scales", "np.clip(together, -threshold, threshold)"),
    loses="mixed",
    hint="You clip entry by entry. Here a row, and the mean, are shortened in their direction.",
)
short_ones_lengthened = slip(
    REFERENCE,
    (
        "scales[norms > threshold] = threshold / norms[norms > threshold]",
        "scales = threshold / norms",
    ),
    loses=("mixed", "none"),
    hint="Short gradients are made as long as the threshold. They stay as they are.",
)
sums = slip(
    REFERENCE,
    ("grads.mean(axis=0)", "grads.sum(axis=0)"),
    ("clipped[:-1].mean(axis=0)", "clipped[:-1].sum(axis=0)"),
    loses=("mixed", "none"),
    hint="You add the gradients up. Both are means over the examples.",
)

rules = (
    told("`grads_per_example` has shape `(N, P)`", "All are finite"),
    rule(
        "a row above the threshold is shortened to it",
        when=lambda grads, threshold: (
            0 < (np.linalg.norm(grads, axis=1) > threshold).sum() < len(grads)
        ),
    ),
    rule("Where rows come in float32", when=lambda grads, threshold: grads.dtype == np.float32),
    rule(
        "so is the mean",
        when=lambda grads, threshold: (
            len(grads) > 0 and np.linalg.norm(grads.mean(axis=0)) > threshold > 0
        ),
    ),
    rule("No example at all", when=lambda grads, threshold: len(grads) == 0, gives=ValueError),
)
in_float32 = equal(
    REFERENCE,
    (", dtype=np.float64", ""),
    ("np.asarray(grads_per_example, dtype=np.float64)", "grads_per_example"),
    settled="Where rows come in float32, float32 is exact enough.",
)
in_float32_in_a_loop = equal(
    in_a_loop,
    ("float(x) **", "x **"),
    ("float(x) * threshold", "x * threshold"),
    ("float(x) for", "x for"),
    ("float(row[i])", "row[i]"),
    settled="Where rows come in float32, float32 is exact enough.",
)
in_float32_in_numpy = equal(
    in_numpy,
    (", dtype=float", ""),
    ("np.array(grads_per_example, dtype=float)", "grads_per_example"),
    settled="Where rows come in float32, float32 is exact enough.",
)
in_float32_with_torch = equal(
    with_torch,
    (".double()", ""),
    settled="Where rows come in float32, float32 is exact enough.",
)
at_the_threshold_in_a_loop = equal(
    in_a_loop,
    ("> threshold", ">= threshold"),
    because="at the threshold itself the factor is 1",
)
at_the_threshold_in_numpy = equal(
    in_numpy,
    ("length >", "length >="),
    because="at the threshold itself the factor is 1",
)
a_tensor = equal(
    with_torch,
    ("row = torch.nn.Parameter(row.clone())", "pass"),
    ("torch.nn.Parameter(row.clone())", "row.clone()"),
    ("row.clone()", "row"),
    ("().clone()", "()"),
    ("detach().", ""),
    because="one copy of a row is enough, and a tensor has a gradient as a parameter does",
)
