"""Removes what is known of a class's students when the term is over."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.practice_class import PracticeFolder
from autograder.errors import CourseError

_OF_STUDENTS = (
    "submitted",
    "collected",
    "evidence",
    "verdicts",
    "autograded",
    "feedback",
    "nbgrader_feedback",
    "autograder_feedback",
    "reports",
    "exports",
    "requests",
    "practice",
    "exchange",
    "backups",
    "gradebook.db",
    "roster.csv",
    "class.toml",
    "marks.jsonl",
    "simulated.json",
    "demonstration.json",
)
"""What names students, or was made by them. What stays is the class's secret and known answers."""


class NoClassHere(CourseError):
    """A folder that is no class's, or that is a course's as well."""


@dataclass(frozen=True)
class Remains:
    """What a class folder holds of one kind.

    Parameters
    ----------
    path
        A file or folder.
    files, size
        How many files, and their bytes.
    """

    path: Path
    files: int
    size: int


def personal(class_folder: ClassFolder) -> list[Remains]:
    """Return what a class folder holds of its students.

    Raises
    ------
    NoClassHere
        There is no secret of a class, or the folder is also that of a course of nbgrader's.
    """
    if class_folder.is_nbgraders:
        raise NoClassHere(
            f"{class_folder.path} is a course of nbgrader's and its class in one folder: remove by "
            "hand what names students (submitted/, autograded/, feedback/, gradebook.db, ...)"
        )
    secrets = (class_folder.secret_path, PracticeFolder.in_class(class_folder).secret_path)
    if not any(path.is_file() for path in secrets):
        raise NoClassHere(f"{class_folder.path} is no class folder: it has no secret.json")
    there = [class_folder.path / name for name in _OF_STUDENTS]
    return [_remains(path) for path in there if path.is_symlink() or path.exists()]


def _remains(path: Path) -> Remains:
    if path.is_symlink() or not path.is_dir():
        return Remains(path, 1, path.lstat().st_size)
    files = [each for each in path.rglob("*") if each.is_symlink() or each.is_file()]
    return Remains(path, len(files), sum(each.lstat().st_size for each in files))


def forget(class_folder: ClassFolder) -> None:
    """Remove all of it. Links are removed, not what they lead to.

    Raises
    ------
    NoClassHere
    """
    for remains in personal(class_folder):
        if remains.path.is_symlink() or not remains.path.is_dir():
            remains.path.unlink()
        else:
            shutil.rmtree(remains.path)
