"""nbgrader's gradebook: one writer, and words where it cannot be used."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from nbgrader import utils
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry, Student
from nbgrader.preprocessors import SaveCells
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, OperationalError

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.coursework import Asked
from autograder.authoring.material import Material
from autograder.authoring.nbgrader_config import put_programs_on_path
from autograder.authoring.nbgrader_database import write_database
from autograder.classroom.class_folder import ClassFolder
from autograder.errors import CourseError
from autograder.files import needing_room

BACKUPS = 10
"""How many copies are kept."""
_COPY = re.compile(r"gradebook-[0-9]{5}\.db")
"""What our copies are called; others, such as somebody's own copy of a day, are not ours."""
_PATIENCE = 60
"""Seconds that a backup waits for a gradebook that is locked."""
_LOOKED_UP = (
    ("submitted_assignment", "student_id"),
    ("submitted_notebook", "assignment_id"),
    ("grade", "notebook_id"),
    ("comment", "notebook_id"),
)
"""Columns by which a student's rows are found.

nbgrader's own indices begin with another column, so that the whole table is read for each student:
of 10,000 that is more than judging them takes.
"""
_ADVICE = (
    "If it is damaged, restore it from backups/, or move it away and run `autograder grade` again: "
    "scores are made anew from the evidence, but manual grades and comments are only there"
)


class UnusableGradebook(CourseError):
    """The gradebook cannot be opened, read or written."""


class ChangedAssignment(CourseError):
    """The cells of an assignment changed after students had submitted."""


@contextmanager
def open_gradebook(class_folder: ClassFolder) -> Iterator[Gradebook]:
    """Open the class's gradebook, creating it where there is none.

    Raises
    ------
    UnusableGradebook
        The file is no gradebook, is locked, or cannot be written.
    """
    path = class_folder.gradebook_path
    put_programs_on_path()
    try:
        _ensure_whole(path)
        with Gradebook(class_folder.gradebook_url) as gradebook:
            yield gradebook
    except (DatabaseError, InvalidEntry) as error:
        if not cannot_be_used(error):
            raise
        words = str(error).partition("\n")[0]
        raise UnusableGradebook(
            f"{path} cannot be used as a gradebook: {words}. {_ADVICE}"
        ) from error


def _ensure_whole(path: Path) -> None:
    """Make a gradebook where there is none: all its tables and its version, or no file."""
    if path.exists():
        return
    part = path.with_suffix(".part")
    with needing_room(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    _remove_database(part)
    try:
        write_database(part)
        part.replace(path)
    finally:
        _remove_database(part)


def _remove_database(path: Path) -> None:
    """Remove a database, also one whose writer was killed: its journal would spoil the next."""
    for each in (path, path.with_name(f"{path.name}-journal")):
        each.unlink(missing_ok=True)


def cannot_be_used(error: Exception) -> bool:
    """Return whether an error is about the gradebook itself, not about what was written."""
    if isinstance(error, InvalidEntry):  # nbgrader's own word for some errors of the database
        return isinstance(error.__context__, OperationalError)
    return isinstance(error, DatabaseError)


def ensure_assignment(class_folder: ClassFolder, work: Asked) -> None:
    """Write the assignment's cells into the gradebook, as generate_assignment does.

    Raises
    ------
    UnusableGradebook, ChangedAssignment
    """
    for sheet in work.sheets:
        _ensure_notebook(class_folder, sheet)
    with open_gradebook(class_folder) as gradebook, gradebook.engine.begin() as connection:
        for table, column in _LOOKED_UP:
            connection.execute(
                text(f"CREATE INDEX IF NOT EXISTS ix_{table}_{column} ON {table} ({column})")
            )


def _ensure_notebook(class_folder: ClassFolder, material: Material) -> None:
    assignment = material.assignment
    resources = {
        "nbgrader": {
            "notebook": assignment.notebook_name,
            "assignment": assignment.name,
            "db_url": class_folder.gradebook_url,
        }
    }
    with open_gradebook(class_folder) as gradebook:
        gradebook.update_or_create_assignment(assignment.name, **_course_of(gradebook, material))
        if _is_current(gradebook, material):
            return
        try:
            SaveCells().preprocess(material.derived.master, resources)
        except RuntimeError as error:
            raise ChangedAssignment(
                f"{assignment.name} has questions that the gradebook does not know, or lacks some "
                f"that it knows, and students have submitted: {error}. Grade this class with the "
                "version that it was given, or start another class folder"
            ) from error


def _course_of(gradebook: Gradebook, material: Material) -> dict[str, str]:
    """Return the course that nbgrader's settings name, known to the gradebook; where they do."""
    settings = material.config.CourseDirectory if material.config is not None else {}
    course_id = settings.get("course_id", "")
    if not course_id:
        return {}
    gradebook.check_course(course_id)
    return {"course_id": course_id}


def _is_current(gradebook: Gradebook, material: Material) -> bool:
    """Return whether the gradebook holds the assignment's cells as they are."""
    try:
        notebook = gradebook.find_notebook(
            material.assignment.notebook_name, material.assignment.name
        )
    except MissingEntry:
        return False
    known = {cell.name: cell.source for cell in notebook.source_cells}
    marked = (*notebook.grade_cells, *notebook.task_cells)
    points = {cell.name: float(cell.max_score) for cell in marked}
    ours = {grade_id_of(cell): cell for cell in material.derived.master.cells if grade_id_of(cell)}
    return known == {name: cell.source for name, cell in ours.items()} and points == {
        name: float(cell.metadata.nbgrader["points"])
        for name, cell in ours.items()
        if utils.is_grade(cell) or utils.is_task(cell)
    }


def back_up(class_folder: ClassFolder) -> Path | None:
    """Copy the gradebook as it is before a run; the last few copies are kept.

    Returns
    -------
    copy
        None where there is no gradebook yet.

    Raises
    ------
    UnusableGradebook
    """
    path = class_folder.gradebook_path
    if not path.exists():
        return None
    folder = class_folder.path / "backups"
    with needing_room(folder):
        folder.mkdir(exist_ok=True)
    copies = sorted(path for path in folder.iterdir() if _COPY.fullmatch(path.name))
    number = int(copies[-1].stem.rpartition("-")[2]) + 1 if copies else 1
    copies = [path for path in copies if path.is_file()]
    copy = folder / f"gradebook-{number:05}.db"
    part = folder / "gradebook.part"
    _remove_database(part)
    try:
        with (
            # Not only for reading: the journal of a run that was killed is played back first.
            closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new, progress=_giving_up_after(_PATIENCE))
    except sqlite3.Error as error:
        _remove_database(part)
        raise UnusableGradebook(f"{path} cannot be backed up: {error}. {_ADVICE}") from error
    part.replace(copy)
    for old_copy in copies[: max(0, len(copies) + 1 - BACKUPS)]:
        old_copy.unlink()
    return copy


def _giving_up_after(seconds: float) -> Callable[[int, int, int], None]:
    """Return what ends a backup that finds the gradebook locked for so long."""
    deadline = time.monotonic() + seconds

    def look(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise sqlite3.OperationalError(f"it has been locked for {seconds:g} s")

    return look


def registered(class_folder: ClassFolder) -> list[str]:
    """Return everybody whom the gradebook knows, by ``nbgrader db student`` or by submissions."""
    with open_gradebook(class_folder) as gradebook:
        return sorted(student for (student,) in gradebook.db.query(Student.id))


def scores(class_folder: ClassFolder, assignment: str) -> dict[str, float]:
    """Return every student's score in the gradebook."""
    with open_gradebook(class_folder) as gradebook:
        return {
            submission.student.id: float(submission.score)
            for submission in gradebook.assignment_submissions(assignment)
        }
