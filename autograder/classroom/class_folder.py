"""One class: what it submitted, its secret, and what grading it left behind.

::

    class/
      class.toml                                its rules, written by staff
      roster.csv                                who is in it
      secret.json                               the seed of this class's exams
      gradebook.db                              nbgrader's
      submitted/<student>/<assignment>/         what students sent
      collected/<assignment>/<student>/         what they had sent before
      requests/<assignment>/<student>.md        for another look
      evidence/<assignment>/<student>.json      what came back from running it
      verdicts/<assignment>/<student>.json      what the judge made of that
      autograded/<student>/<assignment>/        the executed notebook, for the formgrader
      feedback/<student>/<assignment>/          a page for the student, and practice cases
      nbgrader_feedback/<student>/<assignment>/ nbgrader's own
      marks.jsonl                               who or what set each mark, when and why
      practice/                                 what `autograder watch` tells before marks
      backups/                                  copies of the gradebook
      reports/<assignment>.csv, .html           for staff
      exports/                                  marks for other programs
      exchange/                                 nbgrader's, where no other is configured

Where an assignment has several notebooks, evidence lies a folder deeper, in one named after the
notebook, and a student's page is named after the assignment. Where the class has its course's
folder, as nbgrader has it, our pages are in ``autograder_feedback/`` and its own in ``feedback/``.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from autograder.authoring.course import Course
from autograder.classroom.misplaced import misplaced, unusable
from autograder.errors import CourseError
from autograder.files import needing_room, remove_unfinished, write_atomically

_FEW = 5
"""How many misplaced submissions are named where there is nothing else."""
_WRITTEN = (
    "evidence",
    "verdicts",
    "autograded",
    "feedback",
    "autograder_feedback",
    "reports",
    "practice",
)
"""The folders that runs write their results into."""
PATIENCE = 5.0
"""Seconds that nbgrader's own commands wait for another run's end."""
PATIENCE_WITH_A_WATCH = 60.0
"""Seconds that ours wait where somebody watches, who holds the class for a few at a time."""


class UnknownStudent(CourseError):
    """Nobody of that name has submitted."""


class NothingSubmitted(CourseError):
    """There is nothing to grade."""


class BrokenSecret(CourseError):
    """The class's secret cannot be read."""


class AnotherRun(CourseError):
    """Another run is at work on the class."""


@contextlib.contextmanager
def one_run(class_folder: ClassFolder, patience: float | None = None) -> Iterator[None]:
    """Hold a class's lock, which one run has at a time, and which a killed run loses.

    What such a run has left unfinished is removed.

    Parameters
    ----------
    class_folder
        The class.
    patience
        Seconds to wait for the end of another run; None waits where that may be a watch.

    Raises
    ------
    AnotherRun
        There is one.
    NoRoom, InTheWay
    """
    if patience is None:
        patience = PATIENCE_WITH_A_WATCH if is_watched(class_folder) else 0.0
    holder = class_folder.path / ".run.holder"
    lock = FileLock(class_folder.path / ".run.lock", timeout=patience)
    try:
        with needing_room(class_folder.path):
            class_folder.make()
            lock.acquire()
    except Timeout as error:
        raise AnotherRun(
            f"Another run is at work on {class_folder.path}. Wait for its end, and run this again: "
            f"what it has done will not be done twice. It is {_words(holder)}"
        ) from error
    try:
        remove_unfinished(class_folder.path, "*")
        for name in _WRITTEN:
            remove_unfinished(class_folder.path / name)
        with contextlib.suppress(CourseError):  # who cannot be named works all the same
            write_atomically(holder, _this_run(), lasting=False)
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def one_watch(class_folder: ClassFolder, assignment: str) -> Iterator[None]:
    """Hold the right to watch an assignment, which one has at a time, and a killed one loses.

    Raises
    ------
    AnotherRun
        Somebody watches it.
    NoRoom, InTheWay
    """
    with needing_room(class_folder.path):
        class_folder.make()
    # Whoever asks whether it is watched holds it for a moment.
    lock = FileLock(_watch_lock(class_folder, assignment), timeout=0.5)
    try:
        lock.acquire()
    except Timeout as error:
        raise AnotherRun(
            f"{assignment} is being watched already for {class_folder.path}. One is enough: end "
            "the other first, or leave it to it"
        ) from error
    try:
        yield
    finally:
        lock.release()


def is_watched(class_folder: ClassFolder) -> bool:
    """Return whether somebody watches an assignment of a class."""
    return any(map(_is_held, class_folder.path.glob(_watch_lock(class_folder, "*").name)))


def _watch_lock(class_folder: ClassFolder, assignment: str) -> Path:
    return class_folder.path / f".watch-{assignment}.lock"


def _is_held(path: Path) -> bool:
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def _this_run() -> str:
    """Return this process in words, for others who wait for it."""
    words = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    return f"{words!r}, process {os.getpid()} on {platform.node()}"


def _words(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return "not known which"


@dataclass(frozen=True)
class ClassFolder:
    """The folder of one class."""

    path: Path

    def make(self) -> None:
        """Make the folder where it is missing, for its owner only."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def exchange(self) -> Path:
        """What nbgrader exchanges with students, in a folder that it opens to everybody."""
        return self.path / "exchange"

    @property
    def gradebook_path(self) -> Path:
        """Nbgrader's database."""
        return self.path / "gradebook.db"

    @property
    def gradebook_url(self) -> str:
        """The same, as SQLAlchemy names it."""
        # Who finds it locked, by the formgrader say, waits for a minute.
        return f"sqlite:///{self.gradebook_path}?timeout=60"

    @property
    def answers(self) -> Path:
        """What known answers came to in the class's exams: may be deleted, and is made anew."""
        return self.path / "known_answers"

    @property
    def secret_path(self) -> Path:
        """The seed of the class's exams."""
        return self.path / "secret.json"

    def submitted(self, assignment: str, student: str) -> Path:
        """Return the folder that a student submitted."""
        return self.path / "submitted" / student / assignment

    def evidence_path(self, assignment: str, student: str, notebook: str = "") -> Path:
        """Return where the evidence of a submission is kept, or of one notebook of several."""
        return self.path / "evidence" / assignment / notebook / f"{student}.json"

    def verdict_path(self, assignment: str, student: str) -> Path:
        """Return where the verdicts on a submission are kept."""
        return self.path / "verdicts" / assignment / f"{student}.json"

    def autograded_path(self, assignment: str, student: str, notebook_name: str) -> Path:
        """Return where the executed notebook is kept, as nbgrader expects it."""
        return self.path / "autograded" / student / assignment / f"{notebook_name}.ipynb"

    def feedback_path(self, assignment: str, student: str, notebook_name: str) -> Path:
        """Return the page that a student gets."""
        return self.feedback / student / assignment / f"{notebook_name}.html"

    @property
    def feedback(self) -> Path:
        """Where the pages for students are. Nbgrader's own lie elsewhere."""
        return self.path / ("autograder_feedback" if self.is_nbgraders else "feedback")

    @property
    def is_nbgraders(self) -> bool:
        """Whether it is the folder of a course of nbgrader's as well."""
        return Course(self.path).is_nbgraders

    def report_path(self, assignment: str, suffix: str) -> Path:
        """Return where a report on the class is written."""
        return self.path / "reports" / f"{assignment}{suffix}"

    def students(self, assignment: str) -> list[str]:
        """Return who has a folder for the assignment that can be graded, in order.

        Raises
        ------
        NothingSubmitted
            Nobody has.
        """
        folders = (self.path / "submitted").glob(f"*/{assignment}")
        names = (folder.parent.name for folder in folders)
        found = sorted(name for name in names if unusable(name) is None)
        if not found:
            elsewhere = [f"{name}: {why}" for name, why in self.misplaced(assignment)[:_FEW]]
            raise NothingSubmitted(
                f"Nothing to grade: expected {self.path}/submitted/<student>/{assignment}/, found "
                "no such folder. Put the submissions there, or name another class: --class PATH"
                + "".join(f"\n{words}" for words in elsewhere)
            )
        return found

    def misplaced(self, assignment: str) -> list[tuple[str, str]]:
        """Return whose submissions are not graded where they lie, and why."""
        return list(misplaced(self.path / "submitted", assignment))

    def student(self, assignment: str, name: str) -> str:
        """Return `name` if it has submitted.

        Raises
        ------
        UnknownStudent
            It has not.
        """
        students = self.students(assignment)
        if name not in students:
            raise UnknownStudent(
                f"No submission of {assignment} by {name!r}. There are {len(students)}: "
                f"{', '.join(students[:8])}{', ...' if len(students) > 8 else ''}"
            )
        return name

    def secret(self) -> str:
        """Return the class's secret, making one the first time.

        Raises
        ------
        BrokenSecret
            The file is damaged. It is never replaced silently: another secret is another exam.
        """
        path = self.secret_path
        if not path.exists():
            self.set_secret(secrets.token_hex(32))
        try:
            secret = json.loads(path.read_text(encoding="utf-8"))["secret"]
            if not isinstance(secret, str) or not secret:
                raise ValueError("no secret text")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BrokenSecret(
                f'{path}: expected {{"secret": "..."}}. Restore it from a backup; to examine '
                "the class anew with other inputs, delete it"
            ) from error
        return secret

    def set_secret(self, secret: str) -> None:
        """Write the class's secret, readable by its owner only."""
        self.make()
        content = json.dumps({"secret": secret}) + "\n"
        write_atomically(self.secret_path, content, mode=0o600)
