"""What is sent instead of a notebook: raw files, odd names, links, devices.

Each test says in its name what is tried; the docstring says what must happen. None of it is run in
a sandbox for long, so one mode is enough.
"""

from __future__ import annotations

import json
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.receipt import submission_time
from autograder.classroom.submission import read_submission
from autograder.sandbox.run import Mode
from tests.attacks.range import Range, Result

pytestmark = pytest.mark.needs_sandbox

NAME = "counting.ipynb"
Grade = Callable[..., Result]


@pytest.fixture
def students(attack_range: Range, tmp_path: Path) -> ClassFolder:
    """A class that nobody has submitted to."""
    return attack_range.fresh_class(tmp_path / "class")


@pytest.fixture
def folder(attack_range: Range, students: ClassFolder) -> Path:
    """The empty folder that a student submits."""
    return attack_range.submitted(students)


@pytest.fixture
def grade(attack_range: Range, students: ClassFolder, folder: Path) -> Grade:
    """Grade what lies in the folder, and see that nothing was gained or harmed."""

    def graded(student: str = "mallory") -> Result:
        if student != "mallory":
            folder.parent.rename(students.path / "submitted" / student)
        guarded = attack_range.ground.digest()
        result = attack_range.grade(students, Mode.WARM, student)
        assert result.points == result.recorded == {}
        assert attack_range.look_around(result) == []
        assert attack_range.ground.digest() == guarded
        return result

    return graded


def write(folder: Path, content: object, name: str | bytes = NAME) -> None:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / os.fsdecode(name)).write_bytes(raw)


def notebook(*sources: str, **more: object) -> dict[str, object]:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": []} for source in sources
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **more}


def test_link_to_another_students_notebook(attack_range: Range, folder: Path, grade: Grade) -> None:
    """It is not followed, and the student is told to send the notebook itself."""
    target = attack_range.ground.class_folder / "submitted/alice/01_counting/counting.ipynb"
    (folder / NAME).symlink_to(target)
    assert "no regular file" in grade().told


def test_link_under_another_name(attack_range: Range, folder: Path, grade: Grade) -> None:
    """It is not followed either."""
    target = attack_range.ground.class_folder / "submitted/alice/01_counting/counting.ipynb"
    (folder / "other.ipynb").symlink_to(target)
    assert "no regular file" in grade().told


def test_folder_of_links_out(attack_range: Range, folder: Path, grade: Grade) -> None:
    """Nothing behind a link to a folder is looked at."""
    (folder / "work").symlink_to(attack_range.ground.class_folder / "submitted")
    assert "Expected counting.ipynb" in grade().told


def test_assignment_folder_that_is_a_link(attack_range: Range, tmp_path: Path) -> None:
    """Nothing was submitted, then."""
    link = tmp_path / "link"
    link.symlink_to(attack_range.ground.class_folder / "submitted/alice/01_counting")
    submission = read_submission(link, "counting")
    assert not submission.readable
    assert attack_range.ground.canary not in repr(submission)


def test_timestamp_that_is_a_link(attack_range: Range, folder: Path) -> None:
    """It is not followed: its first words would stand in the feedback."""
    (folder / "timestamp.txt").symlink_to(attack_range.ground.class_folder / "secret.json")
    _, remarks = submission_time(folder)
    assert attack_range.ground.canary not in " ".join(remarks)


def test_timestamp_that_is_a_pipe(folder: Path) -> None:
    """Nobody waits for it."""
    os.mkfifo(folder / "timestamp.txt")
    assert submission_time(folder)[0] is None


def test_notebook_that_is_a_pipe(folder: Path, grade: Grade) -> None:
    """Nobody waits for it."""
    os.mkfifo(folder / NAME)
    assert "no regular file" in grade().told


def test_notebook_that_is_a_socket(folder: Path, grade: Grade, monkeypatch: object) -> None:
    """It is refused with words."""
    here = Path.cwd()
    os.chdir(folder)  # a socket's path must be short
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(NAME)
    finally:
        os.chdir(here)
    assert "no regular file" in grade().told


def test_notebook_that_is_a_folder(folder: Path, grade: Grade) -> None:
    """It is refused with words."""
    (folder / NAME).mkdir()
    assert "no regular file" in grade().told


def test_sparse_file_of_a_terabyte(folder: Path, grade: Grade) -> None:
    """It is refused before it is read."""
    with (folder / NAME).open("wb") as file:
        file.truncate(2**40)
    assert "at most" in grade().told


def test_zip_with_paths_out_of_it(attack_range: Range, folder: Path, grade: Grade) -> None:
    """Nothing is unpacked."""
    with zipfile.ZipFile(folder / "work.zip", "w") as archive:
        archive.writestr("../../../class/gradebook.db", attack_range.ground.mark)
        archive.writestr("/tmp/" + attack_range.ground.mark, attack_range.ground.mark)
        archive.writestr(NAME, "{}")
    assert "counting.ipynb is no notebook" in grade().told


def test_zip_under_the_notebooks_name(folder: Path, grade: Grade) -> None:
    """It is no notebook, and nothing is unpacked."""
    with zipfile.ZipFile(folder / NAME, "w") as archive:
        archive.writestr("../../counting.ipynb", "{}")
    assert "is no notebook" in grade().told


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>.ipynb",
        "=HYPERLINK(1).ipynb",
        "a\nb\r\x1b[2J.ipynb",
        b"\xff\xfe.ipynb",
        "‮bpyni.exe.ipynb",
        " .ipynb",
    ],
    ids=["markup", "formula", "control", "no_text", "backwards", "blank"],
)
def test_hostile_file_name(folder: Path, grade: Grade, name: str | bytes) -> None:
    """It is graded under the name it should have, and quoted as text."""
    write(folder, notebook("1"), name)
    assert "graded instead" in grade().told


@pytest.mark.parametrize(
    "student",
    [
        "<script>alert(1)<",
        '=HYPERLINK("http:evil","x")',
        "@SUM(1)",
        "+1",
        "-1",
        '"><img src=x onerror=alert(1)>',
        "\tcmd",
    ],
)
def test_hostile_student_name(folder: Path, grade: Grade, student: str) -> None:
    """Pages quote it as text; no cell of the CSV starts as a formula does."""
    write(folder, notebook("1"))
    grade(student)


def test_deep_json(folder: Path, grade: Grade) -> None:
    """It is no notebook."""
    write(folder, b"[" * 1_000_000)
    assert "is no notebook" in grade().told


def test_deep_metadata(folder: Path, grade: Grade) -> None:
    """Metadata is not walked through."""
    deep: object = "x"
    for _ in range(300):
        deep = {"nbgrader": [deep]}
    write(folder, notebook("1", metadata=deep))
    grade()


def test_json_with_huge_numbers(folder: Path, grade: Grade) -> None:
    """It is no notebook, and takes no time to say so."""
    write(folder, b'{"nbformat": 4, "nbformat_minor": ' + b"9" * 5_000_000 + b"}")
    assert "is no notebook" in grade().told


def test_old_format_that_breaks_the_converter(folder: Path, grade: Grade) -> None:
    """It is refused with words."""
    sheets = [{"cells": [{"cell_type": ["code"], "input": {"x": 1}, "outputs": 5}]}]
    write(folder, {"nbformat": 3, "nbformat_minor": 0, "metadata": [], "worksheets": sheets})
    assert "could not be converted" in grade().told


def test_format_of_the_future(folder: Path, grade: Grade) -> None:
    """It is refused with words."""
    write(folder, notebook("1", nbformat=10**9))
    assert "notebook format" in grade().told


def test_cells_of_odd_shapes(attack_range: Range, folder: Path, grade: Grade) -> None:
    """The damaged ones are left out, and the test cells come back."""
    odd: list[object] = [
        None,
        5,
        [],
        "x",
        {},
        {"cell_type": ["code"]},
        {"cell_type": "code", "source": 5},
        {"cell_type": "code", "source": [1], "metadata": 5},
        {"cell_type": "code", "source": "1\x00", "metadata": {"nbgrader": "x", "tags": {"a": 1}}},
        {"cell_type": "code", "source": "2", "metadata": {"nbgrader": {"grade_id": ["x"]}}},
        {"cell_type": "code", "source": "3", "metadata": {"nbgrader": {"grade_id": "../../x"}}},
        {"cell_type": "code", "source": "4", "metadata": {"tags": [["exploration"], {}]}},
    ]
    write(folder, notebook(cells=odd))
    assert "damaged" in grade().told


def test_ten_thousand_cells(attack_range: Range, folder: Path, grade: Grade) -> None:
    """The first ones are read, and staff are told."""
    cells = [{"cell_type": "markdown", "metadata": {}, "source": "x"}] * 10_000
    write(folder, notebook(cells=cells))
    assert "Only the first" in grade().told


def test_doubled_and_split_test_cells(attack_range: Range, folder: Path, grade: Grade) -> None:
    """Ours are used, once each, whatever the student made of the copies."""
    released = json.loads(json.dumps(attack_range.material.derived.release))
    cells = released["cells"]
    graded = [cell for cell in cells if "graded" in str(cell["metadata"])]
    for cell in graded:
        copy = json.loads(json.dumps(cell))
        copy["source"] = "1  # full marks"
        cells += [copy, copy]
    write(folder, released)
    assert "stood there twice" in grade().told


def test_grade_id_of_the_course_on_own_cells(folder: Path, grade: Grade) -> None:
    """A cell under the name of a test cell is replaced by ours."""
    cells = [
        {
            "cell_type": kind,
            "source": "34",
            "metadata": {"nbgrader": {"grade_id": f"perplexity-{role}", "points": 1000}},
        }
        for kind, role in (
            ("markdown", "graded"),
            ("raw", "visible"),
            ("code", "given"),
            ("code", "x"),
        )
    ]
    write(folder, notebook(cells=cells))
    assert "had been edited" in grade().told


def test_unreadable_file(folder: Path, grade: Grade) -> None:
    """It is refused with words; root reads it all the same."""
    write(folder, b"not JSON")
    (folder / NAME).chmod(0)
    assert "could not be read" in (told := grade().told) or "is no notebook" in told


def test_deep_folders(folder: Path) -> None:
    """It is refused with words."""
    here = os.open(folder, os.O_RDONLY)
    made = [here]
    for _ in range(1_200):
        os.mkdir("d", dir_fd=made[-1])
        made.append(os.open("d", os.O_RDONLY, dir_fd=made[-1]))
        os.close(made.pop(-2))
    try:
        assert not read_submission(folder, "counting").readable
    finally:
        os.close(made[-1])
        # rmtree recurses too: move each subfolder up, then remove its parent.
        _flatten(folder)


def _flatten(folder: Path) -> None:
    while (folder / "d").exists():
        (folder / "d").rename(folder / "e")
        if (folder / "e" / "d").exists():
            (folder / "e" / "d").rename(folder / "d")
        (folder / "e").rmdir()
