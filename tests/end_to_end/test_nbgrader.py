"""nbgrader's own commands work on the course as it is, and give the scores that ours give."""

import csv
import dataclasses
import os
import shutil
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from nbgrader.utils import notebook_hash

from autograder.authoring.course import Course
from autograder.authoring.pairs import read_notebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.gradebook import open_gradebook
from autograder.classroom.session import Session
from autograder.proving.simulate import simulate, write_class
from tests.running import grade_all

pytestmark = pytest.mark.needs_sandbox

ASSIGNMENT = "01_counting"
KINDS = "reference untouched no_notebook syntax_error crash half_finished right_1 wrong_1 wrong_2"
SECRET = "5ec2e7" * 20
PARTS = ("solutions", "assignments", "nbgrader_config.py", "jupytext.toml")


@pytest.fixture(scope="module")
def course_copy(course, tmp_path_factory):
    """The course's folder, in which nbgrader may write, with a penalty for who is late."""
    root = tmp_path_factory.mktemp("nbgrader") / "course"
    for part in PARTS:
        source = course.root / part
        if source.is_dir():
            shutil.copytree(source, root / part)
        else:
            shutil.copy(source, root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(PENALTY)
    return root


PENALTY = """
from nbgrader.plugins import LateSubmissionPlugin


class HalfOff(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 2


get_config().AssignLatePenalties.plugin_class = HalfOff
"""
TIMES = {"wrong_1": "2026-10-05 14:00:00 UTC", "right_1": "2026-09-30 14:00:00 UTC"}
"""When some of the class submitted what was due on the first of October."""


def due(folder):
    with open_gradebook(folder) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate="2026-10-01 12:00:00 UTC")


def penalties(folder):
    """Return every student's time and late penalty."""
    with open_gradebook(folder) as gradebook:
        return {
            submission.student.id: (str(submission.timestamp), submission.late_submission_penalty)
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
        }


def nbgrader(*words, folder, class_path):
    """Run nbgrader as from a shell where no environment is active."""
    program = Path(sys.executable).with_name("nbgrader")
    environment = os.environ | {"NEXTWORD_CLASS": str(class_path), "HOME": str(folder.parent)}
    environment["PATH"] = "/usr/bin:/bin"
    return subprocess.run(
        [program, *words], cwd=folder, env=environment, capture_output=True, text=True
    )


def grades(folder):
    """Return every student's score for every graded cell, and what waits for a person."""
    with open_gradebook(folder) as gradebook:
        return {
            (submission.student.id, grade.name): (grade.auto_score, grade.needs_manual_grade)
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


@pytest.fixture(scope="module")
def simulated(material):
    """Some simulated students, with an endless loop left to the demonstration: it takes long."""
    chosen = [s for s in simulate(material, 20, 0) if s.name.partition("-")[2] in KINDS.split()]
    assert len(chosen) == len(KINDS.split())
    return chosen


@pytest.fixture(scope="module")
def graded(material, simulated, course_copy, tmp_path_factory):
    """The class as `autograder grade` grades it."""
    folder = ClassFolder(tmp_path_factory.mktemp("ours") / "class")
    folder.set_secret("tests")
    write_class(folder, material, simulated)
    odd, sound = (folder.submitted(ASSIGNMENT, student.name) for student in simulated[:2])
    (tmp_path_factory.getbasetemp() / "private.txt").write_text("private")
    (odd / "leak.txt").symlink_to(tmp_path_factory.getbasetemp() / "private.txt")
    (odd / "evil.html").write_text("<script>alert(1)</script>")
    (odd / ("n" * 255)).mkdir()
    (odd / "timestamp.txt").write_text("1e999")
    os.mkfifo(odd / "submission_secret.txt")
    (sound / "timestamp.txt").write_text("2026-10-05 14:00:00.000000 UTC")
    (sound / "submission_secret.txt").write_text(SECRET)
    for student in simulated:
        if time := TIMES.get(student.name.partition("-")[2]):
            folder.submitted(ASSIGNMENT, student.name).joinpath("timestamp.txt").write_text(time)
    assignment = Course.at(course_copy).assignment(ASSIGNMENT)
    session = Session.of(dataclasses.replace(material, assignment=assignment), folder)
    due(folder)
    results = list(grade_all(session, [student.name for student in simulated], workers=2))
    assert [result.failure for result in results if result.failure] == []
    return folder


@pytest.fixture(scope="module")
def autograded(graded, course_copy, tmp_path_factory):
    """The class as nbgrader's own commands grade it, from what was submitted and the secret."""
    folder = ClassFolder(tmp_path_factory.mktemp("theirs") / "class")
    folder.make()
    subprocess.run(["cp", "-a", graded.path / "submitted", folder.path], check=True)
    shutil.copy(graded.path / "secret.json", folder.path)
    generated = nbgrader(
        "generate_assignment", "--force", ASSIGNMENT, folder=course_copy, class_path=folder.path
    )
    assert generated.returncode == 0, generated.stderr
    due(folder)
    done = nbgrader("autograde", ASSIGNMENT, folder=course_copy, class_path=folder.path)
    assert done.returncode == 0, done.stderr
    return folder


def test_generate_assignment_gives_the_release_that_is_committed(course, course_copy, autograded):
    ours = read_notebook(course.assignment(ASSIGNMENT).release_path)
    theirs = read_notebook(course_copy / "assignments" / ASSIGNMENT / "counting.ipynb")
    assert [(c.cell_type, c.source, c.metadata) for c in theirs.cells] == [
        (c.cell_type, c.source, c.metadata) for c in ours.cells
    ]
    folder = course_copy / "assignments" / ASSIGNMENT
    assert [path.name for path in folder.iterdir()] == ["counting.ipynb"]


def test_autograde_gives_every_student_the_score_of_every_question_that_grade_gives(
    simulated, graded, autograded
):
    theirs = grades(autograded)
    assert {student for student, _ in theirs} == {student.name for student in simulated}
    assert theirs == grades(graded)


def test_who_is_late_gets_the_same_penalty_both_ways(simulated, graded, autograded):
    ours, scores = penalties(graded), {student.name: student.total for student in simulated}
    assert ours == penalties(autograded)
    (late,) = (student for student in ours if student.endswith("-wrong_1"))
    assert ours.pop(late) == ("2026-10-05 14:00:00", scores[late] / 2)
    assert {penalty for _, penalty in ours.values()} == {0.0}


def test_both_give_the_true_scores(simulated, graded, autograded):
    for found in (grades(graded), grades(autograded)):
        for student in simulated:
            for question, points in student.points.items():
                assert found[student.name, f"{question}-graded"][0] == points


def test_autograde_writes_feedback_and_keeps_evidence_as_grade_does(simulated, graded, autograded):
    for student in simulated:
        assert autograded.evidence_path(ASSIGNMENT, student.name).is_file()
        pages = [
            folder.feedback_path(ASSIGNMENT, student.name, "counting").read_text()
            for folder in (graded, autograded)
        ]
        assert pages[0] == pages[1]


def test_nothing_but_the_notebook_and_what_the_exchange_needs_reaches_autograded(
    simulated, graded, autograded
):
    wanted = {"counting.ipynb", "timestamp.txt", "submission_secret.txt"}
    for folder in (graded, autograded):
        for student in simulated:
            place = folder.path / "autograded" / student.name / ASSIGNMENT
            assert {path.name for path in place.iterdir()} == wanted
            assert all(path.is_file() and not path.is_symlink() for path in place.iterdir())


def test_a_time_that_is_none_is_no_time_and_stops_nobody(simulated, graded, autograded):
    for folder in (graded, autograded):
        with open_gradebook(folder) as gradebook:
            times = {
                s.student.id: s.timestamp for s in gradebook.assignment_submissions(ASSIGNMENT)
            }
        assert times[simulated[0].name] is None
        assert times[simulated[1].name] == datetime(2026, 10, 5, 14)


def test_feedback_can_be_released_after_both(simulated, graded, autograded, course_copy):
    for folder in (graded, autograded):
        for words in (
            ("generate_feedback", ASSIGNMENT),
            ("release_feedback", ASSIGNMENT, "--course", "101"),
        ):
            done = nbgrader(*words, folder=course_copy, class_path=folder.path)
            assert done.returncode == 0, done.stderr
        released = {path.stem for path in (folder.exchange / "101" / "feedback").iterdir()}
        assert len(released) == len(simulated)
        assert notebook_hash(secret=SECRET, notebook_id="counting") in released
        copied = folder.path / "nbgrader_feedback" / simulated[0].name / ASSIGNMENT
        assert not (copied / "leak.txt").exists()
        assert not (copied / "evil.html").exists()


def test_a_release_opens_the_exchange_and_not_the_class(course_copy, autograded):
    words = ("release_assignment", ASSIGNMENT, "--course", "101")
    done = nbgrader(*words, folder=course_copy, class_path=autograded.path)
    assert done.returncode == 0, done.stderr
    assert (autograded.exchange / "101" / "outbound" / ASSIGNMENT / "counting.ipynb").is_file()
    assert stat.S_IMODE(autograded.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(autograded.exchange.stat().st_mode) == 0o777


def test_export_quotes_what_stands_in_a_cell_and_defuses_formulas(
    simulated, course_copy, autograded, tmp_path
):
    with open_gradebook(autograded) as gradebook:
        gradebook.update_or_create_student(
            simulated[0].name, last_name='O"Neil, Ann', first_name="=1+1", email="\n@x"
        )
    words = ("export", "--to", str(tmp_path / "grades.csv"))
    done = nbgrader(*words, folder=course_copy, class_path=autograded.path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    row = rows[simulated[0].name]
    assert (row["last_name"], row["first_name"], row["email"]) == (
        'O"Neil, Ann',
        "'=1+1",
        "'\n'@x",
    )
    taken_off = {name: penalty or 0.0 for name, (_, penalty) in penalties(autograded).items()}
    assert {name: float(row["score"]) for name, row in rows.items()} == {
        student.name: student.total - taken_off[student.name] for student in simulated
    }
    assert rows[simulated[1].name]["timestamp"] == "2026-10-05 14:00:00"


def test_nbgraders_export_writes_what_ours_writes(course_copy, graded, tmp_path):
    """Our formats as nbgrader's plugins: the same file, byte for byte."""
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    canvas = tmp_path / "canvas.csv"
    students = sorted({student for student, _ in grades(graded)})
    lines = [f'"{name}, X",{i},,{name},Section 1,' for i, name in enumerate(students)]
    header = "Student,ID,SIS User ID,SIS Login ID,Section,01 Counting (5501)"
    canvas.write_text("\n".join([header, *lines, ""]))
    program = Path(sys.executable).with_name("autograder")
    words = ["export", ASSIGNMENT, "canvas", canvas, "--to", ours, "--class", graded.path]
    subprocess.run([program, *words], cwd=course_copy, check=True, capture_output=True)
    plugin = "autograder.classroom.export_plugins.Canvas"
    named = ("--exporter", plugin, "--assignment", ASSIGNMENT, "--to", str(theirs))
    settings = (f"--MarksExport.given={canvas}",)
    done = nbgrader("export", *named, *settings, folder=course_copy, class_path=graded.path)
    assert done.returncode == 0, done.stderr
    assert theirs.read_bytes() == ours.read_bytes()
    with theirs.open(newline="", encoding="utf-8") as file:
        marks = [row[-1] for row in csv.reader(file)][1:]
    assert len(marks) == len(students)
    assert all(marks)


def test_an_unknown_assignment_fails(course_copy, autograded):
    done = nbgrader("autograde", "07_nothing", folder=course_copy, class_path=autograded.path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
