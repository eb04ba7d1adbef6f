"""Tells which cell of the release a submitted cell is, also where its metadata is gone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from nbformat import NotebookNode

from autograder.authoring.conventions import (
    EXPLORATION,
    WRITTEN,
    grade_id_of,
    role_of,
)

_Key = tuple[str, str]


@dataclass(frozen=True)
class Recognised:
    """What the submitted cells are.

    Parameters
    ----------
    grade_ids
        By cell id, of cells that are the release's; those that still say so themselves included.
    prose
        Ids of cells that are the release's and have no grade_id there.
    exploration
        Ids of cells for looking: tagged so, or the release's own, unchanged.
    """

    grade_ids: Mapping[str, str]
    prose: frozenset[str]
    exploration: frozenset[str]


def recognise(cells: Sequence[NotebookNode], released: Sequence[NotebookNode]) -> Recognised:
    """Return what submitted cells are.

    A grade_id that is still there is believed. Of the rest, an answer is known by the function that
    it defines, first come first served; a locked cell and prose by source and by order, so that two
    locked cells of the same text are told apart by what stands around them; a written answer by its
    place between cells that are known.

    Parameters
    ----------
    cells
        Of the submission, each with an id of its own.
    released
        Of the release.
    """
    names = {grade_id for cell in released if (grade_id := grade_id_of(cell))}
    found = {cell["id"]: name for cell in cells if (name := grade_id_of(cell)) in names}
    present = set(found.values())
    found |= _answers(cells, released, present)
    ours = [_our_key(cell, set(found.values())) for cell in released]
    theirs = [_their_key(cell, found) for cell in cells]
    places = _aligned(ours, theirs)
    for place, index in places.items():
        if (name := grade_id_of(released[index])) is not None:
            found.setdefault(cells[place]["id"], name)
    found |= _copies(cells, released, places, found)
    prose = {cells[place]["id"] for place in places}
    for index, cell in enumerate(released):
        name = grade_id_of(cell)
        if name is not None and _is_text(cell) and name not in found.values():
            gap = _gap(index, places, len(released), len(cells))
            loose = [cells[i] for i in gap if grade_id_of(cells[i]) is None]
            texts = [each["id"] for each in loose if each.cell_type == "markdown"]
            answers = [identity for identity in texts if identity not in found]
            found |= dict.fromkeys(answers[:1], name)
    return Recognised(found, frozenset(prose - found.keys()), _exploration(cells, released, found))


def is_ours(cell: NotebookNode) -> bool:
    """Return whether a cell of the release, or of the master, is the course's, not an answer."""
    return role_of(cell) not in (None, WRITTEN)


def _is_text(cell: NotebookNode) -> bool:
    return role_of(cell) == WRITTEN and cell.cell_type == "markdown"


def defines(cell: NotebookNode, name: str) -> bool:
    """Return whether a code cell defines a name at its top level.

    Its text is looked at, not its syntax: it may have none, and a parser of hostile text may fall.
    """
    if cell.cell_type != "code" or name not in cell.source or not name.isidentifier():
        return False
    definition = rf"^(?:async +)?(?:def|class) +{name}\b|^{name} *(?::[^=\n]*)?=(?!=)"
    return bool(re.search(definition, cell.source, re.MULTILINE))


def settled(source: str) -> str:
    """Return a source without what editors change by themselves: line ends and space at ends."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(map(str.rstrip, lines)).strip("\n")


def _answers(
    cells: Sequence[NotebookNode], released: Sequence[NotebookNode], present: set[str]
) -> dict[str, str]:
    """Return the first cell that defines each question whose own cell does not say so."""
    found: dict[str, str] = {}
    for cell in released:
        name = grade_id_of(cell)
        if name is None or name in present or role_of(cell) is not None:
            continue
        defining = (c["id"] for c in cells if grade_id_of(c) is None and defines(c, name))
        first = next((identity for identity in defining if identity not in found), None)
        if first is not None:
            found[first] = name
    return found


def _our_key(cell: NotebookNode, known: set[str]) -> _Key:
    """Return what a submitted cell must have to be taken for this one of the release."""
    name = grade_id_of(cell)
    if name is not None and (name in known or not is_ours(cell)):
        return "grade_id", name
    return cell.cell_type, settled(cell.source)


def _their_key(cell: NotebookNode, found: Mapping[str, str]) -> _Key:
    if cell["id"] in found:
        return "grade_id", found[cell["id"]]
    return cell.cell_type, settled(cell.source)


def _aligned(ours: Sequence[_Key], theirs: Sequence[_Key]) -> dict[int, int]:
    """Return the place in the release by the place in the submission, of cells that agree.

    In order first; then cells that were moved, each to one that is left.
    """
    blocks = SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    places = {block.b + step: block.a + step for block in blocks for step in range(block.size)}
    left: dict[_Key, list[int]] = defaultdict(list)
    for index in sorted(set(range(len(ours))) - set(places.values())):
        left[ours[index]].append(index)
    for place, key in enumerate(theirs):
        if place not in places and left.get(key):
            places[place] = left[key].pop(0)
    return places


def _copies(
    cells: Sequence[NotebookNode],
    released: Sequence[NotebookNode],
    places: Mapping[int, int],
    found: Mapping[str, str],
) -> dict[str, str]:
    """Return further copies of locked cells that do not say what they are."""
    locked = {
        (cell.cell_type, settled(cell.source)): name
        for cell in released
        if (name := grade_id_of(cell)) is not None and is_ours(cell)
    }
    return {
        cell["id"]: locked[key]
        for place, cell in enumerate(cells)
        if place not in places
        and cell["id"] not in found
        and (key := (cell.cell_type, settled(cell.source))) in locked
    }


def _gap(index: int, places: Mapping[int, int], released: int, submitted: int) -> range:
    """Return the places between the cells nearest to one of the release that are there."""
    by_index = {found: place for place, found in places.items()}
    before = next((by_index[i] for i in range(index - 1, -1, -1) if i in by_index), -1)
    behind = next((by_index[i] for i in range(index + 1, released) if i in by_index), submitted)
    return range(before + 1, behind)


def _exploration(
    cells: Sequence[NotebookNode], released: Sequence[NotebookNode], found: Mapping[str, str]
) -> frozenset[str]:
    def tagged(cell: NotebookNode) -> bool:
        return EXPLORATION in cell.metadata.get("tags", [])

    code = [cell for cell in released if cell.cell_type == "code"]
    run = {settled(cell.source) for cell in code if not tagged(cell)}
    not_run = {settled(cell.source) for cell in code if tagged(cell)} - run
    return frozenset(
        cell["id"]
        for cell in cells
        if cell["id"] not in found
        and (tagged(cell) or (cell.cell_type == "code" and settled(cell.source) in not_run))
    )
