"""Grades a class: stage, execute, judge, record, feedback."""

from __future__ import annotations

import copy
import hashlib
import json
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook

from autograder import gradebook as books
from autograder.class_folder import ClassFolder
from autograder.conventions import GRADED, grade_id_of, split_grade_id
from autograder.exam import Exam, draw_exam
from autograder.execute import Execution, Limits, execute
from autograder.feedback import write_feedback
from autograder.files import write_atomically
from autograder.judge import Verdict, judge
from autograder.material import Material
from autograder.results import (
    Evidence,
    NoEvidence,
    read_evidence,
    write_evidence,
    write_verdicts,
)
from autograder.stage import stage
from autograder.submission import Submission, read_submission

ENGINE = "kernel-1"
"""Changes when the same submission could give other evidence."""


@dataclass(frozen=True)
class Graded:
    """What grading one submission came to.

    Parameters
    ----------
    student
        Whose it is.
    verdicts
        One a question; empty where the submission could not be run at all.
    remarks
        For student and staff.
    failure
        Why it could not be run: a fault of the machine or of the course, not of the student.
    reused
        Whether the evidence of an earlier run was still good.
    """

    student: str
    verdicts: tuple[Verdict, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str | None = None
    reused: bool = False

    @property
    def points(self) -> float:
        """The points of all questions together."""
        return sum(verdict.points for verdict in self.verdicts)


@dataclass(frozen=True)
class Session:
    """One class's run over one assignment."""

    material: Material
    class_folder: ClassFolder
    exam: Exam

    @classmethod
    def of(cls, material: Material, class_folder: ClassFolder) -> Session:
        """Draw the class's exam and see that the gradebook knows the assignment."""
        books.ensure_assignment(class_folder, material)
        return cls(material, class_folder, draw_exam(material, class_folder.secret()))

    @property
    def name(self) -> str:
        """The assignment's name."""
        return self.material.assignment.name

    @property
    def notebook_name(self) -> str:
        """The notebook's name."""
        return self.material.assignment.notebook_name


def grade(
    session: Session,
    students: Sequence[str],
    workers: int,
    limits: Limits | None = None,
    force: bool = False,
) -> Iterator[Graded]:
    """Grade submissions, yielding each as soon as it is recorded.

    Parameters
    ----------
    session
        The class and the assignment.
    students
        Whose submissions.
    workers
        How many notebooks run at the same time.
    limits
        What one submission may use.
    force
        Run also what has not changed since it was last run.
    """
    limits = limits or Limits()
    with books.open_gradebook(session.class_folder) as gradebook, _pool(workers) as pool:
        for student, evidence, reused in _gather(session, students, pool, limits, force):
            if isinstance(evidence, str):
                yield Graded(student, failure=evidence)
            else:
                yield _settle(session, gradebook, student, evidence, reused)


def rejudge(session: Session, students: Iterable[str]) -> Iterator[Graded]:
    """Judge and record again from the evidence kept, without running any student's code."""
    with books.open_gradebook(session.class_folder) as gradebook:
        for student in students:
            path = session.class_folder.evidence_path(session.name, student)
            try:
                evidence = read_evidence(path)
            except NoEvidence as error:
                yield Graded(student, failure=str(error))
            else:
                yield _settle(session, gradebook, student, evidence, reused=True)


def _pool(workers: int) -> Executor:
    # Spawned, not forked: the coordinator has threads, and a fork of them may hang.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _gather(
    session: Session, students: Sequence[str], pool: Executor, limits: Limits, force: bool
) -> Iterator[tuple[str, Evidence | str, bool]]:
    """Yield each student's evidence, or why there is none, and whether it was there already."""
    running: dict[Future[Execution], tuple[str, str, tuple[str, ...]]] = {}
    for student in students:
        submission, staged, remarks, key = prepare(session, student, limits)
        kept = None if force else _kept(session, student, key)
        if kept is not None:
            yield student, kept, True
        elif not submission.readable:
            evidence = unreadable(session, key, staged, remarks)
            write_evidence(session.class_folder.evidence_path(session.name, student), evidence)
            yield student, evidence, False
        else:
            future = pool.submit(execute, staged, session.exam.inputs, limits)
            running[future] = (student, key, remarks)
    for future in as_completed(running):
        student, key, remarks = running[future]
        try:
            evidence = to_evidence(future.result(), key, remarks)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still graded
            yield student, f"It could not be run: {type(error).__name__}: {error}", False
            continue
        write_evidence(session.class_folder.evidence_path(session.name, student), evidence)
        yield student, evidence, False


def prepare(
    session: Session, student: str, limits: Limits
) -> tuple[Submission, NotebookNode, tuple[str, ...], str]:
    """Read and stage a submission; return it, the notebook to run, remarks, and the key."""
    folder = session.class_folder.submitted(session.name, student)
    submission = read_submission(folder, session.notebook_name)
    staged, remarks = stage(submission.notebook, session.material.derived)
    content = [ENGINE, submission.digest, nbformat.writes(staged), session.exam.inputs]
    key = hashlib.sha256(json.dumps([*content, asdict(limits)]).encode()).hexdigest()
    return submission, staged, (*submission.remarks, *remarks), key


def to_evidence(execution: Execution, key: str, remarks: tuple[str, ...]) -> Evidence:
    """Return what is kept of an execution."""
    return Evidence(
        key,
        execution.notebook,
        execution.evidence,
        execution.absences,
        (*remarks, *execution.incidents),
    )


def unreadable(
    session: Session, key: str, staged: NotebookNode, remarks: tuple[str, ...]
) -> Evidence:
    """Return what is kept of a submission that could not be read: nothing for any question."""
    absences = {kit.name: "There was no notebook to grade." for kit in session.material.kits}
    return Evidence(key, staged, {}, absences, remarks)


def _kept(session: Session, student: str, key: str) -> Evidence | None:
    try:
        evidence = read_evidence(session.class_folder.evidence_path(session.name, student))
    except NoEvidence:
        return None
    return evidence if evidence.key == key else None


def _settle(
    session: Session, gradebook: Gradebook, student: str, evidence: Evidence, reused: bool
) -> Graded:
    """Judge, record, and write what student and staff get to see."""
    verdicts = judge_all(session.exam, evidence)
    notebook = with_scores(evidence.notebook, verdicts, session.material)
    folder, name = session.class_folder, session.name
    write_atomically(
        folder.autograded_path(name, student, session.notebook_name), nbformat.writes(notebook)
    )
    timestamp = folder.submitted(name, student) / "timestamp.txt"
    books.record(gradebook, session.material, student, notebook, verdicts, timestamp)
    write_verdicts(folder.verdict_path(name, student), verdicts, evidence.remarks)
    write_feedback(
        folder.feedback_path(name, student, session.notebook_name),
        session.material,
        student,
        verdicts,
        evidence.remarks,
    )
    return Graded(student, verdicts, evidence.remarks, reused=reused)


def judge_all(exam: Exam, evidence: Evidence) -> tuple[Verdict, ...]:
    """Return the verdicts on all questions, in order."""
    return tuple(
        judge(
            question,
            evidence.evidence.get(question.kit.name, ()),
            evidence.absences.get(question.kit.name, ""),
        )
        for question in exam.questions
    )


def with_scores(
    notebook: NotebookNode, verdicts: Sequence[Verdict], material: Material
) -> NotebookNode:
    """Return the executed notebook with each graded cell showing its verdict.

    The cell's only result is the number of points, which is how nbgrader reads a score; its source
    is the one that students know, without the hidden line.
    """
    notebook = copy.deepcopy(notebook)
    by_question = {verdict.question: verdict for verdict in verdicts}
    released = {grade_id_of(cell): cell.source for cell in material.derived.release.cells}
    for cell in notebook.cells:
        grade_id = grade_id_of(cell)
        if grade_id is None or split_grade_id(grade_id)[1] != GRADED:
            continue
        verdict = by_question[split_grade_id(grade_id)[0]]
        words = "\n".join(part for part in (verdict.says, verdict.hint) if part) + "\n"
        points = {"text/plain": f"{verdict.points:g}"}
        cell.source = released[grade_id]
        cell.execution_count = 1
        cell.outputs = [
            new_output("stream", name="stdout", text=words),
            new_output("execute_result", data=points, execution_count=1),
        ]
    return notebook
