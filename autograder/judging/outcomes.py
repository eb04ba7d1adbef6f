"""Reads the outcomes of an exam out of the evidence. Trusted code, untrusted text."""

from __future__ import annotations

import builtins
from dataclasses import dataclass
from typing import Any

from autograder.guest.codec import MAX_BYTES, MalformedEvidence, decode, parse
from autograder.judging.cases import Cases

CHANGED = "it changed its input"
"""Why a case is wrong that is answered rightly by a call that changes its arguments."""
_ENDINGS = ("value", "error", "timeout", "too_large")
_LONGEST = 3 * MAX_BYTES
"""Characters of evidence: what a witness said is quoted in it."""
_NOT_CALLED = "it was not called, as earlier calls had used up the time"


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


def read_outcomes(text: str, cases: Cases) -> dict[str, Outcome]:
    """Return the outcome of every case, by identity.

    Parameters
    ----------
    text
        Evidence (see `autograder.judging.cases.run_cases`), untrusted.
    cases
        What was asked.

    Raises
    ------
    MalformedEvidence
        It is not about these cases, or the witness said what no witness of ours says.
    """
    match parse(text, _LONGEST):
        case {"question": str(about), "broken": str(why)} if about == cases.question:
            raise MalformedEvidence(why)
        case {"question": str(about), "cases": list(records)} if about == cases.question:
            outcomes = dict(_read_record(record, cases) for record in records)
        case _:
            raise MalformedEvidence(f"expected the cases of {cases.question!r}")
    if len(records) != len(outcomes) or outcomes.keys() != cases.texts.keys():
        raise MalformedEvidence("cases are missing, doubled or unknown")
    return outcomes


def _read_record(record: Any, cases: Cases) -> tuple[str, Outcome]:
    match record:
        case [str(identity), None, False]:
            return identity, Outcome(failure=_NOT_CALLED)
        case [str(identity), str(said), bool(late)]:
            changed = cases.arguments.get(identity)
            outcome = _read_answer(parse(said, MAX_BYTES), changed)
            if late and outcome.failure is None:
                outcome = Outcome(failure=_too_long(cases.seconds_per_case))
            return identity, outcome
    raise MalformedEvidence("a case without its identity, what was said, and whether it was late")


def _read_answer(answer: Any, arguments: str | None) -> Outcome:
    """Return the outcome in an answer; `arguments` is the digest of what the call was given."""
    endings = [key for key in _ENDINGS if key in answer] if isinstance(answer, dict) else []
    if len(endings) != 1:
        raise MalformedEvidence("an answer without exactly one ending")
    changed = answer.get("after") != arguments
    body = answer[endings[0]]
    match endings[0]:
        case "value":
            return Outcome(value=decode(body), changed=changed)
        case "error":
            return Outcome(error=_read_error(body), changed=changed)
        case "timeout":
            return Outcome(None, None, _too_long(body), changed, *_read_line(answer))
        case _:
            return Outcome(failure="it returned a value too large to be looked at")


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
    kept = words[:longest]
    return kept if kept.isascii() else kept.encode("utf-8", "replace").decode("utf-8")


def _is_builtin(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, BaseException)
