"""Writes a submission's scores into nbgrader's gradebook.

nbgrader's own way reads, at every step, rows that sum up the scores of everybody, so that each
submission takes longer than the one before. Here it is a few statements in one transaction, which
leave the rows that nbgrader's `Gradebook.add_submission` and its `SaveAutoGrades` would leave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
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
from sqlalchemy import Connection, Select, Table, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from autograder.authoring.conventions import (
    ASSERTED,
    GRADED,
    WRITTEN,
    Question,
    cell_of,
    grade_id_of,
    role_of,
)
from autograder.authoring.coursework import Asked, named
from autograder.authoring.material import Material
from autograder.classroom.final_mark import Cell, FinalMark
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
    cells
        All that has points, by the names that the assignment knows.
    final
        The final mark, of a class that has a file: `total`, `max_total` and `penalty` are of it.
    """

    total: float
    max_total: float
    penalty: float = 0.0
    by_hand: float = 0.0
    written: tuple[WrittenMark, ...] = ()
    cells: tuple[Cell, ...] = ()
    final: FinalMark | None = None

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
        if self.final is not None:
            words = [self.final.in_words]
        if self.by_hand:
            words.append(f"changed by hand {self.by_hand:+g}")
        if self.penalty and self.final is None:
            words.append(f"late penalty {self.penalty:g}")
        return ", ".join(words)


def answer_digests(notebook: NotebookNode) -> dict[str, str]:
    """Return a digest of the text that each mark is about, by the grade_id of the marked cell.

    That of an automatic question is the text of its solution cell; where asserts decide, which do
    not say whose they are, it is that of all solution cells above.
    """
    sources = {grade_id_of(cell): cell.source for cell in notebook.cells}
    digests, above = {}, ""
    for cell in notebook.cells:
        name = grade_id_of(cell)
        if name is None:
            continue
        role = role_of(cell)
        if role is None:
            above += cell.source
        if utils.is_grade(cell):
            texts = {GRADED: sources.get(name.removesuffix(f"-{GRADED}"), ""), ASSERTED: above}
            text = texts.get(role or "", sources[name])
            digests[name] = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return digests


class _Rows:
    """The rows of one notebook's cells in the gradebook, by grade_id."""

    def __init__(self, gradebook: Gradebook, work: Asked, sheet: Material) -> None:
        assignment = sheet.assignment
        notebook = gradebook.find_notebook(assignment.notebook_name, assignment.name)
        self.notebook_id = notebook.id
        self.assignment_id = notebook.assignment.id
        self.marked = {cell.name: cell.id for cell in (*notebook.grade_cells, *notebook.task_cells)}
        self.tasks = {cell.name: cell.id for cell in notebook.task_cells}
        self.answers = {cell.name: cell.id for cell in notebook.solution_cells}
        self.names = {cell: named(work, sheet, name) for name, cell in self.marked.items()}
        self.max_scores = {
            cell.id: float(cell.max_score) for cell in (*notebook.grade_cells, *notebook.task_cells)
        }
        self.judged = {self.marked[cell_of(question)] for question in sheet.questions}
        about = self.answers | self.tasks
        self.comments = {cell: about[name] for name, cell in self.marked.items() if name in about}


class ScoreWriter:
    """Writes scores of one assignment.

    Parameters
    ----------
    gradebook
        Open; it knows the assignment (see `autograder.classroom.gradebook.ensure_assignment`).
    work
        The assignment.
    """

    def __init__(self, gradebook: Gradebook, work: Asked) -> None:
        self._engine = gradebook.engine
        self._rows = {
            sheet.assignment.notebook_name: _Rows(gradebook, work, sheet) for sheet in work.sheets
        }
        self._assignment_id = next(iter(self._rows.values())).assignment_id

    def write(
        self,
        student: str,
        notebook: NotebookNode,
        verdicts: Sequence[Verdict],
        timestamp: datetime | None,
        unchanged: Collection[str] = (),
        of: Material | None = None,
        there: bool = True,
    ) -> None:
        """Write a notebook's scores and comments: all of them, or nothing.

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
        of
            Which notebook, of an assignment that has several.
        there
            Whether it was submitted. Of one that was not, as nbgrader has it, nothing waits for a
            person.
        """
        rows = self._rows[of.assignment.notebook_name] if of else next(iter(self._rows.values()))
        grades, words = _grades(rows, notebook, verdicts, there), _words(rows, notebook, verdicts)
        same = {rows.marked[name] for name in unchanged if name in rows.marked}
        statements = (
            (_SAME_GRADE, [row for row in grades if row["cell_id"] in same]),
            (_CHANGED_GRADE, [row for row in grades if row["cell_id"] not in same]),
            (_NEW_COMMENT, words),
            (_LEFT_COMMENT, _left_out(rows.answers | rows.tasks, words)),
        )
        with self._engine.begin() as connection:
            submitted = _submitted_notebook(connection, rows, student, timestamp)
            for statement, changed in statements:
                if changed:
                    connection.execute(
                        statement, [row | {"notebook_id": submitted} for row in changed]
                    )

    def is_late(self, student: str) -> bool:
        """Return whether a submission came after its due date, or counts as late so far."""
        with self._engine.connect() as connection:
            notebooks = connection.execute(
                _LATENESS, {"assignment_id": self._assignment_id, "student_id": student}
            ).all()
        due, extension, came, _ = notebooks[0]
        late = due is not None and came is not None and came > due + (extension or timedelta())
        return bool(late or any(each.late_submission_penalty for each in notebooks))

    def standing(self, student: str) -> Standing | None:
        """Return what the gradebook says of a submission; None where it knows of none."""
        key = {"assignment_id": self._assignment_id, "student_id": student}
        with self._engine.connect() as connection:
            found = connection.execute(_STANDING, key).all()
            penalties = connection.execute(_LATENESS, key).all()
            said = {row.cell_id: row.manual_comment for row in connection.execute(_SAID, key)}
        if not penalties:
            return None
        penalty = sum(float(each.late_submission_penalty or 0.0) for each in penalties)
        of = {cell: notebook for notebook in self._rows.values() for cell in notebook.names}
        rows = [row for row in found if row.cell_id in of]
        judged = [row for row in rows if row.cell_id in of[row.cell_id].judged]
        return Standing(
            max(0.0, sum(row.score for row in rows) - penalty),
            sum(sum(notebook.max_scores.values()) for notebook in self._rows.values()),
            penalty,
            sum(row.score - (row.auto_score or 0.0) for row in judged),
            tuple(
                WrittenMark(
                    of[row.cell_id].names[row.cell_id],
                    None if row.needs_manual_grade else row.score,
                    of[row.cell_id].max_scores[row.cell_id],
                    said.get(of[row.cell_id].comments.get(row.cell_id)) or "",
                )
                for row in rows
                if row.cell_id not in of[row.cell_id].judged
            ),
            self._cells({row.cell_id: row.score for row in rows}),
        )

    def _cells(self, scores: Mapping[str, float]) -> tuple[Cell, ...]:
        """Return what there is in each cell with points, nothing in those that have no row."""
        return tuple(
            Cell(name, scores.get(cell, 0.0), rows.max_scores[cell], cell not in rows.judged)
            for rows in self._rows.values()
            for cell, name in rows.names.items()
        )

    def times(self, student: str) -> dict[str, datetime]:
        """Return when a student submitted, in UTC and without a zone, by assignment."""
        with self._engine.connect() as connection:
            found = connection.execute(_TIMES, {"student_id": student}).all()
        return {row.name: row.timestamp for row in found if row.timestamp is not None}

    def settle(
        self, student: str, due: datetime | None, extended: datetime | None, taken_off: float
    ) -> None:
        """Write a deadline, a student's own, and what nbgrader takes off for coming late.

        nbgrader keeps that for each notebook, and takes no more from one than is in it.

        Parameters
        ----------
        student
            Whose submission, which is recorded.
        due, extended
            In UTC; without a zone, as nbgrader keeps them.
        taken_off
            Points.
        """
        key = {"assignment_id": self._assignment_id, "student_id": student}
        extension = None if due is None or extended is None else extended - due
        with self._engine.begin() as connection:
            if due is not None:  # one that was set in the formgrader is left alone
                connection.execute(_DUE, {"its_id": self._assignment_id, "due": due})
            connection.execute(
                _EXTENDED,
                {"its_id": self._assignment_id, "whose": student, "until": extension or None},
            )
            for notebook in connection.execute(_EARNED, key).all():
                part = min(taken_off, notebook.score or 0.0)
                taken_off -= part
                connection.execute(_TAKEN_OFF, {"its_id": notebook.id, "penalty": part or None})


def _submitted_notebook(
    connection: Connection, rows: _Rows, student: str, timestamp: datetime | None
) -> str:
    """Return the id of a student's notebook, making the rows that lead to it."""
    names = {"id": student, "last_name": student, "first_name": ""}
    connection.execute(_NEW_STUDENT, names)
    submission = {"assignment_id": rows.assignment_id, "student_id": student}
    connection.execute(
        _NEW_SUBMISSION if timestamp is None else _DATED_SUBMISSION,
        submission | {"timestamp": timestamp},
    )
    notebook = {
        "assignment_id": connection.execute(_SUBMISSION_ID, submission).scalar_one(),
        "notebook_id": rows.notebook_id,
    }
    connection.execute(_NEW_NOTEBOOK, notebook)
    return str(connection.execute(_NOTEBOOK_ID, notebook).scalar_one())


def _grades(
    rows: _Rows, notebook: NotebookNode, verdicts: Sequence[Verdict], there: bool
) -> list[dict[str, Any]]:
    points = {_cell_of(verdict): verdict.points for verdict in verdicts}
    found = []
    for cell in filter(utils.is_grade, notebook.cells):
        name = grade_id_of(cell)
        score = points[name] if name in points else utils.determine_grade(cell)[0]
        found.append(
            {
                "cell_id": rows.marked[name],
                "auto_score": score,
                "needs_manual_grade": score is None,
            }
        )
    unmarked = {"auto_score": None, "needs_manual_grade": True}
    nothing = {"auto_score": 0.0, "needs_manual_grade": False}
    left = (
        (nothing if row["cell_id"] in rows.tasks.values() and not there else unmarked) | row
        for row in _left_out(rows.marked, found)
    )
    return [*found, *left]


def _cell_of(verdict: Verdict) -> str:
    """Return the grade_id of the cell whose points a verdict gives."""
    return cell_of(Question(verdict.question, verdict.max_points, verdict.inside))


def _words(
    rows: _Rows, notebook: NotebookNode, verdicts: Sequence[Verdict]
) -> list[dict[str, Any]]:
    says = {verdict.question: verdict.says for verdict in verdicts if not verdict.inside}
    found = []
    for cell in filter(utils.is_solution, notebook.cells):
        name = grade_id_of(cell) or ""
        untouched = cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
        words = "No response." if untouched else says.get(name.removesuffix(f"-{WRITTEN}"))
        found.append({"cell_id": rows.answers[name], "auto_comment": words})
    return found


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
_TIMES = (
    select(_ASSIGNMENT.c.name, _SUBMISSION.c.timestamp)
    .select_from(_SUBMISSION.join(_ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMISSION.c.assignment_id))
    .where(_SUBMISSION.c.student_id == bindparam("student_id"))
)
_DUE = (
    update(_ASSIGNMENT)
    .where(_ASSIGNMENT.c.id == bindparam("its_id"))
    .values(duedate=bindparam("due"))
)
_EXTENDED = (
    update(_SUBMISSION)
    .where(
        _SUBMISSION.c.assignment_id == bindparam("its_id"),
        _SUBMISSION.c.student_id == bindparam("whose"),
    )
    .values(extension=bindparam("until"))
)
_TAKEN_OFF = (
    update(_NOTEBOOK)
    .where(_NOTEBOOK.c.id == bindparam("its_id"))
    .values(late_submission_penalty=bindparam("penalty"))
)
_SCORE = func.coalesce(_GRADE.c.manual_score, _GRADE.c.auto_score, 0.0) + func.coalesce(
    _GRADE.c.extra_credit, 0.0
)
_EARNED = (
    select(_NOTEBOOK.c.id, func.sum(_SCORE).label("score"))
    .select_from(_THEIR_NOTEBOOK.join(_GRADE, _GRADE.c.notebook_id == _NOTEBOOK.c.id))
    .where(_THEIRS)
    .group_by(_NOTEBOOK.c.id)
)
_STANDING = (
    select(
        _GRADE.c.cell_id,
        _GRADE.c.needs_manual_grade,
        _GRADE.c.auto_score,
        _SCORE.label("score"),
    )
    .select_from(_THEIR_NOTEBOOK.join(_GRADE, _GRADE.c.notebook_id == _NOTEBOOK.c.id))
    .where(_THEIRS)
)
_SAID = (
    select(_COMMENT.c.cell_id, _COMMENT.c.manual_comment)
    .select_from(_THEIR_NOTEBOOK.join(_COMMENT, _COMMENT.c.notebook_id == _NOTEBOOK.c.id))
    .where(_THEIRS)
)
