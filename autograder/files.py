"""Writing files so that a reader finds the old content or the new, never half of either."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import CourseError

_UNFINISHED = ".unfinished"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_IN_THE_WAY = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EACCES, errno.EPERM)


class NoRoom(CourseError):
    """The disk is full, or cannot be written at all."""


class InTheWay(CourseError):
    """Something lies where a file is to be written, or its place may not be written."""


@contextlib.contextmanager
def needing_room(path: Path) -> Iterator[None]:
    """Say in words that `path` cannot be written: no room, or something in the way.

    Raises
    ------
    NoRoom, InTheWay
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise NoRoom(
                f"{path} cannot be written: {error.strerror}. Nothing is half-written. Make room "
                "there, or make it writable, and run this again: what has been done will not be "
                "done twice"
            ) from error
        if error.errno in _IN_THE_WAY:
            raise InTheWay(
                f"{path} cannot be written: {error.strerror}. Expected is a file, or nothing yet, "
                "in a folder that you may write. Move away what lies there, or change its "
                "permissions, and run this again"
            ) from error
        raise


def write_atomically(
    path: Path, content: str | bytes, mode: int = 0o644, lasting: bool = True
) -> None:
    """Write `content` to `path` through a temporary file beside it and a rename.

    Parameters
    ----------
    path
        The file; its folder is made where it is missing.
    content
        Bytes, or text, written as UTF-8. A lone surrogate, which UTF-8 has no bytes for, becomes
        its escape: a student can put one anywhere, and it must not stop a class.
    mode
        Permissions of the new file.
    lasting
        Whether it is on the disk when this returns. Otherwise it may be empty if the machine loses
        its power in the seconds after: for what the next run makes anew.

    Raises
    ------
    NoRoom, InTheWay
    """
    with needing_room(path):
        _write(path, content, mode, lasting)


def as_bytes(content: str) -> bytes:
    """Return what `write_atomically` writes for `content`."""
    return content.encode("utf-8", errors="backslashreplace")


def _write(path: Path, content: str | bytes, mode: int, lasting: bool) -> None:
    handle, temporary = _temporary_beside(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content if isinstance(content, bytes) else as_bytes(content))
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _temporary_beside(path: Path) -> tuple[int, str]:
    """Return the descriptor and the name of a new file in the folder of another."""
    try:
        return tempfile.mkstemp(_UNFINISHED, f".{path.name}.", path.parent)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.mkstemp(_UNFINISHED, f".{path.name}.", path.parent)


def remove_unfinished(folder: Path, pattern: str = "**/*") -> None:
    """Remove what writers that were killed have left in a folder, by default at any depth."""
    for path in folder.glob(pattern):
        if path.name.startswith(".") and path.suffix == _UNFINISHED and path.is_file():
            path.unlink(missing_ok=True)
