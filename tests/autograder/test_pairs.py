import json
import os

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.authoring import pairs
from autograder.authoring.course import Course
from autograder.authoring.pairs import OutputCommitted, PairOutOfStep, Step, UnreadableSource

TEXT = """# %% [markdown]
# # A title

# %% tags=["exploration"]
x = 1

# %% nbgrader={"grade": false, "grade_id": "f", "locked": false, "schema_version": 3, "solution": true, "task": false}
def f():
    return x
"""  # noqa: E501 - cell headers stand on one line


@pytest.fixture
def text_path(course, tmp_path):
    (tmp_path / "jupytext.toml").write_bytes((course.root / "jupytext.toml").read_bytes())
    path = tmp_path / "solutions" / "01_f" / "f.py"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    return path


@pytest.fixture
def pair(text_path):
    assert pairs.sync(text_path) is Step.FROM_TEXT
    return text_path


def change_notebook(text_path, change):
    path = text_path.with_suffix(".ipynb")
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)
    return path


def run_it(notebook):
    notebook.cells[1].outputs = [new_output("stream", text="1")]
    notebook.cells[1].execution_count = 1


def test_a_synced_pair_is_in_step_and_says_the_same(pair):
    notebook = pairs.check(pair)
    assert [cell.source for cell in notebook.cells][:2] == ["# A title", "x = 1"]
    assert notebook.cells[1].metadata.tags == ["exploration"]
    assert notebook.cells[2].metadata.nbgrader.grade_id == "f"
    assert pairs.sync(pair) is Step.IN_STEP


def test_syncing_twice_writes_nothing_the_second_time(pair):
    files = (pair, pair.with_suffix(".ipynb"))
    before = [path.stat().st_mtime_ns for path in files]
    pairs.sync(pair)
    assert [path.stat().st_mtime_ns for path in files] == before


def test_the_newer_half_wins(pair):
    notebook_path = change_notebook(pair, lambda nb: nb.cells[1].update(source="x = 2"))
    os.utime(pair, ns=(0, 0))
    assert pairs.sync(pair) is Step.FROM_NOTEBOOK
    assert "x = 2" in pair.read_text()
    pair.write_text(pair.read_text().replace("x = 2", "x = 3"))
    os.utime(notebook_path, ns=(0, 0))
    assert pairs.sync(pair) is Step.FROM_TEXT
    assert pairs.read_notebook(notebook_path).cells[1].source == "x = 3"


@pytest.mark.parametrize(("prefer", "wins"), [(Step.FROM_TEXT, 1), (Step.FROM_NOTEBOOK, 2)])
def test_a_preferred_half_wins_whichever_is_newer(pair, prefer, wins):
    change_notebook(pair, lambda nb: nb.cells[1].update(source="x = 2"))
    assert pairs.sync(pair, prefer) is prefer
    assert pairs.check(pair).cells[1].source == f"x = {wins}"


def test_a_pair_out_of_step_is_refused_with_the_command_that_helps(pair):
    change_notebook(pair, lambda nb: nb.cells[1].update(source="x = 2"))
    with pytest.raises(PairOutOfStep, match=r"f\.py and f\.ipynb differ\. Run: autograder sync"):
        pairs.check(pair)


@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_a_missing_half_is_named_and_sync_writes_it(pair, suffix):
    pair.with_suffix(suffix).unlink()
    with pytest.raises(PairOutOfStep, match=rf"f\{suffix} is missing beside f\."):
        pairs.check(pair)
    pairs.sync(pair)
    assert len(pairs.check(pair).cells) == 3


def test_committed_output_is_refused_and_sync_strips_it(pair):
    change_notebook(pair, run_it)
    with pytest.raises(OutputCommitted, match=r"f\.ipynb carries output\. Run: autograder sync"):
        pairs.check(pair)
    pairs.sync(pair)
    assert not pairs.has_output(pairs.check(pair))


def test_an_execution_count_alone_is_output():
    notebook = new_notebook(cells=[new_code_cell("1")])
    assert not pairs.has_output(notebook)
    notebook.cells[0].execution_count = 3
    assert pairs.has_output(notebook)


@pytest.mark.parametrize(
    "content", [b"no JSON", b"[]", b"{}", b'"text"', b"\xff\xfe", b'{"nbformat": 4}', b""]
)
def test_a_file_that_is_no_notebook_is_refused_in_words(pair, content):
    pair.with_suffix(".ipynb").write_bytes(content)
    with pytest.raises(UnreadableSource, match=r"f\.ipynb: expected a Jupyter notebook"):
        pairs.check(pair)


def test_text_that_is_not_utf8_is_refused_in_words(pair):
    pair.write_bytes(b"# %%\nx = '\xff'\n")
    for look in (pairs.check, pairs.read_text, pairs.sync):
        with pytest.raises(UnreadableSource, match=r"f\.py: expected text in UTF-8"):
            look(pair)


def test_text_that_is_not_utf8_can_be_written_anew_from_the_notebook(pair):
    pair.write_bytes(b"# %%\nx = '\xff'\n")
    assert pairs.sync(pair, Step.FROM_NOTEBOOK) is Step.FROM_NOTEBOOK
    assert pairs.check(pair).cells[1].source == "x = 1"


def test_both_halves_alone_are_pairs_and_checkpoints_are_not(pair):
    folder = pair.parent
    (folder / "only_text.py").write_text(TEXT)
    (folder / "only_notebook.ipynb").write_text("{}")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "f-checkpoint.ipynb").write_text("{}")
    found = [path.name for path in pairs.pairs(Course.at(folder.parents[1]))]
    assert found == ["f.py", "only_notebook.py", "only_text.py"]


def test_saving_in_another_editor_changes_no_cell_id(pair):
    before = [cell.id for cell in pairs.check(pair).cells]
    path = change_notebook(
        pair, lambda nb: [cell.update(id=f"random-{i}") for i, cell in enumerate(nb.cells)]
    )
    pairs.sync(pair, Step.FROM_NOTEBOOK)
    assert [cell["id"] for cell in json.loads(path.read_text())["cells"]] == before


SOURCES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], include_characters="\n")
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), SOURCES), max_size=6))
def test_cell_ids_are_unique_valid_and_depend_on_nothing_but_the_cells(drawn):
    makers = {True: new_code_cell, False: new_markdown_cell}
    cells = [makers[is_code](source) for is_code, source in drawn]
    notebook = pairs.with_stable_ids(new_notebook(cells=cells))
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    nbformat.validate(notebook)
    again = [makers[is_code](source) for is_code, source in drawn]
    assert ids == [cell.id for cell in pairs.with_stable_ids(new_notebook(cells=again)).cells]


@settings(max_examples=40, deadline=None)
@given(drawn=st.lists(st.tuples(st.booleans(), SOURCES), min_size=1, max_size=5))
@example(drawn=[(True, "\n")])
@example(drawn=[(True, "\n\n\n"), (False, "\n"), (True, "\n\n")])
def test_text_written_from_any_notebook_is_in_step_after_one_sync(drawn, tmp_path_factory):
    path = tmp_path_factory.mktemp("pair") / "any.py"
    cells = [(new_code_cell if is_code else new_markdown_cell)(text) for is_code, text in drawn]
    nbformat.write(new_notebook(cells=cells), path.with_suffix(".ipynb"))
    pairs.sync(path)
    pairs.check(path)
    assert pairs.sync(path) is Step.IN_STEP
