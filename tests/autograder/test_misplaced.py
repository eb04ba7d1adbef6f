"""Submissions in the wrong place, or under names beyond use, are named and stop nobody."""

import os

import pytest

from autograder.classroom.class_folder import ClassFolder, NothingSubmitted
from autograder.classroom.misplaced import LONGEST, misplaced, unusable

NAME = "01_counting"


@pytest.fixture
def submitted(tmp_path):
    """A class with one good submission."""
    (tmp_path / "submitted" / "ada" / NAME).mkdir(parents=True)
    return tmp_path / "submitted"


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "çelik", "日本" * 20, "a" * LONGEST])
def test_an_ordinary_name_can_be_used(name):
    assert unusable(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a" * 230, "has 230 bytes"),
        ("é" * 120, "has 240 bytes"),
        ("bell\x07", "cannot be shown"),
        ("line\nfeed", "cannot be shown"),
        (os.fsdecode(b"caf\xe9"), "no UTF-8"),
    ],
)
def test_a_name_beyond_use_is_named_and_the_others_are_graded(submitted, name, words):
    (submitted / name / NAME).mkdir(parents=True)
    assert ClassFolder(submitted.parent).students(NAME) == ["ada"]
    ((shown, why),) = misplaced(submitted, NAME)
    assert words in why
    assert shown.isprintable()
    shown.encode()


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("bob/01_Counting/counting.ipynb", "'01_Counting' instead of '01_counting'"),
        ("bob/counting.ipynb", "counting.ipynb in the student's own folder"),
        ("counting.ipynb", "beside the folders"),
        ("counting.IPYNB", "beside the folders"),
    ],
)
def test_a_notebook_in_the_wrong_place_is_named(submitted, place, words):
    path = submitted / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    ((_, why),) = misplaced(submitted, NAME)
    assert words in why
    assert f"submitted/<student>/{NAME}/" in why


def test_what_is_where_it_should_be_and_other_assignments_are_not_named(submitted):
    (submitted / "bob" / "02_loglinear").mkdir(parents=True)
    (submitted / "notes.txt").write_text("")
    (submitted / "link").symlink_to(submitted / "ada")
    assert list(misplaced(submitted, NAME)) == []


def test_a_class_of_misplaced_submissions_only_is_told_so(tmp_path):
    (tmp_path / "submitted" / "bob").mkdir(parents=True)
    (tmp_path / "submitted" / "bob" / "counting.ipynb").write_text("{}")
    with pytest.raises(NothingSubmitted, match=r"bob: There is counting\.ipynb"):
        ClassFolder(tmp_path).students(NAME)
    with pytest.raises(NothingSubmitted):
        ClassFolder(tmp_path / "no class").students(NAME)
