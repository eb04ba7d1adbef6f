"""Marks that people set in the formgrader, or by another program, come into the log."""

import getpass

import pytest
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader.apihandlers import GradeHandler

from autograder.classroom import gradebook, nbgrader_guard
from autograder.classroom.marks_log import BrokenLog, log_path, read_log
from autograder.classroom.nbgrader_guard import guard
from autograder.classroom.set_elsewhere import SOMEBODY, begin_run, log_what_was_set
from tests.running import grade_all


@pytest.fixture
def graded(session, right, submit, ran):
    for student in ("ada", "bob"):
        submit(session.class_folder, student, right)
    list(grade_all(session, ["ada", "bob"]))
    return session.class_folder


def set_grade(folder, student, cell, manual, extra=None):
    """Set a mark as the formgrader does, which says nobody that it did."""
    with gradebook.open_gradebook(folder) as gb:
        grade = gb.find_grade(cell, "tiny", "01_tiny", student)
        grade.manual_score, grade.extra_credit = manual, extra
        gb.db.commit()


def people(folder):
    """Return what the log has of people's marks."""
    return [
        (mark.student, mark.question, mark.before, mark.points, mark.by, mark.why.split()[0])
        for mark in read_log(folder)
        if mark.by != "autograder"
    ]


def test_a_mark_is_noticed_once_and_again_when_it_changes(graded):
    log_what_was_set(graded)
    assert people(graded) == []
    set_grade(graded, "ada", "why-written", 2.5)
    set_grade(graded, "bob", "double-graded", None, extra=1.0)
    begin_run(graded)
    begin_run(graded)
    first = [
        ("ada", "why-written", None, 2.5, SOMEBODY, "set"),
        ("bob", "double-graded", None, 3.0, SOMEBODY, "set"),
    ]
    assert people(graded) == first
    set_grade(graded, "ada", "why-written", 3.0)
    log_what_was_set(graded)
    assert people(graded) == [*first, ("ada", "why-written", 2.5, 3.0, SOMEBODY, "set")]


def test_a_mark_that_is_taken_back_is_noticed_once(graded):
    set_grade(graded, "ada", "why-written", 2.5)
    log_what_was_set(graded)
    set_grade(graded, "ada", "why-written", None)
    log_what_was_set(graded)
    log_what_was_set(graded)
    back = ("ada", "why-written", 2.5, 0.0, SOMEBODY, "taken")
    assert people(graded)[1:] == [back]
    set_grade(graded, "ada", "why-written", 0.0)
    log_what_was_set(graded)
    assert people(graded)[2:] == [("ada", "why-written", None, 0.0, SOMEBODY, "set")]


def test_there_is_nothing_to_notice_where_there_is_no_gradebook(class_folder):
    begin_run(class_folder)
    assert not log_path(class_folder).exists()


def test_a_damaged_log_is_said_before_anything_is_run(graded):
    log_path(graded).write_text("{")
    with pytest.raises(BrokenLog, match="line 1"):
        begin_run(graded)


class _Handler:
    """What the formgrader's handler of a mark is to our guard."""

    def __init__(self, folder, gb, body):
        self.db_url, self.gradebook, self.body = folder.gradebook_url, gb, body

    def put(self, grade_id):
        grade = self.gradebook.find_grade_by_id(grade_id)
        grade.manual_score = self.body
        self.gradebook.db.commit()


@pytest.fixture
def formgrader(graded, monkeypatch):
    """Return a function that sets a mark in the formgrader, as a user of a hub if one is named."""
    monkeypatch.setattr(nbgrader_guard, "_PUT", _Handler.put)

    def put(student, points):
        with gradebook.open_gradebook(graded) as gb:
            grade = gb.find_grade("why-written", "tiny", "01_tiny", student)
            nbgrader_guard._put_and_log(_Handler(graded, gb, points), grade.id)

    return put


def test_the_formgrader_logs_who_set_a_mark_at_once(graded, formgrader, monkeypatch):
    monkeypatch.delenv("JUPYTERHUB_USER", raising=False)
    formgrader("ada", 2.0)
    formgrader("ada", 2.0)  # saved again, as the formgrader does when a field is left
    monkeypatch.setenv("JUPYTERHUB_USER", "tea")
    formgrader("ada", 1.0)
    formgrader("ada", None)
    me = getpass.getuser()
    expected = [
        ("ada", "why-written", None, 2.0, me, "set"),
        ("ada", "why-written", 2.0, 1.0, "tea", "set"),
        ("ada", "why-written", 1.0, 0.0, "tea", "taken"),
    ]
    assert people(graded) == expected
    log_what_was_set(graded)
    assert people(graded) == expected, "a run notices nothing that is in the log"


def test_who_may_not_set_a_mark_is_not_logged(graded, formgrader, monkeypatch):
    def refuse(self, grade_id):
        raise PermissionError

    monkeypatch.setattr(nbgrader_guard, "_PUT", refuse)
    with pytest.raises(PermissionError):
        formgrader("ada", 2.0)
    assert people(graded) == []


def test_the_guard_takes_its_place_once():
    guard()
    guard()
    assert GradeHandler.put is nbgrader_guard._put_and_log
    assert nbgrader_guard._PUT is not nbgrader_guard._put_and_log


def test_only_folders_with_a_notebook_are_assignments(course):
    guard()
    here = CourseDirectory(root=str(course.root), source_directory="solutions")
    found = NbGraderAPI(here).get_source_assignments()
    assert found == set(course.assignment_names())
