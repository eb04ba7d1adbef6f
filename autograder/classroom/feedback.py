"""The page that a student gets. Everything on it is escaped; nothing on it is a secret case."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.authoring.coursework import Asked
from autograder.authoring.reading import Reading
from autograder.classroom.scoring import Standing
from autograder.files import write_atomically
from autograder.judging.judge import Verdict
from autograder.judging.practice import PracticeCase


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


@dataclass(frozen=True)
class ForHome:
    """What a student can go on with.

    Parameters
    ----------
    practice
        By question: the practice cases that fail.
    notebooks
        By question: the name of the notebook that holds them, beside the page.
    reading
        By question: what to read again.
    """

    practice: Mapping[str, Sequence[PracticeCase]] = field(default_factory=dict)
    notebooks: Mapping[str, str] = field(default_factory=dict)
    reading: Mapping[str, Reading] = field(default_factory=dict)


def differs(verdict: Verdict, cases: Sequence[PracticeCase]) -> str:
    """Return where the answer to the case that the page shows differs first."""
    shown = verdict.example.call if verdict.example else ""
    return next((case.differs for case in cases if case.call == shown), "")


def write_feedback(
    path: Path,
    work: Asked,
    student: str,
    verdicts: Sequence[Verdict],
    remarks: Sequence[str],
    standing: Standing | None = None,
    home: ForHome | None = None,
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
    home
        What to go on with; None for nothing.
    """
    home = home or ForHome()
    written = page(
        "feedback.html.j2",
        assignment=work.assignment.name,
        student=student,
        verdicts=verdicts,
        remarks=remarks,
        points=sum(verdict.points for verdict in verdicts),
        max_points=work.points,
        standing=standing,
        reading=home.reading,
        notebooks=home.notebooks,
        failing={name: len(cases) for name, cases in home.practice.items()},
        differs={v.question: differs(v, home.practice.get(v.question, ())) for v in verdicts},
    )
    write_atomically(path, written, lasting=False)
