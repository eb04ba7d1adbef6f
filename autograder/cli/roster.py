"""The command ``roster``: who is in the class, and who has submitted what."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.authoring.course import Course
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.roster import (
    BrokenRoster,
    Person,
    enrol,
    merged,
    people_in,
    read_roster,
    roster_path,
    write_roster,
)
from autograder.cli.terminal import as_text, counted

console = Console()


def bring(class_folder: ClassFolder, path: Path, name_by: str | None) -> None:
    """Bring the students in a CSV file into the roster, and say what is new."""
    kind, people = people_in(path, name_by)
    found = merged(read_roster(class_folder) or (), people)
    write_roster(class_folder, found.people)
    words = f"{counted(len(people), 'student')} in {path} ({kind})"
    _say(f"{words}: {len(found.new)} new, {len(found.changed)} changed")
    if found.missing:
        _say(f"On the roster and not in that file, and left there: {', '.join(found.missing)}")


def show(class_folder: ClassFolder, course: Course, as_json: bool) -> None:
    """Bring the roster into the gradebook, and print it with what everybody has submitted."""
    people = read_roster(class_folder)
    if people is None:
        raise BrokenRoster(
            f"There is no roster yet. Name a CSV file of Canvas, Moodle or Gradescope: autograder "
            f"roster FILE; or write {roster_path(class_folder)} by hand"
        )
    enrol(class_folder)
    names = course.assignment_names()
    submitted = {name: _who(class_folder, name) for name in names}
    if as_json:
        rows = [vars(p) | {"submitted": _of(p, submitted)} for p in people]
        print(json.dumps(rows, indent=1))
        return
    console.print(_table(people, submitted))
    for name, who in submitted.items():
        if who:
            lacking = [person.student for person in people if person.student not in who]
            strange = sorted(who - {person.student for person in people})
            _say(f"{name}: {len(who)} submitted, {len(lacking)} on the roster did not")
            if strange:
                _say(f"  not on the roster: {', '.join(strange)}")
    _say(f"roster  {roster_path(class_folder)}; names and mails are in the gradebook")


def _who(class_folder: ClassFolder, assignment: str) -> set[str]:
    return {path.parent.name for path in (class_folder.path / "submitted").glob(f"*/{assignment}")}


def _of(person: Person, submitted: dict[str, set[str]]) -> list[str]:
    return [name for name, who in submitted.items() if person.student in who]


def _table(people: tuple[Person, ...], submitted: dict[str, set[str]]) -> Table:
    table = Table(title=counted(len(people), "student"))
    for heading in ("student", "name", "mail", "section", "submitted"):
        table.add_column(heading, overflow="fold")
    for person in people:
        facts = (person.student, person.name, person.email, person.section)
        handed_in = ", ".join(_of(person, submitted)) or "nothing yet"
        table.add_row(*map(as_text, (*facts, handed_in)))
    return table


def _say(words: str) -> None:
    console.print(as_text(words), highlight=False, soft_wrap=True)
