"""Writes the reports on a class again, and says in a few lines what they say."""

from __future__ import annotations

import json

from rich.console import Console
from rich.text import Text

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_page import mistakes, what_waits
from autograder.classroom.class_reports import write_reports
from autograder.classroom.report import Row
from autograder.classroom.session import Session, Sitting, sitting
from autograder.classroom.set_elsewhere import log_what_was_set
from autograder.cli.terminal import as_text, counted

_MISTAKES = 5
"""How many known mistakes are named in the terminal; the page has all."""


def report(
    assignment: Assignment, class_folder: ClassFolder, as_json: bool, console: Console
) -> None:
    """Write the page and the CSV on a class, from what is kept of everybody, and sum them up."""
    log_what_was_set(class_folder)
    session = sitting(load_coursework(assignment), class_folder)
    rows = write_reports(session)
    paths = files(session)
    if as_json:
        print(json.dumps(as_data(rows) | {"files": paths}, indent=1))
        return
    graded = [row for row in rows if row.counts]
    waiting = sum(bool(what_waits(row)) for row in rows)
    console.print(
        f"{counted(len(graded), 'student')} graded, {sum(row.missing for row in rows)} not "
        f"submitted, {sum(row.late for row in rows)} late, {waiting} with "
        "something that waits for a person",
        highlight=False,
    )
    for known in mistakes(graded)[:_MISTAKES]:
        words = f"{len(known.students):4}  {known.question}: {known.hint or known.name}"
        console.print(as_text(words))
    for path in paths:
        console.print(Text(f"report  {path}"), soft_wrap=True)


def files(session: Session | Sitting) -> list[str]:
    """Return where the page and the CSV on a class are."""
    return [str(session.class_folder.report_path(session.name, end)) for end in (".html", ".csv")]


def as_data(rows: list[Row]) -> dict[str, object]:
    """Return what the reports say, as JSON can hold it."""
    return {
        "students": [
            {
                "student": row.student,
                "points": dict(row.points),
                "gradebook": row.standing.total if row.standing else None,
                "out_of": row.standing.max_total if row.standing else None,
                "late": row.late,
                "missing": row.missing,
                "waits": what_waits(row),
                "notes": list(row.notes),
            }
            for row in rows
        ],
        "mistakes": [vars(known) for known in mistakes([row for row in rows if row.counts])],
    }
