"""What grading leaves behind, as files: evidence and verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict

from autograder.errors import CourseError
from autograder.files import write_atomically
from autograder.judge import Example, GroupVerdict, Verdict

VERSION = 1


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
        By question (see `autograder.engine.run.Execution`).
    remarks
        On the submission and its run, in words for student and staff.
    """

    key: str
    notebook: NotebookNode
    evidence: Mapping[str, tuple[str, ...]]
    absences: Mapping[str, str]
    remarks: tuple[str, ...]


def write_evidence(path: Path, evidence: Evidence) -> None:
    """Keep the evidence of a submission."""
    content = {
        "version": VERSION,
        "key": evidence.key,
        "notebook": json.dumps(evidence.notebook),
        "evidence": {question: list(texts) for question, texts in evidence.evidence.items()},
        "absences": dict(evidence.absences),
        "remarks": list(evidence.remarks),
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
        if content["version"] != VERSION:
            raise ValueError(f"version {content['version']}, expected {VERSION}")
        return Evidence(
            content["key"],
            _own_notebook(content["notebook"]),
            {question: tuple(texts) for question, texts in content["evidence"].items()},
            content["absences"],
            tuple(content["remarks"]),
        )
    except FileNotFoundError as error:
        raise NoEvidence(f"No evidence at {path}. Run: autograder grade") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoEvidence(f"{path} is damaged ({error}). Run: autograder grade --force") from error


def _own_notebook(text: str) -> NotebookNode:
    """Return a notebook that we wrote ourselves: its cells need no schema."""
    notebook: NotebookNode = from_dict(json.loads(text))
    if not isinstance(notebook.cells, list):
        raise TypeError(f"expected a list of cells, came {type(notebook.cells).__name__}")
    return notebook


def write_verdicts(path: Path, verdicts: tuple[Verdict, ...], remarks: tuple[str, ...]) -> None:
    """Keep the verdicts on a submission."""
    content = {
        "version": VERSION,
        "verdicts": verdicts,
        "remarks": remarks,
    }
    write_atomically(path, json.dumps(content, default=vars) + "\n", lasting=False)


def read_verdicts(path: Path) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
    """Return the verdicts kept at `path`, and the remarks.

    Raises
    ------
    NoEvidence
        There are none, or they are damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise ValueError(f"version {content['version']}, expected {VERSION}")
        verdicts = tuple(_verdict(fields) for fields in content["verdicts"])
        return verdicts, tuple(content["remarks"])
    except FileNotFoundError as error:
        raise NoEvidence(f"No verdicts at {path}. Run: autograder grade") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoEvidence(f"{path} is damaged ({error}). Run: autograder rejudge") from error


def _verdict(fields: dict[str, Any]) -> Verdict:
    groups = tuple(
        GroupVerdict(**{**group, "reasons": tuple(group["reasons"])}) for group in fields["groups"]
    )
    example = Example(**fields["example"]) if fields["example"] else None
    return Verdict(**{**fields, "groups": groups, "example": example})
