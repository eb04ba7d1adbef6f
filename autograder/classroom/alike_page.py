"""The page that shows code that is alike side by side. Everything on it is escaped text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.plain import plain_text
from autograder.classroom.alike import Alike, Answers, Pair
from autograder.classroom.class_page import Links
from autograder.classroom.feedback import page
from autograder.classroom.fingerprints import grams
from autograder.files import write_atomically

_AROUND = 2
"""Lines that are shown before and after what two share."""
_MOST_LINES = 300
_LONGEST_LINE = 400


@dataclass(frozen=True)
class Line:
    """A line of code as it is shown.

    Parameters
    ----------
    number
        In its answer, from 1; 0 stands for lines that are left out.
    text
        What it says.
    shared
        Whether it belongs to what two share.
    """

    number: int
    text: str
    shared: bool = False


def side_by_side(
    one: str, other: str, given: frozenset[int] = frozenset()
) -> tuple[list[Line], list[Line]]:
    """Return the lines of two answers around what they share.

    Parameters
    ----------
    one, other
        The code of each.
    given
        Hashes of what the course gave, which is not shown as shared.
    """
    both = ({gram.hash for gram in grams(one)} & {gram.hash for gram in grams(other)}) - given
    return _lines(one, both), _lines(other, both)


def _lines(code: str, both: set[int]) -> list[Line]:
    shared = {number for gram in grams(code) if gram.hash in both for number in gram.lines}
    near = {number + step for number in shared for step in range(-_AROUND, _AROUND + 1)}
    lines: list[Line] = []
    for number, text in enumerate(code.splitlines(), start=1):
        if number in near and len(lines) < _MOST_LINES:
            shown = plain_text(text.replace("\t", "    "))[:_LONGEST_LINE]
            lines.append(Line(number, shown, number in shared))
        elif not lines or lines[-1].number:
            lines.append(Line(0, "…"))
    return lines


def write_alike(
    path: Path,
    assignment: str,
    found: Alike,
    answers: Mapping[str, Answers],
    given: frozenset[int],
    pairs: Sequence[Pair],
    links: Mapping[str, Links] | None = None,
) -> None:
    """Write the page of a class.

    Parameters
    ----------
    path
        Where to.
    assignment
        Its name.
    found
        What comparing came to.
    answers
        By student.
    given
        Hashes of what the course gave.
    pairs
        Those that are shown.
    links
        Where the students' pages are, by student; None links nothing.
    """
    shown = [
        (
            pair,
            [
                (name, share, *_both(answers, pair, name, given))
                for name, share in pair.questions.items()
            ],
        )
        for pair in pairs
    ]
    written = page(
        "alike.html.j2",
        assignment=assignment,
        found=found,
        pairs=shown,
        links=links or {},
        no_links=Links(),
    )
    write_atomically(path, written, mode=0o600)


def _both(
    answers: Mapping[str, Answers], pair: Pair, question: str, given: frozenset[int]
) -> tuple[list[Line], list[Line]]:
    return side_by_side(answers[pair.one].code[question], answers[pair.other].code[question], given)
