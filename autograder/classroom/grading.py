"""Grades a class: every submission is run, judged and recorded, and one stops no other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from autograder.classroom import gradebook
from autograder.classroom.gathering import Ready, RunOptions, from_evidence, gather
from autograder.classroom.harmless import harmless
from autograder.classroom.recording import Graded, keep_failure, record
from autograder.classroom.results import (
    Evidence,
)
from autograder.classroom.scoring import ScoreWriter
from autograder.classroom.session import Session, Sitting
from autograder.errors import CourseError
from autograder.files import InTheWay, write_atomically


def grade(
    session: Session | Sitting,
    students: Sequence[str],
    executor: Executor,
    at_once: int,
    options: RunOptions | None = None,
) -> Iterator[Graded]:
    """Grade submissions, yielding each as soon as it is recorded.

    Parameters
    ----------
    session
        The class and the assignment.
    students
        Whose submissions.
    executor
        Runs notebooks (see `autograder.sandbox.dispatch`).
    at_once
        How many it is given at the same time.
    options
        How they are run.
    """
    options = options or RunOptions()
    with gradebook.open_gradebook(session.class_folder) as gb:
        writer = ScoreWriter(gb, session.material)
        for parts in together(session, gather(session, students, executor, at_once, options)):
            graded = _settle(session, writer, parts)
            if graded.failure:
                keep_failure(session, graded)
            yield graded


def rejudge(session: Session | Sitting, students: Iterable[str]) -> Iterator[Graded]:
    """Judge and record again from the evidence kept, without running any student's code.

    What was submitted since is not looked at, but said.
    """
    with gradebook.open_gradebook(session.class_folder) as gb:
        writer = ScoreWriter(gb, session.material)
        for student in students:
            parts = [from_evidence(notebook, student) for notebook in session.notebooks]
            yield _settle(session, writer, parts)


def together(session: Session | Sitting, ready: Iterable[Ready]) -> Iterator[list[Ready]]:
    """Yield the notebooks of each submission, in their order, as soon as all can be judged."""
    places = {notebook.notebook_name: i for i, notebook in enumerate(session.notebooks)}
    waiting: dict[str, list[Ready]] = {}
    for each in ready:
        parts = waiting.setdefault(each.student, [])
        parts.append(each)
        if len(parts) == len(places):
            yield sorted(parts, key=lambda part: places[part.session.notebook_name])
            del waiting[each.student]


def _settle(session: Session | Sitting, writer: ScoreWriter, parts: Sequence[Ready]) -> Graded:
    """Judge and record what can be, and write the notebooks that the formgrader shows."""
    student = parts[0].student
    evidence = [part.evidence for part in parts if isinstance(part.evidence, Evidence)]
    if len(evidence) < len(parts):
        failures = [part.evidence for part in parts if isinstance(part.evidence, str)]
        return Graded(student, failure=" ".join(dict.fromkeys(failures)))
    remarks = tuple(dict.fromkeys(words for part in parts for words in part.remarks))
    try:
        notebooks, graded = record(session, writer, student, evidence, remarks)
        for of, notebook in zip(session.notebooks, notebooks, strict=True):
            path = of.class_folder.autograded_path(of.name, student, of.notebook_name)
            write_atomically(path, json.dumps(harmless(notebook)), lasting=False)
    except InTheWay as error:
        return Graded(student, failure=str(error))
    except Exception as error:
        if isinstance(error, CourseError) or gradebook.cannot_be_used(error):
            raise  # not this submission's fault, and the next one would meet it too
        failure = f"It could not be recorded: {type(error).__name__}: {error}"
        return Graded(student, failure=failure)
    return replace(graded, reused=all(part.reused for part in parts))
