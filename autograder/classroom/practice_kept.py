"""Keeps what a student is told before the deadline, so that it counts once, and releases it.

An answer is one file, named after what was handed in, and written before anything is released. A
run that is killed has either not answered, or has, and the next one releases what is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from autograder.classroom.practice_answer import Answer
from autograder.classroom.practice_class import PracticeFolder
from autograder.errors import CourseError
from autograder.files import as_bytes, write_atomically

VERSION = 1


class BrokenAnswer(CourseError):
    """An answer that was kept and cannot be read."""


def keep(folder: PracticeFolder, assignment: str, student: str, told: Answer) -> None:
    """Keep an answer. From here on it is given, and counted."""
    content = {"version": VERSION, **vars(told)}
    path = _path(folder, assignment, student, told.digest)
    write_atomically(path, json.dumps(content, default=dict), mode=0o600)


def kept(folder: PracticeFolder, assignment: str, student: str, digest: str) -> Answer | None:
    """Return the answer to a submission, None where there is none yet.

    Raises
    ------
    BrokenAnswer
    """
    path = _path(folder, assignment, student, digest)
    return _read(path) if path.is_file() else None


def runs(folder: PracticeFolder, assignment: str, student: str) -> int:
    """Return how many runs a student has had.

    Raises
    ------
    BrokenAnswer
    """
    answers = map(_read, _answers(folder, assignment, student))
    return sum(each.number is not None for each in answers)


def _answers(folder: PracticeFolder, assignment: str, student: str) -> Iterator[Path]:
    return folder.answered(assignment, student).glob("[!.]*.json")


def _path(folder: PracticeFolder, assignment: str, student: str, digest: str) -> Path:
    return folder.answered(assignment, student) / f"{digest}.json"


def _read(path: Path) -> Answer:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("version") != VERSION:
            raise ValueError("another version")
        return Answer(**content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenAnswer(
            f"{path} is damaged ({error}). Restore it from a backup; or remove it, and that "
            "submission is answered again"
        ) from error


def release(
    folder: PracticeFolder, assignment: str, student: str, page_name: str, told: Answer
) -> None:
    """Lay an answer where a student's feedback is, in place of an earlier one."""
    place = folder.feedback_path(assignment, student, page_name)
    for stale in place.parent.glob("*-practice.ipynb"):
        if stale.name not in told.notebooks:
            stale.unlink()
    for name, content in told.notebooks.items():
        _write(place.with_name(name), content)
    _write(place, told.page)


class Notice(StrEnum):
    """A word that stands beside the last answer, which stays."""

    no_more_runs = "no-more-runs"
    not_taken = "not-taken"


def give_notice(
    notice: Notice,
    folder: PracticeFolder,
    assignment: str,
    student: str,
    page_name: str,
    told: Answer | None,
) -> None:
    """Lay a word beside the last answer; None takes it away."""
    path = folder.feedback_path(assignment, student, f"{page_name}-{notice.value}")
    if told is None:
        path.unlink(missing_ok=True)
    else:
        _write(path, told.page)


def _write(path: Path, content: str) -> None:
    if not (path.is_file() and path.read_bytes() == as_bytes(content)):
        write_atomically(path, content, lasting=False)
