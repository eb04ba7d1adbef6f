"""What nbgrader has no setting for, put right in its classes where our configuration is read.

nbgrader reads a submission's ``timestamp.txt`` in places of its own, where one that cannot be read
stops the list of the whole class; the formgrader serves a student's files as pages of its own, and
writes names into its pages unescaped.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import collect
from nbgrader.server_extensions.formgrader.base import BaseHandler
from nbgrader.server_extensions.formgrader.handlers import SubmissionFilesHandler

from autograder.classroom.receipt import parsed_time, submission_time

_FILES = "default-src 'none'; sandbox"
# The formgrader's pages hold scripts of their own, so this stops requests, not every script.
_PAGES = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'self'"
)


def guard() -> None:
    """Put nbgrader's classes right in this process. Doing it again changes nothing."""
    CourseDirectory.get_existing_timestamp = _existing_timestamp
    NbGraderAPI.get_submitted_timestamp = _submitted_timestamp
    collect.parse_utc = _time_in_a_name
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
