"""What a student is told to read again, by question: a section of a lecture.

An author writes it into ``solutions/reading.toml``, which a course may leave out::

    lectures = "https://example.org/lectures"

    [01_counting]
    perplexity = "01_counting#Perplexity: the measure of this course"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from urllib.parse import quote

from autograder.authoring.course import Assignment
from autograder.errors import CourseError

_FILE = "reading.toml"


class BrokenReading(CourseError):
    """The file that says what to read again cannot be read."""


@dataclass(frozen=True)
class Reading:
    """A section of a lecture.

    Parameters
    ----------
    lecture, heading
        The lecture's name, such as ``01_counting``, and the section's heading.
    address
        Where it is, for a link.
    """

    lecture: str
    heading: str
    address: str


def readings(assignment: Assignment) -> dict[str, Reading]:
    """Return what to read again, by the questions of an assignment for which it is said.

    Raises
    ------
    BrokenReading
    """
    path = assignment.course.solutions / _FILE
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BrokenReading(f"{path}: {error}") from error
    base = content.get("lectures", "")
    named = content.get(assignment.name, {})
    if not isinstance(base, str) or not isinstance(named, dict):
        raise BrokenReading(f"{path}: expected a text `lectures`, and a table for each assignment")
    return {question: _reading(str(path), base, words) for question, words in named.items()}


def _reading(path: str, base: str, words: object) -> Reading:
    lecture, mark, heading = words.partition("#") if isinstance(words, str) else ("", "", "")
    if not (lecture and mark and heading):
        raise BrokenReading(f'{path}: expected "lecture#heading", came {words!r}')
    # Jupyter's own anchors: the heading, its spaces as hyphens.
    anchor = quote(heading.replace(" ", "-"))
    return Reading(lecture, heading, f"{base.rstrip('/')}/{quote(lecture)}.ipynb#{anchor}")
