"""What nbgrader's exchange lays beside a submission: when it came in, and its secret.

Whoever writes into the folder writes these two files as well, so they are read as anything else
that a student sends: regular files, small, of one format.
"""

from __future__ import annotations

import hmac
import os
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from autograder.authoring.nbgrader_config import SECRET, TIME
from autograder.files import write_atomically

_LONGEST = 1_000
_YEARS = range(2000, 2100)
_FORMAT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T](?P<hour>\d\d:\d\d(:\d\d(\.\d{1,6})?)?) ?"
    r"(?P<zone>UTC|Z|[+-]\d\d:?\d\d|[A-Z][A-Za-z_]+(/[A-Za-z_]+){1,2})?",
    re.ASCII,
)
_SECRET = re.compile(r"[0-9a-f]{32,128}", re.ASCII)


def submission_time(folder: Path) -> tuple[datetime | None, tuple[str, ...]]:
    """Return when a submission came in, as its ``timestamp.txt`` says, and remarks.

    Accepted is what nbgrader's exchange and its ``zip_collect`` write, and ISO 8601 with an offset
    in numbers, or with a place such as America/Los_Angeles: names of zones such as CEST mean
    several. A time without any zone is in UTC, as ``zip_collect`` writes it.

    Parameters
    ----------
    folder
        ``submitted/<student>/<assignment>``. The file need not exist.

    Returns
    -------
    time, remarks
        In UTC, without a zone, as nbgrader keeps it; None and a remark where the file says no time.
    """
    words = _content(folder / TIME)
    if words is None:
        return None, ()
    try:
        return parsed_time(words), ()
    except (ValueError, OverflowError):
        expected = (
            "expected a time such as 2026-10-05 14:00:00 UTC or 2026-10-05 16:00:00 +0200, between "
            f"the years {_YEARS[0]} and {_YEARS[-1]}"
        )
        return None, (f"{TIME}: {expected}, found {words[:100]!r}, which was ignored.",)


def write_receipt(folder: Path, destination: Path, spare: str) -> None:
    """Lay the two files beside what is released, where nbgrader asks for both of everybody.

    One that is missing would stop the release of feedback for the whole class.

    Parameters
    ----------
    folder
        ``submitted/<student>/<assignment>``.
    destination
        ``autograded/<student>/<assignment>``.
    spare
        A secret for a submission that brought none: feedback is released under it, and nobody
        fetches that.
    """
    time, _ = submission_time(folder)
    write_atomically(destination / TIME, _written(time), lasting=False)
    released_under = read_secret(folder) or spare
    write_atomically(destination / SECRET, released_under, mode=0o600, lasting=False)


def read_secret(folder: Path) -> str:
    """Return a submission's secret, as nbgrader's students have it; empty where there is none."""
    secret = _content(folder / SECRET) or ""
    return secret if _SECRET.fullmatch(secret) else ""


def receipt_paths(folder: Path) -> tuple[Path, Path]:
    """Return what `write_receipt` writes into a folder."""
    return folder / TIME, folder / SECRET


def spare_secret(class_secret: str, assignment: str, student: str) -> str:
    """Return a secret that only the class can make, the same at every run."""
    message = f"{assignment}\0{student}".encode("utf-8", "surrogateescape")
    return hmac.digest(class_secret.encode(), message, "sha256").hex()


def _place(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"no place {name}") from error


def _written(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S.%f} UTC" if time else ""


def _content(path: Path) -> str | None:
    """Return the words in a small file, None where there is no regular file of that name."""
    try:
        # A pipe would keep the reader waiting; a link leads anywhere.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return file.read(_LONGEST).decode("utf-8", "replace").strip()


def parsed_time(words: str) -> datetime:
    """Return the time that words say, in UTC and without a zone.

    Raises
    ------
    ValueError, OverflowError
        They are in another format, or of another century.
    """
    found = _FORMAT.fullmatch(words)
    if found is None:
        raise ValueError("another format")
    zone = found["zone"] or "UTC"
    offset = zone if zone[0] in "+-" else ""
    time = datetime.fromisoformat(f"{found['day']} {found['hour']}{offset}")
    if not offset:
        time = time.replace(tzinfo=_place(zone) if "/" in zone else UTC)
    time = time.astimezone(UTC)
    if time.year not in _YEARS:
        raise ValueError("another century")
    return time.replace(tzinfo=None)
