"""What is said on a slide is counted: its words, those of its notes, and what is waited for."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from publishing.clock import PACE, PAUSE, Spoken, sections, spoken_slides


def cell(source, kind, code=False, tags=()):
    make = new_code_cell if code else new_markdown_cell
    return make(source, metadata={"slideshow": {"slide_type": kind}, "tags": list(tags)})


TOY = [
    cell("# A title", "slide"),
    cell("About 5 minutes. The lecturer reads this.", "notes"),
    cell("import numpy", "skip", code=True),
    cell("## Before you look: which?\n\nA. one   B. two", "subslide"),
    cell("They say one.", "notes"),
    cell("print(1 + 2)", "fragment", code=True),
    cell("## The end", "slide"),
    cell("draw(figure, 12)", "-", code=True, tags=["hide-input"]),
]


def test_words_questions_and_seconds_of_each_slide():
    seconds = {TOY[2].id: 100.0, TOY[5].id: 6.0, TOY[7].id: 3.0}
    assert list(spoken_slides(TOY, seconds)) == [
        (True, Spoken("A title", 2, 0, 0.0)),
        (False, Spoken("Before you look: which?", 4 + 4 + 3 + 3, 1, 6.0)),
        (True, Spoken("The end", 2, 0, 3.0)),
    ]


def test_a_formula_is_read_letter_by_letter():
    cells = [cell(r"# So $h_t = \tanh(a_t)$ here, $$\textbf{no} \quad x$$", "slide")]
    ((_, slide),) = spoken_slides(cells, {})
    said = ["h", "t", "=", "tanh", "a", "t", "no", "x"]
    assert slide.words == len(["So", "here"]) + len(said)


def test_a_section_is_the_sum_of_its_slides():
    first, last = sections(spoken_slides(TOY, {}))
    assert (first.title, first.words, first.questions) == ("A title", 16, 1)
    assert last.title == "The end"


def test_minutes_are_words_at_a_pace_pauses_and_the_machine():
    assert Spoken("", PACE, 2, 30.0).minutes == pytest.approx(1 + 2 * PAUSE / 60 + 0.5)
