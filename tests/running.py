"""Grading for tests: as the command line does it, on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.classroom.gathering import RunOptions
from autograder.classroom.grading import grade
from autograder.classroom.recording import Graded
from autograder.classroom.session import Session
from autograder.sandbox.dispatch import local_executor
from autograder.sandbox.isolation import safe_mode
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode


def grade_all(
    session: Session,
    students: Sequence[str],
    workers: int = 1,
    limits: Limits | None = None,
    mode: Mode | None = None,
    **options: object,
) -> Iterator[Graded]:
    run_options = RunOptions(mode or safe_mode(), limits or Limits(), **options)
    with local_executor(workers) as (executor, at_once):
        yield from grade(session, students, executor, at_once, run_options)
