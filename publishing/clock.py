"""How long a lecture takes when it is given aloud: words at a pace, pauses, and the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nbformat import NotebookNode

from publishing.slides import kind_of, slides_of, title_of

PACE = 130
"""Words that a lecturer says in a minute."""
PAUSE = 90
"""Seconds that a hall gets for a question: alone, then with a neighbour."""
_ASKS = re.compile(r"^#+ Before you look", re.MULTILINE)
_FORMULA = re.compile(r"\$\$(.*?)\$\$|\$([^$]+)\$", re.DOTALL)
_TYPESETTING = re.compile(
    r"\\(?:textbf|textit|text|mathbf|mathcal|operatorname|underbrace|bigg?|Big|quad|qquad|left|right|"
    r"begin|end|displaystyle|lVert|rVert|[,;! ])"
)
_FOR_THE_LECTURER = re.compile(r"About \d+ minutes")
"""The notes of a title slide that say how the lecture is laid out; nobody says them aloud."""


@dataclass(frozen=True)
class Spoken:
    """What is said on a slide, or on all of a section, and what it waits for.

    Parameters
    ----------
    title
        Of the slide, or of the section's first one.
    words
        On the slide and in its notes; a formula's letters, numbers and operators are words, and so
        are names and numbers in code that is shown.
    questions
        To the hall.
    seconds
        That the machine needs for the cells.
    """

    title: str
    words: int
    questions: int
    seconds: float

    @property
    def minutes(self) -> float:
        """How long it takes."""
        return self.words / PACE + (self.questions * PAUSE + self.seconds) / 60

    def and_then(self, other: Spoken) -> Spoken:
        """Return both together, under the title of the first."""
        return Spoken(
            self.title,
            self.words + other.words,
            self.questions + other.questions,
            self.seconds + other.seconds,
        )


def spoken_slides(
    cells: Iterable[NotebookNode], seconds: Mapping[str, float]
) -> Iterator[tuple[bool, Spoken]]:
    """Yield what is said on each slide, and whether a section begins with it.

    Parameters
    ----------
    cells
        Of a lecture.
    seconds
        Of its cells, by their ids; a cell that is not there takes none.
    """
    for slide in slides_of(cells, with_notes=True):
        yield kind_of(slide[0]) == "slide", _said_on(slide, seconds)


def sections(slides: Iterable[tuple[bool, Spoken]]) -> list[Spoken]:
    """Add up slides to sections."""
    found: list[Spoken] = []
    for begins, slide in slides:
        if begins or not found:
            found.append(slide)
        else:
            found[-1] = found[-1].and_then(slide)
    return found


def _said_on(slide: list[NotebookNode], seconds: Mapping[str, float]) -> Spoken:
    return Spoken(
        title_of(slide),
        sum(_words(cell) for cell in slide),
        sum(bool(_ASKS.search(cell.source)) for cell in slide if cell.cell_type == "markdown"),
        sum(seconds.get(cell.get("id", ""), 0.0) for cell in slide),
    )


def _words(cell: NotebookNode) -> int:
    if cell.cell_type == "code":
        shown = "hide-input" not in cell.metadata.get("tags", [])
        return len(re.findall(r"\w+", cell.source)) if shown else 0
    if kind_of(cell) == "notes" and _FOR_THE_LECTURER.match(cell.source):
        return 0
    formulas = ["".join(found) for found in _FORMULA.findall(cell.source)]
    said = [re.findall(r"\\?[A-Za-z]+|\d+|[=+-]", _TYPESETTING.sub(" ", each)) for each in formulas]
    return sum(map(len, said)) + len(re.findall(r"[\w’']+", _FORMULA.sub(" ", cell.source)))
