"""Every notebook of the course runs top to bottom within its budget, without a word on stderr.

A budget is in CPU seconds of the kernel, all cells together, of this machine or of one of pace 1,
whichever are fewer, so that neither a busy machine nor a slow one breaks it: where loops are fast
and memory is slow, seconds at pace 1 say too much; where all is slow, this machine's do. `pytest`
ends with a table of both (`tests/conftest.py`). A lecture is executed where slides and the site
look for it, which then need not do it again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.authoring.course import Course
from publishing.executed import KEPT, execute, took
from publishing.running import LONGEST_CELL, run

BUDGETS = {
    "lectures/03_window": 110,
    "solutions/02_loglinear/loglinear": 120,
    "solutions/03_window/window": 120,
    "solutions/04_recurrent/recurrent": 180,
}
"""Seconds on a machine of pace 1, where they are not the usual ones; a quiet one is twice as fast.

A half more than was counted: seconds of one pace still differ, by what memory costs.
"""
BUDGET = 90
ROOT = Path(__file__).resolve().parents[2]
COURSE = Course.at(ROOT)
FIRST = "01_counting"
"""The module whose notebooks run in `make test` too; those of all others in `make test-long`."""
NOTEBOOKS = sorted(
    [
        *COURSE.lectures.glob("*.ipynb"),
        *(COURSE.assignment(name).notebook_path for name in COURSE.assignment_names()),
    ]
)


def _is_first(path: Path) -> bool:
    return FIRST in (path.stem, path.parent.name)


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[] if _is_first(path) else pytest.mark.long) for path in NOTEBOOKS],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_runs_top_to_bottom_in_its_budget(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    if path.is_relative_to(COURSE.lectures):
        executed = execute(path.with_suffix(".py"), ROOT / KEPT)
        notebook, spent = nbformat.read(executed, as_version=4), took(executed)
    else:
        notebook = nbformat.read(path, as_version=4)
        spent = run(notebook, path)
    kept = path.relative_to(ROOT).with_suffix("").as_posix()
    budget = BUDGETS.get(kept, BUDGET)
    record_property("notebook", (kept, spent.seconds, spent.cpu, budget))
    assert min(spent.seconds, spent.cpu) < budget, f"it took {spent.cpu:.0f} CPU seconds"
    # A cell tagged raises-exception does not stop a student's Run All, nor this one.
    failed = [
        (cell.source[:60], output.evalue)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    assert failed == []


@pytest.mark.parametrize("name", COURSE.assignment_names())
def test_run_all_goes_on_behind_whatever_a_student_has_not_solved(name: str) -> None:
    """Every cell that calls what is still to be written is tagged, so that the kernel goes on."""
    released = nbformat.read(COURSE.assignment(name).release_path, as_version=4)
    stops = [
        cell.source[:60]
        for cell in released.cells
        if cell.cell_type == "code"
        and "raises-exception" not in cell.metadata.get("tags", [])
        and (
            "exploration" in cell.metadata.get("tags", [])
            or str(cell.metadata.get("nbgrader", {}).get("grade_id", "")).endswith("-visible")
        )
    ]
    assert stops == []


@pytest.mark.parametrize("name", ["01_counting", "02_loglinear"])
def test_an_untouched_notebook_runs_to_its_end(name: str) -> None:
    """And shows what needs no student's code, such as the table of 01's written question."""
    path = COURSE.assignment(name).release_path
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=LONGEST_CELL, kernel_name="python3").execute(
        cwd=str(path.parent), env=dict(os.environ)
    )
    shown = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert {"01_counting": "never seen", "02_loglinear": "Dora"}[name] in shown


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
