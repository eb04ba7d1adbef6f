"""init_recurrent: where a recurrent network begins."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

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
from autograder.authoring.comparing import EXACT, Close
from autograder.authoring.frequencies import Shares

CALLS, N_IN, HIDDEN, N_OUT = 12, 40, 40, 20
MANY, FEW, INTO = 250, 6, 2
"""Calls, units, and connections into each, where what is connected is counted."""


@dataclass(frozen=True)
class FirstWeights:
    """Compares what the probe "first weights" found.

    Twelve calls draw 9,600 entries of the smallest matrix and 19,200 of the others (of a sparse one
    2,000 and more). The standard deviation of n normal numbers is off by a factor of 1 ± 1/sqrt(2n):
    of 2,000 by 1.6%. A difference of 15% between two of them is more than six times that. The share
    of n numbers below any height is off by more than e with a chance of at most 2 exp(-2 n e²)
    (Dvoretzky, Kiefer and Wolfowitz): for two functions and 9,600 numbers .08 is a chance below
    1e-12, and of 2,000 .16 is one below 1e-10. Uniform numbers differ by .058 and are left to the
    shares of the largest matrices, where .05 is allowed: they are 19,200, a chance below 1e-10.
    """

    sparse: bool = False

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; `slack` of shares counts from 1 to 1.1."""
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            return "no weights by the expected names"
        shapes = EXACT.difference(expected["shapes"], got["shapes"])
        if shapes is not None:
            return "arrays of other names or shapes"
        different = (f"different numbers in {name}" for name in ("W_in", "W_h", "W_out"))
        whether = ("the same again", "new in every call", "into a unit", "new for each unit")
        for key in (*whether, *different):
            if EXACT.difference(expected[key], got[key]) is not None:
                return f"another answer of: {key}"
        for key in ("largest bias", "from the identity", *(["radius"] if self.sparse else [])):
            fixed = key != "from the identity" or expected[key] == 0
            off = Close(rtol=1e-5).difference(expected[key], got[key], slack) if fixed else None
            if off is not None:
                return f"another {key}"
        near = min(max(slack, 1.0), 1.1)
        for name, share in (("W_in", 0.05), ("W_out", 0.08), ("W_h", 0.16)):
            key = f"deviation of {name}"
            loose = name == "W_h" and self.sparse
            if not loose and Close(rtol=0.15).difference(expected[key], got[key], near) is not None:
                return f"{name} has another standard deviation"
            below = Close(rtol=0.0, atol=share)
            key = f"shares of {name}"
            if below.difference(expected[key], got[key], near) is not None:
                return f"{name} comes from another distribution"
        if (
            Close(rtol=0.0, atol=0.35).difference(expected["how often"], got["how often"])
            is not None
        ):
            return "units that are connected more often than others"
        return None


@dataclass(frozen=True)
class EquallyOften:
    """Compares what the probe "connections" found with the shares that are right.

    Each of 36 entries is independent in each of 250 calls, and so are the six connections from a
    unit, 1,500 of them: a share that is off as far as is allowed has a chance of 1e-9 at most (see
    `autograder.authoring.frequencies`), between .15 and .54 of an entry. Where a unit never is its
    own neighbour, an entry is 0.

    Parameters
    ----------
    share
        The probability of a connection.
    """

    share: float

    def difference(self, expected: Any, got: Any, slack: float = 1.0) -> str | None:
        """Return what kind of difference there is; of shares, `slack` counts as in `Shares`."""
        if not isinstance(got, Mapping) or got.keys() != expected.keys():
            return "no weights by the expected names"
        if EXACT.difference(expected["different"], got["different"]) is not None:
            return "the same weights more than once"
        for key, calls in (("each", MANY), ("from a unit", MANY * FEW)):
            ours, theirs = expected[key], got[key]
            if Close(rtol=0.0, atol=1.0).difference(ours, theirs) is not None:
                return "no shares of connections"
            if not Shares().agree(np.full(ours.shape, self.share), ours, theirs, calls, slack):
                return "connections that are more probable than others"
        return None


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield the four kinds, sparse weights with other numbers, few units, and what is refused."""
    for kind in ("sigmoid", "basic tanh"):
        yield _start(rng, "dense", kind, FirstWeights())
    yield _start(rng, "dense", "basic tanh", FirstWeights(), 5, 1.5)
    yield _start(rng, "identity", "identity", FirstWeights())
    yield _start(rng, "identity", "identity", FirstWeights(), 7, 0.5)
    yield _start(rng, "sparse", "smart tanh", FirstWeights(sparse=True))
    for connections, radius in ((int(rng.integers(5, 9)), 1.1), (20, 0.6)):
        yield _start(rng, "sparse", "smart tanh", FirstWeights(sparse=True), connections, radius)
    few = (CALLS, "smart tanh", N_IN, 10, 60, generator(rng))
    yield Case("sparse", few, probe="first weights", compare=FirstWeights(sparse=True))
    many = (MANY, "smart tanh", 2, FEW, 2, generator(rng), INTO)
    yield Case("sparse", many, probe="connections", compare=EquallyOften(INTO / FEW))
    for kind in ("tanh", "Sigmoid"):
        yield case("identity", kind, 3, 4, 2, generator(rng))


def _start(
    rng: np.random.Generator, group: str, kind: str, compare: FirstWeights, *more: Any
) -> Case:
    args = (CALLS, kind, N_IN, HIDDEN, N_OUT, generator(rng), *more)
    return Case(group, args, probe="first weights", compare=compare)


check = Check(
    groups={
        "dense": Group("sigmoid and basic tanh", 2),
        "sparse": Group("smart tanh: connections, and the spectral radius", 3),
        "identity": Group("the identity, and kinds that are refused", 1),
    },
    draw=draw,
    compare=FirstWeights(),
    seconds_per_case=10.0,
)


@alternative
def kind_by_kind(kind, n_in, hidden, n_out, rng, connections=15, radius=0.95):
    def normal(scale, *shape):
        return scale * rng.standard_normal(shape)

    if kind == "sigmoid":
        scale, W_h = 0.01, normal(0.01, hidden, hidden)
    elif kind == "basic tanh":
        scale, W_h = 0.1, normal(0.1, hidden, hidden)
    elif kind == "identity":
        scale, W_h = 0.001, np.identity(hidden)
    elif kind == "smart tanh":
        scale, W_h = 0.01, np.zeros((hidden, hidden))
        for j in range(hidden):
            into = rng.permutation(hidden)[:connections]
            W_h[into, j] = rng.normal(size=len(into))
        W_h = W_h / max(abs(np.linalg.eigvals(W_h))) * radius
    else:
        raise ValueError(kind)
    return {
        "W_in": normal(scale, n_in, hidden),
        "W_h": W_h,
        "b": np.zeros(hidden),
        "W_out": normal(scale, hidden, n_out),
        "b_out": np.zeros(n_out),
    }


@alternative
def by_a_mask_of_ranks(kind, n_in, hidden, n_out, rng, connections=15, radius=0.95):
    import scipy.linalg  # type: ignore[import-untyped]

    scale = {"sigmoid": 0.01, "basic tanh": 0.1, "smart tanh": 0.01, "identity": 0.001}.get(kind)
    if scale is None:
        raise ValueError(f"unknown kind {kind}")
    W_h = rng.normal(0, scale, (hidden, hidden))
    if kind == "smart tanh":
        ranks = rng.random((hidden, hidden)).argsort(axis=0).argsort(axis=0)
        W_h = np.where(ranks < connections, W_h, 0)
        W_h *= radius / np.abs(scipy.linalg.eigvals(W_h)).max()
    if kind == "identity":
        W_h = np.diag(np.ones(hidden))
    biases = {"b": np.zeros((hidden,)), "b_out": np.zeros((n_out,))}
    W_out = rng.normal(0, scale, (hidden, n_out))
    return {"W_h": W_h, "W_in": rng.normal(0, scale, (n_in, hidden)), "W_out": W_out, **biases}


@alternative
def with_torch_seeded_by_rng(kind, n_in, hidden, n_out, rng, connections=15, radius=0.95):
    import torch

    scales = {"sigmoid": 0.01, "basic tanh": 0.1, "smart tanh": 0.01, "identity": 0.001}
    if kind not in scales:
        raise ValueError(kind)
    source = torch.Generator().manual_seed(int(rng.integers(2**62)))

    def normal(*shape):
        return scales[kind] * torch.randn(shape, generator=source, dtype=torch.float64)

    W_h = normal(hidden, hidden)
    if kind == "identity":
        W_h = torch.eye(hidden, dtype=torch.float64)
    if kind == "smart tanh":
        for j in range(hidden):
            W_h[torch.randperm(hidden, generator=source)[connections:], j] = 0
        W_h = W_h * (radius / torch.linalg.eigvals(W_h).abs().max())
    return {
        "W_in": normal(n_in, hidden),
        "W_h": W_h,
        "b": torch.zeros(hidden),
        "W_out": normal(hidden, n_out),
        "b_out": torch.zeros(n_out),
    }


RESCALE = 'params["W_h"] *= radius / np.abs(np.linalg.eigvals(params["W_h"])).max()'

variance_for_deviation = slip(
    REFERENCE,
    (
        '{"sigmoid": 0.01, "basic tanh": 0.1, "smart tanh": 0.01, "identity": 0.001}',
        '{"sigmoid": 0.1, "basic tanh": 0.1**0.5, "smart tanh": 0.1, "identity": 0.001**0.5}',
    ),
    loses=("dense", "sparse", "identity"),
    hint="The numbers of the table are taken for variances. They are standard deviations.",
)
uniform = slip(
    REFERENCE,
    (
        '"W_in": rng.normal(scale=scales[kind], size=(n_in, hidden))',
        '"W_in": rng.uniform(-1, 1, size=(n_in, hidden)) * scales[kind] * 3**0.5',
    ),
    (
        '"W_out": rng.normal(scale=scales[kind], size=(hidden, n_out))',
        '"W_out": rng.uniform(-1, 1, size=(hidden, n_out)) * scales[kind] * 3**0.5',
    ),
    loses=("dense", "sparse", "identity"),
    hint="Your weights are uniform, with the right standard deviation. They come from a normal "
    "distribution.",
)
radius_before_the_cut = slip(
    REFERENCE,
    ("        for unit in", f"        {RESCALE}\n        for unit in"),
    (f"= 0\n        {RESCALE}\n", "= 0\n"),
    loses="sparse",
    hint="The spectral radius is fixed before entries are cut out, and is smaller afterwards. Cut first, "
    "and then scale.",
)
outgoing = slip(
    REFERENCE,
    ('params["W_h"][cut, unit]', 'params["W_h"][unit, cut]'),
    loses="sparse",
    hint="Each row of W_h has so many entries: those are outgoing connections of a unit, as states are rows, "
    "h @ W_h. Incoming ones stand in a column.",
)
norm_for_radius = slip(
    REFERENCE,
    ('np.abs(np.linalg.eigvals(params["W_h"])).max()', 'np.linalg.norm(params["W_h"], 2)'),
    loses="sparse",
    hint="The largest singular value is fixed, not the spectral radius, the largest modulus of an "
    "eigenvalue, which is smaller.",
)
real_part_for_modulus = slip(
    REFERENCE,
    (
        'np.abs(np.linalg.eigvals(params["W_h"])).max()',
        'np.linalg.eigvals(params["W_h"]).real.max()',
    ),
    loses="sparse",
    hint="The largest real part of an eigenvalue is fixed. Eigenvalues are complex: it is the modulus that "
    "counts.",
)
not_scaled = slip(
    REFERENCE,
    (f"        {RESCALE}\n", ""),
    loses="sparse",
    hint="The spectral radius is not fixed at all: after the cut, W_h is multiplied by a number.",
)
one_mask_for_all = slip(
    REFERENCE,
    ("        for unit in", "        mask = rng.permutation(hidden)\n        for unit in"),
    ("rng.permutation(hidden)[connections:]", "mask[connections:]"),
    loses="sparse",
    hint="All units have their connections from the same units: one choice is made for all. It is drawn for "
    "each unit by itself.",
)
a_share_on_average = slip(
    REFERENCE,
    ("rng.permutation(hidden)[connections:]", "rng.random(hidden) > connections / hidden"),
    loses="sparse",
    hint="Each connection is kept with a probability, so that units have different numbers of them. Each "
    "has exactly `connections`.",
)
always_fifteen = slip(
    REFERENCE,
    ("rng.permutation(hidden)[connections:]", "rng.permutation(hidden)[15:]"),
    loses="sparse",
    hint="There are always 15 connections, whatever `connections` says.",
)
identity_for_all_scales = slip(
    REFERENCE,
    ("np.eye(hidden)", "scales[kind] * np.eye(hidden)"),
    loses="identity",
    hint="The identity is multiplied by the scale of the other weights. W_h is the identity itself.",
)
biases_drawn = slip(
    REFERENCE,
    ('"b": np.zeros(hidden)', '"b": rng.normal(scale=scales[kind], size=hidden)'),
    loses=("dense", "sparse", "identity"),
    hint="The biases are drawn as well. They are 0.",
)
not_from_itself = slip(
    REFERENCE,
    (
        "rng.permutation(hidden)[connections:]",
        "np.append(rng.permutation(np.delete(np.arange(hidden), unit))[connections:], unit)",
    ),
    loses="sparse",
    hint="No unit is connected to itself. It may be, as to any other unit.",
)
any_order_of_ranks = equal(
    by_a_mask_of_ranks,
    (".argsort(axis=0).argsort(axis=0)", ".argsort(axis=0)"),
    settled="For each unit by itself, all choices of units are equally probable",
)
single_precision = equal(
    with_torch_seeded_by_rng,
    ("generator=source, dtype=torch.float64", "generator=source"),
    ("torch.eye(hidden, dtype=torch.float64)", "torch.eye(hidden)"),
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
        "*Normal, s* means",
        "(002 writes",
        "Both biases are 0",
        when=lambda calls, kind, *_: kind == "basic tanh",
    ),
    rule(
        "Sparse means: each unit",
        when=lambda calls, kind, n_in, hidden, *_: kind == "smart tanh" and hidden < 15,
    ),
    rule(
        "A connection from a unit to itself",
        "For each unit by itself",
        when=lambda calls, kind, n_in, hidden, *_: calls == MANY and hidden == FEW,
    ),
    rule(
        "*Incoming* is meant",
        "(The code that the authors",
        when=lambda calls, kind, n_in, hidden, *_: kind == "smart tanh" and hidden > 20,
    ),
    rule("The entries that are kept", when=lambda *args: args[1] == "smart tanh" and len(args) > 6),
    rule('Only `"smart tanh"` looks', when=lambda *args: args[1] == "basic tanh" and len(args) > 6),
    rule("For another `kind`", gives=ValueError),
)
