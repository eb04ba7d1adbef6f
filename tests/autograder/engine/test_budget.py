import pytest

from autograder.inside.budget import Budget

TYPE = "application/x-evidence"


@pytest.fixture
def budget():
    return Budget(100, TYPE, 10)


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


def test_evidence_is_cut_counted_and_no_output(budget):
    pieces = [budget.output(display("e" * 20, TYPE)) for _ in range(3)]
    cut = {"data": {TYPE: "e" * 11}, "metadata": {}}
    assert pieces == [cut, cut, None]
    assert budget.text("x" * 100) == "x" * 100
    budget.start()
    assert budget.output(display("e", TYPE)) is not None


def test_what_no_json_can_hold_counts_as_its_text(budget):
    assert budget.output({"data": {"text/plain": object()}}) is not None
