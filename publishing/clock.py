"""How long a lecture takes when it is given aloud: words at a pace, pauses, and the machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from nbformat import NotebookNode

from publishing.executed import LONGEST_CELL, read
from publishing.slides import title_of

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
    cells: Iterable[NotebookNode], seconds: Mapping[int, float]
) -> Iterator[tuple[bool, Spoken]]:
    """Yield what is said on each slide, and whether a section begins with it.

    Parameters
    ----------
    cells
        Of a lecture.
    seconds
        Of its cells, by their numbers from 0; a cell that is not there takes none.
    """
    together: list[tuple[int, NotebookNode]] = []
    for number, cell in enumerate(cells):
        kind = _kind(cell)
        if kind == "skip":
            continue
        if kind in {"slide", "subslide"} and together:
            yield _kind(together[0][1]) == "slide", _said_on(together, seconds)
            together = []
        together.append((number, cell))
    if together:
        yield _kind(together[0][1]) == "slide", _said_on(together, seconds)


def sections(slides: Iterable[tuple[bool, Spoken]]) -> list[Spoken]:
    """Add up slides to sections."""
    found: list[Spoken] = []
    for begins, slide in slides:
        if begins or not found:
            found.append(slide)
        else:
            found[-1] = found[-1].and_then(slide)
    return found


def seconds_of_cells(lecture: Path) -> dict[int, float]:
    """Run a lecture, and return how many processor seconds each of its code cells took.

    Not seconds on the wall, so that a machine that does something else besides counts none of it.

    Parameters
    ----------
    lecture
        Its text, `lectures/04_recurrent.py`.
    """
    notebook = read(lecture)
    before: dict[int, float] = {}
    found: dict[int, float] = {}

    def spent() -> float:
        kernel = client.km and client.km.provisioner
        if not isinstance(kernel, LocalProvisioner):
            raise TypeError(f"expected a kernel on this machine, got {kernel!r}")
        times = psutil.Process(kernel.pid).cpu_times()
        return float(times.user + times.system)

    def begins(cell_index: int, **_: object) -> None:
        before[cell_index] = spent()

    def ends(cell_index: int, **_: object) -> None:
        found[cell_index] = spent() - before[cell_index]

    client = NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(lecture.parent)}},
        on_cell_execute=begins,
        on_cell_executed=ends,
    )
    client.execute()
    return found


def _said_on(slide: list[tuple[int, NotebookNode]], seconds: Mapping[int, float]) -> Spoken:
    cells = [cell for _, cell in slide]
    return Spoken(
        title_of(cells),
        sum(_words(cell) for cell in cells),
        sum(bool(_ASKS.search(cell.source)) for cell in cells if cell.cell_type == "markdown"),
        sum(seconds.get(number, 0.0) for number, _ in slide),
    )


def _words(cell: NotebookNode) -> int:
    if cell.cell_type == "code":
        shown = "hide-input" not in cell.metadata.get("tags", [])
        return len(re.findall(r"\w+", cell.source)) if shown else 0
    if _kind(cell) == "notes" and _FOR_THE_LECTURER.match(cell.source):
        return 0
    formulas = ["".join(found) for found in _FORMULA.findall(cell.source)]
    said = [re.findall(r"\\?[A-Za-z]+|\d+|[=+-]", _TYPESETTING.sub(" ", each)) for each in formulas]
    return sum(map(len, said)) + len(re.findall(r"[\w’']+", _FORMULA.sub(" ", cell.source)))


def _kind(cell: NotebookNode) -> str:
    return str(cell.metadata.get("slideshow", {}).get("slide_type"))
