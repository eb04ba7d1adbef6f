"""What locked cells said in the releases of an assignment, so that nobody is blamed for an old one.

`autograder release` adds to a file ``released.json`` beside the solution: a digest of every locked
cell's text, by grade_id. Texts are not kept, and none is ever taken out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.recognise import is_ours, settled
from autograder.errors import CourseError
from autograder.files import write_atomically

NAME = "released.json"
"""The file's name, beside the solution."""
Earlier = Mapping[str, frozenset[str]]
"""Digests of what a locked cell said in any release, by grade_id."""
_POINTS = re.compile(r"\A# [\d.]+ points?(?=, graded when you submit)")


class BrokenHistory(CourseError):
    """The record of earlier releases cannot be read."""


def read_earlier(folder: Path) -> Earlier:
    """Return what is recorded beside a solution; nothing where there is no record.

    Raises
    ------
    BrokenHistory
    """
    path = folder / NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: frozenset(digests) for name, digests in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise BrokenHistory(
            f"{path}: expected digests of released cells by grade_id: {error}. Restore it from "
            "git; without it students of an earlier release are told that they edited locked cells"
        ) from error


def record(folder: Path, release: NotebookNode) -> None:
    """Add a release's locked cells to the record beside its solution."""
    known = {name: set(digests) for name, digests in read_earlier(folder).items()}
    for name, digest in _digests(release):
        known.setdefault(name, set()).add(digest)
    content = {name: sorted(digests) for name, digests in sorted(known.items())}
    write_atomically(folder / NAME, json.dumps(content, indent=1) + "\n")


def is_recorded(release: NotebookNode, earlier: Earlier) -> bool:
    """Return whether all locked cells of a release are in the record."""
    return all(digest in earlier.get(name, ()) for name, digest in _digests(release))


def is_earlier(source: str, ours: NotebookNode, earlier: Earlier) -> bool:
    """Return whether a locked cell's text is that of another release.

    It is recorded, or it differs from today's in nothing but the number of points.

    Parameters
    ----------
    source
        What the submitted cell says.
    ours
        The cell of today's release.
    earlier
        From `read_earlier`.
    """
    return _digest(source) in earlier.get(grade_id_of(ours) or "", ()) or _pointless(
        source
    ) == _pointless(ours.source)


def _digests(release: NotebookNode) -> Iterator[tuple[str, str]]:
    for cell in release.cells:
        name = grade_id_of(cell)
        if name is not None and is_ours(cell):
            yield name, _digest(cell.source)


def _pointless(source: str) -> str:
    return _POINTS.sub("# points", settled(source))


def _digest(source: str) -> str:
    return hashlib.sha256(settled(source).encode()).hexdigest()[:16]
