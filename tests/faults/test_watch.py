"""A watch that is killed while sandboxes work for it."""

import json
import signal

import nbformat
import pytest

from autograder.classroom.class_folder import ClassFolder
from tests.faults.ground import ASSIGNMENT, broken, eventually, temporary, write_submissions

STUDENTS = 6


@pytest.fixture
def inbox(ground, tmp_path):
    """A folder into which six students have handed in."""
    scratch = ClassFolder(tmp_path / "scratch")
    write_submissions(ground.root, scratch, STUDENTS, "time.sleep(0.3)\n")
    path = tmp_path / "inbox"
    (scratch.path / "submitted").rename(path)
    return path


def answers(folder):
    return list((folder.path / "practice" / "answered").glob("*/*/[!.]*.json"))


def of_results(paths):
    """Leave out what is being collected: its next run makes it anew, and its times are today's."""
    return [path for path in paths if "/collected/" not in path]


def locks(folder):
    return [str(path) for path in folder.path.glob(".watch-*.lock")]


@pytest.mark.needs_sandbox
def test_a_watch_killed_at_5_moments_has_answered_everybody_once(ground, tmp_path, inbox):
    folder = ClassFolder(tmp_path / "class")
    words = (str(inbox), "--once", "--workers", "1")
    for had in (0, 1, 2, 3, 5):
        run = ground.start("watch", folder, *words)
        if had:
            run.wait_for(lambda had=had: len(answers(folder)) >= had)
        else:
            run.wait_for(lambda: (folder.path / "submitted").exists())
        assert run.process.poll() is None, run.output
        under = run.kill()
        assert eventually(lambda run=run, under=under: not run.left(under))
        assert of_results(broken(folder)) == []
    done = ground.run("watch", folder, *words)
    assert done.process.returncode == 0, done.output
    told = [json.loads(path.read_text()) for path in answers(folder)]
    assert [each["number"] for each in told] == [1] * STUDENTS
    assert sorted(each["right"] for each in told) == [1, 1, 1, 1, 1, 2]
    pages = folder.path.glob(f"practice/feedback/*/{ASSIGNMENT}/small.html")
    assert len(list(pages)) == STUDENTS
    assert of_results(temporary(folder)) == locks(folder)
    again = ground.run("watch", folder, *words)
    assert "answered" not in again.output
    assert len(answers(folder)) == STUDENTS


@pytest.mark.needs_sandbox
def test_ctrl_c_ends_a_watch_with_its_sandboxes(ground, tmp_path, inbox):
    folder = ClassFolder(tmp_path / "class")
    run = ground.start("watch", folder, str(inbox), "--workers", "1")
    run.wait_for(lambda: len(answers(folder)) == STUDENTS)
    changed = next(inbox.glob(f"*/{ASSIGNMENT}/small.ipynb"))
    notebook = nbformat.read(changed, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("1 + 1"))
    changed.write_text(nbformat.writes(notebook))
    run.wait_for(lambda: len(answers(folder)) == STUDENTS + 1)
    had = run.descendants()
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 130, run.output
    numbers = [json.loads(path.read_text())["number"] for path in answers(folder)]
    assert sorted(numbers) == [1] * STUDENTS + [2]
    assert eventually(lambda: not run.left(had)), f"processes live on: {run.left(had)}"
