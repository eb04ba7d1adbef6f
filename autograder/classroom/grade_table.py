"""What `nbgrader export` writes: its own columns, as CSV that a spreadsheet reads as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from autograder.classroom.spreadsheets import defused
from autograder.files import write_atomically

_COLUMNS = (
    "assignment duedate timestamp student_id last_name first_name email raw_score "
    "late_submission_penalty score max_score"
).split()


class GradeTable(ExportPlugin):  # type: ignore[misc]
    """Writes every student's score in every assignment, to ``--to`` or ``grades.csv``."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table of a gradebook."""
        written = io.StringIO()
        writer = csv.DictWriter(written, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in self._rows(gradebook):
            shown = {name: "" if value is None else value for name, value in row.items()}
            writer.writerow(
                {name: defused(v) if isinstance(v, str) else v for name, v in shown.items()}
            )
        destination = Path(self.to or "grades.csv")
        self.log.info("Exporting grades to %s", destination)
        write_atomically(destination, written.getvalue())

    def _rows(self, gradebook: Gradebook) -> Iterator[dict[str, Any]]:
        """Yield the rows that were asked for, with a score of 0 for what was not submitted."""
        assignments, students = map(str, self.assignment), map(str, self.student)
        wanted_assignments, wanted_students = set(assignments), set(students)
        for assignment in gradebook.assignments:
            if wanted_assignments and assignment.name not in wanted_assignments:
                continue
            for student in gradebook.students:
                if wanted_students and student.id not in wanted_students:
                    continue
                yield {
                    "assignment": assignment.name,
                    "duedate": assignment.duedate,
                    "student_id": student.id,
                    "last_name": student.last_name,
                    "first_name": student.first_name,
                    "email": student.email,
                    "max_score": assignment.max_score,
                    **_scores(gradebook, assignment.name, student.id),
                }


def _scores(gradebook: Gradebook, assignment: str, student: str) -> dict[str, Any]:
    try:
        submission = gradebook.find_submission(assignment, student)
    except MissingEntry:
        return {"timestamp": "", "raw_score": 0.0, "late_submission_penalty": 0.0, "score": 0.0}
    penalty = submission.late_submission_penalty
    return {
        "timestamp": submission.timestamp,
        "raw_score": submission.score,
        "late_submission_penalty": penalty,
        "score": max(0.0, submission.score - (penalty or 0.0)),
    }
