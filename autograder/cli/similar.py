"""The command ``similar``: whose code is alike, side by side, for a person to look at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom.alike import Alike, Pair, alike, answers_of
from autograder.classroom.alike_page import write_alike
from autograder.classroom.class_file import read_class_file
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_page import Links
from autograder.classroom.class_reports import notebooks_of
from autograder.classroom.given_code import given_hashes
from autograder.cli.terminal import as_text, counted, with_progress

console, complaints = Console(), Console(stderr=True)
_WORDS = "Alike is no verdict: read both, side by side, and talk with both."


def similar(
    assignment: Assignment,
    class_folder: ClassFolder,
    given: Sequence[Path],
    most: int,
    as_json: bool,
) -> None:
    """Compare a class, write the page, and print who is alike."""
    work = load_coursework(assignment)
    students = class_folder.students(assignment.name)
    course = given_hashes(work, given)
    read = (answers_of(class_folder, work, student) for student in students)
    everybody = with_progress(read, len(students), complaints, "reading")
    found = alike(everybody, course, groups_of(class_folder))
    shown, path = found.pairs[:most], class_folder.report_path(assignment.name, "-alike.html")
    links = {
        name: Links(notebooks=notebooks_of(class_folder, work, name, path.parent))
        for name in sorted({name for pair in shown for name in (pair.one, pair.other)})
    }
    by_student = {answers.student: answers for answers in everybody}
    write_alike(path, assignment.name, found, by_student, course, shown, links)
    if as_json:
        print(json.dumps(_as_data(found) | {"file": str(path)}, indent=1))
        return
    if found.empty:
        console.print(as_text(f"nothing of their own to compare: {', '.join(found.empty)}"))
    if shown:
        console.print(_table(shown))
        console.print(as_text(_WORDS))
    among = counted(found.compared, "student")
    console.print(as_text(f"{counted(len(found.pairs), 'pair')} alike among {among}"))
    console.print(as_text(f"page  {path}"), soft_wrap=True)


def groups_of(class_folder: ClassFolder) -> Mapping[str, str]:
    """Return the group of each student who has one, by ``class.toml``."""
    rules = read_class_file(class_folder)
    groups = rules.groups if rules else {}
    return {student: group for group, members in groups.items() for student in members}


def _table(pairs: Sequence[Pair]) -> Table:
    table = Table(title="Code that is alike")
    for heading in ("students", "share", "in"):
        table.add_column(heading, overflow="fold")
    for pair in pairs:
        share = f"{100 * pair.share:.0f} %"
        cells = (f"{pair.one} and {pair.other}", share, ", ".join(pair.questions))
        table.add_row(*map(as_text, cells))
    return table


def _as_data(found: Alike) -> dict[str, object]:
    """Return what was found, as JSON can hold it."""
    pairs = [
        {
            "students": [pair.one, pair.other],
            "share": round(pair.share, 4),
            "questions": {name: round(share, 4) for name, share in pair.questions.items()},
        }
        for pair in found.pairs
    ]
    return {"compared": found.compared, "empty": list(found.empty), "pairs": pairs}
