"""The exams of the course's assignments, drawn once for all tests and processes."""

import warnings
from pathlib import Path

from autograder.authoring.material import Material
from autograder.classroom.program import kept_answers
from autograder.judging.exam import Exam, QuestionExam, draw_exam
from autograder.judging.judge import case_reasons
from autograder.judging.practice import PracticeCase, failing_among

ANSWERS = Path(__file__).parents[1] / ".pytest_cache" / "answers"


def shared_exam(material: Material) -> Exam:
    """Return the exam of an assignment whose secret is "tests"."""
    with warnings.catch_warnings():  # grading does not turn warnings into errors
        warnings.simplefilter("ignore")
        return draw_exam(material, "tests", kept_answers(material, ANSWERS))


def failing_practice(exam: QuestionExam, evidence: str) -> tuple[PracticeCase, ...]:
    """Return the practice cases that a piece of evidence answers wrongly."""
    outcomes = exam.read(evidence)
    return failing_among(exam, outcomes, case_reasons(exam, outcomes))
