import copy
import io
import json
import os
import zipfile

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.classroom.submission import (
    LARGEST,
    LONGEST_CELL,
    MOST_CELLS,
    MOST_SOURCE,
    UnreadableSubmission,
    parse_notebook,
    read_submission,
)
from tests.pictures import bomb, drawn

GOOD = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"kernelspec": {"name": "bash"}},
    "cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}],
}
AGAIN = (" submit again.", " Submit the notebook itself, the .ipynb file, again.")
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
        (b"my work", "tiny.ipynb is no notebook: expected JSON, which it is not."),
        (b"\xff\xfe{}", "tiny.ipynb is no notebook: expected JSON, which it is not."),
        (b'{"nbformat": 4, "cells": ["\xff"]}', "expected JSON, which it is not."),
        (b"[" * 200_000, "tiny.ipynb is no notebook: expected JSON, which it is not."),
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


OFFICE = b"PK\x03\x04....[Content_Types].xml...word/document.xml"
MERGED = b'{\n<<<<<<< HEAD\n "cells": [],\n=======\n "cells": [1],\n>>>>>>> theirs\n}'
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("content", "what", "advice"),
    [
        (b"", "an empty file", "Look in JupyterLab"),
        (b"\n \n", "an empty file", "Look in JupyterLab"),
        (b"\0" * 4096, "an empty file", "Look in JupyterLab"),
        (b"%PDF-1.4", "a PDF document", "Submit the notebook itself"),
        (OFFICE, "a document of Word", "Submit the notebook itself"),
        (b"\xd0\xcf\x11\xe0old Word", "a document of Word", "Submit the notebook itself"),
        (b"PK\x03\x04..mimetypeapplication/vnd.oasis.open", "a document of Word", "Submit the"),
        (b"7z\xbc\xaf\x27\x1c", "an archive of a kind that is not opened", "Submit the notebook"),
        (b"\x1f\x8b\x08", "an archive of a kind that is not opened", "Submit the notebook"),
        (b"\x89PNG\r\n", "a picture", "Submit the notebook itself"),
        (POINTER, "not the file itself but a pointer", "`git lfs pull`"),
        (b"<!DOCTYPE html><title>Log in</title>", "a web page", "Log in there"),
        (b"\n<html lang=en>", "a web page", "Log in there"),
        (b"<!-- saved from --><HTML>", "a web page", "Log in there"),
        (MERGED, "full of the marks of a merge", "`git checkout --ours`"),
        (MERGED.replace(b"\n", b"\r\n"), "full of the marks of a merge", "`git checkout --ours`"),
        (b'{"nbformat": 4, "cells": [', "only the first part of a file", "Download or copy it"),
        (b'{"cells": [{"source": "x = ', "only the first part of a file", "Download or copy it"),
    ],
)
def test_what_was_sent_instead_is_named_with_what_to_do(folder, content, what, advice):
    write(folder, content)
    said = refusal(folder)
    assert said.startswith(f"tiny.ipynb is no notebook: it is {what}")
    assert advice in said
    assert said.endswith(AGAIN)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_notebook_in_another_unicode_encoding_is_read(folder, encoding):
    marked = "\ufeff" if encoding.endswith("e") else ""
    write(folder, (marked + json.dumps(GOOD)).encode(encoding))
    submission = read_submission(folder, "tiny")
    assert (sources(submission), submission.remarks) == (["x = 1"], ())


def test_line_ends_of_other_systems_become_ours(folder):
    write(folder, good_with({"cell_type": "code", "source": "a\r\nb\rc\nd"}))
    assert sources(read_submission(folder, "tiny")) == ["a\nb\nc\nd"]


def zipped(*members, **how):
    """Return a zip file of these names and contents."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", **how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return written.getvalue()


TEXT = json.dumps(GOOD)
LITTER = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        "


@pytest.mark.parametrize(
    ("archive", "where"),
    [
        (zipped(("tiny.ipynb", TEXT)), "tiny.ipynb"),
        (zipped(("ada/hand in/tiny.ipynb", TEXT)), "ada/hand in/tiny.ipynb"),
        (zipped(("tiny.ipynb", TEXT), ("__MACOSX/._tiny.ipynb", LITTER)), "tiny.ipynb"),
        (zipped(("tiny.ipynb", TEXT), ("._tiny.ipynb", LITTER)), "tiny.ipynb"),
        (zipped(("tiny.ipynb", TEXT), ("draft.ipynb", "no")), "tiny.ipynb"),
        (zipped(("mine.IPYNB", TEXT), ("notes.txt", "no")), "mine.IPYNB"),
        (zipped(("tiny.ipynb", TEXT), compression=zipfile.ZIP_DEFLATED), "tiny.ipynb"),
        (zipped(("../../tiny.ipynb", TEXT)), "../../tiny.ipynb"),
    ],
)
@pytest.mark.parametrize("name", ["tiny.zip", "TINY.ZIP", "tiny.ipynb"])
def test_the_notebook_in_a_zip_is_graded_and_nothing_is_unpacked(folder, archive, where, name):
    write(folder, archive, name=name)
    submission = read_submission(folder, "tiny")
    assert sources(submission) == ["x = 1"]
    assert f"{where} was taken out of the zip file {name}." in submission.remarks
    assert [path.name for path in folder.parent.rglob("*")] == ["01_tiny", name]


def with_password(archive):
    """Set the mark of a password, in the directory and before the member itself."""
    content, mark = bytearray(archive), 0x1
    content[6] |= mark
    content[archive.index(b"PK\x01\x02") + 8] |= mark
    return bytes(content)


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (zipped(("notes.txt", "no")), "holds no notebook."),
        (zipped(("__MACOSX/._tiny.ipynb", LITTER)), "holds no notebook."),
        (zipped(("a.ipynb", TEXT), ("b.ipynb", TEXT)), "several notebooks (a.ipynb, b.ipynb)."),
        (zipped(("1/tiny.ipynb", TEXT), ("2/tiny.ipynb", TEXT)), "holds several notebooks (1/"),
        (zipped(("tiny.ipynb", TEXT))[:-40], "is damaged or was cut off."),
        (zipped(("tiny.ipynb", TEXT)).replace(b"x = 1", b"x = 2"), "is damaged or was cut off."),
        (with_password(zipped(("tiny.ipynb", TEXT))), "is a zip file with a password."),
        (zipped(("tiny.ipynb", TEXT), compression=zipfile.ZIP_LZMA), "a zip file of a rare kind."),
        (zipped(*((f"{i}", "") for i in range(1_001))), "holds more than 1,000 files."),
        (zipped(("tiny.ipynb", TEXT)).replace(b"tiny.ipynb", b"\0iny.ipynb"), "no notebook."),
    ],
)
def test_a_zip_without_one_readable_notebook_is_refused_in_words(folder, archive, words):
    write(folder, archive, name="tiny.zip")
    said = refusal(folder)
    assert words in said
    assert said.endswith("Submit the notebook itself, the .ipynb file, again.")


def test_a_zip_that_unpacks_to_far_more_is_not_unpacked(folder):
    with (
        zipfile.ZipFile(folder / "tiny.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("tiny.ipynb", "w") as member,
    ):
        for _ in range(LARGEST // 2**20 + 5):
            member.write(b" " * 2**20)
    assert refusal(folder).startswith("tiny.ipynb in tiny.zip has more than 50 MB.")


PERCENT = """# %% [markdown]
# Words

# %% nbgrader={"grade_id": "double"}
x = 1
"""


def test_a_notebook_as_percent_text_is_graded_and_told(folder):
    write(folder, PERCENT.encode(), name="tiny.py")
    submission = read_submission(folder, "tiny")
    assert sources(submission) == ["Words", "x = 1"]
    assert submission.notebook.cells[1].metadata == {"nbgrader": {"grade_id": "double"}}
    assert submission.remarks == ("Expected tiny.ipynb, found tiny.py, which was graded instead.",)


HEADER = """# ---
# jupyter:
#   a: &a [x, x, x, x, x, x, x, x, x]
#   b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]
# ---
"""


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("", []),
        (HEADER, []),
        ("\n# Made by hand\n\n", []),
        ("#!/usr/bin/python\n# coding: utf-8\n" + HEADER, []),
        ("import math\n", ["import math"]),
        (HEADER + "import math\n", [HEADER + "import math"]),
    ],
)
def test_the_header_of_a_percent_text_is_never_read_as_yaml(folder, monkeypatch, before, found):
    monkeypatch.setattr("yaml.safe_load", lambda words: pytest.fail("it was read"))
    write(folder, (before + PERCENT).encode(), name="tiny.py")
    assert sources(read_submission(folder, "tiny")) == [*found, "Words", "x = 1"]


@pytest.mark.parametrize(
    "content", [b"x = 1\n", b"# coding: utf-8\n# In[1]:\nx = 1\n", b"\xff", b"# %%" * 2**20]
)
def test_other_python_is_refused_in_words(folder, content):
    write(folder, content, name="tiny.py")
    assert refusal(folder) == (
        "tiny.py is Python without the cells of a notebook (no `# %%` lines), so it cannot be told "
        "which question is which. Submit the notebook itself, tiny.ipynb, again."
    )


@pytest.mark.parametrize("line", ["# %%\n", "# %%\r", "# %%\f", "# In[1]:\n"])
def test_a_percent_text_of_too_many_lines_is_refused_before_it_is_read(folder, line):
    write(folder, ("# %%\n" + line * 5_000).encode(), name="tiny.py")
    assert refusal(folder).startswith("tiny.py has 5,001 lines; at most 5,000 are read.")


def test_percent_text_that_cannot_be_read_is_refused_in_words(folder):
    write(folder, b"# %%\nx = '\xff'", name="tiny.py")
    assert refusal(folder).startswith("tiny.py could not be read as a notebook.")


def test_modules_beside_a_notebook_are_not_taken_for_it(folder):
    write(folder, GOOD)
    write(folder, b"# %%\n1 / 0", name="numpy.py")
    assert read_submission(folder, "tiny").remarks == ()


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


@pytest.mark.parametrize(
    "name",
    [
        "Tiny (1).ipynb",
        "inner/tiny.ipynb",
        "[bold].ipynb",
        "tiny.IPYNB",
        "tiny.ipynb.json",
        "tiny.ipynb.txt",
        "tiny.json",
        "tiny",
    ],
)
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


def test_the_second_half_that_a_mac_puts_beside_each_file_is_no_notebook(folder):
    write(folder, GOOD, name="mine.ipynb")
    write(folder, LITTER, name="__MACOSX/01_tiny/._mine.ipynb")
    write(folder, LITTER, name="._mine.ipynb")
    submission = read_submission(folder, "tiny")
    assert sources(submission) == ["x = 1"]
    assert submission.remarks == (
        "Expected tiny.ipynb, found mine.ipynb, which was graded instead.",
    )


def test_a_text_that_is_no_notebook_is_not_taken_for_one(folder):
    write(folder, b'{"grades": [1]}', name="data.json")
    write(folder, b"2026-10-05 14:00:00 UTC", name="timestamp.txt")
    write(folder, TEXT.encode("utf-16"), name="tiny.ipynb.txt")
    assert sources(read_submission(folder, "tiny")) == ["x = 1"]


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
    assert words.startswith("tiny.ipynb is ")
    assert words.endswith(AGAIN)


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


def test_a_cell_that_nobody_typed_is_left_out_and_told(folder):
    flood = {"cell_type": "code", "source": "x" * (LONGEST_CELL + 1), "metadata": {}}
    write(folder, good_with(flood, *GOOD["cells"], flood))
    submission = read_submission(folder, "tiny")
    assert len(submission.notebook.cells) == len(GOOD["cells"])
    (remark,) = submission.remarks
    assert f"left out (1, {len(GOOD['cells']) + 2})" in remark


def test_of_many_long_cells_the_first_are_read(folder):
    long = {"cell_type": "markdown", "source": "x" * LONGEST_CELL, "metadata": {}}
    write(folder, good_with(*GOOD["cells"], *[long] * 9))
    submission = read_submission(folder, "tiny")
    assert sum(len(cell.source) for cell in submission.notebook.cells) <= MOST_SOURCE
    assert "and more)" in submission.remarks[0]


def test_a_picture_that_is_not_shown_is_told(folder):
    attached = {
        "a.png": {"image/png": drawn("PNG")},
        "b.png": {"image/png": bomb(60_000, 60_000)},
        "c.svg": {"image/svg+xml": "PHN2Zy8+"},
    }
    cell = {"cell_type": "markdown", "source": "", "metadata": {}, "attachments": attached}
    write(folder, good_with(cell))
    submission = read_submission(folder, "tiny")
    assert list(submission.notebook.cells[0].attachments) == ["a.png"]
    assert submission.remarks == (
        (
            "Attached pictures were left out (2): a cell shows at most 20, each a PNG, JPEG or GIF "
            "of at most 3.75 MB and 25 megapixels."
        ),
    )
