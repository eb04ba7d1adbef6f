"""The final mark of a submission: what counts, what is taken off for coming late, and from what.

It is computed here and nowhere else; table, pages, reports, gradebook and exports show this one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from autograder.classroom.class_file import ClassFile, Counts, LatePolicy
from autograder.classroom.deadlines import days_late

CORE, STRETCH, WRITTEN = "core", "stretch", "written"


@dataclass(frozen=True)
class Cell:
    """What a submission has in a cell with points, a person's marks included.

    Parameters
    ----------
    name
        Its grade_id.
    points, max_points
        Of the cell; nothing where it waits for a person.
    by_a_person
        Whether it is a written answer.
    """

    name: str
    points: float
    max_points: float
    by_a_person: bool = False


@dataclass(frozen=True)
class Part:
    """A part of the mark.

    Parameters
    ----------
    name
        ``core``, ``stretch`` or ``written``.
    points, max_points
        Earned, and at most.
    counts
        In words, how it counts where that is not in full.
    """

    name: str
    points: float
    max_points: float
    counts: str = ""

    @property
    def in_words(self) -> str:
        """The part in words."""
        return f"{self.name} {self.points:g} of {self.max_points:g}" + (
            f" ({self.counts})" if self.counts else ""
        )


@dataclass(frozen=True)
class Lateness:
    """When a submission came, by the rules of its class.

    Parameters
    ----------
    due, came
        As UTC; None where there is no deadline, or no time is known.
    days
        Begun after the deadline, the grace period not counted.
    slipped
        How many of them the student's slip days pay.
    unknown
        Whether the platform calls it late, and nothing says when it came.
    """

    due: datetime | None = None
    came: datetime | None = None
    days: int = 0
    slipped: int = 0
    unknown: bool = False

    @property
    def charged(self) -> int:
        """The days that cost something."""
        return self.days - self.slipped

    @property
    def in_words(self) -> str:
        """The days in words; nothing where it was in time."""
        if self.unknown:
            return "late, nobody said when it came"
        if not self.days:
            return ""
        paid = f", {_days(self.slipped)} of them by slip days" if self.slipped else ""
        return f"{_days(self.days)} late{paid}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


@dataclass(frozen=True)
class FinalMark:
    """The mark of a submission.

    Parameters
    ----------
    core, stretch, written
        Its parts.
    earned
        What the parts come to, before anything is taken off for coming late.
    points
        The mark.
    full
        What full marks are. A bonus may go beyond.
    lateness
        When it came.
    waiting
        How many written answers wait for a person.
    """

    core: Part
    stretch: Part
    written: Part
    earned: float
    points: float
    full: float
    lateness: Lateness
    waiting: int = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts that the assignment has."""
        return tuple(part for part in (self.core, self.stretch, self.written) if part.max_points)

    @property
    def taken_off(self) -> float:
        """What coming late costs."""
        return round(self.earned - self.points, 2)

    @property
    def in_words(self) -> str:
        """What the mark is made of, for student and staff."""
        words = [part.in_words for part in self.parts]
        if self.waiting:
            waits = "answer waits" if self.waiting == 1 else "answers wait"
            words.append(f"{self.waiting} written {waits}")
        if self.lateness.in_words:
            words.append(f"{self.lateness.in_words}: {self.taken_off:g} taken off")
        return ", ".join(words)


def final_mark(
    cells: Collection[Cell],
    stretch: Collection[str],
    counts: Counts,
    policy: LatePolicy,
    lateness: Lateness,
    waiting: int = 0,
) -> FinalMark:
    """Return the final mark.

    Parameters
    ----------
    cells
        All cells of the assignment that have points.
    stretch
        The names of those that belong to the stretch.
    counts, policy
        The class's rules.
    lateness
        When the submission came (see `lateness_of`).
    waiting
        How many written answers wait for a person.
    """
    said = {"bonus": "a bonus", "capped": "up to full marks", "full": "", "apart": "not counted"}
    core = _part(CORE, [c for c in cells if c.name not in stretch and not c.by_a_person])
    extra = _part(STRETCH, [c for c in cells if c.name in stretch], said[counts.stretch])
    apart = "" if counts.written == "included" else "not counted"
    written = _part(WRITTEN, [c for c in cells if c.name not in stretch and c.by_a_person], apart)
    earned, full = core.points, core.max_points
    if counts.written == "included":
        earned, full = earned + written.points, full + written.max_points
    if counts.stretch == "full":
        full += extra.max_points
    if counts.stretch != "apart":
        earned += extra.points
    if counts.stretch == "capped":
        earned = min(earned, full)
    taken = _penalty(policy, lateness, earned, full)
    points = round(max(0.0, earned - taken), 2)
    return FinalMark(core, extra, written, round(earned, 2), points, full, lateness, waiting)


def _part(name: str, cells: Collection[Cell], counts: str = "") -> Part:
    points = math.fsum(cell.points for cell in cells)
    return Part(name, round(points, 2), math.fsum(cell.max_points for cell in cells), counts)


def _penalty(policy: LatePolicy, lateness: Lateness, earned: float, full: float) -> float:
    """Return what is taken off."""
    days = lateness.charged
    if not days or policy.policy == "none":
        return 0.0
    closed = policy.closed_after_days is not None and days > policy.closed_after_days
    if policy.policy == "hard" or closed:
        return earned
    of = earned if policy.of == "earned" else full
    return min(days * policy.percent, policy.at_most) / 100 * of


def lateness_of(
    rules: ClassFile, assignment: str, student: str, times: Mapping[str, datetime]
) -> Lateness:
    """Return how late a student's submission of an assignment was.

    Slip days pay for whole days, and are spent by themselves, in the order of the deadlines.

    Parameters
    ----------
    rules
        Of the class.
    assignment, student
        Which submission.
    times
        When the student submitted, by assignment, as UTC; those that are known.
    """
    dues = {name: rules.due_for(name, student) for name in rules.assignments}
    order = sorted((due, name) for name, due in dues.items() if due is not None)
    left = rules.slip_days.total
    for due, name in order:
        came = rules.came_at(name, student) or times.get(name)
        came = came.replace(tzinfo=UTC) if came is not None and came.tzinfo is None else came
        days = 0 if came is None else _days_late(rules, name, came, due)
        at_once = rules.slip_days.at_once
        most = left if at_once is None else min(left, at_once)
        slipped = _slipped(rules.late_policy(name), days, most)
        left -= slipped
        if name == assignment:
            return Lateness(due, came, days, slipped)
    return Lateness(came=times.get(assignment))


def _days_late(rules: ClassFile, assignment: str, came: datetime, due: datetime) -> int:
    """Return the days begun after the deadline; nothing within the grace period."""
    grace = timedelta(minutes=rules.late_policy(assignment).grace_minutes)
    return days_late(came, due + grace, rules.time_zone)


def _slipped(policy: LatePolicy, days: int, left: int) -> int:
    """Return how many slip days are spent: none where they would change nothing."""
    if policy.policy == "none" or (policy.policy == "hard" and days > left):
        return 0
    return min(days, left)
