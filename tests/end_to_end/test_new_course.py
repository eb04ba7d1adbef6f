"""`autograder new-course` writes a course that knows nothing of this one, and all of it works."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NAME = "01_averages"


def autograder(folder: Path, *words: str) -> str:
    """Run the command line in a folder, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course as it is written, and released."""
    folder = tmp_path_factory.mktemp("new") / "averages"
    assert "autograder release" in autograder(folder.parent, "new-course", str(folder))
    autograder(folder, "release")
    return folder


def test_it_knows_nothing_of_this_course(root: Path) -> None:
    texts = [path for path in root.rglob("*") if path.suffix in (".py", ".md", ".ipynb", ".toml")]
    assert len(texts) > 8
    assert [path for path in texts if "nextword" in path.read_text(encoding="utf-8")] == []


def test_its_pairs_are_in_step_and_its_release_holds_no_answers(root: Path) -> None:
    assert "written" not in autograder(root, "sync")
    autograder(root, "release", "--check")
    released = (root / "assignments" / NAME / "averages.ipynb").read_text(encoding="utf-8")
    assert "raise NotImplementedError" in released
    assert not re.search("fsum|collect|HIDDEN", released)
    assert [path.name for path in (root / "assignments" / NAME).iterdir()] == ["averages.ipynb"]


def test_its_lecture_runs(root: Path) -> None:
    lecture = root / "lectures" / "01_averages.ipynb"
    sources = [
        "".join(cell["source"])
        for cell in json.loads(lecture.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(sources)],
        env={**os.environ, "MPLBACKEND": "agg"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.needs_sandbox
def test_its_grading_is_fair(root: Path) -> None:
    proof = json.loads(autograder(root, "verify", NAME, "--json", "--seeds", "3"))
    assert proof["fair"]


@pytest.mark.needs_sandbox
def test_a_simulated_class_gets_its_true_scores(root: Path) -> None:
    simulated = autograder(root, "simulate", NAME, "--students", "12")
    truth = {
        student: float(points)
        for points, student in re.findall(r"^ *([\d.]+)  (\S+)$", simulated, re.M)
    }
    (looping,) = (student for student in truth if student.endswith("-endless_loop"))
    shutil.rmtree(root / "class" / "submitted" / looping)  # 30 s; the demonstration grades one
    del truth[looping]
    autograder(root, "grade", NAME)
    with (root / "class" / "reports" / f"{NAME}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(truth) == 11
    assert {row["student"]: float(row["points"]) for row in rows} == truth
