"""stupid_backoff: the longest context with which the word was seen."""

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
    """Yield queries that stop at once, after one step, and after several."""
    for order in (1, 2, 3, 4):
        counts = draw_counts(rng, reference, order)
        gram = pick(rng, grams(counts, order, starts=False))
        yield case("seen", counts, gram[:-1], gram[-1], float(rng.uniform(0.2, 0.6)))
        if order > 1:
            gram = pick(rng, grams(counts, order, starts=True))
            yield case("seen", counts, gram[:-1], gram[-1], float(rng.uniform(0.2, 0.6)))
            gram = pick(rng, grams(counts, order - 1, starts=False))
            yield case("seen", counts, gram[:-1], gram[-1], float(rng.uniform(0.2, 0.6)))
    for _ in range(3):
        counts = draw_counts(rng, reference, 3)
        gram = pick(rng, grams(counts, 2, starts=False))
        yield case("one step", counts, ("unheard", gram[0]), gram[1])
        context = pick(rng, grams(counts, 3, starts=False))[:-1]
        words = sorted(w for u, w in counts[2] if u == context[1] and not counts[3][(*context, w)])
        if words:
            alpha = float(rng.uniform(0.2, 0.6))
            yield case("one step", counts, context, words[0], alpha)
    for order in (3, 4, 4):
        counts = draw_counts(rng, reference, order)
        word = pick(rng, grams(counts, 1, starts=False))[-1]
        unseen = ("un", "heard", "of")[: order - 1]
        yield case("steps", counts, unseen, word, float(rng.uniform(0.2, 0.6)))
        if order == 4:
            gram = pick(rng, grams(counts, 2, starts=False))
            yield case("steps", counts, ("un", "heard", gram[0]), gram[1])
        yield case("steps", counts, ("<s>",) * (order - 1), "</s>", float(rng.uniform(0.2, 0.6)))
    counts = draw_counts(rng, reference, 2)
    yield case("steps", counts, ("the",), "unheard")
    yield case("steps", counts, ("the", "old"), "door")


check = Check(
    groups={
        "seen": Group("n-grams that were seen", 1),
        "one step": Group("n-grams seen with one token less", 1),
        "steps": Group("several steps down, unknown words, and orders that were not counted", 1),
    },
    draw=draw,
)


@alternative
def recursive(counts: Counts, context: Context, word: str, alpha: float = 0.4) -> float:
    if len(context) + 1 not in counts:
        raise ValueError("no counts")
    table = counts[len(context) + 1]
    seen = table.get((*context, word), 0)
    if seen:
        return seen / sum(c for g, c in table.items() if g[:-1] == context)
    if not context:
        return 0
    return alpha * recursive(counts, context[1:], word, alpha)


@alternative
def all_levels_at_once(counts: Counts, context: Context, word: str, alpha: float = 0.4) -> object:
    if len(context) >= max(counts):
        raise ValueError("no counts")
    best = np.float64(0)
    for size in range(len(context) + 1):
        shorter = context[len(context) - size :]
        table = counts[size + 1]
        if (*shorter, word) in table:
            total = sum(table[gram] for gram in table if gram[:size] == shorter)
            best = np.power(alpha, len(context) - size) * table[(*shorter, word)] / total
    return best


@alternative
def torch_float32(counts: Counts, context: Context, word: str, alpha: float = 0.4) -> object:
    import torch

    if len(context) + 1 not in counts:
        raise ValueError("no counts")
    price = torch.tensor(1.0)
    while True:
        table = counts[len(context) + 1]
        if table.get((*context, word), 0) > 0:
            total = sum(c for g, c in table.items() if g[:-1] == context)
            return price * table[(*context, word)] / total
        if not context:
            return torch.tensor(0.0)
        context, price = context[1:], price * alpha


alpha_never_paid = slip(
    REFERENCE,
    ("        price *= alpha\n", ""),
    loses=("one step", "steps"),
    hint="Alpha is missing: every step down to a shorter context multiplies the score by alpha.",
)
alpha_paid_once = slip(
    REFERENCE,
    ("price *= alpha", "price = alpha"),
    loses="steps",
    hint="You pay alpha once, however many steps down you go. It is paid for every step.",
)
drops_the_nearest = slip(
    REFERENCE,
    ("context[start:]", "context[: len(context) - start]"),
    loses=("one step", "steps"),
    hint="You shorten the context at the wrong end. The nearest token says most about the next word, "
    "so the oldest one, the first, is left out.",
)
backs_off_from_unseen_contexts_only = slip(
    REFERENCE,
    ("if together > 0:", "if any(gram[:-1] == shorter for gram in table):"),
    loses=("one step", "steps"),
    hint="You only back off where the context was never seen. Where it was seen, but never with this "
    "word, the score is alpha times that of the shorter context, not 0.",
)
lower_order_denominator = slip(
    REFERENCE,
    (
        "sum(n for gram, n in table.items() if gram[:-1] == shorter)",
        "counts[len(shorter)][shorter] if shorter else sum(table.values())",
    ),
    ("together / context_count", "together / context_count if context_count else 0.0"),
    loses="seen",
    hint="You take the context's count from the counts one order lower. Start tokens are contexts, "
    "but they are never counted as unigrams: sum over the words that follow the context instead.",
)

never_seen = equal(
    REFERENCE, ("word), 0)", "word), -1)"), because="it is only asked whether the count is above 0"
)
asked_once_more = equal(
    REFERENCE,
    ("range(len(context) + 1)", "range(len(context) + 2)"),
    because="beyond the empty context it is asked again, and a word that it has not is not there",
)
nothing_is_no_count = equal(
    recursive, ("word), 0)", "word))"), because="it is only asked whether there is a count"
)
a_tensor_or_a_number = equal(
    torch_float32,
    ("torch.tensor(1.0)", "1.0"),
    ("torch.tensor(0.0)", "0.0"),
    (", 0) > 0", ", -1) > 0"),
    because="a float of Python is compared as well, and it is only asked whether there is a count",
)
zeros_of_any_kind = equal(
    all_levels_at_once,
    ("np.float64(0)", "np.float64()"),
    ("np.float64(0)", "0"),
    because="they are the same number",
)

rules = (
    told("are as in question 2"),
    rule(
        "is paid for *every* step down",
        when=lambda counts, context, word, *_: (
            len(context) > 1
            and counts[1][(word,)]
            and not any(
                g[:-1] == context[i:]
                for i in range(len(context))
                for g in counts[len(context) - i + 1]
            )
        ),
    ),
    rule(
        "At the end stands the empty context",
        when=lambda counts, context, word, *_: context == (),
        gives=lambda score: score > 0,
    ),
    rule("A word that never occurred scores 0", gives=lambda score: score == 0),
    rule("A context whose order is no key of `counts`", gives=ValueError),
)
