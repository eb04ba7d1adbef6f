"""Draws a course's exams while the classes before them are graded.

An exam is drawn in a main thread only, as calls are stopped by a signal, so it is a process that
draws ahead. What known answers came to is kept in a folder of their own, where the main process
finds it.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.classroom.program import kept_answers
from autograder.errors import CourseError
from autograder.judging.exam import Exam, draw_exam


@dataclass(frozen=True)
class ExamsAhead:
    """The exams of a class, some of them drawn before they are needed.

    Parameters
    ----------
    secret
        The class's.
    folder
        Where what known answers came to is kept.
    awaited
        The names of assignments whose exams are being drawn, the next one first.
    drawn
        Where each name comes when its exam has been drawn.
    """

    secret: str
    folder: Path
    awaited: list[str]
    drawn: Connection

    def of(self, material: Material) -> Exam:
        """Return the class's exam of an assignment; wait for it where it is being drawn."""
        name = material.assignment.name
        while name in self.awaited:
            try:
                self.awaited.remove(self.drawn.recv())
            except EOFError:  # whatever keeps that process from drawing keeps nobody here from it
                self.awaited.clear()
        return draw_exam(material, self.secret, kept_answers(material, self.folder))


@contextmanager
def exams_ahead(course: Course, names: Sequence[str], secret: str) -> Iterator[ExamsAhead]:
    """Draw the exams of assignments but the first in a process of their own.

    Parameters
    ----------
    course
        The course.
    names
        Of the assignments.
    secret
        The class's.

    Yields
    ------
    ahead
        Ask it for each exam, in the order of the names.
    """
    awaited = list(names[1:])
    # Not a copy of this process, which would have its threads' locks.
    new = multiprocessing.get_context("spawn")
    drawn, said = new.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="exams-") as folder, closing(drawn):
        arguments = (course.root, awaited, secret, Path(folder), said)
        process = new.Process(target=_draw, args=arguments, daemon=True)
        process.start()
        said.close()  # here: so that the other end knows when that process has ended
        try:
            yield ExamsAhead(secret, Path(folder), awaited, drawn)
        finally:
            process.kill()
            process.join()


def _draw(root: Path, names: Sequence[str], secret: str, folder: Path, said: Connection) -> None:
    try:
        for name in names:
            material = load_material(Course.at(root).assignment(name))
            draw_exam(material, secret, kept_answers(material, folder))
            said.send(name)
    except (CourseError, KeyboardInterrupt):
        return  # where the exam is needed it is drawn again, and what is wrong is said there
