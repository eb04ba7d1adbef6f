"""Puts the trusted cells back into a student's notebook. Trusted code, untrusted notebook."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from nbformat import NotebookNode

from autograder.conventions import GIVEN, GRADED, VISIBLE, grade_id_of, split_grade_id
from autograder.derive import Derived
from autograder.plain import copied, plain_notebook


def stage(submitted: NotebookNode, derived: Derived) -> tuple[NotebookNode, tuple[str, ...]]:
    """Return the notebook to execute, and remarks on what was put right.

    The student's own cells keep their source and their order, and lose all metadata but the tag
    ``exploration``.
    Test cells and given cells are the course's, once each, wherever the student's copy stood; one
    that was deleted comes back after the cell that precedes it in the release.

    Parameters
    ----------
    submitted
        From `read_submission`.
    derived
        The assignment's master and release.
    """
    masters = _by_grade_id(derived.master)
    released = _by_grade_id(derived.release)
    staged: list[NotebookNode] = []
    seen: set[str] = set()
    remarks: list[str] = []
    recognised = _recognise(submitted.cells, derived.release.cells)
    for cell in submitted.cells:
        grade_id = grade_id_of(cell) or recognised.get(cell["id"])
        if grade_id is None or grade_id not in masters:
            staged.append(_own(cell))
        elif _is_ours(grade_id):
            if grade_id in seen:
                remarks.append(f"The test cell {grade_id} stood there twice; one copy was used.")
                continue
            ours = released[grade_id]
            if (cell.cell_type, cell.source) != (ours.cell_type, ours.source):
                remarks.append(f"The locked cell {grade_id} had been edited; ours was put back.")
            staged.append(copied(masters[grade_id]))
        else:
            staged.append(_answer(cell, masters[grade_id], grade_id in seen, remarks))
        seen.add(grade_id or "")
    restored = _restore(staged, derived.master.cells, seen)
    remarks += restored if submitted.cells else []
    notebook = plain_notebook(staged, derived.master.metadata)
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
    return notebook, tuple(remarks)


def _by_grade_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {grade_id: cell for cell in notebook.cells if (grade_id := grade_id_of(cell))}


def _recognise(cells: Sequence[NotebookNode], released: Sequence[NotebookNode]) -> dict[str, str]:
    """Return the grade_ids of cells whose metadata a tool has dropped, by cell id.

    A locked cell is known by its source, an answer by the function that it defines, and a written
    answer by the cell in front of it.
    """
    present = {grade_id_of(cell) for cell in cells}
    plain = [cell for cell in cells if grade_id_of(cell) is None]
    prose = {cell.source for cell in released if grade_id_of(cell) is None}
    found: dict[str, str] = {}
    for index, master in enumerate(released):
        grade_id = grade_id_of(master)
        if grade_id is None:
            continue
        if _is_ours(grade_id):
            found |= {cell["id"]: grade_id for cell in plain if cell.source == master.source}
        elif grade_id not in present and split_grade_id(grade_id)[1] is None:
            answers = [cell["id"] for cell in plain if _defines(cell, grade_id)]
            found |= dict.fromkeys(answers[:1], grade_id)
        elif grade_id not in present:
            behind = _behind(released[index - 1].source, cells)
            answers = [cell["id"] for cell in behind if cell.source not in prose]
            found |= dict.fromkeys(answers[:1], grade_id)
    return found


def _behind(source: str, cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """Return the markdown cells that stand right behind a cell with this source."""
    return [
        cell
        for front, cell in pairwise(cells)
        if front.source == source and cell.cell_type == "markdown" and not grade_id_of(cell)
    ]


def _defines(cell: NotebookNode, name: str) -> bool:
    definition = rf"^(async +)?def {name}\b|^{name} *="
    return cell.cell_type == "code" and bool(re.search(definition, cell.source, re.MULTILINE))


def _own(cell: NotebookNode) -> NotebookNode:
    cell = copied(cell)
    cell.metadata.pop("nbgrader", None)
    return cell


def _answer(
    cell: NotebookNode, master: NotebookNode, again: bool, remarks: list[str]
) -> NotebookNode:
    """Return a student's answer, with the metadata of ours if it is the first of its name."""
    own, grade_id = _own(cell), grade_id_of(master)
    if again:
        remarks.append(f"The cell {grade_id} stood there twice; both were run, in order.")
    elif cell.cell_type != master.cell_type:
        remarks.append(
            f"The cell {grade_id} had become a {cell.cell_type} cell; expected {master.cell_type}."
        )
    else:
        own.metadata = NotebookNode(master.metadata)
    return own


def _restore(
    staged: list[NotebookNode], masters: Sequence[NotebookNode], seen: set[str]
) -> list[str]:
    """Insert cells of ours that are missing; say which cells had been deleted."""
    remarks = []
    previous: str | None = None
    for master in masters:
        grade_id = grade_id_of(master)
        if grade_id is None:
            continue
        question, role = split_grade_id(grade_id)
        if grade_id not in seen and role is None:
            remarks.append(f"The cell {grade_id} for your answer had been deleted.")
            continue
        if grade_id not in seen:
            place = _place_after(staged, previous, None if role == GIVEN else question)
            staged.insert(place, copied(master))
            remarks.append(f"The cell {grade_id} had been deleted; it was put back.")
        previous = grade_id
    return remarks


def _place_after(staged: Sequence[NotebookNode], previous: str | None, question: str | None) -> int:
    """Return the place after the cell `previous` and after any that defines the question."""
    places = [
        i
        for i, cell in enumerate(staged)
        if (previous is not None and grade_id_of(cell) == previous)
        or (question is not None and _defines(cell, question))
    ]
    return 1 + max(places, default=-1)


def _is_ours(grade_id: str) -> bool:
    """Return whether a cell holds the course's code, not an answer."""
    return split_grade_id(grade_id)[1] in (VISIBLE, GRADED, GIVEN)
