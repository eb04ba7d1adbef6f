"""count_ngrams: padded windows, counted."""

from __future__ import annotations

from collections import Counter
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

from .drawing import draw_sentences

Sentences = list[list[str]]
Counts = Counter[tuple[str, ...]]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield corpora of a few sentences, and the edges of the statement."""
    for n in (2, 3, 2, 3):
        yield case("ordinary", draw_sentences(rng, int(rng.integers(3, 8))), n)
    for n in (1, 4, 5):
        yield case("orders", draw_sentences(rng, int(rng.integers(3, 6))), n)
    for n in (2, 3):
        yield case("edges", [[], *draw_sentences(rng, 2, longest=1), []], n)
    yield case("edges", draw_sentences(rng, 3, longest=2), 5)
    yield case("edges", [], int(rng.integers(1, 4)))
    yield case("edges", draw_sentences(rng, 2), 0)
    yield case("edges", draw_sentences(rng, 2), -int(rng.integers(1, 5)))


check = Check(
    groups={
        "ordinary": Group("bigrams and trigrams of ordinary sentences", 1),
        "orders": Group("unigrams, and n-grams of 4 and 5 tokens", 1),
        "edges": Group("short sentences and sentences without words, no sentences, n below 1", 1),
    },
    draw=draw,
)


@alternative
def zipped(sentences: Sentences, n: int) -> Counts:
    if n < 1:
        raise ValueError("n < 1")
    padded = [["<s>"] * (n - 1) + s + ["</s>"] for s in sentences]
    return Counter(gram for p in padded for gram in zip(*(p[i:] for i in range(n))))


@alternative
def plain_dict(sentences: Sentences, n: int) -> dict[tuple[str, ...], int]:
    if n <= 0:
        raise ValueError(n)
    counts: dict[tuple[str, ...], int] = {}
    for sentence in sentences:
        window = ["<s>"] * (n - 1)
        for token in [*sentence, "</s>"]:
            window = [*window, token]
            gram = tuple(window[-n:])
            counts[gram] = counts.get(gram, 0) + 1
    return counts


@alternative
def default_dict_and_deque(sentences: Sentences, n: int) -> dict[tuple[str, ...], int]:
    from collections import defaultdict, deque

    if n < 1:
        raise ValueError("need at least unigrams")
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    for sentence in sentences:
        window = deque(["<s>"] * n, maxlen=n)
        for token in sentence:
            window.append(token)
            counts[tuple(window)] += 1
        window.append("</s>")
        counts[tuple(window)] += 1
    return counts


@alternative
def numpy_counts(sentences: Sentences, n: int) -> Counts:
    if n < 1:
        raise ValueError("n must be positive")
    counts: Counts = Counter()
    for sentence in sentences:
        padded = np.array(["<s>"] * (n - 1) + sentence + ["</s>"])
        for window in np.lib.stride_tricks.sliding_window_view(padded, n):
            counts[tuple(window)] += np.int64(1)
    return counts


last_window_dropped = slip(
    REFERENCE,
    ("len(padded) - n + 1", "len(padded) - n"),
    loses=("ordinary", "orders", "edges"),
    hint="The n-gram that ends in </s> is missing from every sentence. Is the end token added, and "
    "does your loop reach the last window? A padded sentence of L tokens has L - n + 1 of them.",
)
crosses_sentences = slip(
    REFERENCE,
    (
        "    for sentence in sentences:\n        padded =",
        "    padded = []\n    for sentence in sentences:\n        padded +=",
    ),
    ("        counts.update", "    counts.update"),
    loses=("ordinary", "orders", "edges"),
    hint="Some of your n-grams reach from the end of one sentence into the next one. Count each "
    "padded sentence by itself instead of joining them first.",
)
one_start_token = slip(
    REFERENCE,
    ('["<s>"] * (n - 1)', '["<s>"]'),
    loses=("ordinary", "orders", "edges"),
    hint="You put one start token in front of a sentence whatever n is. The first word needs n - 1 "
    "tokens before it: none for n = 1, two for n = 3.",
)
no_padding = slip(
    REFERENCE,
    ('["<s>"] * (n - 1) + list(sentence) + ["</s>"]', "list(sentence)"),
    loses=("ordinary", "orders", "edges"),
    hint="The sentences are counted without padding. Add n - 1 start tokens in front and one end "
    "token behind each sentence before you cut windows.",
)
counts_types = slip(
    REFERENCE,
    ("return counts", "return Counter(set(counts))"),
    loses=("ordinary", "orders", "edges"),
    hint="Every n-gram has count 1 in your result: it lists which n-grams occur, not how often. "
    "Add to the count each time an n-gram is met.",
)

sentences_are_lists = equal(
    REFERENCE, ("list(sentence)", "sentence"), because="sentences are lists, as the signature says"
)
only_the_last_n = equal(
    plain_dict,
    ("(n - 1)", "n"),
    ("(n - 1)", "(n - 0)"),
    ("(n - 1)", "(n + 1)"),
    because="of the window the last n tokens are taken, the new one too",
)
an_array_of_a_list = equal(
    numpy_counts,
    (
        'np.array(["<s>"] * (n - 1) + sentence + ["</s>"])',
        '["<s>"] * (n - 1) + sentence + ["</s>"]',
    ),
    because="sliding_window_view makes an array of a list",
)
a_one_of_either_kind = equal(
    numpy_counts, ("np.int64(1)", "1"), because="a count is a whole number of either kind"
)

rules = (
    rule("is a tuple of $n$ strings", when=lambda sentences, n: n > 1 and sentences),
    rule(
        "Those that do not occur are absent",
        "or any other mapping",
        gives=lambda counts: min(counts.values()) > 0,
    ),
    rule("With $n = 1$ there is no start token", when=lambda sentences, n: n == 1),
    rule("A sentence without words", when=lambda sentences, n: [] in sentences and n == 2),
    rule("No sentences give an empty result", when=lambda sentences, n: not sentences),
    rule("$n < 1$ raises", when=lambda sentences, n: n == 0, gives=ValueError),
    rule("$n < 1$ raises", when=lambda sentences, n: n < 0, gives=ValueError),
)
