"""interpolated_prob: a mixture of all orders, weights lent where a context is unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

from .drawing import Counts, draw_counts, grams, pick

Context = tuple[str, ...]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield queries whose contexts were all seen, partly seen, and badly weighted ones."""
    for order in (1, 2, 3, 3, 4):
        counts = draw_counts(rng, reference, order)
        gram = pick(rng, grams(counts, order, starts=False))
        yield case("seen", counts, gram[:-1], gram[-1], _weights(rng, order).tolist())
        word = pick(rng, grams(counts, 1, starts=False))[-1]
        yield case("seen", counts, gram[:-1], word, _weights(rng, order))
        if order > 1:
            at_start = pick(rng, grams(counts, order, starts=True))
            yield case("seen", counts, at_start[:-1], at_start[-1], _weights(rng, order).tolist())
            gram = pick(rng, grams(counts, order - 1, starts=False))
            yield case("seen", counts, gram[:-1], gram[-1], _weights(rng, order - 1).tolist())
    for order in (2, 3, 4):
        counts = draw_counts(rng, reference, order)
        gram = pick(rng, grams(counts, 2, starts=False))
        unseen = ("un", "heard", "of")[: order - 1]
        yield case("lending", counts, unseen, gram[1], _weights(rng, order).tolist())
        partly = (*unseen[:-1], gram[0])
        if order > 2:
            yield case("lending", counts, partly, gram[1], _weights(rng, order).tolist())
    counts = draw_counts(rng, reference, 3)
    gram = pick(rng, grams(counts, 3, starts=False))
    yield case("edges", counts, gram[:-1], "unheard", _weights(rng, 3).tolist())
    yield case("edges", counts, gram[:-1], gram[-1], (_weights(rng, 3) * 1.2).tolist())
    yield case("edges", counts, gram[:-1], gram[-1], [0.2, 0.3, 0.4])
    yield case("edges", counts, gram[:-1], gram[-1], _weights(rng, 2).tolist())
    sign = float(rng.choice([-1, 1]))
    near, far = rng.uniform(0.65e-6, 0.8e-6), rng.uniform(1.35e-6, 1.7e-6)  # 1e-6 is allowed
    yield case("edges", counts, (), gram[-1], [1 + sign * float(near)])
    yield case("edges", counts, gram[:-1], gram[-1], (_weights(rng, 3) * (1 + sign * far)).tolist())
    nothing = {n: reference.count_ngrams([], n) for n in (1, 2)}
    yield case("edges", nothing, ("the",), "door", _weights(rng, 2).tolist())


def _weights(rng: np.random.Generator, order: int) -> np.ndarray:
    """Return weights that sum to 1, no two of them alike."""
    weights = rng.permutation(np.arange(1, order + 1)) + rng.uniform(0, 0.3, order)
    return weights / weights.sum()


check = Check(
    groups={
        "seen": Group("contexts that every order has seen", 1),
        "lending": Group("contexts that were never seen, whose weight is lent", 1),
        "edges": Group(
            "unknown words, no words at all, weights that do not sum to 1 or are too few", 1
        ),
    },
    draw=draw,
)


@alternative
def bottom_up(counts: Counts, context: Context, word: str, lambdas: Sequence[float]) -> float:
    if len(lambdas) != len(context) + 1:
        raise ValueError("number of weights")
    if not np.isclose(np.sum(lambdas), 1, rtol=0, atol=1e-6):
        raise ValueError("weights must sum to 1")
    result, below = 0.0, 0.0
    for k, weight in enumerate(lambdas):
        tail = context[-k:] if k else ()
        total = sum(c for g, c in counts[k + 1].items() if g[:k] == tail)
        if total:
            below = counts[k + 1].get((*tail, word), 0) / total
        result += weight * below
    return result


@alternative
def numpy_dot(counts: Counts, context: Context, word: str, lambdas: Sequence[float]) -> object:
    n = len(context) + 1
    weights = np.asarray(lambdas, dtype=float)
    if weights.shape != (n,) or abs(weights.sum() - 1) > 1e-6:
        raise ValueError("bad weights")
    probs = np.zeros(n)
    for k in range(n):
        tail = context[n - 1 - k :]
        matching = {g[-1]: c for g, c in counts[k + 1].items() if g[:-1] == tail}
        probs[k] = matching.get(word, 0) / sum(matching.values()) if matching else probs[k - 1]
    return weights @ probs


@alternative
def torch_float32(counts: Counts, context: Context, word: str, lambdas: Sequence[float]) -> object:
    import torch

    weights = torch.tensor(np.asarray(lambdas), dtype=torch.float32)
    n = len(context) + 1
    if len(weights) != n or abs(weights.sum().item() - 1) > 1e-6:
        raise ValueError("bad weights")
    result, carried = torch.tensor(0.0), torch.tensor(0.0)
    for k in reversed(range(n)):
        tail = context[n - 1 - k :]
        total = sum(c for g, c in counts[k + 1].items() if g[:-1] == tail)
        carried = carried + weights[k]
        if total:
            result = result + carried * counts[k + 1][(*tail, word)] / total
            carried = torch.tensor(0.0)
    return result


weights_reversed = slip(
    REFERENCE,
    ("lambdas[order - 1]", "lambdas[-order]"),
    loses=("seen", "lending"),
    hint="The weights are used in reverse. lambdas[0] belongs to the unigrams, the last one to the "
    "longest context.",
)
weight_lost = slip(
    REFERENCE,
    (" + lent", ""),
    loses="lending",
    hint="Where a context was never seen, its order's weight is lost, so the probabilities sum to "
    "less than 1. It is lent to the order below.",
)
weights_renormalised = slip(
    numpy_dot,
    ("else probs[k - 1]", "else np.nan"),
    ("weights @ probs", "np.nansum(weights * probs) / weights[~np.isnan(probs)].sum()"),
    loses=("lending", "edges"),
    hint="Where a context was never seen, you spread its weight over all orders that remain. It goes "
    "to the order just below, and only to that one.",
)
oldest_tokens = slip(
    REFERENCE,
    ("context[len(context) - order + 1 :]", "context[: order - 1]"),
    loses=("seen", "lending"),
    hint="A lower order looks at the wrong end of the context. Order k asks for the k - 1 tokens "
    "just before the word, the last ones of the context.",
)
lambdas_ignored = slip(
    REFERENCE,
    (
        "    if len(lambdas) !=",
        "    lambdas = [1 / (len(context) + 1)] * (len(context) + 1)\n    if len(lambdas) !=",
    ),
    loses=("seen", "lending", "edges"),
    hint="You average the orders with equal weights, whatever lambdas says.",
)

numbers_of_any_kind = equal(
    numpy_dot,
    ("np.asarray(lambdas, dtype=float)", "np.asarray(lambdas)"),
    because="what whole numbers are multiplied by is no whole number",
)
no_such_sum = equal(
    REFERENCE,
    ("> 1e-6", ">= 1e-6"),
    because="near 1 floats are multiples of 2**-53, and the float 1e-6 is none",
)
no_such_sum_of_numpy = equal(
    numpy_dot,
    ("> 1e-6", ">= 1e-6"),
    because="near 1 floats are multiples of 2**-53, and the float 1e-6 is none",
)
one_is_close_to_it = equal(
    bottom_up,
    ("np.sum(lambdas), 1,", "1, np.sum(lambdas),"),
    because="without a relative tolerance np.isclose is symmetric",
)
the_product_refuses = equal(
    numpy_dot,
    ("weights.shape != (n,) or ", ""),
    because="a product with another number of weights raises ValueError as well",
)

tensors_or_numbers = equal(
    torch_float32,
    (", dtype=torch.float32", ""),
    ("torch.tensor(np.asarray(lambdas), dtype=torch.float32)", "np.asarray(lambdas)"),
    ("np.asarray(lambdas)", "lambdas"),
    (".item()", ""),
    ("torch.tensor(0.0),", "0.0,"),
    (", torch.tensor(0.0)", ", 0.0"),
    ("            carried = torch.tensor(0.0)", "            carried = 0.0"),
    because="tensors, arrays and numbers are added and multiplied alike, and more precision than "
    "float32 is no harm",
)
no_such_sum_in_float32 = equal(
    torch_float32,
    ("> 1e-6", ">= 1e-6"),
    because="near 1 numbers of float32 are multiples of 2**-24, and the float 1e-6 is none",
)

rules = (
    told(
        "are as in question 2",
        "runs from order 1 to order $n$",
        "So the probabilities still sum to 1",
        "has all orders that are asked for",
    ),
    rule(
        "any sequence of numbers or an array",
        when=lambda counts, context, word, lambdas: isinstance(lambdas, list),
    ),
    rule(
        "any sequence of numbers or an array",
        when=lambda counts, context, word, lambdas: isinstance(lambdas, np.ndarray),
    ),
    rule(
        "lends its weight to the order below",
        when=lambda counts, context, *_: len(context) == 1 and "un" in context,
    ),
    rule(
        "and that one, if it has not seen its context either",
        when=lambda counts, context, *_: {"un", "heard"} <= set(context),
    ),
    rule("A word that no order has seen gets 0", gives=lambda p: p == 0),
    rule(
        "Weights that do not sum to 1",
        when=lambda counts, context, word, lambdas: len(lambdas) == len(context) + 1,
        gives=ValueError,
    ),
    rule(
        "whose number is not",
        when=lambda counts, context, word, lambdas: len(lambdas) != len(context) + 1,
        gives=ValueError,
    ),
)
