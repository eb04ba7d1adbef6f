"""Writes a submission's scores into nbgrader's gradebook.

nbgrader's own way reads, at every step, rows that sum up the scores of everybody, so that each
submission takes longer than the one before. Here it is a few statements in one transaction, which
leave the rows that nbgrader's `Gradebook.add_submission` and its `SaveAutoGrades` would leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Connection, Select, Table, and_, bindparam, case, func, or_, select
from sqlalchemy.dialects.sqlite import Insert, insert

from autograder.authoring.conventions import GRADED, grade_id_of, split_grade_id
from autograder.authoring.material import Material
from autograder.judging.judge import Verdict

_ASSIGNMENT, _STUDENT, _SUBMISSION, _NOTEBOOK, _GRADE, _COMMENT = (
    rows.__table__
    for rows in (Assignment, Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
)


@dataclass(frozen=True)
class WrittenMark:
    """What a person gave for a written answer.

    Parameters
    ----------
    name
        The cell's grade_id.
    points
        None where it waits for a person.
    max_points, comment
        Of the cell, and for the student.
    """

    name: str
    points: float | None
    max_points: float
    comment: str


@dataclass(frozen=True)
class Standing:
    """What the gradebook says of a submission.

    Parameters
    ----------
    total, max_total
        Of automatic and written parts, a late penalty taken off.
    penalty
        For coming late.
    by_hand
        What a person has added to automatic scores, or taken off.
    written
        The written answers, in the gradebook's order.
    """

    total: float
    max_total: float
    penalty: float = 0.0
    by_hand: float = 0.0
    written: tuple[WrittenMark, ...] = ()

    @property
    def in_words(self) -> str:
        """What the total is made of beside the automatic points, for student and staff."""
        waiting = sum(mark.points is None for mark in self.written)
        words = []
        if self.written:
            maximum = sum(mark.max_points for mark in self.written)
            marked = sum(mark.points or 0.0 for mark in self.written)
            words.append(f"written answers {marked:g} of {maximum:g}")
        if waiting:
            words.append(f"{waiting} written {'answer waits' if waiting == 1 else 'answers wait'}")
        if self.by_hand:
            words.append(f"changed by hand {self.by_hand:+g}")
        if self.penalty:
            words.append(f"late penalty {self.penalty:g}")
        return ", ".join(words)


def answer_digests(notebook: NotebookNode) -> dict[str, str]:
    """Return a digest of the text that each mark is about, by the grade_id of the marked cell.

    That of an automatic question is the text of its solution cell.
    """
    sources = {grade_id_of(cell): cell.source for cell in notebook.cells}
    digests = {}
    for name in filter(None, map(grade_id_of, filter(utils.is_grade, notebook.cells))):
        question, kind = split_grade_id(name)
        text = sources.get(question, "") if kind == GRADED else sources[name]
        digests[name] = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return digests


class ScoreWriter:
    """Writes scores of one assignment.

    Parameters
    ----------
    gradebook
        Open; it knows the assignment (see `autograder.classroom.gradebook.ensure_assignment`).
    material
        The assignment.
    """

    def __init__(self, gradebook: Gradebook, material: Material) -> None:
        self._engine = gradebook.engine
        name, assignment = material.assignment.notebook_name, material.assignment.name
        notebook = gradebook.find_notebook(name, assignment)
        self._notebook_id = notebook.id
        self._assignment_id = notebook.assignment.id
        self._grade_cells = {cell.name: cell.id for cell in notebook.grade_cells}
        self._names = {cell.id: cell.name for cell in notebook.grade_cells}
        self._max_scores = {cell.id: float(cell.max_score) for cell in notebook.grade_cells}
        judged = (f"{kit.name}-{GRADED}" for kit in material.kits)
        self._judged = {self._grade_cells[name] for name in judged}
        self._solution_cells = {cell.name: cell.id for cell in notebook.solution_cells}

    def write(
        self,
        student: str,
        notebook: NotebookNode,
        verdicts: Sequence[Verdict],
        timestamp: datetime | None,
        unchanged: Collection[str] = (),
    ) -> None:
        """Write a submission's scores and comments: all of them, or nothing.

        A manual score stays. It asks to be looked at again where the answer has changed, or the
        score that it stands instead of. A written answer asks for a grade, unless it was left as
        it came.

        Parameters
        ----------
        student
            Created where it is unknown.
        notebook
            The executed notebook.
        verdicts
            One a question.
        timestamp
            When it was submitted; None leaves what is known.
        unchanged
            The grade_ids of answers that are what was recorded before (see `answer_digests`).
        """
        grades, words = self._grades(notebook, verdicts), self._words(notebook, verdicts)
        same = {self._grade_cells[name] for name in unchanged if name in self._grade_cells}
        statements = (
            (_SAME_GRADE, [row for row in grades if row["cell_id"] in same]),
            (_CHANGED_GRADE, [row for row in grades if row["cell_id"] not in same]),
            (_NEW_COMMENT, words),
            (_LEFT_COMMENT, _left_out(self._solution_cells, words)),
        )
        with self._engine.begin() as connection:
            submitted = self._submitted_notebook(connection, student, timestamp)
            for statement, rows in statements:
                if rows:
                    connection.execute(
                        statement, [row | {"notebook_id": submitted} for row in rows]
                    )

    def is_late(self, student: str) -> bool:
        """Return whether a submission came after its due date, or counts as late so far."""
        with self._engine.connect() as connection:
            due, extension, came, penalty = connection.execute(
                _LATENESS, {"assignment_id": self._assignment_id, "student_id": student}
            ).one()
        late = due is not None and came is not None and came > due + (extension or timedelta())
        return bool(late or penalty)

    def standing(self, student: str) -> Standing | None:
        """Return what the gradebook says of a submission; None where it knows of none."""
        key = {"assignment_id": self._assignment_id, "student_id": student}
        with self._engine.connect() as connection:
            rows = connection.execute(_STANDING, key).all()
            penalties = connection.execute(_LATENESS, key).all()
            said = {row.cell_id: row.manual_comment for row in connection.execute(_SAID, key)}
        if not penalties:
            return None
        penalty = float(penalties[0].late_submission_penalty or 0.0)
        judged = [row for row in rows if row.cell_id in self._judged]
        return Standing(
            max(0.0, sum(row.score for row in rows) - penalty),
            sum(self._max_scores.values()),
            penalty,
            sum(row.score - (row.auto_score or 0.0) for row in judged),
            tuple(
                WrittenMark(
                    self._names[row.cell_id],
                    None if row.needs_manual_grade else row.score,
                    self._max_scores[row.cell_id],
                    said.get(self._solution_cells.get(self._names[row.cell_id])) or "",
                )
                for row in rows
                if row.cell_id not in self._judged
            ),
        )

    def _submitted_notebook(
        self, connection: Connection, student: str, timestamp: datetime | None
    ) -> str:
        """Return the id of a student's notebook, making the rows that lead to it."""
        names = {"id": student, "last_name": student, "first_name": ""}
        connection.execute(_NEW_STUDENT, names)
        submission = {"assignment_id": self._assignment_id, "student_id": student}
        connection.execute(
            _NEW_SUBMISSION if timestamp is None else _DATED_SUBMISSION,
            submission | {"timestamp": timestamp},
        )
        notebook = {
            "assignment_id": connection.execute(_SUBMISSION_ID, submission).scalar_one(),
            "notebook_id": self._notebook_id,
        }
        connection.execute(_NEW_NOTEBOOK, notebook)
        return str(connection.execute(_NOTEBOOK_ID, notebook).scalar_one())

    def _grades(self, notebook: NotebookNode, verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
        points = {f"{verdict.question}-{GRADED}": verdict.points for verdict in verdicts}
        rows = []
        for cell in filter(utils.is_grade, notebook.cells):
            name = grade_id_of(cell)
            score = points[name] if name in points else utils.determine_grade(cell)[0]
            rows.append(
                {
                    "cell_id": self._grade_cells[name],
                    "auto_score": score,
                    "needs_manual_grade": score is None,
                }
            )
        left = (
            {"auto_score": None, "needs_manual_grade": True} | row
            for row in _left_out(self._grade_cells, rows)
        )
        return [*rows, *left]

    def _words(self, notebook: NotebookNode, verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
        says = {verdict.question: verdict.says for verdict in verdicts}
        rows = []
        for cell in filter(utils.is_solution, notebook.cells):
            name = grade_id_of(cell) or ""
            untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
            words = "No response." if untouched else says.get(split_grade_id(name)[0])
            rows.append({"cell_id": self._solution_cells[name], "auto_comment": words})
        return rows


def _left_out(cells: dict[str, str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of the cells that a submission has no more: a person looks at them."""
    there = {row["cell_id"] for row in rows}
    return [{"cell_id": cell} for cell in cells.values() if cell not in there]


def _insert_or_update(table: Table, updated: Callable[[Insert], dict[str, Any]]) -> Insert:
    """Return the statement that makes a row of a cell, or changes the one that there is."""
    new = insert(table)
    key = [table.c.cell_id, table.c.notebook_id]
    return new.on_conflict_do_update(index_elements=key, set_=updated(new))


def _id_where(table: Table, *columns: str) -> Select[tuple[Any]]:
    return select(table.c.id).where(*(table.c[name] == bindparam(name) for name in columns))


# The formgrader shows a student without names as "None, None".
_NEW_STUDENT = insert(_STUDENT).on_conflict_do_update(
    index_elements=[_STUDENT.c.id],
    set_={"last_name": insert(_STUDENT).excluded.last_name, "first_name": ""},
    where=and_(_STUDENT.c.last_name.is_(None), _STUDENT.c.first_name.is_(None)),
)
_NEW_SUBMISSION = insert(_SUBMISSION).on_conflict_do_nothing()
_DATED_SUBMISSION = insert(_SUBMISSION).on_conflict_do_update(
    index_elements=[_SUBMISSION.c.assignment_id, _SUBMISSION.c.student_id],
    set_={"timestamp": insert(_SUBMISSION).excluded.timestamp},
)
_SUBMISSION_ID = _id_where(_SUBMISSION, "assignment_id", "student_id")
_NEW_NOTEBOOK = insert(_NOTEBOOK).on_conflict_do_nothing()
_NOTEBOOK_ID = _id_where(_NOTEBOOK, "assignment_id", "notebook_id")
_CHANGED_GRADE = _insert_or_update(
    _GRADE,
    lambda new: {
        "auto_score": new.excluded.auto_score,
        "needs_manual_grade": or_(
            new.excluded.needs_manual_grade, _GRADE.c.manual_score.is_not(None)
        ),
    },
)
_SAME_GRADE = _insert_or_update(
    _GRADE,
    lambda new: {
        "auto_score": new.excluded.auto_score,
        "needs_manual_grade": case(
            (_GRADE.c.manual_score.is_(None), new.excluded.needs_manual_grade),
            else_=or_(
                _GRADE.c.needs_manual_grade,
                _GRADE.c.auto_score.is_distinct_from(new.excluded.auto_score),
            ),
        ),
    },
)
_LEFT_COMMENT = insert(_COMMENT).on_conflict_do_nothing()
_NEW_COMMENT = _insert_or_update(_COMMENT, lambda new: {"auto_comment": new.excluded.auto_comment})
_THEIRS = and_(
    _SUBMISSION.c.assignment_id == bindparam("assignment_id"),
    _SUBMISSION.c.student_id == bindparam("student_id"),
)
_THEIR_NOTEBOOK = _SUBMISSION.join(_NOTEBOOK, _NOTEBOOK.c.assignment_id == _SUBMISSION.c.id)
_LATENESS = (
    select(
        _ASSIGNMENT.c.duedate,
        _SUBMISSION.c.extension,
        _SUBMISSION.c.timestamp,
        _NOTEBOOK.c.late_submission_penalty,
    )
    .select_from(_THEIR_NOTEBOOK.join(_ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMISSION.c.assignment_id))
    .where(_THEIRS)
)
_STANDING = (
    select(
        _GRADE.c.cell_id,
        _GRADE.c.needs_manual_grade,
        _GRADE.c.auto_score,
        (
            func.coalesce(_GRADE.c.manual_score, _GRADE.c.auto_score, 0.0)
            + func.coalesce(_GRADE.c.extra_credit, 0.0)
        ).label("score"),
    )
    .select_from(_THEIR_NOTEBOOK.join(_GRADE, _GRADE.c.notebook_id == _NOTEBOOK.c.id))
    .where(_THEIRS)
)
_SAID = (
    select(_COMMENT.c.cell_id, _COMMENT.c.manual_comment)
    .select_from(_THEIR_NOTEBOOK.join(_COMMENT, _COMMENT.c.notebook_id == _NOTEBOOK.c.id))
    .where(_THEIRS)
)
