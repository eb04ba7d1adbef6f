"""Finds submissions that lie where none is looked for, or whose folders have names beyond use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.plain import plain_text

LONGEST = 200
"""Bytes of a student's name: files of ours are named after it, with what is put around it."""


def unusable(name: str) -> str | None:
    """Return why a student's folder cannot be graded under its name, None if it can.

    Parameters
    ----------
    name
        The folder's name, which is the student's.
    """
    length = len(os.fsencode(name))
    if length > LONGEST:
        return f"Its folder's name has {length} bytes; at most {LONGEST} can be used. Rename it"
    if not name.isprintable():  # so are bytes that are no UTF-8
        return "Its folder's name has characters that cannot be shown, or is no UTF-8. Rename it"
    return None


def misplaced(submitted: Path, assignment: str) -> Iterator[tuple[str, str]]:
    """Yield whose submissions of an assignment are not graded where they lie, and why.

    Parameters
    ----------
    submitted
        The folder ``submitted`` of a class; it need not exist.
    assignment
        The assignment's name.
    """
    for folder in sorted(submitted.iterdir()) if submitted.is_dir() else ():
        if folder.is_symlink():
            continue
        if not folder.is_dir():
            if folder.suffix.lower() == ".ipynb":
                yield _shown(folder.name), f"It lies beside the folders. {_expected(assignment)}."
        elif (folder / assignment).is_dir():
            if (reason := unusable(folder.name)) is not None:
                yield _shown(folder.name), f"{reason}."
        elif (found := _elsewhere(folder, assignment)) is not None:
            yield _shown(folder.name), f"There is {found}. {_expected(assignment)}."


def _elsewhere(folder: Path, assignment: str) -> str | None:
    """Return what there is in a student's folder instead of one for the assignment."""
    for path in sorted(folder.iterdir()):
        if path.name.casefold().strip() == assignment.casefold():
            return f"{_shown(path.name)!r} instead of {assignment!r}"
        if path.suffix.lower() == ".ipynb" and path.is_file():
            return f"{_shown(path.name)} in the student's own folder"
    return None


def _expected(assignment: str) -> str:
    return f"Expected submitted/<student>/{assignment}/. Move it there"


def _shown(name: str) -> str:
    """Return a name that can be written anywhere, cut where it is long."""
    plain = plain_text(os.fsencode(name).decode("utf-8", "replace"))
    return plain if len(plain) <= LONGEST else f"{plain[:60]}…"
