"""How the cells of a question are named, and what a reference notebook must look like.

For a question ``perplexity``:

======================  ===============================================================
grade_id                cell
======================  ===============================================================
``perplexity``          the reference solution: code, a solution cell, not locked
``perplexity-visible``  visible tests: code, locked, no points
``perplexity-graded``   the graded cell: code, locked, with the points, and perhaps the
                        hidden line ``# collect perplexity``, which says what is asked
``perplexity-written``  a written answer: graded by a person, with the points
``perplexity-given``    code that students need and may not change: locked, no points
======================  ===============================================================

A written question may stand alone; a ``-given`` cell may have any name before its hyphen.

In a course of nbgrader's, names are free, and what a cell is follows from what nbgrader says of it
(see `role_of`). There, a question that follows the convention is one with a check, and any other
graded cell is a question of its own, whose asserts decide.
"""

from __future__ import annotations

import ast
import copy
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.errors import CourseError

STUB = (
    '# Your code here.\nraise NotImplementedError("write this function, then run the cell again")'
)
ANSWER_STUB = "*Your answer here.*"
EXPLORATION = "exploration"
"""The tag of cells that are for looking, and are not run when a notebook is graded."""
VISIBLE, GRADED, WRITTEN, GIVEN = "visible", "graded", "written", "given"
ASSERTED, TASK = "asserted", "task"
"""Of nbgrader's cells: tests whose asserts decide, and a text that says what a person marks."""
_ROLES = (VISIBLE, GRADED, WRITTEN, GIVEN)
_COLLECTED = re.compile(r"^# collect (\S+)$", re.MULTILINE)
_GRADE_ID = re.compile(r"(?P<question>[a-z][a-z0-9_]*)(?:-(?P<role>[a-z]+))?\Z")
_FLAGS = {  # role: (grade, solution, locked)
    None: (False, True, False),
    VISIBLE: (False, False, True),
    GRADED: (True, False, True),
    WRITTEN: (True, True, False),
    GIVEN: (False, False, True),
}


class BrokenConvention(CourseError):
    """A reference notebook whose cells do not follow the convention."""


@dataclass(frozen=True)
class Question:
    """One automatically graded question of a notebook.

    Parameters
    ----------
    name, points
        What it is called, and what it is worth.
    inside
        Whether it has no check, so that its verdict comes from inside the student's process.
    """

    name: str
    points: float
    inside: bool = False


def grade_id_of(cell: NotebookNode) -> str | None:
    """Return the cell's grade_id, None where it has none that is text."""
    metadata = cell.metadata.get("nbgrader")
    grade_id = metadata.get("grade_id") if isinstance(metadata, dict) else None
    return grade_id if isinstance(grade_id, str) and grade_id else None


def split_grade_id(grade_id: str) -> tuple[str, str | None]:
    """Return a grade_id's question and role.

    Raises
    ------
    BrokenConvention
        The grade_id does not have the form.

    Examples
    --------
    >>> split_grade_id("perplexity-graded")
    ('perplexity', 'graded')
    """
    match = _GRADE_ID.match(grade_id)
    if match is None or match["role"] not in (None, *_ROLES):
        raise BrokenConvention(
            f"grade_id {grade_id!r}: expected the name of a function, alone or followed by "
            + ", ".join(f"-{role}" for role in _ROLES)
        )
    return match["question"], match["role"]


def role_of(cell: NotebookNode) -> str | None:
    """Return the part that a cell with a grade_id plays, None for an answer in code.

    Parameters
    ----------
    cell
        Of a reference notebook or of one that is made of it, so with all that nbgrader says of it.
    """
    metadata, grade_id = cell.metadata["nbgrader"], grade_id_of(cell) or ""
    if metadata.get("task"):
        return TASK
    if metadata.get("grade"):
        if metadata.get("solution"):
            return WRITTEN
        return GRADED if asks_the_witness(cell) else ASSERTED
    if metadata.get("solution"):
        return None
    return VISIBLE if grade_id.endswith(f"-{VISIBLE}") else GIVEN


def cell_of(question: Question) -> str:
    """Return the grade_id of the cell that holds a question's points."""
    return question.name if question.inside else f"{question.name}-{GRADED}"


def asks_the_witness(cell: NotebookNode) -> bool:
    """Return whether a graded cell's hidden line says that a check is asked."""
    return _COLLECTED.search(cell.source) is not None


def with_its_line(cell: NotebookNode) -> NotebookNode:
    """Return a cell of a course of ours; a graded one whose author left it out gets its line."""
    grade_id = grade_id_of(cell) or ""
    if not grade_id.endswith(f"-{GRADED}") or asks_the_witness(cell):
        return cell
    cell = copy.deepcopy(cell)
    question = split_grade_id(grade_id)[0]
    hidden = f"### BEGIN HIDDEN TESTS\n# collect {question}\n### END HIDDEN TESTS"
    cell.source = f"{cell.source}\n{hidden}" if cell.source else hidden
    return cell


def nbgraders_questions(notebook: NotebookNode) -> tuple[Question, ...]:
    """Return the automatically graded questions of a notebook of nbgrader's, in order.

    Raises
    ------
    BrokenConvention
        A question that collects evidence does not follow our convention, or a cell has no points.
    """
    marked = [cell for cell in notebook.cells if grade_id_of(cell) is not None]
    asking = {cell.metadata.nbgrader["grade_id"] for cell in marked if role_of(cell) == GRADED}
    names = {grade_id.removesuffix(f"-{GRADED}") for grade_id in asking}
    theirs = [cell for cell in marked if _belongs(grade_id_of(cell) or "", names)]
    problems = [*_without_points(marked), *_problems(NotebookNode(cells=theirs))]
    if problems:
        raise BrokenConvention("\n".join(problems))
    found = []
    for cell in marked:
        role, points = role_of(cell), cell.metadata.nbgrader.get("points")
        if role == GRADED:
            found.append(Question(split_grade_id(grade_id_of(cell) or "")[0], float(points)))
        elif role == ASSERTED:
            found.append(Question(grade_id_of(cell) or "", float(points), inside=True))
    return tuple(found)


def _belongs(grade_id: str, names: set[str]) -> bool:
    """Return whether a cell is one of a question that collects evidence."""
    name, _, role = grade_id.rpartition("-")
    return grade_id in names or (name in names and role in _ROLES)


def _without_points(cells: Sequence[NotebookNode]) -> list[str]:
    """Return a sentence for every cell whose points no gradebook can hold: nbgrader lets them be.

    All else that it does not admit, it refuses itself (see `nbgraders_course`).
    """
    problems = []
    for cell in cells:
        points = cell.metadata.nbgrader.get("points")
        known = isinstance(points, (int, float)) and 0 <= points < math.inf
        if role_of(cell) in (GRADED, ASSERTED, WRITTEN, TASK) and not known:
            grade_id = grade_id_of(cell)
            problems.append(f"cell {grade_id!r}: expected points, 0 or more; came {points!r}")
    return problems


def questions(notebook: NotebookNode) -> tuple[Question, ...]:
    """Return the automatically graded questions of a reference notebook, in order.

    Raises
    ------
    BrokenConvention
        The message lists everything that is not as it should be.
    """
    problems = list(_problems(notebook))
    if problems:
        raise BrokenConvention("\n".join(problems))
    found = []
    for cell in notebook.cells:
        grade_id = grade_id_of(cell)
        if grade_id is not None and split_grade_id(grade_id)[1] == GRADED:
            points = float(cell.metadata.nbgrader["points"])
            found.append(Question(split_grade_id(grade_id)[0], points))
    return tuple(found)


def _problems(notebook: NotebookNode) -> list[str]:
    """Return a sentence for everything in the notebook that breaks the convention."""
    cells = {grade_id_of(cell): cell for cell in notebook.cells}
    counts = Counter(grade_id_of(cell) for cell in notebook.cells)
    problems = [
        f"grade_id {grade_id!r} stands on {count} cells: every cell needs its own"
        for grade_id, count in counts.items()
        if grade_id is not None and count > 1
    ]
    problems += [
        f"cell {place} has nbgrader metadata, but no grade_id that is text"
        for place, cell in enumerate(notebook.cells, start=1)
        if cell.metadata.get("nbgrader") and grade_id_of(cell) is None
    ]
    for grade_id, cell in cells.items():
        if grade_id is None:
            continue
        try:
            question, role = split_grade_id(grade_id)
        except BrokenConvention as error:
            problems.append(str(error))
            continue
        problems += _cell_problems(cell, grade_id, question, role)
        if role is None:
            needed = [f"{question}-{suffix}" for suffix in (VISIBLE, GRADED)]
            problems += [
                f"question {question!r} has no cell {n!r}" for n in needed if n not in cells
            ]
        elif role in (VISIBLE, GRADED) and question not in cells:
            problems.append(f"cell {grade_id!r} has no solution cell {question!r}")
    return problems


def _cell_problems(cell: NotebookNode, grade_id: str, question: str, role: str | None) -> list[str]:
    """Return what is wrong with one cell."""
    problems = []
    metadata = cell.metadata.nbgrader
    flags = tuple(bool(metadata.get(key)) for key in ("grade", "solution", "locked"))
    if flags != _FLAGS[role]:
        expected, came = (
            ", ".join(
                f"{key}={str(flag).lower()}" for key, flag in zip(_FLAG_NAMES, each, strict=True)
            )
            for each in (_FLAGS[role], flags)
        )
        problems.append(f"cell {grade_id!r}: expected {expected}; came {came}")
    if role != WRITTEN and cell.cell_type != "code":
        problems.append(f"cell {grade_id!r} is {cell.cell_type}; expected code")
    if role in (GRADED, WRITTEN) and not _is_worth(metadata.get("points")):
        problems.append(f"cell {grade_id!r} has no points")
    if role == GRADED:
        problems += [
            f"cell {grade_id!r} says that {other!r} is collected; expected: # collect {question}"
            for other in _COLLECTED.findall(cell.source)
            if other != question
        ]
    if role is None and question not in _defined_names(cell.source):
        problems.append(f"cell {grade_id!r} does not define a function {question!r}")
    return problems


_FLAG_NAMES = ("grade", "solution", "locked")


def _is_worth(points: object) -> bool:
    return isinstance(points, (int, float)) and 0 < points < math.inf


def _defined_names(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
