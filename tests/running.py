"""Grading for tests: as the command line does it, on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.engine.dispatch import local_executor
from autograder.engine.isolation import safe_mode
from autograder.engine.limits import Limits
from autograder.engine.run import Mode
from autograder.grading import Graded, How, Session, grade


def grade_all(
    session: Session,
    students: Sequence[str],
    workers: int = 1,
    limits: Limits | None = None,
    mode: Mode | None = None,
    **how: object,
) -> Iterator[Graded]:
    chosen = How(mode or safe_mode(), limits or Limits(), **how)
    with local_executor(workers) as (executor, at_once):
        yield from grade(session, students, executor, at_once, chosen)
