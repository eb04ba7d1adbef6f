"""The files that lie beside a notebook when it is run.

Those of the assignment, as nbgrader copies them: pictures, data, modules. A student's own come
too, as nbgrader has it, but only where there are asserts to run: a question with a check is judged
by what its function returns, and its notebook gets nothing but what the assignment has. None of a
student's files stands in the place of one of the assignment's.
"""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder.authoring.course import Assignment
from autograder.authoring.nbgrader_config import SECRET, TIME
from autograder.errors import CourseError

MOST_BYTES = 64 * 2**20
"""Of an assignment's files together, and of a student's."""
MOST_FILES = 1_000
DEEPEST = 10
_IGNORED = ("*.ipynb", ".ipynb_checkpoints", "*.pyc", "__pycache__", "released.json", "checks")
_LEFT_OUT = (
    f"Some files beside your notebooks were left out: at most {MOST_FILES:,} of them, of "
    f"{MOST_BYTES // 2**20} MB together, are laid beside them when they are run."
)


class TooMuchBeside(CourseError):
    """The files of an assignment are more than a sandbox gets."""


def assignment_files(assignment: Assignment) -> dict[str, bytes]:
    """Return what lies beside the reference notebooks of a course of nbgrader's, by name.

    Raises
    ------
    TooMuchBeside
    """
    if not assignment.course.is_nbgraders:
        return {}
    files: dict[str, bytes] = {}
    room = MOST_BYTES
    for path in _below(assignment.folder):
        if not path.is_file():
            continue
        room -= path.stat().st_size
        if room < 0 or len(files) == MOST_FILES:
            raise TooMuchBeside(
                f"{assignment.folder} holds more beside its notebooks than each of them gets when "
                f"it is run: at most {MOST_FILES:,} files of {MOST_BYTES // 2**20} MB together. "
                "Move away what no notebook reads"
            )
        files[path.relative_to(assignment.folder).as_posix()] = path.read_bytes()
    return files


def with_students(
    ours: Mapping[str, bytes], folder: Path
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return an assignment's files and those that a student sent with the notebooks, and remarks.

    Parameters
    ----------
    ours
        From `assignment_files`.
    folder
        ``submitted/<student>/<assignment>``, with anything in it.
    """
    files, room, whole = dict(ours), MOST_BYTES, True
    for path in _below(folder):
        name = path.relative_to(folder).as_posix()
        if name in (TIME, SECRET) or not name.isprintable() or _collides(name, ours):
            continue
        content = _content(path, room)
        if content is None:
            continue
        if len(content) > room or len(files) >= MOST_FILES + len(ours):
            whole = False
            continue
        files[name] = content
        room -= len(content)
    return files, () if whole else (_LEFT_OUT,)


def _below(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Yield what nbgrader would copy from a folder, links to folders not followed, by name."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries[: 10 * MOST_FILES]:
        if any(fnmatch.fnmatch(entry.name, pattern) for pattern in _IGNORED):
            continue
        if not entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)
        elif depth < DEEPEST:
            yield from _below(Path(entry.path), depth + 1)


def _collides(name: str, ours: Mapping[str, bytes]) -> bool:
    """Return whether a file would stand in the place of one of ours, or of a folder of ours."""
    parts = name.split("/")
    above = {"/".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return not above.isdisjoint(ours) or any(each.startswith(f"{name}/") for each in ours)


def _content(path: Path, room: int) -> bytes | None:
    """Return what a file holds, one byte more than there is room for at most; None if it is none.

    A pipe would keep the reader waiting; a link leads anywhere.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(room + 1) if stat.S_ISREG(os.fstat(handle).st_mode) else None
