"""Grades a class: stage, execute, judge, record, feedback."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field

from nbformat import NotebookNode, from_dict

from autograder import gradebook as books
from autograder.class_folder import ClassFolder
from autograder.conventions import GRADED, grade_id_of
from autograder.engine.dispatch import Job, run_all
from autograder.engine.limits import Limits
from autograder.engine.run import Execution, Mode
from autograder.errors import CourseError
from autograder.exam import Exam, draw_exam
from autograder.feedback import write_feedback
from autograder.files import write_atomically
from autograder.judge import Verdict, judge
from autograder.material import Material
from autograder.plain import plain_notebook
from autograder.results import (
    Evidence,
    NoEvidence,
    read_evidence,
    write_evidence,
    write_verdicts,
)
from autograder.scoring import ScoreWriter
from autograder.stage import stage
from autograder.submission import Submission, read_submission, submission_time

ENGINE = "sandbox-1"
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


@dataclass(frozen=True)
class How:
    """How a run executes submissions.

    Parameters
    ----------
    mode
        Where notebooks run.
    limits
        What one submission may use.
    force
        Run also what has not changed since it was last run.
    question
        Execute and judge only this one; the evidence of the others stays.
    """

    mode: Mode = Mode.WARM
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    question: str | None = None


def grade(
    session: Session,
    students: Sequence[str],
    executor: Executor,
    at_once: int,
    how: How | None = None,
) -> Iterator[Graded]:
    """Grade submissions, yielding each as soon as it is recorded.

    Parameters
    ----------
    session
        The class and the assignment.
    students
        Whose submissions.
    executor
        Runs notebooks (see `autograder.engine.dispatch`).
    at_once
        How many it is given at the same time.
    how
        How they are run.
    """
    how = how or How()
    with books.open_gradebook(session.class_folder) as gradebook:
        writer = ScoreWriter(gradebook, session.material)
        for student, evidence, reused in _gather(session, students, executor, at_once, how):
            if isinstance(evidence, str):
                yield Graded(student, failure=evidence)
            else:
                yield _settle(session, writer, student, evidence, reused)


def rejudge(session: Session, students: Iterable[str]) -> Iterator[Graded]:
    """Judge and record again from the evidence kept, without running any student's code."""
    with books.open_gradebook(session.class_folder) as gradebook:
        writer = ScoreWriter(gradebook, session.material)
        for student in students:
            path = session.class_folder.evidence_path(session.name, student)
            try:
                evidence = read_evidence(path)
            except NoEvidence as error:
                yield Graded(student, failure=str(error))
                continue
            if evidence.key.partition(":")[0] != session.exam.digest:
                yield Graded(student, failure=_ANOTHER_EXAM)
            else:
                yield _settle(session, writer, student, evidence, reused=True)


def _gather(
    session: Session, students: Sequence[str], executor: Executor, at_once: int, how: How
) -> Iterator[tuple[str, Evidence | str, bool]]:
    """Yield each student's evidence, or why there is none, and whether it was there already."""
    settled: list[tuple[str, Evidence | str, bool]] = []
    jobs = _jobs(session, students, how, settled)
    for job, execution in run_all(jobs, executor, at_once, how.limits, how.mode):
        yield from _drain(settled)
        if isinstance(execution, str):
            yield job.student, execution, False
            continue
        evidence = to_evidence(execution, job.key, (*job.remarks, *_marks(how)))
        if how.question is not None:
            evidence = _merged(session, job.student, evidence)
        write_evidence(session.class_folder.evidence_path(session.name, job.student), evidence)
        yield job.student, evidence, False
    yield from _drain(settled)


def _drain(
    settled: list[tuple[str, Evidence | str, bool]],
) -> Iterator[tuple[str, Evidence | str, bool]]:
    while settled:
        yield settled.pop(0)


def _jobs(
    session: Session,
    students: Sequence[str],
    how: How,
    settled: list[tuple[str, Evidence | str, bool]],
) -> Iterator[Job]:
    """Yield what has to be run; what need not be goes into `settled`."""
    for student in students:
        try:
            submission, staged, remarks, key = prepare(session, student, how.limits)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still graded
            words = f"It could not be staged: {type(error).__name__}: {error}"
            settled.append((student, words, False))
            continue
        kept = _kept(session, student, key)
        if kept is not None and not how.force and how.question is None:
            settled.append((student, kept, True))
        elif not submission.readable:
            evidence = unreadable(session, key, staged, remarks)
            write_evidence(session.class_folder.evidence_path(session.name, student), evidence)
            settled.append((student, evidence, False))
        else:
            inputs = session.exam.inputs
            if how.question is not None and kept is not None:
                inputs = {how.question: inputs[how.question]}
            yield Job(student, staged, key, remarks, inputs)


def _marks(how: How) -> tuple[str, ...]:
    """Return what everyone should know about how a submission was run."""
    return ("It was run without a sandbox.",) if how.mode is Mode.OPEN else ()


def _merged(session: Session, student: str, new: Evidence) -> Evidence:
    """Return new evidence of one question together with the kept evidence of the others."""
    kept = _kept(session, student, new.key)
    if kept is None:
        return new
    asked = new.evidence.keys() | new.absences.keys()
    others = {name: words for name, words in kept.absences.items() if name not in asked}
    return Evidence(
        new.key,
        kept.notebook,
        {name: text for name, text in kept.evidence.items() if name not in asked}
        | dict(new.evidence),
        others | dict(new.absences),
        tuple(dict.fromkeys((*kept.remarks, *new.remarks))),
    )


def prepare(
    session: Session, student: str, limits: Limits
) -> tuple[Submission, NotebookNode, tuple[str, ...], str]:
    """Read and stage a submission; return it, the notebook to run, remarks, and the key."""
    folder = session.class_folder.submitted(session.name, student)
    submission = read_submission(folder, session.notebook_name)
    material = session.material
    staged, remarks = stage(submission.notebook, material.derived, material.earlier)
    content = [ENGINE, submission.digest, staged, asdict(limits)]
    key = f"{session.exam.digest}:{_digest(content)}"
    return submission, staged, (*submission.remarks, *remarks), key


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


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
    session: Session, writer: ScoreWriter, student: str, evidence: Evidence, reused: bool
) -> Graded:
    """Judge, record, and write what student and staff get to see."""
    try:
        return _settled(session, writer, student, evidence, reused)
    except Exception as error:
        if isinstance(error, CourseError) or books.cannot_be_used(error):
            raise  # not this submission's fault, and the next one would meet it too
        failure = f"It could not be recorded: {type(error).__name__}: {error}"
        return Graded(student, failure=failure)


def _settled(
    session: Session, writer: ScoreWriter, student: str, evidence: Evidence, reused: bool
) -> Graded:
    verdicts = judge_all(session.exam, evidence)
    notebook = with_scores(evidence.notebook, verdicts, session.material)
    folder, name = session.class_folder, session.name
    time, about_time = submission_time(folder.submitted(name, student))
    remarks = (*evidence.remarks, *about_time)
    write_atomically(
        folder.autograded_path(name, student, session.notebook_name),
        json.dumps(notebook),
        lasting=False,
    )
    writer.write(student, notebook, verdicts, time)
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
    by_question = {f"{verdict.question}-{GRADED}": verdict for verdict in verdicts}
    released = {grade_id_of(cell): cell.source for cell in material.derived.release.cells}
    cells = []
    for cell in notebook.cells:
        grade_id = grade_id_of(cell)
        if grade_id in by_question:
            cell = _with_score(cell, released[grade_id], by_question[grade_id])
        cells.append(cell)
    return plain_notebook(cells, notebook.metadata)


def _with_score(cell: NotebookNode, source: str, verdict: Verdict) -> NotebookNode:
    words = "\n".join(part for part in (verdict.says, verdict.hint) if part) + "\n"
    result = {"output_type": "execute_result", "metadata": {}, "execution_count": 1}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": words},
        result | {"data": {"text/plain": f"{verdict.points:g}"}},
    ]
    changed = {"source": source, "execution_count": 1, "outputs": outputs}
    return from_dict(cell | changed)  # type: ignore[no-any-return]
