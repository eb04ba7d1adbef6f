"""Executed lectures, kept in `build/executed/`: run again only when their results may be others.

To have one lecture, or all of them on all cores, as notebooks with outputs::

    from publishing.executed import execute, execute_all

    path = execute(Path("lectures/01_counting.py"))  # build/executed/01_counting.ipynb
    paths = execute_all(sorted(Path("lectures").glob("*.py")))

The returned file holds the lecture as its text is now. What a cell displays depends on the code of
the cells, on `nextword`, on its data, and on the versions of Python and of what `nextword`
requires: while these are the same, outputs are taken from what is kept, and prose may change
without a run. A file whose content would be the same is not touched, so that a builder which looks
at times builds nothing again. Two builders may work at once: one waits for what the other runs.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import platform
import re
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from importlib.metadata import requires, version
from pathlib import Path

import jupytext
import nbformat
from filelock import FileLock
from nbformat import NotebookNode

from autograder.files import write_atomically
from nextword.data_folder import own_folders
from publishing.running import Took, run

KEPT = Path("build/executed")
_OF_A_RUN = {"language_info", "took", "widgets"}
"""What a run adds to a notebook's metadata."""
_LAYOUT = "2"
"""Of a kept notebook; another number makes all kept ones stale."""


def execute(lecture: Path, folder: Path = KEPT) -> Path:
    """Return the path of an executed lecture, which is run if nothing fitting is kept.

    Parameters
    ----------
    lecture
        Its text, `lectures/01_counting.py`.
    folder
        Where executed notebooks are kept.

    Returns
    -------
    Path
        `01_counting.ipynb` in that folder. Cell *n*, from 1, has the id `cell-n`.

    Raises
    ------
    CellFailed
        The message names the notebook and the cell. Nothing is kept.
    """
    notebook = read(lecture)
    digest = _digest(notebook)
    path = folder / f"{lecture.stem}.ipynb"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{lecture.stem}.lock"):
        kept = _kept(path, digest)
        if kept is None:
            notebook.metadata["took"] = asdict(run(notebook, lecture))
        else:
            _take_outputs(notebook, kept)
        notebook.metadata["executed"] = digest
        text = nbformat.writes(notebook)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_atomically(path, text, lasting=False)
    return path


def took(executed: Path) -> Took:
    """Return what the run took whose outputs an executed lecture has."""
    return Took(**nbformat.read(executed, as_version=4).metadata["took"])


def execute_all(lectures: Iterable[Path], folder: Path = KEPT) -> list[Path]:
    """Execute several lectures, as many at a time as there are cores; see `execute`."""
    apart = multiprocessing.get_context("spawn")  # nbclient leaves its event loop to a thread
    with ProcessPoolExecutor(os.cpu_count(), mp_context=apart) as workers:
        return list(workers.map(partial(execute, folder=folder), lectures))


def read(lecture: Path) -> NotebookNode:
    """Return a lecture as its text is, without outputs; cell *n*, from 1, has the id `cell-n`."""
    notebook: NotebookNode = jupytext.read(lecture)
    notebook.metadata.pop("jupytext", None)
    notebook.nbformat_minor = 5  # from there on cells have ids
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number}"
    return notebook


def _code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _digest(notebook: NotebookNode) -> str:
    """Return what the outputs depend on, as a digest."""
    code = [(cell.source, _may_raise(cell)) for cell in _code_cells(notebook)]
    names = [
        re.match(r"[\w.-]+", line) for line in requires("nextword") or [] if "extra" not in line
    ]
    versions = {name[0]: version(name[0]) for name in names if name}
    digest = hashlib.sha256(
        json.dumps([_LAYOUT, code, versions, platform.python_version()]).encode()
    )
    package, data = own_folders()[:2]
    for folder, pattern in ((package, "*.py"), (data, "*")):
        for file in sorted(path for path in folder.rglob(pattern) if path.is_file()):
            digest.update(f"{file.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _may_raise(cell: NotebookNode) -> bool:
    return "raises-exception" in cell.metadata.get("tags", [])


def _kept(path: Path, digest: str) -> NotebookNode | None:
    """Return the notebook that is kept, if it is of this digest."""
    if not path.is_file():
        return None
    kept: NotebookNode = nbformat.read(path, as_version=4)
    return kept if kept.metadata.get("executed") == digest else None


def _take_outputs(notebook: NotebookNode, kept: NotebookNode) -> None:
    for cell, shown in zip(_code_cells(notebook), _code_cells(kept), strict=True):
        cell.outputs, cell.execution_count = shown.outputs, shown.execution_count
    for what in _OF_A_RUN & kept.metadata.keys():
        notebook.metadata[what] = kept.metadata[what]
