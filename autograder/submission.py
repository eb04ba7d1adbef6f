"""Reads what a student sent, whatever state it is in."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode, from_dict

from autograder.conventions import EXPLORATION
from autograder.pictures import admitted_attachments
from autograder.plain import plain_cell, plain_notebook

LARGEST = 50 * 2**20
MOST_CELLS = 2_000
MOST_FILES = 1_000
DEEPEST = 10
_KINDS = ("code", "markdown", "raw")


class UnreadableSubmission(Exception):
    """A file that cannot be graded. Its message tells the student what was expected."""


@dataclass(frozen=True)
class Submission:
    """What was found in a student's folder.

    Parameters
    ----------
    notebook
        Cells with source, attached pictures, grade_id and the tag ``exploration``, everything else
        stripped. Empty if nothing could be read.
    digest
        Of the file's bytes, for telling whether it has changed.
    remarks
        What was not as it should be, in words for student and staff.
    readable
        Whether there is a notebook to grade.
    """

    notebook: NotebookNode
    digest: str
    remarks: tuple[str, ...]
    readable: bool = True


def read_submission(folder: Path, notebook_name: str) -> Submission:
    """Return the notebook in a student's folder. Never raises because of what lies there.

    Parameters
    ----------
    folder
        ``submitted/<student>/<assignment>``.
    notebook_name
        The notebook's name without ``.ipynb``.
    """
    digest = hashlib.sha256(b"nothing").hexdigest()
    try:
        path, remarks = _find(folder, f"{notebook_name}.ipynb")
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        notebook, more = parse_notebook(content, path.name)
        return Submission(notebook, digest, (*remarks, *more))
    except UnreadableSubmission as refusal:
        return Submission(plain_notebook([]), digest, (str(refusal),), readable=False)
    except OSError as error:
        refusal_words = f"The submitted file could not be read: {error.strerror}."
        return Submission(plain_notebook([]), digest, (refusal_words,), readable=False)


def _find(folder: Path, expected: str) -> tuple[Path, list[str]]:
    """Return the file to grade, and remarks on the choice."""
    if not folder.is_dir() or folder.is_symlink():
        raise UnreadableSubmission(f"Nothing was submitted: there is no folder {folder.name}.")
    there = sorted(_below(folder))
    found = [path for path in there if path.suffix == ".ipynb"]
    path = folder / expected
    others = [other for other in found if other != path]
    if path in found or path.is_symlink():
        if others:
            names = ", ".join(str(other.relative_to(folder)) for other in others[:5])
            return path, [f"Only {expected} was graded; there is also {names}."]
        return path, []
    if len(found) == 1:
        name = found[0].relative_to(folder)
        return found[0], [f"Expected {expected}, found {name}, which was graded instead."]
    if found:
        names = ", ".join(str(other.relative_to(folder)) for other in found[:5])
        raise UnreadableSubmission(
            f"Expected {expected}, found several other notebooks ({names}). Submit one, "
            f"named {expected}."
        )
    names = ", ".join(str(path.relative_to(folder)) for path in there[:5])
    raise UnreadableSubmission(
        f"Expected {expected}, found {names or 'an empty folder'}. Submit the notebook itself, "
        "under its own name."
    )


def _below(folder: Path) -> Iterator[Path]:
    """Yield what lies in a folder, links not followed, to a depth and a number."""
    waiting, seen = [(folder, 0)], 0
    while waiting:
        where, depth = waiting.pop()
        with os.scandir(where) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_FILES:
                    return
                yield Path(entry.path)
                checkpoints = entry.name == ".ipynb_checkpoints"
                if entry.is_dir(follow_symlinks=False) and depth < DEEPEST and not checkpoints:
                    waiting.append((Path(entry.path), depth + 1))


def _content(path: Path) -> bytes:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableSubmission(f"{path.name} is no regular file. Submit the notebook itself.")
    if status.st_size > LARGEST:
        raise UnreadableSubmission(
            f"{path.name} has {status.st_size / 2**20:,.0f} MB; at most {LARGEST // 2**20} are "
            "read. Clear its outputs (Edit, Clear Outputs of All Cells), save, and submit again."
        )
    return path.read_bytes()


def parse_notebook(content: bytes, name: str) -> tuple[NotebookNode, list[str]]:
    """Return a notebook of plain cells, and remarks on what was dropped.

    Raises
    ------
    UnreadableSubmission
        The content is no notebook.
    """
    advice = f"Open {name} in JupyterLab, save it there, and submit again."
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableSubmission(
            f"{name} is no notebook: expected JSON, which it is not ({error}). {advice}"
        ) from error
    cells = _cells(data, name, advice)
    remarks = []
    if len(cells) > MOST_CELLS:
        remarks.append(f"Only the first {MOST_CELLS:,} of {len(cells):,} cells were read.")
    plain = [_plain_cell(cell, index) for index, cell in enumerate(cells[:MOST_CELLS])]
    dropped = sum(cell is None for cell in plain)
    if dropped:
        remarks.append(f"{dropped} cells were damaged and were left out.")
    return plain_notebook([cell for cell in plain if cell is not None]), remarks


def _cells(data: Any, name: str, advice: str) -> list[Any]:
    """Return the raw cells, upgraded from an older format where that is needed."""
    version = data.get("nbformat") if isinstance(data, dict) else None
    if not isinstance(version, int):
        raise UnreadableSubmission(
            f"{name} is no notebook: it is JSON, but says no nbformat. {advice}"
        )
    if version not in (3, 4):
        raise UnreadableSubmission(
            f"{name} is in notebook format {version}; expected format 4. {advice}"
        )
    if version == 3:
        try:
            data = nbformat.convert(nbformat.from_dict(data), 4)
        except Exception as error:  # nbformat raises whatever the damage leads to
            raise UnreadableSubmission(
                f"{name} is in notebook format 3 and could not be converted to 4. {advice}"
            ) from error
    cells = data.get("cells")
    if not isinstance(cells, list):
        raise UnreadableSubmission(f"{name} is no notebook: it has no cells. {advice}")
    return cells


def _plain_cell(cell: Any, index: int) -> NotebookNode | None:
    """Return a cell with the little that is read of it; None if it is damaged."""
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if kind not in _KINDS:
        return None
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    text = source.encode("utf-8", "replace").decode("utf-8")
    plain = plain_cell(kind, text, f"cell-{index}")
    pictures = admitted_attachments(cell.get("attachments")) if kind == "markdown" else {}
    if pictures:
        plain["attachments"] = from_dict(pictures)
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    if isinstance(grade_id, str):
        plain.metadata["nbgrader"] = {"grade_id": grade_id}
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    if isinstance(tags, list) and EXPLORATION in tags:
        plain.metadata["tags"] = [EXPLORATION]
    return plain
