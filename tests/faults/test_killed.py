"""Runs, sandboxes and warm processes that are killed."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder, one_run
from autograder.sandbox import cgroups
from tests.faults.ground import broken, eventually, marks, temporary


def kill_at(run, moment):
    """Kill a run at a random moment; return whether it was still going on.

    A moment is a while after the start, or a little while after so many more have been recorded:
    times alone would depend on how fast the machine is.
    """
    if moment.random() < 0.5:
        time.sleep(moment.uniform(0.5, 4))
    else:
        more = run.recorded() + moment.randrange(1, 4)
        run.wait_for(lambda: run.recorded() >= more)
        time.sleep(moment.uniform(0, 0.2))
    if run.process.poll() is not None:
        return False
    had = run.kill()
    assert eventually(lambda: not run.left(had)), f"processes live on: {run.left(had)}"
    assert broken(run.folder) == []
    return True


def check_made_good(ground, folder, undisturbed):
    again = ground.run("grade", folder)
    assert again.process.returncode == 0, again.output
    assert marks(folder) == undisturbed.marks
    assert broken(folder) == temporary(folder) == []


def check_kills(ground, undisturbed, folders, kills, seed):
    """Kill run after run on each class, each going on where the last was killed."""
    moment = random.Random(seed)
    killed = 0
    for path in folders:
        folder = ground.fresh_class(path)
        for _ in range(kills):
            killed += kill_at(ground.start("grade", folder), moment)
        check_made_good(ground, folder, undisturbed)
    assert killed >= len(folders) * kills * 2 / 3, "most runs ended before they could be killed"


@pytest.mark.needs_sandbox
def test_ctrl_c_ends_a_run_with_its_sandboxes_and_the_next_goes_on(ground, undisturbed, tmp_path):
    slow = "time.sleep(0.5)\n"  # so that it is not over when it is to be stopped
    folder = ground.fresh_class(tmp_path / "class", students=4, before=slow)
    run = ground.start("grade", folder, "--workers", "1")
    run.wait_for(lambda: run.recorded() >= 1)
    had = run.descendants()
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 130, run.output
    assert "Stopped. What is done is kept" in run.words
    assert eventually(lambda: not run.left(had)), f"processes live on: {run.left(had)}"
    again = ground.run("grade", folder)
    assert again.process.returncode == 0, again.output
    assert "had not changed and were judged from evidence" in again.words
    assert marks(folder) == undisturbed.first(4)
    assert broken(folder) == temporary(folder) == []


@pytest.mark.needs_sandbox
def test_a_run_killed_at_6_moments_is_made_good_by_a_plain_one(ground, undisturbed, tmp_path):
    check_kills(ground, undisturbed, [tmp_path / "class"], 6, seed=6)


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_a_run_killed_at_20_moments_is_made_good_by_a_plain_one(ground, undisturbed, tmp_path):
    check_kills(ground, undisturbed, [tmp_path / f"class-{n}" for n in range(5)], 4, seed=20)


@pytest.mark.needs_sandbox
def test_a_run_whose_sandboxes_are_killed_goes_on(ground, undisturbed, tmp_path):
    """First bubblewrap of the one, then the warm process of the other."""
    folder = ground.fresh_class(tmp_path / "class", before="time.sleep(0.5)\n")
    run = ground.start("grade", folder)

    def warm():
        return [chain for chain in run.sandboxes() if len(chain) >= 3]

    run.wait_for(lambda: run.recorded() >= 1 and len(warm()) == 2)
    first, second = warm()
    os.kill(first[0], signal.SIGKILL)
    run.wait_for(lambda: run.recorded() >= 3)
    assert run.process.poll() is None, run.output
    os.kill(second[2], signal.SIGKILL)
    assert run.finish() == 0, run.output
    assert marks(folder) == undisturbed.marks
    assert broken(folder) == temporary(folder) == []
    assert run.left(set()) == []


# --- moments that a random kill seldom finds ------------------------------------------------------


def killed_while(script, *words):
    """Run Python code that ends by killing itself."""
    code = f"import os, signal, sys\n{script}\nos.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_what_was_killed_while_it_wrote_a_file_is_swept_by_the_next_run(tmp_path):
    folder = ClassFolder(tmp_path / "class")
    path = folder.evidence_path("01_small", "ada")
    hers = folder.submitted("01_small", "ada") / ".work.json.unfinished"
    hers.parent.mkdir(parents=True)
    hers.write_text("of the student's own")
    killed_while(
        "from pathlib import Path; from autograder.files import write_atomically\n"
        "os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomically(Path(sys.argv[1]), '{}')",
        path,
    )
    for name in ("secret.json", path.name):
        folder.path.joinpath(f".{name}.1234.unfinished").touch()
    assert len(temporary(folder)) == 3
    assert not path.exists()
    with one_run(folder):
        assert temporary(folder) == []
    assert hers.exists()


@pytest.mark.needs_sandbox
def test_a_gradebook_killed_in_mid_transaction_is_backed_up_as_it_was(undisturbed, tmp_path):
    """Its journal lies beside it, and has to be played back before anything is read."""
    folder = ClassFolder(tmp_path)
    folder.gradebook_path.write_bytes(undisturbed.folder.gradebook_path.read_bytes())
    killed_while(
        "import sqlite3; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size = 1'); db.execute('BEGIN IMMEDIATE')\n"
        "db.execute('UPDATE grade SET auto_score = 99'); db.execute('CREATE TABLE large (x)')\n"
        "db.executemany('INSERT INTO large VALUES (?)', [('x' * 4000,)] * 500)",
        folder.gradebook_path,
    )
    assert (tmp_path / "gradebook.db-journal").exists()
    backup = gradebook.back_up(folder)
    assert temporary(folder) == []
    restored = ClassFolder(tmp_path / "restored")
    restored.path.mkdir()
    backup.rename(restored.gradebook_path)
    assert marks(folder) == marks(restored) == undisturbed.marks


def test_a_gradebook_is_made_whole_or_not_at_all(tmp_path):
    """Killed between writing its version and making its tables."""
    folder = ClassFolder(tmp_path / "class")
    killed_while(
        "from pathlib import Path\n"
        "from autograder.classroom.class_folder import ClassFolder\n"
        "from autograder.authoring import nbgrader_database\n"
        "from autograder.classroom import gradebook\n"
        "nbgrader_database.Gradebook = lambda url: os.kill(os.getpid(), signal.SIGKILL)\n"
        "with gradebook.open_gradebook(ClassFolder(Path(sys.argv[1]))): pass",
        folder.path,
    )
    assert not folder.gradebook_path.exists()
    with gradebook.open_gradebook(folder) as gb:
        assert gb.students == []
    assert [path.name for path in folder.path.iterdir()] == ["gradebook.db"]


def test_the_control_groups_of_a_killed_run_are_removed_by_the_next():
    if not cgroups.writable():
        pytest.skip("no cgroups can be made here")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = cgroups._ROOT / cgroups.writable()[0] / f"autograder-{ended.pid}-faults"
    left.mkdir()
    with cgroups.group(16, 2**30) as members:
        assert not left.exists()
        assert all(path.exists() for path in members), "one's own is not swept"
