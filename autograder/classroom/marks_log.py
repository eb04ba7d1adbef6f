"""The log of marks: who or what set each, when and why. Lines are added to it and never changed."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.classroom.class_folder import ClassFolder
from autograder.errors import CourseError
from autograder.files import needing_room

FILE = "marks.jsonl"
JUDGE = "autograder"
"""Who sets automatic marks."""


class BrokenLog(CourseError):
    """The log of marks cannot be read."""


@dataclass(frozen=True)
class MarkSet:
    """A mark that was set.

    Parameters
    ----------
    assignment, student, question
        Which one.
    before, points
        What it was, None where there was none, and what it is now.
    by
        Who set it.
    why
        In the words of whoever set it.
    when
        In UTC, as ISO 8601 has it.
    """

    assignment: str
    student: str
    question: str
    before: float | None
    points: float
    by: str
    why: str
    when: str


def log_path(class_folder: ClassFolder) -> Path:
    """Return where a class's log is, or would be."""
    return class_folder.path / FILE


def now() -> str:
    """Return the time, as the log has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def log_marks(class_folder: ClassFolder, marks: Sequence[MarkSet]) -> None:
    """Add a line a mark to the class's log; they are on the disk when this returns, or none is."""
    if not marks:
        return
    path = log_path(class_folder)
    lines = "".join(json.dumps(asdict(mark), ensure_ascii=True) + "\n" for mark in marks).encode()
    with needing_room(path), path.open("ab", buffering=0) as log:
        before = log.tell()
        try:
            if log.write(lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(log.fileno())
        except OSError:
            log.truncate(before)
            raise


def read_log(class_folder: ClassFolder) -> Iterator[MarkSet]:
    """Yield every mark that was set, the first one first.

    Raises
    ------
    BrokenLog
        A line is none of the log's.
    """
    path = log_path(class_folder)
    if not path.exists():
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            yield MarkSet(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise BrokenLog(f"{path}, line {number}: {error}") from error
