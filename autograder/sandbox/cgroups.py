"""Limits on processes and memory of a whole sandbox, where cgroups (version 1) can be written."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MEMBERS = "cgroup.procs"
_PREFIX = "autograder-"
CONTROLLERS = {"pids": "pids.max", "memory": "memory.limit_in_bytes"}
_ENDING_SECONDS = 20
"""How long processes that were killed may take to go, as where much memory has to be freed."""


def writable() -> list[str]:
    """Return the names of the controllers in which groups can be made here."""
    return [
        name
        for name in CONTROLLERS
        if os.access(_ROOT / name, os.W_OK) and (_ROOT / name / _MEMBERS).exists()
    ]


_JOIN = 'while [ "$1" != -- ]; do echo 0 > "$1"; shift; done; shift; exec "$@"'


def joining(members: Sequence[Path], command: Sequence[str]) -> list[str]:
    """Return the command that joins a group and becomes `command`.

    A shell does it, as Python code between fork and exec is not safe where there are threads.
    """
    return ["/bin/sh", "-c", _JOIN, "sh", *map(str, members), "--", *command]


def remove_abandoned() -> None:
    """Remove the groups of runs that were killed."""
    for controller in writable():
        for folder in (_ROOT / controller).glob(f"{_PREFIX}*"):
            owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
            if owner.isdigit() and not Path("/proc", owner).exists():
                # It may be the group of another container, and in use.
                with contextlib.suppress(OSError):
                    folder.rmdir()


@contextlib.contextmanager
def group(processes: int, memory_bytes: int) -> Iterator[list[Path]]:
    """Make a group with limits, and remove it afterwards.

    Yields
    ------
    members
        Files into which a process writes 0 to join. Empty where groups cannot be made.
    """
    limits = {"pids": processes, "memory": memory_bytes}
    remove_abandoned()
    name = f"{_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    made: list[Path] = []
    try:
        for controller in writable():
            folder = _ROOT / controller / name
            folder.mkdir()
            made.append(folder)
            (folder / CONTROLLERS[controller]).write_text(str(limits[controller]))
        yield [folder / _MEMBERS for folder in made]
    finally:
        _end(made)


def _end(folders: Sequence[Path]) -> None:
    """End what still runs in a group, and remove it.

    A sandbox's processes are killed as it ends, but are gone a moment later only.
    """
    deadline = time.monotonic() + _ENDING_SECONDS
    for folder in folders:
        while not _removed(folder) and time.monotonic() < deadline:
            _kill_members(folder)
            time.sleep(0.01)


def _removed(folder: Path) -> bool:
    """Remove a group, unless there are processes in it."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _kill_members(folder: Path) -> None:
    for number in _members(folder):
        with contextlib.suppress(OSError):  # it has ended by itself
            process = os.pidfd_open(number)
            try:
                # Looked up again, as another process could have got its number.
                if number in _members(folder):
                    signal.pidfd_send_signal(process, signal.SIGKILL)
            finally:
                os.close(process)


def _members(folder: Path) -> list[int]:
    """Return the processes in a group."""
    try:
        return [int(line) for line in (folder / _MEMBERS).read_text().split()]
    except OSError:
        return []
