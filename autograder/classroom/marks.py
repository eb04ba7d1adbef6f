"""The marks of a class in an assignment, for exports: everybody on the roster, graded or not."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.authoring.coursework import Asked
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.roster import Person, read_roster
from autograder.classroom.scoring import ScoreWriter, Standing
from autograder.classroom.terms import Terms
from autograder.errors import CourseError


class NothingGraded(CourseError):
    """Nobody has a mark yet."""


@dataclass(frozen=True)
class Mark:
    """A student's mark.

    Parameters
    ----------
    person
        Who.
    standing
        What the gradebook says, with the final mark where the class has rules; None where nothing
        was graded.
    submitted
        Whether there is a submission, graded or not.
    """

    person: Person
    standing: Standing | None
    submitted: bool = False

    @property
    def points(self) -> float | None:
        """The mark, rounded as it is shown everywhere; None where there is none."""
        return None if self.standing is None else round(self.standing.total, 2)

    @property
    def waiting(self) -> bool:
        """Whether a written answer waits for a person."""
        written = () if self.standing is None else self.standing.written
        return any(mark.points is None for mark in written)

    @property
    def in_words(self) -> str:
        """What the mark is made of."""
        return "" if self.standing is None else self.standing.in_words


@dataclass(frozen=True)
class Marks:
    """The marks of a class.

    Parameters
    ----------
    assignment
        The assignment's name.
    full
        What full marks are.
    each
        Everybody whom roster or gradebook know, by the names of their folders.
    """

    assignment: str
    full: float
    each: tuple[Mark, ...]


def marks_of(class_folder: ClassFolder, work: Asked) -> Marks:
    """Return the marks as the rules of the class have them now, and bring nbgrader's up to them.

    Raises
    ------
    NothingGraded, BrokenClassFile, BrokenRoster, UnusableGradebook
    """
    people = {person.student: person for person in read_roster(class_folder) or ()}
    known = sorted({*gradebook.registered(class_folder), *people})
    gradebook.ensure_assignment(class_folder, work)
    terms = Terms.of(class_folder, work, tuple(people) or None)
    found = []
    with gradebook.open_gradebook(class_folder) as gb:
        writer = ScoreWriter(gb, work)
        for student in known:
            if terms is not None:
                terms.settle(writer, student)
            standing = writer.standing(student) if terms is None else terms.applied(writer, student)
            there = class_folder.submitted(work.assignment.name, student).is_dir()
            found.append(Mark(people.get(student, Person(student)), standing, there))
    full = next((mark.standing.max_total for mark in found if mark.standing), None)
    if full is None:
        name = work.assignment.name
        raise NothingGraded(f"Nobody has a mark in {name} yet. Run: autograder grade {name}")
    return Marks(work.assignment.name, full, tuple(found))
