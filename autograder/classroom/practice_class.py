"""A class before its deadline: an exam of practice cases, with a secret of its own.

::

    class/practice/
      secret.json                               the seed of what is asked before the deadline
      evidence/<assignment>/<student>.json      what came back from running the newest submission
      answered/<assignment>/<student>/*.json    one an answer: what the student was told, and when
      feedback/<student>/<assignment>/          what the student reads now

The class's own secret is never read here. Whatever a student's code, a page or a time gives away is
of practice cases, which nobody is marked on.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.authoring.beside import assignment_files
from autograder.authoring.conventions import cell_of, grade_id_of
from autograder.authoring.coursework import Asked, Coursework
from autograder.authoring.material import Material
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.program import kept_answers
from autograder.classroom.session import Session, Sitting, joined
from autograder.errors import CourseError
from autograder.judging.exam import draw_exam, practice_exam


class NothingToPractise(CourseError):
    """An assignment none of whose questions has a check."""


@dataclass(frozen=True)
class PracticeFolder(ClassFolder):
    """What is kept of a class before its deadline.

    Parameters
    ----------
    path
        The folder.
    of
        The class, in whose folder the submissions lie.
    """

    of: ClassFolder

    @classmethod
    def in_class(cls, class_folder: ClassFolder) -> PracticeFolder:
        """Return the one of a class."""
        return cls(class_folder.path / "practice", class_folder)

    def submitted(self, assignment: str, student: str) -> Path:
        """Return the folder that a student submitted to the class."""
        return self.of.submitted(assignment, student)

    def answered(self, assignment: str, student: str) -> Path:
        """Return the folder of what a student was told."""
        return self.path / "answered" / assignment / student


def practice_sitting(work: Asked, class_folder: ClassFolder) -> Session | Sitting:
    """Draw a class's practice exam of an assignment.

    Raises
    ------
    NothingToPractise
    """
    if not any(sheet.checked for sheet in work.sheets):
        raise NothingToPractise(
            f"{work.assignment.name} has no question with a check: its asserts would say what the "
            "marks are made of. Grade it after the deadline: autograder grade "
            f"{work.assignment.name}"
        )
    folder = PracticeFolder.in_class(class_folder)
    sheets = tuple(map(_as_released, work.sheets))
    if isinstance(work, Coursework):
        work = replace(work, sheets=sheets)
    return joined(work, [_session(sheet, folder) for sheet in sheets])


def _session(sheet: Material, folder: PracticeFolder) -> Session:
    checked = replace(sheet, asserted=())
    drawn = draw_exam(checked, folder.secret(), kept_answers(checked, folder.answers))
    return Session(sheet, folder, practice_exam(drawn), files=assignment_files(sheet.assignment))


def _as_released(sheet: Material) -> Material:
    """Return a notebook whose questions without a check have lost what students have not seen."""
    if not sheet.asserted:
        return sheet
    released = {grade_id_of(cell): cell.source for cell in sheet.derived.release.cells}
    hidden = {cell_of(question) for question in sheet.asserted}
    notebook = copy.deepcopy(sheet.notebook)
    for cell in notebook.cells:
        if grade_id_of(cell) in hidden:
            cell.source = released[grade_id_of(cell)]
    return replace(sheet, notebook=notebook)
