"""make_windows: contexts and the words that come next."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

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

from .drawing import WholeNumbers

Windows = tuple[object, object]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield texts of several sentences, and texts of none, empty and very short ones."""
    for window, pad in ((2, 1), (3, 0), (4, 7), (1, 2)):
        yield case("texts", _text(rng, 3, 4, 9), window, pad)
    yield case("texts", [s.tolist() for s in _text(rng, 2, 4, 6)], 2, 3)
    yield case("texts", [s.astype("int32") for s in _text(rng, 4, 4, 7)], 3, 1)
    # Ids beyond one byte and two, some of them twice, and one that is that of the padding.
    often = [rng.permutation([5, 300, 300, 70_000, 70_001, 5])[: int(n)] for n in (4, 6, 5)]
    yield case("texts", often, 2, 5)
    one, another = _text(rng, 2, 3, 4)
    yield case("texts", [one, another, one.copy()], 2, 1)
    yield case("edges", _text(rng, 3, 2, 3), int(rng.integers(5, 8)), 4)
    yield case("edges", _text(rng, 2, 1, 1), 2, 5)
    with_empty = _text(rng, 3, 2, 4)
    with_empty.insert(int(rng.integers(1, 3)), np.zeros(0, dtype=np.int64))
    yield case("edges", with_empty, 3, 1)
    with_empty_list = [s.tolist() for s in _text(rng, 3, 2, 4)]
    with_empty_list.insert(int(rng.integers(1, 3)), [])
    yield case("edges", with_empty_list, 2, 1)
    yield case("edges", [], int(rng.integers(1, 5)), 0)
    yield case("edges", _text(rng, 2, 2, 4), 0, 0)
    yield case("edges", _text(rng, 2, 2, 4), -1, 0)
    for text in ([], _text(rng, 1, 1, 1)):  # no array is refused for its shape here
        yield case("edges", text, 0, 0)


def _text(
    rng: np.random.Generator, sentences: int, shortest: int, longest: int
) -> list[np.ndarray]:
    """Return sentences of ids that are all different, so that every slip shows."""
    lengths = rng.integers(shortest, longest + 1, size=sentences)
    ids = 10 + rng.permutation(int(lengths.sum()))
    return [part.copy() for part in np.split(ids, np.cumsum(lengths)[:-1])]


check = Check(
    groups={
        "texts": Group("texts of several sentences", 2),
        "edges": Group("short and empty sentences, no text, and windows below 1", 1),
    },
    draw=draw,
    compare=WholeNumbers(),
)


@alternative
def with_loops(ids, window: int, pad_id: int) -> Windows:
    if window < 1:
        raise ValueError("window")
    contexts, targets = [], []
    for sentence in ids:
        context = [pad_id] * window
        for i in sentence:
            contexts.append(context)
            targets.append(int(i))
            context = [*context[1:], int(i)]
    return np.array(contexts, dtype=int).reshape(len(targets), window), np.array(targets, dtype=int)


@alternative
def with_indices(ids, window: int, pad_id: int) -> Windows:
    if window <= 0:
        raise ValueError(f"no window of {window}")
    contexts = np.full((sum(map(len, ids)), window), pad_id)
    targets = np.zeros(len(contexts), dtype=np.int32)
    at = 0
    for sentence in ids:
        for t, i in enumerate(sentence):
            known = sentence[max(0, t - window) : t]
            if len(known):
                contexts[at, -len(known) :] = known
            targets[at] = i
            at += 1
    return contexts, targets


@alternative
def with_torch(ids, window: int, pad_id: int) -> Windows:
    import torch

    if window < 1:
        raise ValueError("the window is too short")
    contexts = [torch.empty((0, window), dtype=torch.long)]
    targets = [torch.empty(0, dtype=torch.long)]
    for sentence in ids:
        tokens = torch.tensor([pad_id] * window + [int(i) for i in sentence])
        if len(tokens) > window:
            contexts.append(tokens.unfold(0, window, 1)[:-1])
            targets.append(tokens[window:])
    return torch.cat(contexts), torch.cat(targets)


target_in_context = slip(
    REFERENCE,
    (")[:-1]", ")[1:]"),
    loses=("texts", "edges"),
    hint="The window is shifted by one: the target stands in its own context. A model that is shown "
    "the answer learns to copy it, and knows nothing when it has to predict.",
)
nearest_word_missing = slip(
    REFERENCE,
    ("np.full(window,", "np.full(window + 1,"),
    (")[:-1]", ")[:-2]"),
    ("padded[window:]", "padded[window + 1 :]"),
    loses=("texts", "edges"),
    hint="A word is missing between context and target: the id just before the target does not "
    "stand in its context.",
)
crosses_sentences = slip(
    REFERENCE,
    ("for sentence in ids", "for sentence in [np.concatenate(ids)]"),
    loses=("texts", "edges"),
    hint="Windows reach into the sentence before: only the text as a whole is padded. Every "
    "sentence begins with nothing but padding before it.",
)
newest_first = slip(
    REFERENCE,
    (")[:-1]", ")[:-1, ::-1]"),
    loses=("texts", "edges"),
    hint="The context is turned round: the newest word stands first. Here the oldest comes first.",
)
no_padding = slip(
    REFERENCE,
    (")[:-1]", ")[window:-1]"),
    ("padded[window:]", "padded[2 * window :]"),
    loses=("texts", "edges"),
    hint="The first words of a sentence are never targets: you begin where a context is full, "
    "instead of filling it up with padding.",
)
padded_on_the_right = slip(
    with_indices,
    ("-len(known) :", ": len(known)"),
    loses=("texts", "edges"),
    hint="The padding stands behind the words of the context. It belongs on the left, where the "
    "sentence has not begun: the newest word is always the last of a context.",
)
end_not_predicted = slip(
    REFERENCE,
    (")[:-1]", ")[:-2]"),
    ("padded[window:]", "padded[window:-1]"),
    loses=("texts", "edges"),
    hint="The last id of each sentence is never a target. It stands for </s>, which is predicted "
    "like any other word.",
)
floats = slip(
    REFERENCE,
    (
        "return np.concatenate(contexts), np.concatenate(targets)",
        "return np.concatenate(contexts) * 1.0, np.concatenate(targets) * 1.0",
    ),
    loses=("texts", "edges"),
    hint="Your ids are floats, which cannot be indices: np.zeros and np.empty make floats where no "
    "dtype is given.",
)
pads_with_zero = slip(
    REFERENCE,
    ("pad_id, dtype", "0, dtype"),
    loses=("texts", "edges"),
    hint="You fill up with 0 whatever `pad_id` is. Which id means padding is an argument.",
)
integers_already = equal(
    REFERENCE,
    ("pad_id, dtype=np.int64", "pad_id"),
    because="pad_id is an integer",
)
integers_in_the_end = equal(
    with_loops,
    ("targets.append(int(i))", "targets.append(i)"),
    ("context[1:], int(i)", "context[1:], i"),
    ("contexts.append(context)", "contexts.extend(context)"),
    because="the arrays of the end are of integers, and get their shape there",
)
empty_of_any_dtype = equal(
    with_loops,
    ("np.array(contexts, dtype=int)", "np.array(contexts)"),
    ("np.array(targets, dtype=int)", "np.array(targets)"),
    ("np.array(targets, dtype=int)", "targets"),
    settled="the dtype of an array without entries does not count",
)
all_overwritten = equal(
    with_indices,
    ("np.zeros", "np.ones"),
    ("0, t - window", "t - window, 0"),
    because="every target is overwritten, and the larger number does not depend on the order",
)
no_window_in_nothing = equal(
    with_torch,
    ("int(i) for i", "i for i"),
    ("len(tokens) > window", "True"),
    ("> window", ">= window"),
    ("unfold(0,", "unfold(-1,"),
    because="tokens are integers along one axis, and of no ids the one window is left out",
)

rules = (
    rule("each an array (or list) of ids", when=lambda ids, *_: isinstance(ids[0], list)),
    told("A sentence already ends in the id of `</s>`"),
    rule(
        "**Every id of every sentence is a target once**",
        "So there are $N$ examples for $N$ ids",
        "the `window` ids before it *in its own sentence*",
        when=lambda ids, window, pad: len(ids) > 2 and window > 1 and min(map(len, ids)) > window,
    ),
    rule(
        "Where there are fewer, `pad_id` fills up",
        when=lambda ids, window, pad: pad != 0 and min(map(len, ids)) <= window,
    ),
    rule(
        "also where it is longer than the sentence",
        when=lambda ids, window, pad: len(ids) > 1 and window > max(map(len, ids)),
    ),
    told("the dtype of an array without entries does not count"),
    rule("both hold integers", when=lambda ids, *_: max(map(max, ids)) > 2**16),
    rule("A sentence without ids", when=lambda ids, *_: ids and min(map(len, ids)) == 0),
    rule("No sentences give arrays", when=lambda ids, *_: not ids),
    rule("`window` below 1", when=lambda ids, window, pad: window == 0, gives=ValueError),
)
