"""The rules of a class, put to a submission: its final mark, for our screens and for nbgrader's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from autograder.authoring.coursework import Asked
from autograder.authoring.stretch import marked_cells, question_of
from autograder.classroom.called_late import called_late
from autograder.classroom.class_file import (
    BrokenClassFile,
    ClassFile,
    class_file_path,
    read_class_file,
)
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.final_mark import final_mark, lateness_of
from autograder.classroom.scoring import ScoreWriter, Standing


@dataclass(frozen=True)
class Terms:
    """The rules of a class for one assignment.

    Parameters
    ----------
    rules
        Of the class.
    assignment
        Its name.
    stretch
        The grade_ids of the cells that belong to the stretch.
    late
        Whom the platform calls late, without saying when they came.
    """

    rules: ClassFile
    assignment: str
    stretch: frozenset[str]
    late: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, class_folder: ClassFolder, work: Asked, students: Sequence[str] | None = None
    ) -> Terms | None:
        """Return the rules of a class for an assignment, None where it has no file.

        Parameters
        ----------
        class_folder, work
            Which.
        students
            Who is in the class, so that nobody else is named in its file; None where that need
            not be looked at.

        Raises
        ------
        BrokenClassFile
        """
        rules = read_class_file(class_folder, work.assignment.course, students)
        if rules is None:
            return None
        name = work.assignment.name
        late = called_late(class_folder, name)
        cells, wanted = marked_cells(work), rules.of(name).stretch
        if wanted is None:
            stretch = frozenset(cell for cell, inside in cells.items() if inside)
            return cls(rules, name, stretch, late)
        questions = {cell: question_of(cell) for cell in cells}
        unknown = sorted(set(wanted) - set(questions.values()))
        if unknown:
            raise BrokenClassFile(
                f"{class_file_path(class_folder)}: assignments.{name}.stretch: there is no "
                f"question {', '.join(unknown)}. There are: {', '.join(questions.values())}"
            )
        stretch = frozenset(cell for cell, which in questions.items() if which in wanted)
        return cls(rules, name, stretch, late)

    def applied(self, writer: ScoreWriter, student: str) -> Standing | None:
        """Return what the gradebook says of a submission, with its final mark."""
        standing = writer.standing(student)
        if standing is None:
            return None
        lateness = lateness_of(self.rules, self.assignment, student, writer.times(student))
        if lateness.came is None and student in self.late:
            lateness = replace(lateness, unknown=True)
        mark = final_mark(
            standing.cells,
            self.stretch,
            self.rules.counts,
            self.rules.late_policy(self.assignment),
            lateness,
            sum(written.points is None for written in standing.written),
        )
        return replace(
            standing, total=mark.points, max_total=mark.full, penalty=mark.taken_off, final=mark
        )

    def settle(self, writer: ScoreWriter, student: str) -> None:
        """Write deadline and penalty into the gradebook, so that nbgrader's total is the mark."""
        standing = self.applied(writer, student)
        if standing is None or standing.final is None:
            return
        there = sum(cell.points for cell in standing.cells)
        due = _as_kept(self.rules.due(self.assignment))
        extended = _as_kept(self.rules.due_for(self.assignment, student))
        writer.settle(student, due, extended, round(there - standing.final.points, 2))


def standing_of(terms: Terms | None, writer: ScoreWriter, student: str) -> Standing | None:
    """Return what the gradebook says of a submission, with a final mark where there are rules."""
    return writer.standing(student) if terms is None else terms.applied(writer, student)


def _as_kept(moment: datetime | None) -> datetime | None:
    """Return a time as nbgrader keeps it: in UTC, without a zone."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
