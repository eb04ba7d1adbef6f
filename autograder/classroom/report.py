"""What staff read about a class: a CSV and a page."""

from __future__ import annotations

import csv
import io
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean

from autograder.authoring.coursework import INSIDE, Asked
from autograder.classroom import gradebook
from autograder.classroom.feedback import page
from autograder.classroom.recording import Graded, kept_results
from autograder.classroom.scoring import Standing
from autograder.classroom.session import Session, Sitting
from autograder.classroom.spreadsheets import defused
from autograder.files import write_atomically

NOT_SUBMITTED = "not submitted"
PARTS = ("core", "stretch", "written", "late_penalty")
"""Columns of a class that has a file."""
_NAMED = 5
"""How many fellow students a remark names."""


@dataclass(frozen=True)
class Row:
    """What the reports say of a student: little, so that a large class fits into memory.

    Parameters
    ----------
    student
        Whose.
    points
        By question; empty where there is nothing to count.
    recognised
        The hints that were given, by question and known mistake.
    notes
        What staff should know.
    standing
        What the gradebook says.
    submitted
        The digest of the submitted file, where it says something.
    """

    student: str
    points: Mapping[str, float] = field(default_factory=dict)
    recognised: Mapping[tuple[str, str], str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    standing: Standing | None = None
    submitted: str = ""

    @property
    def counts(self) -> bool:
        """Whether there are points."""
        return bool(self.points)

    @property
    def total(self) -> float:
        """The automatic points of all questions."""
        return sum(self.points.values())


def notes(graded: Graded) -> list[str]:
    """Return what staff should know about a submission."""
    flags = [f"LOOK AT {v.question}: {v.flag}" for v in graded.verdicts if v.flag]
    failure = [f"NOT GRADED: {graded.failure}"] if graded.failure else []
    return [*failure, *flags, *graded.remarks]


def row_of(graded: Graded) -> Row:
    """Return what the reports say of a submission."""
    counted = () if graded.failure else graded.verdicts
    return Row(
        graded.student,
        {verdict.question: verdict.points for verdict in counted},
        {(v.question, v.misconception): v.hint or "" for v in counted if v.misconception},
        tuple(notes(graded)),
        graded.standing,
        graded.submitted,
    )


def class_rows(session: Session | Sitting, results: Iterable[Graded]) -> list[Row]:
    """Return what the reports say of everybody, who has not submitted included, by name.

    Parameters
    ----------
    session
        The class and the assignment.
    results
        Of all who have submitted.
    """
    rows = [row_of(graded) for graded in results]
    there = {row.student for row in rows}
    absent = (name for name in gradebook.registered(session.class_folder) if name not in there)
    rows += [Row(student, notes=(NOT_SUBMITTED,)) for student in absent]
    return sorted(_with_identical(rows), key=lambda row: row.student)


def _with_identical(rows: Sequence[Row]) -> list[Row]:
    """Return rows with a note where several students submitted the same file."""
    alike: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row.submitted:
            alike[row.submitted].append(row.student)
    noted = []
    for row in rows:
        others = [name for name in alike.get(row.submitted, ()) if name != row.student]
        if others:
            more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
            words = f"the same file, byte for byte, as {', '.join(others[:_NAMED])}{more}"
            row = replace(row, notes=(*row.notes, words))
        noted.append(row)
    return noted


def write_reports(session: Session | Sitting, now: Sequence[Graded] = ()) -> None:
    """Write the reports on the whole class, from what is kept of everybody.

    Parameters
    ----------
    session
        The class and the assignment.
    now
        What a run came to just now: it may know better why somebody could not be graded.
    """
    failed = {graded.student: graded for graded in now if graded.failure}
    rows = class_rows(session, kept_results(session, failed))
    folder, name = session.class_folder, session.name
    write_csv(folder.report_path(name, ".csv"), session.material, rows)
    write_summary(folder.report_path(name, ".html"), session.material, rows)


def write_csv(path: Path, work: Asked, rows: Sequence[Row]) -> None:
    """Write one line a student: the totals, each question, what was recognised, and notes.

    Where questions have no check, a last column names them, the same on each line.
    """
    questions = [question.name for question in work.questions]
    inside = [question.name for question in work.questions if question.inside]
    written = io.StringIO()
    writer = csv.writer(written)
    totals = ["points", "max_points", "gradebook_points", "gradebook_max_points", "made_of"]
    parts = list(PARTS) if any(row.standing and row.standing.final for row in rows) else []
    last = [INSIDE] if inside else []
    head = ["student", *totals, *parts, *questions, "misconceptions", "notes", *last]
    writer.writerow(head)
    for row in rows:
        standing = row.standing
        cells = [
            row.student,
            f"{row.total:g}" if row.counts else "",
            f"{work.points:g}",
            f"{standing.total:g}" if standing else "",
            f"{standing.max_total:g}" if standing else "",
            _made_of(row, work),
            *(_parts(row) if parts else ()),
            *(f"{row.points[name]:g}" if name in row.points else "" for name in questions),
            "; ".join(f"{question}: {name}" for question, name in row.recognised),
            " ".join(row.notes),
            *(["; ".join(inside)] if inside else []),
        ]
        writer.writerow([defused(cell) for cell in cells])
    write_atomically(path, written.getvalue())


def _parts(row: Row) -> list[str]:
    """Return the parts of a final mark, and what coming late costs."""
    mark = row.standing.final if row.standing else None
    if mark is None:
        return [""] * len(PARTS)
    points = (mark.core.points, mark.stretch.points, mark.written.points, mark.taken_off)
    return [f"{number:g}" for number in points]


def _made_of(row: Row, work: Asked) -> str:
    """Return in words what the gradebook's number is made of."""
    if row.standing is None or not row.counts:
        return ""
    if row.standing.final is not None:
        return row.standing.in_words
    automatic = f"automatic {row.total:g} of {work.points:g}"
    return ", ".join(filter(None, (automatic, row.standing.in_words)))


def write_summary(path: Path, work: Asked, rows: Sequence[Row]) -> None:
    """Write a page on the class: how each question went, and who needs a look."""
    graded = [row for row in rows if row.counts]
    questions = []
    for question in work.questions:
        points = [row.points.get(question.name, 0.0) for row in graded]
        questions.append(
            {
                "name": question.name,
                "inside": question.inside,
                "max_points": question.points,
                "mean": mean(points) if points else 0.0,
                "full": sum(each == question.points for each in points),
                "none": sum(each == 0 for each in points),
                "recognised": _recognised(question.name, graded),
            }
        )
    lines = [
        {
            "student": row.student,
            "points": row.total if row.counts else None,
            "standing": row.standing,
            "made_of": _made_of(row, work),
            "notes": row.notes,
        }
        for row in sorted(rows, key=lambda row: (row.total, row.student))
    ]
    maxima = {row.standing.max_total for row in rows if row.standing}
    written = page(
        "summary.html.j2",
        assignment=work.assignment.name,
        max_points=work.points,
        max_total=max(maxima, default=work.points),
        mean=mean(row.total for row in graded) if graded else 0.0,
        graded=len(graded),
        questions=questions,
        inside=INSIDE,
        nbgraders=work.assignment.course.is_nbgraders,
        rows=lines,
    )
    write_atomically(path, written)


def _recognised(question: str, rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return the known mistakes in a question, the most frequent first, and who made them."""
    students: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        for (asked, name), hint in row.recognised.items():
            if asked == question:
                students[name, textwrap.shorten(hint, 70, placeholder=" ...")].append(row.student)
    found = sorted(students.items(), key=lambda item: (-len(item[1]), item[0]))
    return [{"name": name, "hint": hint, "students": names} for (name, hint), names in found]
