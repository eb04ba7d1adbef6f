"""Our steps as nbgrader preprocessors, so that its own commands give the same scores.

`nbgrader autograde` and the formgrader's button make two passes over a submission. In the first,
`LenientExporter` and `Stage` read it and put our cells back; in the second, `Execute` runs it, and
`Judge` judges and records it as `autograder grade` does, late penalty included. During each pass
no other run is at work on the class.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.classroom import gradebook
from autograder.classroom.class_folder import PATIENCE, AnotherRun, ClassFolder, one_run
from autograder.classroom.gathering import (
    Origin,
    keep_evidence,
    origin,
    prepare,
    to_evidence,
    unreadable,
)
from autograder.classroom.harmless import harmless
from autograder.classroom.program import program_folders
from autograder.classroom.recording import record
from autograder.classroom.scoring import ScoreWriter
from autograder.classroom.session import Session
from autograder.classroom.set_elsewhere import begin_run
from autograder.errors import CourseError
from autograder.guest.sight import code_digest
from autograder.sandbox.dispatch import execute_or_retry
from autograder.sandbox.isolation import safe_mode
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode

_OURS = "autograder"
Resources = dict[str, Any]


class StaleProgram(CourseError):
    """The program has changed since this process loaded it."""


def _cold() -> Mode:
    """Return cold mode, having seen that there is a sandbox."""
    safe_mode()
    return Mode.COLD


class CourseStep(NbGraderPreprocessor):  # type: ignore[misc]
    """A step that knows the course and the class; `nbgrader_setup` tells it."""

    course_root = Unicode(help="the course's folder").tag(config=True)
    class_path = Unicode(help="the class folder").tag(config=True)

    @property
    def class_folder(self) -> ClassFolder:
        """The folder of the class."""
        return ClassFolder(Path(self.class_path))

    def session(self, resources: Resources) -> Session:
        """Return the session of the assignment that is being graded.

        Raises
        ------
        StaleProgram
            A check, say, was corrected after the formgrader had started.
        """
        course = Course.at(Path(self.course_root))
        program = program_folders(course)
        if code_digest(program) != _program_at_first(program):
            raise StaleProgram(
                "The checks, or other parts of the course's program, have changed since this "
                "process loaded them. Restart it (Jupyter, where it is the formgrader's button)"
            )
        assignment = resources["nbgrader"]["assignment"]
        solution = Course.at(Path(self.course_root)).assignment(assignment).truth_path
        of = hashlib.sha256(solution.read_bytes()).hexdigest()
        secret = self.class_folder.secret()
        return _session(self.course_root, self.class_path, assignment, of, secret)


@functools.lru_cache(maxsize=8)
def _session(root: str, class_path: str, assignment: str, solution: str, secret: str) -> Session:
    # Solution and secret are in the signature so that where one changes it is another session.
    material = load_material(Course.at(Path(root)).assignment(assignment))
    return Session.of(material, ClassFolder(Path(class_path)))


_program_at_first = functools.cache(code_digest)
"""The digest of the course's program, as it was when this process asked first."""


class Stage(CourseStep):
    """Reads the submission from its folder and puts the trusted cells back."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the staged notebook; what came in is not looked at."""
        student = resources["nbgrader"]["student"]
        submission, staged, remarks, key = prepare(self.session(resources), student, Limits())
        of = origin(self.session(resources).submitted(student), submission.digest)
        staged.metadata[_OURS] = {
            "key": key,
            "remarks": list(remarks),
            "readable": submission.readable,
            "digest": of.digest,
            "time": None if of.time is None else of.time.isoformat(),
            "about_time": list(of.remarks),
        }
        return staged, resources


class Execute(CourseStep):
    """Runs the staged notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the executed notebook; the evidence goes on in the resources."""
        session, staged = self.session(resources), nb.metadata.pop(_OURS)
        key, remarks = staged["key"], tuple(staged["remarks"])
        if staged["readable"]:
            execution = execute_or_retry(nb, session.exam.inputs, Limits(), _cold())
            evidence = to_evidence(execution, key, remarks)
        else:
            evidence = unreadable(session, key, nb, remarks)
        time = None if staged["time"] is None else datetime.fromisoformat(staged["time"])
        of = Origin(staged["digest"], time, tuple(staged["about_time"]))
        student = resources["nbgrader"]["student"]
        resources[_OURS] = keep_evidence(session, student, evidence, of), of.remarks
        return evidence.notebook, resources


class Judge(CourseStep):
    """Judges the evidence, records it, and writes the points into the graded cells."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook with scores."""
        session, (evidence, remarks) = self.session(resources), resources.pop(_OURS)
        student = resources["nbgrader"]["student"]
        with gradebook.open_gradebook(session.class_folder) as gb:
            writer = ScoreWriter(gb, session.material)
            notebooks, _ = record(session, writer, student, [evidence], remarks, self.config)
        return harmless(notebooks[0]), resources


class Harmless(NbGraderPreprocessor):  # type: ignore[misc]
    """Makes a notebook harmless that is about to be shown, and the words around it."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook to show; names in the resources are escaped for the template."""
        for name in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(name), str):
                resources[name] = escape(resources[name])
        return harmless(nb), resources


class LenientExporter(NotebookExporter):
    """Leaves a student's file to `Stage`, which reads anything, so that one stops nobody else.

    nbgrader makes one for each of its runs: it holds the class's lock while it works, and has the
    gradebook copied before the first submission.
    """

    _backed_up = False
    _patience = PATIENCE

    def from_filename(
        self, filename: str, resources: Resources | None = None, **kw: Any
    ) -> tuple[NotebookNode, Resources]:
        """Convert our own staged notebook from its file, a student's from an empty one."""
        step = next((step for step in self._preprocessors if isinstance(step, CourseStep)), None)
        if step is None:
            return super().from_filename(filename, resources, **kw)
        with self._alone(step.class_folder):
            if not any(isinstance(step, Stage) for step in self._preprocessors):
                return super().from_filename(filename, resources, **kw)
            convert: Any = self.from_notebook_node
            return convert(new_notebook(), resources, **kw)  # type: ignore[no-any-return]

    @contextlib.contextmanager
    def _alone(self, class_folder: ClassFolder) -> Iterator[None]:
        """Be the only run at work on a class. Another is waited for once, not for every student."""
        try:
            with one_run(class_folder, self._patience):
                if not self._backed_up:
                    begin_run(class_folder)
                    self._backed_up = True
                yield
        except AnotherRun:
            self._patience = 0.0
            raise
