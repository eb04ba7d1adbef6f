"""Gets the evidence of submissions: kept from an earlier run, or from running them now."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode

from autograder.classroom.receipt import submission_time
from autograder.classroom.results import (
    Evidence,
    NoEvidence,
    read_evidence,
    write_evidence,
)
from autograder.classroom.session import Session, Sitting
from autograder.classroom.stage import stage
from autograder.classroom.submission import Submission, read_submission
from autograder.files import InTheWay, NoRoom
from autograder.sandbox.dispatch import Job, NoRun, run_all
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Execution, Mode

ENGINE = "sandbox-3"
"""Changes when the same submission could give other evidence."""
WITHOUT_SANDBOX = "It was run without a sandbox."
"""What everybody reads of a submission for which there were no walls."""
NO_NOTEBOOK = "There was no notebook to grade."
_ANOTHER_EXAM = (
    "Its evidence answers another exam: the class's secret, a check's draw or a test cell has "
    "changed since it was run. Run: autograder grade"
)
_RESUBMITTED = (
    "The submission has changed since it was run: these marks, and the time, are of the one before."
)


@dataclass(frozen=True)
class RunOptions:
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
    cache
        Take what known answers came to from the class folder, and keep it there.
    """

    mode: Mode = Mode.WARM
    limits: Limits = field(default_factory=Limits)
    force: bool = False
    question: str | None = None
    cache: bool = True


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


_Same = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True)
class _Work(Job):
    """A job, and which submission it is of."""

    session: Session
    origin: Origin

    @property
    def same(self) -> _Same:
        """What is the same of two submissions that need one run: a group's, say."""
        return self.session.notebook_name, self.key, self.remarks


@dataclass(frozen=True)
class Ready:
    """A notebook that can be judged, or why it cannot.

    Parameters
    ----------
    session, student
        Which notebook, and whose.
    evidence
        What running it gave, or why there is nothing.
    remarks
        On the submission, beside those of its evidence.
    reused
        Whether the evidence was there already.
    """

    session: Session
    student: str
    evidence: Evidence | str
    remarks: tuple[str, ...] = ()
    reused: bool = False


def gather(
    session: Session | Sitting,
    students: Sequence[str],
    executor: Executor,
    at_once: int,
    options: RunOptions,
) -> Iterator[Ready]:
    """Yield each notebook as soon as it can be judged, and hold none of them.

    What several students handed in, as a group does, is run once, and is evidence of each of them.
    """
    work = _work(session, students, options)
    waiting: dict[_Same, list[_Work]] = {}
    if options.question is None:
        work = _each_once(work, waiting)
    for each in run_all(work, executor, at_once, options.limits, options.mode):
        if isinstance(each, NoRun):
            yield each.what
            continue
        first, execution = each
        for job in (first, *waiting.pop(first.same, ())):
            yield _ready(job, execution, options)


def _ready(job: _Work, execution: Execution | str, options: RunOptions) -> Ready:
    """Return what running a submission came to, and keep its evidence."""
    if isinstance(execution, str):
        return Ready(job.session, job.student, execution)
    evidence = to_evidence(execution, job.key, (*job.remarks, *_run_remarks(options)))
    if _options_for(job.session, options).question is not None:
        evidence = _merged(job.session, job.student, evidence)
    return _new(job.session, job.student, evidence, job.origin)


def _each_once(
    work: Iterable[_Work | NoRun[Ready]], waiting: dict[_Same, list[_Work]]
) -> Iterator[_Work | NoRun[Ready]]:
    """Yield what has to be run, leaving out what is being run already or has been.

    Parameters
    ----------
    work
        From `_work`.
    waiting
        Whoever waits for a run that goes on, by what they have in common; whoever takes its result
        takes them out.
    """
    done: dict[_Same, str] = {}  # by whom: a class of any size needs the memory of a few
    for each in work:
        if isinstance(each, NoRun):
            yield each
        elif each.same in waiting:
            waiting[each.same].append(each)
        elif (evidence := _evidence_of(each, done.get(each.same))) is not None:
            yield NoRun(_new(each.session, each.student, evidence, each.origin))
        else:
            waiting[each.same] = []
            done[each.same] = each.student
            yield each


def _evidence_of(work: _Work, student: str | None) -> Evidence | None:
    """Return the evidence of the same submission by another student, where this run has any."""
    return None if student is None else _kept(work.session, student, work.key)


def from_evidence(session: Session, student: str) -> Ready:
    """Return what is kept of a submission, with the time of the one that it is of."""
    try:
        evidence = read_evidence(session.evidence_path(student))
    except NoEvidence as error:
        return Ready(session, student, str(error))
    if evidence.key.partition(":")[0] != session.exam.digest:
        return Ready(session, student, _ANOTHER_EXAM)
    folder = session.submitted(student)
    now = read_submission(folder, session.notebook_name, session.siblings)
    if now.digest != evidence.submitted:
        return Ready(session, student, evidence, (_RESUBMITTED,), reused=True)
    return _still_good(session, student, evidence, origin(folder, evidence.submitted))


def origin(folder: Path, digest: str) -> Origin:
    """Return which submission lies in a student's folder, its file's digest being known."""
    return Origin(digest, *submission_time(folder))


def _still_good(session: Session, student: str, evidence: Evidence, of: Origin) -> Ready:
    """Return kept evidence of what is submitted now, whose time may have been put right since."""
    if (evidence.submitted, evidence.time) != (of.digest, of.time):
        evidence = replace(evidence, submitted=of.digest, time=of.time)
        write_evidence(session.evidence_path(student), evidence)
    return Ready(session, student, evidence, of.remarks, reused=True)


def _options_for(session: Session, options: RunOptions) -> RunOptions:
    """Return the options of one notebook of an assignment where a question of one is named."""
    if options.question is None or not session.siblings:
        return options
    notebook, _, question = options.question.partition("/")
    if notebook == session.notebook_name:
        return replace(options, question=question)
    return replace(options, question=None, force=False)


def _new(session: Session, student: str, evidence: Evidence, of: Origin) -> Ready:
    """Keep new evidence, with the submission that it is of."""
    try:
        evidence = keep_evidence(session, student, evidence, of)
    except InTheWay as error:
        return Ready(session, student, str(error))
    return Ready(session, student, evidence, of.remarks)


def keep_evidence(session: Session, student: str, evidence: Evidence, of: Origin) -> Evidence:
    """Keep new evidence, and return it with the submission that it is of."""
    evidence = replace(evidence, submitted=of.digest, time=of.time)
    write_evidence(session.evidence_path(student), evidence)
    return evidence


def _work(
    session: Session | Sitting, students: Sequence[str], options: RunOptions
) -> Iterator[_Work | NoRun[Ready]]:
    """Yield what has to be run, and what need not be."""
    for student, notebook in itertools.product(students, session.notebooks):
        try:
            step = _next_step(notebook, student, _options_for(notebook, options))
        except NoRoom:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still graded
            words = f"It could not be staged: {type(error).__name__}: {error}"
            step = Ready(notebook, student, words)
        yield NoRun(step) if isinstance(step, Ready) else step


def _next_step(session: Session, student: str, options: RunOptions) -> _Work | Ready:
    """Return what has to be done for a notebook of a submission."""
    submission, staged, remarks, key = prepare(session, student, options.limits)
    of = origin(session.submitted(student), submission.digest)
    kept = _kept(session, student, key)
    if kept is not None and not options.force and options.question is None:
        return _still_good(session, student, kept, of)
    if not submission.readable:
        evidence = unreadable(session, key, staged, remarks)
        return _new(session, student, evidence, of)
    inputs = session.exam.inputs
    if options.question is not None and kept is not None:
        inputs = {options.question: inputs[options.question]}
    files, _ = session.beside(student)
    return _Work(student, staged, key, remarks, inputs, files, session, of)


def _run_remarks(options: RunOptions) -> tuple[str, ...]:
    """Return what everyone should know about how a submission was run."""
    return (WITHOUT_SANDBOX,) if options.mode is Mode.OPEN else ()


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
    folder = session.submitted(student)
    submission = read_submission(folder, session.notebook_name, session.siblings)
    material = session.material
    staged, remarks = stage(submission.notebook, material.derived, material.earlier)
    files, more = session.beside(student)
    content: list[object] = [ENGINE, submission.digest, staged, asdict(limits)]
    content.append(session.exam.modules)
    if files:
        content.append({name: hashlib.sha256(held).hexdigest() for name, held in files.items()})
    key = f"{session.exam.digest}:{digest_of(content)}"
    return submission, staged, (*submission.remarks, *remarks, *more), key


def digest_of(content: object) -> str:
    """Return the digest of what can be written as JSON."""
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
    asked = session.material.questions
    absences = {question.name: NO_NOTEBOOK for question in asked}
    return Evidence(key, staged, {}, absences, remarks)


def _kept(session: Session, student: str, key: str) -> Evidence | None:
    try:
        evidence = read_evidence(session.evidence_path(student))
    except NoEvidence:
        return None
    return evidence if evidence.key == key else None
