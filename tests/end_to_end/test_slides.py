"""What a hall can take in: few words on a slide, short tables, and questions before answers.

A slide is what stands between one `slide` or `subslide` cell and the next: its Markdown cells,
fragments included. A formula counts as one word; code and what it prints are not counted.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import jupytext
import pytest
from nbformat import NotebookNode

from publishing.slides import slides_of, title_of

LECTURES = Path(__file__).resolve().parents[2] / "lectures"
PAGES = LECTURES.parent / "solutions" / "lecturers"
HELD = [
    "01_counting",
    "02_loglinear",
    "02b_training",
    "03_window",
    "07_memory",
    "08_where_this_leads",
]
"""The lectures that keep these rules; 04 to 06 are to come."""
MOST_WORDS = 80
MOST_ROWS = 6
FEWEST_QUESTIONS = 5
EXAM_QUESTIONS = 5
ASKS = re.compile(r"^#+ Before you look", re.MULTILINE)
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)
MARKUP = re.compile(r"\\\[|[#*|>`:-]+(?=\s|$)|(?<!\S)[#*|>`-]+")


def kind_of(cell: NotebookNode) -> str:
    """Return a cell's slide type."""
    return str(cell.metadata.get("slideshow", {}).get("slide_type"))


def prose(slide: list[NotebookNode]) -> str:
    """Return the Markdown of a slide."""
    return "\n".join(cell.source for cell in slide if cell.cell_type == "markdown")


def words_of(markdown: str) -> int:
    """Count words; a formula is one."""
    return len(MARKUP.sub(" ", FORMULA.sub(" formula ", markdown)).split())


def longest_table(markdown: str) -> int:
    """Return the number of rows of the longest table, without its head."""
    longest = rows = 0
    for line in markdown.splitlines():
        rows = rows + 1 if line.startswith("|") else 0
        longest = max(longest, rows - 2)
    return longest


@functools.cache
def lecture(name: str) -> list[NotebookNode]:
    """Return the cells of a lecture's text."""
    return list(jupytext.read(LECTURES / f"{name}.py").cells)


@pytest.mark.parametrize("name", HELD)
def test_no_slide_is_a_wall_of_text(name: str) -> None:
    too_long = {
        prose(slide).strip().splitlines()[0]: words_of(prose(slide))
        for slide in slides_of(lecture(name))
        if words_of(prose(slide)) > MOST_WORDS
    }
    assert too_long == {}, f"more than {MOST_WORDS} words: make two slides of it, or say it"


@pytest.mark.parametrize("name", HELD)
def test_no_table_is_longer_than_a_hall_reads(name: str) -> None:
    too_long = {
        prose(slide).strip().splitlines()[0]: longest_table(prose(slide))
        for slide in slides_of(lecture(name))
        if longest_table(prose(slide)) > MOST_ROWS
    }
    assert too_long == {}, f"more than {MOST_ROWS} rows"


@pytest.mark.parametrize("name", HELD)
def test_the_hall_is_asked_before_it_is_shown(name: str) -> None:
    cells = lecture(name)
    asked = [number for number, cell in enumerate(cells) if ASKS.search(cell.source)]
    assert len(asked) >= FEWEST_QUESTIONS
    for number in asked:
        notes, answer = cells[number + 1 : number + 3]
        assert kind_of(cells[number]) in {"slide", "subslide"}
        assert kind_of(notes) == "notes", "after the question: what halls say, what to reply"
        assert "remove-cell" in notes.metadata.get("tags", [])
        assert kind_of(answer) == "fragment", "after the notes: the answer"


@pytest.mark.parametrize("name", HELD)
def test_the_lecturers_page_has_every_slide_and_five_exam_questions(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \d+ \| (.+) \|$", page, re.MULTILINE)
    assert listed == [title_of(slide) for slide in slides_of(lecture(name))]
    assert page.count("**Answer.**") == EXAM_QUESTIONS


def test_words_rows_and_slides_are_counted() -> None:
    assert words_of("## Two words\n\n$$a = b$$ and $x$: **bold** - | cell |\n|---|") == 7
    assert longest_table("| a |\n|---|\n| 1 |\n| 2 |\n\ntext\n| b |\n|---|\n| 3 |") == 2
