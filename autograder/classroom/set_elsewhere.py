"""Brings marks into the log that people set elsewhere: in the formgrader, or by another program.

nbgrader keeps what a mark is, and neither who set it nor when. In a Jupyter server that reads our
configuration the formgrader's marks are logged as they are set (`autograder.classroom.
nbgrader_guard`); what was set otherwise is noticed when a run begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import or_, select

from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.marks_log import JUDGE, MarkSet, log_marks, now, read_log

SOMEBODY = "somebody, outside of autograder"
SET, TAKEN_BACK = "set", "taken back"
"""How what is said of such a mark begins."""
_NOTICED = "since the run before: noticed when a run began"
_Key = tuple[str, str, str]
_GRADE, _CELL, _NOTEBOOK, _SUBMISSION, _ASSIGNMENT = (
    rows.__table__ for rows in (Grade, BaseCell, SubmittedNotebook, SubmittedAssignment, Assignment)
)
_SET_BY_PEOPLE = (
    select(
        _ASSIGNMENT.c.name.label("assignment"),
        _SUBMISSION.c.student_id,
        _CELL.c.name.label("cell"),
        _GRADE.c.auto_score,
        _GRADE.c.manual_score,
        _GRADE.c.extra_credit,
    )
    .select_from(
        _GRADE.join(_CELL, _CELL.c.id == _GRADE.c.cell_id)
        .join(_NOTEBOOK, _NOTEBOOK.c.id == _GRADE.c.notebook_id)
        .join(_SUBMISSION, _SUBMISSION.c.id == _NOTEBOOK.c.assignment_id)
        .join(_ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMISSION.c.assignment_id)
    )
    .where(or_(_GRADE.c.manual_score.is_not(None), _GRADE.c.extra_credit.is_not(None)))
)


def begin_run(class_folder: ClassFolder) -> None:
    """Copy the gradebook as it is before a run, and log what was set since the run before.

    Raises
    ------
    UnusableGradebook, BrokenLog, NoRoom
    """
    gradebook.back_up(class_folder)
    log_what_was_set(class_folder)


def log_what_was_set(class_folder: ClassFolder) -> None:
    """Add to the log of marks what people's marks are now, where it does not say so yet.

    Raises
    ------
    UnusableGradebook, BrokenLog, NoRoom
    """
    if not class_folder.gradebook_path.exists():
        return
    logged = {
        (mark.assignment, mark.student, mark.question): mark
        for mark in read_log(class_folder)
        if mark.by != JUDGE
    }
    known = {
        key: mark.points for key, mark in logged.items() if not mark.why.startswith(TAKEN_BACK)
    }
    log_marks(class_folder, list(_unknown(_set_by_people(class_folder), known)))


def mark_of(auto: float | None, manual: float | None, extra: float | None) -> float | None:
    """Return the points that a person gave a cell, None where nobody did."""
    if manual is None and not extra:
        return None
    return float((auto or 0.0) if manual is None else manual) + float(extra or 0.0)


def _set_by_people(class_folder: ClassFolder) -> dict[_Key, float]:
    with (
        gradebook.open_gradebook(class_folder) as gb,
        gb.engine.connect() as connection,
    ):
        rows = connection.execute(_SET_BY_PEOPLE).all()
    marks = {
        (row.assignment, row.student_id, row.cell): mark_of(
            row.auto_score, row.manual_score, row.extra_credit
        )
        for row in rows
    }
    return {key: points for key, points in marks.items() if points is not None}


def _unknown(there: Mapping[_Key, float], known: Mapping[_Key, float]) -> Iterator[MarkSet]:
    """Yield what the log has to say besides, in order."""
    when = now()
    for key in sorted(there.keys() | known.keys()):
        before, points = known.get(key), there.get(key)
        if points is None:
            yield MarkSet(*key, before, 0.0, SOMEBODY, f"{TAKEN_BACK} {_NOTICED}", when)
        elif before is None or not math.isclose(before, points):
            yield MarkSet(*key, before, points, SOMEBODY, f"{SET} {_NOTICED}", when)
