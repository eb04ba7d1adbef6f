"""Lays what came in into ``submitted/``: the newest of each student, and the older ones aside.

::

    class/
      submitted/<student>/<assignment>/            what is graded
      collected/<assignment>/<student>/<number>/   what came before, or came too often
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.authoring.course import Assignment
from autograder.authoring.nbgrader_config import SECRET, TIME
from autograder.classroom.called_late import note_late
from autograder.classroom.class_file import ClassFile
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.csv_files import read_table
from autograder.classroom.deadlines import in_utc
from autograder.classroom.incoming import UnreadableFile, opened
from autograder.classroom.matching import Matcher
from autograder.classroom.receipt import parsed_time, submission_time
from autograder.classroom.roster import BrokenRoster, Person, people_in, read_roster
from autograder.classroom.schemes import Attempt, Scheme, attempts, scheme_of
from autograder.files import needing_room

_MOST_FILES = 1_000
"""Of one attempt."""
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_LONG_DATE = re.compile(
    rf"(?:[A-Z][a-z]+day, )?(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d{{4}}), "
    r"(\d{1,2}):(\d\d)(?: (AM|PM))?"
)


class Fate(StrEnum):
    """What became of an attempt."""

    new = "new"
    newer = "replaces an older one"
    unchanged = "is there already"
    older = "older, kept aside"
    beyond = "one too many, kept aside"
    not_matched = "NOT MATCHED"
    refused = "REFUSED"


@dataclass(frozen=True)
class Collected:
    """What became of an attempt, or of a file.

    Parameters
    ----------
    source
        What staff recognise in the source.
    fate, student
        What became of it; whose it is, where that is known.
    late, time
        As the platform says (see `Attempt`).
    remarks
        What staff should know.
    digest
        Of what was handed in.
    """

    source: str
    fate: Fate
    student: str = ""
    late: bool = False
    time: datetime | None = None
    remarks: tuple[str, ...] = ()
    digest: str = ""

    @property
    def well(self) -> bool:
        """Whether it is somebody's, and kept."""
        return self.fate not in (Fate.not_matched, Fate.refused)


@dataclass(frozen=True)
class Collection:
    """Where to collect to, and what is known of the class.

    Parameters
    ----------
    class_folder, assignment
        Where.
    rules
        Of the class, where it has a file.
    worksheet
        Moodle's grading worksheet of the assignment: who the numbers are, and when they submitted.
    """

    class_folder: ClassFolder
    assignment: Assignment
    rules: ClassFile | None = None
    worksheet: Path | None = None

    @property
    def _notebook(self) -> str:
        return f"{self.assignment.notebooks[0].notebook_name}.ipynb"

    def from_source(
        self,
        path: Path,
        scheme: Scheme | None = None,
        admitted: Callable[[Attempt], Attempt | None] | None = None,
    ) -> Iterator[Collected]:
        """Collect from a zip file or a folder; yield what became of each attempt.

        Parameters
        ----------
        path
            Of the source.
        scheme
            Who named its files; None where that is to be seen from the names.
        admitted
            Returns an attempt as it is to be taken, None where it is not; None takes all.

        Raises
        ------
        UnreadableSource, BrokenRoster, UnreadableTable
        """
        listed = {} if self.worksheet is None else _participants(self.worksheet)
        matcher = Matcher(
            read_roster(self.class_folder),
            {} if self.rules is None else self.rules.groups,
            {number: person for number, (person, _) in listed.items()},
        )
        with opened(path) as source:
            for name, why in source.refused:
                yield Collected(name, Fate.refused, remarks=(why,))
            kind = scheme or scheme_of(source)
            found = attempts(source, kind, self.assignment.name, self._notebook)
            dated = [self._dated(each, kind, listed) for each in found]
            if admitted is not None:
                dated = [each for each in map(admitted, dated) if each is not None]
            # What has no time comes after what has, in the order of the source.
            for attempt in sorted(dated, key=lambda each: each.time or datetime.max):
                for settled in self._settled(attempt, kind, matcher):
                    self._note(settled)
                    yield settled

    def _note(self, settled: Collected) -> None:
        """Note whether what is graded was called late, its time being unknown."""
        if settled.fate in (Fate.new, Fate.newer, Fate.unchanged):
            unknown = settled.late and settled.time is None
            late, rest = ([settled.student], []) if unknown else ([], [settled.student])
            note_late(self.class_folder, self.assignment.name, late, rest)

    def _dated(
        self, attempt: Attempt, scheme: Scheme, listed: Mapping[str, tuple[Person, str]]
    ) -> Attempt:
        """Return an attempt with the time that lies beside it, or that the worksheet says."""
        words = listed.get(attempt.senders[0].number, (None, ""))[1]
        if scheme is Scheme.moodle and words not in ("", "-"):
            zone = self.rules.time_zone if self.rules else None
            time, remarks = _worksheet_time(words, zone)
            return replace(attempt, time=time, remarks=(*attempt.remarks, *remarks))
        if scheme is Scheme.folder and TIME in attempt.files:
            try:
                said = attempt.files[TIME].content()[:1000].decode("utf-8", "replace").strip()
                return replace(attempt, time=parsed_time(said))
            except (ValueError, OverflowError, UnreadableFile):
                words = f"its {TIME} says no time that is understood"
                return replace(attempt, remarks=(*attempt.remarks, words))
        return attempt

    def _settled(self, attempt: Attempt, scheme: Scheme, matcher: Matcher) -> Iterator[Collected]:
        """Lay an attempt down for everybody whose it is."""
        label = " and ".join(sender.label for sender in attempt.senders)
        base = Collected(label, Fate.refused, "", attempt.late, attempt.time, attempt.remarks)
        matches = [matcher.match(scheme, sender) for sender in attempt.senders]
        students = list(dict.fromkeys(who for match in matches for who in match.students))
        said = tuple(dict.fromkeys(match.why for match in matches if match.why))
        base = replace(base, remarks=(*base.remarks, *said))
        if not attempt.files:
            yield replace(base, student=", ".join(students), fate=Fate.refused)
            return
        if not students:
            yield replace(base, fate=Fate.not_matched)
            return
        try:
            content = _content(attempt)
        except UnreadableFile as error:
            yield replace(base, student=", ".join(students), remarks=(*base.remarks, str(error)))
            return
        for student in students:
            laid = self._laid_down(base, student, content)
            name, rules = self.assignment.name, self.rules
            known = rules is not None and rules.came_at(name, student) is not None
            if attempt.late and attempt.time is None and not known:
                words = "late; when it came is not in the archive: say it in class.toml, [came]"
                laid = replace(laid, remarks=(*laid.remarks, words))
            yield laid

    def _laid_down(self, base: Collected, student: str, content: Mapping[str, bytes]) -> Collected:
        """Lay an attempt of one student down: as the one that is graded, or aside."""
        place = self.class_folder.submitted(self.assignment.name, student)
        base = replace(base, student=student, digest=digest_of_files(content))
        if place.is_symlink() or place.parent.is_symlink():
            words = f"{place} is a link, which is not followed"
            return replace(base, fate=Fate.refused, remarks=(*base.remarks, words))
        older = self._older(student)
        kept = {digest_of_folder(folder) for folder in older}
        there = digest_of_folder(place) if place.is_dir() else None
        if there == base.digest:
            if base.time is not None and submission_time(place)[0] is None:
                _write(place, {TIME: _stamp(base.time)})
            return replace(base, fate=Fate.unchanged)
        before = submission_time(place)[0] if there is not None else None
        order = 0 if base.time is None or before is None else _sign(base.time, before)
        if base.digest in kept and order <= 0:
            return replace(base, fate=Fate.older)
        most = self.rules.attempts_at(self.assignment.name) if self.rules else None
        if base.time is not None and TIME not in content:
            content = {**content, TIME: _stamp(base.time)}
        if most is not None and len(older) + (there is not None) >= most:
            if base.digest not in kept:
                self._keep_aside(student, content)
            words = f"{most} {'attempt is' if most == 1 else 'attempts are'} allowed"
            return replace(base, fate=Fate.beyond, remarks=(*base.remarks, words))
        if there is None:
            self._place(place, content)
            return replace(base, fate=Fate.new)
        if order < 0:
            self._keep_aside(student, content)
            return replace(base, fate=Fate.older)
        self._place(place, content, self._next(student))
        return replace(base, fate=Fate.newer)

    @property
    def _aside(self) -> Path:
        return self.class_folder.path / "collected" / self.assignment.name

    def _older(self, student: str) -> list[Path]:
        folder = self._aside / student
        return sorted(folder.iterdir()) if folder.is_dir() else []

    def _next(self, student: str) -> Path:
        numbers = [int(path.name) for path in self._older(student) if path.name.isdecimal()]
        return self._aside / student / f"{max(numbers, default=0) + 1:03}"

    def _keep_aside(self, student: str, content: Mapping[str, bytes]) -> None:
        self._place(self._next(student), content)

    def _place(self, place: Path, content: Mapping[str, bytes], aside: Path | None = None) -> None:
        """Write a folder whole; what is in its place goes aside.

        Where a run is killed between the two, the next one finds nothing there, and lays it down.
        """
        part = self.class_folder.path / "collected" / ".part"
        with needing_room(place):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            _write(part, content)
            place.parent.mkdir(parents=True, exist_ok=True)
            if aside is not None:
                aside.parent.mkdir(parents=True, exist_ok=True)
                place.rename(aside)
            part.rename(place)


def _sign(time: datetime, before: datetime) -> int:
    """Return -1, 0 or 1: whether a time is earlier than another, the same, or later."""
    return (time > before) - (time < before)


def digest_of_files(content: Mapping[str, bytes]) -> str:
    """Return the digest of what was handed in, whenever it came."""
    digests = sorted(
        (name, hashlib.sha256(held).hexdigest())
        for name, held in content.items()
        if name not in (TIME, SECRET)
    )
    return hashlib.sha256(repr(digests).encode()).hexdigest()


def digest_of_folder(folder: Path) -> str:
    """Return the digest of what lies in a student's folder, whenever it came."""
    files = (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    return digest_of_files({path.name: path.read_bytes() for path in files})


def _content(attempt: Attempt) -> dict[str, bytes]:
    """Return the files of an attempt.

    Raises
    ------
    UnreadableFile
        One of them cannot be read: then nothing of the attempt is taken.
    """
    if len(attempt.files) > _MOST_FILES:
        raise UnreadableFile(f"holds more than {_MOST_FILES:,} files")
    content = {}
    for name, file in attempt.files.items():
        try:
            content[name] = file.content()
        except UnreadableFile as error:
            raise UnreadableFile(f"{name} {error}") from error
    return content


def _write(folder: Path, content: Mapping[str, bytes]) -> None:
    for name, held in content.items():
        (folder / name).write_bytes(held)


def _stamp(time: datetime) -> bytes:
    return f"{time:%Y-%m-%d %H:%M:%S.%f} UTC".encode()


def _participants(worksheet: Path) -> dict[str, tuple[Person, str]]:
    """Return who Moodle's participants are, and when they submitted, by their numbers.

    Raises
    ------
    BrokenRoster, UnreadableTable
    """
    table = read_table(worksheet)
    number, time = table.column("Identifier"), table.column("Last modified (submission)")
    if number is None:
        raise BrokenRoster(
            f"{worksheet}, line 1: expected Moodle's grading worksheet, with a column Identifier"
        )
    _, people = people_in(worksheet)
    return {
        row[number].rpartition(" ")[2]: (person, "" if time is None else row[time].strip())
        for (_, row), person in zip(table.rows, people, strict=True)
    }


def _worksheet_time(words: str, zone: ZoneInfo | None) -> tuple[datetime | None, tuple[str, ...]]:
    """Return the time in a worksheet, in UTC and without a zone, and remarks."""
    found = _LONG_DATE.fullmatch(words)
    if found is None:
        expected = "one such as 'Thursday, 1 October 2026, 9:00 PM' (set Moodle to English)"
        return None, (f"its time {words!r} was not read: expected {expected}",)
    if zone is None:
        return None, ("its time was not read: class.toml must say the time_zone that it is in",)
    day, month, year, hour, minute, half = found.groups()
    try:
        clock = int(hour) if half is None else _of_half(int(hour), half)
        moment = datetime(int(year), _MONTHS.index(month) + 1, int(day), clock, int(minute))
        return in_utc(moment, zone).astimezone(UTC).replace(tzinfo=None), ()
    except ValueError as error:
        return None, (f"its time {words!r} was not read: {error}",)


def _of_half(hour: int, half: str) -> int:
    """Return the hour of a day from one of its half."""
    if not 1 <= hour <= 12:
        raise ValueError("no hour of half a day")
    return hour % 12 + (12 if half == "PM" else 0)


def alike(collected: Sequence[Collected], groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Return sentences on students who handed in the same, and are in no group together."""
    students: dict[str, list[str]] = defaultdict(list)
    for each in collected:
        if each.well and each.student not in students[each.digest]:
            students[each.digest].append(each.student)
    together = [set(members) for members in groups.values()]
    return [
        f"The same, byte for byte: {', '.join(who)}"
        for who in students.values()
        if len(who) > 1 and not any(set(who) <= group for group in together)
    ]
