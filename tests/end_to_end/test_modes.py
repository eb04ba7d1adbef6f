"""Warm and cold mode give equal scores and equal kinds of output."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.authoring.course import Course
from autograder.authoring.material import Material
from autograder.classroom.gathering import to_evidence
from autograder.classroom.stage import stage
from autograder.classroom.submission import UnreadableSubmission, parse_notebook
from autograder.judging.each_question import judge_all
from autograder.judging.exam import Exam
from autograder.proving.simulate import simulate
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Execution, Mode, execute

pytestmark = pytest.mark.needs_sandbox

LIMITS = Limits(cell_seconds=20, notebook_seconds=300)
"""A test whose calls never end gives up after two of them, which take 6 s each: well within a
cell's seconds, or one mode would stop it where the other, whose cells get back the time that they
stood in the queue for a processor, lets it come to its end."""
LINE = re.compile(r"(, and was)? at line .*(?=\.$)")
"""Where a cell was when its time was up, which only warm mode knows."""
EXPLORED = "01_counting"
"""Whose explorations run here as well, with figures and sliders. Grading runs nobody's, and those
of all others take minutes, which `test_notebooks` spends once."""
ROOT = Path(__file__).resolve().parents[2]
COURSE = Course.at(ROOT)


def kinds(notebook: NotebookNode) -> list[list[str]]:
    return [[output.output_type for output in cell.get("outputs", [])] for cell in notebook.cells]


def points(exam: Exam, execution: Execution) -> list[float]:
    return [verdict.points for verdict in judge_all(exam, to_evidence(execution, "", ()))]


def assert_equal_in_both_modes(content: str, material: Material, exam: Exam, true: object) -> None:
    try:
        notebook, _ = parse_notebook(content.encode(), "counting.ipynb")
    except UnreadableSubmission:
        return
    staged, _ = stage(notebook, material.derived)
    warm, cold = (execute(staged, exam.inputs, LIMITS, mode) for mode in (Mode.WARM, Mode.COLD))
    assert points(exam, warm) == points(exam, cold) == true
    assert kinds(warm.notebook) == kinds(cold.notebook)
    assert [LINE.sub("", words) for words in warm.incidents] == list(cold.incidents)
    assert warm.absences == cold.absences


@pytest.mark.parametrize("label", ["reference", "syntax_error", "crash", "right_2", "wrong_1"])
def test_typical_submissions(label: str, material: Material, exam: Exam) -> None:
    (student,) = [s for s in simulate(material, 18, 0) if s.name.endswith(f"-{label}")]
    true = [student.points[question.name] for question in material.checked]
    assert_equal_in_both_modes(student.content, material, exam, true)


@pytest.mark.long
def test_every_simulated_submission(material: Material, exam: Exam) -> None:
    for student in simulate(material, 24, 0):
        true = [student.points[question.name] for question in material.checked]
        assert_equal_in_both_modes(student.content, material, exam, true)


@pytest.mark.long
@pytest.mark.parametrize(
    "path",
    [*sorted(COURSE.lectures.glob("01_*.ipynb")), *sorted(COURSE.solutions.glob("*/*.ipynb"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_notebook_that_is_graded_and_one_that_has_more_to_show(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    if EXPLORED in (path.stem, path.parent.name):
        for cell in notebook.cells:
            cell.metadata.pop("tags", None)
    generous = Limits(cell_seconds=200, notebook_seconds=600, output_bytes=2_000_000)
    warm, cold = (execute(notebook, {}, generous, mode) for mode in (Mode.WARM, Mode.COLD))
    assert warm.incidents == cold.incidents == ()
    assert kinds(warm.notebook) == kinds(cold.notebook)
    errors = [out for cell in warm.notebook.cells for out in cell.get("outputs", [])]
    assert "error" not in {output.output_type for output in errors}
