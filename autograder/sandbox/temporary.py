"""Temporary folders that do not stay for ever where the process that made them was killed."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "autograder-run-"


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder, and remove it afterwards; remove those of processes that were killed.

    A lock tells which ones are in use: the kernel gives it up with the process, also in containers
    that share the folder for temporary files and number their processes anew.
    """
    parent = Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    with contextlib.ExitStack() as held:
        folder = _locked_folder(held)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _locked_folder(held: contextlib.ExitStack) -> Path:
    """Return a new folder, locked as long as `held`."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            _lock(folder, held)
        except (BlockingIOError, FileNotFoundError):
            continue  # another process took it for abandoned before it was locked
        except OSError:
            return folder  # a file system without such locks, where nobody takes it
        if folder.exists():
            return folder


def _lock(folder: Path, held: contextlib.ExitStack) -> os.stat_result:
    """Lock a folder as long as `held`; return what it is.

    Raises
    ------
    BlockingIOError
        Another process has locked it.
    OSError
        It is no folder, or cannot be locked.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    held.callback(os.close, descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return os.fstat(descriptor)


@functools.cache
def _remove_abandoned(parent: Path) -> None:
    """Remove our folders that nobody has locked: once a process, before it makes any."""
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), contextlib.ExitStack() as held:
            if _lock(folder, held).st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)
