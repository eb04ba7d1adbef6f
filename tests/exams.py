"""The exams of the course's assignments, drawn once for all tests and processes."""

import warnings
from pathlib import Path

from autograder.authoring.material import Material
from autograder.classroom.program import kept_answers
from autograder.judging.exam import Exam, draw_exam

ANSWERS = Path(__file__).parents[1] / ".pytest_cache" / "answers"


def shared_exam(material: Material) -> Exam:
    """Return the exam of an assignment whose secret is "tests"."""
    with warnings.catch_warnings():  # grading does not turn warnings into errors
        warnings.simplefilter("ignore")
        return draw_exam(material, "tests", kept_answers(material, ANSWERS))
