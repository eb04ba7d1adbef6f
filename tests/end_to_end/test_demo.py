"""The whole life of the course's assignments, on a simulated class with real kernels."""

import csv
import io
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course import Course
from autograder.authoring.material import Material
from autograder.authoring.pairs import read_notebook
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.grading import rejudge
from autograder.classroom.results import read_result
from autograder.classroom.session import Session
from autograder.cli.demo import LIMITS, run_demo
from autograder.judging.showing import show
from autograder.proving.simulate import FIRST_NAMES, Simulated, simulate
from autograder.sandbox import dispatch
from autograder.sandbox.isolation import trusted_mode
from tests.running import grade_all

ASSIGNMENT = "01_counting"
SEED = 0
ANOTHER = "02_loglinear"
"""Whose notebook does not import torch. Of all others, those of torch too, see the long test."""


@dataclass(frozen=True)
class Demonstration:
    """What `run_demo` left behind."""

    folder: Path
    all_true: bool
    printed: str
    simulated: list[Simulated]

    @property
    def class_folder(self) -> ClassFolder:
        return ClassFolder(self.folder / "class")


@pytest.fixture(scope="module")
def demonstration(
    course: Course, material: Material, tmp_path_factory: pytest.TempPathFactory
) -> Demonstration:
    plenty = simulate(material, 2 * len(FIRST_NAMES), SEED)
    students = sum(not student.name.endswith("-mixture") for student in plenty) + 1
    folder = tmp_path_factory.mktemp("demonstration") / "demo"
    console = Console(file=io.StringIO(), width=120)
    all_true = run_demo(course, folder, students, SEED, 2, console, names=[ASSIGNMENT, ANOTHER])
    return Demonstration(folder, all_true, console.file.getvalue(), plenty[:students])


@pytest.fixture(scope="module")
def session(demonstration, material):
    return Session.of(material, demonstration.class_folder)


@pytest.fixture
def no_kernel(monkeypatch):
    """Let every attempt to run a notebook fail."""

    def refuse(*args):
        raise AssertionError("a notebook was to be run")

    monkeypatch.setattr(dispatch, "execute", refuse)


def graded_again(session, names, **options):
    """Grade the demonstration's own students, as it does also where there is no sandbox."""
    return grade_all(session, names, limits=LIMITS, mode=trusted_mode(), **options)


def label(name):
    return name.partition("-")[2]


def test_all_given_scores_are_the_true_ones(demonstration):
    assert demonstration.all_true, demonstration.printed
    words = " ".join(demonstration.printed.split())
    assert f"all {len(demonstration.simulated)} scores equal the true ones" in words


@pytest.mark.long
def test_all_scores_of_the_whole_course_are_the_true_ones(course, tmp_path):
    console = Console(file=io.StringIO(), width=120)
    assert run_demo(course, tmp_path / "demo", 24, SEED, 2, console), console.file.getvalue()


def test_the_gradebook_and_the_csv_say_the_same(demonstration):
    true = {student.name: student.total for student in demonstration.simulated}
    folder = demonstration.class_folder
    assert gradebook.scores(folder, ASSIGNMENT) == true
    with folder.report_path(ASSIGNMENT, ".csv").open(newline="") as file:
        lines = {line["student"]: line for line in csv.DictReader(file)}
    assert {name: float(line["points"]) for name, line in lines.items()} == true
    for student in demonstration.simulated:
        for question, points in student.points.items():
            assert float(lines[student.name][question]) == points


def test_it_says_where_everything_lies(demonstration):
    folder = demonstration.class_folder
    for where in (folder.path / "reports", folder.path / "feedback", folder.gradebook_path):
        assert str(where) in demonstration.printed
        assert where.exists()
    assert (demonstration.folder / "assignments" / ASSIGNMENT / "counting.ipynb").is_file()


def pages(demonstration):
    folder = demonstration.class_folder
    return {
        student.name: folder.feedback_path(ASSIGNMENT, student.name, "counting").read_text()
        for student in demonstration.simulated
    }


def test_who_makes_a_known_mistake_reads_its_hint(demonstration, material):
    hints = {
        (question.name, misconception.name): misconception.hint
        for question in material.checked
        for misconception in question.misconceptions
    }
    read = set()
    for name, page in pages(demonstration).items():
        path = demonstration.class_folder.verdict_path(ASSIGNMENT, name)
        text = re.sub(r"&#\d+;|&\w+;", "?", page)
        for verdict in read_result(path).verdicts:
            if verdict.hint:
                assert verdict.hint == hints[verdict.question, verdict.misconception]
                assert re.sub(r"""['"<>&]""", "?", verdict.hint) in text
                read.add((verdict.question, verdict.misconception))
    assert len(read) >= len(hints) / 2, "most known mistakes are recognised"


def test_no_page_holds_what_is_hidden(demonstration, material):
    hidden = ["collect(", "autograder.guest", "HIDDEN", "<script", "Traceback"]
    hidden.append(demonstration.class_folder.secret())
    for name, page in pages(demonstration).items():
        assert [text for text in hidden if text in page] == [], name


def test_no_page_holds_a_secret_case(demonstration, session):
    """Calls are shown of practice cases only, and each call shown is one of them."""
    shown = set()
    for student in demonstration.simulated:
        path = demonstration.class_folder.verdict_path(ASSIGNMENT, student.name)
        shown |= {
            (verdict.question, verdict.example.call)
            for verdict in read_result(path).verdicts
            if verdict.example
        }
    assert shown
    for exam in session.exam.questions:
        secret = {
            "".join(show(arg).split())
            for each in exam.cases
            if not each.practice
            for arg in each.case.args
        }
        practice = "".join(
            "".join(show(arg).split())
            for each in exam.cases
            if each.practice
            for arg in each.case.args
        )
        recognisable = {text for text in secret if len(text) > 40 and text not in practice}
        for name, call in shown:
            if name == exam.question.name:
                assert [text for text in recognisable if text in "".join(call.split())] == []


def test_executed_notebooks_are_kept_for_the_formgrader_without_the_hidden_line(demonstration):
    for student in demonstration.simulated:
        path = demonstration.class_folder.autograded_path(ASSIGNMENT, student.name, "counting")
        notebook = read_notebook(path)
        graded = [c for c in notebook.cells if (grade_id_of(c) or "").endswith("-graded")]
        assert len(graded) == len(student.points)
        assert all("collect(" not in cell.source for cell in graded)
        shown = {
            grade_id_of(cell).partition("-")[0]: float(cell.outputs[1].data["text/plain"])
            for cell in graded
        }
        assert shown == student.points


def test_grading_again_runs_nothing_and_gives_the_same(demonstration, session, no_kernel):
    names = [student.name for student in demonstration.simulated]
    results = list(graded_again(session, names, workers=2))
    assert all(graded.reused for graded in results)
    assert {graded.student: graded.points for graded in results} == {
        student.name: student.total for student in demonstration.simulated
    }


def test_rejudging_runs_nothing_and_gives_the_same(demonstration, session, no_kernel):
    names = [student.name for student in demonstration.simulated]
    results = list(rejudge(session, names))
    assert {
        graded.student: {verdict.question: verdict.points for verdict in graded.verdicts}
        for graded in results
    } == {student.name: dict(student.points) for student in demonstration.simulated}


def test_force_runs_one_student_again_and_no_other(demonstration, material, tmp_path):
    """On a copy: evidence of another run has another time stamp."""
    shutil.copytree(demonstration.class_folder.path, tmp_path / "class")
    folder = ClassFolder(tmp_path / "class")
    reference = next(s for s in demonstration.simulated if label(s.name) == "reference")
    before = {path: path.stat().st_mtime_ns for path in (folder.path / "evidence").rglob("*.json")}
    session = Session.of(material, folder)
    (graded,) = graded_again(session, [reference.name], force=True)
    assert (graded.reused, graded.points) == (False, reference.total)
    changed = {path for path, time in before.items() if path.stat().st_mtime_ns != time}
    assert changed == {folder.evidence_path(ASSIGNMENT, reference.name)}


def test_stopped_anywhere_the_run_goes_on_where_it_was(demonstration, material, tmp_path):
    """A run that stopped after some students leaves them done, and the next takes the others."""
    names = [s.name for s in demonstration.simulated if label(s.name) in ("reference", "untouched")]
    folder = ClassFolder(tmp_path / "class")
    shutil.copytree(demonstration.class_folder.path / "submitted", folder.path / "submitted")
    shutil.copy(demonstration.class_folder.path / "secret.json", folder.path)
    session = Session.of(material, folder)
    results = graded_again(session, names)
    first = next(results)
    results.close()
    again = {g.student: g for g in graded_again(session, names)}
    assert again[first.student].reused
    assert {name: g.points for name, g in again.items()} == {
        s.name: s.total for s in demonstration.simulated if s.name in names
    }
