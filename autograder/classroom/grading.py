"""Grades a class: stage, execute, judge, record, feedback."""

from __future__ import annotations

import hashlib
import itertools
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

from autograder.authoring.beside import assignment_files, with_students
from autograder.authoring.conventions import GRADED, grade_id_of
from autograder.authoring.coursework import Asked, Coursework, named
from autograder.authoring.material import Material
from autograder.authoring.nbgraders_course import nbgrader_config
from autograder.authoring.plain import plain_notebook
from autograder.classroom import gradebook as books
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.feedback import write_feedback
from autograder.classroom.harmless import harmless
from autograder.classroom.penalties import assign_late_penalty
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
from autograder.classroom.submission import NOTHING, Submission, read_submission
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
    "Its evidence answers another exam: the class's secret, a check's draw or a test cell has "
    "changed since it was run. Run: autograder grade"
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


class _Run:
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
class Session(_Run):
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
    def of(cls, material: Material, class_folder: ClassFolder) -> Session:
        """Draw the class's exam and see that the gradebook knows the assignment."""
        books.ensure_assignment(class_folder, material)
        exam = draw_exam(material, class_folder.secret())
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
class Sitting(_Run):
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


def sitting(work: Asked, class_folder: ClassFolder) -> Session | Sitting:
    """Draw the class's exams and see that the gradebook knows the assignment."""
    if not isinstance(work, Coursework):
        return Session.of(work.sheets[0], class_folder)
    sessions = [Session.of(sheet, class_folder) for sheet in work.sheets]
    names = [session.notebook_name for session in sessions]
    notebooks = (
        replace(session, siblings=tuple(name for name in names if name != session.notebook_name))
        for session in sessions
    )
    return Sitting(work, class_folder, tuple(notebooks))


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
    session: Session | Sitting,
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
        for parts in _together(session, _gather(session, students, executor, at_once, how)):
            graded = _settle(session, writer, parts)
            if graded.failure:
                _keep_failure(session, graded)
            yield graded


def rejudge(session: Session | Sitting, students: Iterable[str]) -> Iterator[Graded]:
    """Judge and record again from the evidence kept, without running any student's code.

    What was submitted since is not looked at, but said.
    """
    with books.open_gradebook(session.class_folder) as gradebook:
        writer = ScoreWriter(gradebook, session.material)
        for student in students:
            parts = [_from_evidence(notebook, student) for notebook in session.notebooks]
            yield _settle(session, writer, parts)


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
class _Work(Job):
    """A job, and which submission it is of."""

    session: Session
    origin: Origin


@dataclass(frozen=True)
class _Ready:
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


def _from_evidence(session: Session, student: str) -> _Ready:
    """Return what is kept of a submission, with the time of the one that it is of."""
    try:
        evidence = read_evidence(session.evidence_path(student))
    except NoEvidence as error:
        return _Ready(session, student, str(error))
    if evidence.key.partition(":")[0] != session.exam.digest:
        return _Ready(session, student, _ANOTHER_EXAM)
    folder = session.submitted(student)
    now = read_submission(folder, session.notebook_name, session.siblings)
    if now.digest != evidence.submitted:
        return _Ready(session, student, evidence, (_RESUBMITTED,), reused=True)
    return _still_good(session, student, evidence, origin(folder, evidence.submitted))


def origin(folder: Path, digest: str) -> Origin:
    """Return which submission lies in a student's folder, its file's digest being known."""
    return Origin(digest, *submission_time(folder))


def _still_good(session: Session, student: str, evidence: Evidence, of: Origin) -> _Ready:
    """Return kept evidence of what is submitted now, whose time may have been put right since."""
    if (evidence.submitted, evidence.time) != (of.digest, of.time):
        evidence = replace(evidence, submitted=of.digest, time=of.time)
        write_evidence(session.evidence_path(student), evidence)
    return _Ready(session, student, evidence, of.remarks, reused=True)


def _together(session: Session | Sitting, ready: Iterable[_Ready]) -> Iterator[list[_Ready]]:
    """Yield the notebooks of each submission, in their order, as soon as all can be judged."""
    places = {notebook.notebook_name: i for i, notebook in enumerate(session.notebooks)}
    waiting: dict[str, list[_Ready]] = {}
    for each in ready:
        parts = waiting.setdefault(each.student, [])
        parts.append(each)
        if len(parts) == len(places):
            yield sorted(parts, key=lambda part: places[part.session.notebook_name])
            del waiting[each.student]


def _gather(
    session: Session | Sitting,
    students: Sequence[str],
    executor: Executor,
    at_once: int,
    how: How,
) -> Iterator[_Ready]:
    """Yield each notebook as soon as it can be judged, and hold none of them."""
    work = _work(session, students, how)
    for each in run_all(work, executor, at_once, how.limits, how.mode):
        if isinstance(each, NoRun):
            yield each.what
            continue
        job, execution = each
        if isinstance(execution, str):
            yield _Ready(job.session, job.student, execution)
            continue
        evidence = to_evidence(execution, job.key, (*job.remarks, *_marks(how)))
        if _meant(job.session, how).question is not None:
            evidence = _merged(job.session, job.student, evidence)
        yield _new(job.session, job.student, evidence, job.origin)


def _meant(session: Session, how: How) -> How:
    """Return how one notebook of an assignment is run where a question of one is named."""
    if how.question is None or not session.siblings:
        return how
    notebook, _, question = how.question.partition("/")
    if notebook == session.notebook_name:
        return replace(how, question=question)
    return replace(how, question=None, force=False)


def _new(session: Session, student: str, evidence: Evidence, of: Origin) -> _Ready:
    """Keep new evidence, with the submission that it is of."""
    try:
        evidence = keep_evidence(session, student, evidence, of)
    except InTheWay as error:
        return _Ready(session, student, str(error))
    return _Ready(session, student, evidence, of.remarks)


def keep_evidence(session: Session, student: str, evidence: Evidence, of: Origin) -> Evidence:
    """Keep new evidence, and return it with the submission that it is of."""
    evidence = replace(evidence, submitted=of.digest, time=of.time)
    write_evidence(session.evidence_path(student), evidence)
    return evidence


def _work(
    session: Session | Sitting, students: Sequence[str], how: How
) -> Iterator[_Work | NoRun[_Ready]]:
    """Yield what has to be run, and what need not be."""
    for student, notebook in itertools.product(students, session.notebooks):
        try:
            step = _next_step(notebook, student, _meant(notebook, how))
        except NoRoom:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still graded
            words = f"It could not be staged: {type(error).__name__}: {error}"
            step = _Ready(notebook, student, words)
        yield NoRun(step) if isinstance(step, _Ready) else step


def _next_step(session: Session, student: str, how: How) -> _Work | _Ready:
    """Return what has to be done for a notebook of a submission."""
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
    files, _ = session.beside(student)
    return _Work(student, staged, key, remarks, inputs, files, session, of)


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
    folder = session.submitted(student)
    submission = read_submission(folder, session.notebook_name, session.siblings)
    material = session.material
    staged, remarks = stage(submission.notebook, material.derived, material.earlier)
    files, more = session.beside(student)
    content: list[object] = [ENGINE, submission.digest, staged, asdict(limits)]
    content.append(session.exam.modules)
    if files:
        content.append({name: hashlib.sha256(held).hexdigest() for name, held in files.items()})
    key = f"{session.exam.digest}:{_digest(content)}"
    return submission, staged, (*submission.remarks, *remarks, *more), key


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
    asked = session.material.questions
    absences = {question.name: "There was no notebook to grade." for question in asked}
    return Evidence(key, staged, {}, absences, remarks)


def _kept(session: Session, student: str, key: str) -> Evidence | None:
    try:
        evidence = read_evidence(session.evidence_path(student))
    except NoEvidence:
        return None
    return evidence if evidence.key == key else None


def _settle(session: Session | Sitting, writer: ScoreWriter, parts: Sequence[_Ready]) -> Graded:
    """Judge and record what can be, and write the notebooks that the formgrader shows."""
    student = parts[0].student
    evidence = [part.evidence for part in parts if isinstance(part.evidence, Evidence)]
    if len(evidence) < len(parts):
        failures = [part.evidence for part in parts if isinstance(part.evidence, str)]
        return Graded(student, failure=" ".join(dict.fromkeys(failures)))
    remarks = tuple(dict.fromkeys(words for part in parts for words in part.remarks))
    try:
        notebooks, graded = record(session, writer, student, evidence, remarks)
        for of, notebook in zip(session.notebooks, notebooks, strict=True):
            path = of.class_folder.autograded_path(of.name, student, of.notebook_name)
            write_atomically(path, json.dumps(harmless(notebook)), lasting=False)
    except InTheWay as error:
        return Graded(student, failure=str(error))
    except Exception as error:
        if isinstance(error, CourseError) or books.cannot_be_used(error):
            raise  # not this submission's fault, and the next one would meet it too
        failure = f"It could not be recorded: {type(error).__name__}: {error}"
        return Graded(student, failure=failure)
    return replace(graded, reused=all(part.reused for part in parts))


def record(
    session: Session | Sitting,
    writer: ScoreWriter,
    student: str,
    evidence: Sequence[Evidence],
    remarks: tuple[str, ...] = (),
    config: Config | None = None,
) -> tuple[list[NotebookNode], Graded]:
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
        Of the submission's notebooks.
    remarks
        On the submission, beside those of the evidence.
    config
        nbgrader's; None means what its commands would find in the course's folder.

    Returns
    -------
    notebooks, graded
        The executed notebooks with their scores, and what came of them.
    """
    before = _recorded_answers(session, student)
    notebooks: list[NotebookNode] = []
    verdicts: list[Verdict] = []
    answers: dict[str, str] = {}
    for notebook, each in zip(session.notebooks, evidence, strict=True):
        executed, found = _record_notebook(
            notebook, session.material, writer, student, each, before
        )
        notebooks.append(executed)
        verdicts += found
        digests = answer_digests(each.notebook)
        answers |= {_name(session, notebook, name): said for name, said in digests.items()}
    if writer.is_late(student):
        settings = config or nbgrader_config(session.material.assignment.course.root)
        for sheet in session.material.sheets:
            assign_late_penalty(session.class_folder, sheet, student, settings)
    standing = writer.standing(student)
    submitted = "" if all(map(_untouched, notebooks)) else _joined(evidence)
    graded = Graded(
        student,
        tuple(verdicts),
        (*_remarks(session, evidence), *remarks),
        standing=standing,
        submitted=submitted,
    )
    result = Result(graded.verdicts, graded.remarks, submitted=submitted, answers=answers)
    write_result(session.result_path(student), result)
    _leave_receipt(session, student)
    write_feedback(
        session.feedback_path(student),
        session.material,
        student,
        verdicts,
        graded.remarks,
        standing,
    )
    return notebooks, graded


def _record_notebook(
    session: Session,
    work: Asked,
    writer: ScoreWriter,
    student: str,
    evidence: Evidence,
    before: Mapping[str, str],
) -> tuple[NotebookNode, list[Verdict]]:
    """Judge a notebook and write its scores; return it with them, and what was judged."""
    sheet = session.material
    verdicts = judge_all(session.exam, evidence)
    notebook = with_scores(evidence.notebook, verdicts, sheet)
    answers = answer_digests(evidence.notebook)
    unchanged = {
        name for name, digest in answers.items() if digest == before.get(named(work, sheet, name))
    }
    there = evidence.submitted != NOTHING
    writer.write(student, notebook, verdicts, evidence.time, unchanged, sheet, there)
    return notebook, [replace(v, question=named(work, sheet, v.question)) for v in verdicts]


def _name(session: Session | Sitting, notebook: Session, name: str) -> str:
    return named(session.material, notebook.material, name)


def _remarks(session: Session | Sitting, evidence: Sequence[Evidence]) -> Iterator[str]:
    """Yield the remarks on a submission: what is said of all its notebooks once, else of which."""
    common = [words for words in evidence[0].remarks if all(words in e.remarks for e in evidence)]
    yield from common
    for notebook, each in zip(session.notebooks, evidence, strict=True):
        name = notebook.notebook_name
        yield from (f"{name}: {words}" for words in each.remarks if words not in common)


def _joined(evidence: Sequence[Evidence]) -> str:
    """Return the digest of a submission: that of its file, or one of those of its files."""
    digests = [each.submitted for each in evidence]
    return digests[0] if len(digests) == 1 else _digest(digests)


def kept_results(session: Session | Sitting, now: Mapping[str, Graded]) -> Iterator[Graded]:
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


def _recorded_answers(session: Session | Sitting, student: str) -> Mapping[str, str]:
    """Return the digests of the answers that were recorded before, as far as they are known."""
    with suppress(NoEvidence):
        return read_result(session.result_path(student)).answers
    return {}


def _keep_failure(session: Session | Sitting, graded: Graded) -> None:
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


def _leave_receipt(session: Session | Sitting, student: str) -> None:
    """Lay what nbgrader's exchange asks for beside the graded notebooks."""
    folder, name = session.class_folder, session.name
    write_receipt(
        folder.submitted(name, student),
        folder.autograded_path(name, student, name).parent,
        spare_secret(folder.secret(), name, student),
    )


def with_scores(
    notebook: NotebookNode, verdicts: Sequence[Verdict], material: Material
) -> NotebookNode:
    """Return the executed notebook with each graded cell showing its verdict.

    The cell's only result is the number of points, which is how nbgrader reads a score; its source
    is the one that students know, without the hidden line.
    """
    checked = (verdict for verdict in verdicts if not verdict.inside)
    by_question = {f"{verdict.question}-{GRADED}": verdict for verdict in checked}
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
