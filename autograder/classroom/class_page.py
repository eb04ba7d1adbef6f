"""The page that staff open about a class: how it went, what to teach again, who waits for whom.

It is one file that needs no server and asks for nothing. Its script sorts and filters the table of
students; where a viewer runs no scripts, the table stands there by name, and nothing is missing.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from statistics import mean, median

from autograder.authoring.conventions import Question
from autograder.authoring.coursework import INSIDE, Asked
from autograder.authoring.stretch import core_and_stretch
from autograder.classroom.feedback import page
from autograder.classroom.report import Row, made_of
from autograder.classroom.terms import Terms
from autograder.files import write_atomically

MOST_BINS = 10
"""Bars of the distribution; fewer where there are fewer points."""


@dataclass(frozen=True)
class Links:
    """Where a student's pages lie, as addresses relative to the report.

    Parameters
    ----------
    feedback
        The page that the student reads; empty where there is none.
    notebooks
        The executed notebooks, by name.
    """

    feedback: str = ""
    notebooks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """One bar of the distribution: the points from `low` up to `high`, and how many have them."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Mistake:
    """A known mistake in a question, its hint, and who made it."""

    question: str
    name: str
    hint: str
    students: tuple[str, ...]


def distribution(totals: Sequence[float], maximum: float) -> list[Bar]:
    """Return how often totals fall into bars of equal width; the last one has both its ends.

    Examples
    --------
    >>> [(bar.low, bar.high, bar.count) for bar in distribution([0, 1, 2, 2], 2)]
    [(0.0, 1.0, 1), (1.0, 2.0, 3)]
    """
    if maximum <= 0:
        return []
    bins = max(1, min(MOST_BINS, math.ceil(maximum)))
    counts = [0] * bins
    for total in totals:
        counts[min(bins - 1, max(0, int(total / maximum * bins)))] += 1
    width = maximum / bins
    return [Bar(i * width, (i + 1) * width, count) for i, count in enumerate(counts)]


def mistakes(rows: Sequence[Row]) -> list[Mistake]:
    """Return the known mistakes that were recognised, the most frequent first."""
    students: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in rows:
        for (question, name), hint in row.recognised.items():
            students[question, name, hint].append(row.student)
    found = [Mistake(*key, tuple(names)) for key, names in students.items()]
    return sorted(found, key=lambda each: (-len(each.students), each.question, each.name))


def write_summary(
    path: Path,
    work: Asked,
    rows: Sequence[Row],
    links: Mapping[str, Links] | None = None,
    origins: Mapping[str, str] | None = None,
    terms: Terms | None = None,
) -> None:
    """Write the page on a class.

    Parameters
    ----------
    path
        Where to.
    work
        The assignment.
    rows
        Of everybody (see `autograder.classroom.report.class_rows`).
    links
        By student; None links nothing.
    origins
        What the marks were made with, in words, such as versions and the exam.
    terms
        The rules of the class, which may say what the stretch is; None where it has none.
    """
    graded = [row for row in rows if row.counts]
    totals = [row.total for row in graded]
    maxima = {row.standing.max_total for row in rows if row.standing}
    core, stretch = core_and_stretch(work, None if terms is None else terms.stretch)
    script = _script()
    written = page(
        "summary.html.j2",
        assignment=work.assignment.name,
        max_points=work.points,
        max_total=max(maxima, default=work.points),
        mean=mean(totals) if totals else 0.0,
        median=median(totals) if totals else 0.0,
        graded=len(graded),
        bars=distribution(totals, work.points),
        parts=[
            (name, [_question(each, graded) for each in asked], sum(each.points for each in asked))
            for name, asked in (("Core", core), ("Stretch", stretch))
            if asked
        ],
        mistakes=mistakes(graded),
        waiting=[(row, words) for row in rows if (words := what_waits(row))],
        late=[row.student for row in rows if row.late],
        missing=[row.student for row in rows if row.missing],
        names=[(question.name, f"Q{i}") for i, question in enumerate(work.questions, start=1)],
        inside=INSIDE,
        nbgraders=work.assignment.course.is_nbgraders,
        rows=[(row, made_of(row, work)) for row in rows],
        links=links or {},
        no_links=Links(),
        origins=origins or {},
        script=script,
        script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    write_atomically(path, written)


def _script() -> str:
    """Return the script of the page, which is ours, and the same on every page."""
    return files("autograder.classroom").joinpath("templates/summary.js").read_text("utf-8")


def _question(question: Question, graded: Sequence[Row]) -> dict[str, object]:
    points = [row.points.get(question.name, 0.0) for row in graded]
    average = mean(points) if points else 0.0
    return {
        "name": question.name,
        "inside": question.inside,
        "max_points": question.points,
        "mean": average,
        "success": average / question.points if question.points else 0.0,
        "full": sum(each == question.points for each in points),
        "none": sum(each == 0 for each in points),
    }


def what_waits(row: Row) -> list[str]:
    """Return in words what of a submission waits for a person."""
    words = [f"NOT GRADED: {row.failure}"] if row.failure else []
    words += [f"LOOK AT {flag}" for flag in row.flags]
    if row.standing:
        words += [
            f"{mark.name}: a written answer to be marked"
            for mark in row.standing.written
            if mark.points is None
        ]
    return words
