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

from publishing.clock import sections, spoken_slides
from publishing.slides import kind_of, slides_of, title_of
from publishing.timings import timings

LECTURES = Path(__file__).resolve().parents[2] / "lectures"
PAGES = LECTURES.parent / "solutions" / "lecturers"
NAMES = sorted(path.stem for path in LECTURES.glob("*.py"))
MOST_WORDS = 80
MOST_ROWS = 6
FEWEST_QUESTIONS = 5
EXAM_QUESTIONS = 5
PARTS = [
    "What students believe before",
    "What they must be able to do after",
    "Board work",
    "Demos that can fail, and what then",
    "Five questions for an exam",
    "Timings, slide by slide",
]
"""Of a lecturer's page; more may follow."""
WRITTEN_OUT = "04_recurrent"
"""Its notes can be read aloud."""
COUNTED = re.compile(r"^\| (.+) \| ([\d,]+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)
ASKS = re.compile(r"^#+ Before you look", re.MULTILINE)
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)
MARKUP = re.compile(r"\\\[|[#*|>`:-]+(?=\s|$)|(?<!\S)[#*|>`-]+")


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


@pytest.mark.parametrize("name", NAMES)
def test_no_slide_is_a_wall_of_text(name: str) -> None:
    too_long = {
        prose(slide).strip().splitlines()[0]: words_of(prose(slide))
        for slide in slides_of(lecture(name))
        if words_of(prose(slide)) > MOST_WORDS
    }
    assert too_long == {}, f"more than {MOST_WORDS} words: make two slides of it, or say it"


@pytest.mark.parametrize("name", NAMES)
def test_no_table_is_longer_than_a_hall_reads(name: str) -> None:
    too_long = {
        prose(slide).strip().splitlines()[0]: longest_table(prose(slide))
        for slide in slides_of(lecture(name))
        if longest_table(prose(slide)) > MOST_ROWS
    }
    assert too_long == {}, f"more than {MOST_ROWS} rows"


@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("name", NAMES)
def test_the_lecturers_page_has_every_slide_and_five_exam_questions(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE)[: len(PARTS)] == PARTS
    assert [timing.slide for timing in timings(PAGES / f"{name}.md")] == [
        title_of(slide) for slide in slides_of(lecture(name))
    ]
    assert page.count("**Answer.**") == EXAM_QUESTIONS


@pytest.mark.parametrize("name", NAMES)
def test_all_that_is_written_can_be_said_in_the_minutes_planned(name: str) -> None:
    planned = timings(PAGES / f"{name}.md")
    aloud = [slide for _, slide in spoken_slides(lecture(name), {})]
    assert sum(slide.minutes for slide in aloud) <= sum(timing.lasts for timing in planned)


@pytest.mark.parametrize("name", NAMES)
def test_a_lecture_has_one_figure_to_remember(name: str) -> None:
    titles = [title_of(slide) for slide in slides_of(lecture(name))]
    assert sum(title.startswith("The figure to remember: ") for title in titles) == 1


def test_every_slide_of_the_lecture_that_is_written_out_has_words_to_say() -> None:
    silent, title = [], ""
    for cell in lecture(WRITTEN_OUT):
        if kind_of(cell) in {"slide", "subslide"}:
            silent.append(title := title_of([cell]))
        elif kind_of(cell) == "notes" and title in silent:
            silent.remove(title)
    assert silent == []


def test_the_lecture_that_is_written_out_is_planned_as_the_clock_counts() -> None:
    """Words and questions are counted again; what the machine took stands on the page."""
    path = PAGES / f"{WRITTEN_OUT}.md"
    *rows, _all = COUNTED.findall(path.read_text(encoding="utf-8"))
    aloud = list(spoken_slides(lecture(WRITTEN_OUT), {}))
    found = [(part.title, f"{part.words:,}", str(part.questions)) for part in sections(aloud)]
    assert [row[:3] for row in rows] == found, f"python -m publishing clock {WRITTEN_OUT} --run"
    planned: list[float] = []
    for (begins, _), timing in zip(aloud, timings(path), strict=True):
        planned += [0.0] if begins else []
        planned[-1] += timing.lasts
    for part, (title, *_, seconds, told), plan in zip(sections(aloud), rows, planned, strict=True):
        minutes = part.minutes + float(seconds) / 60
        assert float(told) == pytest.approx(minutes, abs=0.1), title
        assert plan == pytest.approx(minutes, rel=0.2, abs=1), title  # whole minutes are planned


def test_words_rows_and_slides_are_counted() -> None:
    assert words_of("## Two words\n\n$$a = b$$ and $x$: **bold** - | cell |\n|---|") == 7
    assert longest_table("| a |\n|---|\n| 1 |\n| 2 |\n\ntext\n| b |\n|---|\n| 3 |") == 2
