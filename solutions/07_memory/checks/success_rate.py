"""success_rate: which share of the runs has solved a problem."""

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


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield runs on either side of the border and on it, some with nan, and what is refused."""
    for R, N, K, allowed in ((7, 40, 4, 0.25), (9, 64, 3, 0.125), (5, 100, 8, 0.01)):
        limit = round(N * allowed)
        wrong = np.concatenate(
            [[0, limit, limit, limit + 1], rng.integers(1, 3 * limit + 2, R - 4)]
        )
        yield case("classes", *_classes(rng, wrong, N, K), allowed)
    yield case("classes", *_classes(rng, np.array([1, 2, 4, 0, 2]), 200, 2))
    yield case("classes", *_classes(rng, np.array([1, 2, 0]), 8, 3), 0.125)  # small: to take home
    yield case("classes", *_large(rng, np.array([0, 3, 1]), 20, 14), 0.1)
    spoiled, targets = _classes(rng, np.array([1, 0, 0, 5, 1]), 16, 4)
    spoiled[1, :2, targets[:2]] = math.nan
    spoiled[2, 3] = math.nan
    yield case("nan", spoiled, targets, 0.125)
    numbers, wanted = _numbers(rng, np.array([0, 1, 2, 5, 1, 3]), 16)
    yield case("numbers", numbers, wanted, 0.125)
    yield case("numbers", *_numbers(rng, np.array([0, 0, 30, 2, 9, 31]), 32), 1.0)
    yield case("numbers", *_numbers(rng, np.array([1, 0, 2, 1, 4]), 200))
    broken = numbers.copy()
    broken[0, :2] = math.nan
    broken[1] = math.nan
    yield case("nan", broken, wanted, 0.125)
    for allowed in (0.0, -0.01, 1.01, math.nan):
        yield case("nan", numbers, wanted, allowed)


def _classes(rng: np.random.Generator, wrong: np.ndarray, N: int, K: int):
    """Return scores of runs with so many wrong answers each, and the right classes."""
    targets = rng.integers(K, size=N)
    scores = rng.normal(size=(len(wrong), N, K)) - 3
    for run, n in enumerate(wrong):
        answers = targets.copy()
        places = rng.permutation(N)[:n]
        answers[places] = (answers[places] + rng.integers(1, K, size=n)) % K
        scores[run, np.arange(N), answers] = rng.uniform(2, 4, size=N) - 4 * rng.integers(2)
        scores[run] = np.where(
            np.arange(K) == answers[:, None], scores[run], np.minimum(scores[run], -2.5)
        )
        scores[run, np.arange(N), answers] = np.maximum(scores[run, np.arange(N), answers], -2.0)
    return np.round(scores, 3), targets  # read at home by the student


def _large(rng: np.random.Generator, wrong: np.ndarray, N: int, K: int):
    """Return scores that are finite, though no product of them is, and the right classes."""
    targets = rng.integers(K - 1, size=N)
    scores = 1e30 * rng.uniform(0.5, 1, size=(len(wrong), N, K))
    scores[..., -1] = 0.0
    for run, n in enumerate(wrong):
        answers = np.where(np.arange(N) < n, (targets + 1) % (K - 1), targets)
        scores[run, np.arange(N), answers] = 2e30
    return scores, targets


def _numbers(rng: np.random.Generator, wrong: np.ndarray, N: int):
    """Return numbers of runs of which so many each are too far off, on both sides, and the right ones.

    In every other run they are little too far off: their squares are below .08.
    """
    targets = rng.uniform(0, 2, size=N)
    errors = rng.uniform(0.05, 0.19, size=(len(wrong), N))
    for run, n in enumerate(wrong):
        places = rng.permutation(N)[:n]
        errors[run, places] = rng.uniform(0.21, 0.6 if run % 2 else 0.27, size=n)
    numbers = targets + errors * rng.choice([-1, 1], size=errors.shape)
    return np.round(numbers, 3), np.round(targets, 3)


check = Check(
    groups={
        "classes": Group("runs that tell classes, on either side of the border and on it", 1),
        "numbers": Group("runs that give numbers", 1),
        "nan": Group("runs that give nan, and shares that are refused", 1),
    },
    draw=draw,
)


@alternative
def in_loops(outputs, targets, allowed=0.01):
    if math.isnan(allowed) or allowed <= 0 or allowed > 1:
        raise ValueError("allowed")
    solved = 0
    for run in outputs:
        wrong = 0
        for given, right in zip(run, targets):
            if np.ndim(given):
                fine = not np.any(np.isnan(given)) and int(np.argmax(given)) == right
            else:
                fine = abs(given - right) <= 0.2
            wrong += not fine
        solved += wrong < allowed * len(targets) - 1e-9
    return solved / len(outputs)


@alternative
def by_counting(outputs, targets, allowed=0.01):
    if not (allowed > 0 and allowed <= 1):
        raise ValueError("expected 0 < allowed <= 1")
    if outputs.ndim == 3:
        wrong = np.argmax(outputs, axis=-1) != targets[None]
        wrong |= np.isnan(outputs.sum(axis=-1))
    else:
        wrong = ~(np.square(outputs - targets) <= 0.04)
    shares = np.count_nonzero(wrong, axis=1) / len(targets)
    return np.count_nonzero(shares < allowed) / len(shares)


@alternative
def with_torch(outputs, targets, allowed=0.01):
    import torch

    if not 0 < allowed <= 1:
        raise ValueError("allowed")
    given, right = torch.tensor(outputs), torch.tensor(targets)
    if given.dim() == 3:
        fine = (given.argmax(2) == right) & ~given.isnan().any(2)
    else:
        fine = (given - right).square() <= 0.04
    return ((~fine).double().mean(1) < allowed).double().mean()


at_most = slip(
    REFERENCE,
    (".mean(axis=1) < allowed", ".mean(axis=1) <= allowed"),
    loses=("classes", "numbers", "nan"),
    hint="A run with exactly the allowed share of wrong sequences counts as solved. It has to be below.",
)
share_of_sequences = slip(
    REFERENCE,
    ("float(np.mean((~right).mean(axis=1) < allowed))", "float(right.mean())"),
    loses=("classes", "numbers", "nan"),
    hint="This is the share of sequences that are right. Asked for is the share of runs that are "
    "successful.",
)
runs_together = slip(
    REFERENCE,
    (".mean(axis=1) < allowed", ".mean() < allowed"),
    loses=("classes", "numbers", "nan"),
    hint="The sequences of all runs are thrown together. Each run is judged by itself.",
)
nan_by_argmax = slip(
    REFERENCE,
    (" & ~np.isnan(outputs).any(axis=2)", ""),
    loses="nan",
    hint="argmax takes a nan for the largest score, so that a network that has exploded is right by luck. "
    "A sequence with a nan among its outputs is wrong.",
)
nan_is_not_far = slip(
    REFERENCE,
    ("right = (outputs - targets) ** 2 <= 0.04", "right = ~((outputs - targets) ** 2 > 0.04)"),
    loses="nan",
    hint="Whether nan is larger than .04 is False, so that it counts as right. It is wrong.",
)
not_squared = slip(
    REFERENCE,
    ("(outputs - targets) ** 2 <= 0.04", "np.abs(outputs - targets) <= 0.04"),
    loses=("numbers", "nan"),
    hint="The error itself is compared with .04. It is the squared error that may be .04, so the error .2.",
)
one_side_only = slip(
    REFERENCE,
    ("(outputs - targets) ** 2 <= 0.04", "outputs - targets <= 0.2"),
    loses=("numbers", "nan"),
    hint="Numbers that are too small count as right. An error has no sign.",
)
not_by_rounding = equal(
    in_loops,
    ("<= 0.2", "< 0.2"),
    ("wrong < allowed", "wrong <= allowed"),
    (" - 1e-9", ""),
    ("1e-9", "2e-9"),
    ("1e-9", "5e-10"),
    ("1e-9", "0.0"),
    because="errors near .2 do not come, nor shares that rounding puts on the other side of allowed",
)
no_such_square = equal(REFERENCE, ("<= 0.04", "< 0.04"), because="no float has the square 0.04")
no_such_square_by_counting = equal(
    by_counting, ("<= 0.04", "< 0.04"), because="no float has the square 0.04"
)
no_such_square_with_torch = equal(
    with_torch, ("<= 0.04", "< 0.04"), because="no float has the square 0.04"
)
arrays_come = equal(
    REFERENCE,
    ("outputs = np.asarray(outputs)", "pass"),
    ("np.asarray(outputs)", "outputs"),
    because="the outputs are an array",
)
numbers_of_numpy = equal(
    REFERENCE,
    ("float(np.mean((~right).mean(axis=1) < allowed))", "np.mean((~right).mean(axis=1) < allowed)"),
    because="a number of numpy is a number",
)
numbers_of_numpy_in_loops = equal(
    in_loops,
    ("int(np.argmax(given))", "np.argmax(given)"),
    because="a number of numpy is a number",
)
nan_stays_nan = equal(
    by_counting, ("sum(axis=-1)", "mean(axis=-1)"), because="the mean is nan where the sum is"
)
torch_takes_arrays = equal(
    with_torch,
    ("torch.tensor(targets)", "targets"),
    because="tensors are compared with arrays, and subtracted, as with tensors",
)

rules = (
    rule(
        "Where classes are to be told",
        "The class with the largest score",
        "`targets` has the shape `(N,)` and holds",
        when=lambda outputs, *_: outputs.ndim == 3,
    ),
    rule(
        "Where numbers are to be given",
        "A sequence whose *squared* error",
        when=lambda outputs, *_: outputs.ndim == 2,
    ),
    rule(
        "is **below** `allowed`",
        "With exactly that share",
        when=lambda outputs, targets, allowed: (
            outputs.ndim == 3
            and allowed in (outputs.argmax(axis=2) != targets).mean(axis=1).tolist()
        ),
    ),
    rule(
        "A sequence with a `nan`",
        "(A run that has exploded",
        when=lambda outputs, *_: np.isnan(outputs).any(),
    ),
    rule("Where `allowed` is not above 0", gives=ValueError),
    told("Rounding decides nothing"),
)
