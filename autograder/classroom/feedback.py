"""The page that a student gets. Everything on it is escaped; nothing on it is a secret case."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.coursework import Asked
from autograder.classroom.scoring import Standing
from autograder.files import write_atomically
from autograder.judging.judge import Verdict


def page(template: str, **values: object) -> str:
    """Return a page from one of our templates, with every value escaped."""
    return _environment().get_template(template).render(**values)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autograder.classroom"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = "{:g}".format
    return environment


def write_feedback(
    path: Path,
    work: Asked,
    student: str,
    verdicts: Sequence[Verdict],
    remarks: Sequence[str],
    standing: Standing | None = None,
) -> None:
    """Write a student's feedback page.

    Parameters
    ----------
    path
        Where to.
    work
        The assignment.
    student
        Whose it is.
    verdicts
        One a question.
    remarks
        On the submission as a whole.
    standing
        What the gradebook says of it, a person's marks included.
    """
    written = page(
        "feedback.html.j2",
        assignment=work.assignment.name,
        student=student,
        verdicts=verdicts,
        remarks=remarks,
        points=sum(verdict.points for verdict in verdicts),
        max_points=work.points,
        standing=standing,
    )
    write_atomically(path, written, lasting=False)
