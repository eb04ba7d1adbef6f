"""What a student is told to read again, by question: a section of a lecture.

An author writes it into ``solutions/reading.toml``, which a course may leave out::

    lectures = "https://example.org/lectures"

    [01_counting]
    perplexity = "01_counting#Perplexity: the measure of this course"

At an address of the web the lectures are the pages that Sphinx made of them (``make site``); a
path leads to notebooks, as JupyterLab opens them.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
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
    place = f"{base.rstrip('/')}/{quote(lecture)}"
    if base.startswith(("http://", "https://")):
        return Reading(lecture, heading, f"{place}.html#{page_anchor(heading)}")
    # Jupyter's own anchors: the heading, its spaces as hyphens.
    return Reading(lecture, heading, f"{place}.ipynb#{quote(heading.replace(' ', '-'))}")


def page_anchor(heading: str) -> str:
    """Return the anchor that a heading has on a page that Sphinx made.

    Examples
    --------
    >>> page_anchor("Repair 4: Kneser–Ney")
    'repair-4-kneserney'
    >>> page_anchor("Yes: a network with ρ < 1")
    'yes-a-network-with-1'
    """
    plain = unicodedata.normalize("NFKD", heading.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", plain))
