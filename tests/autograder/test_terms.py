"""A class with a file: its mark is the same in table, page, CSV, nbgrader's total and export."""

import csv
import io

import pytest
from rich.console import Console
from traitlets.config import Config

from autograder.classroom import gradebook, late_plugin
from autograder.classroom.called_late import note_late
from autograder.classroom.class_file import BrokenClassFile
from autograder.classroom.class_reports import write_reports
from autograder.classroom.differences import (
    BrokenRequest,
    Given,
    answered,
    difference,
    given,
    request_path,
)
from autograder.classroom.gathering import RunOptions
from autograder.classroom.grading import grade, rejudge
from autograder.classroom.marks import marks_of
from autograder.classroom.penalties import assign_late_penalty
from autograder.classroom.terms import Terms
from autograder.cli.terminal import closing_table
from autograder.sandbox.dispatch import local_executor
from autograder.sandbox.run import Mode

RULES = """
time_zone = "Europe/Zurich"
[late]
policy = "per_day"
percent = 10
[assignments.01_tiny]
due = "2026-10-05 23:59"
"""


@pytest.fixture
def classroom(session, submit, right, ran):
    """A class whose ada came a day and a minute late."""

    def came(student, words):
        path = submit(session.class_folder, student, right)
        (path.parent / "timestamp.txt").write_text(words)

    came("ada", "2026-10-07 00:00:00 +0200")
    came("bob", "2026-10-05 23:59:00 +0200")
    (session.class_folder.path / "class.toml").write_text(RULES)
    return session


def graded(session):
    with local_executor(1) as (executor, at_once):
        options = RunOptions(Mode.OPEN)
        return list(grade(session, ["ada", "bob"], executor, at_once, options))


def mark_by_hand(session, student, points):
    with gradebook.open_gradebook(session.class_folder) as gb:
        found = gb.find_grade("why-written", "tiny", "01_tiny", student)
        found.manual_score, found.needs_manual_grade = points, False
        gb.db.commit()


def nbgraders_total(session, student):
    with gradebook.open_gradebook(session.class_folder) as gb:
        submission = gb.find_submission("01_tiny", student)
        penalty = sum(n.late_submission_penalty or 0 for n in submission.notebooks)
        return submission.score - penalty


def lines(session):
    write_reports(session)
    with session.class_folder.report_path("01_tiny", ".csv").open(newline="") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def table(session, results):
    console = Console(file=io.StringIO(), width=200)
    console.print(closing_table(session.material, results))
    return console.file.getvalue()


def test_the_mark_is_the_same_everywhere(classroom):
    graded(classroom)
    mark_by_hand(classroom, "ada", 2.5)
    results = list(rejudge(classroom, ["ada", "bob"]))
    assert results[0].standing.final.points == 3.6  # (2 + 2.5) less two days of a tenth
    shown = table(classroom, results)
    assert "core" in shown
    assert "mark" in shown
    assert "3.6" in shown
    page = classroom.feedback_path("ada").read_text()
    assert "3.6 of 5" in page
    assert "core 2 of 2, written 2.5 of 3, 2 days late: 0.9 taken off" in page
    line = lines(classroom)["ada"]
    assert (line["gradebook_points"], line["gradebook_max_points"]) == ("3.6", "5")
    assert (line["core"], line["written"], line["late_penalty"]) == ("2", "2.5", "0.9")
    assert nbgraders_total(classroom, "ada") == pytest.approx(3.6)
    assert nbgraders_total(classroom, "bob") == 2.0


def test_a_deadline_that_moves_is_a_mark_that_moves(classroom):
    assert graded(classroom)[0].standing.final.points == 1.6
    path = classroom.class_folder.path / "class.toml"
    path.write_text(RULES.replace("2026-10-05 23:59", "2026-10-06 23:59"))
    assert lines(classroom)["ada"]["gradebook_points"] == "1.8"
    assert next(rejudge(classroom, ["ada"])).standing.final.points == 1.8
    assert nbgraders_total(classroom, "ada") == pytest.approx(1.8)
    path.write_text(RULES + '[extensions.ada]\n01_tiny = "2 days"\n')
    assert next(rejudge(classroom, ["ada"])).standing.final.points == 2.0
    with gradebook.open_gradebook(classroom.class_folder) as gb:
        submission = gb.find_submission("01_tiny", "ada")
        assert submission.total_seconds_late == 0
        assert submission.extension.days == 2
        assert f"{submission.assignment.duedate}" == "2026-10-05 21:59:00"


def test_what_does_not_count_is_not_in_nbgraders_total_either(classroom):
    path = classroom.class_folder.path / "class.toml"
    path.write_text(RULES + '[counts]\nwritten = "apart"\n')
    graded(classroom)
    mark_by_hand(classroom, "bob", 3.0)
    assert next(rejudge(classroom, ["bob"])).standing.final.points == 2.0
    assert nbgraders_total(classroom, "bob") == 2.0


def test_the_stretch_may_be_named_by_the_class(classroom):
    path = classroom.class_folder.path / "class.toml"
    path.write_text(RULES + 'stretch = ["double"]\n')
    terms = Terms.of(classroom.class_folder, classroom.material)
    assert terms.stretch == {"double-graded"}
    path.write_text(RULES + 'stretch = ["duble"]\n')
    with pytest.raises(BrokenClassFile, match=r"no question duble\. There are: double, why"):
        Terms.of(classroom.class_folder, classroom.material)


def test_without_a_file_there_is_no_final_mark(session, submit, right, ran):
    for student in ("ada", "bob"):
        submit(session.class_folder, student, right)
    results = graded(session)
    assert all(each.standing.final is None for each in results)
    assert "gradebook" in table(session, results)
    assert "late_penalty" not in lines(session)["ada"]


def test_who_is_called_late_without_a_time_is_said_to_be_and_pays_when_it_is_known(classroom):
    graded(classroom)
    with gradebook.open_gradebook(classroom.class_folder) as gb:
        gb.find_submission("01_tiny", "bob").timestamp = None
        gb.db.commit()
    note_late(classroom.class_folder, "01_tiny", ["bob"], [])
    line = lines(classroom)["bob"]
    assert "late, nobody said when it came: 0 taken off" in line["made_of"]
    path = classroom.class_folder.path / "class.toml"
    path.write_text(RULES + '[came.bob]\n01_tiny = "2026-10-06 12:00"\n')
    assert lines(classroom)["bob"]["gradebook_points"] == "1.8"


def test_what_a_run_changes_is_said_and_a_request_is_answered(classroom):
    graded(classroom)
    path = request_path(classroom, "ada")
    path.parent.mkdir(parents=True)
    path.write_text("My train was late.\n")
    before = given(classroom, ["ada", "bob"])
    assert before["ada"] == Given({"double": 2.0}, 1.6)
    rules = classroom.class_folder.path / "class.toml"
    rules.write_text(RULES + '[extensions.ada]\n01_tiny = "1 day"\n')
    now = {each.student: each for each in rejudge(classroom, ["ada", "bob"])}
    words = difference(before["ada"], now["ada"])
    assert words == "mark 1.6 → 1.8"
    assert difference(before["bob"], now["bob"]) == ""
    for _ in range(2):
        assert answered(classroom, now["ada"], words) == path
        text = path.read_text()
        assert text.startswith("My train was late.\n\n## Answer\n\nJudged again: mark 1.6 → 1.8.")
        assert text.count("## Answer") == 1
    assert answered(classroom, now["bob"], "") is None


def test_a_question_that_is_judged_otherwise_is_named(classroom):
    (ada, _) = graded(classroom)
    before = Given({"double": 0.0}, 0.0)
    assert difference(before, ada) == "double 0 → 2, mark 0 → 1.6"
    assert difference(Given(), ada) == "", "what is given for the first time has not changed"
    path = request_path(classroom, "ada")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(BrokenRequest, match="UTF-8"):
        answered(classroom, ada, "")


PLUGIN = Config()
PLUGIN.AssignLatePenalties.plugin_class = "autograder.classroom.late_plugin.ClassLatePolicy"


def test_nbgraders_own_step_takes_off_the_same(classroom, monkeypatch):
    graded(classroom)
    monkeypatch.setattr(late_plugin, "_work", lambda root, name: classroom.material)
    path = classroom.class_folder.path / "class.toml"
    for extension, total in (("", 1.6), ('[extensions.ada]\n01_tiny = "1 day"\n', 1.8)):
        path.write_text(RULES + extension)
        marks_of(classroom.class_folder, classroom.material)
        for student in ("ada", "bob"):
            ours = nbgraders_total(classroom, student)
            assign_late_penalty(classroom.class_folder, classroom.material, student, PLUGIN)
            assert nbgraders_total(classroom, student) == pytest.approx(ours)
        assert nbgraders_total(classroom, "ada") == pytest.approx(total)
    path.unlink()
    assign_late_penalty(classroom.class_folder, classroom.material, "ada", PLUGIN)
    assert nbgraders_total(classroom, "ada") == 2.0, "as nbgrader's own plugin"
