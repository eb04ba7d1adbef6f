"""A lecture is run when its results may be others, and never else."""

import nbformat
import pytest

from publishing import executed
from publishing.executed import execute, execute_all, took
from publishing.running import CellFailed

LECTURE = """# %% [markdown]
# ## Counting runs

# %%
from pathlib import Path

log = Path("runs.txt")
log.write_text((log.read_text() if log.exists() else "") + "run ")

# %% tags=["hide-input"]
print(1 + 1)
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """A library and its data, in the place of `nextword` and ours."""
    folders = [tmp_path / "library", tmp_path / "data"]
    for folder in folders:
        folder.mkdir()
    (folders[0] / "ngram.py").write_text("ORDER = 3\n")
    (folders[1] / "counts.csv").write_text("1\n")
    monkeypatch.setattr(executed, "own_folders", lambda: folders)
    return tmp_path


@pytest.fixture
def lecture(library):
    path = library / "lectures" / "01_toy.py"
    path.parent.mkdir()
    path.write_text(LECTURE)
    return path


def runs_of(lecture):
    return len((lecture.parent / "runs.txt").read_text().split())


def test_nothing_runs_or_is_written_again_while_nothing_changes(lecture, tmp_path):
    path = execute(lecture, tmp_path / "kept")
    shown = nbformat.read(path, as_version=4).cells[2]
    assert (shown.id, shown.outputs[0].text, shown.metadata.tags) == (
        "cell-3",
        "2\n",
        ["hide-input"],
    )
    written = path.stat().st_ino
    assert execute(lecture, tmp_path / "kept") == path
    assert runs_of(lecture) == 1
    assert path.stat().st_ino == written


def test_prose_may_change_without_a_run_and_code_may_not(lecture, tmp_path):
    execute(lecture, tmp_path)
    lecture.write_text(
        LECTURE.replace("Counting runs", "Counting twice") + "\n# %% [markdown]\n# x\n"
    )
    notebook = nbformat.read(execute(lecture, tmp_path), as_version=4)
    assert runs_of(lecture) == 1
    assert notebook.cells[0].source == "## Counting twice"
    assert notebook.cells[2].outputs[0].text == "2\n"
    lecture.write_text(LECTURE.replace("1 + 1", "1 + 2"))
    notebook = nbformat.read(execute(lecture, tmp_path), as_version=4)
    assert runs_of(lecture) == 2
    assert notebook.cells[2].outputs[0].text == "3\n"


@pytest.mark.parametrize("name", ["library/ngram.py", "data/counts.csv", "data/more.csv"])
def test_library_and_data_are_part_of_what_a_lecture_shows(lecture, library, name):
    before = executed._digest(executed.read(lecture))
    assert executed._digest(executed.read(lecture)) == before
    (library / name).write_text("changed\n")
    assert executed._digest(executed.read(lecture)) != before


def test_versions_are_part_of_what_a_lecture_shows(lecture, monkeypatch):
    before = executed._digest(executed.read(lecture))
    monkeypatch.setattr(executed, "version", lambda name: "99")
    assert executed._digest(executed.read(lecture)) != before


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("1 / 0", r"01_toy, cell 4 \(`1 / 0`\) failed: .*ZeroDivisionError"),
        ("import os\nos._exit(1)", r"01_toy, cell 4 \(`import os`\) failed"),
        (
            "import sys\nprint('hm', file=sys.stderr)",
            r"cell 4 \(`import sys`\) wrote to stderr.*hm",
        ),
    ],
)
def test_a_cell_that_fails_is_named_and_nothing_is_kept(lecture, tmp_path, cell, says):
    lecture.write_text(f"{LECTURE}\n# %%\n{cell}\n")
    with pytest.raises(CellFailed, match=f"(?s){says}"):
        execute(lecture, tmp_path / "kept")
    assert not list((tmp_path / "kept").glob("*.ipynb"))


def test_several_are_executed_at_once(lecture, tmp_path):
    other = lecture.with_name("02_toy.py")
    other.write_text("# %%\nprint('two')\n")
    paths = execute_all([lecture, other], tmp_path / "kept")
    assert [path.name for path in paths] == ["01_toy.ipynb", "02_toy.ipynb"]
    assert nbformat.read(paths[1], as_version=4).cells[0].outputs[0].text == "two\n"


def test_who_wants_what_another_is_running_waits_for_it(lecture, tmp_path):
    lecture.write_text(
        "# %%\nimport os\nimport time\n\nopen(f'run-{os.getpid()}', 'x')\ntime.sleep(0.5)\n"
    )
    paths = execute_all([lecture] * 2, tmp_path / "kept")
    assert paths[0] == paths[1]
    assert len(list(lecture.parent.glob("run-*"))) == 1


def test_what_a_run_took_is_kept_with_it(lecture, tmp_path):
    path = execute(lecture, tmp_path)
    first = took(path)
    assert set(first.cells) == {"cell-2", "cell-3"}
    lecture.write_text(LECTURE.replace("Counting runs", "Counting twice"))
    assert took(execute(lecture, tmp_path)) == first
