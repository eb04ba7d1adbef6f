"""Writes a small course to begin with: a lecture, and an assignment of two questions."""

from __future__ import annotations

import shutil
from pathlib import Path

from autograder.authoring import pairs
from autograder.authoring.course import Course
from autograder.errors import CourseError

_TEMPLATE = Path(__file__).parent / "templates" / "course"
_HIDDEN = {"gitignore": ".gitignore"}
"""Files that would do something here already under the names that they get."""


class FolderInUse(CourseError):
    """A course would be written where something is."""


def new_course(folder: Path) -> Course:
    """Write a course that can be released, verified and graded at once, and return it.

    Parameters
    ----------
    folder
        Where to: a new or an empty folder.

    Raises
    ------
    FolderInUse
        Nothing has been written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderInUse(
            f"{folder} is not empty. A course is written into a new folder, so that nothing is lost"
        )
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_TEMPLATE, folder, ignore=ignored, dirs_exist_ok=True)
    for name, real in _HIDDEN.items():
        (folder / name).rename(folder / real)
    course = Course.at(folder)
    for text_path in pairs.pairs(course):
        pairs.sync(text_path, pairs.Step.FROM_TEXT)
    return course
