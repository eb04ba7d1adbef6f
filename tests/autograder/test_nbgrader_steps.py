import os
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade
from traitlets.config import Config

from autograder import nbgrader_steps
from autograder.conventions import grade_id_of
from autograder.nbgrader_setup import configure, put_programs_on_path
from autograder.nbgrader_steps import CourseStep, Execute, Judge, LenientExporter, Stage
from autograder.results import read_evidence, read_result
from tests.running import grade_all


@pytest.fixture
def steps(session, monkeypatch, ran):
    """Return a function that takes a student through the three steps; answers run in-process."""
    monkeypatch.setattr(CourseStep, "session", lambda self, resources: session)

    def take(student):
        resources = {"nbgrader": {"student": student, "assignment": "01_tiny", "notebook": "tiny"}}
        notebook = new_notebook(cells=[new_code_cell("what nbgrader read is not looked at")])
        for step in (Stage(), Execute(), Judge()):
            notebook, resources = step.preprocess(notebook, resources)
        return notebook

    return take


def graded_cell(notebook):
    return next(cell for cell in notebook.cells if grade_id_of(cell) == "double-graded")


ANSWERS = {"ada": "def double(x): return 2 * x", "bob": "def double(x): return abs(2 * x)"}


@pytest.mark.parametrize(("student", "points"), [("ada", 2.0), ("bob", 1.0)])
def test_the_steps_give_nbgrader_the_score_that_grade_gives(
    session, steps, submit, fill, tiny, student, points
):
    submit(session.class_folder, student, fill(tiny, double=ANSWERS[student]))
    notebook = steps(student)
    assert determine_grade(graded_cell(notebook)) == (points, 2)
    folder = session.class_folder
    written = [
        folder.evidence_path("01_tiny", student),
        folder.verdict_path("01_tiny", student),
        folder.feedback_path("01_tiny", student, "tiny"),
    ]
    by_steps = [path.read_text() for path in written]
    (graded,) = grade_all(session, [student], force=True)
    assert graded.points == points
    assert read_result(written[1]).verdicts == graded.verdicts
    assert by_steps[2] == written[2].read_text()
    assert by_steps[1] == written[1].read_text()


def test_what_the_steps_ran_is_reused_under_the_same_limits(session, steps, submit, fill, tiny):
    submit(session.class_folder, "ada", fill(tiny, double=ANSWERS["ada"]))
    steps("ada")
    (graded,) = grade_all(session, ["ada"])
    assert graded.reused
    assert graded.points == 2


@pytest.mark.parametrize("content", [b"%PDF", b"[]", b'{"nbformat": 5}', b"\xff"])
def test_what_cannot_be_read_gets_zero_and_is_not_run(session, steps, submit, ran, content):
    submit(session.class_folder, "dan", content)
    notebook = steps("dan")
    assert determine_grade(graded_cell(notebook)) == (0.0, 2)
    assert ran == []
    evidence = read_evidence(session.class_folder.evidence_path("01_tiny", "dan"))
    assert evidence.absences == {"double": "There was no notebook to grade."}
    assert len(evidence.remarks) == 1


def test_the_notebook_that_is_kept_has_no_hidden_line_and_no_note_of_ours(
    session, steps, submit, fill, tiny
):
    submit(session.class_folder, "ada", fill(tiny, double=ANSWERS["ada"]))
    notebook = steps("ada")
    assert "collect(" not in graded_cell(notebook).source
    assert set(notebook.metadata) == {"kernelspec"}


def test_a_file_that_is_no_notebook_stops_no_exporter_that_stages(tmp_path):
    path = tmp_path / "tiny.ipynb"
    path.write_bytes(b"%PDF")
    seen = []

    class Staging(Stage):
        def preprocess(self, nb, resources):
            seen.append(nb)
            return nb, resources

    exporter = LenientExporter()
    exporter._preprocessors = [Staging()]
    exporter.from_filename(str(path), {})
    assert [list(nb.cells) for nb in seen] == [[]]
    exporter._preprocessors = []
    with pytest.raises(ValueError, match="JSON"):
        exporter.from_filename(str(path), {})


def test_a_session_follows_its_solution(tiny_copy, tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setattr(nbgrader_steps, "load_material", lambda assignment: loaded.append(1))
    monkeypatch.setattr(
        nbgrader_steps.Session, "of", lambda material, folder: (len(loaded), folder.path)
    )
    config = Config()
    configure(config, tiny_copy.assignment.course.root, tmp_path / "class")
    step, resources = Stage(config=config), {"nbgrader": {"assignment": "01_tiny"}}
    assert step.session(resources) == step.session(resources) == (1, tmp_path / "class")
    path = tiny_copy.assignment.text_path
    path.write_text(path.read_text() + "\n# edited\n")
    assert step.session(resources) == (2, tmp_path / "class")


def test_nbgrader_is_pointed_at_the_course_and_at_the_class(tmp_path):
    config = Config()
    configure(config, Path("/course"), tmp_path / "class")
    assert config.CourseDirectory.db_url == f"sqlite:///{tmp_path}/class/gradebook.db"
    assert config.CourseDirectory.submitted_directory == f"{tmp_path}/class/submitted"
    assert config.CourseDirectory.source_directory == "solutions"
    assert config.CourseDirectory.release_directory == "assignments"
    assert config.Autograde.sanitize_preprocessors == ["autograder.nbgrader_steps.Stage"]


def test_nbgraders_programs_are_found_without_an_active_environment(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    put_programs_on_path()
    put_programs_on_path()
    first, *others = os.environ["PATH"].split(os.pathsep)
    assert (Path(first) / "alembic").exists()
    assert others == ["/usr/bin"]
