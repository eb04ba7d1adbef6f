"""What is said of everybody in a class, and the CSV that says it."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.authoring.coursework import INSIDE, Asked
from autograder.classroom import gradebook
from autograder.classroom.recording import Graded
from autograder.classroom.scoring import ScoreWriter, Standing
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
    flags
        What in the answers a member of staff should look at.
    late
        Whether it came after its deadline, as the gradebook has it.
    failure
        Why it could not be graded.
    """

    student: str
    points: Mapping[str, float] = field(default_factory=dict)
    recognised: Mapping[tuple[str, str], str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    standing: Standing | None = None
    submitted: str = ""
    flags: tuple[str, ...] = ()
    late: bool = False
    failure: str | None = None

    @property
    def missing(self) -> bool:
        """Whether nothing was submitted."""
        return NOT_SUBMITTED in self.notes

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
        tuple(f"{v.question}: {v.flag}" for v in graded.verdicts if v.flag),
        failure=graded.failure,
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
    rows = _with_lateness(session, [row_of(graded) for graded in results])
    there = {row.student for row in rows}
    absent = (name for name in gradebook.registered(session.class_folder) if name not in there)
    rows += [Row(student, notes=(NOT_SUBMITTED,)) for student in absent]
    return sorted(_with_identical(rows), key=lambda row: row.student)


def _with_lateness(session: Session | Sitting, rows: Sequence[Row]) -> list[Row]:
    """Return rows that say who was late. What deadlines mean is the gradebook's to say."""
    with gradebook.open_gradebook(session.class_folder) as gb:
        writer = ScoreWriter(gb, session.material)
        known = {row.student for row in rows if writer.standing(row.student) is not None}
        late = {student for student in known if writer.is_late(student)}
    return [replace(row, late=row.student in late) for row in rows]


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
            made_of(row, work),
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


def made_of(row: Row, work: Asked) -> str:
    """Return in words what the gradebook's number is made of."""
    if row.standing is None or not row.counts:
        return ""
    if row.standing.final is not None:
        return row.standing.in_words
    automatic = f"automatic {row.total:g} of {work.points:g}"
    return ", ".join(filter(None, (automatic, row.standing.in_words)))
