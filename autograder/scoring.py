"""Writes a submission's scores into nbgrader's gradebook.

nbgrader's own way reads, at every step, rows that sum up the scores of everybody, so that each
submission takes longer than the one before. Here it is a few statements in one transaction, which
leave the rows that nbgrader's `Gradebook.add_submission` and its `SaveAutoGrades` would leave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from nbformat import NotebookNode
from nbgrader import utils
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Connection, Select, Table, bindparam, or_, select
from sqlalchemy.dialects.sqlite import Insert, insert

from autograder.conventions import GRADED, grade_id_of, split_grade_id
from autograder.judge import Verdict
from autograder.material import Material

_STUDENT, _SUBMISSION, _NOTEBOOK, _GRADE, _COMMENT = (
    rows.__table__ for rows in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
)


class ScoreWriter:
    """Writes scores of one assignment.

    Parameters
    ----------
    gradebook
        Open; it knows the assignment (see `autograder.gradebook.ensure_assignment`).
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
        self._solution_cells = {cell.name: cell.id for cell in notebook.solution_cells}

    def write(
        self,
        student: str,
        notebook: NotebookNode,
        verdicts: Sequence[Verdict],
        timestamp: datetime | None,
    ) -> None:
        """Write a submission's scores and comments: all of them, or nothing.

        A manual score stays and asks to be looked at again; a written answer asks for a grade,
        unless it was left as it came.

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
        """
        grades, words = self._grades(notebook, verdicts), self._words(notebook, verdicts)
        statements = (
            (_NEW_GRADE, grades),
            (_NEW_COMMENT, words),
            (_LEFT_GRADE, _left_out(self._grade_cells, grades)),
            (_LEFT_COMMENT, _left_out(self._solution_cells, words)),
        )
        with self._engine.begin() as connection:
            submitted = self._submitted_notebook(connection, student, timestamp)
            for statement, rows in statements:
                if rows:
                    connection.execute(
                        statement, [row | {"notebook_id": submitted} for row in rows]
                    )

    def _submitted_notebook(
        self, connection: Connection, student: str, timestamp: datetime | None
    ) -> str:
        """Return the id of a student's notebook, making the rows that lead to it."""
        connection.execute(_NEW_STUDENT, {"id": student})
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
        return rows

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


_NEW_STUDENT = insert(_STUDENT).on_conflict_do_nothing()
_NEW_SUBMISSION = insert(_SUBMISSION).on_conflict_do_nothing()
_DATED_SUBMISSION = insert(_SUBMISSION).on_conflict_do_update(
    index_elements=[_SUBMISSION.c.assignment_id, _SUBMISSION.c.student_id],
    set_={"timestamp": insert(_SUBMISSION).excluded.timestamp},
)
_SUBMISSION_ID = _id_where(_SUBMISSION, "assignment_id", "student_id")
_NEW_NOTEBOOK = insert(_NOTEBOOK).on_conflict_do_nothing()
_NOTEBOOK_ID = _id_where(_NOTEBOOK, "assignment_id", "notebook_id")
_NEW_GRADE = _insert_or_update(
    _GRADE,
    lambda new: {
        "auto_score": new.excluded.auto_score,
        "needs_manual_grade": or_(
            new.excluded.needs_manual_grade, _GRADE.c.manual_score.is_not(None)
        ),
    },
)
_LEFT_GRADE = _insert_or_update(
    _GRADE, lambda new: {"auto_score": None, "needs_manual_grade": True}
)
_LEFT_COMMENT = insert(_COMMENT).on_conflict_do_nothing()
_NEW_COMMENT = _insert_or_update(_COMMENT, lambda new: {"auto_comment": new.excluded.auto_comment})
