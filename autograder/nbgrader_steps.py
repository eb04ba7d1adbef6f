"""Our steps as nbgrader preprocessors, so that its own commands give the same scores.

`nbgrader autograde` and the formgrader's button make two passes over a submission. In the first,
`LenientExporter` and `Stage` read it and put our cells back; in the second, `Execute` and `Judge`
run it and write the number of points into each graded cell, where nbgrader's SaveAutoGrades finds
it.
"""

from __future__ import annotations

import functools
import hashlib
from html import escape
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.class_folder import ClassFolder
from autograder.course import Course
from autograder.engine.isolation import safe_mode
from autograder.engine.limits import Limits
from autograder.engine.run import Mode, execute
from autograder.feedback import write_feedback
from autograder.grading import (
    Session,
    leave_receipt,
    prepare,
    to_evidence,
    unreadable,
    with_scores,
)
from autograder.harmless import harmless
from autograder.judging import judge_all
from autograder.material import load_material
from autograder.receipt import submission_time
from autograder.results import write_evidence, write_verdicts

_OURS = "nextword"
Resources = dict[str, Any]


def _cold() -> Mode:
    """Return cold mode, having seen that there is a sandbox."""
    safe_mode()
    return Mode.COLD


class CourseStep(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that knows the course and the class; `nbgrader_setup` tells it."""

    course_root = Unicode(help="the course's folder").tag(config=True)
    class_path = Unicode(help="the class folder").tag(config=True)

    def session(self, resources: Resources) -> Session:
        """Return the session of the assignment that is being graded."""
        assignment = resources["nbgrader"]["assignment"]
        solution = Course.at(Path(self.course_root)).assignment(assignment).text_path
        fingerprint = hashlib.sha256(solution.read_bytes()).hexdigest()
        return _session(self.course_root, self.class_path, assignment, fingerprint)


@functools.lru_cache(maxsize=8)
def _session(root: str, class_path: str, assignment: str, fingerprint: str) -> Session:
    # The fingerprint is in the signature so that an edited solution is another session.
    material = load_material(Course.at(Path(root)).assignment(assignment))
    return Session.of(material, ClassFolder(Path(class_path)))


class Stage(CourseStep):
    """Reads the submission from its folder and puts the trusted cells back."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the staged notebook; what came in is not looked at."""
        student = resources["nbgrader"]["student"]
        submission, staged, remarks, key = prepare(self.session(resources), student, Limits())
        staged.metadata[_OURS] = {
            "key": key,
            "remarks": list(remarks),
            "readable": submission.readable,
        }
        return staged, resources


class Execute(CourseStep):
    """Runs the staged notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the executed notebook; the evidence goes on in the resources."""
        session, staged = self.session(resources), nb.metadata.pop(_OURS)
        key, remarks = staged["key"], tuple(staged["remarks"])
        if staged["readable"]:
            execution = execute(nb, session.exam.inputs, Limits(), _cold())
            evidence = to_evidence(execution, key, remarks)
        else:
            evidence = unreadable(session, key, nb, remarks)
        resources[_OURS] = evidence
        return evidence.notebook, resources


class Judge(CourseStep):
    """Judges the evidence and writes the points into the graded cells."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook with scores, having kept evidence, verdicts and feedback."""
        session, evidence = self.session(resources), resources.pop(_OURS)
        student, folder = resources["nbgrader"]["student"], session.class_folder
        verdicts = judge_all(session.exam, evidence)
        write_evidence(folder.evidence_path(session.name, student), evidence)
        _, about_time = submission_time(folder.submitted(session.name, student))
        remarks = (*evidence.remarks, *about_time)
        write_verdicts(folder.verdict_path(session.name, student), verdicts, remarks)
        write_feedback(
            folder.feedback_path(session.name, student, session.notebook_name),
            session.material,
            student,
            verdicts,
            remarks,
        )
        leave_receipt(session, student)
        return harmless(with_scores(nb, verdicts, session.material)), resources


class Harmless(NbGraderPreprocessor):  # type: ignore[misc]
    """Makes a notebook harmless that is about to be shown, and the words around it."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook to show; names in the resources are escaped for the template."""
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        return harmless(nb), resources


class LenientExporter(NotebookExporter):
    """Leaves a student's file to `Stage`, which reads anything, so that one stops nobody else."""

    def from_filename(
        self, filename: str, resources: Resources | None = None, **kw: Any
    ) -> tuple[NotebookNode, Resources]:
        """Convert our own staged notebook from its file, a student's from an empty one."""
        if any(isinstance(step, Stage) for step in self._preprocessors):
            convert: Any = self.from_notebook_node
            return convert(new_notebook(), resources, **kw)  # type: ignore[no-any-return]
        return super().from_filename(filename, resources, **kw)
