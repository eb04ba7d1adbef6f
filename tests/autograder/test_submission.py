import copy
import json
import os

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submission import (
    LARGEST,
    MOST_CELLS,
    UnreadableSubmission,
    parse_notebook,
    read_submission,
)

GOOD = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "bash"}},
    "cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}],
}
SAVE_AGAIN = "Open tiny.ipynb in JupyterLab, save it there, and submit again."


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "ada" / "01_tiny"
    path.mkdir(parents=True)
    return path


def write(folder, content, name="tiny.ipynb"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def good_with(*cells, **fields):
    return {**GOOD, "cells": list(cells), **fields}


def sources(submission):
    return [cell.source for cell in submission.notebook.cells]


def refusal(folder):
    submission = read_submission(folder, "tiny")
    assert not submission.readable
    assert submission.notebook.cells == []
    (words,) = submission.remarks
    return words


def test_a_good_notebook_is_read_without_a_remark(folder):
    write(folder, GOOD)
    submission = read_submission(folder, "tiny")
    assert (sources(submission), submission.remarks, submission.readable) == (["x = 1"], (), True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "tiny.ipynb is no notebook: expected JSON, which it is not (Expecting value"),
        (b"%PDF-1.4", "tiny.ipynb is no notebook: expected JSON, which it is not (Expecting value"),
        (b"\xff\xfe{}", "expected JSON, which it is not ('utf-8' codec can't decode byte 0xff"),
        (b"[" * 200_000, "tiny.ipynb is no notebook: expected JSON, which it is not"),
        (b'{"nbformat": 4, "cells": [', "expected JSON, which it is not (Expecting value"),
        (b'{"nbformat": ' + b"4" * 5000 + b"}", "tiny.ipynb is no notebook: expected JSON"),
        (b"[]", "tiny.ipynb is no notebook: it is JSON, but says no nbformat."),
        (b'"text"', "tiny.ipynb is no notebook: it is JSON, but says no nbformat."),
        (b"null", "tiny.ipynb is no notebook: it is JSON, but says no nbformat."),
        (b'{"grades": [9, 9, 9]}', "it is JSON, but says no nbformat."),
        (b'{"nbformat": "4"}', "it is JSON, but says no nbformat."),
        (b'{"nbformat": 5, "cells": []}', "is in notebook format 5; expected format 4."),
        (b'{"nbformat": 2, "cells": []}', "is in notebook format 2; expected format 4."),
        (b'{"nbformat": 3, "worksheets": 7}', "format 3 and could not be converted to 4."),
        (b'{"nbformat": 4}', "tiny.ipynb is no notebook: it has no cells."),
        (b'{"nbformat": 4, "cells": {"a": 1}}', "tiny.ipynb is no notebook: it has no cells."),
        (b'{"nbformat": 4, "cells": "code"}', "tiny.ipynb is no notebook: it has no cells."),
    ],
)
def test_what_is_no_notebook_is_refused_with_what_was_expected_and_what_to_do(
    folder, content, words
):
    write(folder, content)
    said = refusal(folder)
    assert words in said
    assert said.endswith(SAVE_AGAIN)


def test_a_notebook_of_format_3_is_converted(folder):
    old = nbformat.v3.new_notebook(
        worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell("x = 1")])],
        metadata=nbformat.v3.new_metadata(name="old"),
    )
    write(folder, json.dumps(old).encode())
    submission = read_submission(folder, "tiny")
    assert (sources(submission), submission.readable) == (["x = 1"], True)


def test_a_byte_order_mark_does_no_harm(folder):
    write(folder, b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert sources(read_submission(folder, "tiny")) == ["x = 1"]


def test_an_empty_folder_is_said_to_be_empty(folder):
    assert refusal(folder) == (
        "Expected tiny.ipynb, found an empty folder. Submit the notebook itself, under its own "
        "name."
    )


def test_a_missing_folder_is_nothing_submitted(folder):
    assert refusal(folder / "no") == "Nothing was submitted: there is no folder no."


def test_a_file_in_place_of_the_folder_is_nothing_submitted(folder):
    path = write(folder, b"zip", name="sent.zip")
    assert refusal(path) == "Nothing was submitted: there is no folder sent.zip."


def test_other_files_are_named(folder):
    write(folder, b"%PDF", name="tiny.pdf")
    assert "Expected tiny.ipynb, found tiny.pdf. Submit the notebook itself" in refusal(folder)


@pytest.mark.parametrize("name", ["Tiny (1).ipynb", "inner/tiny.ipynb", "[bold].ipynb"])
def test_a_renamed_notebook_is_graded_and_told(folder, name):
    write(folder, GOOD, name=name)
    submission = read_submission(folder, "tiny")
    assert sources(submission) == ["x = 1"]
    expected = f"Expected tiny.ipynb, found {name}, which was graded instead."
    assert submission.remarks == (expected,)


def test_of_two_notebooks_the_one_of_the_right_name_is_graded(folder):
    write(folder, GOOD)
    write(folder, b"not even JSON", name="draft.ipynb")
    submission = read_submission(folder, "tiny")
    assert sources(submission) == ["x = 1"]
    assert submission.remarks == ("Only tiny.ipynb was graded; there is also draft.ipynb.",)


def test_two_notebooks_of_wrong_names_are_refused_and_named(folder):
    write(folder, GOOD, name="a.ipynb")
    write(folder, GOOD, name="b.ipynb")
    assert refusal(folder) == (
        "Expected tiny.ipynb, found several other notebooks (a.ipynb, b.ipynb). Submit one, named "
        "tiny.ipynb."
    )


def test_a_checkpoint_is_no_notebook(folder):
    write(folder, GOOD, name=".ipynb_checkpoints/tiny-checkpoint.ipynb")
    assert "Expected tiny.ipynb, found .ipynb_checkpoints" in refusal(folder)


@pytest.mark.parametrize("name", ["tiny.ipynb", "renamed.ipynb"])
@pytest.mark.parametrize("target", ["outside.ipynb", "nowhere.ipynb", "."])
def test_a_symlink_is_not_followed_wherever_it_points(folder, tmp_path, name, target):
    write(tmp_path, GOOD, name="outside.ipynb")
    (folder / name).symlink_to(tmp_path / target)
    assert refusal(folder) == f"{name} is no regular file. Submit the notebook itself."


def test_a_symlink_to_a_folder_is_not_followed(folder, tmp_path):
    write(tmp_path / "outside", GOOD)
    (folder / "inner").symlink_to(tmp_path / "outside")
    assert "Expected tiny.ipynb, found inner." in refusal(folder)
    folder.joinpath("inner").unlink()
    folder.rmdir()
    folder.symlink_to(tmp_path / "outside")
    assert refusal(folder) == "Nothing was submitted: there is no folder 01_tiny."


def test_a_folder_of_the_notebooks_name_is_no_notebook(folder):
    (folder / "tiny.ipynb").mkdir()
    assert refusal(folder) == "tiny.ipynb is no regular file. Submit the notebook itself."


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "tiny.ipynb")
    assert refusal(folder) == "tiny.ipynb is no regular file. Submit the notebook itself."


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_said_to_be_unreadable(folder):
    write(folder, GOOD).chmod(0)
    assert refusal(folder) == "The submitted file could not be read: Permission denied."


def test_a_file_that_cannot_be_read_is_said_to_be_so(folder, monkeypatch):
    path = write(folder, GOOD)

    def failing(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(path), "read_bytes", failing)
    assert refusal(folder) == "The submitted file could not be read: Permission denied."


def test_a_huge_file_is_not_read(folder, monkeypatch):
    path = folder / "tiny.ipynb"
    with path.open("wb") as file:
        file.truncate(LARGEST + 2**20)
    monkeypatch.setattr(type(path), "read_bytes", None)
    assert refusal(folder) == (
        "tiny.ipynb has 51 MB; at most 50 are read. Clear its outputs (Edit, Clear Outputs of All "
        "Cells), save, and submit again."
    )


def test_damaged_cells_are_left_out_and_counted(folder):
    cell = GOOD["cells"][0]
    damaged = [7, None, [], "code", {}, {"cell_type": "video"}, {**cell, "source": 5}]
    damaged += [{**cell, "source": ["a", 1]}, {**cell, "source": None}, {"cell_type": ["code"]}]
    write(folder, good_with(cell, *damaged, {"cell_type": "markdown"}))
    submission = read_submission(folder, "tiny")
    assert sources(submission) == ["x = 1", ""]
    assert submission.remarks == (f"{len(damaged)} cells were damaged and were left out.",)


def test_a_source_in_lines_is_joined(folder):
    write(folder, good_with({"cell_type": "code", "source": ["x = 1\n", "y = 2"]}))
    assert sources(read_submission(folder, "tiny")) == ["x = 1\ny = 2"]


def test_lone_surrogates_become_question_marks(folder):
    write(folder, good_with({"cell_type": "code", "source": "x = '\ud800'"}))
    submission = read_submission(folder, "tiny")
    assert sources(submission) == ["x = '?'"]
    nbformat.writes(submission.notebook).encode()


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        7,
        "text",
        {"nbgrader": []},
        {"nbgrader": {"grade_id": 5}},
        {"nbgrader": "f"},
        {"nbgrader": {"grade_id": ["f"], "points": -3}},
        {"tags": "exploration"},
        {"tags": [[], 1]},
    ],
)
def test_metadata_of_wrong_types_is_no_metadata(folder, metadata):
    write(folder, good_with({"cell_type": "code", "source": "x", "metadata": metadata}))
    (cell,) = read_submission(folder, "tiny").notebook.cells
    assert (cell.source, dict(cell.metadata)) == ("x", {})


def test_of_metadata_only_the_grade_id_and_the_exploration_tag_are_read(folder):
    metadata = {
        "nbgrader": {"grade_id": "double-graded", "points": 1000, "locked": False},
        "tags": ["skip-execution", "exploration", "raises-exception"],
        "trusted": True,
    }
    write(folder, good_with({"cell_type": "code", "source": "x", "metadata": metadata}))
    notebook = read_submission(folder, "tiny").notebook
    expected = {"nbgrader": {"grade_id": "double-graded"}, "tags": ["exploration"]}
    assert notebook.cells[0].metadata == expected
    assert notebook.metadata == {}


def test_only_so_many_cells_are_read(folder):
    write(folder, good_with(*GOOD["cells"] * (MOST_CELLS + 1)))
    submission = read_submission(folder, "tiny")
    assert len(submission.notebook.cells) == MOST_CELLS
    assert submission.remarks == ("Only the first 2,000 of 2,001 cells were read.",)


def test_the_digest_tells_one_file_from_another(folder):
    write(folder, GOOD)
    first = read_submission(folder, "tiny").digest
    assert read_submission(folder, "tiny").digest == first
    write(folder, json.dumps(GOOD).encode() + b" ")
    assert read_submission(folder, "tiny").digest != first


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.binary(max_size=200) | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_bytes_are_they_are_read_or_refused(content):
    try:
        notebook, _ = parse_notebook(content, "tiny.ipynb")
    except UnreadableSubmission as refused:
        words = str(refused)
    else:
        nbformat.validate(notebook)
        return
    assert words.endswith(SAVE_AGAIN)


KEYS = st.sampled_from(["cell_type", "source", "metadata", "outputs", "id", "execution_count"])
CELLS = st.lists(
    st.dictionaries(KEYS, JSON_VALUES | st.sampled_from(["code", "markdown", "raw"])) | JSON_VALUES,
    max_size=5,
)


@settings(max_examples=300, deadline=None)
@given(cells=CELLS, version=st.sampled_from([3, 4]))
def test_whatever_the_cells_are_a_valid_notebook_is_read_or_refused(cells, version):
    data = copy.deepcopy(GOOD) | {"nbformat": version, "cells": cells}
    data["worksheets"] = [{"cells": cells}]
    try:
        notebook, remarks = parse_notebook(json.dumps(data).encode(), "tiny.ipynb")
    except UnreadableSubmission:
        assert version == 3
        return
    nbformat.validate(notebook)
    if version == 4:
        assert len(notebook.cells) + sum(int(r.split()[0]) for r in remarks) == len(cells)
