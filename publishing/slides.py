"""What a hall sees together: the cells of one slide, and its title."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nbformat import NotebookNode


def kind_of(cell: NotebookNode) -> str:
    """Return a cell's slide type; "" where it has none."""
    return str(cell.metadata.get("slideshow", {}).get("slide_type", ""))


def slides_of(
    cells: Iterable[NotebookNode], with_notes: bool = False
) -> Iterator[list[NotebookNode]]:
    """Yield the cells of each slide of a lecture, without what is skipped.

    Parameters
    ----------
    cells
        Of a lecture. A slide begins with each whose slide type is `slide` or `subslide`.
    with_notes
        Whether notes are among them, which a hall does not see.
    """
    left_out = {"skip"} if with_notes else {"skip", "notes"}
    together: list[NotebookNode] = []
    for cell in cells:
        kind = kind_of(cell)
        if kind in left_out:
            continue
        if kind in {"slide", "subslide"} and together:
            yield together
            together = []
        together.append(cell)
    if together:
        yield together


def title_of(slide: list[NotebookNode]) -> str:
    """Return the first heading of a slide, as its author wrote it; "" where it has none."""
    prose = (cell.source for cell in slide if cell.cell_type == "markdown")
    lines = (line for source in prose for line in source.splitlines())
    return next((line.lstrip("# ") for line in lines if line.startswith("#")), "")
