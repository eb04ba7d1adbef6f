"""What the tables of the documentation name is there: each section of a lecture, by its heading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LECTURES = {path.stem.split("_")[0]: path for path in (ROOT / "lectures").glob("*.py")}
IN_A_LECTURE = re.compile(r"(\d\db?)(?:, (.+))?")
EXERCISE = re.compile(r"exercise (\d+)(?: of (lecture|assignment) (\d\d))?")


def headings(lecture: str) -> set[str]:
    """Return the headings of a lecture, such as "01"."""
    return set(re.findall(r"^# #+ (.+)$", LECTURES[lecture].read_text("utf-8"), re.MULTILINE))


def exercises(lecture: str) -> set[str]:
    """Return the numbers of a lecture's exercises."""
    _, _, behind = LECTURES[lecture].read_text("utf-8").partition("# ## Exercises")
    return set(re.findall(r"^# (\d+)\. ", behind, re.MULTILINE))


def named_in_coverage() -> Iterator[tuple[str, str]]:
    """Yield lecture and section of what each row names; "" for the lecture as a whole."""
    for line in (ROOT / "docs" / "coverage.md").read_text("utf-8").splitlines():
        cells = line.split(" | ")
        if not line.startswith("| ") or len(cells) < 4 or cells[2].startswith("lecture"):
            continue
        lecture = ""
        for named in cells[2].split("; "):
            in_a_lecture = IN_A_LECTURE.fullmatch(named)
            if in_a_lecture:
                lecture = in_a_lecture[1]
            yield lecture, (in_a_lecture[2] or "") if in_a_lecture else named


def unknown(lecture: str, section: str) -> bool:
    """Return whether a lecture lacks what is named."""
    exercise = EXERCISE.fullmatch(section)
    if exercise and exercise[2] == "assignment":
        return False
    if exercise:
        return exercise[1] not in exercises(exercise[3] or lecture)
    return bool(section) and section not in headings(lecture)


def test_every_section_that_the_coverage_names_is_there() -> None:
    named = list(named_in_coverage())
    assert len(named) > 200
    assert [each for each in named if unknown(*each)] == []


def test_every_section_that_the_reproduction_names_is_there() -> None:
    page = (ROOT / "docs" / "reproduction.md").read_text("utf-8")
    found = re.findall(r"lecture (\d\db?), ((?:\*[^*]+\*(?:; )?)+)", page)
    named = [(n, title) for n, titles in found for title in re.findall(r"\*([^*]+)\*", titles)]
    assert len(named) > 20
    assert [each for each in named if unknown(*each)] == []


def test_what_is_not_there_is_noticed() -> None:
    assert unknown("01", "The Markov presumption")
    assert unknown("05", "exercise 99 of lecture 05")
    assert not unknown("01", "The Markov assumption")
