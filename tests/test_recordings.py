"""Recordings say themselves what was made when; a run that is stopped leaves no half a table."""

import csv
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

RECORDINGS = Path(__file__).parents[1] / "recordings"


@pytest.fixture
def record(monkeypatch, tmp_path):
    """Return a call of the script of a toy lecture: its tables, and what is typed behind it."""
    monkeypatch.syspath_prepend(str(RECORDINGS))
    import recording

    monkeypatch.setattr(recording, "data_folder", lambda: tmp_path)

    def run(tables, *typed, arrays=None):
        monkeypatch.setattr(sys, "argv", ["toy.py", "--machine", "a machine", *typed])
        recording.record("toy", "A toy.", tables, "0", arrays or {})

    return run


def rows(*values):
    return lambda: ({"value": value} for value in values)


def stopped_after_one():
    yield {"value": 5}
    raise KeyboardInterrupt


def test_all_of_a_lecture_made_at_once_is_one_line(record, tmp_path):
    weights = {"weights": lambda: {"w": np.zeros(2)}}
    record({"a": rows(1), "b": rows(2)}, "--date", "2026-01-01", arrays=weights)
    made = (tmp_path / "recorded/toy/made.txt").read_text()
    assert made == "recordings/toy.py, seeds 0, 2026-01-01, a machine\n"


def test_a_table_made_later_has_its_own_date(record, tmp_path):
    tables = {"a": rows(1), "b": rows(2)}
    record(tables, "--date", "2026-01-01")
    record(tables, "--only", "b", "--date", "2026-01-02")
    made = tmp_path / "recorded/toy/made.txt"
    first = "recordings/toy.py, seeds 0, 2026-01-01, a machine"
    assert made.read_text() == f"{first}; b.csv: 2026-01-02, a machine\n"
    record(tables, "--only", "b", "--date", "2026-01-01")
    assert made.read_text() == f"{first}\n"


def test_a_run_that_is_stopped_says_what_it_made_and_keeps_what_was_there(record, tmp_path):
    record({"a": rows(1), "b": rows(2)}, "--date", "2026-01-01")
    with pytest.raises(KeyboardInterrupt):
        record({"a": rows(3), "b": stopped_after_one}, "--date", "2026-01-02")
    folder = tmp_path / "recorded/toy"
    assert "; a.csv: 2026-01-02, a machine\n" in (folder / "made.txt").read_text()
    with (folder / "b.csv").open() as kept:
        assert list(csv.DictReader(kept)) == [{"value": "2"}]


def test_a_first_run_that_is_stopped_names_what_there_is(record, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        record({"a": rows(3), "b": stopped_after_one}, "--date", "2026-01-02")
    made = (tmp_path / "recorded/toy/made.txt").read_text()
    assert made == "recordings/toy.py, seeds 0, 2026-01-02, a machine (a.csv only)\n"


def test_a_table_of_cells_goes_on_where_it_was(record, tmp_path):
    import recording

    made = []

    def cells(n):
        for number in range(n):
            run = partial(lambda number: made.append(number) or {"value": 10 * number}, number)
            yield recording.Cell({"cell": number}, run)

    record({"a": partial(cells, 2)}, "--date", "2026-01-01")
    record({"a": partial(cells, 3)}, "--date", "2026-01-02", "--go-on")
    assert made == [0, 1, 2]
    folder = tmp_path / "recorded/toy"
    assert (folder / "a.csv").read_text() == "cell,value\n0,0\n1,10\n2,20\n"
    told = "; other rows than the first 2 of a.csv: 2026-01-02, a machine\n"
    assert (folder / "made.txt").read_text().endswith(told)
