"""Gradebooks that are locked, and their backups."""

import shutil
import sqlite3
import threading
import time
from contextlib import closing, contextmanager

import pytest

from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.gradebook import UnusableGradebook
from tests.faults.ground import broken, marks, temporary

pytestmark = pytest.mark.needs_sandbox


@contextmanager
def locked(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def check_locked(ground, undisturbed, folder, seconds):
    """Lock the gradebook when some are recorded, and see that nobody is while it is locked."""
    run = ground.start("grade", folder, "--workers", "1")
    run.wait_for(lambda: run.recorded() >= 1)
    with locked(folder.gradebook_path):
        time.sleep(seconds)
        assert run.process.poll() is None, "the run did not wait"
    assert run.finish() == 0, run.output
    assert marks(folder) == undisturbed.first(4)
    assert broken(folder) == temporary(folder) == []


def test_a_gradebook_locked_for_3_s_is_waited_for(ground, undisturbed, tmp_path):
    check_locked(ground, undisturbed, ground.fresh_class(tmp_path / "class", students=4), 3)


@pytest.mark.long
def test_a_gradebook_locked_for_20_s_is_waited_for(ground, undisturbed, tmp_path):
    check_locked(ground, undisturbed, ground.fresh_class(tmp_path / "class", students=4), 20)


@pytest.mark.long
def test_a_gradebook_locked_for_20_s_before_the_run_is_waited_for(ground, undisturbed, tmp_path):
    """Then it is the backup that waits."""
    shutil.copytree(undisturbed.folder.path, tmp_path / "class")
    folder = ClassFolder(tmp_path / "class")
    with locked(folder.gradebook_path):
        run = ground.start("grade", folder)
        time.sleep(20)
        assert run.process.poll() is None, "the run did not wait"
    assert run.finish() == 0, run.output
    assert marks(folder) == undisturbed.marks
    assert broken(folder) == temporary(folder) == []


@pytest.fixture
def graded(undisturbed, tmp_path):
    folder = ClassFolder(tmp_path / "class")
    folder.path.mkdir()
    shutil.copy(undisturbed.folder.gradebook_path, folder.gradebook_path)
    return folder


def test_a_backup_waits_for_a_lock(graded):
    ready, made = threading.Event(), []

    def hold():
        with locked(graded.gradebook_path):
            ready.set()
            time.sleep(0.7)
            made.extend(graded.path.rglob("gradebook-*.db"))

    holder = threading.Thread(target=hold)
    holder.start()
    ready.wait()
    backup = gradebook.back_up(graded)
    holder.join()
    assert made == []
    assert broken(graded) == temporary(graded) == []
    assert backup.exists()


def test_a_backup_does_not_wait_for_ever(graded, monkeypatch):
    monkeypatch.setattr(gradebook, "_PATIENCE", 0.3)
    with (
        locked(graded.gradebook_path),
        pytest.raises(UnusableGradebook, match=r"cannot be backed up: it has been locked for 0.3"),
    ):
        gradebook.back_up(graded)
    assert temporary(graded) == []
    assert gradebook.back_up(graded).exists()


def test_ten_backups_are_kept_and_each_has_the_scores_of_its_time(graded, undisturbed, tmp_path):
    def score():
        with closing(sqlite3.connect(graded.gradebook_path)) as database:
            (value,) = database.execute("SELECT max(manual_score) FROM grade").fetchone()
            database.execute("UPDATE grade SET manual_score = ?", [(value or 0) + 1])
            database.commit()

    made = []
    for _ in range(13):
        made.append(gradebook.back_up(graded))
        score()
    kept = sorted((graded.path / "backups").iterdir())
    assert kept == made[-gradebook.BACKUPS :]
    for number, path in enumerate(kept, start=3):
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("SELECT max(manual_score) FROM grade").fetchone() == (number,)
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_run_backs_up_the_gradebook_that_it_finds(ground, undisturbed, tmp_path):
    """The earlier scores come back by putting the copy in place."""
    shutil.copytree(undisturbed.folder.path, tmp_path / "class")
    folder = ClassFolder(tmp_path / "class")
    with closing(sqlite3.connect(folder.gradebook_path)) as database:
        database.execute("UPDATE grade SET auto_score = 0.25")
        database.commit()
    earlier = marks(folder)
    before = (
        set((folder.path / "backups").glob("*")) if (folder.path / "backups").exists() else set()
    )
    assert ground.run("rejudge", folder).process.returncode == 0
    assert marks(folder) == undisturbed.marks != earlier
    (copy,) = set((folder.path / "backups").glob("*")) - before
    copy.replace(folder.gradebook_path)
    assert marks(folder) == earlier
