"""add_delta_prob: smoothed relative frequencies."""

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

from .drawing import Counts, draw_counts, grams, pick

Context = tuple[str, ...]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield queries of random corpora: seen n-grams, unseen ones, and the edges."""
    for order in (2, 3, 2, 3):
        counts = draw_counts(rng, reference, order)
        vocab_size, delta = _settings(rng, counts)
        inside = grams(counts, order, starts=False)
        at_start = grams(counts, order, starts=True)
        for gram in (pick(rng, inside), pick(rng, at_start)):
            yield case("seen", counts, gram[:-1], gram[-1], vocab_size, delta)
        yield case("unseen", counts, pick(rng, inside)[:-1], "unheard", vocab_size, delta)
        unseen_context = ("unheard", "of")[: order - 1]
        yield case("unseen", counts, unseen_context, pick(rng, inside)[-1], vocab_size, delta)
    counts = draw_counts(rng, reference, 3)  # a context shorter than the counts allow
    vocab_size, delta = _settings(rng, counts)
    gram = pick(rng, grams(counts, 2, starts=False))
    yield case("seen", counts, gram[:-1], gram[-1], vocab_size, delta)
    yield case("seen", counts, gram[:-1], gram[-1], vocab_size, float(rng.uniform(1.5, 4)))
    counts = draw_counts(rng, reference, 2)
    vocab_size, delta = _settings(rng, counts)
    for gram in (pick(rng, grams(counts, 1, starts=False)) for _ in range(2)):
        yield case("edges", counts, (), gram[-1], vocab_size, delta)
    context = pick(rng, grams(counts, 2, starts=False))[:-1]
    yield case("edges", counts, context, "unheard", vocab_size, 0.0)
    yield case("edges", counts, ("unheard",), "the", vocab_size, 0.0)
    yield case("edges", counts, ("the", "old"), "door", vocab_size, delta)


def _settings(rng: np.random.Generator, counts: Counts) -> tuple[int, float]:
    """Return a vocabulary larger than what was seen, and a delta."""
    return len(counts[1]) + int(rng.integers(20, 60)), float(rng.uniform(0.05, 0.8))


check = Check(
    groups={
        "seen": Group("words seen after their context, at the start of a sentence too", 1),
        "unseen": Group("unseen words, and words after an unseen context", 1),
        "edges": Group("unigrams, delta = 0, and a context for which there are no counts", 1),
    },
    draw=draw,
)


@alternative
def loop_and_try(
    counts: Counts, context: Context, word: str, vocab_size: int, delta: float
) -> float:
    n = len(context) + 1
    try:
        table = counts[n]
    except KeyError:
        raise ValueError(f"no counts for contexts of length {n - 1}") from None
    seen = together = 0
    for gram in table:
        if gram[: n - 1] == context:
            seen += table[gram]
            if gram[n - 1] == word:
                together += table[gram]
    try:
        return (together + delta) / (seen + delta * vocab_size)
    except ZeroDivisionError:
        return float("nan")


@alternative
def numpy_scalars(
    counts: Counts, context: Context, word: str, vocab_size: int, delta: float
) -> np.float64:
    if len(context) + 1 not in counts:
        raise ValueError("no such order")
    table = counts[len(context) + 1]
    seen = np.sum([c for g, c in table.items() if g[:-1] == context], dtype=float)
    return np.divide(table[(*context, word)] + delta, seen + delta * vocab_size)


@alternative
def torch_float32(
    counts: Counts, context: Context, word: str, vocab_size: int, delta: float
) -> object:
    import torch

    if len(context) >= max(counts):
        raise ValueError("context too long")
    table = counts[len(context) + 1]
    seen = torch.tensor(sum(c for g, c in table.items() if g[:-1] == context)).float()
    return (table.get((*context, word), 0) + torch.tensor(delta)) / (seen + delta * vocab_size)


@alternative
def fractions(counts: Counts, context: Context, word: str, vocab_size: int, delta: float) -> object:
    from fractions import Fraction

    if len(context) + 1 not in counts:
        raise ValueError(context)
    table = counts[len(context) + 1]
    exact_delta = Fraction(delta)
    bottom = sum(c for g, c in table.items() if g[:-1] == context) + exact_delta * vocab_size
    return (table[(*context, word)] + exact_delta) / bottom if bottom else math.nan


numerator_only = slip(
    REFERENCE,
    (" + delta * vocab_size", ""),
    loses=("seen", "unseen", "edges"),
    hint="Delta is added to the numerator only, so the probabilities of all next words sum to more "
    "than 1. What is given to |V| words must be added to the denominator |V| times.",
)
counted_vocabulary = slip(
    REFERENCE,
    ("delta * vocab_size", "delta * len(counts[1])"),
    loses=("seen", "unseen", "edges"),
    hint="Your denominator adds delta once for every type that was counted. The vocabulary is "
    "larger than what was seen: use vocab_size, which is given.",
)
adds_one = slip(
    REFERENCE,
    ("delta * vocab_size", "vocab_size"),
    (" + delta) / denominator", " + 1) / denominator"),
    loses=("seen", "unseen", "edges"),
    hint="You add 1 to every count, whatever delta is: the answer does not change with delta.",
)
delta_added_once = slip(
    REFERENCE,
    ("delta * vocab_size", "delta"),
    loses=("seen", "unseen", "edges"),
    hint="Your denominator adds delta once, but every one of the |V| words was given a delta.",
)
lower_order_denominator = slip(
    REFERENCE,
    ("context_count + delta", "(counts[order - 1][context] if context else context_count) + delta"),
    loses="seen",
    hint="You take the context's count from the counts one order lower. Start tokens are contexts, "
    "but they are never counted as unigrams: sum over the words that follow the context instead.",
)
unseen_context_impossible = slip(
    REFERENCE,
    ("if denominator == 0:\n        return math.nan", "if context_count == 0:\n        return 0.0"),
    loses=("unseen", "edges"),
    hint="An unseen context gives 0 in your version. Nothing was seen, but something comes next: "
    "with delta > 0 the formula gives 1 / |V| for every word.",
)

a_tensor_already = equal(
    torch_float32,
    ("torch.tensor(delta)", "delta"),
    ("context)).float()", "context))"),
    because="the denominator is a tensor, of floats as soon as delta times |V| is added",
)
seen_at_most_once = equal(
    loop_and_try,
    ("together += table[gram]", "together = table[gram]"),
    because="each n-gram stands in the counts once, so only one is that of context and word",
)
floats_by_delta = equal(
    numpy_scalars, (", dtype=float", ""), because="what is added to it is a float, and divided by"
)
no_need_to_be_exact = equal(
    fractions, ("Fraction(delta)", "delta"), because="a float is exact to far more than 1e-6"
)

rules = (
    rule(
        "the count of a context is the sum over its next words",
        when=lambda counts, context, *_: "<s>" in context,
    ),
    rule("A context whose order is no key of `counts`", gives=ValueError),
    rule(
        "all tokens that can come next",
        "do not count it yourself",
        when=lambda counts, context, word, vocab_size, delta: vocab_size > len(counts[1]),
    ),
    rule(
        "An unseen context gives $1/|V|$",
        when=lambda counts, context, word, vocab_size, delta: delta > 0 and ("unheard" in context),
        gives=lambda p: p > 0,
    ),
    rule("With $\\delta = 0$ it gives `nan`", gives=math.isnan),
    rule(
        "A known context with an unseen word gives 0",
        when=lambda counts, context, word, vocab_size, delta: delta == 0,
        gives=lambda p: p == 0,
    ),
)
