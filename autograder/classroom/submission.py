"""Reads what a student sent, whatever state it is in."""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from nbformat import NotebookNode, from_dict

from autograder.authoring.conventions import EXPLORATION
from autograder.authoring.plain import plain_cell, plain_notebook
from autograder.classroom.archives import is_litter, notebook_in
from autograder.classroom.pictures import ADMITTED, admitted_attachments
from autograder.classroom.refusals import UnreadableSubmission, is_document, refuse

LARGEST = 50 * 2**20
MOST_CELLS = 2_000
MOST_FILES = 1_000
LONGEST_CELL = 1_000_000
MOST_SOURCE = 2_000_000
"""Characters of a cell, and of all cells together, that are read: what a person typed, and more."""
DEEPEST = 10
_KINDS = ("code", "markdown", "raw")
_RENAMED = (".json", ".txt", "")
"""Endings that programs put onto a notebook's name or take from it."""
_PEEKED = 20
"""How many files of such names are looked into,"""
_PEEK = 4_096
"""and how far, from either end."""
_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16 does, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LARGEST_TEXT = 2**20
MOST_LINES = 5_000
"""Bytes and lines read of a notebook as Python text: time grows with the square of the lines."""
NOTHING = hashlib.sha256(b"nothing").hexdigest()
"""The digest of a submission in which there was no file to read."""
_ZIP = b"PK\x03\x04"


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


def read_submission(folder: Path, notebook_name: str, siblings: Sequence[str] = ()) -> Submission:
    """Return the notebook in a student's folder. Never raises because of what lies there.

    Parameters
    ----------
    folder
        ``submitted/<student>/<assignment>``.
    notebook_name
        The notebook's name without ``.ipynb``.
    siblings
        The names of the assignment's other notebooks, which are not taken for this one.
    """
    digest = NOTHING
    try:
        expected = f"{notebook_name}.ipynb"
        path, remarks = _find(folder, expected, [f"{name}.ipynb" for name in siblings])
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        notebook, more = _open(content, path.name, expected)
        return Submission(notebook, digest, (*remarks, *more))
    except UnreadableSubmission as refusal:
        return Submission(plain_notebook([]), digest, (str(refusal),), readable=False)
    except OSError as error:
        refusal_words = f"The submitted file could not be read: {error.strerror}."
        return Submission(plain_notebook([]), digest, (refusal_words,), readable=False)


def _find(folder: Path, expected: str, siblings: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the file to grade, and remarks on the choice."""
    if not folder.is_dir() or folder.is_symlink():
        raise UnreadableSubmission(f"Nothing was submitted: there is no folder {folder.name}.")
    there = sorted(path for path in _below(folder) if not _is_litter(path, folder))
    path = folder / expected
    there = [other for other in there if other not in [folder / name for name in siblings]]
    found = _candidates(there)
    others = [other for other in found if other != path]
    if path in there or path.is_symlink():
        notebooks = [other for other in others if other.suffix.lower() == ".ipynb"]
        if notebooks:
            graded = " and ".join(sorted([expected, *siblings]))
            was = "were" if siblings else "was"
            return path, [f"Only {graded} {was} graded; there is also {_names(notebooks, folder)}."]
        return path, []
    if siblings:
        found = [other for other in found if _may_be(other, path.stem)]
    if len(found) == 1:
        name = found[0].relative_to(folder)
        return found[0], [f"Expected {expected}, found {name}, which was graded instead."]
    if found:
        raise UnreadableSubmission(
            f"Expected {expected}, found several other notebooks ({_names(found, folder)}). Submit "
            f"one, named {expected}."
        )
    raise UnreadableSubmission(
        f"Expected {expected}, found {_names(there, folder) or 'an empty folder'}. Submit the "
        "notebook itself, under its own name."
    )


def _may_be(path: Path, name: str) -> bool:
    """Return whether a file may be the notebook of that name, where there are others as well."""
    notebook = path.suffix.lower() == ".ipynb"
    return not notebook or path.stem.casefold().startswith(name.casefold())


def _names(paths: Sequence[Path], folder: Path) -> str:
    return ", ".join(str(path.relative_to(folder)) for path in paths[:5])


def _is_litter(path: Path, folder: Path) -> bool:
    """Return whether a file is a computer's own. A folder of checkpoints is still named."""
    inner = PurePosixPath(path.relative_to(folder))
    return is_litter(inner) and inner.name != ".ipynb_checkpoints"


def _candidates(there: Sequence[Path]) -> list[Path]:
    """Return the files that may be the notebook: of the likeliest kind that there is."""
    named = [path for path in there if path.suffix.lower() == ".ipynb"]
    if named:
        return named
    likely = [path for path in there if path.suffix.lower() in _RENAMED and _is_file(path)]
    renamed = [path for path in likely[:_PEEKED] if _looks_like_a_notebook(path)]
    if renamed:
        return renamed
    zipped = [path for path in there if path.suffix.lower() == ".zip"]
    return zipped or [path for path in there if path.suffix.lower() == ".py" and _is_file(path)]


def _is_file(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def _looks_like_a_notebook(path: Path) -> bool:
    with path.open("rb") as file:
        content = file.read(_PEEK)
        file.seek(max(0, path.lstat().st_size - _PEEK))
        content += file.read(_PEEK)
    return b'"nbformat"' in content.replace(b"\0", b"")  # UTF-16 is full of zeros


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


def _open(content: bytes, name: str, expected: str) -> tuple[NotebookNode, list[str]]:
    """Return the notebook that a file is or holds, and remarks."""
    if content.startswith(_ZIP) and not is_document(content):
        inner, where = notebook_in(content, name, expected, LARGEST)
        notebook, remarks = parse_notebook(inner, where)
        return notebook, [f"{where} was taken out of the zip file {name}.", *remarks]
    if name.lower().endswith(".py"):
        return _parse_text(content, name, expected)
    return parse_notebook(content, name)


def _parse_text(content: bytes, name: str, expected: str) -> tuple[NotebookNode, list[str]]:
    """Return the notebook that a text in jupytext's percent format stands for."""
    advice = f"Submit the notebook itself, {expected}, again."
    if len(content) > LARGEST_TEXT or not re.search(rb"^# %%", content, re.MULTILINE):
        raise UnreadableSubmission(
            f"{name} is Python without the cells of a notebook (no `# %%` lines), so it cannot be "
            f"told which question is which. {advice}"
        )
    lines = len(content.decode("utf-8", "replace").splitlines())
    if lines > MOST_LINES:
        raise UnreadableSubmission(
            f"{name} has {lines:,} lines; at most {MOST_LINES:,} are read. {advice}"
        )
    import jupytext  # is slow to import, and rarely needed

    try:
        text = _without_header(content.decode("utf-8-sig"))
        data = jupytext.reads(text, fmt="py:percent")
    except Exception as error:
        raise UnreadableSubmission(f"{name} could not be read as a notebook. {advice}") from error
    return parse_notebook(json.dumps(data).encode(), name)


def _without_header(text: str) -> str:
    """Return a text in percent format that begins with a cell.

    A header is YAML, whose aliases make gigabytes of a few lines.
    """
    before, cell, behind = re.split(r"^(# %%)", text, maxsplit=1, flags=re.MULTILINE)
    if all(line.startswith("#") or not line.strip() for line in before.splitlines()):
        return cell + behind
    return f"# %%\n{text}"


def parse_notebook(content: bytes, name: str) -> tuple[NotebookNode, list[str]]:
    """Return a notebook of plain cells, and remarks on what was dropped.

    Raises
    ------
    UnreadableSubmission
        The content is no notebook.
    """
    advice = f"Open {name} in JupyterLab, save it there, and submit again."
    try:
        data = json.loads(_decoded(content))
    except (ValueError, RecursionError) as error:
        raise refuse(content, name) from error
    cells = _cells(data, name, advice)
    remarks = []
    if len(cells) > MOST_CELLS:
        remarks.append(f"Only the first {MOST_CELLS:,} of {len(cells):,} cells were read.")
    plain = [_plain_cell(cell, index) for index, cell in enumerate(cells[:MOST_CELLS])]
    if dropped := sum(cell is None for cell in plain):
        remarks.append(f"{dropped} cells were damaged and were left out.")
    if hidden := sum(map(_hidden_pictures, cells[:MOST_CELLS], plain)):
        remarks.append(f"Attached pictures were left out ({hidden}): {ADMITTED}.")
    short, more = _without_floods(plain)
    return plain_notebook(short), [*remarks, *more]


def _without_floods(
    cells: Sequence[NotebookNode | None],
) -> tuple[list[NotebookNode], list[str]]:
    """Return the cells that a person can have written, and a remark on those that none can have."""
    kept, room, left_out = [], MOST_SOURCE, []
    for number, cell in enumerate(cells, start=1):
        if cell is None:
            continue
        if len(cell.source) > min(LONGEST_CELL, room):
            left_out.append(number)
        else:
            kept.append(cell)
            room -= len(cell.source)
    if not left_out:
        return kept, []
    which = ", ".join(map(str, left_out[:5])) + (" and more" if len(left_out) > 5 else "")
    words = (
        f"Cells that were too long to be read were left out ({which}): at most {LONGEST_CELL:,} "
        f"characters of a cell and {MOST_SOURCE:,} of all cells are read. Load data in your code "
        "instead of writing it into a cell."
    )
    return kept, [words]


def _decoded(content: bytes) -> str:
    """Return text in UTF-8, or in what its byte order mark says."""
    marked = (encoding for mark, encoding in _ENCODINGS if content.startswith(mark))
    return content.decode(next(marked, "utf-8-sig"))


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


def _hidden_pictures(cell: Any, plain: NotebookNode | None) -> int:
    """Return how many attachments of a cell of text are not among those of the plain one."""
    if plain is None or plain.cell_type != "markdown":
        return 0
    attached = cell.get("attachments")
    return len(attached) - len(plain.get("attachments", ())) if isinstance(attached, dict) else 0


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
    text = text.replace("\r\n", "\n").replace("\r", "\n")
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
