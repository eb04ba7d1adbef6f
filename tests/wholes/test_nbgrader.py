"""nbgrader's own commands work on the course as it is, and give the scores that ours give."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.class_folder import ClassFolder
from autograder.gradebook import open_gradebook
from autograder.grading import Session
from autograder.pairs import read_notebook
from autograder.simulate import simulate, write_class
from tests.running import grade_all

pytestmark = pytest.mark.needs_sandbox

ASSIGNMENT = "01_counting"
KINDS = "reference untouched no_notebook syntax_error crash half_finished right_1 wrong_1 wrong_2"
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
def simulated(material):
    """Some simulated students, with an endless loop left to the demonstration: it takes long."""
    chosen = [s for s in simulate(material, 20, 0) if s.name.partition("-")[2] in KINDS.split()]
    assert len(chosen) == len(KINDS.split())
    return chosen


@pytest.fixture(scope="module")
def graded(material, simulated, tmp_path_factory):
    """The class as `autograder grade` grades it."""
    folder = ClassFolder(tmp_path_factory.mktemp("ours") / "class")
    folder.set_secret("tests")
    write_class(folder, material, simulated)
    session = Session.of(material, folder)
    results = list(grade_all(session, [student.name for student in simulated], workers=2))
    assert [result.failure for result in results if result.failure] == []
    return folder


@pytest.fixture(scope="module")
def autograded(graded, course_copy, tmp_path_factory):
    """The class as nbgrader's own commands grade it, from what was submitted and the secret."""
    folder = ClassFolder(tmp_path_factory.mktemp("theirs") / "class")
    shutil.copytree(graded.path / "submitted", folder.path / "submitted")
    shutil.copy(graded.path / "secret.json", folder.path)
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
    simulated, graded, autograded
):
    theirs = grades(autograded)
    assert {student for student, _ in theirs} == {student.name for student in simulated}
    assert theirs == grades(graded)


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


def test_an_unknown_assignment_fails(course_copy, autograded):
    done = nbgrader("autograde", "07_nothing", folder=course_copy, class_path=autograded.path)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
