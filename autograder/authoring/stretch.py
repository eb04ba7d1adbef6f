"""Which cells of an assignment belong to its stretch: what goes beyond full marks."""

from __future__ import annotations

import re

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.coursework import Asked, named

_HEADING = re.compile(r"^##? (.*)$", re.MULTILINE)
_STRETCH = re.compile(r"(\d+\. )?Stretch\b")


def stretch_cells(work: Asked) -> frozenset[str]:
    """Return the grade_ids of the cells that stand below a heading such as ``## 9. Stretch: ...``.

    The stretch ends at the next heading of that level.

    Parameters
    ----------
    work
        The assignment.

    Returns
    -------
    grade_ids
        As the assignment knows them (see `autograder.authoring.coursework.named`).
    """
    found = set()
    for sheet in work.sheets:
        inside = False
        for cell in sheet.derived.master.cells:
            if cell.cell_type == "markdown" and (headings := _HEADING.findall(cell.source)):
                inside = _STRETCH.match(headings[-1]) is not None
            grade_id = grade_id_of(cell)
            if inside and grade_id is not None:
                found.add(named(work, sheet, grade_id))
    return frozenset(found)
