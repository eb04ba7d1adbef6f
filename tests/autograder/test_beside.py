"""What lies beside a notebook when it is run: the assignment's files first, a student's bounded."""

import os

import pytest

from autograder.authoring import beside
from autograder.authoring.beside import TooMuchBeside, assignment_files, with_students
from autograder.authoring.course import Course


@pytest.fixture
def assignment(tmp_path):
    folder = tmp_path / "course" / "source" / "ps1"
    (folder / "data").mkdir(parents=True)
    (folder / "checks").mkdir()
    for name in ("p.ipynb", "a.png", "data/rows.csv", "checks/f.py", "old.pyc"):
        (folder / name).write_text(name)
    return Course.at(tmp_path / "course").assignment("ps1")


@pytest.fixture
def sent(tmp_path):
    folder = tmp_path / "sent"
    folder.mkdir()
    return folder


def test_an_assignment_has_its_files_but_no_notebooks_and_no_answers(assignment):
    assert assignment_files(assignment) == {"a.png": b"a.png", "data/rows.csv": b"data/rows.csv"}


def test_too_much_is_refused_in_words(assignment, monkeypatch):
    monkeypatch.setattr(beside, "MOST_BYTES", 10)
    with pytest.raises(TooMuchBeside, match="Move away what no notebook reads"):
        assignment_files(assignment)


def test_a_course_of_ours_lays_nothing_beside(course):
    assert assignment_files(course.assignment("01_counting")) == {}


def test_a_students_files_come_too_but_not_in_the_place_of_ours(sent):
    ours = {"tools.py": b"ours", "data/rows.csv": b"ours"}
    (sent / "mine.py").write_text("mine")
    (sent / "tools.py").write_text("mine")
    (sent / "data").write_text("a file where a folder of ours is")
    (sent / "timestamp.txt").write_text("now")
    (sent / "p.ipynb").write_text("{}")
    assert with_students(ours, sent) == (ours | {"mine.py": b"mine"}, ())


def test_a_folder_in_the_place_of_our_file_is_left_out(sent):
    (sent / "tools.py").mkdir()
    (sent / "tools.py" / "inner.txt").write_text("mine")
    assert with_students({"tools.py": b"ours"}, sent) == ({"tools.py": b"ours"}, ())


def test_links_and_pipes_are_not_read(sent, tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text("secret")
    (sent / "link").symlink_to(tmp_path / "private" / "key")
    (sent / "folder").symlink_to(tmp_path / "private")
    os.mkfifo(sent / "pipe")
    assert with_students({}, sent) == ({}, ())


def test_what_is_too_much_of_a_students_is_left_out_with_a_remark(sent, monkeypatch):
    monkeypatch.setattr(beside, "MOST_BYTES", 10)
    (sent / "a").write_text("x" * 8)
    (sent / "b").write_text("x" * 8)
    files, remarks = with_students({}, sent)
    assert list(files) == ["a"]
    assert "left out" in remarks[0]


def test_who_sent_no_folder_has_the_assignments_files(sent):
    assert with_students({"a": b"1"}, sent / "none") == ({"a": b"1"}, ())
