import re

import pytest

from autograder.classroom.spreadsheets import defused

OPENERS = "= + - @ \uff1d \uff0b \uff0d \uff20 \ufe66 \u2212 \u207b".split()
UNSEEN = [*' \u00a0\u3000\ufeff\u200b\0"\u3164\u115f\u2800\u034f\ufe0f']


@pytest.mark.parametrize("opener", OPENERS)
def test_no_cell_is_taken_for_a_formula(opener):
    for before in ("", *UNSEEN):
        cell = f"{before}{opener}1+1"
        assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("parting", [";", "\t", "\r", "\n"])
def test_nor_is_what_another_country_or_an_editor_takes_for_a_cell(parting, opener):
    for text in ("", "a", '"a"'):
        for before in ("", *UNSEEN):
            cell = defused(f"{text}{parting}{before}{opener}1")
            assert re.split(r"[;\t\r\n]", cell)[-1] == f"'{before}{opener}1"


@pytest.mark.parametrize("cell", ["\t", "\n1", ";"])
def test_a_cell_that_begins_with_what_parts_cells_begins_with_an_apostrophe(cell):
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "ada", "a=1", "\u00e9=1", "3.5", " ada", "(=1)", "a; b", "a\nb"]
)
def test_a_text_stays_as_it_is(cell):
    assert defused(cell) == cell
