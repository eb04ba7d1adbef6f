"""Cells are run as IPython runs them, without the time that it takes to find nothing to change."""

from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from autograder.guest.shell import _is_plain_python, _without_the_middle

REPO = Path(__file__).parents[3]
NOTEBOOKS = sorted(REPO.glob("solutions/*/*.ipynb"))
LEFT_TO_IPYTHON = [
    "%%time\nx = 1\n",
    "%matplotlib inline\nx = 1",
    "x = 1\n!ls",
    "files = !ls\nx = 1",
    "x = 1\nx?",
    "x = %who_ls\ny = 1",
    "\n\nx = 1\ny = 2",
    "  x = 1\n  y = 2",
    "  # of a block\nx = 1",
    ">>> x = 1\n>>> y = 2",
    "In [1]: x = 1\n   ...: y = 2",
    "In [5]: x\ny = 2",
    'text = """\n...: x\n"""',
    "def f(x):\n    'Adds.\\\n    >>> f(1)\\\n    2'\n    return x + 1",
    "pwd",
    "exit",
    "x = (1,\n",
    "x = '\0'\ny = 1",
    "",
]
PLAIN = [
    "x = 1\ny = 2",
    "x = 7 \\\n  % 4\n",
    "x = (7\n%4)\n# really?\n",
    "text = '''\n%magic\n!ls\n... x\n'''\n",
    "import asyncio\nawait asyncio.sleep(0)\n",
    "x = 1\r\ny = 2\r\n",
    "x: int = 1\n\n\n",
    "print('?')\nprint('!')",
]


@pytest.mark.parametrize("source", LEFT_TO_IPYTHON)
def test_what_ipython_may_change_is_left_to_it(source):
    assert not _is_plain_python(source)


@pytest.mark.parametrize("source", PLAIN)
def test_what_python_reads_ipython_would_not_change(source):
    assert _is_plain_python(source)
    assert TransformerManager().transform_cell(source).rstrip("\n") == source.rstrip("\n")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_of_the_course_is_run_otherwise(path):
    cells = [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    plain = [source for source in cells if _is_plain_python(source)]
    assert len(plain) > len(cells) / 2
    for source in plain:
        ended = source if source.endswith("\n") else f"{source}\n"
        assert TransformerManager().transform_cell(source) == ended


def test_the_middle_of_a_long_traceback_is_left_out():
    steps = [f"step {n}" for n in range(1000)]
    shown = _without_the_middle(steps)
    assert (shown[0], shown[-1], len(shown)) == ("step 0", "step 999", 41)
    assert "960 more" in shown[20]
    assert _without_the_middle(steps[:40]) == steps[:40]
