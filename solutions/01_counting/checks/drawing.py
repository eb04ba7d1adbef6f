"""Random corpora for the questions of assignment 01."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import numpy as np

WORDS = [
    "the",
    "The",
    "a",
    "students",
    "teachers",
    "opened",
    "closed",
    "read",
    "their",
    "books",
    "exams",
    "door",
    "old",
    "new",
    "and",
    "quickly",
]

Counts = dict[int, Counter[tuple[str, ...]]]


def draw_sentences(
    rng: np.random.Generator, how_many: int, longest: int = 8, shortest: int = 1
) -> list[list[str]]:
    """Return sentences of some words, some words far more frequent than others."""
    weights = 1 / np.arange(1, len(WORDS) + 1)
    order = rng.permutation(len(WORDS))
    return [
        [
            WORDS[order[i]]
            for i in rng.choice(
                len(WORDS), rng.integers(shortest, longest + 1), p=weights / weights.sum()
            )
        ]
        for _ in range(how_many)
    ]


def draw_counts(rng: np.random.Generator, reference: ModuleType, order: int) -> Counts:
    """Return the counts of orders 1 to `order` of a random corpus, small enough to be read."""
    sentences = draw_sentences(rng, int(rng.integers(5, 8)), order + 3, order)
    return {n: reference.count_ngrams(sentences, n) for n in range(1, order + 1)}


def grams(counts: Counts, order: int, starts: bool) -> list[tuple[str, ...]]:
    """Return the n-grams whose context is all start tokens, or those without one."""
    found = sorted(counts[order])
    if starts:
        return [gram for gram in found if set(gram[:-1]) == {"<s>"}]
    return [gram for gram in found if "<s>" not in gram]


def pick(rng: np.random.Generator, found: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return one of the n-grams."""
    return found[int(rng.integers(len(found)))]
