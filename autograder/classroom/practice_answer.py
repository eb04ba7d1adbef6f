"""What a student is told before the deadline: which practice cases fail, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.authoring.coursework import Asked, named
from autograder.authoring.reading import readings
from autograder.classroom.feedback import differs, page
from autograder.classroom.fetching import notebook_address
from autograder.classroom.gathering import NO_NOTEBOOK, Ready
from autograder.classroom.practice_notebook import practice_path, practice_text
from autograder.classroom.results import Evidence
from autograder.classroom.session import Session
from autograder.judging.each_question import Judged, judge_with_practice
from autograder.judging.judge import Verdict
from autograder.judging.practice import PracticeCase


@dataclass(frozen=True)
class Answer:
    """What a student was told of a submission.

    Parameters
    ----------
    digest
        Of what was handed in.
    number
        Which of the student's runs it is; None where nothing could be run, which is not counted.
    right, asked
        How many questions all practice cases of which are right, of how many.
    page
        What the student reads.
    notebooks
        The failing practice cases: notebooks as JSON, by file name.
    """

    digest: str
    number: int | None
    right: int
    asked: int
    page: str
    notebooks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """Which submission is answered.

    Parameters
    ----------
    student, digest
        Whose, and what.
    earlier, most
        How many runs the student has had, and may have; None where that is not limited.
    remarks
        On when it came.
    """

    student: str
    digest: str
    earlier: int
    most: int | None
    remarks: tuple[str, ...] = ()

    @property
    def used_up(self) -> bool:
        """Whether the student has had all runs."""
        return self.most is not None and self.earlier >= self.most


def answer(work: Asked, parts: Sequence[Ready], about: About) -> Answer:
    """Return what a student is told of a submission whose notebooks have been run.

    Parameters
    ----------
    work
        The assignment.
    parts
        Its notebooks, with evidence of practice cases.
    about
        Which submission.
    """
    reading = readings(work.assignment)
    verdicts: list[Verdict] = []
    home: dict[str, Home] = {}
    notebooks: dict[str, str] = {}
    evidence = [part.evidence for part in parts if isinstance(part.evidence, Evidence)]
    for part, said in zip(parts, evidence, strict=True):
        name = part.session.notebook_name
        judged = _judged(work, part.session, said)
        found = {each.verdict.question: each.practice for each in judged}
        asked = [each.verdict for each in judged]
        path = practice_path(Path(name), name).name
        text = practice_text(name, said.notebook, asked, found, reading)
        if text:
            notebooks[path] = text
            home |= {name: Home(cases, path, text) for name, cases in found.items() if cases}
        verdicts += asked
    counted = any(said.evidence or set(said.absences.values()) - {NO_NOTEBOOK} for said in evidence)
    number = about.earlier + 1 if counted else None
    right = sum(verdict.points == verdict.max_points for verdict in verdicts)
    remarks = [words for said in evidence for words in said.remarks]
    remarks += [words for part in parts for words in part.remarks]
    failing = {name: each.cases for name, each in home.items()}
    text = page(
        "practice.html.j2",
        assignment=work.assignment.name,
        student=about.student,
        number=number,
        most=about.most,
        right=right,
        verdicts=verdicts,
        home=home,
        differs={v.question: differs(v, failing.get(v.question, ())) for v in verdicts},
        remarks=tuple(dict.fromkeys((*about.remarks, *remarks))),
        reading=reading,
    )
    return Answer(about.digest, number, right, len(verdicts), text, notebooks)


@dataclass(frozen=True)
class Home:
    """The failing practice cases of a question, to go on with at home.

    Parameters
    ----------
    cases
        All of them.
    name, notebook
        Of the notebook that holds them, and the notebook as JSON.
    """

    cases: Sequence[PracticeCase]
    name: str
    notebook: str

    @property
    def address(self) -> str:
        """The notebook as an address, so that it travels in the page."""
        return notebook_address(self.notebook)


def _judged(work: Asked, session: Session, said: Evidence) -> list[Judged]:
    """Return what came of a notebook's questions, under the names that the assignment has."""
    return [
        replace(each, verdict=replace(each.verdict, question=name))
        for each in judge_with_practice(session.exam, said)
        for name in [named(work, session.material, each.verdict.question)]
    ]


def no_more(work: Asked, about: About) -> Answer:
    """Return what a student is told who has had all runs."""
    words = (
        f"You have had {about.earlier} of {about.most} runs of practice cases. What you have "
        "handed in now was received. The visible tests in your notebook, and the practice "
        "notebook that you have, go on working."
    )
    return Answer(about.digest, None, 0, 0, _notice(work, about.student, words, about.remarks))


def not_taken(work: Asked, student: str, file: str, why: str) -> Answer:
    """Return what a student is told one of whose files was not taken."""
    words = f"{file} was not taken: {why}. What you had handed in before stays."
    return Answer("", None, 0, 0, _notice(work, student, words, ()))


def _notice(work: Asked, student: str, words: str, remarks: Sequence[str]) -> str:
    name = work.assignment.name
    return page("notice.html.j2", assignment=name, student=student, words=words, remarks=remarks)
