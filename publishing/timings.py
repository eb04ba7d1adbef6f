"""When each slide is due: the table of timings on the lecturer's page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError

_SECTION = re.compile(r"^## Timings.*?$(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_TOTAL = re.compile(r"(?P<total>\d+(?:\.\d+)?) minutes")
_DUE = re.compile(r"^\| (?P<due>[\d.]+) \| (?P<slide>.+) \|$", re.MULTILINE)
_MAY_GO = " (may go)"


class NoTimings(CourseError):
    """A lecturer's page has no table of timings, or none that can be read."""


@dataclass(frozen=True)
class Timing:
    """When a slide is due.

    Parameters
    ----------
    slide
        Its title, as the notebook has it.
    due
        Minutes from the beginning.
    lasts
        Minutes for it.
    may_go
        Whether it may be left out when time is short.
    """

    slide: str
    due: float
    lasts: float
    may_go: bool = False

    def __str__(self) -> str:
        lasts = f"for {self.lasts:g} minutes" if self.lasts else "shortly"
        if self.lasts == 1:
            lasts = "for a minute"
        may_go = "; may be left out" if self.may_go else ""
        return f"From minute {self.due:g}, {lasts}{may_go}."


def timings(page: Path) -> list[Timing]:
    """Return the timings of a lecture, slide by slide.

    Parameters
    ----------
    page
        A lecturer's page with a section *Timings*: a total ("70 minutes, as planned"), and a table
        with a row a slide: the minute it is due from, and its title. "(may go)" after a title marks
        what may be left out.

    Raises
    ------
    NoTimings
    """
    section = _SECTION.search(page.read_text(encoding="utf-8"))
    total = section and _TOTAL.search(section["body"])
    if not (section and total):
        raise NoTimings(
            f"{page}: expected a section `## Timings` that says how many minutes in all"
        )
    due = [(row["slide"], float(row["due"])) for row in _DUE.finditer(section["body"])]
    if not due:
        raise NoTimings(f"{page}: expected a table | from minute | slide |, found none")
    ends = [start for _, start in due[1:]] + [float(total["total"])]
    return [
        Timing(slide.removesuffix(_MAY_GO), start, end - start, slide.endswith(_MAY_GO))
        for (slide, start), end in zip(due, ends, strict=True)
    ]
