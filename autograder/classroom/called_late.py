"""Of whom a platform says that they came late, without saying when."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from autograder.classroom.class_folder import ClassFolder
from autograder.errors import CourseError
from autograder.files import write_atomically


class BrokenNote(CourseError):
    """The note of who was called late cannot be read."""


def _path(class_folder: ClassFolder, assignment: str) -> Path:
    return class_folder.path / "collected" / f"{assignment}.late.json"


def called_late(class_folder: ClassFolder, assignment: str) -> frozenset[str]:
    """Return who was called late.

    Raises
    ------
    BrokenNote
    """
    path = _path(class_folder, assignment)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list):
            raise ValueError("no list")
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError) as error:
        raise BrokenNote(
            f"{path}: expected a list of students ({error}). Delete it, and collect again"
        ) from error
    return frozenset(map(str, found))


def note_late(
    class_folder: ClassFolder, assignment: str, late: Collection[str], not_late: Collection[str]
) -> None:
    """Note who was called late in what has just come, and who no longer is."""
    before = called_late(class_folder, assignment)
    now = (before - frozenset(not_late)) | frozenset(late)
    if now != before:
        write_atomically(_path(class_folder, assignment), json.dumps(sorted(now)) + "\n")
