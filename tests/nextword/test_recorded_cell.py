"""A small cell of the recorded grid, trained again, comes out as it was recorded."""

import numpy as np
import pytest

from nextword.experiments.cell import Cell, run_cell
from nextword.recorded import recorded

TABLE = "07_memory/temporal_order"


@pytest.mark.parametrize("method", ["MSGD", "MSGD-CR"])
def test_a_small_cell_of_the_recorded_grid_is_found_again(method, tmp_path):
    rows = [
        row
        for row in recorded(TABLE)
        if (row["length"], row["method"], row["beginning"]) == (10, method, "basic-tanh")
    ]
    assert {(row["learning_rate"], row["updates"], row["seeds"]) for row in rows} == {
        (0.05, 20_000, 20)
    }
    cell = Cell("temporal-order", 10, method, "basic-tanh", 0.05, 20_000, 6)
    for again, row in zip(run_cell(cell, tmp_path), rows, strict=False):
        assert again["seed"] == row["seed"]
        # Another machine rounds otherwise, and a run may be seen one look sooner or later.
        assert abs(again["solved_at"] - row["solved_at"]) <= cell.check_every
        assert again["broken_at"] == row["broken_at"] == ""
        if again["solved_at"] == row["solved_at"]:
            assert np.log(float(again["median_norm"]) / row["median_norm"]) == pytest.approx(
                0, abs=0.1
            )
