"""What nbgrader has no setting for, put right in its classes where our configuration is read.

nbgrader reads a submission's ``timestamp.txt`` in places of its own, where one that cannot be read
stops the list of the whole class; the formgrader serves a student's files as pages of its own,
writes names into its pages unescaped, takes every folder beside the assignments for one, and keeps
no word on who set a mark.
"""

from __future__ import annotations

import getpass
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import collect
from nbgrader.server_extensions.formgrader.apihandlers import GradeHandler
from nbgrader.server_extensions.formgrader.base import BaseHandler
from nbgrader.server_extensions.formgrader.handlers import SubmissionFilesHandler
from sqlalchemy import make_url

from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.marks_log import MarkSet, log_marks, now
from autograder.classroom.receipt import parsed_time, submission_time
from autograder.classroom.set_elsewhere import SET, TAKEN_BACK, mark_of

_FILES = "default-src 'none'; sandbox"
# The formgrader's pages hold scripts of their own, so this stops requests, not every script.
_PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'"
)
_PUT = GradeHandler.put
_SOURCES = NbGraderAPI.get_source_assignments


def guard() -> None:
    """Put nbgrader's classes right in this process. Doing it again changes nothing."""
    CourseDirectory.get_existing_timestamp = _existing_timestamp
    NbGraderAPI.get_submitted_timestamp = _submitted_timestamp
    NbGraderAPI.get_source_assignments = _assignments_with_a_notebook
    collect.parse_utc = _time_in_a_name
    GradeHandler.put = _put_and_log
    SubmissionFilesHandler.content_security_policy = _FILES
    BaseHandler.content_security_policy = property(_policy_of_pages)
    BaseHandler.render = _render


def _existing_timestamp(self: CourseDirectory, dest_path: str) -> datetime | None:
    time, remarks = submission_time(Path(dest_path))
    for remark in remarks:
        self.log.warning("%s: %s", dest_path, remark)
    return time


def _submitted_timestamp(self: NbGraderAPI, assignment_id: str, student_id: str) -> datetime | None:
    course = self.coursedir
    folder = course.format_path(course.submitted_directory, student_id, assignment_id)
    return submission_time(Path(folder))[0]


def _time_in_a_name(words: str) -> datetime:
    """Return the time in the name of a folder of the exchange, the oldest where there is none."""
    try:
        return parsed_time(words)
    except (ValueError, OverflowError):
        return datetime.min


def _policy_of_pages(self: BaseHandler) -> str:
    return f"{super(BaseHandler, self).content_security_policy}; {_PAGES}"


def _render(self: BaseHandler, name: str, **values: Any) -> str:
    environment = self.settings["nbgrader_jinja2_env"]
    environment.autoescape = True  # before its first template is compiled
    return str(environment.get_template(name).render(**values))


def _assignments_with_a_notebook(self: NbGraderAPI) -> set[str]:
    """Return the assignments whose folder holds a notebook: others lie beside them."""
    course = self.coursedir
    folders = {
        name: Path(course.format_path(course.source_directory, ".", name))
        for name in _SOURCES(self)
    }
    return {name for name, folder in folders.items() if next(folder.glob("*.ipynb"), None)}


def _put_and_log(self: GradeHandler, grade_id: str) -> None:
    """Set a mark as the formgrader does, and write into the log who did it.

    nbgrader's own method, which sees that somebody may, comes before anything is written.
    """
    before = _marked(self, grade_id)
    _PUT(self, grade_id)
    after = _marked(self, grade_id)
    if before is None or after is None or before == after:
        return
    assignment, student, cell, was = before
    folder = Path(make_url(self.db_url).database or "").parent
    user = os.environ.get("JUPYTERHUB_USER") or getpass.getuser()
    points, how = (0.0, TAKEN_BACK) if after[-1] is None else (after[-1], SET)
    words = (user, f"{how} in the formgrader", now())
    log_marks(ClassFolder(folder), [MarkSet(assignment, student, cell, was, points, *words)])


def _marked(self: GradeHandler, grade_id: str) -> tuple[str, str, str, float | None] | None:
    """Return whose grade it is, and the points that a person gave; None where there is none."""
    try:
        grade = self.gradebook.find_grade_by_id(grade_id)
    except MissingEntry:
        return None
    points = mark_of(grade.auto_score, grade.manual_score, grade.extra_credit)
    return grade.assignment.name, grade.student.id, grade.name, points
