"""suggest_threshold: from statistics of the norm."""

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
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield norms that are finite, norms of which some are not, and what is refused."""
    for n in (5, 12, 30):
        yield case("finite", _norms(rng, n), float(rng.uniform(0.5, 10)))
        yield case("finite", _norms(rng, n).tolist(), float(rng.uniform(0.5, 10)))
    yield case("finite", _norms(rng, 6), float(rng.uniform(0.1, 0.4)))
    yield case("finite", _norms(rng, 6) * 1e200, float(rng.uniform(0.5, 10)))
    yield case("finite", (_norms(rng, 6) * 1e200).tolist(), float(rng.uniform(10, 40)))
    yield case("finite", _norms(rng, 1), 1)
    with_zeros = _norms(rng, 8)
    with_zeros[::3] = 0.0
    yield case("finite", with_zeros, 2)
    yield case("not finite", _spoiled(rng, [math.nan, math.nan]), float(rng.uniform(0.5, 10)))
    yield case("not finite", _spoiled(rng, [math.inf]).tolist(), float(rng.uniform(0.5, 10)))
    yield case("not finite", _spoiled(rng, [math.nan, math.inf]), float(rng.uniform(0.5, 10)))
    for nothing in ([], [math.nan, math.inf], [0.0, 0.0, math.nan]):
        yield case("not finite", nothing, 1.0)
    for factor in (0.0, -1.0, math.nan):
        yield case("finite", _norms(rng, 4), factor)


def _norms(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return norms of which a few are much larger than the others."""
    return np.asarray(np.exp(rng.normal(0, 1.5, size=n)) * rng.uniform(0.5, 3))


def _spoiled(rng: np.random.Generator, values: list[float]) -> np.ndarray:
    return rng.permutation(np.concatenate([_norms(rng, 7), values]))


check = Check(
    groups={
        "finite": Group("finite norms, and factors that are refused", 1),
        "not finite": Group("norms of which some, or all, say nothing", 1),
    },
    draw=draw,
)


@alternative
def in_a_loop(norms, factor):
    if math.isnan(factor) or factor <= 0:
        raise ValueError("factor")
    total, count = 0.0, 0
    for norm in norms:
        if math.isfinite(norm):
            total += norm
            count += 1
    if total == 0:
        raise ValueError("no finite norm above 0")
    return total / count * factor


@alternative
def with_a_masked_mean(norms, factor):
    norms = np.array(norms, dtype=float)
    norms[~np.isfinite(norms)] = np.nan
    if not factor > 0 or np.nansum(norms) == 0:
        raise ValueError("nothing to suggest")
    return np.nanmean(norms) * factor


@alternative
def with_torch(norms, factor):
    import torch

    norms = torch.tensor(norms, dtype=torch.float64)
    norms = norms[torch.isfinite(norms)]
    if not factor > 0 or norms.sum() == 0:
        raise ValueError("nothing to suggest")
    return norms.mean() * factor


from_the_maximum = slip(
    REFERENCE,
    ("finite.mean()", "finite.max()"),
    loses=("finite", "not finite"),
    hint="This is a multiple of the largest norm. The explosions themselves would set the threshold; "
    "it is a multiple of the mean.",
)
from_the_median = slip(
    REFERENCE,
    ("finite.mean()", "np.median(finite)"),
    loses=("finite", "not finite"),
    hint="This is a multiple of the median. The heuristic of the paper is about the average.",
)
mean_of_all = slip(
    REFERENCE,
    ("    finite = finite[np.isfinite(finite)]\n", ""),
    loses="not finite",
    hint="nan and infinite norms are in your mean, which is nan or infinite then, and as a threshold "
    "would never clip anything. Leave them out.",
    overflows=True,
)
only_nan_left_out = slip(
    REFERENCE,
    ("np.isfinite(finite)", "~np.isnan(finite)"),
    loses="not finite",
    hint="nan is left out, infinity is not (np.nanmean does that). Both say nothing of a usual norm.",
    overflows=True,
)
counted_as_zeros = slip(
    REFERENCE,
    ("finite.mean()", "finite.sum() / len(norms)"),
    loses="not finite",
    hint="Norms that are not finite count as 0 in your mean: they are not in the sum, but in the number "
    "by which it is divided.",
)
zeros_left_out = slip(
    REFERENCE,
    ("np.isfinite(finite)", "np.isfinite(finite) & (finite > 0)"),
    loses="finite",
    hint="Norms of 0 are left out. They are norms of updates like any other.",
)
divided = slip(
    REFERENCE,
    ("factor * finite.mean()", "finite.mean() / factor"),
    loses=("finite", "not finite"),
    hint="You divide the mean by the factor. The threshold is so many times the mean.",
)

rules = (
    rule("`norms` is a list", when=lambda norms, factor: isinstance(norms, list)),
    rule("or an array of float64", when=lambda norms, factor: isinstance(norms, np.ndarray)),
    rule(
        "Some may be `nan`",
        when=lambda norms, factor: np.isnan(norms).any(),
        gives=lambda threshold: threshold > 0,
    ),
    rule(
        "or infinite: **these are left out**",
        when=lambda norms, factor: np.isinf(norms).any(),
        gives=lambda threshold: threshold > 0,
    ),
    rule(
        "A norm of 0 is a norm",
        when=lambda norms, factor: 0.0 in norms,
        gives=lambda threshold: threshold > 0,
    ),
    rule(
        "Where no finite norm is left",
        when=lambda norms, factor: not np.isfinite(norms).any(),
        gives=ValueError,
    ),
    rule("or all that are left are 0", when=lambda norms, factor: 0.0 in norms, gives=ValueError),
    rule("where `factor` is not above 0", when=lambda norms, factor: factor <= 0, gives=ValueError),
    rule("or is `nan`", when=lambda norms, factor: math.isnan(factor), gives=ValueError),
)
floats_anyway = equal(
    REFERENCE,
    (", dtype=np.float64", ""),
    because="norms are floats, and numpy makes float64 of a list of them",
)
floats_anyway_with_a_masked_mean = equal(
    with_a_masked_mean,
    (", dtype=float", ""),
    because="norms are floats, and numpy makes float64 of a list of them",
)
a_number_of_numpy = equal(
    REFERENCE,
    ("float(factor * finite.mean())", "factor * finite.mean()"),
    because="a number of numpy is a number",
)
