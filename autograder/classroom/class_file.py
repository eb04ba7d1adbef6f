"""The rules of a class, as ``class.toml`` in its folder says them.

::

    time_zone = "Europe/Zurich"
    attempts = 10                      # how often an assignment may be handed in
    practice_runs = 5                  # how often `autograder watch` answers a student

    [late]
    policy = "per_day"                 # or "hard", or "none"
    percent = 10                       # of what was earned, for each day begun
    grace_minutes = 15

    [slip_days]
    total = 4                          # days a student may be late without a penalty, all in all
    at_once = 2

    [counts]
    stretch = "bonus"                  # or "capped", "full", "apart"
    written = "included"               # or "apart"

    [assignments.01_counting]
    due = "2026-10-05 23:59"           # on the clock of time_zone

    [extensions.ada]
    01_counting = "3 days"             # or a time

    [came.eve]                         # where nothing else says when a submission came
    01_counting = "2026-10-06 10:00"

    [groups]
    "team red" = ["bob", "eve"]

A class without the file has no deadlines of ours.
"""

from __future__ import annotations

import difflib
import functools
import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from autograder.authoring.course import Course
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.deadlines import in_utc, later
from autograder.errors import CourseError

NAME = "class.toml"
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?) ?(Z|UTC|[+-]\d\d:?\d\d)?)?", re.ASCII
)
_SPAN = re.compile(r"(\d{1,4}) (day|hour)s?", re.ASCII)
_AT = re.compile(r" \(at line (\d+), column \d+\)")
_TIME_WANTED = 'a time such as "2026-10-05 23:59", or with an offset "2026-10-05 23:59 +0200"'
_EXPECTED = {
    "time_zone": 'a place of the time zone database, such as "Europe/Zurich"',
    "attempts": "a whole number, 1 or more",
    "practice_runs": "a whole number, 0 or more",
    "policy": '"none", "per_day" or "hard"',
    "percent": "a number from 0 to 100",
    "at_most": "a number from 0 to 100",
    "of": '"earned" or "full"',
    "closed_after_days": "a whole number, 0 or more",
    "grace_minutes": "a whole number, 0 or more",
    "total": "a whole number, 0 or more",
    "at_once": "a whole number, 1 or more",
    "stretch": '"bonus", "capped", "full" or "apart"',
    "written": '"included" or "apart"',
    "due": _TIME_WANTED,
}
"""What each key takes, in words."""
_OF_AN_ASSIGNMENT = 'a list of questions, such as ["kneser_ney_prob"]'
_EXTENSION = f'"3 days", "36 hours", or {_TIME_WANTED}'


class BrokenClassFile(CourseError):
    """The class's file does not say what it must, or says what cannot be. A line for each error."""


def _moment(value: object) -> datetime:
    """Return a time, on the class's clock where it has no offset; a day means its end."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time(23, 59, 59))
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("no time")
    day, clock, zone = found.groups()
    offset = "+00:00" if zone in ("Z", "UTC") else zone or ""
    return datetime.fromisoformat(f"{day} {clock or '23:59:59'}{offset}")


def _extension(value: object) -> datetime | timedelta:
    """Return until when, or how much longer; whole days count on the class's clock."""
    span = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if span is None:
        return _moment(value)
    number = int(span[1])
    return timedelta(days=number) if span[2] == "day" else timedelta(hours=number)


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("no such place") from error


Moment = Annotated[datetime, BeforeValidator(_moment)]
Extension = Annotated[datetime | timedelta, BeforeValidator(_extension)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]


class _Table(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )


class LatePolicy(_Table):
    """What coming late costs.

    ``none`` is nothing, ``hard`` is all of it, ``per_day`` so much for each day begun.
    """

    policy: Literal["none", "per_day", "hard"]
    percent: float = Field(default=0.0, ge=0, le=100)
    of: Literal["earned", "full"] = "earned"
    at_most: float = Field(default=100.0, ge=0, le=100)
    closed_after_days: int | None = Field(default=None, ge=0)
    grace_minutes: int = Field(default=0, ge=0)


class SlipDays(_Table):
    """Days that each student may be late without a penalty, over all assignments."""

    total: int = Field(ge=0)
    at_once: int | None = Field(default=None, ge=1)


class Counts(_Table):
    """What the final mark is made of.

    The stretch may be a ``bonus`` above full marks, make good what is lacking to them
    (``capped``), be part of them (``full``), or count nothing (``apart``).
    """

    stretch: Literal["bonus", "capped", "full", "apart"] = "bonus"
    written: Literal["included", "apart"] = "included"


class AssignmentRules(_Table):
    """What is true of one assignment only."""

    due: Moment | None = None
    late: LatePolicy | None = None
    attempts: int | None = Field(default=None, ge=1)
    practice_runs: int | None = Field(default=None, ge=0)
    stretch: list[str] | None = None


class ClassFile(_Table):
    """The rules of a class."""

    time_zone: Zone
    attempts: int | None = Field(default=None, ge=1)
    practice_runs: int | None = Field(default=None, ge=0)
    late: LatePolicy = LatePolicy(policy="none")
    slip_days: SlipDays = SlipDays(total=0)
    counts: Counts = Counts()
    assignments: dict[str, AssignmentRules] = Field(default_factory=dict)
    extensions: dict[str, dict[str, Extension]] = Field(default_factory=dict)
    came: dict[str, dict[str, Moment]] = Field(default_factory=dict)
    groups: dict[str, list[str]] = Field(default_factory=dict)

    def of(self, assignment: str) -> AssignmentRules:
        """Return what is true of one assignment only."""
        return self.assignments.get(assignment, AssignmentRules())

    def late_policy(self, assignment: str) -> LatePolicy:
        """Return what coming late costs in an assignment."""
        return self.of(assignment).late or self.late

    def attempts_at(self, assignment: str) -> int | None:
        """Return how often an assignment may be handed in, None where that is not limited."""
        return self.of(assignment).attempts or self.attempts

    def practice_runs_at(self, assignment: str) -> int | None:
        """Return how often a student's practice cases are run, None where that is not limited."""
        own = self.of(assignment).practice_runs
        return self.practice_runs if own is None else own

    def due(self, assignment: str) -> datetime | None:
        """Return when an assignment is due, as UTC."""
        due = self.of(assignment).due
        return None if due is None else in_utc(due, self.time_zone)

    def due_for(self, assignment: str, student: str) -> datetime | None:
        """Return when an assignment is due for a student, as UTC: the latest of what was granted.

        An extension of a group is one of everybody in it.
        """
        due = self.due(assignment)
        if due is None:
            return None
        theirs = (student, *(name for name, who in self.groups.items() if student in who))
        granted = [self.extensions.get(name, {}).get(assignment) for name in theirs]
        return max([due, *(self._extended(due, each) for each in granted if each is not None)])

    def _extended(self, due: datetime, by: datetime | timedelta) -> datetime:
        if isinstance(by, datetime):
            return in_utc(by, self.time_zone)
        return later(due, by.days, self.time_zone) + timedelta(seconds=by.seconds)

    def came_at(self, assignment: str, student: str) -> datetime | None:
        """Return when a submission came, as UTC, where the file says so."""
        came = self.came.get(student, {}).get(assignment)
        return None if came is None else in_utc(came, self.time_zone)

    def group_of(self, student: str) -> str | None:
        """Return a student's group."""
        return next((name for name, members in self.groups.items() if student in members), None)


def class_file_path(class_folder: ClassFolder) -> Path:
    """Return where a class's file is, or would be."""
    return class_folder.path / NAME


def read_class_file(
    class_folder: ClassFolder, course: Course | None = None, students: Sequence[str] | None = None
) -> ClassFile | None:
    """Return the rules of a class, None where it has no file.

    Parameters
    ----------
    class_folder
        The class.
    course
        Whose assignments are known; None where names need not be looked at.
    students
        Who is in the class; None likewise.

    Raises
    ------
    BrokenClassFile
        Every error, with its line, what was expected, what came, and what to do.
    """
    path = class_file_path(class_folder)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenClassFile(
            f"{path}: expected text in UTF-8 that can be read ({error})"
        ) from error
    assignments = tuple(course.assignment_names()) if course else None
    return _parsed(text, str(path), assignments, None if students is None else tuple(students))


@functools.lru_cache(maxsize=8)
def _parsed(
    text: str, path: str, assignments: tuple[str, ...] | None, students: tuple[str, ...] | None
) -> ClassFile:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words, at = _AT.sub("", str(error)), _AT.search(str(error))
        where = f"line {at[1]}" if at else "its last line"
        raise BrokenClassFile(
            f"{path}, {where}: {words[:1].lower()}{words[1:]}. In TOML a text stands in quotation "
            'marks, and so does a time without seconds: due = "2026-10-05 23:59"'
        ) from error
    try:
        rules = ClassFile.model_validate(data)
        problems = list(_contradictions(rules, assignments))
        problems += [] if students is None else _strangers(rules, students)
    except ValidationError as error:
        problems = [_in_words(data, each["loc"], each["type"]) for each in error.errors()]
        problems = list(dict.fromkeys(problems))
    if problems:
        lines = _lines(text)
        placed = sorted((_line_of(lines, where), where, words) for where, words in problems)
        raise BrokenClassFile(
            "\n".join(
                f"{path}, line {line}: {'.'.join(where)}: {words}" for line, where, words in placed
            )
        )
    return rules


Problem = tuple[tuple[str, ...], str]
"""The keys that lead to a place in the file, and what is wrong there."""


def _in_words(data: Any, location: Sequence[int | str], kind: str) -> Problem:
    """Return what pydantic found, as staff read it."""
    where: list[str] = []
    value = data
    for key in location:
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
            continue  # a list stands on one line
        elif kind != "missing":
            break
        where.append(str(key))
    place = tuple(where)
    if kind == "extra_forbidden":
        return place, _unknown_key(place)
    expected = _expected(place)
    if kind == "missing":
        return place, f"is missing. Write {expected}: {place[-1]} = ..."
    return place, f"expected {expected}; found {_shown(value)}"


def _expected(place: tuple[str, ...]) -> str:
    """Return what may stand in a place."""
    match place:
        case ("assignments", _, "stretch"):
            return _OF_AN_ASSIGNMENT
        case ("extensions", _, _):
            return _EXTENSION
        case ("came", _, _):
            return _TIME_WANTED
        case ("groups", _):
            return 'a list of students, such as ["ada", "bob"]'
        case _:
            table = f"a table, such as [{'.'.join(place)}], with keys below it"
            return _EXPECTED.get(place[-1], table)


def _unknown_key(place: tuple[str, ...]) -> str:
    match place[:-1]:
        case ("late",) | ("assignments", _, "late"):
            model: type[_Table] = LatePolicy
        case ("slip_days",):
            model = SlipDays
        case ("counts",):
            model = Counts
        case ("assignments", _):
            model = AssignmentRules
        case _:
            model = ClassFile
    return f"no such key. {_meant(place[-1], list(model.model_fields))}"


def _meant(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"{f'Did you mean {near[0]}? ' if near else ''}Known here: {', '.join(known) or 'none'}"


def _shown(value: object) -> str:
    """Return a value as TOML would write it, near enough."""
    if isinstance(value, (datetime, date, time)):
        return str(value)
    try:
        return json.dumps(value, ensure_ascii=False)[:100]
    except (TypeError, ValueError):
        return "a table"


def _contradictions(rules: ClassFile, assignments: tuple[str, ...] | None) -> Iterator[Problem]:
    """Yield what each key admits and all of them together do not."""
    policies = {("late",): rules.late} | {
        ("assignments", name, "late"): of.late for name, of in rules.assignments.items() if of.late
    }
    for place, policy in policies.items():
        if policy.policy == "per_day" and not policy.percent:
            yield place, 'policy "per_day" needs what a day costs. Write: percent = 10'
        if policy.policy != "per_day" and policy.percent:
            words = f'policy "{policy.policy}" takes no percent. Remove it, or write "per_day"'
            yield (*place, "percent"), words
    for name, of in rules.assignments.items():
        if assignments is not None and name not in assignments:
            yield ("assignments", name), f"no such assignment. {_meant(name, assignments)}"
        if of.due is not None:
            yield from _no_time(("assignments", name, "due"), of.due, rules.time_zone)
    for student, granted in rules.extensions.items():
        for name, until in granted.items():
            if name not in rules.assignments or rules.assignments[name].due is None:
                yield (
                    ("extensions", student, name),
                    f"{name} has no deadline here. {_meant(name, list(rules.assignments))}",
                )
            if isinstance(until, datetime):
                yield from _no_time(("extensions", student, name), until, rules.time_zone)
    for student, times in rules.came.items():
        for name, moment in times.items():
            if name not in rules.assignments:
                known = _meant(name, list(rules.assignments))
                yield ("came", student, name), f"{name} has no deadline here. {known}"
            yield from _no_time(("came", student, name), moment, rules.time_zone)
    of_student: dict[str, str] = {}
    for group, members in rules.groups.items():
        for student in members:
            first = of_student.setdefault(student, group)
            if first != group:
                yield ("groups", group), f"{student} is in {first} already. Remove one of the two"


def _strangers(rules: ClassFile, students: Sequence[str]) -> Iterator[Problem]:
    """Yield who is named in the file and is not in the class: a typo would change nobody's mark."""
    named = [("extensions", name) for name in rules.extensions if name not in rules.groups]
    named += [("came", name) for name in rules.came]
    for table, name in named:
        if name not in students:
            yield (table, name), _no_student(name, students)
    for group, members in rules.groups.items():
        for name in members:
            if name not in students:
                yield ("groups", group), _no_student(name, students)


def _no_student(name: str, students: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, students, n=1, cutoff=0.5)
    return f"{name} is not on the roster.{f' Did you mean {near[0]}?' if near else ''}"


def _no_time(place: tuple[str, ...], moment: datetime, zone: ZoneInfo) -> Iterator[Problem]:
    try:
        in_utc(moment, zone)
    except ValueError as error:
        yield place, str(error)


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Return on which line each key of a TOML text first stands, by the keys that lead to it."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            table = _keys(line) or table
            found.setdefault(table, number)
        elif "=" in line:
            keys = (*table, *_keys(f"{line.partition('=')[0]}= 0"))
            for end in range(len(table) + 1, len(keys) + 1):
                found.setdefault(keys[:end], number)
    return found


def _keys(line: str) -> tuple[str, ...]:
    """Return the keys in a line of TOML that holds no more than keys; none where it is another."""
    try:
        value: object = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    keys = []
    while isinstance(value, dict) and value:
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)


def _line_of(lines: dict[tuple[str, ...], int], place: tuple[str, ...]) -> int:
    """Return the line of a place, or of what is around it."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)
