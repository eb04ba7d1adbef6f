"""The code that a course gives to everybody, so that having it in common says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode

from autograder.authoring.coursework import Asked
from autograder.authoring.pairs import UnreadableSource, read_notebook
from autograder.classroom.fingerprints import grams
from autograder.sandbox.visible import visible_packages

_FENCED = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def given_hashes(work: Asked, further: Sequence[Path] = ()) -> frozenset[int]:
    """Return the hashes of all grams of the code that a course gives.

    That is what its releases, references and lectures hold, code in their prose included, and the
    packages that students import from its checkout.

    Parameters
    ----------
    work
        The assignment whose course it is.
    further
        Other files of code that were given, notebooks or Python.

    Raises
    ------
    UnreadableSource
        A file of `further` cannot be read.
    """
    found: set[int] = set()
    for sheet in work.sheets:
        for notebook in (sheet.derived.release, sheet.notebook):
            found |= _hashes(code_of(notebook))
    course = work.assignment.course
    for folder in (course.solutions, course.assignments, course.lectures):
        for path in sorted(folder.glob("**/[!.]*.ipynb")):
            found |= _hashes(code_of(read_notebook(path)))
    for path in _modules():
        found |= _hashes([path.read_text("utf-8")])
    for path in further:
        found |= _hashes(_code_in(path))
    return frozenset(found)


def code_of(notebook: NotebookNode) -> list[str]:
    """Return the code in a notebook, and in its prose, piece by piece."""
    pieces = []
    for cell in notebook.cells:
        code = [cell.source] if cell.cell_type == "code" else _FENCED.findall(cell.source)
        pieces += code
    return pieces


def _code_in(path: Path) -> list[str]:
    if path.suffix == ".ipynb":
        return code_of(read_notebook(path))
    try:
        return [path.read_text("utf-8")]
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableSource(
            f"{path}: expected a notebook, or code in UTF-8 ({error})"
        ) from error


def _modules() -> Iterator[Path]:
    """Yield the modules of the packages that students import from a checkout."""
    for paths in visible_packages().values():
        for path in paths:
            if (path / "__init__.py").is_file():
                yield from sorted(path.rglob("*.py"))


def _hashes(pieces: Sequence[str]) -> set[int]:
    """Return the hashes of pieces of code, and of them together: cells are copied in a row."""
    return {gram.hash for code in (*pieces, "\n\n".join(pieces)) for gram in grams(code)}
