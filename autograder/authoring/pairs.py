"""A notebook and its text twin, kept in step by jupytext."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from jupytext.config import load_jupytext_config
from nbformat import NotebookNode

from autograder.authoring.course import CHECKS, PROBES, Course
from autograder.errors import CourseError
from autograder.files import write_atomically

FORMAT = "py:percent"
_NO_NOTEBOOKS = {".ipynb_checkpoints", "__pycache__", CHECKS, PROBES}
"""Folders whose Python is no notebook."""


class PairOutOfStep(CourseError):
    """A notebook and its text say different things, or one of them is missing."""


class OutputCommitted(CourseError):
    """A notebook of the course carries output."""


class UnreadableSource(CourseError):
    """A notebook of the course, or its text, cannot be read."""


class Step(enum.Enum):
    """What `sync` found and did."""

    IN_STEP = "in step"
    FROM_TEXT = "notebook written from text"
    FROM_NOTEBOOK = "text written from notebook"


def pairs(course: Course) -> Iterator[Path]:
    """Yield the text path of every pair of the course, whichever half exists.

    Notebooks of a course of nbgrader's have no texts.
    """
    paired = (course.lectures,) if course.is_nbgraders else (course.lectures, course.solutions)
    for folder in paired:
        found = {path.with_suffix(".py") for path in folder.rglob("[!.]*.ipynb")}
        found |= set(folder.rglob("*.py"))
        yield from sorted(path for path in found if not _NO_NOTEBOOKS & set(path.parts))


def read_text(path: Path) -> NotebookNode:
    """Return the notebook that the text at `path` stands for, with stable cell ids.

    Raises
    ------
    UnreadableSource
        The text is no py:percent notebook.
    """
    text = _read(path)
    try:
        notebook = jupytext.reads(text, fmt=FORMAT, config=_config(path))
    except ValueError as error:
        raise UnreadableSource(f"{path}: expected a py:percent text file: {error}") from error
    notebook.metadata.pop("jupytext", None)  # jupytext.toml holds these settings
    for cell in notebook.cells:  # how many lines stand between cells says nothing
        cell.metadata.pop("lines_to_next_cell", None)
    return with_stable_ids(notebook)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UnreadableSource(f"{path}: expected text in UTF-8: {error}") from error


def read_notebook(path: Path) -> NotebookNode:
    """Return the notebook at `path`.

    Raises
    ------
    UnreadableSource
        The file is no notebook.
    """
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        raise UnreadableSource(f"{path}: expected a Jupyter notebook: {error}") from error
    return notebook


def text_of(notebook: NotebookNode, path: Path) -> str:
    """Return `notebook` as py:percent text, by the settings that hold at `path`."""
    text: str = jupytext.writes(notebook, fmt=FORMAT, config=_config(path))
    return text


def check(text_path: Path) -> NotebookNode:
    """Return the notebook of a pair, having found it in step and without output.

    Raises
    ------
    PairOutOfStep, OutputCommitted, UnreadableSource
    """
    notebook_path = text_path.with_suffix(".ipynb")
    for path, other in ((text_path, notebook_path), (notebook_path, text_path)):
        if not path.exists():
            raise PairOutOfStep(f"{path} is missing beside {other.name}. Run: autograder sync")
    notebook = read_notebook(notebook_path)
    if text_of(notebook, text_path) != _read(text_path):
        raise PairOutOfStep(
            f"{text_path} and {notebook_path.name} differ. Run: autograder sync "
            "(the newer one wins; --from text or --from notebook decides)"
        )
    if has_output(notebook):
        raise OutputCommitted(f"{notebook_path} carries output. Run: autograder sync")
    return notebook


def sync(text_path: Path, prefer: Step | None = None) -> Step:
    """Bring a pair into step and strip outputs.

    Parameters
    ----------
    text_path
        The text half; the notebook lies beside it.
    prefer
        `Step.FROM_TEXT` or `Step.FROM_NOTEBOOK`; None lets the newer file win, and the text where
        both are equally old.

    Returns
    -------
    step
        What was done.
    """
    notebook_path = text_path.with_suffix(".ipynb")
    direction = _direction(text_path, notebook_path, prefer)
    if direction is Step.FROM_NOTEBOOK:
        notebook = read_notebook(notebook_path)
    else:
        notebook = read_text(text_path)
    for cell in notebook.cells:  # one of empty lines alone loses one each time it is read
        cell.source = cell.source if cell.source.strip("\n") else ""
    text = text_of(notebook, text_path)
    written = _write_if_changed(text_path, text)
    clean = read_text(text_path)
    written |= _write_if_changed(notebook_path, nbformat.writes(clean) + "\n")
    return direction if written else Step.IN_STEP


def _direction(text_path: Path, notebook_path: Path, prefer: Step | None) -> Step:
    if not notebook_path.exists():
        return Step.FROM_TEXT
    if not text_path.exists():
        return Step.FROM_NOTEBOOK
    if prefer is not None:
        return prefer
    newer = notebook_path.stat().st_mtime_ns > text_path.stat().st_mtime_ns
    return Step.FROM_NOTEBOOK if newer else Step.FROM_TEXT


def _write_if_changed(path: Path, content: str) -> bool:
    if path.exists() and path.read_bytes() == content.encode():
        return False
    write_atomically(path, content)
    return True


def has_output(notebook: NotebookNode) -> bool:
    """Return whether any code cell carries output or an execution count."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return any(cell.outputs or cell.execution_count is not None for cell in code)


def with_stable_ids(notebook: NotebookNode) -> NotebookNode:
    """Give every cell an id made from its grade_id or its content, so that diffs stay small."""
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        stem = grade_id or hashlib.sha256(cell.source.encode()).hexdigest()[:12]
        seen[stem] = seen.get(stem, 0) + 1
        cell["id"] = stem if seen[stem] == 1 else f"{stem}-{seen[stem]}"
    return notebook


def _config(path: Path) -> Any:
    return load_jupytext_config(str(path.resolve()))
