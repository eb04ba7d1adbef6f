"""A course that nobody here wrote, `nbgrader quickstart`'s, moves in: the same scores, by one word.

The short tests compare with scores that stock `nbgrader autograde` gave; the long ones run it.
"""

import copy
import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbgrader
import pytest

from autograder.authoring.course import Course
from autograder.authoring.coursework import INSIDE, load_coursework
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.gradebook import open_gradebook
from autograder.classroom.results import read_result
from autograder.classroom.session import sitting
from autograder.sandbox.limits import Limits
from tests.running import grade_all

pytestmark = pytest.mark.needs_sandbox

GUIDE = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
P1, P2 = "problem1", "problem2"
DOCUMENTED = {
    ("bitdiddle", P1, "correct_squares"): (0.0, False),
    ("bitdiddle", P1, "squares_invalid_input"): (1.0, False),
    ("bitdiddle", P1, "correct_sum_of_squares"): (0.0, False),
    ("bitdiddle", P1, "sum_of_squares_uses_squares"): (0.5, False),
    ("bitdiddle", P1, "sum_of_squares_equation"): (None, True),
    ("bitdiddle", P1, "sum_of_squares_application"): (0.0, False),
    ("bitdiddle", P1, "cell-938593c4a215c6cc"): (None, True),
    ("bitdiddle", P2, "part-a"): (None, True),
    ("bitdiddle", P2, "part-b"): (None, True),
    ("hacker", P1, "correct_squares"): (1.0, False),
    ("hacker", P1, "squares_invalid_input"): (1.0, False),
    ("hacker", P1, "correct_sum_of_squares"): (0.5, False),
    ("hacker", P1, "sum_of_squares_uses_squares"): (0.5, False),
    ("hacker", P1, "sum_of_squares_equation"): (None, True),
    ("hacker", P1, "sum_of_squares_application"): (None, True),
    ("hacker", P1, "cell-938593c4a215c6cc"): (None, True),
    ("hacker", P2, "part-a"): (None, True),
    ("hacker", P2, "part-b"): (None, True),
}
"""What stock `nbgrader autograde` 0.9.6 gives for the submissions in its own documentation."""


def run(program, *words, folder, **environment):
    """Run a command as from a shell in a folder, and return what it was."""
    return subprocess.run(
        [Path(sys.executable).with_name(program), *words],
        cwd=folder,
        env=os.environ | {"HOME": str(folder), "PATH": _path(), "COLUMNS": "200"} | environment,
        capture_output=True,
        text=True,
    )


def _path():
    return f"{Path(sys.executable).parent}:/usr/bin:/bin"


def grades(folder, assignment="ps1"):
    """Return every score in a gradebook: automatic, and whether a person is waited for."""
    with open_gradebook(ClassFolder(folder)) as gradebook:
        return {
            (submission.student.id, notebook.name, grade.name): (
                grade.auto_score,
                grade.needs_manual_grade,
            )
            for submission in gradebook.assignment_submissions(assignment)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def times(folder, assignment="ps1"):
    with open_gradebook(ClassFolder(folder)) as gradebook:
        submissions = gradebook.assignment_submissions(assignment)
        return {submission.student.id: submission.timestamp for submission in submissions}


CONFIG = """c = get_config()
c.CourseDirectory.course_id = "course101"
c.IncludeHeaderFooter.header = "source/header.ipynb"
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example course, copied as quickstart does, and the submissions in the documentation."""
    folder = tmp_path_factory.mktemp("example") / "course101"
    ignored = shutil.ignore_patterns("*.html", "autotests.yml", "ps1_autotest")
    shutil.copytree(GUIDE / "source", folder / "source", ignore=ignored)
    shutil.copytree(GUIDE / "submitted", folder / "submitted")
    (folder / "nbgrader_config.py").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory):
    """The example course as an instructor gets it, and the submissions in the documentation."""
    folder = tmp_path_factory.mktemp("quickstart")
    made = run("nbgrader", "quickstart", "course101", folder=folder)
    assert made.returncode == 0, made.stderr
    shutil.copytree(GUIDE / "submitted", folder / "course101" / "submitted")
    return folder / "course101"


@pytest.fixture(scope="module")
def moved_in(example, tmp_path_factory):
    """The same course, graded by our one word in its folder."""
    folder = tmp_path_factory.mktemp("ours") / "course101"
    shutil.copytree(example, folder)
    done = run("autograder", "grade", "ps1", folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "printed.txt").write_text(done.stdout)
    return folder


def test_the_documented_class_gets_nbgraders_scores(moved_in):
    assert grades(moved_in) == DOCUMENTED


def test_table_report_and_json_say_that_asserts_judge_from_inside(moved_in):
    printed = (moved_in / "printed.txt").read_text()
    assert f"Q1, Q2, Q3, Q4: {INSIDE}" in printed
    assert "Q1 problem1/correct_squares" in printed
    with (moved_in / "reports" / "ps1.csv").open(newline="") as file:
        lines = {line["student"]: line for line in csv.DictReader(file)}
    assert lines["bitdiddle"]["problem1/sum_of_squares_uses_squares"] == "0.5"
    assert lines["hacker"]["points"] == "3"
    assert lines["hacker"][INSIDE].split("; ")[0] == "problem1/correct_squares"
    assert INSIDE.replace("'", "&#39;") in (moved_in / "reports" / "ps1.html").read_text()
    result = json.loads((moved_in / "verdicts" / "ps1" / "hacker.json").read_text())
    assert all(verdict["inside"] for verdict in result["verdicts"])
    assert read_result(moved_in / "verdicts" / "ps1" / "hacker.json").verdicts[0].inside


def test_a_student_reads_one_page_on_both_notebooks(moved_in):
    page = (moved_in / "autograder_feedback" / "bitdiddle" / "ps1" / "ps1.html").read_text()
    assert "problem1/correct_squares" in page
    assert "stopped with AssertionError" in page
    assert "The tests in your notebook decided on this question." in page
    assert "inputs that nobody has seen" not in page
    assert "problem1: The locked cells correct_squares and squares_invalid_input had been" in page


def test_the_formgrader_finds_both_notebooks(moved_in):
    folder = moved_in / "autograded" / "hacker" / "ps1"
    assert {path.name for path in folder.iterdir()} >= {"problem1.ipynb", "problem2.ipynb"}


def test_nothing_is_run_twice_and_evidence_is_judged_again(moved_in):
    again = run("autograder", "grade", "ps1", folder=moved_in)
    assert "2 of 2 had not changed" in again.stdout
    assert run("autograder", "rejudge", "ps1", folder=moved_in).returncode == 0
    assert grades(moved_in) == DOCUMENTED


# --- odd ones, beside stock nbgrader -------------------------------------------------------------

MEAN_TESTS = """assert mean([1, 3]) == 2
### BEGIN HIDDEN TESTS
assert mean([2]) == 2, 'hidden'
assert mean([1, 2]) == 1.5
### END HIDDEN TESTS"""
READING = """rows = open('data/numbers.csv').read().split()
assert mean([int(row) for row in rows]) == 2
import tools
assert tools.TRUE"""
SOLUTION = """def mean(xs):
    ### BEGIN SOLUTION
    return sum(xs) / len(xs)
    ### END SOLUTION"""
PARTLY = "score = 1 + (mean([4, 4]) == 4) + (mean([0, 1]) == 0.5)\nscore"
WORK = [
    ({"grade_id": "Q-1a", "solution": True}, SOLUTION),
    ({"grade_id": "mean-graded", "grade": True, "points": 2}, MEAN_TESTS),
    ({"grade_id": "Partly_2", "grade": True, "points": 3}, PARTLY),
    ({"grade_id": "reads", "grade": True, "points": 1}, READING),
    ({"grade_id": "own-visible", "locked": True}, "import os\nmean"),
    ({"grade_id": "nothing", "grade": True, "points": 0}, "assert os"),
    ({"grade_id": "by-hand", "grade": True, "solution": True, "points": 4}, "plot = mean"),
]


def notebook(cells):
    made = []
    for marked, source in cells:
        flags = {"grade": False, "solution": False, "locked": False, "task": False}
        metadata = {"nbgrader": flags | marked | {"schema_version": 3}}
        empty = {"outputs": [], "execution_count": None}
        made.append({"cell_type": "code", "metadata": metadata, "source": source} | empty)
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": spec}, "cells": made}


@pytest.fixture(scope="module")
def course(quickstart, tmp_path_factory):
    """The example course with one more assignment, released by stock nbgrader."""
    folder = tmp_path_factory.mktemp("odd") / "course101"
    shutil.copytree(quickstart, folder)
    work = folder / "source" / "ps 2"
    (work / "data").mkdir(parents=True)
    (work / "work.ipynb").write_text(json.dumps(notebook(WORK)))
    (work / "data" / "numbers.csv").write_text("1\n2\n3\n")
    (work / "tools.py").write_text("TRUE = True\n")
    with (folder / "nbgrader_config.py").open("a") as config:
        config.write("\nget_config().Execute.timeout = 4\n")
    for name in ("ps1", "ps 2"):
        done = run("nbgrader", "generate_assignment", name, folder=folder)
        assert done.returncode == 0, done.stderr
    return folder


SQUARES = (
    "def squares(n):\n    if n < 1:\n        raise ValueError\n"
    "    return [i ** 2 for i in range(1, n + 1)]"
)
SUM = "def sum_of_squares(n):\n    return sum(squares(n))"
SOLVED = {"squares": SQUARES, "sum_of_squares": SUM, "part-a": "Words.", "part-b": "Words."}
MEAN = "def mean(xs):\n    return sum(xs) / len(xs)"


def marks(cell):
    return cell["metadata"].get("nbgrader", {})


class Desk:
    """Where a student works on a release."""

    def __init__(self, course, student, assignment, **answers):
        self.folder = course / "submitted" / student / assignment
        shutil.copytree(course / "release" / assignment, self.folder)
        self.answer(**answers)

    def edit(self, name, change):
        path = self.folder / f"{name}.ipynb"
        data = json.loads(path.read_text())
        for cell in data["cells"]:
            cell["source"] = "".join(cell["source"])
        change(data["cells"])
        path.write_text(json.dumps(data))

    def answer(self, **answers):
        def write(cells):
            for cell in cells:
                cell["source"] = answers.get(marks(cell).get("grade_id"), cell["source"])

        for path in self.folder.glob("*.ipynb"):
            self.edit(path.stem, write)

    def cell(self, name, grade_id, change):
        """Change a cell, given with its place among the others."""

        def write(cells):
            place = next(i for i, c in enumerate(cells) if marks(c).get("grade_id") == grade_id)
            change(cells, place)

        self.edit(name, write)


def as_markdown(cells, place):
    cell = cells[place]
    cells[place] = {key: cell[key] for key in ("metadata", "source")} | {"cell_type": "markdown"}


def of_version_1(cells):
    for cell in cells:
        if marks(cell):
            marks(cell)["schema_version"] = 1
            marks(cell).pop("task", None)
            marks(cell).pop("cell_type", None)


def odd_ones(course):
    """Write a class of odd submissions of both assignments."""

    def desk(student, **more):
        return Desk(course, student, "ps1", **(SOLVED | more))

    desk("solved")
    Desk(course, "untouched", "ps1")
    desk("changed").answer(correct_squares="pass", squares_invalid_input="raise ValueError")
    desk("deleted").cell(P1, "correct_squares", lambda cells, place: cells.pop(place))
    desk(
        "loops",
        squares=SQUARES.replace("    return", "    while n == 11:\n        pass\n    return"),
    )
    desk("early", squares=f"import nothing_of_that_name\n{SQUARES}")
    (desk("one-missing").folder / "problem2.ipynb").unlink()
    extra = desk("extra").folder
    shutil.copy(extra / "problem2.ipynb", extra / "notes.ipynb")
    desk("task").answer(**{"cell-938593c4a215c6cc": "I changed the task."})
    desk("emptied").answer(**{"part-a": "", "sum_of_squares_equation": ""})
    noisy = SUM.replace("    return", "    import sys; print('!', file=sys.stderr)\n    return")
    desk("noisy", sum_of_squares=noisy)
    flood = SQUARES.replace("    return", "    print('x' * 10 ** 6)\n    return") + "[::-1]"
    desk("floods", squares=flood)
    desk("answered", sum_of_squares_application="print(sum_of_squares(3))")
    Desk(course, "right", "ps 2", **{"Q-1a": MEAN})
    Desk(course, "partly", "ps 2", **{"Q-1a": MEAN.replace(" / ", " // ")})
    Desk(course, "hidden", "ps 2", **{"Q-1a": f"{MEAN} if xs != [2] else 7"})
    own = Desk(course, "own-files", "ps 2", **{"Q-1a": "from mine import mean"})
    (own.folder / "mine.py").write_text(MEAN)
    (own.folder / "tools.py").write_text("TRUE = False\n")
    (own.folder / "data" / "numbers.csv").write_text("7")


STOPPERS = {"as-text": 3.0, "dies": 2.5, "of-version-1": 3.0, "twice": 3.0}
"""Who stops stock nbgrader, their own grading or everybody's, and what they get here."""


def stoppers(course):
    """Write submissions that stock nbgrader cannot grade."""
    Desk(course, "dies", "ps1", **(SOLVED | {"sum_of_squares": f"import os\nos._exit(1)\n{SUM}"}))
    old = Desk(course, "of-version-1", "ps1", **SOLVED)
    for name in (P1, P2):
        old.edit(name, of_version_1)
    Desk(course, "as-text", "ps1", **SOLVED).cell(P1, "squares", as_markdown)
    twice = Desk(course, "twice", "ps1", **SOLVED)
    twice.cell(P1, "squares", lambda cells, at: cells.insert(at, copy.deepcopy(cells[at])))
    twice.cell(P1, "correct_squares", lambda cells, at: cells.insert(0, copy.deepcopy(cells[at])))


DEPARTURES = {
    # Stock leaves a deleted test to a person for ever; here it is put back and run.
    ("deleted", P1, "correct_squares"): ((None, True), (1.0, False)),
}
"""Where ours differs on purpose: stock's score, and ours."""


def graded_by_us(course, folder, assignment):
    shutil.copytree(course, folder, dirs_exist_ok=True)
    work = load_coursework(Course.at(folder).assignment(assignment))
    place = ClassFolder(folder)
    limits = Limits(cell_seconds=4, notebook_seconds=60)
    names = place.students(assignment)
    return list(grade_all(sitting(work, place), names, workers=2, limits=limits))


@pytest.mark.long
def test_odd_submissions_get_the_scores_that_stock_nbgrader_gives(course, tmp_path):
    odd_ones(course)
    stock = tmp_path / "stock"
    shutil.copytree(course, stock)
    for assignment in ("ps1", "ps 2"):
        done = run("nbgrader", "autograde", assignment, folder=stock)
        assert done.returncode == 0, done.stderr
        ours = tmp_path / f"ours of {assignment}"
        results = graded_by_us(course, ours, assignment)
        assert [result.failure for result in results if result.failure] == []
        theirs, expected = grades(stock, assignment), {}
        for key, score in theirs.items():
            stocks, departing = DEPARTURES.get(key, (score, score))
            assert score == stocks, key
            expected[key] = departing
        assert grades(ours, assignment) == expected
        assert times(ours, assignment) == times(stock, assignment)


@pytest.mark.long
def test_who_stops_stock_nbgrader_is_graded_here(course, tmp_path):
    class_of_its_own = tmp_path / "course"
    shutil.copytree(course, class_of_its_own)
    shutil.rmtree(class_of_its_own / "submitted")
    stoppers(class_of_its_own)
    results = {result.student: result for result in graded_by_us(class_of_its_own, tmp_path, "ps1")}
    assert {student: result.points for student, result in results.items()} == STOPPERS
    assert any("was left out" in remark for remark in results["dies"].remarks)
    for student in STOPPERS:
        done = run("nbgrader", "autograde", "ps1", "--student", student, folder=class_of_its_own)
        assert done.returncode != 0


@pytest.mark.long
def test_it_is_released_checked_and_proved(quickstart, tmp_path):
    moved_in = tmp_path / "course101"
    shutil.copytree(quickstart, moved_in)
    released = run("autograder", "release", "ps1", folder=moved_in)
    assert released.returncode == 0, released.stderr
    folder = moved_in / "release" / "ps1"
    assert {path.name for path in folder.iterdir()} == {
        "jupyter.png",
        "problem1.ipynb",
        "problem2.ipynb",
    }
    text = (folder / "problem1.ipynb").read_text()
    assert "YOUR CODE HERE" in text
    assert "restart the kernel" in text
    assert "BEGIN SOLUTION" not in text
    assert run("autograder", "release", "ps1", "--check", folder=moved_in).returncode == 0
    proved = run("autograder", "verify", "ps1", "--json", folder=moved_in)
    assert proved.returncode == 0, proved.stdout + proved.stderr
    proof = json.loads(proved.stdout)
    assert proof["fair"]
    assert len(proof[INSIDE]) == 4
