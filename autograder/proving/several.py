"""Draws several exams of an assignment, on all cores."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from autograder.authoring.material import Material
from autograder.judging.apart import all_apart
from autograder.judging.exam import Exam, QuestionExam, draw_exam, import_for_known_answers
from autograder.judging.kept_answers import KeptAnswers

AndThen = Callable[[Sequence[QuestionExam]], str]
"""What is done with the exams of one question, where they were drawn."""


def draw_exams(
    material: Material,
    secrets: Sequence[str],
    workers: int,
    kept: KeptAnswers | None = None,
    and_then: AndThen = lambda exams: "",
) -> tuple[list[Exam], list[str]]:
    """Return the exams that secrets determine, each question drawn in a process of its own.

    What such a process finds is kept in a folder, from which the exams are put together here.

    Parameters
    ----------
    material
        The assignment.
    secrets
        One an exam.
    workers
        How many processes draw at the same time. There must be no threads yet: they are forks.
    kept
        What known answers came to before, and where to keep it; without it, they are called anew.
    and_then
        Called there with the exams of a question, in the order of the secrets.

    Returns
    -------
    exams, came
        The exams, and what `and_then` came to for each question.

    Raises
    ------
    CannotExamine
        No draw tells every mistake from the reference.
    """
    with tempfile.TemporaryDirectory(prefix="exams-") as folder:
        found = kept or KeptAnswers(Path(folder), "this run")
        alone = [
            replace(material, checked=(question,), asserted=()) for question in material.checked
        ]
        import_for_known_answers(material, material.checked)
        jobs = [partial(_of_one_question, each, secrets, found, and_then) for each in alone]
        came = all_apart(jobs, workers)
        return [draw_exam(material, secret, found) for secret in secrets], came


def _of_one_question(
    material: Material, secrets: Sequence[str], kept: KeptAnswers, and_then: AndThen
) -> str:
    return and_then([draw_exam(material, secret, kept).questions[0] for secret in secrets])
