"""Deadlines on the clock of a place: what a day later is there, also where the clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def in_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return a time as UTC.

    Parameters
    ----------
    moment
        With an offset, or on the clock of `zone`.
    zone
        The class's.

    Raises
    ------
    ValueError
        The clock shows that time never, or twice, as it is put forward or back.

    Examples
    --------
    >>> in_utc(datetime(2026, 10, 5, 23, 59), ZoneInfo("Europe/Zurich")).isoformat()
    '2026-10-05T21:59:00+00:00'
    """
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    first, second = (moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != moment:
        raise ValueError(
            f"{moment} is no time in {zone.key}, where the clock is put forward over it. Name "
            "another time of that day"
        )
    if first != second:
        raise ValueError(
            f"{moment} comes twice in {zone.key}, where the clock is put back. Say which by its "
            f"offset: {first.astimezone(zone)} or {second.astimezone(zone)}"
        )
    return first


def later(moment: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the time so many days later, at the same time on the clock of a place, as UTC.

    Where the clock shows it twice it is the later one, and where it never does, the time after.

    Examples
    --------
    >>> zurich = ZoneInfo("Europe/Zurich")
    >>> due = in_utc(datetime(2026, 10, 24, 23, 59), zurich)
    >>> (later(due, 1, zurich) - due).total_seconds() / 3600  # the clock is put back meanwhile
    25.0
    """
    if not days:
        return moment.astimezone(UTC)
    local = moment.astimezone(zone).replace(tzinfo=None) + days * _DAY
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def days_late(came: datetime, due: datetime, zone: ZoneInfo) -> int:
    """Return how many days late something came: 0 in time, 1 up to a day later, and so on.

    Parameters
    ----------
    came, due
        With their offsets.
    zone
        On whose clock a day is a day, be it of 23, 24 or 25 hours.
    """
    days = max(0, (came - due) // _DAY - 1)
    while came > later(due, days, zone):
        days += 1
    return days
