"""stream_batches: a long text, cut so that a state can be carried."""

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
    equal,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield texts that come out even and texts that do not, very short ones, and what is refused."""
    for rows, blocks, seq_len in ((2, 3, 4), (3, 2, 5), (4, 4, 2)):
        yield _case("even", _text(rng, rows * blocks * seq_len + 1), rows, seq_len)
    for rows, seq_len in ((2, 4), (3, 5), (4, 3), (1, 4)):
        # Rows of two lengths (but for the single one), and a last block that is not full.
        predictions = rows * (2 * seq_len + int(rng.integers(1, seq_len - 1))) + (rows > 1)
        yield _case("uneven", _text(rng, predictions + 1), rows, seq_len)
    yield _case("uneven", _text(rng, 3 * 4 + 2).astype("int32"), 3, 4)
    yield _case("uneven", _text(rng, 8), 2, 1)
    yield _case("edges", _text(rng, int(rng.integers(3, 6))), 7, 2)
    yield _case("edges", _text(rng, int(rng.integers(5, 9))), 2, 20)
    yield _case("edges", _text(rng, 2), 1, 3)
    for few in (0, 1):
        yield _case("edges", _text(rng, few), 3, 2)
    yield _case("edges", _text(rng, 0), 1, 1)
    yield _case("edges", _text(rng, 12), 0, 3)
    yield _case("edges", _text(rng, 12), 3, 0)
    yield _case("edges", _text(rng, 12), -2, 3)
    yield _case("edges", _text(rng, 12), 3, -2)


def _text(rng: np.random.Generator, length: int) -> np.ndarray:
    """Return ids that are all different, so that every slip shows, with 0 in the middle."""
    ids = rng.permutation(length)
    if length:
        ids[ids.argmin()] = ids[length // 2]
        ids[length // 2] = 0
    return ids


def _case(group: str, ids: np.ndarray, batch_size: int, seq_len: int) -> Case:
    return Case(group, (ids, batch_size, seq_len), probe="listed")


check = Check(
    groups={
        "even": Group("texts that come out even", 1),
        "uneven": Group("texts that do not come out even", 2),
        "edges": Group("very short texts, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=0.0),
)


@alternative
def with_a_list_of_padded_rows(ids, batch_size, seq_len):
    if min(batch_size, seq_len) < 1:
        raise ValueError("sizes")
    n = max(len(ids) - 1, 0)
    lengths = [n // batch_size + (i < n % batch_size) for i in range(batch_size)]
    n_blocks = math.ceil(lengths[0] / seq_len)
    x, y = (np.zeros((batch_size, n_blocks * seq_len), dtype=np.int64) for _ in range(2))
    at = 0
    for i, length in enumerate(lengths):
        x[i, :length] = ids[at : at + length]
        y[i, :length] = ids[at + 1 : at + length + 1]
        at += length
    mask = np.arange(n_blocks * seq_len) < np.array(lengths)[:, None]
    blocks = [slice(j * seq_len, (j + 1) * seq_len) for j in range(n_blocks)]
    return [(x[:, block], y[:, block], mask[:, block]) for block in blocks]


@alternative
def word_by_word(ids, batch_size, seq_len):
    if batch_size <= 0 or seq_len <= 0:
        raise ValueError("not positive")
    pairs = [(int(ids[i]), int(ids[i + 1])) for i in range(len(ids) - 1)]
    quotient, rest = divmod(len(pairs), batch_size)
    rows = []
    for i in range(batch_size):
        length = quotient + 1 if i < rest else quotient
        rows.append(pairs[:length])
        pairs = pairs[length:]
    blocks = []
    while rows[0]:
        block = [row[:seq_len] + [(0, 0)] * (seq_len - len(row[:seq_len])) for row in rows]
        mask = [[t < len(row) for t in range(seq_len)] for row in rows]
        x, y = ([[pair[side] for pair in row] for row in block] for side in (0, 1))
        blocks.append([np.array(x), np.array(y), np.array(mask)])
        rows = [row[seq_len:] for row in rows]
    return blocks


@alternative
def with_torch(ids, batch_size, seq_len):
    import torch

    if batch_size < 1 or seq_len < 1:
        raise ValueError("too small")
    places = torch.arange(max(len(ids) - 1, 0))
    text = torch.tensor(np.asarray(ids, dtype=np.int64))
    rows = torch.tensor_split(places, batch_size)
    for start in range(0, len(rows[0]), seq_len):
        here = [row[start : start + seq_len] for row in rows]
        padded = torch.full((batch_size, seq_len), -1)
        for i, part in enumerate(here):
            padded[i, : len(part)] = part
        mask = padded >= 0
        yield text[padded] * mask, text[padded + 1] * mask, mask


targets_not_shifted = slip(
    REFERENCE,
    ("here + 1", "here"),
    loses=("even", "uneven", "edges"),
    hint="The targets are the inputs themselves. A model that is trained on them learns to "
    "repeat what it just read; the target is the word after it.",
)
targets_shifted_twice = slip(
    REFERENCE,
    ("here + 1", "np.minimum(here + 2, len(ids) - 1)"),
    loses=("even", "uneven", "edges"),
    hint="The targets are shifted by two: each is the word after the next one.",
)
blocks_of_text_cut_into_rows = slip(
    REFERENCE,
    (
        "here = all_of_row[start : start + seq_len]",
        (
            "block = np.concatenate(places)[start * batch_size :][: seq_len * batch_size]\n"
            "            here = np.array_split(block, batch_size)[row]"
        ),
    ),
    loses=("even", "uneven"),
    hint="The text is cut into blocks first, and each block into rows. So a row does not go on "
    "in the next block where it left off, and a carried state belongs to another place of "
    "the text.",
)
rest_of_the_text_dropped = slip(
    REFERENCE,
    ("max(len(ids) - 1, 0)", "max(len(ids) - 1, 0) // batch_size * batch_size"),
    loses=("uneven", "edges"),
    hint="What does not fill all rows equally is dropped from the end of the text. The first "
    "rows are one longer instead: no prediction gets lost.",
)
last_block_dropped = slip(
    REFERENCE,
    ("len(places[0])", "len(places[0]) - seq_len + 1"),
    loses=("uneven", "edges"),
    hint="The last block is dropped where it is not full. It is padded instead: no prediction "
    "gets lost.",
)
lost_between_rows = slip(
    REFERENCE,
    (
        "np.array_split(np.arange(max(len(ids) - 1, 0)), batch_size)",
        "[row[:-1] for row in np.array_split(np.arange(len(ids)), batch_size)]",
    ),
    loses=("even", "uneven", "edges"),
    hint="The words are cut into rows, and then inputs and targets are made of each row. So "
    "the prediction from the last word of a row to the first word of the next one gets "
    "lost. Cut predictions, not words.",
)
lost_between_blocks = slip(
    REFERENCE,
    ("start + seq_len", "start + seq_len - 1"),
    loses=("even", "uneven"),
    hint="Inputs and targets are made of each block by itself, so the prediction from the last "
    "word of a block to the first word of the next one gets lost.",
)
short_rows_first = slip(
    word_by_word,
    ("i < rest", "i >= batch_size - rest"),
    ("while rows[0]", "while rows[-1]"),
    loses=("uneven", "edges"),
    hint="The shorter rows come first. The longer ones do.",
)
last_row_takes_the_rest = slip(
    word_by_word,
    ("quotient + 1 if i < rest else quotient", "quotient + (rest > 0)"),
    loses="uneven",
    hint="All rows but the last are equally long, and the last one takes what is left. Lengths "
    "may differ by one at most, the longer rows first.",
)
padding_not_masked = slip(
    REFERENCE,
    ("mask[row, : len(here)]", "mask[row]"),
    loses=("uneven", "edges"),
    hint="The mask is True at padding as well, so padding would count as text.",
)
zeros_masked = slip(
    REFERENCE,
    ("mask[row, : len(here)] = True", "mask[row, : len(here)] = ids[here] != 0"),
    loses=("even", "uneven", "edges"),
    hint="The mask is False at the id 0 as well. 0 is an id like any other: what is padding, the "
    "place tells, and not what stands there.",
)
last_block_cut = slip(
    REFERENCE,
    ("seq_len), dtype", "min(seq_len, len(places[0]) - start)), dtype"),
    loses=("uneven", "edges"),
    hint="The last block is shorter than the others. Every block has seq_len steps; the last "
    "one is padded.",
)
one_buffer_for_all = slip(
    REFERENCE,
    ("inputs = np.zeros((batch_size, seq_len), dtype=np.int64)", "inputs[:] = 0"),
    (
        "targets, mask = np.zeros_like(inputs), np.zeros(inputs.shape, dtype=bool)",
        "targets[:], mask[:] = 0, False",
    ),
    (
        "    for start",
        (
            "    inputs, targets = np.zeros((2, batch_size, seq_len), dtype=np.int64)\n"
            "    mask = np.zeros((batch_size, seq_len), dtype=bool)\n"
            "    for start"
        ),
    ),
    loses=("even", "uneven"),
    hint="You yield the same arrays again and again, and write the next block into them, so "
    "that a block that was kept changes later. Make new arrays for each block.",
)
windows_overlap = slip(
    REFERENCE,
    (
        "range(0, len(places[0]), seq_len)",
        "range(max(len(places[0]) - seq_len, 0) + (len(places[0]) > 0))",
    ),
    loses=("even", "uneven"),
    hint="The blocks overlap: each begins one step after the one before, so that predictions "
    "come several times. The next block begins where the last one ended.",
)

refused_anyway = equal(
    REFERENCE,
    ("batch_size < 1 or seq_len", "seq_len"),
    ("batch_size < 1", "batch_size < 0"),
    ("seq_len < 1", "seq_len < 0"),
    because="np.array_split takes no number of parts below 1, and range no step of 0: ValueError",
)
nothing_below_0 = equal(
    REFERENCE,
    ("max(len(ids) - 1, 0)", "max(0, len(ids) - 1)"),
    ("max(len(ids) - 1, 0)", "len(ids) - 1"),
    ("len(ids) - 1, 0)", "len(ids) - 1, -1)"),
    ("ids = np.asarray(ids)", "pass"),
    ("np.asarray(ids)", "ids"),
    because="np.arange(-1) is empty, and ids are an array",
)
any_dtype = equal(
    REFERENCE,
    (", dtype=np.int64", ""),
    (", dtype=bool", ""),
    settled="numbers are compared, not their dtypes",
)
smaller_of_two = equal(
    with_a_list_of_padded_rows,
    ("min(batch_size, seq_len)", "min(seq_len, batch_size)"),
    ("max(len(ids) - 1, 0)", "max(0, len(ids) - 1)"),
    because="the smaller and the larger of two are the same in either order",
)
any_dtype_of_rows = equal(
    with_a_list_of_padded_rows,
    (", dtype=np.int64", ""),
    settled="numbers are compared, not their dtypes",
)
lists_of_numbers = equal(
    word_by_word,
    ("int(ids[i])", "ids[i]"),
    ("int(ids[i + 1])", "ids[i + 1]"),
    ("len(row[:seq_len])", "len(row[:])"),
    ("np.array(x)", "x"),
    ("np.array(y)", "y"),
    ("np.array(mask)", "mask"),
    because="lists are compared as arrays are, and a list times a number below 0 is empty",
)
places_of_torch = equal(
    with_torch,
    ("seq_len < 1", "seq_len < 0"),
    ("max(len(ids) - 1, 0)", "max(0, len(ids) - 1)"),
    (", dtype=np.int64", ""),
    ("np.asarray(ids, dtype=np.int64)", "ids"),
    ("(batch_size, seq_len), -1)", "(batch_size, seq_len), -2)"),
    because="range takes no step of 0, and what is negative is no place, whatever it is",
)

rules = (
    rule(
        "are cut into `batch_size` rows",
        "Every prediction comes exactly once",
        when=lambda ids, rows, seq_len: rows > 1,
        gives=lambda blocks: len(blocks) > 1,
    ),
    rule(
        "the longer ones first",
        "So row 0 holds",
        when=lambda ids, rows, seq_len: (len(ids) - 1) % rows and len(ids) > rows,
    ),
    rule(
        "Block $j$ holds the steps",
        "There are as many blocks",
        gives=lambda blocks: len(blocks) > 2,
    ),
    rule("Every block is three arrays of shape", gives=lambda blocks: len(blocks) > 0),
    rule(
        "**padding: inputs and targets are 0",
        gives=lambda blocks: not np.asarray(blocks[-1][2])[:, -1].any(),
    ),
    told("numbers are compared, not their dtypes"),
    rule("What you yield are fresh arrays", gives=lambda blocks: len(blocks) > 1),
    rule(
        "Where there are more rows than predictions",
        when=lambda ids, rows, seq_len: 1 < len(ids) <= rows,
    ),
    rule("With fewer than two ids", when=lambda ids, rows, seq_len: len(ids) == 1),
    rule("With fewer than two ids", when=lambda ids, rows, seq_len: len(ids) == 0),
    rule(
        "A `batch_size` or `seq_len` below 1",
        when=lambda ids, rows, seq_len: rows < 1,
        gives=ValueError,
    ),
    rule(
        "A `batch_size` or `seq_len` below 1",
        when=lambda ids, rows, seq_len: seq_len < 1,
        gives=ValueError,
    ),
)
