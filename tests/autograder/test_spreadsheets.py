import pytest

from autograder.spreadsheets import defused


@pytest.mark.parametrize("opener", "= + - @ \uff1d \uff0b \uff0d \uff20 \ufe66".split())
@pytest.mark.parametrize("before", ["", *"\n\r\t \u00a0\u3000\ufeff\u200b\0"])
def test_no_cell_is_taken_for_a_formula(before, opener):
    cell = f"{before}{opener}1+1"
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "ada", "a=1", "\u00e9=1", "3.5", " ada", "(=1)"])
def test_a_text_stays_as_it_is(cell):
    assert defused(cell) == cell
