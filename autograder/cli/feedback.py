"""The command ``feedback``: pages written again, and laid where students fetch them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.fetching import give_back
from autograder.classroom.session import sitting
from autograder.classroom.set_elsewhere import begin_run
from autograder.classroom.watching import Inbox
from autograder.cli.mark import write_again
from autograder.cli.terminal import as_text, counted

console = Console()


def feedback(
    class_folder: ClassFolder,
    assignment: Assignment,
    students: Sequence[str],
    exchange: Path | None,
    as_json: bool,
) -> bool:
    """Write pages, marks by hand included, and give them back; return whether all could be."""
    begin_run(class_folder)
    session = sitting(load_coursework(assignment), class_folder)
    results = write_again(session, students)
    failed = {each.student: each.failure for each in results if each.failure}
    written = [student for student in students if student not in failed]
    place = _place(class_folder, exchange)
    given = None if place is None else give_back(session, written, place)
    if as_json:
        print(json.dumps({"written": written, "failed": failed, "given_back": given}, indent=1))
        return not failed
    for student, words in failed.items():
        console.print(as_text(f"{student}: {words}", "bold red"))
    pages = f"{counted(len(written), 'page')} in {class_folder.path}/feedback/"
    console.print(as_text(f"{pages}<student>/{assignment.name}/"), soft_wrap=True)
    if given is None:
        console.print("no exchange: give the pages out yourself, or name one with --exchange")
        return not failed
    console.print(as_text(f"{len(given)} of them to fetch in {place}"), soft_wrap=True)
    without = sorted(set(written) - set(given))
    if without:
        words = "did not come through the exchange, so nobody can fetch: " + ", ".join(without)
        console.print(as_text(words, "yellow"))
    return not failed


def _place(class_folder: ClassFolder, exchange: Path | None) -> Path | None:
    """Return where students fetch: in the exchange that is named, or in the class's own."""
    if exchange is None and not class_folder.exchange.is_dir():
        return None
    return Inbox.at(exchange or class_folder.exchange).feedback
