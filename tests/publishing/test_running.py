"""What a notebook takes is what its cells compute, and is compared by the machine's pace."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from publishing import running
from publishing.running import run

BURNS = "begun = process_time()\nwhile process_time() - begun < {}:\n    pass"


@pytest.fixture
def notebook():
    """One whose second code cell computes half a second, and the third a quarter."""
    sources = ["from time import process_time", BURNS.format(0.5), BURNS.format(0.25)]
    cells = [*map(new_code_cell, sources), new_code_cell("print(process_time())")]
    return new_notebook(cells=[new_markdown_cell("## Burning"), *cells])


def test_each_cell_has_what_it_computed_and_none_the_kernels_start(notebook, tmp_path):
    spent = run(notebook, tmp_path / "toy.ipynb")
    _, first, half, quarter, last = (cell.id for cell in notebook.cells)
    assert list(spent.cells) == [first, half, quarter, last]
    assert spent.cells[half] > 0.45
    assert 0.2 < spent.cells[quarter] < spent.cells[half]
    assert spent.cpu == sum(spent.cells.values()) < float(notebook.cells[-1].outputs[0].text)


def test_seconds_of_a_cell_are_divided_by_the_pace_before_and_after_it(
    notebook, tmp_path, monkeypatch
):
    paces = iter([1.0, 3.0, 1.0, 7.0, 9.0])
    monkeypatch.setattr(running, "pace", lambda: next(paces))
    spent = run(notebook, tmp_path / "toy.ipynb")
    first, half, quarter, last = spent.cells.values()
    assert spent.seconds == pytest.approx(first / 2 + half / 2 + quarter / 4 + last / 8)


def test_a_notebook_keeps_its_outputs_and_no_times(notebook, tmp_path):
    run(notebook, tmp_path / "toy.ipynb")
    assert [len(cell.get("outputs", [])) for cell in notebook.cells] == [0, 0, 0, 0, 1]
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    nbformat.validate(notebook)
