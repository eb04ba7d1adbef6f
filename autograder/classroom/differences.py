"""What a run changed of marks that had been given, and the requests that asked for it.

A request is a file that a student, or a TA, fills::

    class/requests/<assignment>/<student>.md

When the student is graded or judged again by name, the answer is written below what stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from autograder.classroom import gradebook
from autograder.classroom.recording import Graded
from autograder.classroom.results import NoEvidence, read_result
from autograder.classroom.scoring import ScoreWriter
from autograder.classroom.session import Session, Sitting
from autograder.errors import CourseError
from autograder.files import write_atomically

_LONGEST = 100_000
_ANSWER = "## Answer"


class BrokenRequest(CourseError):
    """A request that cannot be read or answered."""


@dataclass(frozen=True)
class Given:
    """What a student had been given.

    Parameters
    ----------
    points
        By question.
    total
        The mark, as the gradebook has it; None where there is none.
    """

    points: Mapping[str, float] = field(default_factory=dict)
    total: float | None = None


def given(session: Session | Sitting, students: Iterable[str]) -> dict[str, Given]:
    """Return what students have been given so far."""
    found = {}
    with gradebook.open_gradebook(session.class_folder) as gb:
        writer = ScoreWriter(gb, session.material)
        for student in students:
            points: dict[str, float] = {}
            with suppress(NoEvidence):
                kept = read_result(session.result_path(student))
                points = {verdict.question: verdict.points for verdict in kept.verdicts}
            standing = writer.standing(student)
            total = None if standing is None else round(standing.total, 2)
            found[student] = Given(points, total)
    return found


def difference(before: Given, graded: Graded) -> str:
    """Return what has changed, in words; nothing where nothing has, or where there was nothing.

    Examples
    --------
    >>> difference(Given({}, 4.0), Graded("ada"))
    ''
    """
    if graded.failure or graded.standing is None or before.total is None:
        return ""
    words = [
        f"{verdict.question} {before.points[verdict.question]:g} → {verdict.points:g}"
        for verdict in graded.verdicts
        if before.points.get(verdict.question, verdict.points) != verdict.points
    ]
    total = round(graded.standing.total, 2)
    if total != before.total:
        words.append(f"mark {before.total:g} → {total:g}")
    return ", ".join(words)


def request_path(session: Session | Sitting, student: str) -> Path:
    """Return where a student's request for another look is."""
    return session.class_folder.path / "requests" / session.name / f"{student}.md"


def answered(session: Session | Sitting, graded: Graded, changed: str) -> Path | None:
    """Answer a student's request, where there is one; return its path.

    Raises
    ------
    BrokenRequest
    """
    path = request_path(session, graded.student)
    if not path.exists() or graded.failure:
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenRequest(f"{path}: expected text in UTF-8 ({error})") from error
    if len(text) > _LONGEST:
        raise BrokenRequest(f"{path} has more than {_LONGEST:,} characters: shorten it")
    standing = graded.standing
    now = f"{standing.total:g} of {standing.max_total:g}" if standing else "none"
    made_of = f" ({standing.in_words})" if standing and standing.in_words else ""
    said = f"{changed}." if changed else "Nothing has changed."
    answer = f"{_ANSWER}\n\nJudged again: {said} The mark is {now}{made_of}."
    if not text.rstrip().endswith(answer):
        write_atomically(path, f"{text.rstrip()}\n\n{answer}\n")
    return path
