"""Serves the page on which a person marks, and brings pages and reports into step afterwards."""

from __future__ import annotations

import getpass
import webbrowser
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom.class_folder import ClassFolder, one_run
from autograder.classroom.class_reports import write_reports
from autograder.classroom.grading import rejudge
from autograder.classroom.marking import NotMarked, places
from autograder.classroom.marking_server import MarkingServer
from autograder.classroom.recording import Graded
from autograder.classroom.session import Session, Sitting, sitting
from autograder.classroom.set_elsewhere import begin_run
from autograder.cli.terminal import counted


def mark_answers(
    assignment: Assignment,
    class_folder: ClassFolder,
    by: str,
    port: int,
    browse: bool,
    console: Console,
) -> None:
    """Serve the page until Ctrl-C, then write the pages of those who got marks, and the reports."""
    with one_run(class_folder):
        begin_run(class_folder)
        session = sitting(load_coursework(assignment), class_folder)
        found = places(session)
    if not found:
        raise NotMarked(
            f"{assignment.name}: there is no written answer to mark. Run first: autograder grade "
            f"{assignment.name}"
        )
    with MarkingServer(found, by or getpass.getuser(), port) as server:
        waiting = counted(sum(server.waiting), "answer")
        console.print(f"{waiting} of {len(found)} without a mark. Open this; Ctrl-C ends it:")
        console.print(Text(server.address), soft_wrap=True)
        if browse:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("Every mark that was saved is in the gradebook.")
        with one_run(class_folder):
            write_again(session, sorted(server.changed))
    console.print(f"{counted(len(server.changed), 'feedback page')} and the reports are written")


def write_again(session: Session | Sitting, students: Sequence[str]) -> list[Graded]:
    """Write the feedback of students, marks by hand included, and the reports on the class."""
    results = list(rejudge(session, students))
    write_reports(session, results)
    return results
