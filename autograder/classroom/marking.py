"""Written answers, one question after the other over all students, and the marks people set."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import nbformat
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from autograder.authoring.conventions import TASK, WRITTEN, grade_id_of, role_of
from autograder.classroom import gradebook
from autograder.classroom.anonymous import NOBODY, NameHider, hiders
from autograder.classroom.class_folder import PATIENCE, one_run
from autograder.classroom.harmless import clean_markdown, harmless_markdown
from autograder.classroom.marks_log import MarkSet, log_marks, now
from autograder.classroom.scoring import answer_digests
from autograder.classroom.session import Session, Sitting
from autograder.errors import CourseError

_MARKERS = re.compile(r"^### (BEGIN|END) (MARK SCHEME|SOLUTION)$\n?", re.MULTILINE)
_HEADING = re.compile(r"(?P<tag></?h)[1-6]>")


class NotMarked(CourseError):
    """A mark that cannot be set."""


@dataclass(frozen=True)
class Place:
    """One student's answer to one written question.

    Parameters
    ----------
    session
        Of its notebook.
    name
        The marked cell's grade_id.
    student
        Whose it is. The page does not say so.
    hider
        Hides the student's own names in the answer.
    """

    session: Session
    name: str
    student: str
    hider: NameHider = NOBODY

    @cached_property
    def _notebook(self) -> NotebookNode:
        path = self.session.class_folder.autograded_path(
            self.session.name, self.student, self.session.notebook_name
        )
        notebook: NotebookNode = nbformat.read(path, as_version=4)
        return notebook

    @property
    def digest(self) -> str:
        """A digest of the answer's text; empty where its cell is gone."""
        return answer_digests(self._notebook).get(self.name, "")

    @property
    def html(self) -> str:
        """The answer, with its pictures, without the student's names and anything that acts."""
        cells = [cell for cell in self._notebook.cells if grade_id_of(cell) == self.name]
        return "".join(harmless_html(cell, self.hider) for cell in cells)


@dataclass(frozen=True)
class Mark:
    """What an answer has.

    Parameters
    ----------
    points, max_points
        None where it waits for a person.
    comment
        For the student.
    extra
        Points beside those of the question.
    """

    points: float | None
    max_points: float
    comment: str = ""
    extra: float = 0.0


@dataclass(frozen=True)
class Rubric:
    """What a person marks by, as HTML: the question, and its model answer or mark scheme."""

    question: str
    model: str


def harmless_html(cell: NotebookNode, hider: NameHider = NOBODY) -> str:
    """Return a markdown cell as HTML in which nothing acts; formulas stay as they were typed.

    Headings become the page's third level, below its own two: who listens to the page is led by
    levels, and an answer does not decide on those.
    """
    source, pictures = harmless_markdown(cell.source, cell.get("attachments", {}))
    renderer = IPythonRenderer(escape=False, attachments=pictures)
    rendered = MarkdownWithMath(renderer=renderer).render(hider.in_text(source))
    return _HEADING.sub(r"\g<tag>3>", clean_markdown(hider.in_html(rendered)))


def written_questions(session: Session) -> list[str]:
    """Return the grade_ids of the cells of a notebook that a person marks, in order."""
    cells = [cell for cell in session.material.notebook.cells if grade_id_of(cell)]
    return [grade_id_of(cell) or "" for cell in cells if role_of(cell) in (WRITTEN, TASK)]


def rubric(session: Session, name: str) -> Rubric:
    """Return what the course says of a written question."""
    question = ""
    for cell in session.material.notebook.cells:
        if grade_id_of(cell) == name:
            model = NotebookNode(cell | {"source": _MARKERS.sub("", cell.source)})
            return Rubric(question, harmless_html(model))
        if cell.cell_type == "markdown" and grade_id_of(cell) is None:
            question = harmless_html(cell)
    raise NotMarked(f"There is no written question {name!r}")


def places(session: Session | Sitting) -> list[Place]:
    """Return all answers that a person marks: question by question, in an order that hides names.

    The order is that of a digest, so that it is the same whenever the page is opened.
    """
    return [place for notebook in session.notebooks for place in _places(notebook)]


def _places(session: Session) -> Iterator[Place]:
    folder = session.class_folder
    graded = [
        student
        for student in folder.students(session.name)
        if folder.autograded_path(session.name, student, session.notebook_name).is_file()
    ]
    hiding = hiders(folder, graded)
    for name in written_questions(session):
        seed = f"{folder.secret()}|{name}|"
        key = {who: hashlib.sha256((seed + who).encode()).hexdigest() for who in graded}
        in_order = sorted(graded, key=key.__getitem__)
        yield from (Place(session, name, who, hiding[who]) for who in in_order)


def mark_of(place: Place) -> Mark:
    """Return what an answer has, as the gradebook says."""
    with gradebook.open_gradebook(place.session.class_folder) as gb:
        grade = gb.find_grade(*_key(place))
        comment = gb.find_comment(*_key(place))
        waits = grade.needs_manual_grade
        points = grade.manual_score if grade.manual_score is not None else grade.auto_score
        return Mark(
            None if waits else float(points or 0.0),
            float(grade.max_score),
            comment.manual_comment or "",
            float(grade.extra_credit or 0.0),
        )


def set_mark(place: Place, mark: Mark, seen: str, by: str, why: str) -> None:
    """Write a person's mark into the gradebook, and a line into the log.

    Parameters
    ----------
    place
        Which answer.
    mark
        What it gets.
    seen
        The digest of the answer that the person has read.
    by, why
        For the log.

    Raises
    ------
    NotMarked
        The answer has changed since it was read, or the points are none that there can be.
    AnotherRun
        A run is at work on the class, and does not end soon.
    """
    points = mark.points
    if points is None or not 0 <= points <= mark.max_points:
        raise NotMarked(f"Expected points from 0 to {mark.max_points:g}, came {points!r}")
    folder = place.session.class_folder
    with one_run(folder, PATIENCE):
        if Place(place.session, place.name, place.student).digest != seen:
            raise NotMarked("The answer has changed since you read it. Nothing was set: read it.")
        before = mark_of(place).points
        given = points + mark.extra
        words = (place.session.name, place.student, place.name)
        log_marks(folder, [MarkSet(*words, before, given, by, why, now())])
        with gradebook.open_gradebook(folder) as gb:
            grade = gb.find_grade(*_key(place))
            grade.manual_score, grade.extra_credit = points, mark.extra
            grade.needs_manual_grade = False
            gb.find_comment(*_key(place)).manual_comment = mark.comment
            gb.db.commit()


def _key(place: Place) -> tuple[str, str, str, str]:
    return place.name, place.session.notebook_name, place.session.name, place.student
