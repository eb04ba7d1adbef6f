"""Judges a question without a check as nbgrader does: by what its test cell put out.

Such a verdict comes from inside the student's process, whose code could have made the asserts pass.
The rules are nbgrader's own, `nbgrader.utils.determine_grade`: an error, or anything on the error
stream, is no points; a number that the cell ends with is partial credit; all else is full points.
What nbgrader does not have: a cell that did not run to its end earns nothing.
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbgrader import utils

from autograder.authoring.conventions import Question, grade_id_of
from autograder.authoring.plain import plain_text
from autograder.judging.answered import Answered
from autograder.judging.judge import Verdict

_LONGEST = 200
"""Characters of an error's message that are repeated."""


def judge_asserts(question: Question, evidence: Answered) -> Verdict:
    """Return the verdict of a question's own asserts.

    Parameters
    ----------
    question
        It has no check.
    evidence
        With the executed notebook.
    """
    absence = evidence.absences.get(question.name)
    found = (cell for cell in evidence.notebook.cells if grade_id_of(cell) == question.name)
    cell = next(found, None)
    if absence is not None or cell is None:
        says = absence or "Its test cell is not in the notebook that was run."
        return Verdict(question.name, 0.0, question.points, says, inside=True)
    try:
        points, flag = float(utils.determine_grade(cell)[0]), None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        # nbgrader stops here, and the student gets no grade at all: the fault is the test's.
        points = question.points
        flag = f"Its test cell ends with something that is no score ({error}): full points given"
    says = "Right." if points == question.points else _why(cell, points, question)
    return Verdict(question.name, points, question.points, says, flag=flag, inside=True)


def _why(cell: NotebookNode, points: float, question: Question) -> str:
    """Return in words why a question has not earned all its points."""
    for output in cell.outputs:
        if output.output_type == "error":
            return f"Not right yet: its tests stopped with {_shown(output, cell)}."
        if output.output_type == "stream" and output.name == "stderr":
            words = plain_text(output.text.strip().partition("\n")[0])[:_LONGEST]
            return (
                "Not right yet: while its tests ran, something was written to the error stream, "
                f"which counts as a failure here, also where it is a warning: {words}"
            )
    return f"Its tests gave {points:g} of {question.points:g} points."


def _shown(error: NotebookNode, cell: NotebookNode) -> str:
    """Return an error in words; of hidden tests only its kind, as they may quote an answer."""
    name = plain_text(error.ename)[:60]
    message = plain_text(error.evalue.strip().partition("\n")[0])[:_LONGEST]
    return f"{name}: {message}" if message and "HIDDEN TESTS" not in cell.source else name
