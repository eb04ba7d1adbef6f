"""One class's run over an assignment: what is staged and judged, and what is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.authoring.beside import assignment_files, with_students
from autograder.authoring.coursework import Asked, Coursework
from autograder.authoring.material import Material
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.program import kept_answers
from autograder.judging.all_cores import on_all_cores
from autograder.judging.exam import Exam, draw_exam


class ClassRun:
    """One class's run over an assignment, or over one of its notebooks."""

    material: Asked
    class_folder: ClassFolder

    @property
    def name(self) -> str:
        """The assignment's name."""
        return self.material.assignment.name

    def submitted(self, student: str) -> Path:
        """Return the folder that a student submitted."""
        return self.class_folder.submitted(self.name, student)

    def result_path(self, student: str) -> Path:
        """Return where what was made of a submission is kept."""
        return self.class_folder.verdict_path(self.name, student)


@dataclass(frozen=True)
class Session(ClassRun):
    """One class's run over one notebook: what is staged, executed and judged.

    Parameters
    ----------
    material, class_folder, exam
        The notebook, the class, and what it is asked.
    siblings
        The names of the assignment's other notebooks.
    files
        What lies beside the assignment's notebooks, by name.
    """

    material: Material
    class_folder: ClassFolder
    exam: Exam
    siblings: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        material: Material,
        class_folder: ClassFolder,
        cache: bool = True,
        exam: Exam | None = None,
        workers: int = 1,
    ) -> Session:
        """Draw the class's exam and see that the gradebook knows the assignment.

        Parameters
        ----------
        material, class_folder
            The notebook and the class.
        cache
            Whether what known answers came to is kept in the class folder, and taken from there.
        exam
            The class's, where it has been drawn already.
        workers
            In how many processes known answers are called at the same time.
        """
        gradebook.ensure_assignment(class_folder, material)
        if exam is None:
            kept = kept_answers(material, class_folder.answers) if cache else None
            secret = class_folder.secret()
            exam = draw_exam(material, secret, kept, on_all_cores(material, secret, workers))
        return cls(material, class_folder, exam, files=assignment_files(material.assignment))

    @property
    def notebook_name(self) -> str:
        """The notebook's name."""
        return self.material.assignment.notebook_name

    @property
    def notebooks(self) -> tuple[Session, ...]:
        """The only one."""
        return (self,)

    def evidence_path(self, student: str) -> Path:
        """Return where the evidence of a notebook is kept."""
        among_others = self.notebook_name if self.siblings else ""
        return self.class_folder.evidence_path(self.name, student, among_others)

    def feedback_path(self, student: str) -> Path:
        """Return where a student's page is written."""
        return self.class_folder.feedback_path(self.name, student, self.notebook_name)

    def beside(self, student: str) -> tuple[Mapping[str, bytes], tuple[str, ...]]:
        """Return the files that lie beside a student's notebook when it is run, and remarks."""
        if not self.material.asserted:
            return self.files, ()
        return with_students(self.files, self.submitted(student))


@dataclass(frozen=True)
class Sitting(ClassRun):
    """One class's run over an assignment of several notebooks: what is recorded and reported.

    Parameters
    ----------
    material, class_folder
        The assignment and the class.
    notebooks
        A session for each notebook.
    """

    material: Coursework
    class_folder: ClassFolder
    notebooks: tuple[Session, ...]

    def feedback_path(self, student: str) -> Path:
        """Return where a student's page is written."""
        return self.class_folder.feedback_path(self.name, student, self.name)


def sitting(
    work: Asked, class_folder: ClassFolder, cache: bool = True, workers: int = 1
) -> Session | Sitting:
    """Draw the class's exams and see that the gradebook knows the assignment; see `Session.of`."""
    sessions = [Session.of(sheet, class_folder, cache, workers=workers) for sheet in work.sheets]
    return joined(work, sessions)


def joined(work: Asked, sessions: Sequence[Session]) -> Session | Sitting:
    """Return the run over an assignment, a session for each of its notebooks being there."""
    if not isinstance(work, Coursework):
        return sessions[0]
    names = [session.notebook_name for session in sessions]
    notebooks = (
        replace(session, siblings=tuple(name for name in names if name != session.notebook_name))
        for session in sessions
    )
    return Sitting(work, sessions[0].class_folder, tuple(notebooks))
