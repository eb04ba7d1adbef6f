import os
import subprocess

import pytest

from autograder.sandbox import cgroups

pytestmark = pytest.mark.skipif(not cgroups.writable(), reason="no cgroups can be made here")


def groups_of_ours():
    names = [path.name for path in (cgroups._ROOT / "pids").glob("autograder-*")]
    return {name for name in names if name.startswith(f"autograder-{os.getpid()}-")}


def start(members, *command):
    joined = cgroups.joining(members, ["/bin/sh", "-c", 'echo here; exec "$@"', "sh", *command])
    process = subprocess.Popen(joined, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "here\n"
    return process


def test_a_group_goes_with_all_that_still_runs_in_it():
    before = groups_of_ours()
    with cgroups.group(16, 2**30) as members:
        assert len(groups_of_ours() - before) == 1
        process = start(members, "sleep", "600")
        assert [path.read_text().split() for path in members] == [[str(process.pid)]] * len(members)
    assert groups_of_ours() == before
    with process:
        assert process.wait() == -9


def test_a_group_that_is_busy_for_a_moment_goes_all_the_same(monkeypatch):
    before, killed = groups_of_ours(), []

    def dying(folder):
        killed.append(folder)
        if len(killed) == 5:
            kill(folder)

    kill = cgroups._kill_members
    monkeypatch.setattr(cgroups, "_kill_members", dying)
    with cgroups.group(16, 2**30) as members:
        process = start(members, "sleep", "600")
    assert groups_of_ours() == before
    assert len(killed) >= 5
    with process:
        process.wait()


def test_what_cannot_be_ended_is_left_behind_after_a_while(monkeypatch):
    monkeypatch.setattr(cgroups, "_ENDING_SECONDS", 0.2)
    monkeypatch.setattr(cgroups, "_kill_members", lambda _: None)
    with cgroups.group(16, 2**30) as members:
        process = start(members, "sleep", "600")
    left = [path.parent for path in members]
    assert all(folder.is_dir() for folder in left)
    with process:
        process.kill()
    monkeypatch.undo()
    cgroups._end(left)
    assert not any(folder.exists() for folder in left)


def test_a_group_that_somebody_else_removed_is_no_trouble():
    with cgroups.group(16, 2**30) as members:
        for path in members:
            path.parent.rmdir()
