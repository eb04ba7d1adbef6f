"""A program whose sandbox sees another witness grades nobody, and says both places."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nextword
from autograder.guest import sight
from autograder.sandbox import same_witness, warm
from autograder.sandbox.isolation import safe_mode
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode, execute
from autograder.sandbox.same_witness import AnotherWitness, compare, ours, see_that_it_is_ours
from autograder.sandbox.visible import GUEST

HERE = str(Path(nextword.__path__[0]))


@pytest.fixture
def another(monkeypatch):
    """Let this program know other code than there is."""
    known = {"nextword": ("/copy/nextword", "0")}
    monkeypatch.setattr(same_witness, "ours", lambda: known)
    see_that_it_is_ours.cache_clear()
    yield
    see_that_it_is_ours.cache_clear()


def test_the_witness_is_known_by_place_and_code():
    assert ours()["nextword"] == (HERE, sight.code_digest([Path(HERE)]))
    assert ours()["autograder.guest"][0] == str(GUEST)
    compare(sight.seen(["nextword"]))


@pytest.mark.parametrize("package", ["nextword", "autograder.guest"])
@pytest.mark.parametrize("seen", [("", ""), (HERE, "0"), None])
def test_another_place_another_code_and_none_are_refused(package, seen):
    theirs = ours() | {package: seen} if seen else {}
    with pytest.raises(AnotherWitness, match="pip install -e"):
        compare(theirs)


def test_both_places_are_told():
    with pytest.raises(AnotherWitness) as error:
        compare(ours() | {"nextword": ("/first/nextword", "0")})
    assert HERE in str(error.value)
    assert "/first/nextword" in str(error.value)


def test_a_change_in_any_file_of_the_code_is_another_digest(tmp_path):
    def digest():
        return sight.code_digest([tmp_path])

    (tmp_path / "a.py").write_text("x = 1")
    found = [digest()]
    (tmp_path / "a.py").write_text("x = 2")
    found.append(digest())
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").rename(tmp_path / "sub" / "a.py")
    found.append(digest())
    assert len(set(found)) == 3


@pytest.mark.needs_sandbox
@pytest.mark.usefixtures("another")
@pytest.mark.parametrize("isolated", [True, False])
def test_cold_mode_refuses_before_the_first_student(isolated):
    assert safe_mode() is Mode.WARM
    with pytest.raises(AnotherWitness):
        see_that_it_is_ours(isolated)


@pytest.mark.needs_sandbox
@pytest.mark.usefixtures("another")
def test_a_warm_worker_refuses_to_serve_and_ends():
    worker = warm.WarmWorker(Limits())
    for _ in range(2):
        with pytest.raises(AnotherWitness, match="/copy/nextword"):
            worker.wait()
    assert not worker.alive


@pytest.mark.needs_sandbox
@pytest.mark.usefixtures("another")
@pytest.mark.parametrize("mode", [Mode.WARM, Mode.COLD, Mode.OPEN])
def test_nothing_is_executed_in_any_mode(mode, right, tiny_exam, monkeypatch):
    monkeypatch.setattr(warm, "warm_workers", warm.WarmWorkers)
    from nbformat import from_dict

    with pytest.raises(AnotherWitness):
        execute(from_dict(right), tiny_exam.inputs, Limits(), mode)


@pytest.mark.needs_sandbox
def test_a_second_copy_with_the_first_ones_environment_grades_nobody(tmp_path, course):
    """As it happened: a copy of the folder, and the environment that was made for the first."""
    copy = tmp_path / "copy"
    for name in ("autograder", "nextword", "data", "solutions", "assignments"):
        shutil.copytree(
            course.root / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "nbgrader_config.py", "jupytext.toml"):
        shutil.copy(course.root / name, copy)
    submitted = copy / "class" / "submitted" / "ada" / "01_counting"
    submitted.mkdir(parents=True)
    shutil.copy(course.root / "solutions" / "01_counting" / "counting.ipynb", submitted)
    ran = subprocess.run(
        [sys.executable, "-m", "autograder", "grade", "01_counting"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "1000"},
    )
    assert ran.returncode == 3, ran.stdout
    assert "Nobody was graded" in ran.stderr
    assert str(copy / "nextword") in ran.stderr
    assert not list((copy / "class").glob("evidence/*/*"))
    assert not list((copy / "class").glob("feedback/*"))
