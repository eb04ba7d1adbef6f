"""Limits on processes and memory of a whole sandbox, where cgroups (version 1) can be written."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MEMBERS = "cgroup.procs"
_PREFIX = "nextword-"
CONTROLLERS = {"pids": "pids.max", "memory": "memory.limit_in_bytes"}


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
            if not Path("/proc", owner).exists():
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
        for folder in made:
            # It can be busy for a moment after its last process has ended, and is empty then.
            with contextlib.suppress(OSError):
                folder.rmdir()
