"""Answers submissions as they come: collects them, runs practice cases, releases what came of it.

One look at the inbox goes in steps, each of which can be cut off anywhere and is found done or not
done by the next look:

1. what has come, and has come to rest, is laid into ``submitted/`` (see `collecting`);
2. the newest submission of everybody who has no answer to it is run, and its evidence kept;
3. the answer is kept, in one file, and counts from then on;
4. it is released: into ``practice/feedback/``, and where students of an exchange fetch it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from autograder.authoring.coursework import Asked
from autograder.authoring.nbgrader_config import SECRET, TIME
from autograder.classroom import fetching, practice_answer, practice_kept
from autograder.classroom.class_file import ClassFile, read_class_file
from autograder.classroom.class_folder import ClassFolder, NothingSubmitted
from autograder.classroom.collecting import Collected, Collection, Fate, digest_of_folder
from autograder.classroom.final_mark import lateness_of
from autograder.classroom.gathering import Ready, RunOptions, gather
from autograder.classroom.grading import together
from autograder.classroom.incoming import UnreadableSource
from autograder.classroom.practice_answer import About, Answer
from autograder.classroom.practice_class import PracticeFolder, practice_sitting
from autograder.classroom.practice_kept import BrokenAnswer, Notice
from autograder.classroom.receipt import submission_time
from autograder.classroom.roster import names_on
from autograder.classroom.schemes import Attempt, Scheme
from autograder.classroom.session import Session, Sitting
from autograder.errors import CourseError
from autograder.files import InTheWay

AT_REST = 2.0
"""Seconds for which a file has not changed before it is taken: a copy may still be going on."""
_TRIES = 3
"""How often a submission is run where the machine fails."""
_SEVERAL = 2
"""How many submissions, for each that runs at once, are answered before others have the class."""

_Stat = tuple[str, int, int, int, int]
Signature = tuple[_Stat, ...]
_Waiting = tuple[About, Signature]
_TAKEN = (Fate.new, Fate.newer)


class NoInbox(CourseError):
    """There is nothing to look at."""


@dataclass(frozen=True)
class Inbox:
    """Where submissions come.

    Parameters
    ----------
    path
        A folder of students' folders or files, or the folder ``inbound`` of nbgrader's exchange.
    scheme
        Which of the two.
    """

    path: Path
    scheme: Scheme

    @classmethod
    def at(cls, path: Path) -> Inbox:
        """Return the inbox at a path: an exchange, one course in it, or a folder.

        Raises
        ------
        NoInbox
        """
        if not path.is_dir():
            raise NoInbox(
                f"There is no folder {path}. Name where submissions come: nbgrader's exchange, or "
                "a folder of students' folders"
            )
        inbounds = [path] if path.name == "inbound" else sorted(path.glob("inbound"))
        inbounds = inbounds or sorted(path.glob("*/inbound"))
        if len(inbounds) > 1:
            courses = ", ".join(str(each.parent) for each in inbounds)
            raise NoInbox(f"{path} is an exchange of several courses. Name one: {courses}")
        return cls(inbounds[0], Scheme.exchange) if inbounds else cls(path, Scheme.folder)

    @property
    def feedback(self) -> Path | None:
        """Where students of the exchange fetch feedback."""
        return self.path.parent / "feedback" if self.scheme is Scheme.exchange else None


@dataclass(frozen=True)
class Event:
    """Something that staff see.

    Parameters
    ----------
    student
        Whom it is about; empty where nobody is known.
    what
        In a word or two: ``answered``, ``no more runs``, ``NOT ANSWERED``, or a `Fate`.
    words
        More of it.
    well
        Whether nobody needs to look at it.
    run, right, asked
        Of an answer: see `autograder.classroom.practice_answer.Answer`.
    """

    student: str
    what: str
    words: str = ""
    well: bool = True
    run: int | None = None
    right: int | None = None
    asked: int | None = None


@dataclass
class Watch:
    """Looks at an inbox again and again.

    Parameters
    ----------
    work, class_folder
        The assignment and the class.
    inbox
        Where submissions come.
    sitting
        From `autograder.classroom.practice_class.practice_sitting`.
    clock
        The time in seconds, as files have it.
    """

    work: Asked
    class_folder: ClassFolder
    inbox: Inbox
    sitting: Session | Sitting
    clock: Callable[[], float] = time.time
    restless: bool = False
    """Whether the last look met something that was not at rest."""
    behind: bool = False
    """Whether it left something for the next one."""
    _taken: dict[str, Signature] = field(default_factory=dict)
    _told: dict[str, Signature] = field(default_factory=dict)
    _failed: dict[tuple[str, Signature], int] = field(default_factory=dict)
    _said: set[Event] = field(default_factory=set)

    @property
    def _name(self) -> str:
        return self.work.assignment.name

    @property
    def _page(self) -> str:
        return self.sitting.feedback_path("").stem

    @property
    def _folder(self) -> PracticeFolder:
        return PracticeFolder.in_class(self.class_folder)

    def look(self, executor: Executor, at_once: int, options: RunOptions) -> Iterator[Event]:
        """Do what there is to do; yield what staff should see. The class's lock must be held.

        It does so much at a time, and leaves the rest for the next look.

        Raises
        ------
        CourseError
            Nothing can be done before a person has put something right.
        """
        names = names_on(self.class_folder)
        rules = read_class_file(self.class_folder, self.work.assignment.course, names)
        yield from self.once(self._collected(rules, names))
        waiting: list[_Waiting] = []
        yield from self.once(self._looked_through(rules, waiting))
        waiting.sort(key=lambda each: each[0].earlier)  # who hands in all the time comes last
        several = waiting[: _SEVERAL * at_once]
        self.behind = len(waiting) > len(several)
        yield from self._answered(several, executor, at_once, options)

    def once(self, events: Iterator[Event]) -> Iterator[Event]:
        """Yield what has not been said before."""
        for event in events:
            if event not in self._said:
                self._said.add(event)
                yield event

    # --- 1. collect -------------------------------------------------------------------------------

    def _collected(self, rules: ClassFile | None, names: Sequence[str] | None) -> Iterator[Event]:
        collection = Collection(self.class_folder, self.work.assignment, rules)
        looked: dict[str, Signature] = {}
        self.restless = False
        try:
            for each in collection.from_source(
                self.inbox.path, self.inbox.scheme, lambda attempt: self._admitted(attempt, looked)
            ):
                words = "; ".join(each.remarks)
                if not each.well:
                    yield Event(each.student, each.fate.value, f"{each.source}: {words}", False)
                    for student in self._meant(each, names):
                        self._tell_not_taken(student, each)
                elif each.fate is Fate.beyond:
                    yield Event(each.student, each.fate.value, words)
                    self._give_notice_of(each.student, each)
                elif each.fate in _TAKEN:
                    self._notice(Notice.not_taken, each.student, None)
                    if words:
                        yield Event(each.student, each.fate.value, words)
        except UnreadableSource as error:
            if not self.inbox.path.is_dir():
                raise
            if any(self.inbox.path.iterdir()):  # but nothing of this assignment yet
                yield Event("", "nothing yet", str(error))
        self._taken |= looked

    def _meant(self, each: Collected, names: Sequence[str] | None) -> Iterator[str]:
        """Yield who is to be told that a file was not taken, as far as the class knows them."""
        named = re.split(r"[+/]", each.source)[0] if not each.student else ""
        for student in (*each.student.split(", "), named.removesuffix(".ipynb")):
            if student in (names or ()):
                yield student

    def _admitted(self, attempt: Attempt, looked: dict[str, Signature]) -> Attempt | None:
        """Return an attempt that is new and at rest, as it is to be collected."""
        if not attempt.files:
            return attempt  # nothing to read: why not is said once
        label = attempt.senders[0].label
        paths = [self.inbox.path / file.path for file in attempt.files.values()]
        folders = {path.parent for path in paths} - {self.inbox.path}
        signature = _signature([*paths, *folders])
        if self._taken.get(label) == signature:
            return None
        changed = max((stat[-1] for stat in signature), default=0) / 1e9
        if self.clock() - changed < AT_REST:
            self.restless = True
            return None
        looked[label] = signature
        if self.inbox.scheme is Scheme.exchange:
            return attempt
        # Nobody but this machine says when a file came into a folder.
        came = max(stat[-1] for stat in _signature(paths)) / 1e9
        files = {name: f for name, f in attempt.files.items() if name not in (TIME, SECRET)}
        when = datetime.fromtimestamp(came, UTC).replace(tzinfo=None)
        return replace(attempt, files=files, time=when)

    def _tell_not_taken(self, student: str, each: Collected) -> None:
        there = self.class_folder.submitted(self._name, student).is_dir()
        if there and self.inbox.scheme is Scheme.exchange:
            return  # what was refused stays there; it may be older than what was taken
        self._give_notice_of(student, each)

    def _give_notice_of(self, student: str, each: Collected) -> None:
        for_staff = "LOOK AT"
        why = "; ".join(words for words in each.remarks if not words.startswith(for_staff))
        told = practice_answer.not_taken(self.work, student, each.source, why)
        self._notice(Notice.not_taken, student, told)

    def _notice(self, notice: Notice, student: str, told: Answer | None) -> None:
        practice_kept.give_notice(notice, self._folder, self._name, student, self._page, told)

    # --- 2. run -----------------------------------------------------------------------------------

    def _looked_through(self, rules: ClassFile | None, waiting: list[_Waiting]) -> Iterator[Event]:
        """Find who has no answer yet to what lies in ``submitted/``; release what is kept."""
        try:
            students = self.class_folder.students(self._name)
        except NothingSubmitted:
            return
        used_up: list[About] = []
        for student in students:
            place = self.class_folder.submitted(self._name, student)
            try:
                signature = _signature([place, *place.iterdir()])
                if self._told.get(student) != signature:
                    waiting += self._without_answer(rules, student, signature, used_up)
            except (OSError, BrokenAnswer, InTheWay) as error:
                yield Event(student, "NOT ANSWERED", str(error), False)
        for about in used_up:
            yield Event(about.student, "no more runs", f"{about.earlier} of {about.most} were had")

    def _without_answer(
        self, rules: ClassFile | None, student: str, signature: Signature, used_up: list[About]
    ) -> Iterator[_Waiting]:
        """Yield a student's submission if it waits; release what there is to say of it if not."""
        digest = digest_of_folder(self.class_folder.submitted(self._name, student))
        told = practice_kept.kept(self._folder, self._name, student, digest)
        if told is not None:
            self._release(student, told, new=False)
            self._told[student] = signature
            return
        about = self._about(rules, student, digest)
        if about.used_up:
            told = practice_answer.no_more(self.work, about)
            self._notice(Notice.no_more_runs, student, told)
            self._release_in_exchange(student, told, new=False)
            used_up.append(about)
        elif self._failed.get((student, signature), 0) < _TRIES:
            yield about, signature

    def _about(self, rules: ClassFile | None, student: str, digest: str) -> About:
        earlier = practice_kept.runs(self._folder, self._name, student)
        if rules is None:
            return About(student, digest, earlier, None)
        came, _ = submission_time(self.class_folder.submitted(self._name, student))
        times = {} if came is None else {self._name: came}
        late = lateness_of(rules, self._name, student, times).in_words
        most = rules.practice_runs_at(self._name)
        return About(student, digest, earlier, most, (f"It came {late}.",) if late else ())

    def _answered(
        self,
        waiting: Sequence[_Waiting],
        executor: Executor,
        at_once: int,
        options: RunOptions,
    ) -> Iterator[Event]:
        to_run = {about.student: (about, signature) for about, signature in waiting}
        ready = gather(self.sitting, list(to_run), executor, at_once, options)
        for parts in together(self.sitting, ready):
            yield self._answer(parts, *to_run[parts[0].student])

    # --- 3. and 4. answer and release -------------------------------------------------------------

    def _answer(self, parts: Sequence[Ready], about: About, signature: Signature) -> Event:
        student = about.student
        failures = [part.evidence for part in parts if isinstance(part.evidence, str)]
        if failures:
            return self._failure(student, signature, " ".join(dict.fromkeys(failures)))
        try:
            told = practice_answer.answer(self.work, parts, about)
            practice_kept.keep(self._folder, self._name, student, told)
            self._release(student, told, new=True)
        except InTheWay as error:
            return self._failure(student, signature, str(error))
        except CourseError:
            raise  # the next one would meet it too
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are still answered
            words = f"It could not be answered: {type(error).__name__}: {error}"
            return self._failure(student, signature, words)
        self._told[student] = signature
        of = "" if about.most is None else f" of {about.most}"
        run = "not counted" if told.number is None else f"run {told.number}{of}"
        words = f"{run}, {told.right} of {told.asked} right so far"
        return Event(student, "answered", words, True, told.number, told.right, told.asked)

    def _failure(self, student: str, signature: Signature, words: str) -> Event:
        tries = self._failed[student, signature] = self._failed.get((student, signature), 0) + 1
        again = "it is tried again" if tries < _TRIES else "start again when it is mended"
        return Event(student, "NOT ANSWERED", f"{words} ({again})", False)

    def _release(self, student: str, told: Answer, new: bool) -> None:
        practice_kept.release(self._folder, self._name, student, self._page, told)
        self._notice(Notice.no_more_runs, student, None)
        self._release_in_exchange(student, told, new)

    def _release_in_exchange(self, student: str, told: Answer, new: bool) -> None:
        if self.inbox.feedback is not None:
            names = [notebook.notebook_name for notebook in self.sitting.notebooks]
            place = self.class_folder.submitted(self._name, student)
            fetching.lay(self.inbox.feedback, place, names, told.page, anew=new)


def _signature(paths: Iterator[Path] | Sequence[Path]) -> Signature:
    """Return what changes when a file does. The last is when, which nobody can set."""
    found = []
    for path in paths:
        try:
            stat = path.lstat()
        except OSError:
            continue  # it is gone: another signature
        found.append((str(path), stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
    return tuple(sorted(found))


def watch_on(work: Asked, class_folder: ClassFolder, inbox: Inbox) -> Watch:
    """Return what watches an inbox for a class, its practice exam being drawn.

    Raises
    ------
    NothingToPractise, CannotExamine
    """
    return Watch(work, class_folder, inbox, practice_sitting(work, class_folder))
