"""Grades a class: stage, execute, judge, record, feedback."""

from __future__ import annotations

import copy
import hashlib
import json
import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader.api import Gradebook

from autograder import gradebook as books
from autograder.class_folder import ClassFolder
from autograder.conventions import GRADED, grade_id_of, split_grade_id
from autograder.errors import CourseError
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
from autograder.submission import Submission, read_submission, submission_time

ENGINE = "kernel-1"
"""Changes when the same submission could give other evidence."""
_ANOTHER_EXAM = (
    "Its evidence answers another exam: the class's secret or a check's draw has changed since it "
    "was run. Run: autograder grade"
)


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
    with books.open_gradebook(session.class_folder) as gradebook:
        for student, evidence, reused in _gather(session, students, workers, limits, force):
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
                continue
            if evidence.key.partition(":")[0] != exam_digest(session.exam):
                yield Graded(student, failure=_ANOTHER_EXAM)
            else:
                yield _settle(session, gradebook, student, evidence, reused=True)


def _pool(workers: int) -> Executor:
    # Spawned, not forked: the coordinator has threads, and a fork of them may hang.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


@dataclass(frozen=True)
class _Job:
    """A submission that has to be run."""

    student: str
    staged: NotebookNode
    key: str
    remarks: tuple[str, ...]


def _gather(
    session: Session, students: Sequence[str], workers: int, limits: Limits, force: bool
) -> Iterator[tuple[str, Evidence | str, bool]]:
    """Yield each student's evidence, or why there is none, and whether it was there already."""
    jobs = []
    for student in students:
        try:
            submission, staged, remarks, key = prepare(session, student, limits)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still graded
            yield student, f"It could not be staged: {type(error).__name__}: {error}", False
            continue
        kept = None if force else _kept(session, student, key)
        if kept is not None:
            yield student, kept, True
        elif not submission.readable:
            evidence = unreadable(session, key, staged, remarks)
            write_evidence(session.class_folder.evidence_path(session.name, student), evidence)
            yield student, evidence, False
        else:
            jobs.append(_Job(student, staged, key, remarks))
    for job, execution in _run_all(jobs, session.exam.inputs, workers, limits):
        if isinstance(execution, str):
            yield job.student, execution, False
            continue
        evidence = to_evidence(execution, job.key, job.remarks)
        write_evidence(session.class_folder.evidence_path(session.name, job.student), evidence)
        yield job.student, evidence, False


def _run_all(
    jobs: Sequence[_Job], inputs: Mapping[str, str], workers: int, limits: Limits
) -> Iterator[tuple[_Job, Execution | str]]:
    """Yield what running each job came to, or why it could not be run.

    A submission that kills the process that runs it takes the whole pool with it. What was lost is
    run again in two halves, and so on, until the one at fault stands alone.
    """
    if not jobs:
        return
    lost = []
    for job, execution in _run_in_pool(jobs, inputs, workers, limits):
        if execution is not None:
            yield job, execution
        elif len(jobs) == 1:
            yield job, "It could not be run: it ended the process that ran it."
        else:
            lost.append(job)
    half = (len(lost) + 1) // 2
    for part in (lost[:half], lost[half:]):
        yield from _run_all(part, inputs, workers, limits)


def _run_in_pool(
    jobs: Sequence[_Job], inputs: Mapping[str, str], workers: int, limits: Limits
) -> Iterator[tuple[_Job, Execution | str | None]]:
    """Yield what running each job came to; None where the pool broke."""
    with _pool(workers) as pool:
        running = {}
        for job in jobs:
            try:
                running[pool.submit(execute, job.staged, inputs, limits)] = job
            except BrokenExecutor:
                yield job, None
        for future in as_completed(running):
            try:
                yield running[future], future.result()
            except BrokenExecutor:
                yield running[future], None
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are graded
                yield running[future], f"It could not be run: {type(error).__name__}: {error}"


def prepare(
    session: Session, student: str, limits: Limits
) -> tuple[Submission, NotebookNode, tuple[str, ...], str]:
    """Read and stage a submission; return it, the notebook to run, remarks, and the key."""
    folder = session.class_folder.submitted(session.name, student)
    submission = read_submission(folder, session.notebook_name)
    staged, remarks = stage(submission.notebook, session.material.derived)
    content = [ENGINE, submission.digest, nbformat.writes(staged), asdict(limits)]
    key = f"{exam_digest(session.exam)}:{_digest(content)}"
    return submission, staged, (*submission.remarks, *remarks), key


def exam_digest(exam: Exam) -> str:
    """Return what tells one exam's inputs from another's."""
    return _digest(exam.inputs)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


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
    try:
        return _settled(session, gradebook, student, evidence, reused)
    except Exception as error:
        if isinstance(error, CourseError) or books.cannot_be_used(error):
            raise  # not this submission's fault, and the next one would meet it too
        gradebook.db.rollback()
        failure = f"It could not be recorded: {type(error).__name__}: {error}"
        return Graded(student, failure=failure)


def _settled(
    session: Session, gradebook: Gradebook, student: str, evidence: Evidence, reused: bool
) -> Graded:
    verdicts = judge_all(session.exam, evidence)
    notebook = with_scores(evidence.notebook, verdicts, session.material)
    folder, name = session.class_folder, session.name
    time, about_time = submission_time(folder.submitted(name, student))
    remarks = (*evidence.remarks, *about_time)
    write_atomically(
        folder.autograded_path(name, student, session.notebook_name), nbformat.writes(notebook)
    )
    books.record(gradebook, session.material, student, notebook, verdicts, time)
    write_verdicts(folder.verdict_path(name, student), verdicts, remarks)
    write_feedback(
        folder.feedback_path(name, student, session.notebook_name),
        session.material,
        student,
        verdicts,
        remarks,
    )
    return Graded(student, verdicts, remarks, reused=reused)


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
