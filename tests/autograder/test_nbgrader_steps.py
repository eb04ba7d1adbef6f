import contextlib
import dataclasses
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.utils import determine_grade
from traitlets.config import Config

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.nbgrader_config import put_programs_on_path
from autograder.authoring.nbgraders_course import BrokenConfiguration, nbgrader_config
from autograder.classroom import gradebook, nbgrader_steps
from autograder.classroom.class_folder import AnotherRun, ClassFolder, one_run
from autograder.classroom.nbgrader_setup import configure
from autograder.classroom.nbgrader_steps import (
    CourseStep,
    Execute,
    Judge,
    LenientExporter,
    Stage,
    StaleProgram,
)
from autograder.classroom.results import read_evidence, read_result
from autograder.sandbox import dispatch
from autograder.sandbox.run import Mode
from autograder.sandbox.warm import SandboxLost
from tests.running import grade_all


@pytest.fixture
def steps(session, monkeypatch, ran):
    """Return a function that takes a student through the three steps; answers run in-process."""
    monkeypatch.setattr(CourseStep, "session", lambda self, resources: session)
    monkeypatch.setattr(nbgrader_steps, "_cold", lambda: Mode.COLD)  # answers run in-process

    def take(student, config=None):
        resources = {"nbgrader": {"student": student, "assignment": "01_tiny", "notebook": "tiny"}}
        notebook = new_notebook(cells=[new_code_cell("what nbgrader read is not looked at")])
        for step in (Stage(), Execute(), Judge(config=config)):
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
    assert "collect" not in graded_cell(notebook).source
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@pytest.mark.parametrize("words", ["2026-10-05 14:00:00 UTC", "yesterday-ish", None])
def test_times_and_remarks_on_them_are_those_that_grade_gives(
    session, steps, submit, fill, tiny, words
):
    submit(session.class_folder, "ada", fill(tiny, double=ANSWERS["ada"]))
    if words is not None:
        submit(session.class_folder, "ada", words, name="timestamp.txt")
    steps("ada")
    by_steps = known(session)
    result = read_result(session.result_path("ada"))
    grade_one(session)
    assert known(session) == by_steps
    assert read_result(session.result_path("ada")) == result
    assert len(result.remarks) == (words == "yesterday-ish")


def grade_one(session):
    (graded,) = grade_all(session, ["ada"], force=True)
    assert graded.failure is None


def known(session):
    """Return all that the gradebook says of ada's submission."""
    with gradebook.open_gradebook(session.class_folder) as gb:
        submission = gb.find_submission("01_tiny", "ada")
        (notebook,) = submission.notebooks
        grades = {
            grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for grade in notebook.grades
        }
        comments = {comment.name: comment.auto_comment for comment in notebook.comments}
        penalty = notebook.late_submission_penalty
        student = (submission.student.last_name, submission.student.first_name)
        return submission.timestamp, grades, comments, penalty, student


PLUGIN = """
from nbgrader.plugins import LateSubmissionPlugin


class HalfOff(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2


get_config().AssignLatePenalties.plugin_class = HalfOff
"""


@pytest.fixture
def penalised(session, tiny_copy):
    """The class, where who is late loses half, and everything was due on the first of October."""
    tiny_copy.assignment.course.root.joinpath("nbgrader_config.py").write_text(PLUGIN)
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.update_or_create_assignment("01_tiny", duedate="2026-10-01 12:00:00 UTC")
    return dataclasses.replace(session, material=tiny_copy)


@pytest.mark.parametrize(
    ("time", "penalty"),
    [
        ("2026-10-05 14:00:00 UTC", 1.0),
        ("2026-10-01 14:30:00 +0200", 1.0),
        ("2026-10-01 11:59:59 UTC", None),
        (None, None),
    ],
)
def test_who_is_late_gets_the_penalty_of_the_configured_plugin_both_ways(
    penalised, steps, submit, fill, tiny, time, penalty
):
    submit(penalised.class_folder, "ada", fill(tiny, double=ANSWERS["ada"]))
    if time is not None:
        submit(penalised.class_folder, "ada", time, name="timestamp.txt")
    grade_one(penalised)
    by_grade = known(penalised)
    assert by_grade[3] == penalty
    steps("ada", nbgrader_config(penalised.material.assignment.course.root))
    assert known(penalised) == by_grade


def test_a_penalty_goes_with_an_extension(penalised, ran, submit, fill, tiny):
    submit(penalised.class_folder, "ada", fill(tiny, double=ANSWERS["ada"]))
    submit(penalised.class_folder, "ada", "2026-10-05 14:00:00 UTC", name="timestamp.txt")
    grade_one(penalised)
    assert known(penalised)[3] == 1.0
    with gradebook.open_gradebook(penalised.class_folder) as gb:
        gb.find_submission("01_tiny", "ada").extension = timedelta(days=7)
        gb.db.commit()
    grade_one(penalised)
    assert known(penalised)[3] is None


def test_a_configuration_that_cannot_be_read_is_told_in_words(penalised, ran, submit, fill, tiny):
    submit(penalised.class_folder, "ada", fill(tiny, double=ANSWERS["ada"]))
    submit(penalised.class_folder, "ada", "2026-10-05 14:00:00 UTC", name="timestamp.txt")
    path = penalised.material.assignment.course.root / "nbgrader_config.py"
    path.write_text("import nothing_of_that_name")
    with pytest.raises(
        BrokenConfiguration, match=r"nbgrader_config\.py, which cannot be read: Mod"
    ):
        grade_one(penalised)


def test_a_marked_answer_is_not_flagged_again_by_nbgraders_own_way(
    session, steps, submit, fill, tiny
):
    submit(session.class_folder, "ada", fill(tiny, why_written="Because."))
    steps("ada")
    with gradebook.open_gradebook(session.class_folder) as gb:
        grade = gb.find_grade("why-written", "tiny", "01_tiny", "ada")
        assert grade.needs_manual_grade
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        gb.db.commit()
    steps("ada")
    assert known(session)[1]["why-written"] == (None, 2.0, False)
    submit(session.class_folder, "ada", fill(tiny, why_written="Why not?"))
    steps("ada")
    assert known(session)[1]["why-written"] == (None, 2.0, True)


def test_a_sandbox_that_is_lost_is_replaced(session, steps, submit, fill, tiny, monkeypatch):
    submit(session.class_folder, "ada", fill(tiny, double=ANSWERS["ada"]))
    sound, tried = dispatch.execute, []

    def failing(*args):
        tried.append(1)
        if len(tried) == 1:
            raise SandboxLost("the warm process ended")
        return sound(*args)

    monkeypatch.setattr(dispatch, "execute", failing)
    assert determine_grade(graded_cell(steps("ada"))) == (2.0, 2)


@pytest.fixture
def exporter(session):
    """Return a function that makes nbgrader's exporter of a run, with a step of ours."""
    config = Config()
    configure(config, Path("/course"), session.class_folder.path)

    def make(step):
        exporter = LenientExporter(config=config)
        exporter._preprocessors = [step(config=config)]
        return exporter

    return make


def step_that(does, base=Stage):
    class Step(base):
        def preprocess(self, nb, resources):
            does(nb)
            return nb, resources

    return Step


def test_a_file_that_is_no_notebook_stops_no_exporter_that_stages(exporter, tmp_path):
    path = tmp_path / "tiny.ipynb"
    path.write_bytes(b"%PDF")
    seen = []
    exporter(step_that(seen.append)).from_filename(str(path), {})
    assert [list(nb.cells) for nb in seen] == [[]]
    bare = LenientExporter()
    bare._preprocessors = []
    with pytest.raises(ValueError, match="JSON"):
        bare.from_filename(str(path), {})


@pytest.mark.parametrize("base", [Stage, Judge])
def test_no_other_run_is_at_work_on_the_class_at_the_same_time(exporter, session, tmp_path, base):
    path = tmp_path / "tiny.ipynb"
    path.write_text(json.dumps(new_notebook()))
    refused = []

    def try_another(nb):
        with (
            pytest.raises(AnotherRun) as caught,
            one_run(session.class_folder),
        ):
            pass
        refused.append(str(caught.value))

    exporter(step_that(try_another, base)).from_filename(str(path), {})
    assert f"process {os.getpid()} on" in refused[0]
    with one_run(session.class_folder):
        pass


def test_while_another_run_is_at_work_nbgraders_is_refused_having_waited_once(
    exporter, session, monkeypatch
):
    waited = []

    @contextlib.contextmanager
    def busy(class_folder, patience):
        waited.append(patience)
        raise AnotherRun("Another run is at work")
        yield

    monkeypatch.setattr(nbgrader_steps, "one_run", busy)
    staging = exporter(step_that(lambda nb: pytest.fail("it was staged")))
    for _ in range(3):
        with pytest.raises(AnotherRun):
            staging.from_filename("tiny.ipynb", {})
    assert waited == [nbgrader_steps.PATIENCE, 0.0, 0.0]


def test_the_gradebook_is_copied_once_a_run(exporter, session):
    for _ in range(2):
        run = exporter(step_that(lambda nb: None))
        for _ in range(3):
            run.from_filename("tiny.ipynb", {})
    copies = sorted(path.name for path in (session.class_folder.path / "backups").iterdir())
    assert copies == ["gradebook-00001.db", "gradebook-00002.db"]


def test_another_secret_is_another_session_with_another_exam(tiny_copy, tmp_path, monkeypatch):
    monkeypatch.setattr(nbgrader_steps, "load_material", lambda assignment: tiny_copy)
    folder = ClassFolder(tmp_path / "class")
    config = Config()
    configure(config, tiny_copy.assignment.course.root, folder.path)
    step, resources = Stage(config=config), {"nbgrader": {"assignment": "01_tiny"}}
    folder.set_secret("one")
    first = step.session(resources)
    assert step.session(resources) is first
    folder.set_secret("two")
    assert step.session(resources).exam.digest != first.exam.digest


def test_a_check_that_was_changed_since_is_not_graded_by_what_was_loaded(
    tiny_copy, tmp_path, monkeypatch
):
    check = tmp_path / "program" / "checks" / "tiny" / "double.py"
    check.parent.mkdir(parents=True)
    check.write_text("TOLERANCE = 1e-9")
    monkeypatch.setattr(nbgrader_steps, "program_folders", lambda course: (tmp_path / "program",))
    monkeypatch.setattr(nbgrader_steps, "_session", lambda *args: "a session")
    config = Config()
    configure(config, tiny_copy.assignment.course.root, tmp_path / "class")
    step, resources = Stage(config=config), {"nbgrader": {"assignment": "01_tiny"}}
    assert step.session(resources) == "a session"
    check.write_text("TOLERANCE = 1e-6")
    with pytest.raises(StaleProgram, match="Restart it"):
        step.session(resources)
    check.write_text("TOLERANCE = 1e-9")
    assert step.session(resources) == "a session"


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
    assert config.Autograde.sanitize_preprocessors == ["autograder.classroom.nbgrader_steps.Stage"]


def test_nbgraders_programs_are_found_without_an_active_environment(monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin")
    put_programs_on_path()
    put_programs_on_path()
    first, *others = os.environ["PATH"].split(os.pathsep)
    assert (Path(first) / "alembic").exists()
    assert others == ["/usr/bin"]
