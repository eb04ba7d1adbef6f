"""Feedback on marks goes back where nbgrader's students fetch it, each page to one student."""

import json

import pytest
from nbgrader.utils import notebook_hash
from typer.testing import CliRunner

from autograder.authoring.nbgrader_config import SECRET
from autograder.classroom.gathering import RunOptions
from autograder.classroom.grading import grade
from autograder.cli import app as cli
from autograder.cli import feedback as command
from autograder.sandbox.dispatch import local_executor
from autograder.sandbox.run import Mode

SECRETS = {"ada": "a" * 64, "bob": "b" * 64}


@pytest.fixture
def graded(tiny_copy, session, submit, right, fill, ran, monkeypatch, tmp_path):
    """A class of three, of whom ada and bob came through an exchange; bob is wrong."""
    monkeypatch.chdir(tiny_copy.assignment.course.root)
    monkeypatch.setattr(command, "load_coursework", lambda assignment: tiny_copy)
    folder = session.class_folder
    wrong = fill(tiny_copy, double="def double(x):\n    return x")
    for student, notebook in {"ada": right, "bob": wrong, "eve": right}.items():
        path = submit(folder, student, notebook)
        if student in SECRETS:
            path.with_name(SECRET).write_text(SECRETS[student])
    with local_executor(1) as (executor, at_once):
        list(grade(session, ["ada", "bob", "eve"], executor, at_once, RunOptions(Mode.OPEN)))
    (tmp_path / "exchange" / "course" / "inbound").mkdir(parents=True)
    return folder


def run(folder, *words):
    return CliRunner().invoke(
        cli.app, ["feedback", "01_tiny", "--class", str(folder.path), *map(str, words)]
    )


def fetched(tmp_path, student):
    name = notebook_hash(secret=SECRETS[student], notebook_id="tiny")
    return (tmp_path / "exchange" / "course" / "feedback" / f"{name}.html").read_text()


def test_pages_are_laid_where_each_student_alone_fetches_them(graded, tmp_path):
    said = run(graded, "--exchange", tmp_path / "exchange")
    assert said.exit_code == 0, said.output
    assert "2 of them to fetch in" in said.stdout
    assert "nobody can fetch: eve" in said.stdout
    assert "ada" in fetched(tmp_path, "ada")
    assert "bob" not in fetched(tmp_path, "ada")
    assert len(list((tmp_path / "exchange" / "course" / "feedback").iterdir())) == 2


def test_the_practice_notebook_travels_in_the_page(graded, tmp_path):
    run(graded, "--exchange", tmp_path / "exchange")
    beside = graded.feedback_path("01_tiny", "bob", "tiny").with_name("tiny-practice.ipynb")
    assert beside.is_file()
    page = fetched(tmp_path, "bob")
    assert 'href="data:application/x-ipynb+json;base64,' in page
    assert 'href="tiny-practice.ipynb"' not in page


def test_without_an_exchange_pages_are_written_all_the_same(graded):
    page = graded.feedback_path("01_tiny", "ada", "tiny")
    page.unlink()
    said = run(graded)
    assert "no exchange: give the pages out yourself" in said.stdout
    assert page.is_file()


def test_programs_read_what_was_given_back_and_who_failed(graded, tmp_path):
    graded.evidence_path("01_tiny", "eve").unlink()
    said = run(graded, "--exchange", tmp_path / "exchange", "--json")
    found = json.loads(said.stdout)
    assert found["written"] == found["given_back"] == ["ada", "bob"]
    assert list(found["failed"]) == ["eve"]
    assert said.exit_code == 1
