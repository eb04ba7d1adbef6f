"""Which cells of an assignment belong to its stretch: what goes beyond full marks."""

from __future__ import annotations

import re
from collections.abc import Collection

from nbgrader import utils

from autograder.authoring.conventions import GRADED, WRITTEN, Question, grade_id_of
from autograder.authoring.coursework import Asked, named

_HEADING = re.compile(r"^##? (.*)$", re.MULTILINE)
_STRETCH = re.compile(r"(\d+\. )?Stretch\b")


def marked_cells(work: Asked) -> dict[str, bool]:
    """Return whether each cell with points belongs to the stretch, by its grade_id.

    A cell does that stands below a heading such as ``## 9. Stretch: Kneser-Ney``, before the next
    heading of that level.

    Parameters
    ----------
    work
        The assignment.

    Returns
    -------
    cells
        Under the names by which the assignment knows them (see
        `autograder.authoring.coursework.named`).
    """
    found = {}
    for sheet in work.sheets:
        inside = False
        for cell in sheet.derived.master.cells:
            if cell.cell_type == "markdown" and (headings := _HEADING.findall(cell.source)):
                inside = _STRETCH.match(headings[-1]) is not None
            if utils.is_grade(cell) or utils.is_task(cell):
                found[named(work, sheet, grade_id_of(cell) or "")] = inside
    return found


def question_of(cell: str) -> str:
    """Return the question whose points a cell holds, as staff call it.

    Examples
    --------
    >>> question_of("kneser_ney_prob-graded"), question_of("better_than_best-written")
    ('kneser_ney_prob', 'better_than_best')
    """
    return cell.removesuffix(f"-{GRADED}").removesuffix(f"-{WRITTEN}")


def core_and_stretch(
    work: Asked, stretch: Collection[str] | None = None
) -> tuple[list[Question], list[Question]]:
    """Return the automatically graded questions of the core, and those of the stretch.

    Parameters
    ----------
    work
        The assignment.
    stretch
        The grade_ids of the cells that belong to the stretch; None goes by the headings.
    """
    if stretch is None:
        stretch = [cell for cell, inside in marked_cells(work).items() if inside]
    beyond = set(map(question_of, stretch))
    core = [question for question in work.questions if question.name not in beyond]
    return core, [question for question in work.questions if question.name in beyond]
