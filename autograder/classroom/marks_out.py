"""Writes the marks of a class into a file for another program: for our command and nbgrader's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from autograder.authoring.coursework import Asked
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.exports import Export, Format, exported
from autograder.classroom.marks import Marks, marks_of
from autograder.classroom.roster import enrol
from autograder.classroom.set_elsewhere import begin_run
from autograder.files import write_atomically


@dataclass(frozen=True)
class Order:
    """What is to be written.

    Parameters
    ----------
    format
        For which program.
    given
        The file that Canvas or Moodle gave.
    column
        Of Canvas's gradebook, where the title does not say which.
    zeros
        Whether who has not submitted gets 0.
    students
        Only theirs; everybody's where it is empty.
    """

    format: Format
    given: Path | None = None
    column: str | None = None
    zeros: bool = False
    students: frozenset[str] = frozenset()


def write_marks(
    class_folder: ClassFolder, work: Asked, order: Order, to: Path | None = None
) -> tuple[Marks, Export, Path]:
    """Write marks as the rules of the class have them now; return them, the file, and its place.

    Parameters
    ----------
    class_folder, work, order
        The class, the assignment, and what is wanted.
    to
        Where to; None is the class's folder of exports.

    Raises
    ------
    CannotExport, UnreadableTable, NothingGraded, BrokenClassFile, BrokenRoster, UnusableGradebook
    """
    begin_run(class_folder)
    enrol(class_folder)
    marks = marks_of(class_folder, work)
    if order.students:
        wanted = (mark for mark in marks.each if mark.person.student in order.students)
        marks = replace(marks, each=tuple(wanted))
    made = exported(marks, order.format, order.given, order.column, order.zeros)
    name = f"{work.assignment.name}-{order.format.value}.csv"
    path = to or class_folder.path / "exports" / name
    write_atomically(path, made.text, mode=0o600)
    return marks, made, path
