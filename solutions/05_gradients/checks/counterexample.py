"""counterexample: weights and slopes that refute a claim."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

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

from .claims import (
    NEVER_EXPLODES,
    NORM_EXPLODES,
    ONLY_SHRINKS,
    Refutation,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield every claim with small sizes and large ones, and one that nobody made."""
    for claim in (NEVER_EXPLODES, ONLY_SHRINKS, NORM_EXPLODES):
        for least, most in ((1.1, 1.5), (3, 8), (20, 90), (300, 1000)):
            size = float(rng.uniform(least, most))
            yield Case(claim, (claim, size), compare=Refutation(claim, size))
    yield case(NEVER_EXPLODES, str(rng.choice(["everything explodes", "nothing vanishes"])), 2.0)


check = Check(
    groups={
        NEVER_EXPLODES: Group(f'the claim "{NEVER_EXPLODES}", and what is refused', 1),
        ONLY_SHRINKS: Group(f'the claim "{ONLY_SHRINKS}"', 1),
        NORM_EXPLODES: Group(f'the claim "{NORM_EXPLODES}"', 1),
    },
    draw=draw,
)


@alternative
def by_scaling_the_lecture_s(claim, size):
    if claim == "radius below 1 never explodes":
        # The trace is 0 and the determinant 1/2, so the eigenvalues are i and -i over sqrt(2).
        s = 2.0 * size
        return [[s, -s - 0.5 / s], [s, -s]], [1, 0.1]
    if claim == "radius below 1 only shrinks":
        return [[0.9, 2 * size], [0, 0.9]], [1, 1]
    if claim == "lambda_1 above 1 explodes":
        return [[0.9, 2 * size], [0, 0.9]], [1, 0.75]
    raise ValueError(claim)


@alternative
def of_another_size(claim, size):
    if claim == "radius below 1 never explodes":
        W = np.zeros((3, 3))
        W[:2, :2] = [[1.2 * size, 1.2 * size], [-1.2 * size, -1.2 * size]]
        W[2, 2] = 0.3
        return W, np.array([1.0, 0.0, 0.7])
    if claim == "radius below 1 only shrinks":
        return 0.5 * np.eye(4) + 4 * size * np.eye(4, k=1), np.full(4, 0.9)
    if claim == "lambda_1 above 1 explodes":
        return 1.5 * size * np.eye(5, k=1), np.full(5, 0.6)
    raise ValueError("unknown claim")


@alternative
def by_a_turn(claim, size):
    c, s = np.cos(0.4), np.sin(0.4)
    turn = np.array([[c, s], [-s, c]])
    if claim == "radius below 1 never explodes":
        return size * np.array([[2.0, -4.0], [1.0, -2.0]]), np.array([1.0, 0.0])
    if claim in ("radius below 1 only shrinks", "lambda_1 above 1 explodes"):
        return turn @ np.array([[0.7, 3 * size], [0.0, 0.6]]) @ turn.T, np.ones(2)
    raise ValueError


diagonal = slip(
    REFERENCE,
    ("[s, -s], [s, -s]", "[s, 0.0], [0.0, s]"),
    ("[0.8, size]", "[size, 0.0]"),
    loses=(NEVER_EXPLODES, ONLY_SHRINKS, NORM_EXPLODES),
    hint="Your matrices are diagonal, or multiples of the identity. There eigenvalues and singular "
    "values are the same, and the claims are true. You need a matrix that is not normal.",
)
equal_slopes = slip(
    REFERENCE,
    ("[1.0, 0.0]", "[1.0, 1.0]"),
    loses=NEVER_EXPLODES,
    hint="For the first claim all your slopes are equal. Then J is a multiple of W, and explodes no "
    "more than W does. The slopes have to differ from unit to unit.",
)
slopes_above_one = slip(
    REFERENCE,
    ("s = 1.1 * size", "s = 0.5"),
    ("[1.0, 0.0]", "[3.0 * size, 0.0]"),
    loses=NEVER_EXPLODES,
    hint="For the first claim you use slopes above 1. Those of tanh lie between 0 and 1.",
)
nilpotent = slip(
    REFERENCE,
    ("[0.8, size]", "[0.0, size]"),
    ("[0.0, 0.8]", "[0.0, 0.0]"),
    loses=ONLY_SHRINKS,
    hint="For the second claim J itself has a large norm, and none of its powers has: from k = 2 on "
    "they are all small. Asked is a power.",
)
saturated = slip(
    by_scaling_the_lecture_s,
    ("[1, 0.75]", "[1, 0.1]"),
    loses=NORM_EXPLODES,
    hint="For the third claim your units are saturated: slopes below 0.5.",
)
size_ignored = slip(
    REFERENCE,
    ("1.1 * size", "1.5"),
    ("[0.8, size]", "[0.8, 5.0]"),
    loses=(NEVER_EXPLODES, ONLY_SHRINKS, NORM_EXPLODES),
    hint="Your examples are the same whatever the size is. They refute the claims only as clearly as "
    "those of the lecture do.",
)
another_example = equal(
    REFERENCE,
    ("1.1 * size", "size"),
    ("1.1", "2.2"),
    ("np.array([[s, -s], [s, -s]])", "[[s, -s], [s, -s]]"),
    ("np.array([1.0, 0.0])", "[1.0, 0.0]"),
    ("np.array([[0.8, size], [0.0, 0.8]])", "[[0.8, size], [0.0, 0.8]]"),
    ("8,", "4,"),
    (", 0.8", ", 0.4"),
    ("np.array([1.0, 1.0])", "[1.0, 1.0]"),
    ("1.0, 1", "0.5, 1"),
    settled="Any example that fulfils the conditions is right.",
)
another_example_by_scaling_the_lecture_s = equal(
    by_scaling_the_lecture_s,
    ("2.", "4."),
    ("- 0", "+ 0"),
    ("s - 0.5 / s", "s"),
    ("/ s", "// s"),
    (".5", ".25"),
    (".5", ".0"),
    (".1", ".2"),
    (".1", ".05"),
    (".1", ".0"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 1]", "[[0.45, 2 * size], [0, 0.9]], [1, 1]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 1]", "[[0.0, 2 * size], [0, 0.9]], [1, 1]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 1]", "[[0.9, size], [0, 0.9]], [1, 1]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 1]", "[[0.9, 3 * size], [0, 0.9]], [1, 1]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 1]", "[[0.9, 1 * size], [0, 0.9]], [1, 1]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 1]", "[[0.9, 2 * size], [0, 0.45]], [1, 1]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 1]", "[[0.9, 2 * size], [0, 0.0]], [1, 1]"),
    ("1, 1", "0, 1"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 0.75]", "[[0.45, 2 * size], [0, 0.9]], [1, 0.75]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 0.75]", "[[0.0, 2 * size], [0, 0.9]], [1, 0.75]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 0.75]", "[[0.9, size], [0, 0.9]], [1, 0.75]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 0.75]", "[[0.9, 3 * size], [0, 0.9]], [1, 0.75]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 0.75]", "[[0.9, 1 * size], [0, 0.9]], [1, 0.75]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 0.75]", "[[0.9, 2 * size], [0, 0.45]], [1, 0.75]"),
    ("[[0.9, 2 * size], [0, 0.9]], [1, 0.75]", "[[0.9, 2 * size], [0, 0.0]], [1, 0.75]"),
    settled="Any example that fulfils the conditions is right.",
)
another_example_of_another_size = equal(
    of_another_size,
    ("W[2, 2] = 0.3", "pass"),
    ("2, 2", "1, 2"),
    (", 2", ", 1"),
    (".3", ".6"),
    (".3", ".15"),
    (".3", ".0"),
    ("np.array([1.0, 0.0, 0.7])", "[1.0, 0.0, 0.7]"),
    (".7", ".35"),
    (".7", ".0"),
    ("+ 4", "- 4"),
    ("0.5 * np.eye(4) + 4", "4"),
    ("0.5 * np", "np"),
    ("0.5", "1.0"),
    ("0.5", "0.25"),
    ("0.5", "0.0"),
    ("4 * size", "size"),
    ("4 *", "5 *"),
    ("4 *", "3 *"),
    ("4, k=1", "4, k=2"),
    (".9", ".45"),
    ("1.5 * size", "size"),
    ("1.5", "3.0"),
    ("5, k=1", "5, k=2"),
    settled="Any example that fulfils the conditions is right.",
)
another_example_by_a_turn = equal(
    by_a_turn,
    ("(0.4),", "(0.8),"),
    ("(0.4),", "(0.2),"),
    ("(0.4),", "(0.0),"),
    ("np.sin(0.4)", "0.4"),
    ("sin(0.4)", "sin(0.2)"),
    ("sin(0.4)", "sin(0.0)"),
    ("np.array([1.0, 0.0])", "[1.0, 0.0]"),
    ("1.0, 0", "0.5, 0"),
    ("np.array([[0.7, 3 * size], [0.0, 0.6]])", "[[0.7, 3 * size], [0.0, 0.6]]"),
    ("7,", "35,"),
    ("7,", "0,"),
    ("3 * size", "size"),
    ("3 *", "4 *"),
    ("3 *", "2 *"),
    (".6", ".3"),
    (".6", ".0"),
    settled="Any example that fulfils the conditions is right.",
)

rules = (
    rule("`size` is above 1", when=lambda claim, size: size < 1.5),
    rule("and at most 1000", when=lambda claim, size: size > 300),
    told(
        "Any example", "Keep to entries", "are checked in float64", "leave some room", "is advice"
    ),
    rule("Another `claim` raises `ValueError`", gives=ValueError),
)
