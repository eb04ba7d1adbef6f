"""mle_prob: relative frequencies."""

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

from .drawing import Counts, draw_counts, grams, pick

Context = tuple[str, ...]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield queries of random corpora: seen n-grams, and what was never seen."""
    for order in (1, 2, 3, 2, 3):
        counts = draw_counts(rng, reference, order)
        gram = pick(rng, grams(counts, order, starts=False))
        yield case("seen", counts, gram[:-1], gram[-1])
        if order > 1:
            at_start = pick(rng, grams(counts, order, starts=True))
            yield case("seen", counts, at_start[:-1], at_start[-1])
            yield case("unseen", counts, ("unheard", "of")[: order - 1], gram[-1])
        yield case("unseen", counts, gram[:-1], "unheard")
        yield case("unseen", counts, ("the", "old", "door"), "opened")
    # Words of which one begins another, and that a small letter tells apart.
    first, other = (str(word) for word in rng.choice(["books", "exams", "door"], 2, replace=False))
    sentences = [["the", first], ["their", other], ["The", other], ["the", "old"]]
    counts = {n: reference.count_ngrams(sentences, n) for n in (1, 2)}
    yield case("seen", counts, ("the",), first)
    counts = draw_counts(rng, reference, 3)  # a context shorter than the counts allow
    gram = pick(rng, grams(counts, 2, starts=False))
    yield case("seen", counts, gram[:-1], gram[-1])
    yield case("unseen", counts, gram[:-1], "unheard")
    yield case("unseen", counts, ("unheard",), gram[-1])


check = Check(
    groups={
        "seen": Group("words seen after their context, at the start of a sentence too", 1),
        "unseen": Group("unseen words, unseen contexts, and orders that were not counted", 1),
    },
    draw=draw,
)


@alternative
def loop(counts: Counts, context: Context, word: str) -> float:
    n = len(context) + 1
    if n not in counts:
        raise ValueError("no counts of this order")
    together = total = 0
    for gram, count in counts[n].items():
        if gram[: n - 1] == context:
            total += count
            if gram[-1] == word:
                together += count
    return together / total if total > 0 else float("nan")


@alternative
def numpy_with_nan(counts: Counts, context: Context, word: str) -> object:
    if len(context) >= max(counts):
        raise ValueError("context too long")
    table = counts[len(context) + 1]
    total = np.float64(sum(c for g, c in table.items() if g[:-1] == context))
    return np.divide(table[(*context, word)], total)


@alternative
def exact_fractions(counts: Counts, context: Context, word: str) -> object:
    from fractions import Fraction

    try:
        table = counts[len(context) + 1]
    except KeyError as error:
        raise ValueError("unknown order") from error
    total = sum(c for g, c in table.items() if g[:-1] == context)
    return Fraction(table[(*context, word)], total) if total else math.nan


@alternative
def torch_float32(counts: Counts, context: Context, word: str) -> object:
    import torch

    if len(context) + 1 not in counts:
        raise ValueError("unknown order")
    table = counts[len(context) + 1]
    total = torch.tensor([float(c) for g, c in table.items() if g[:-1] == context]).sum()
    return torch.tensor(float(table.get((*context, word), 0))) / total


lower_order_denominator = slip(
    REFERENCE,
    (
        "sum(followers.values())",
        "counts[order - 1][context] if context else sum(followers.values())",
    ),
    ("else math.nan", "else 0.0 if followers else math.nan"),
    loses="seen",
    hint="You take the context's count from the counts one order lower. Start tokens are contexts, "
    "but they are never counted as unigrams: sum over the words that follow the context instead.",
)
joint_probability = slip(
    REFERENCE,
    ("sum(followers.values())", "sum(counts[order].values())"),
    loses=("seen", "unseen"),
    hint="You divide by the number of all n-grams. That is the probability of context and word "
    "together; given the context, divide by how often the context occurred.",
)
divides_by_the_word = slip(
    REFERENCE,
    ("sum(followers.values())", "sum(n for gram, n in counts[order].items() if gram[-1] == word)"),
    loses=("seen", "unseen"),
    hint="You divide by the count of the word. That is how probable the context is before this word; "
    "asked is how probable the word is after this context.",
)

seen_at_most_once = equal(
    loop,
    ("together += count", "together = count"),
    because="each n-gram stands in the counts once, so only one is that of context and word",
)
an_int_of_numpy = equal(
    numpy_with_nan,
    (
        "np.float64(sum(c for g, c in table.items() if g[:-1] == context))",
        "sum(c for g, c in table.items() if g[:-1] == context)",
    ),
    because="np.divide gives a float, and nan for 0 / 0, of whole numbers as well",
)
a_tensor_of_either_kind = equal(
    torch_float32,
    ("[float(c) for", "[c for"),
    (
        "torch.tensor(float(table.get((*context, word), 0)))",
        "float(table.get((*context, word), 0))",
    ),
    ("float(table.get((*context, word), 0))", "table.get((*context, word), 0)"),
    because="the quotient of whole numbers is a float, and the denominator is a tensor",
)
rules = (
    told("maps each order", "`context` is a tuple of tokens", "Asked for another one"),
    rule("`()` for unigrams", when=lambda counts, context, word: context == ()),
    rule(
        "The count of a context is the sum over its next words",
        when=lambda counts, context, word: (
            len({g for g in counts[len(context) + 1] if g[:-1] == context}) > 1
        ),
    ),
    rule(
        "start tokens are contexts",
        when=lambda counts, context, word: "<s>" in context,
        gives=lambda p: p > 0,
    ),
    rule("A seen context with a word that never followed it gives 0", gives=lambda p: p == 0),
    rule("A context that was never seen", gives=math.isnan),
    rule("A context whose order is no key of `counts`", gives=ValueError),
)
