"""Who is in a class: ``roster.csv`` in its folder, and what learning platforms say of it.

The file has a line for each student, and these columns::

    student,first_name,last_name,email,section,canvas_id,sid

``student`` is the name of the student's folders, and the only one that must be filled. ``sid`` is
the number that the institution gave. The file may be written by hand.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from nbgrader.api import Student

from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.csv_files import Table, read_table
from autograder.classroom.misplaced import unusable
from autograder.classroom.spreadsheets import defused, restored
from autograder.errors import CourseError
from autograder.files import write_atomically

NAME = "roster.csv"


class BrokenRoster(CourseError):
    """A roster that cannot be used. A line for each error."""


@dataclass(frozen=True)
class Person:
    """A student of the class.

    Parameters
    ----------
    student
        The name of the student's folders.
    first_name, last_name, email, section
        As the platform says.
    canvas_id
        Canvas's own number of a user.
    sid
        The institution's.
    """

    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    section: str = ""
    canvas_id: str = ""
    sid: str = ""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


COLUMNS = tuple(field.name for field in fields(Person))
_KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    "roster": {"student": ("student",), **{name: (name,) for name in COLUMNS[1:]}},
    "Canvas": {
        "student": ("SIS Login ID", "SIS User ID", "ID"),
        "email": (),
        "section": ("Section",),
        "canvas_id": ("ID",),
        "sid": ("SIS User ID",),
        "first_name": ("FirstName",),
        "last_name": ("LastName",),
    },
    "Moodle": {
        "student": ("Username", "ID number", "Email address", "Full name"),
        "email": ("Email address",),
        "section": ("Group", "Groups"),
        "sid": ("ID number",),
        "first_name": ("First name",),
        "last_name": ("Last name", "Surname"),
    },
    "Gradescope": {
        "student": ("SID", "Student ID", "Email"),
        "email": ("Email", "Email Address"),
        "section": ("Section", "Sections"),
        "sid": ("SID", "Student ID"),
        "first_name": ("First Name",),
        "last_name": ("Last Name",),
    },
}
"""From which column each fact is taken: the first that is there and, in its row, filled."""
_FULL_NAME = {"Canvas": "Student", "Moodle": "Full name", "Gradescope": "Name"}


def roster_path(class_folder: ClassFolder) -> Path:
    """Return where a class's roster is, or would be."""
    return class_folder.path / NAME


def read_roster(class_folder: ClassFolder) -> tuple[Person, ...] | None:
    """Return who is in a class, None where it has no roster.

    Raises
    ------
    BrokenRoster, UnreadableTable
    """
    path = roster_path(class_folder)
    if not path.exists():
        return None
    table = read_table(path)
    if table.column("student") is None:
        raise BrokenRoster(f"{path}, line 1: expected the columns {','.join(COLUMNS)}")
    found = tuple(_people(table, "roster", None))
    _refuse_doubles(path, found)
    return found


def kind_of(table: Table) -> str:
    """Return which program wrote a table of students.

    Raises
    ------
    BrokenRoster
        None that is known.
    """
    has = {name.casefold() for name in table.header}
    if "student" in has and "id" in has:
        return "Canvas"
    if "student" in has:
        return "roster"
    if "full name" in has or {"first name", "email address"} <= has:
        return "Moodle"
    if "email" in has and ("name" in has or "first name" in has):
        return "Gradescope"
    if {"lastname", "firstname", "id"} <= has:
        return "Canvas"
    raise BrokenRoster(
        f"{table.path}, line 1: expected the header of Canvas's gradebook (Student,ID,...), of "
        "Moodle's participants or grading worksheet (First name,... or Identifier,Full name,...), "
        "of Gradescope's roster (Name or First Name,Last Name; Email), or "
        f"{','.join(COLUMNS)}. Found: {','.join(table.header)[:200]}"
    )


def people_in(path: Path, name_by: str | None = None) -> tuple[str, tuple[Person, ...]]:
    """Return which program wrote a CSV file, and who is in it.

    Parameters
    ----------
    path
        The file.
    name_by
        The column that names a student's folders, instead of the usual one.

    Raises
    ------
    BrokenRoster, UnreadableTable
    """
    table = read_table(path)
    kind = kind_of(table)
    if name_by is not None and table.column(name_by) is None:
        raise BrokenRoster(
            f"{path} has no column {name_by!r}. There are: {', '.join(table.header)}"
        )
    people = tuple(_people(table, kind, name_by))
    if not people:
        raise BrokenRoster(f"{path}: expected a line for each student, found none")
    _refuse_doubles(path, people)
    return kind, people


def _people(table: Table, kind: str, name_by: str | None) -> Iterator[Person]:
    """Yield the students in a table.

    Raises
    ------
    BrokenRoster
        A line for each student who cannot have a folder.
    """
    problems = []
    columns = {
        fact: [place for name in names if (place := table.column(name)) is not None]
        for fact, names in _KINDS[kind].items()
    }
    if name_by is not None:
        columns["student"] = [p for p in (table.column(name_by),) if p is not None]
    whole = table.column(_FULL_NAME[kind]) if kind in _FULL_NAME else None
    for number, row in table.rows:
        facts = {
            fact: next((row[place].strip() for place in places if row[place].strip()), "")
            for fact, places in columns.items()
        }
        if kind == "roster":
            facts = {fact: restored(value) for fact, value in facts.items()}
        if kind == "Canvas" and not facts["canvas_id"]:
            continue  # the line of points possible, and what stands above it
        if whole is not None and not facts["last_name"]:
            facts["first_name"], facts["last_name"] = _split(row[whole].strip())
        if kind == "Canvas" and (facts["first_name"], facts["last_name"]) == ("Test", "Student"):
            continue  # nobody: an instructor's view of a student
        person = Person(**facts)
        why = no_folder(person.student)
        if why:
            problems.append(f"{table.path}, line {number}: student {person.student!r}: {why}")
        yield person
    if problems:
        raise BrokenRoster("\n".join(problems))


def _split(name: str) -> tuple[str, str]:
    """Return first and last names: ``Lovelace, Ada`` says which is which; else the last word is."""
    if "," in name:
        last, _, first = name.partition(",")
        return first.strip(), last.strip()
    first, _, last = name.rpartition(" ")
    return first, last


def no_folder(student: str) -> str | None:
    """Return why a folder cannot have a student's name."""
    if not student:
        return "expected a name for the student's folder, found nothing"
    if student.startswith(".") or "/" in student or "\\" in student:
        return "a folder's name holds no slash and begins with no dot"
    if student != student.strip():
        return "a folder's name has no spaces around"
    return unusable(student)


def _refuse_doubles(path: Path, people: Sequence[Person]) -> None:
    """Refuse two students with one folder; some disks take names that differ in case for one."""
    times = Counter(person.student.casefold() for person in people)
    doubled = sorted(person.student for person in people if times[person.student.casefold()] > 1)
    if doubled:
        raise BrokenRoster(
            f"{path}: each student needs a name that differs in more than case; these do not: "
            f"{', '.join(doubled)}. Take another column: --name-by COLUMN"
        )


@dataclass(frozen=True)
class Merged:
    """What bringing people into a roster came to.

    Parameters
    ----------
    people
        Of the roster, as it is now.
    new, changed, missing
        The students that were added; of whom something is new; who are on the roster and were not
        among those who were brought.
    """

    people: tuple[Person, ...]
    new: tuple[str, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]


def merged(known: Sequence[Person], brought: Iterable[Person]) -> Merged:
    """Bring people into a roster. Who is known, by a number, mail or name, keeps the folder.

    Raises
    ------
    BrokenRoster
        Somebody is known as two.
    """
    now = {person.student: person for person in known}
    new, changed, seen = [], [], set()
    for person in brought:
        same = [other for other in known if _are_one(person, other)]
        if len(same) > 1:
            who = ", ".join(other.student for other in same)
            raise BrokenRoster(
                f"{person.student} ({person.name}) is several students of the roster, by number, "
                f"mail or folder: {who}. Put roster.csv right"
            )
        if not same:
            now[person.student] = person
            new.append(person.student)
            continue
        (old,) = same
        facts = {name: value for name, value in vars(person).items() if value}
        now[old.student] = replace(old, **(facts | {"student": old.student}))
        seen.add(old.student)
        if now[old.student] != old:
            changed.append(old.student)
    missing = [person.student for person in known if person.student not in seen]
    people = tuple(sorted(now.values(), key=lambda person: person.student))
    return Merged(people, tuple(new), tuple(changed), tuple(missing))


def _are_one(person: Person, other: Person) -> bool:
    """Return whether two entries are of one student."""
    pairs = (
        (person.canvas_id, other.canvas_id),
        (person.sid, other.sid),
        (person.email.casefold(), other.email.casefold()),
        (person.student, other.student),
    )
    return any(mine and mine == theirs for mine, theirs in pairs)


def write_roster(class_folder: ClassFolder, people: Sequence[Person]) -> None:
    """Write a class's roster.

    Raises
    ------
    BrokenRoster
        Two would have one folder.
    """
    path = roster_path(class_folder)
    _refuse_doubles(path, people)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for person in people:
        writer.writerow([defused(getattr(person, name)) for name in COLUMNS])
    class_folder.make()
    write_atomically(path, written.getvalue(), mode=0o600)


def names_on(class_folder: ClassFolder) -> tuple[str, ...] | None:
    """Return the names of the students on a class's roster, None where it has none.

    Raises
    ------
    BrokenRoster, UnreadableTable
    """
    people = read_roster(class_folder)
    return None if people is None else tuple(person.student for person in people)


def enrol(class_folder: ClassFolder) -> None:
    """Bring names and mails of the roster into the gradebook, which the formgrader shows.

    Raises
    ------
    BrokenRoster, UnreadableTable, UnusableGradebook
    """
    people = read_roster(class_folder)
    if not people:
        return
    with gradebook.open_gradebook(class_folder) as gb:
        known = {student.id: student for student in gb.db.query(Student)}
        for person in people:
            student = known.get(person.student)
            if student is None:
                student = Student(id=person.student)
                gb.db.add(student)
            names = (person.first_name, person.last_name or person.student, person.email or None)
            if (student.first_name, student.last_name, student.email) != names:
                student.first_name, student.last_name, student.email = names
        gb.db.commit()
