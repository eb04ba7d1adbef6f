"""Reads what a witness wrote. Trusted code, untrusted text."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nextword.evidence.codec import MAX_BYTES, MalformedEvidence, decode, parse

_ENDINGS = ("value", "error", "timeout", "too_large", "not_run")


@dataclass(frozen=True)
class StudentError:
    """An exception that a student's function raised.

    Parameters
    ----------
    types
        The names of its class and of all base classes, the class first.
    message
        What it said. It may quote a secret case: shown for practice cases only.
    line, line_number
        The student's own line that raised it, and where it stands in its cell.
    """

    types: tuple[str, ...]
    message: str
    line: str = ""
    line_number: int | None = None

    @property
    def known_type(self) -> str:
        """The first of its types that Python itself defines.

        An exception that the student defined is not named: its name could carry a secret case.
        """
        return next((name for name in self.types if _is_builtin(name)), "Exception")


@dataclass(frozen=True)
class Outcome:
    """What one call came to: exactly one of a value, an error, or a reason for neither.

    Where its time ran out, `line` is the student's own line that it was at, and `line_number` its
    place.
    """

    value: Any = None
    error: StudentError | None = None
    failure: str | None = None
    changed: bool = False
    line: str = ""
    line_number: int | None = None

    @property
    def returned(self) -> bool:
        """Whether there is a value."""
        return self.error is None and self.failure is None


def read_testimony(text: str, question: str, case_ids: Iterable[str]) -> dict[str, Outcome]:
    """Return the outcome of every case.

    Parameters
    ----------
    text
        What the witness published.
    question
        The question that it must be about.
    case_ids
        The cases that it must be about: each of them once, and no other.

    Raises
    ------
    MalformedEvidence
        The text is anything else.
    """
    testimony = parse(text, MAX_BYTES)
    match testimony:
        case {"question": str(about), "cases": list(records)} if about == question:
            outcomes = dict(_read_record(record) for record in records)
        case _:
            raise MalformedEvidence(f"expected the cases of {question!r}")
    if len(records) != len(outcomes) or outcomes.keys() != set(case_ids):
        raise MalformedEvidence("cases are missing, doubled or unknown")
    return outcomes


def _read_record(record: Any) -> tuple[str, Outcome]:
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise MalformedEvidence("a case without an id")
    endings = [key for key in _ENDINGS if key in record]
    if len(endings) != 1:
        raise MalformedEvidence("a case without exactly one ending")
    changed = record.get("changed") is True
    body = record[endings[0]]
    match endings[0]:
        case "value":
            outcome = Outcome(value=decode(body), changed=changed)
        case "error":
            outcome = Outcome(error=_read_error(body), changed=changed)
        case "timeout":
            outcome = Outcome(None, None, _too_long(body), changed, *_read_line(record))
        case "too_large":
            outcome = Outcome(failure="it returned a value too large to be looked at")
        case _:
            outcome = Outcome(failure="it was not called, as earlier calls had used up the time")
    return record["id"], outcome


def _read_error(body: Any) -> StudentError:
    match body:
        case {"types": [str(), *_] as types, "message": str(message)} if all(
            isinstance(name, str) for name in types
        ):
            names = tuple(_text(name, 80) for name in types[:40])
            return StudentError(names, _text(message, 400), *_read_line(body))
    raise MalformedEvidence("an error without its type and message")


def _read_line(body: dict[str, Any]) -> tuple[str, int | None]:
    line, number = body.get("line", ""), body.get("line_number")
    return (
        _text(line, 200) if isinstance(line, str) else "",
        number if type(number) is int and 0 < number < 10**6 else None,
    )


def _too_long(seconds: Any) -> str:
    if type(seconds) in (int, float) and 0 < seconds < 3600:
        return f"it ran longer than the {seconds:g} s that one call may take"
    return "it ran longer than one call may"


def _text(words: str, longest: int) -> str:
    """Return words that any file can hold, cut where they are long."""
    return words[:longest].encode("utf-8", "replace").decode("utf-8")


def _is_builtin(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)
