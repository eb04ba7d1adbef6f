"""Marks as files for other programs: a table, Canvas, Moodle, Gradescope.

What Canvas and Moodle take back is the file that they gave, with marks filled in; cells that they
match students by stay as they were.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from autograder.classroom.csv_files import Table, read_table
from autograder.classroom.marks import Mark, Marks
from autograder.classroom.spreadsheets import defused
from autograder.errors import CourseError

_COLUMNS = (
    "student last_name first_name email sid mark full_marks core stretch written late_penalty "
    "made_of"
).split()
_CANVAS_IDS = ("ID", "SIS User ID", "SIS Login ID")
_CANVAS_NAMES = ("Student", "LastName", "FirstName")
_CANVAS_KEPT = (*_CANVAS_NAMES, *_CANVAS_IDS, "Root Account", "Section")
_CANVAS_COLUMN = re.compile(r"(?P<title>.+) \((?P<id>\d+)\)")


class Format(StrEnum):
    """For whom marks are written."""

    csv = "csv"
    canvas = "canvas"
    moodle = "moodle"
    moodle_gradebook = "moodle-gradebook"
    gradescope = "gradescope"


NEEDING_A_FILE = (Format.canvas, Format.moodle)


class CannotExport(CourseError):
    """The marks do not fit into the file that was given."""


@dataclass(frozen=True)
class Export:
    """A file of marks.

    Parameters
    ----------
    text
        What is to be written.
    filled
        How many marks are in it.
    remarks
        What whoever uploads it should know.
    """

    text: str
    filled: int
    remarks: tuple[str, ...] = ()


def exported(
    marks: Marks,
    format_: Format,
    given: Path | None = None,
    column: str | None = None,
    zeros: bool = False,
) -> Export:
    """Return marks as a program takes them.

    Parameters
    ----------
    marks
        Of the class.
    format_
        Which program.
    given
        The file that Canvas or Moodle gave.
    column
        Of Canvas's gradebook, where the title does not say which.
    zeros
        Whether who has not submitted gets 0; otherwise it stays empty, or what it was.

    Raises
    ------
    CannotExport, UnreadableTable
    """
    if format_ in NEEDING_A_FILE and given is None:
        what = "gradebook" if format_ is Format.canvas else "grading worksheet"
        raise CannotExport(
            f"Marks are filled into the {what} that {format_.value.capitalize()} exports: name "
            "that file as well"
        )
    waiting = [mark.person.student for mark in marks.each if mark.waiting]
    said = (f"written answers wait: {', '.join(waiting)}",) if waiting else ()
    match format_:
        case Format.canvas if given is not None:
            export = _for_canvas(marks, read_table(given), column, zeros)
        case Format.moodle if given is not None:
            export = _for_moodle(marks, read_table(given), zeros)
        case Format.moodle_gradebook:
            export = _for_moodles_gradebook(marks, zeros)
        case Format.gradescope:
            export = _for_gradescope(marks, zeros)
        case _:
            export = _as_table(marks, zeros)
    return Export(export.text, export.filled, (*export.remarks, *said))


def _points(mark: Mark, zeros: bool) -> str:
    if mark.points is None:
        return "0" if zeros and not mark.submitted else ""
    return f"{mark.points:.10g}"


def _written(rows: Iterable[Sequence[str]], separator: str = ",") -> str:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


def _as_table(marks: Marks, zeros: bool) -> Export:
    rows: list[list[str]] = [list(_COLUMNS)]
    for mark in marks.each:
        final = mark.standing.final if mark.standing else None
        parts = [""] * 4
        if final is not None:
            numbers = (final.core.points, final.stretch.points, final.written.points)
            parts = [f"{number:.10g}" for number in (*numbers, final.taken_off)]
        person = mark.person
        facts = (person.student, person.last_name, person.first_name, person.email, person.sid)
        given = (_points(mark, zeros), f"{marks.full:.10g}", *parts, mark.in_words)
        rows.append([defused(cell) for cell in (*facts, *given)])
    return Export(_written(rows), sum(mark.points is not None for mark in marks.each))


def _for_moodles_gradebook(marks: Marks, zeros: bool) -> Export:
    """Return a table for Moodle's gradebook import, which stops at a user whom it does not know."""
    rows = [["email", "idnumber", marks.assignment, f"{marks.assignment} feedback"]]
    lost = []
    for mark in marks.each:
        points, person = _points(mark, zeros), mark.person
        if not points:
            continue
        if not (person.email or person.sid):
            lost.append(person.student)
            continue
        cells = (person.email, person.sid, points, html.escape(mark.in_words))
        rows.append([defused(cell) for cell in cells])
    words = (f"left out, as neither mail nor number is known: {', '.join(lost)}",) if lost else ()
    return Export(_written(rows), len(rows) - 1, words)


def _for_gradescope(marks: Marks, zeros: bool) -> Export:
    rows = [["Email", "SID", "First Name", "Last Name", marks.assignment, "Max Points"]]
    for mark in marks.each:
        person = mark.person
        facts = (person.email, person.sid, person.first_name, person.last_name)
        cells = (*facts, _points(mark, zeros), f"{marks.full:.10g}")
        rows.append([defused(cell) for cell in cells])
    words = (
        "Gradescope imports no scores: this is a list to merge, by mail or SID, with the grades "
        "that it exports"
    )
    return Export(_written(rows), sum(m.points is not None for m in marks.each), (words,))


def _for_canvas(marks: Marks, table: Table, column: str | None, zeros: bool) -> Export:
    """Return Canvas's gradebook with nothing but students and the assignment."""
    place = _canvas_column(table, marks.assignment, column)
    kept = [i for i, name in enumerate(table.header) if name in _CANVAS_KEPT]
    if table.column("ID") is None:
        raise CannotExport(f"{table.path} is no gradebook of Canvas: it has no column ID")
    find = _finder(
        marks,
        (
            (table.column("ID"), lambda mark: mark.person.canvas_id),
            (table.column("SIS User ID"), lambda mark: mark.person.sid),
            (table.column("SIS Login ID"), lambda mark: mark.person.student),
            (table.column("ID"), lambda mark: mark.person.student),
        ),
    )
    rows = [[table.header[i] for i in (*kept, place)]]
    remarks, found = [], set()
    for _, row in table.rows:
        cells = [row[i] for i in kept]
        if row[0].strip().startswith("Points Possible"):
            possible = row[place].strip()
            if possible != f"{marks.full:g}":
                full = f"full marks are {marks.full:g}"
                remarks.append(f"Canvas has {possible or 'no'} points possible; {full}")
            rows.append([*cells, row[place]])
            continue
        mark = find(row)
        if mark is not None:
            found.add(mark.person.student)
        given = _points(mark, zeros) if mark is not None else ""
        # Canvas finds students by their numbers, so a name may be made harmless.
        named = [
            defused(cell) if table.header[i] in _CANVAS_NAMES else cell
            for i, cell in zip(kept, cells, strict=True)
        ]
        rows.append([*named, given or row[place].strip()])
    return Export(
        _written(rows, table.separator), len(_given(marks, found)), (*remarks, *_lost(marks, found))
    )


def _canvas_column(table: Table, assignment: str, column: str | None) -> int:
    """Return the place of the assignment in a gradebook of Canvas."""
    titles = {
        name: found["title"]
        for name in table.header
        if (found := _CANVAS_COLUMN.fullmatch(name)) is not None
    }
    wanted = column or assignment
    fitting = [
        name
        for name, title in titles.items()
        if wanted in (name, title) or _plain(title) == _plain(wanted)
    ]
    if len(fitting) != 1:
        known = "; ".join(titles) or "none"
        raise CannotExport(
            f"{table.path}: expected one column that is called {wanted!r}, found {len(fitting)}. "
            f"Name it: --column '...'. Assignments there: {known}"
        )
    return table.header.index(fitting[0])


def _plain(title: str) -> str:
    return re.sub(r"[\W_]", "", title).casefold()


def _for_moodle(marks: Marks, table: Table, zeros: bool) -> Export:
    """Return Moodle's grading worksheet with grades, and what they are made of, filled in."""
    grade, identifier = table.column("Grade"), table.column("Identifier")
    if grade is None or identifier is None:
        raise CannotExport(
            f"{table.path} is no grading worksheet of Moodle's in English: expected columns "
            "Identifier and Grade"
        )
    feedback, locked = table.column("Feedback comments"), table.column("Grade can be changed")
    name, maximum = table.column("Full name"), table.column("Maximum grade")
    mail, sid = table.column("Email address"), table.column("ID number")
    bare = mail is None and sid is None  # a name decides only where nothing else could
    find = _finder(
        marks,
        (
            (mail, lambda mark: mark.person.email),
            (sid, lambda mark: mark.person.sid),
            (name, lambda mark: mark.person.name if bare or not mark.person.email else ""),
        ),
    )
    comma = maximum is not None and any("," in row[maximum] for _, row in table.rows)
    rows, remarks, found = [list(table.header)], [], set()
    for number, row in table.rows:
        cells, mark = list(row), find(row)
        points = _points(mark, zeros) if mark is not None else ""
        if mark is not None:
            found.add(mark.person.student)
        if mark is not None and points:
            who = f"line {number}, {mark.person.student}"
            remarks += _moodle_remarks(who, points, row, maximum, locked)
            cells[grade] = points.replace(".", ",") if comma else points
            if feedback is not None and not cells[feedback].strip():
                cells[feedback] = html.escape(mark.in_words)
        if name is not None:  # Moodle finds students by the identifier
            cells[name] = defused(cells[name])
        rows.append(cells)
    mark_of_bytes = "\ufeff" if table.encoding == "utf-8-sig" else ""
    text = mark_of_bytes + _written(rows, table.separator)
    said = (*dict.fromkeys(remarks), *_lost(marks, found))
    return Export(text, len(_given(marks, found)), said)


def _moodle_remarks(
    who: str, points: str, row: Sequence[str], maximum: int | None, locked: int | None
) -> list[str]:
    """Return what Moodle will not take."""
    remarks = []
    if locked is not None and row[locked].strip().casefold() == "no":
        remarks.append(f"{who}: Moodle says that the grade cannot be changed, and will pass it by")
    most = row[maximum].replace(",", ".").strip() if maximum is not None else ""
    if re.fullmatch(r"\d+(\.\d+)?", most) and float(points) > float(most):
        remarks.append(f"{who}: {points} is more than Moodle's maximum {most}, and is not taken")
    if float(points) == 0:
        remarks.append(f"{who}: Moodle may pass by a grade of 0; see that it has it")
    return remarks


def _finder(
    marks: Marks, ways: Sequence[tuple[int | None, Callable[[Mark], str]]]
) -> Callable[[Sequence[str]], Mark | None]:
    """Return a function that finds the mark for a row: by the first column that one fits alone."""
    tables = []
    for place, fact in ways:
        if place is None:
            continue
        found: dict[str, list[Mark]] = {}
        for mark in marks.each:
            if fact(mark):
                found.setdefault(fact(mark).casefold(), []).append(mark)
        tables.append((place, {key: who[0] for key, who in found.items() if len(who) == 1}))

    def find(row: Sequence[str]) -> Mark | None:
        for place, table in tables:
            mark = table.get(row[place].strip().casefold())
            if mark is not None:
                return mark
        return None

    return find


def _given(marks: Marks, found: set[str]) -> list[str]:
    students = (mark.person.student for mark in marks.each if mark.points is not None)
    return [student for student in students if student in found]


def _lost(marks: Marks, found: set[str]) -> tuple[str, ...]:
    """Return a remark on whose mark has no line in the file."""
    lost = [
        mark.person.student
        for mark in marks.each
        if mark.points is not None and mark.person.student not in found
    ]
    return (f"no line in that file for: {', '.join(lost)}",) if lost else ()
