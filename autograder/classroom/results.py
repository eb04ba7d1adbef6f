"""What grading leaves behind, as files: evidence and verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict

from autograder.errors import CourseError
from autograder.files import write_atomically
from autograder.judging.judge import Example, GroupVerdict, Verdict

VERSION = 1
EVIDENCE_VERSION = 2
"""Evidence of the first kind was what a witness said of itself: when it was late, and what it had
changed."""


class NoEvidence(CourseError):
    """A submission that has not been executed, or whose evidence cannot be read."""


@dataclass(frozen=True)
class Evidence:
    """Everything that running a submission gave, and all that judging it needs.

    Parameters
    ----------
    key
        Of what was run: the exam, a colon, and a digest of all that the evidence depends on.
    notebook
        The executed notebook, without evidence.
    evidence, absences
        By question (see `autograder.sandbox.run.Execution`).
    remarks
        On the submission and its run, in words for student and staff.
    submitted
        The digest of the submitted file.
    time
        When it was submitted, where that is known.
    """

    key: str
    notebook: NotebookNode
    evidence: Mapping[str, str]
    absences: Mapping[str, str]
    remarks: tuple[str, ...]
    submitted: str = ""
    time: datetime | None = None


@dataclass(frozen=True)
class Result:
    """What was made of a submission, and what the next run needs to know of it.

    Parameters
    ----------
    verdicts
        One a question; empty where it could not be graded.
    remarks
        For student and staff.
    failure
        Why it could not be graded.
    submitted
        The digest of the submitted file; empty where it is the untouched release.
    answers
        The digests of the answers that were recorded, by grade_id.
    """

    verdicts: tuple[Verdict, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str | None = None
    submitted: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)


def write_evidence(path: Path, evidence: Evidence) -> None:
    """Keep the evidence of a submission."""
    content = {
        "version": EVIDENCE_VERSION,
        "key": evidence.key,
        "notebook": json.dumps(evidence.notebook),
        "evidence": dict(evidence.evidence),
        "absences": dict(evidence.absences),
        "remarks": list(evidence.remarks),
        "submitted": evidence.submitted,
        "time": None if evidence.time is None else evidence.time.isoformat(),
    }
    write_atomically(path, json.dumps(content))


def read_evidence(path: Path) -> Evidence:
    """Return the evidence kept at `path`.

    Raises
    ------
    NoEvidence
        There is none, or it is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != EVIDENCE_VERSION:
            raise NoEvidence(
                f"{path} was kept by another version of this program ({content['version']}, "
                f"expected {EVIDENCE_VERSION}). Run: autograder grade"
            )
        return Evidence(
            content["key"],
            _own_notebook(content["notebook"]),
            _texts(content["evidence"]),
            content["absences"],
            tuple(content["remarks"]),
            content["submitted"],
            _time(content["time"]),
        )
    except FileNotFoundError as error:
        raise NoEvidence(f"No evidence at {path}. Run: autograder grade") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        words = _damage(error)
        raise NoEvidence(f"{path} is damaged ({words}). Run: autograder grade --force") from error


def _texts(content: Any) -> dict[str, str]:
    if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
        raise TypeError("expected a text a question")
    return content


def _time(words: str | None) -> datetime | None:
    return None if words is None else datetime.fromisoformat(words)


def _own_notebook(text: str) -> NotebookNode:
    """Return a notebook that we wrote ourselves: its cells need no schema."""
    notebook: NotebookNode = from_dict(json.loads(text))
    if not isinstance(notebook.cells, list):
        raise TypeError(f"expected a list of cells, came {type(notebook.cells).__name__}")
    return notebook


def write_result(path: Path, result: Result) -> None:
    """Keep what was made of a submission."""
    content = {"version": VERSION, **vars(result)}
    write_atomically(path, json.dumps(content, default=_fields) + "\n", lasting=False)


def _fields(part: object) -> dict[str, Any]:
    """Return what is written of a verdict or of a part of one: `inside` only where it says so."""
    return {name: value for name, value in vars(part).items() if name != "inside" or value}


def read_result(path: Path) -> Result:
    """Return what was made of a submission, as it is kept at `path`.

    Raises
    ------
    NoEvidence
        Nothing is kept, or it is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise ValueError(f"version {content['version']}, expected {VERSION}")
        return Result(
            tuple(_verdict(fields) for fields in content["verdicts"]),
            tuple(content["remarks"]),
            content.get("failure"),
            content.get("submitted", ""),
            dict(content.get("answers", {})),
        )
    except FileNotFoundError as error:
        raise NoEvidence(f"No verdicts at {path}. Run: autograder grade") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        words = _damage(error)
        raise NoEvidence(f"{path} is damaged ({words}). Run: autograder rejudge") from error


def _damage(error: Exception) -> str:
    """Return in words what is wrong with a file of ours."""
    match error:
        case json.JSONDecodeError():
            return f"expected JSON, which it is not from line {error.lineno} on"
        case UnicodeDecodeError():
            return "expected text in UTF-8"
        case OSError():
            return str(error.strerror)
        case KeyError():
            return f"it lacks {error}"
    return str(error)


def _verdict(fields: dict[str, Any]) -> Verdict:
    groups = tuple(
        GroupVerdict(**{**group, "reasons": tuple(group["reasons"])}) for group in fields["groups"]
    )
    example = Example(**fields["example"]) if fields["example"] else None
    return Verdict(**{**fields, "groups": groups, "example": example})
