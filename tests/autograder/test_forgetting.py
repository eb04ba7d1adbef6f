"""The end of a term: nothing of the students is left, and nothing else is touched."""

import json

import pytest
from typer.testing import CliRunner

from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.forgetting import NoClassHere, forget, personal
from autograder.cli import app as cli


@pytest.fixture
def full(class_folder, submit, tmp_path):
    submit(class_folder, "ada", "{}")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (class_folder.path / "submitted" / "link").symlink_to(outside)
    (class_folder.path / "reports").symlink_to(outside)
    (class_folder.path / "roster.csv").write_text("student\nada\n")
    (class_folder.path / "marks.jsonl").write_text('{"student": "ada"}\n')
    (class_folder.path / "practice" / "feedback" / "ada").mkdir(parents=True)
    (class_folder.path / "notes.txt").write_text("mine")
    return class_folder


def test_everything_of_students_goes_and_what_links_lead_to_stays(full, tmp_path):
    found = {remains.path.name: remains.files for remains in personal(full)}
    assert found == {
        "submitted": 2,
        "reports": 1,
        "practice": 0,
        "roster.csv": 1,
        "marks.jsonl": 1,
    }
    forget(full)
    assert sorted(path.name for path in full.path.iterdir()) == ["notes.txt", "secret.json"]
    assert (tmp_path / "outside" / "kept").read_text() == "kept"
    assert personal(full) == []


def test_what_is_no_class_is_left_alone(tmp_path):
    (tmp_path / "submitted").mkdir()
    with pytest.raises(NoClassHere, match="it has no secret"):
        forget(ClassFolder(tmp_path))
    (tmp_path / "source").mkdir()
    with pytest.raises(NoClassHere, match="in one folder"):
        forget(ClassFolder(tmp_path))
    assert (tmp_path / "submitted").is_dir()


def test_a_class_that_was_only_watched_is_one(tmp_path):
    practice = tmp_path / "practice"
    practice.mkdir()
    (practice / "secret.json").write_text('{"secret": "s"}')
    forget(ClassFolder(tmp_path))
    assert not practice.exists()


def test_the_command_removes_nothing_before_it_is_told_to(full):
    def command(*words):
        return CliRunner().invoke(cli.app, ["forget", "--class", str(full.path), *words])

    result = command()
    assert result.exit_code == 1
    assert "Nothing was removed" in result.stdout
    assert (full.path / "roster.csv").exists()
    listed = json.loads(command("--json").stdout)
    assert {each["files"] for each in listed["known"]} == {0, 1, 2}
    assert listed["removed"] is False
    assert command("--yes").exit_code == 0
    assert not (full.path / "roster.csv").exists()
    assert "Nothing is known of anybody" in command().stdout
