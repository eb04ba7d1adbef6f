"""Judges evidence and records it: the one way from evidence to mark, page and report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from nbformat import NotebookNode, from_dict
from nbgrader import utils
from traitlets.config import Config

from autograder.authoring.conventions import GRADED, grade_id_of
from autograder.authoring.coursework import Asked, named
from autograder.authoring.material import Material
from autograder.authoring.nbgraders_course import nbgrader_config
from autograder.authoring.plain import plain_notebook
from autograder.authoring.reading import readings
from autograder.classroom import gradebook
from autograder.classroom.feedback import ForHome, write_feedback
from autograder.classroom.gathering import digest_of
from autograder.classroom.marks_log import JUDGE, MarkSet, log_marks, now
from autograder.classroom.penalties import assign_late_penalty
from autograder.classroom.practice_notebook import Practice, practice_path, write_practice
from autograder.classroom.receipt import spare_secret, write_receipt
from autograder.classroom.results import (
    Evidence,
    NoEvidence,
    Result,
    read_result,
    write_result,
)
from autograder.classroom.scoring import ScoreWriter, Standing, answer_digests
from autograder.classroom.session import Session, Sitting
from autograder.classroom.submission import NOTHING
from autograder.classroom.terms import Terms, standing_of
from autograder.files import InTheWay
from autograder.judging.each_question import Judged, judge_with_practice
from autograder.judging.judge import Verdict


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
    points_before = _recorded_points(session, student)
    notebooks: list[NotebookNode] = []
    verdicts: list[Verdict] = []
    answers: dict[str, str] = {}
    practice: list[Practice] = []
    for notebook, each in zip(session.notebooks, evidence, strict=True):
        executed, found = _record_notebook(
            notebook, session.material, writer, student, each, before
        )
        notebooks.append(executed)
        verdicts += [judged.verdict for judged in found]
        practice.append({judged.verdict.question: judged.practice for judged in found})
        digests = answer_digests(each.notebook)
        answers |= {_name(session, notebook, name): said for name, said in digests.items()}
    terms = Terms.of(session.class_folder, session.material)
    if terms is not None:
        terms.settle(writer, student)
    elif writer.is_late(student):
        settings = config or nbgrader_config(session.material.assignment.course.root)
        for sheet in session.material.sheets:
            assign_late_penalty(session.class_folder, sheet, student, settings)
    standing = standing_of(terms, writer, student)
    submitted = "" if all(map(_untouched, notebooks)) else _joined(evidence)
    graded = Graded(
        student,
        tuple(verdicts),
        (*_remarks(session, evidence), *remarks),
        standing=standing,
        submitted=submitted,
    )
    _log_changes(session, graded, points_before)
    result = Result(graded.verdicts, graded.remarks, submitted=submitted, answers=answers)
    write_result(session.result_path(student), result)
    _leave_receipt(session, student)
    _write_for_student(session, graded, evidence, practice)
    return notebooks, graded


def _write_for_student(
    session: Session | Sitting,
    graded: Graded,
    evidence: Sequence[Evidence],
    practice: Sequence[Practice],
) -> None:
    """Write the page that a student gets, and the notebooks of practice cases beside it."""
    page = session.feedback_path(graded.student)
    reading = readings(session.material.assignment)
    failing = {name: cases for found in practice for name, cases in found.items() if cases}
    notebooks: dict[str, str] = {}
    for notebook, each, found in zip(session.notebooks, evidence, practice, strict=True):
        verdicts = [verdict for verdict in graded.verdicts if verdict.question in found]
        path = practice_path(page, notebook.notebook_name)
        name = notebook.notebook_name
        if write_practice(path, name, each.notebook, verdicts, found, reading):
            notebooks |= dict.fromkeys(failing.keys() & found.keys(), path.name)
    write_feedback(
        page,
        session.material,
        graded.student,
        graded.verdicts,
        graded.remarks,
        graded.standing,
        ForHome(failing, notebooks, reading),
    )


def _record_notebook(
    session: Session,
    work: Asked,
    writer: ScoreWriter,
    student: str,
    evidence: Evidence,
    before: Mapping[str, str],
) -> tuple[NotebookNode, list[Judged]]:
    """Judge a notebook and write its scores; return it with them, and what was judged."""
    sheet = session.material
    judged = judge_with_practice(session.exam, evidence)
    verdicts = tuple(each.verdict for each in judged)
    notebook = with_scores(evidence.notebook, verdicts, sheet)
    answers = answer_digests(evidence.notebook)
    unchanged = {
        name for name, digest in answers.items() if digest == before.get(named(work, sheet, name))
    }
    there = evidence.submitted != NOTHING
    writer.write(student, notebook, verdicts, evidence.time, unchanged, sheet, there)
    return notebook, [
        replace(each, verdict=replace(v, question=named(work, sheet, v.question)))
        for each, v in zip(judged, verdicts, strict=True)
    ]


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
    return digests[0] if len(digests) == 1 else digest_of(digests)


def kept_results(session: Session | Sitting, now: Mapping[str, Graded]) -> Iterator[Graded]:
    """Yield what is known of everybody who has submitted, one after the other.

    Parameters
    ----------
    session
        The class and the assignment.
    now
        Whom a run could not grade just now, with the reason.
    """
    with gradebook.open_gradebook(session.class_folder) as gb:
        writer = ScoreWriter(gb, session.material)
        terms = Terms.of(session.class_folder, session.material)
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
                standing=standing_of(terms, writer, student),
                submitted=kept.submitted,
            )


def _recorded_answers(session: Session | Sitting, student: str) -> Mapping[str, str]:
    """Return the digests of the answers that were recorded before, as far as they are known."""
    with suppress(NoEvidence):
        return read_result(session.result_path(student)).answers
    return {}


def _recorded_points(session: Session | Sitting, student: str) -> Mapping[str, float]:
    """Return the automatic points that were recorded before, by question, as far as known."""
    with suppress(NoEvidence):
        kept = read_result(session.result_path(student))
        return {verdict.question: verdict.points for verdict in kept.verdicts}
    return {}


def _log_changes(session: Session | Sitting, graded: Graded, before: Mapping[str, float]) -> None:
    """Add to the log of marks what is new or has changed, so that an appeal can be answered."""
    when, changes = now(), []
    for verdict in graded.verdicts:
        was = before.get(verdict.question)
        if was != verdict.points:
            about = (session.name, graded.student, verdict.question)
            changes.append(MarkSet(*about, was, verdict.points, JUDGE, verdict.says, when))
    log_marks(session.class_folder, changes)


def keep_failure(session: Session | Sitting, graded: Graded) -> None:
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
