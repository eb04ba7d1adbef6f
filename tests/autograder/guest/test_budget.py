import pytest

from autograder.guest.budget import Budget


@pytest.fixture
def budget():
    return Budget(100)


def display(text, kind="text/plain"):
    return {"data": {kind: text}, "metadata": {"a": 1}}


def test_text_is_cut_where_there_is_no_more_room(budget):
    assert [budget.text("x" * 60) for _ in range(3)] == ["x" * 60, "x" * 40, ""]


def test_an_output_is_kept_whole_or_not_at_all(budget):
    assert budget.output(display("small")) == display("small")
    assert budget.output(display("x" * 100)) is None
    assert budget.text("more") == "", "what was dropped counts, as a flood goes on"


def test_every_cell_has_as_much(budget):
    budget.text("x" * 200)
    budget.start()
    assert budget.text("x") == "x"


def test_what_no_json_can_hold_counts_as_its_text(budget):
    assert budget.output({"data": {"text/plain": object()}}) is not None
