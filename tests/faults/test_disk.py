"""A disk that is full."""

import os
import subprocess

import pytest

from tests.faults.ground import broken, marks, temporary

pytestmark = pytest.mark.needs_sandbox


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2M", "tmpfs", str(place)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def leave_free(place, free):
    """Fill a disk up to so many bytes."""
    left = os.statvfs(place)
    (place / "ballast").write_bytes(bytes(left.f_bavail * left.f_frsize - free))


def check_full(ground, undisturbed, small_disk, folder):
    run = ground.run("grade", folder, "--workers", "1")
    assert run.process.returncode == 3, run.output
    assert "Traceback" not in run.output
    assert broken(folder) == temporary(folder) == []
    subprocess.run(["mount", "-o", "remount,size=64M", str(small_disk)], check=True)
    again = ground.run("grade", folder, "--workers", "1")
    assert again.process.returncode == 0, again.output
    assert marks(folder) == undisturbed.first(4)
    assert broken(folder) == temporary(folder) == []
    return run.words


def test_a_disk_that_is_full_when_evidence_is_written(ground, undisturbed, small_disk):
    folder = ground.fresh_class(
        small_disk / "class", students=4, before="print('words ' * 20_000)\n"
    )
    leave_free(small_disk, 500_000)
    words = check_full(ground, undisturbed, small_disk, folder)
    assert "/student-" in words
    assert "cannot be written: No space left on device" in words
    assert "Make room there" in words


@pytest.mark.long
def test_a_disk_that_is_full_when_the_gradebook_is_made(ground, undisturbed, small_disk):
    folder = ground.fresh_class(small_disk / "class", students=4)
    leave_free(small_disk, 40_000)
    words = check_full(ground, undisturbed, small_disk, folder)
    assert "gradebook.db cannot be used as a gradebook" in words
    assert "disk is full" in words or "disk I/O error" in words
