import os
import shutil
import signal
import subprocess
import sys

import pytest

from autograder.sandbox import temporary
from autograder.sandbox.temporary import temporary_folder

WAITING = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from autograder.sandbox.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "inputs.json").write_text("{}")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def parent(tmp_path, monkeypatch):
    """Where temporary folders are made, and nobody has looked yet."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def other(parent):
    """Another process, with a temporary folder of its own."""
    command = [sys.executable, "-c", WAITING, str(parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith(f"{parent}/autograder-run-")
        yield process
        process.kill()


def names(parent):
    return {path.name for path in parent.iterdir()}


def test_it_goes_at_the_end_with_all_that_is_in_it(parent):
    with temporary_folder() as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").touch()
        assert names(parent) == {folder.name}
    assert names(parent) == set()


def test_it_goes_also_where_the_work_in_it_fails_or_has_removed_it(parent):
    with pytest.raises(ValueError, match="no"), temporary_folder():
        raise ValueError("no")
    with temporary_folder() as folder:
        shutil.rmtree(folder)
    assert names(parent) == set()


def test_what_a_killed_process_left_goes_with_the_next_run(parent, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert len(names(parent)) == 1
    with temporary_folder() as folder:
        assert names(parent) == {folder.name}


def test_what_another_process_uses_stays(parent, other):
    before = names(parent)
    with temporary_folder() as folder:
        assert names(parent) == before | {folder.name}
    assert names(parent) == before


def test_what_is_not_ours_stays(parent, monkeypatch):
    (parent / "autograder-run-file").touch()
    (parent / "elsewhere").mkdir()
    (parent / "autograder-run-link").symlink_to(parent / "elsewhere")
    (parent / "others").mkdir()
    before = names(parent)
    with temporary_folder():
        pass
    (parent / "autograder-run-of-somebody").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: -1)
    temporary._remove_abandoned.cache_clear()
    with temporary_folder():
        pass
    assert names(parent) == before | {"autograder-run-of-somebody"}


def test_one_that_was_taken_for_abandoned_is_made_anew(parent, monkeypatch):
    made = []
    lock = temporary._lock

    def late(folder, held):
        made.append(folder)
        if len(made) == 1:
            folder.rmdir()
        elif len(made) == 2:
            raise BlockingIOError
        return lock(folder, held)

    monkeypatch.setattr(temporary, "_lock", late)
    with temporary_folder() as folder:
        assert folder == made[2]
        assert folder.is_dir()


def test_a_file_system_without_locks_will_do(parent, monkeypatch):
    def none(*_):
        raise OSError("no locks available")

    monkeypatch.setattr(temporary, "_lock", none)
    with temporary_folder() as folder:
        assert folder.is_dir()
    assert names(parent) == set()
