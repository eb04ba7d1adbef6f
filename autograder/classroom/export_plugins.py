r"""What ``autograder export`` writes, as plugins of nbgrader's own export: the same marks.

::

    nbgrader export --assignment 01_counting --to marks.csv \
        --exporter autograder.classroom.export_plugins.Canvas --MarksExport.given=grades.csv
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from sqlalchemy import make_url
from traitlets import Bool, Unicode

from autograder.authoring.course import Course
from autograder.authoring.coursework import load_coursework
from autograder.classroom.class_folder import PATIENCE, ClassFolder, one_run
from autograder.classroom.exports import CannotExport, Format
from autograder.classroom.marks_out import Order, write_marks


class MarksExport(ExportPlugin):  # type: ignore[misc]
    """Writes the final marks of one assignment, all parts of them, for a spreadsheet."""

    format: ClassVar[Format] = Format.csv

    course_root = Unicode(help="the course's folder; nbgrader's without it").tag(config=True)
    class_path = Unicode(help="the class folder; that of the gradebook without it").tag(config=True)
    given = Unicode(help="Canvas's gradebook, or Moodle's grading worksheet").tag(config=True)
    column = Unicode(help="Canvas's column, where the title is another").tag(config=True)
    zeros = Bool(False, help="0 for who has not submitted").tag(config=True)

    def export(self, gradebook: Gradebook) -> None:
        """Write the file, and say what should be known of it.

        Raises
        ------
        CannotExport
            Not just one assignment was named, or the marks do not fit into what was given.
        """
        if len(self.assignment) != 1:
            raise CannotExport(
                f"Expected one assignment, came {len(self.assignment)}. Name it: --assignment "
                "01_counting"
            )
        course = Course.at(Path(self.course_root or self.parent.coursedir.root))
        work = load_coursework(course.assignment(str(self.assignment[0])))
        folder = Path(make_url(self.parent.coursedir.db_url).database or "").parent
        class_folder = ClassFolder(Path(self.class_path) if self.class_path else folder)
        order = Order(
            self.format,
            Path(self.given) if self.given else None,
            self.column or None,
            self.zeros,
            frozenset(map(str, self.student)),
        )
        with one_run(class_folder, PATIENCE):
            _, made, path = write_marks(
                class_folder, work, order, Path(self.to) if self.to else None
            )
        for words in made.remarks:
            self.log.warning("%s", words)
        self.log.info("%d marks written to %s", made.filled, path)


class Csv(MarksExport):
    """All parts of the marks, for a spreadsheet."""


class Canvas(MarksExport):
    """Canvas's gradebook, with the one column filled."""

    format = Format.canvas


class Moodle(MarksExport):
    """Moodle's grading worksheet, filled."""

    format = Format.moodle


class MoodleGradebook(MarksExport):
    """A table for Moodle's gradebook import."""

    format = Format.moodle_gradebook


class Gradescope(MarksExport):
    """A list to merge with Gradescope's grades."""

    format = Format.gradescope
