"""Grades a class: stage, execute, judge, record, feedback."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode, from_dict
from nbgrader import utils
from traitlets.config import Config

from autograder.authoring.conventions import GRADED, grade_id_of
from autograder.authoring.material import Material
from autograder.authoring.plain import plain_notebook
from autograder.classroom import gradebook as books
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.feedback import write_feedback
from autograder.classroom.harmless import harmless
from autograder.classroom.penalties import assign_late_penalty, nbgrader_config
from autograder.classroom.receipt import spare_secret, submission_time, write_receipt
from autograder.classroom.results import (
    Evidence,
    NoEvidence,
    Result,
    read_evidence,
    read_result,
    write_evidence,
    write_result,
)
from autograder.classroom.scoring import ScoreWriter, Standing, answer_digests
from autograder.classroom.stage import stage
from autograder.classroom.submission import Submission, read_submission
from autograder.errors import CourseError
from autograder.files import InTheWay, NoRoom, write_atomically
from autograder.judging.each_question import judge_all
from autograder.judging.exam import Exam, draw_exam
from autograder.judging.judge import Verdict
from autograder.sandbox.dispatch import Job, NoRun, run_all
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Execution, Mode

ENGINE = "sandbox-3"
"""Changes when the same submission could give other evidence."""
WITHOUT_SANDBOX = "It was run without a sandbox."
"""What everybody reads of a submission for which there were no walls."""
_ANOTHER_EXAM = (
    "Its evidence answers another exam: the class's secret or a check's draw has changed since it "
    "was run. Run: autograder grade"
)
_RESUBMITTED = (
    "The submission has changed since it was run: these marks, and the time, are of the one before."
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
    standing
        What the gradebook says of it, where it was recorded.
    submitted
        The digest of the submitted file; empty where it is not known, or is the untouched release.
    """

    student: str
    verdicts: tuple[Verdict, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str | None = None
    reused: bool = False
    standing: Standing | None = None
    submitted: str = ""

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

    def submitted(self, student: str) -> Path:
        """Return the folder that a student submitted."""
        return self.class_folder.submitted(self.name, student)

    def evidence_path(self, student: str) -> Path:
        """Return where the evidence of a submission is kept."""
        return self.class_folder.evidence_path(self.name, student)

    def result_path(self, student: str) -> Path:
        """Return where what was made of a submission is kept."""
        return self.class_folder.verdict_path(self.name, student)


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
        Runs notebooks (see `autograder.sandbox.dispatch`).
    at_once
        How many it is given at the same time.
    how
        How they are run.
    """
    how = how or How()
    with books.open_gradebook(session.class_folder) as gradebook:
        writer = ScoreWriter(gradebook, session.material)
        for ready in _gather(session, students, executor, at_once, how):
            graded = _settle(session, writer, ready)
            if graded.failure:
                _keep_failure(session, graded)
            yield graded


def rejudge(session: Session, students: Iterable[str]) -> Iterator[Graded]:
    """Judge and record again from the evidence kept, without running any student's code.

    What was submitted since is not looked at, but said.
    """
    with books.open_gradebook(session.class_folder) as gradebook:
        writer = ScoreWriter(gradebook, session.material)
        for student in students:
            yield _settle(session, writer, _from_evidence(session, student))


@dataclass(frozen=True)
class Origin:
    """Which submission evidence is of.

    Parameters
    ----------
    digest
        Of the submitted file.
    time
        When it was submitted, where that is known.
    remarks
        On the time.
    """

    digest: str
    time: datetime | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Run(Job):
    """A job, and which submission it is of."""

    origin: Origin


@dataclass(frozen=True)
class _Ready:
    """A submission that can be judged, or why it cannot.

    Parameters
    ----------
    student
        Whose.
    evidence
        What running it gave, or why there is nothing.
    remarks
        On the submission, beside those of its evidence.
    reused
        Whether the evidence was there already.
    """

    student: str
    evidence: Evidence | str
    remarks: tuple[str, ...] = ()
    reused: bool = False


def _from_evidence(session: Session, student: str) -> _Ready:
    """Return what is kept of a submission, with the time of the one that it is of."""
    try:
        evidence = read_evidence(session.evidence_path(student))
    except NoEvidence as error:
        return _Ready(student, str(error))
    if evidence.key.partition(":")[0] != session.exam.digest:
        return _Ready(student, _ANOTHER_EXAM)
    folder = session.submitted(student)
    if read_submission(folder, session.notebook_name).digest != evidence.submitted:
        return _Ready(student, evidence, (_RESUBMITTED,), reused=True)
    return _still_good(session, student, evidence, origin(folder, evidence.submitted))


def origin(folder: Path, digest: str) -> Origin:
    """Return which submission lies in a student's folder, its file's digest being known."""
    return Origin(digest, *submission_time(folder))


def _still_good(session: Session, student: str, evidence: Evidence, of: Origin) -> _Ready:
    """Return kept evidence of what is submitted now, whose time may have been put right since."""
    if (evidence.submitted, evidence.time) != (of.digest, of.time):
        evidence = replace(evidence, submitted=of.digest, time=of.time)
        write_evidence(session.evidence_path(student), evidence)
    return _Ready(student, evidence, of.remarks, reused=True)


def _gather(
    session: Session, students: Sequence[str], executor: Executor, at_once: int, how: How
) -> Iterator[_Ready]:
    """Yield each submission as soon as it can be judged, and hold none of them."""
    work = _work(session, students, how)
    for each in run_all(work, executor, at_once, how.limits, how.mode):
        if isinstance(each, NoRun):
            yield each.what
            continue
        job, execution = each
        if isinstance(execution, str):
            yield _Ready(job.student, execution)
            continue
        evidence = to_evidence(execution, job.key, (*job.remarks, *_marks(how)))
        if how.question is not None:
            evidence = _merged(session, job.student, evidence)
        yield _new(session, job.student, evidence, job.origin)


def _new(session: Session, student: str, evidence: Evidence, of: Origin) -> _Ready:
    """Keep new evidence, with the submission that it is of."""
    try:
        evidence = keep_evidence(session, student, evidence, of)
    except InTheWay as error:
        return _Ready(student, str(error))
    return _Ready(student, evidence, of.remarks)


def keep_evidence(session: Session, student: str, evidence: Evidence, of: Origin) -> Evidence:
    """Keep new evidence, and return it with the submission that it is of."""
    evidence = replace(evidence, submitted=of.digest, time=of.time)
    write_evidence(session.evidence_path(student), evidence)
    return evidence


def _work(session: Session, students: Sequence[str], how: How) -> Iterator[_Run | NoRun[_Ready]]:
    """Yield what has to be run, and what need not be."""
    for student in students:
        try:
            step = _next_step(session, student, how)
        except NoRoom:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still graded
            step = _Ready(student, f"It could not be staged: {type(error).__name__}: {error}")
        yield NoRun(step) if isinstance(step, _Ready) else step


def _next_step(session: Session, student: str, how: How) -> _Run | _Ready:
    """Return what has to be done for a submission."""
    submission, staged, remarks, key = prepare(session, student, how.limits)
    of = origin(session.submitted(student), submission.digest)
    kept = _kept(session, student, key)
    if kept is not None and not how.force and how.question is None:
        return _still_good(session, student, kept, of)
    if not submission.readable:
        evidence = unreadable(session, key, staged, remarks)
        return _new(session, student, evidence, of)
    inputs = session.exam.inputs
    if how.question is not None and kept is not None:
        inputs = {how.question: inputs[how.question]}
    return _Run(student, staged, key, remarks, inputs, of)


def _marks(how: How) -> tuple[str, ...]:
    """Return what everyone should know about how a submission was run."""
    return (WITHOUT_SANDBOX,) if how.mode is Mode.OPEN else ()


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
    submission = read_submission(session.submitted(student), session.notebook_name)
    material = session.material
    staged, remarks = stage(submission.notebook, material.derived, material.earlier)
    content = [ENGINE, submission.digest, staged, asdict(limits), session.exam.modules]
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
        evidence = read_evidence(session.evidence_path(student))
    except NoEvidence:
        return None
    return evidence if evidence.key == key else None


def _settle(session: Session, writer: ScoreWriter, ready: _Ready) -> Graded:
    """Judge and record what can be, and write the notebook that the formgrader shows."""
    student, evidence = ready.student, ready.evidence
    if isinstance(evidence, str):
        return Graded(student, failure=evidence)
    try:
        notebook, graded = record(session, writer, student, evidence, ready.remarks)
        path = session.class_folder.autograded_path(session.name, student, session.notebook_name)
        write_atomically(path, json.dumps(harmless(notebook)), lasting=False)
    except InTheWay as error:
        return Graded(student, failure=str(error))
    except Exception as error:
        if isinstance(error, CourseError) or books.cannot_be_used(error):
            raise  # not this submission's fault, and the next one would meet it too
        failure = f"It could not be recorded: {type(error).__name__}: {error}"
        return Graded(student, failure=failure)
    return replace(graded, reused=ready.reused)


def record(
    session: Session,
    writer: ScoreWriter,
    student: str,
    evidence: Evidence,
    remarks: tuple[str, ...] = (),
    config: Config | None = None,
) -> tuple[NotebookNode, Graded]:
    """Judge evidence, record it, and write what student and staff get to see.

    This is the one way from evidence to record, of `grade`, of `rejudge` and of nbgrader's own
    commands.

    Parameters
    ----------
    session
        The class and the assignment.
    writer
        Of its gradebook.
    student
        Whose.
    evidence
        Of the submission.
    remarks
        On the submission, beside those of the evidence.
    config
        nbgrader's; None means what its commands would find in the course's folder.

    Returns
    -------
    notebook, graded
        The executed notebook with its scores, and what came of it.
    """
    verdicts = judge_all(session.exam, evidence)
    notebook = with_scores(evidence.notebook, verdicts, session.material)
    answers, before = answer_digests(notebook), _recorded_answers(session, student)
    unchanged = {name for name in answers if answers[name] == before.get(name)}
    writer.write(student, notebook, verdicts, evidence.time, unchanged)
    if writer.is_late(student):
        found = config or nbgrader_config(session.material.assignment.course.root)
        assign_late_penalty(session.class_folder, session.material, student, found)
    standing = writer.standing(student)
    submitted = "" if _untouched(notebook) else evidence.submitted
    graded = Graded(
        student,
        verdicts,
        (*evidence.remarks, *remarks),
        standing=standing,
        submitted=submitted,
    )
    result = Result(verdicts, graded.remarks, submitted=submitted, answers=answers)
    write_result(session.result_path(student), result)
    _leave_receipt(session, student)
    write_feedback(
        session.class_folder.feedback_path(session.name, student, session.notebook_name),
        session.material,
        student,
        verdicts,
        graded.remarks,
        standing,
    )
    return notebook, graded


def kept_results(session: Session, now: Mapping[str, Graded]) -> Iterator[Graded]:
    """Yield what is known of everybody who has submitted, one after the other.

    Parameters
    ----------
    session
        The class and the assignment.
    now
        Whom a run could not grade just now, with the reason.
    """
    with books.open_gradebook(session.class_folder) as gradebook:
        writer = ScoreWriter(gradebook, session.material)
        students = session.class_folder.students(session.name)
        yield from (graded for student, graded in now.items() if student not in students)
        for student in students:
            if student in now:
                yield now[student]
                continue
            try:
                kept = read_result(session.result_path(student))
            except NoEvidence as error:
                yield Graded(student, failure=str(error))
                continue
            yield Graded(
                student,
                kept.verdicts,
                kept.remarks,
                kept.failure,
                standing=writer.standing(student),
                submitted=kept.submitted,
            )


def _recorded_answers(session: Session, student: str) -> Mapping[str, str]:
    """Return the digests of the answers that were recorded before, as far as they are known."""
    with suppress(NoEvidence):
        return read_result(session.result_path(student)).answers
    return {}


def _keep_failure(session: Session, graded: Graded) -> None:
    """Keep why a submission could not be graded, for the reports on the class."""
    result = Result(failure=graded.failure, answers=_recorded_answers(session, graded.student))
    with suppress(InTheWay):
        write_result(session.result_path(graded.student), result)


def _untouched(notebook: NotebookNode) -> bool:
    """Return whether every answer is as it was released."""
    return all(
        cell.metadata.nbgrader.get("checksum") == utils.compute_checksum(cell)
        for cell in filter(utils.is_solution, notebook.cells)
    )


def _leave_receipt(session: Session, student: str) -> None:
    """Lay what nbgrader's exchange asks for beside the graded notebook."""
    folder, name = session.class_folder, session.name
    write_receipt(
        folder.submitted(name, student),
        folder.autograded_path(name, student, session.notebook_name).parent,
        spare_secret(folder.secret(), name, student),
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
