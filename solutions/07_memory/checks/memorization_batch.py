"""memorization_batch: a pattern to remember."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

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
    generator,
    rule,
    slip,
)

from .drawing import DRAWN, AlwaysAndOften, different


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield patterns of bits and of more symbols, short waits, and what is refused."""
    for T, length, n_symbols in ((5, 4, 2), (int(rng.integers(7, 12)), 5, 3)):
        yield _batch(rng, "waits", T, length, n_symbols)
    yield _batch(rng, "waits", 3, int(rng.integers(2, 7)), 4)
    for T, length, n_symbols in ((1, 3, 2), (4, 1, 3), (1, 1, 2)):
        yield _batch(rng, "special", T, length, n_symbols)
    yield different(rng, "waits", 20, 4, 5, 3)
    for T, length, n_symbols in ((0, 3, 2), (3, 0, 2), (3, 3, 1)):
        yield case("special", generator(rng), 5, T, length, n_symbols)


def _batch(rng: np.random.Generator, group: str, T: int, length: int, n_symbols: int) -> Case:
    args = (generator(rng), DRAWN, T, length, n_symbols)
    return Case(group, args, probe="pattern and answer")


check = Check(
    groups={
        "waits": Group("patterns of some symbols, and some steps to wait", 2),
        "special": Group("one step to wait, patterns of one symbol, and what is refused", 2),
    },
    draw=draw,
    compare=AlwaysAndOften(),
    seconds_per_case=10.0,
)


@alternative
def column_by_column(rng, batch, T, length, n_symbols):
    if T < 1 or length < 1 or n_symbols < 2:
        raise ValueError("too small")
    ids, targets = [], []
    blank, sign = n_symbols, n_symbols + 1
    for _ in range(batch):
        pattern = [rng.integers(n_symbols) for _ in range(length)]
        ids.append([*pattern, *[blank] * (T - 1), sign, *[blank] * length])
        targets.append([blank] * (length + T) + pattern)
    return np.array(ids).T, np.array(targets).T


@alternative
def in_blocks(rng, batch, T, length, n_symbols):
    if length <= 0 or n_symbols <= 1:  # numpy makes no block of fewer than 0 steps
        raise ValueError("expected at least one symbol of pattern and two symbols")
    pattern = rng.choice(n_symbols, size=(length, batch))

    def blanks(steps):
        return np.full((steps, batch), n_symbols)

    sign = np.full((1, batch), n_symbols + 1)
    ids = np.concatenate([pattern, blanks(T - 1), sign, blanks(length)])
    return ids, np.concatenate([blanks(T + length), pattern])


@alternative
def with_torch_seeded_by_rng(rng, batch, T, length, n_symbols):
    import torch

    if T < 1 or length < 1 or n_symbols < 2:
        raise ValueError("too small")
    source = torch.Generator().manual_seed(int(rng.integers(2**62)))
    pattern = torch.randint(n_symbols, (length, batch), generator=source)
    ids = torch.full((2 * length + T, batch), n_symbols)
    targets = ids.clone()
    ids[:length], targets[-length:] = pattern, pattern
    ids[-length - 1] = n_symbols + 1
    return ids, targets


sign_too_late = slip(
    REFERENCE,
    ("ids[length + T - 1]", "ids[length + T]"),
    loses=("waits", "special"),
    hint="The sign comes one step too late, where the answer already begins. It comes in the last of the T "
    "steps.",
)
sign_at_once = slip(
    REFERENCE,
    ("ids[length + T - 1]", "ids[length]"),
    loses=("waits", "special"),
    hint="The sign comes right after the pattern. The network has to wait for it: it is in the last of the "
    "T steps.",
)
backwards = slip(
    REFERENCE,
    ("= ids[:length]\n", "= ids[:length][::-1]\n"),
    loses=("waits", "special"),
    hint="The answer is the pattern backwards. It is given in the order in which it came.",
)
answer_among_the_inputs = slip(
    REFERENCE,
    ("    return ids, targets", "    ids[length + T :] = ids[:length]\n    return ids, targets"),
    loses=("waits", "special"),
    hint="The pattern stands among the ids once more, where it is to be given: nothing has to be remembered. "
    "After the sign come blanks.",
)
zeros_before_the_answer = slip(
    REFERENCE,
    ("targets = ids.copy()", "targets = np.zeros_like(ids)"),
    loses=("waits", "special"),
    hint="Before the answer your targets are 0, which is a symbol of patterns. They are the blank.",
)
pattern_among_the_targets = slip(
    REFERENCE,
    ("    return ids, targets", "    targets[:length] = ids[:length]\n    return ids, targets"),
    loses=("waits", "special"),
    hint="The targets repeat the pattern while it is read. Until the sign has come they are blanks.",
)
one_symbol_too_few = slip(
    REFERENCE,
    ("rng.integers(n_symbols, size", "rng.integers(max(n_symbols - 1, 1), size"),
    loses=("waits", "special"),
    hint="The last symbol never comes: the upper end of rng.integers is not included.",
)
one_symbol_repeated = slip(
    REFERENCE,
    ("size=(length, batch))", "size=(1, batch))"),
    loses=("waits", "special"),
    hint="A pattern consists of one symbol, over and over. Each is drawn by itself.",
)
one_pattern_for_all = slip(
    REFERENCE,
    ("size=(length, batch))", "size=(length, 1))"),
    loses=("waits", "special"),
    hint="All sequences of a batch have the same pattern. Each is drawn by itself.",
)
any_seed = equal(
    with_torch_seeded_by_rng,
    ("torch.Generator().manual_seed", "torch.manual_seed"),
    ("2**62", "2**63"),
    ("2**62", "2**61"),
    settled="All randomness comes from `rng`",
)

rules = (
    rule("The pattern is `length`", when=lambda rng, n, T, length, k: n == DRAWN and k > 2),
    rule("They are the first", when=lambda rng, n, T, length, k: n == DRAWN and length > 1),
    rule(
        "Then come T steps",
        "The `length` steps after it",
        "`targets` are the pattern",
        when=lambda rng, n, T, length, k: n == DRAWN and T > 2 and length > 1,
    ),
    rule("Where T or `length`", gives=ValueError),
)
