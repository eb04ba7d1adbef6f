"""kneser_ney_prob: interpolated, with one discount."""

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

from .drawing import Counts, draw_counts, grams, pick

Context = tuple[str, ...]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield queries at the top order, lower down, and of what was never seen."""
    for order in (1, 2, 3, 2, 3):
        counts = draw_counts(rng, reference, order)
        gram = pick(rng, grams(counts, order, starts=False))
        yield case("top", counts, gram[:-1], gram[-1], _discount(rng))
        if order > 1:
            gram = pick(rng, grams(counts, order, starts=True))
            yield case("top", counts, gram[:-1], gram[-1], _discount(rng))
    for order, size in ((2, 0), (3, 1), (3, 0), (4, 2), (4, 1)):
        counts = draw_counts(rng, reference, order)
        gram = pick(rng, grams(counts, size + 1, starts=False))
        yield case("lower", counts, gram[:-1], gram[-1], _discount(rng))
    for order in (2, 3):
        counts = draw_counts(rng, reference, order)
        gram = pick(rng, grams(counts, order, starts=False))
        word = pick(rng, grams(counts, 1, starts=False))[-1]
        yield case("unseen", counts, ("un", "heard")[: order - 1], word, _discount(rng))
        yield case("unseen", counts, gram[:-1], "unheard", _discount(rng))
        yield case("unseen", counts, ("un", "heard")[: order - 1], "of", _discount(rng))
    yield case("unseen", counts, ("the", "old", "door"), "opened", 0.5)


def _discount(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.3, 0.9))


check = Check(
    groups={
        "top": Group("n-grams of the top order", 2),
        "lower": Group("shorter contexts, which use continuation counts", 2),
        "unseen": Group("unseen contexts, unknown words, contexts that are too long", 1),
    },
    draw=draw,
)


@alternative
def from_the_bottom_up(counts: Counts, context: Context, word: str, discount: float) -> float:
    top = max(counts)
    if len(context) >= top:
        raise ValueError("context too long")
    result = 1 / (1 + len(counts[1]))
    for size in range(len(context) + 1):
        tail = context[len(context) - size :]
        adjusted: dict[str, int] = {}
        if size + 1 == top:
            for gram, count in counts[top].items():
                if gram[:-1] == tail:
                    adjusted[gram[-1]] = count
        else:
            for gram in counts[size + 2]:
                if gram[1:-1] == tail:
                    adjusted[gram[-1]] = adjusted.get(gram[-1], 0) + 1
        total = sum(adjusted.values())
        if total:
            kept = max(adjusted.get(word, 0) - discount, 0) / total
            result = kept + discount * len(adjusted) / total * result
    return result


@alternative
def predecessor_sets(counts: Counts, context: Context, word: str, discount: float) -> object:
    if len(context) + 1 not in counts:
        raise ValueError("no such order")

    def adjusted(size: int, tail: Context) -> np.ndarray:
        if size + 1 == max(counts):
            table = {g[-1]: c for g, c in counts[size + 1].items() if g[:-1] == tail}
        else:
            before: dict[str, set[str]] = {}
            for gram in counts[size + 2]:
                if gram[1:-1] == tail:
                    before.setdefault(gram[-1], set()).add(gram[0])
            table = {w: len(v) for w, v in before.items()}
        return np.array([table.get(word, 0), sum(table.values()), len(table)], dtype=float)

    def prob(size: int) -> np.float64:
        if size < 0:
            return np.float64(1) / (len(counts[1]) + 1)
        own, total, types = adjusted(size, context[len(context) - size :])
        if total == 0:
            return prob(size - 1)
        return np.maximum(own - discount, 0) / total + discount * types / total * prob(size - 1)

    return prob(len(context))


raw_counts_below = slip(
    REFERENCE,
    ("if order == top:", "if order <= top:"),
    ("counts[top].items()", "counts[order].items()"),
    loses=("top", "lower", "unseen"),
    hint="Your lower orders use plain counts. Below the top, Kneser-Ney counts after how many "
    "different tokens an n-gram occurs.",
)
nothing_given_below = slip(
    REFERENCE,
    (" + discount * len(adjusted) * lower", ""),
    loses=("top", "lower", "unseen"),
    hint="What the discount takes is not given to the lower order: the probabilities sum to less "
    "than 1. Add discount * (number of different next words) / total times the lower probability.",
)
weight_of_one_type = slip(
    REFERENCE,
    ("discount * len(adjusted)", "discount"),
    loses=("top", "lower", "unseen"),
    hint="You give the lower order the discount once. It was taken from every different next word, "
    "so discount * (number of different next words) / total is what there is to give.",
)
no_base = slip(
    REFERENCE,
    ("1 / (len(counts[1]) + 1)", "0.0"),
    loses=("top", "lower", "unseen"),
    hint="Your recursion ends at the unigrams without the uniform distribution below them, so an "
    "unknown word gets 0.",
)
base_without_unknown = slip(
    REFERENCE,
    ("(len(counts[1]) + 1)", "len(counts[1])"),
    loses=("top", "lower", "unseen"),
    hint="The uniform distribution at the bottom leaves no place for an unknown word: it is "
    "1 / (|V| + 1).",
)

larger_of_two = equal(
    REFERENCE,
    ("max(adjusted.get(word, 0) - discount, 0)", "max(0, adjusted.get(word, 0) - discount)"),
    ("word, 0)", "word, -1)"),
    because="the larger of two is the same in either order, and nothing below 0 is larger than 0",
)
larger_of_two_below = equal(
    from_the_bottom_up,
    ("max(adjusted.get(word, 0) - discount, 0)", "max(0, adjusted.get(word, 0) - discount)"),
    ("max(adjusted.get(word, 0)", "max(adjusted.get(word, -1)"),
    because="the larger of two is the same in either order, and nothing below 0 is larger than 0",
)
numbers_of_any_kind = equal(
    predecessor_sets,
    (", dtype=float", ""),
    (
        "np.array([table.get(word, 0), sum(table.values()), len(table)], dtype=float)",
        "[table.get(word, 0), sum(table.values()), len(table)]",
    ),
    ("table.get(word, 0)", "table.get(word, -1)"),
    ("np.float64(1)", "1"),
    ("np.maximum(own - discount, 0)", "np.maximum(0, own - discount)"),
    because="they are discounted and divided, and nothing below 0 is larger than 0",
)
rules = (
    told("`counts` holds the counts of the orders 1 to the top"),
    rule("A context as long as the top order", gives=ValueError),
    rule(
        "A *shorter* context starts lower down",
        when=lambda counts, context, *_: len(context) + 1 < max(counts),
    ),
    rule("passes the question on", when=lambda counts, context, *_: "un" in context),
    rule(
        "of the empty context is uniform",
        when=lambda counts, context, *_: context == () and len(counts) > 1,
    ),
    rule(
        "a word that was never seen gets a small probability",
        when=lambda counts, context, word, discount: not counts[1][(word,)],
        gives=lambda p: 0 < p < 0.1,
    ),
    rule("If the top order is 1", when=lambda counts, *_: len(counts) == 1),
)
