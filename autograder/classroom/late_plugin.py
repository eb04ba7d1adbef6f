"""The rules of ``class.toml`` as nbgrader's late policy, for courses that run its own steps.

`autograder grade` and the steps that we put into ``nbgrader autograde`` need no plugin. A course
that keeps nbgrader's ``AssignLatePenalties`` gives the same marks with, in ``nbgrader_config.py``::

    c.AssignLatePenalties.plugin_class = "autograder.classroom.late_plugin.ClassLatePolicy"
"""

from __future__ import annotations

import functools
from pathlib import Path

from nbgrader.plugins import LateSubmissionPlugin
from sqlalchemy import make_url
from traitlets import Unicode

from autograder.authoring.course import Course
from autograder.authoring.coursework import Asked, load_coursework
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.scoring import ScoreWriter
from autograder.classroom.terms import Terms


@functools.lru_cache(maxsize=8)
def _work(root: Path, assignment: str) -> Asked:
    return load_coursework(Course.at(root).assignment(assignment))


class ClassLatePolicy(LateSubmissionPlugin):  # type: ignore[misc]
    """Takes off what the class's file says; as nbgrader's own plugin in a class without one."""

    course_root = Unicode(help="the course's folder; that of the gradebook without it").tag(
        config=True
    )

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return what is taken off a notebook: of several, each bears its share.

        Raises
        ------
        BrokenClassFile
        """
        step = self.parent
        folder = Path(make_url(step.db_url).database or "").parent
        work = _work(Path(self.course_root or folder), step.assignment_id)
        terms = Terms.of(ClassFolder(folder), work)
        if terms is None:
            theirs: float | None = super().late_submission_penalty(
                student_id, score, total_seconds_late
            )
            return theirs
        standing = terms.applied(ScoreWriter(step.gradebook, work), student_id)
        there = sum(cell.points for cell in standing.cells) if standing else 0.0
        if standing is None or not there:
            return None
        return round((there - standing.total) * score / there, 2)
