"""Writes what staff read about a class: always the whole class, whoever was graded last."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from autograder.authoring.coursework import Asked
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_page import Links, write_summary
from autograder.classroom.gathering import ENGINE
from autograder.classroom.recording import Graded, kept_results
from autograder.classroom.report import Row, class_rows, write_csv
from autograder.classroom.session import Session, Sitting
from autograder.classroom.terms import Terms

_COUNTED = ("nbgrader", "numpy")
"""The packages on whose versions marks may depend."""


def write_reports(session: Session | Sitting, now: Sequence[Graded] = ()) -> list[Row]:
    """Write the reports on the whole class, from what is kept of everybody.

    Parameters
    ----------
    session
        The class and the assignment.
    now
        What a run came to just now: it may know better why somebody could not be graded.

    Returns
    -------
    rows
        What the reports say of everybody, by name.
    """
    failed = {graded.student: graded for graded in now if graded.failure}
    rows = class_rows(session, kept_results(session, failed))
    folder, name = session.class_folder, session.name
    write_csv(folder.report_path(name, ".csv"), session.material, rows)
    page = folder.report_path(name, ".html")
    links = links_of(session, [row.student for row in rows], page.parent)
    terms = Terms.of(folder, session.material)
    write_summary(page, session.material, rows, links, origins(session), terms)
    return rows


def links_of(
    session: Session | Sitting, students: Iterable[str], seen_from: Path
) -> dict[str, Links]:
    """Return where the pages of students lie that exist, relative to the folder of a report."""
    return {student: _links(session, student, seen_from) for student in students}


def _links(session: Session | Sitting, student: str, seen_from: Path) -> Links:
    feedback = session.feedback_path(student)
    return Links(
        _address(feedback, seen_from) if feedback.is_file() else "",
        notebooks_of(session.class_folder, session.material, student, seen_from),
    )


def notebooks_of(
    class_folder: ClassFolder, work: Asked, student: str, seen_from: Path
) -> dict[str, str]:
    """Return where a student's graded notebooks lie, by name, relative to the folder of a page."""
    found = {}
    for sheet in work.sheets:
        name = sheet.assignment.notebook_name
        path = class_folder.autograded_path(work.assignment.name, student, name)
        if path.is_file():
            found[name] = _address(path, seen_from)
    return found


def _address(path: Path, seen_from: Path) -> str:
    """Return a relative address: a folder's name may hold any character but a slash."""
    return quote(Path(os.path.relpath(path, seen_from)).as_posix())


def origins(session: Session | Sitting) -> Mapping[str, str]:
    """Return what marks are made with, in words.

    The exam is named by a digest of its cases, which says whether two reports are of the same one.
    The class's secret, from which the exam can be drawn, stands in no report.
    """
    exams = "|".join(notebook.exam.digest for notebook in session.notebooks)
    versions = ", ".join(f"{name} {version(name)}" for name in _COUNTED)
    return {
        "exam": hashlib.sha256(exams.encode()).hexdigest()[:12],
        "execution": ENGINE,
        "versions": f"Python {platform.python_version()}, {versions}",
    }
