"""A student of nbgrader's exchange, who reads answers where nbgrader shows feedback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.course import Course
from tests.term.school import SMALL, School, filled

WRONG = "def mean(values):\n    return sum(values)\n"


def nbgrader(folder: Path, *words: str) -> None:
    """Run a command of nbgrader's in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HOME": str(folder), "JUPYTER_CONFIG_DIR": str(folder / ".jupyter")},
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_submit_watch_fetch_and_after_the_deadline_the_marks(
    tmp_path: Path, course: Course
) -> None:
    school = School(tmp_path)
    school.write_course(course.root, real=False)
    nbgrader(school.root, "release_assignment", SMALL, "--course", "101")
    home = tmp_path / "ada"
    notebook = home / SMALL / "averages.ipynb"
    notebook.parent.mkdir(parents=True)
    release = school.root / "assignments" / SMALL / "averages.ipynb"
    notebook.write_text(filled(release.read_text("utf-8"), mean=WRONG), "utf-8")
    exchange = school.classroom / "exchange"
    as_ada = (SMALL, "--course", "101", "--student", "ada", f"--Exchange.root={exchange}")
    as_ada += (f"--Exchange.cache={home / 'cache'}",)
    nbgrader(home, "submit", *as_ada)
    said = school.run("watch", SMALL, "--once", "--workers", 1)
    assert "ada  answered: run 1, 0 of 2 right so far" in said
    nbgrader(home, "fetch_feedback", *as_ada)
    (page,) = (home / SMALL / "feedback").glob("*/averages.html")
    practice = page.read_text("utf-8")
    assert "You return the sum." in practice
    assert "This is not a mark." in practice
    school.run("grade", SMALL, "--workers", 1)
    nbgrader(school.root, "generate_feedback", SMALL)
    nbgrader(school.root, "release_feedback", SMALL, "--course", "101")
    school.run("watch", SMALL, "--once", "--workers", 1)
    nbgrader(home, "fetch_feedback", *as_ada)
    marks = page.read_text("utf-8")
    assert "(Score: 0.0 / 9.0)" in marks
    assert "This is not a mark." not in marks, "the feedback on the marks stays"
    assert "1 of them to fetch" in school.run("feedback", SMALL)
    nbgrader(home, "fetch_feedback", *as_ada)
    ours = page.read_text("utf-8")
    assert "You return the sum." in ours
    assert "This is not a mark." not in ours
