import os
import re
import stat

import pytest

from autograder.classroom.class_folder import (
    AnotherRun,
    BrokenSecret,
    ClassFolder,
    NothingSubmitted,
    UnknownStudent,
    one_run,
)
from autograder.files import InTheWay


@pytest.fixture
def empty(tmp_path):
    return ClassFolder(tmp_path / "class")


def test_a_secret_is_made_once_and_kept(empty):
    secret = empty.secret()
    assert re.fullmatch("[0-9a-f]{64}", secret)
    assert ClassFolder(empty.path).secret() == secret


def test_two_classes_have_two_secrets(tmp_path):
    assert ClassFolder(tmp_path / "a").secret() != ClassFolder(tmp_path / "b").secret()


def test_only_its_owner_reads_the_secret(empty):
    empty.secret()
    assert stat.S_IMODE((empty.path / "secret.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93\xff\x00",
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"secret": null}',
        b'{"secret": ""}',
        b'{"secret": 7}',
        b'{"secret": ["a"]}',
    ],
)
def test_a_damaged_secret_is_refused_in_words_and_never_replaced(empty, content):
    path = empty.path / "secret.json"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(
        BrokenSecret, match=r'secret\.json: expected {"secret": "\.\.\."}\. Restore'
    ):
        empty.secret()
    assert path.read_bytes() == content


def test_a_secret_that_is_a_folder_is_refused_in_words(empty):
    (empty.path / "secret.json").mkdir(parents=True)
    with pytest.raises(BrokenSecret, match="Restore it from a backup"):
        empty.secret()


def test_students_are_those_with_a_folder_for_the_assignment(empty):
    names = ["zoë", "[bold]", "Anna Maria", "=HYPERLINK(1)", "<script>"]
    for name in names:
        empty.submitted("01_tiny", name).mkdir(parents=True)
    empty.submitted("02_other", "absent").mkdir(parents=True)
    assert empty.students("01_tiny") == sorted(names)
    assert empty.student("01_tiny", "zoë") == "zoë"


def test_an_unknown_student_is_met_with_some_that_are_known(empty):
    for number in range(10):
        empty.submitted("01_tiny", f"s{number}").mkdir(parents=True)
    with pytest.raises(UnknownStudent) as caught:
        empty.student("01_tiny", "../s1")
    assert str(caught.value) == (
        "No submission of 01_tiny by '../s1'. There are 10: s0, s1, s2, s3, s4, s5, s6, s7, ..."
    )


def test_a_class_without_submissions_says_where_they_belong(empty):
    with pytest.raises(NothingSubmitted, match=r"submitted/<student>/01_tiny/, found no such"):
        empty.students("01_tiny")


def test_one_run_at_a_time_and_the_other_is_told_whose(empty, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/autograder", "grade", "01_tiny"])
    with one_run(empty), pytest.raises(AnotherRun) as caught, one_run(empty):
        pass
    words = f"It is 'autograder grade 01_tiny', process {os.getpid()} on"
    assert "Wait for its end, and run this again" in str(caught.value)
    assert words in str(caught.value)
    with one_run(empty):
        pass


def test_a_run_that_cannot_be_named_keeps_others_off_all_the_same(empty):
    (empty.path / ".run.holder").mkdir(parents=True)
    with (
        one_run(empty),
        pytest.raises(AnotherRun, match="It is not known which"),
        one_run(empty),
    ):
        pass


@pytest.mark.parametrize("name", [".", ".run.lock"])
def test_where_a_class_cannot_be_one_it_is_told_in_words(empty, name):
    path = empty.path / name
    if name == ".":
        empty.path.write_text("a file")
    else:
        path.mkdir(parents=True)
    with pytest.raises(InTheWay, match="cannot be written: "), one_run(empty):
        pass


def test_what_a_killed_run_left_is_removed_and_nothing_else(empty):
    folder = empty.path / "verdicts" / "01_tiny"
    folder.mkdir(parents=True)
    names = [".ada.json.x.unfinished", "ada.unfinished", ".hidden", "ada.json"]
    for name in names:
        (folder / name).touch()
    with one_run(empty):
        pass
    assert sorted(path.name for path in folder.iterdir()) == sorted(names[1:])
