"""Every notebook of the course runs top to bottom within its budget, without a word on stderr.

A budget is in CPU seconds of the kernel, all cells together, so that a busy machine does not break
it. `pytest` ends with a table of them (`tests/conftest.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from autograder.authoring.course import Course

BUDGETS = {"01_counting": 60, "02_loglinear": 60, "02b_training": 40}
"""CPU seconds of a lecture or a solved assignment, where the module's is not the usual one."""
BUDGET = 90
LONGEST_CELL = 300
"""Seconds on the wall after which a cell is given up."""
ROOT = Path(__file__).resolve().parents[2]
COURSE = Course.at(ROOT)
NOTEBOOKS = sorted(
    [
        *COURSE.lectures.glob("*.ipynb"),
        *(COURSE.assignment(name).notebook_path for name in COURSE.assignment_names()),
    ]
)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_runs_top_to_bottom_in_its_budget(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(new_code_cell("import time\nprint(time.process_time())"))
    client = NotebookClient(notebook, timeout=LONGEST_CELL, kernel_name="python3")
    client.execute(cwd=str(path.parent), env=dict(os.environ))
    took = float(notebook.cells.pop().outputs[0].text)
    module = path.stem if path.is_relative_to(COURSE.lectures) else path.parent.name
    budget = BUDGETS.get(module, BUDGET)
    record_property("notebook", (str(path.relative_to(ROOT)), took, budget))
    assert took < budget, "CPU seconds"
    printed = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    assert printed == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_figure_has_a_text_for_who_cannot_see_it(path: Path) -> None:
    source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    assert "plt.show(" not in source
    described = source.count("plots.show(") + source.count("show_live(")
    assert source.count("plt.subplots(") <= described


@pytest.mark.parametrize("path", sorted(COURSE.lectures.glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_cell_of_a_lecture_has_its_place_on_a_slide(path: Path) -> None:
    kinds = {"slide", "subslide", "fragment", "skip", "notes", "-"}
    for cell in nbformat.read(path, as_version=4).cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        assert kind in kinds, f"{cell.source[:60]!r} has slide_type {kind!r}"
