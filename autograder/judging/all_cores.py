"""Calls the known answers to questions on all cores, as an exam is drawn for the first time.

That is where a first start's time goes: functions whose answers are random are called thousands of
times. Each core calls its share of every question's answers, so that one question that takes longer
than all others is divided too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from autograder.authoring.material import CheckedQuestion, Material
from autograder.judging.apart import all_apart
from autograder.judging.exam import Call, Called, first_answers, import_for_known_answers


def on_all_cores(material: Material, secret: str, workers: int) -> Call:
    """Return what calls known answers in as many processes as there are workers.

    Where this process has threads, of which a fork could hang, it calls none.

    Parameters
    ----------
    material
        The assignment.
    secret
        The class's.
    workers
        How many processes call at the same time.
    """

    def call(questions: Sequence[CheckedQuestion]) -> Called:
        if workers < 2 or not questions or not _has_one_thread():
            return {}
        import_for_known_answers(material, questions)
        shares = [partial(_share, material, questions, secret, n, workers) for n in range(workers)]
        found: dict[str, dict[str, str]] = {each.name: {} for each in questions}
        for came in all_apart(shares, workers):
            for name, answers in json.loads(came).items():
                found[name] |= answers
        return found

    return call


def _share(
    material: Material, questions: Sequence[CheckedQuestion], secret: str, number: int, of: int
) -> str:
    """Return in JSON what one share of the known answers to each question say.

    The first answer is the reference, which may have more to import than mistakes: it falls to
    another share at each question.
    """
    return json.dumps(
        {
            each.name: first_answers(material, each, secret, slice((number + place) % of, None, of))
            for place, each in enumerate(questions)
        }
    )


def _has_one_thread() -> bool:
    tasks = Path("/proc/self/task")
    return tasks.is_dir() and len(list(tasks.iterdir())) == 1
