"""Warm and cold mode agree on notebooks that nobody wrote: files, imports, magics, outputs."""

from __future__ import annotations

import re

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode, execute

pytestmark = pytest.mark.needs_sandbox
LIMITS = Limits(cell_seconds=20, notebook_seconds=120)
NAMES = st.sampled_from(["helper", "budget", "shell", "frames", "numpy_like", "kernel"])
FOLDERS = st.sampled_from([".", "sub", "sub/inner"])
WORDS = st.text("abc xyz", min_size=1, max_size=9)
NUMBERS = st.integers(-9, 9)

CELLS = st.one_of(
    st.builds("%%writefile {}.py\nVALUE = {}\ndef add(x): return x + VALUE".format, NAMES, NUMBERS),
    st.builds("from {} import add\nadd({})".format, NAMES, NUMBERS),
    st.builds("import {0}\nprint({0}.VALUE, {0}.__name__)".format, NAMES),
    st.builds("%run {}.py".format, NAMES),
    st.builds("!cat {}.py".format, NAMES),
    st.builds("import os; os.makedirs('{}', exist_ok=True)".format, FOLDERS),
    st.builds("%cd {}".format, FOLDERS),
    st.builds("%%writefile {}/data.txt\n{}".format, FOLDERS, WORDS),
    st.builds("print(open('{}/data.txt').read())".format, FOLDERS),
    st.builds("!echo {}".format, WORDS),
    st.builds("found = !echo {}\nfound".format, WORDS),
    st.builds("%%bash\necho {}\nls".format, WORDS),
    st.builds("%%capture kept\nprint('{}')".format, WORDS),
    st.just("print(kept.stdout)"),
    st.builds(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'print({})'], capture_output=True, text=True)"
        ".stdout".format,
        NUMBERS,
    ),
    st.builds(
        "import subprocess\nsubprocess.run('echo {}; echo no >&2', shell=True);".format, WORDS
    ),
    st.builds(
        "from IPython.display import HTML, display\ndisplay(HTML('<b>{}</b>'))".format, WORDS
    ),
    st.builds(
        "print('{}')\nfrom IPython.display import clear_output\nclear_output()".format, WORDS
    ),
    st.builds("x = {}\nx".format, NUMBERS),
    st.builds("print(x + {})".format, NUMBERS),
    st.just("x;"),
    st.just("_"),
    st.just("1 / 0"),
    st.just("def ("),
    st.just("raise SystemExit"),
    st.just("breakpoint()\n'after'"),
    st.just("import asyncio\nawait asyncio.sleep(0)\n'awaited'"),
    st.just("import matplotlib.pyplot as plt\nplt.plot([1, 2]);"),
    st.just("import sys; print('to stderr', file=sys.stderr)"),
    st.just("%env WORD=one\nprint(__import__('os').environ['WORD'])"),
    st.just("%%timeit -n1 -r1 -q\n1 + 1"),
    st.just(
        "import threading\nt = threading.Thread(target=print, args=('threaded',))\n"
        "t.start(); t.join()"
    ),
)
LOOK = """
import os, sys
print(os.getcwd(), sorted(os.listdir("/scratch")), sorted(os.listdir(".")))
print(sys.path, sys.dont_write_bytecode)
print(sorted(name for name in globals() if not name.startswith("_")))
"""
_PLACE = re.compile(r"<ipython-input-\d+-\w+>|/scratch/ipykernel_\d+/\d+\.py|\d+\.py")


def shown(cell: NotebookNode) -> list[tuple[str, ...]]:
    """Return what a cell puts out, as far as it is the same wherever it runs."""
    return sorted(
        (output.output_type, output.ename)
        if output.output_type == "error"
        else (output.output_type, output.name, _PLACE.sub("(cell)", output.text))
        if output.output_type == "stream"
        else (
            output.output_type,
            *sorted(f"{k}: {v}" for k, v in output.data.items() if "png" not in k),
        )
        for output in cell.outputs
    )


def assert_equal_in_both_modes(sources: list[str]) -> None:
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate([*sources, LOOK])]
    notebook = new_notebook(cells=cells)
    warm, cold = (execute(notebook, {}, LIMITS, mode) for mode in (Mode.WARM, Mode.COLD))
    assert warm.incidents == cold.incidents
    for one, other in zip(warm.notebook.cells, cold.notebook.cells, strict=True):
        assert (one.source, shown(one)) == (other.source, shown(other))


def test_a_module_that_a_cell_wrote_can_be_imported_whatever_its_name() -> None:
    sources = [
        source
        for name in ("helper", "budget", "shell", "frames", "kernel", "server")
        for source in (f"%%writefile {name}.py\nVALUE = 3", f"import {name}\n{name}.VALUE")
    ]
    assert_equal_in_both_modes(sources)
    assert_equal_in_both_modes(["from helper import pad", "%%writefile helper.py\npad = 1"])


def notebooks(least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(CELLS, min_size=least, max_size=most)


@given(notebooks(14, 20))
@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])
def test_generated_notebooks(sources: list[str]) -> None:
    assert_equal_in_both_modes(sources)


@pytest.mark.long
@given(notebooks(8, 20))
@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.generate])
def test_many_generated_notebooks(sources: list[str]) -> None:
    assert_equal_in_both_modes(sources)
