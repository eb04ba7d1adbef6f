"""Puts the trusted cells back into a student's notebook. Trusted code, untrusted notebook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode

from autograder.authoring.conventions import (
    ANSWER_STUB,
    ASSERTED,
    EXPLORATION,
    GIVEN,
    GRADED,
    WRITTEN,
    grade_id_of,
    role_of,
)
from autograder.authoring.derive import Derived
from autograder.authoring.earlier import Earlier, is_earlier
from autograder.authoring.plain import copied, plain_notebook
from autograder.authoring.recognise import (
    Recognised,
    defines,
    is_ours,
    recognise,
    settled,
)

_GOES_ON = "*The answer goes on below.*"
"""What a marker reads in the cell given for a written answer."""
_EARLIER = (
    "Your notebook is of an earlier release of the assignment; the tests of the current one were "
    "used."
)
_KINDS_OF_REMARKS = {
    "earlier": (_EARLIER, _EARLIER),
    "edited": (
        "The locked cell {} had been edited; ours was put back.",
        "The locked cells {} had been edited; ours were put back.",
    ),
    "doubled": (
        "The test cell {} stood there twice; one copy was used.",
        "The test cells {} stood there twice; one copy of each was used.",
    ),
    "answered twice": (
        "The cell {} stood there twice; both were run, in order.",
        "The cells {} stood there twice; all were run, in order.",
    ),
    "markdown": (
        "The cell {} had become a markdown cell; expected code.",
        "The cells {} had become markdown cells; expected code.",
    ),
    "raw": (
        "The cell {} had become a raw cell; expected code.",
        "The cells {} had become raw cells; expected code.",
    ),
    "made code": (
        "The cell {} had become a cell of text; it was run as code.",
        "The cells {} had become cells of text; they were run as code.",
    ),
    "not text": (
        "The written answer {} had become a code or raw cell; it is read as text.",
        "The written answers {} had become code or raw cells; they are read as text.",
    ),
    "goes on": (
        (
            "The written answer {} goes on in cells below the one that was given for it; a person "
            "reads them too."
        ),
        (
            "The written answers {} go on in cells below those that were given for them; a person "
            "reads them too."
        ),
    ),
    "answer deleted": (
        "The cell {} for your answer had been deleted.",
        "The cells {} for your answers had been deleted.",
    ),
    "deleted": (
        "The cell {} had been deleted; it was put back.",
        "The cells {} had been deleted; they were put back.",
    ),
}
"""What is said of one cell, and of several."""


@dataclass
class _Remarks:
    """What was put right, by kind: the cells, in order."""

    cells: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: str, grade_id: str) -> None:
        if grade_id not in self.cells[kind]:
            self.cells[kind].append(grade_id)

    def words(self) -> tuple[str, ...]:
        """Return one remark a kind."""
        return tuple(
            (one if len(self.cells[kind]) == 1 else several).format(_listed(self.cells[kind]))
            for kind, (one, several) in _KINDS_OF_REMARKS.items()
            if self.cells.get(kind)
        )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def stage(
    submitted: NotebookNode, derived: Derived, earlier: Earlier | None = None
) -> tuple[NotebookNode, tuple[str, ...]]:
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
    earlier
        What locked cells said in earlier releases.
    """
    masters, released = _by_grade_id(derived.master), _by_grade_id(derived.release)
    staged: list[NotebookNode] = []
    seen: set[str] = set()
    remarks = _Remarks()
    recognised = recognise(submitted.cells, derived.release.cells)
    last = {grade_id: identity for identity, grade_id in recognised.grade_ids.items()}
    for cell in submitted.cells:
        grade_id = recognised.grade_ids.get(cell["id"])
        if grade_id is None:
            staged.append(_own(cell, recognised))
        elif not is_ours(masters[grade_id]):
            staged.append(_answer(cell, masters, grade_id, grade_id in seen, remarks))
        elif grade_id in seen:
            remarks.note("doubled", grade_id)
        elif role_of(masters[grade_id]) == ASSERTED and cell["id"] != last[grade_id]:
            remarks.note("doubled", grade_id)  # nbgrader takes the last one: it may have moved
            continue
        else:
            _note_change(cell, released[grade_id], earlier or {}, remarks)
            staged.append(copied(masters[grade_id]))
        seen.add(grade_id or "")
    _mark_what_goes_on(staged, recognised, masters, remarks)
    _restore(staged, derived.master.cells, seen, remarks if submitted.cells else _Remarks())
    notebook = plain_notebook(staged, derived.master.metadata)
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"
    return notebook, remarks.words()


def _by_grade_id(notebook: NotebookNode) -> dict[str, NotebookNode]:
    return {grade_id: cell for cell in notebook.cells if (grade_id := grade_id_of(cell))}


def _note_change(
    cell: NotebookNode, ours: NotebookNode, earlier: Earlier, remarks: _Remarks
) -> None:
    """Write down whether a locked cell is not what the release has, and why."""
    if (cell.cell_type, settled(cell.source)) == (ours.cell_type, settled(ours.source)):
        return
    of_a_release = cell.cell_type == ours.cell_type and is_earlier(cell.source, ours, earlier)
    remarks.note("earlier" if of_a_release else "edited", grade_id_of(ours) or "")


def _own(cell: NotebookNode, recognised: Recognised) -> NotebookNode:
    cell = copied(cell)
    cell.metadata = NotebookNode(
        {"tags": [EXPLORATION]} if cell["id"] in recognised.exploration else {}
    )
    return cell


def _answer(
    cell: NotebookNode,
    masters: Mapping[str, NotebookNode],
    grade_id: str,
    again: bool,
    remarks: _Remarks,
) -> NotebookNode:
    """Return a student's answer, with the metadata of ours if it is the first of its name.

    Code that had become text stays text where a check calls it; nbgrader makes it code again.
    """
    own, master = copied(cell), masters[grade_id]
    own.metadata = NotebookNode()
    if again:
        remarks.note("answered twice", grade_id)
        return own
    if cell.cell_type != master.cell_type and _is_checked(grade_id, masters):
        remarks.note(cell.cell_type, grade_id)
        return own
    if cell.cell_type != master.cell_type:
        remarks.note("made code" if master.cell_type == "code" else "not text", grade_id)
        own = copied(master)
        own.source = cell.source
    own.metadata = NotebookNode(master.metadata)
    return own


def _is_checked(grade_id: str, masters: Mapping[str, NotebookNode]) -> bool:
    """Return whether a cell is the answer to a question with a check."""
    graded = masters.get(f"{grade_id}-{GRADED}")
    return graded is not None and role_of(graded) == GRADED


def _mark_what_goes_on(
    staged: Sequence[NotebookNode],
    recognised: Recognised,
    masters: Mapping[str, NotebookNode],
    remarks: _Remarks,
) -> None:
    """Let a written answer that goes on in cells of the student's say so, so that it is read."""
    for place, cell in enumerate(staged):
        grade_id = grade_id_of(cell)
        if grade_id is None or role_of(cell) != WRITTEN or cell.cell_type != "markdown":
            continue
        if place + 1 < len(staged) and _goes_on(staged[place + 1], grade_id, recognised):
            given = settled(masters[grade_id].source)
            written = "" if settled(cell.source) in (given, ANSWER_STUB) else cell.source
            cell.source = f"{written}\n\n{_GOES_ON}".strip()
            remarks.note("goes on", grade_id)


def _goes_on(cell: NotebookNode, written: str, recognised: Recognised) -> bool:
    """Return whether a cell is text that a student added, or another copy of the answer's cell."""
    identity = cell["id"]
    ours = identity in recognised.prose or grade_id_of(cell) is not None
    another = recognised.grade_ids.get(identity, written) != written
    return not (ours or another) and cell.cell_type != "code" and bool(cell.source.strip())


def _restore(
    staged: list[NotebookNode],
    masters: Sequence[NotebookNode],
    seen: set[str],
    remarks: _Remarks,
) -> None:
    """Insert cells of ours that are missing; say which cells had been deleted."""
    previous: str | None = None
    for master in masters:
        grade_id = grade_id_of(master)
        if grade_id is None:
            continue
        role = role_of(master)
        if grade_id not in seen and role is None:
            remarks.note("answer deleted", grade_id)
            continue
        if grade_id not in seen:
            question = None if role == GIVEN else grade_id.removesuffix(f"-{role}")
            # Asserts do not say what they test: where nothing stands before them, all may.
            otherwise = len(staged) if role == ASSERTED else 0
            place = _place_after(staged, previous, question, otherwise)
            staged.insert(place, copied(master))
            remarks.note("deleted", grade_id)
        previous = grade_id


def _place_after(
    staged: Sequence[NotebookNode], previous: str | None, question: str | None, otherwise: int
) -> int:
    """Return the place after the cell `previous` and after any that defines the question."""
    places = [
        i
        for i, cell in enumerate(staged)
        if (previous is not None and grade_id_of(cell) == previous)
        or (question is not None and defines(cell, question))
    ]
    return max(places) + 1 if places else otherwise
