"""nbgrader's own commands work on the course as it is, and give the scores that ours give."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.class_folder import ClassFolder
from autograder.gradebook import open_gradebook
from autograder.pairs import read_notebook

pytestmark = pytest.mark.xdist_group("demo")
ASSIGNMENT = "01_counting"
PARTS = ("solutions", "assignments", "nbgrader_config.py", "jupytext.toml")


@pytest.fixture(scope="module")
def course_copy(course, tmp_path_factory):
    """The course's folder, in which nbgrader may write."""
    root = tmp_path_factory.mktemp("nbgrader") / "course"
    for part in PARTS:
        source = course.root / part
        if source.is_dir():
            shutil.copytree(source, root / part)
        else:
            shutil.copy(source, root)
    return root


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
def autograded(demonstration, course_copy, tmp_path_factory):
    """A class graded by nbgrader alone: the simulated students, some of each kind."""
    folder = ClassFolder(tmp_path_factory.mktemp("stock") / "class")
    theirs = demonstration.class_folder
    kinds = set()
    for student in demonstration.simulated:
        kind = student.name.partition("-")[2].rstrip("0123456789")
        if kind not in kinds:
            kinds.add(kind)
            shutil.copytree(
                theirs.submitted(ASSIGNMENT, student.name),
                folder.submitted(ASSIGNMENT, student.name),
            )
    shutil.copy(theirs.path / "secret.json", folder.path)
    generated = nbgrader(
        "generate_assignment", "--force", ASSIGNMENT, folder=course_copy, class_path=folder.path
    )
    assert generated.returncode == 0, generated.stderr
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
    demonstration, autograded
):
    students = set(autograded.students(ASSIGNMENT))
    assert len(students) >= 8
    theirs = grades(autograded)
    ours = dict(grades(demonstration.class_folder).items())
    assert {student for student, _ in theirs} == students
    assert theirs == {key: score for key, score in ours.items() if key[0] in students}


def test_autograde_gives_the_true_scores(demonstration, autograded):
    theirs = grades(autograded)
    for student in demonstration.simulated:
        if (autograded.submitted(ASSIGNMENT, student.name)).exists():
            for question, points in student.points.items():
                assert theirs[student.name, f"{question}-graded"][0] == points


def test_autograde_writes_feedback_and_keeps_evidence_as_grade_does(demonstration, autograded):
    for student in autograded.students(ASSIGNMENT):
        assert autograded.evidence_path(ASSIGNMENT, student).is_file()
        page = autograded.feedback_path(ASSIGNMENT, student, "counting").read_text()
        theirs = demonstration.class_folder.feedback_path(ASSIGNMENT, student, "counting")
        if "loop" not in student:  # its pages name the seconds that it was given
            assert page == theirs.read_text()


def test_the_command_without_an_assignment_fails_in_words(course_copy, autograded):
    done = nbgrader("autograde", "07_nothing", folder=course_copy, class_path=autograded.path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
