"""Runs a staged notebook in a sandbox and brings back the evidence.

`execute` is a pure function of (staged notebook, inputs, limits, mode): it touches no database and
no course folder, so it runs in any process of any machine.
"""

from __future__ import annotations

import contextlib
import enum
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from nbformat import NotebookNode

from autograder.authoring.conventions import (
    ASSERTED,
    EXPLORATION,
    GRADED,
    grade_id_of,
    role_of,
    split_grade_id,
)
from autograder.authoring.plain import copied, plain_notebook
from autograder.judging.cases import read_cases
from autograder.sandbox.absence import failed_cells, helpers_not_run, why_absent
from autograder.sandbox.conversation import Conversation
from autograder.sandbox.ending import Ending
from autograder.sandbox.limits import Limits
from autograder.sandbox.warm import warm_session

_COLLECT = """from autograder.guest.collect import collect

collect("{0}", {0})
"""
"""What a graded cell does first when it is graded, whatever stands in it."""
NOTHING: Mapping[str, bytes] = {}
"""No file beside a notebook."""
_MOST_CELLS_FULL = 50
"""How many cells may put out as much as one may."""
_TOO_SHORT = 1
"""Seconds before a notebook's deadline. In these no cell is begun, and of one that ends its process
it is said that the notebook's time was up, not that the cell is at fault."""
_NOT_REACHED = "The test cell was not reached: the run ended before it."
_TOO_MUCH = "Its cells put out too much; the output of later ones was left out."


@dataclass(frozen=True)
class Execution:
    """What running a notebook came to.

    Parameters
    ----------
    notebook
        With outputs, but without evidence.
    evidence
        What the witness said, by question.
    absences
        Why a question has no evidence, as far as the run can tell, in words for the student; of one
        without a check, why its asserts have not all run.
    incidents
        What went wrong on the way, in words for student and staff.
    """

    notebook: NotebookNode
    evidence: Mapping[str, str]
    absences: Mapping[str, str]
    incidents: tuple[str, ...]


@dataclass
class _Progress:
    """What is known between restarts."""

    evidence: dict[str, str] = field(default_factory=dict)
    absences: dict[str, str] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)
    skipped: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    """Cells that have run to their end."""
    kept_bytes: int = 0
    seconds: float = 0.0
    """Used by the notebook's cells, in earlier processes; the start of a process costs nobody."""


class Mode(enum.StrEnum):
    """Where a notebook's cells run."""

    WARM = "warm"
    """In a confined child of a warm process in a sandbox."""
    COLD = "cold"
    """In a Jupyter kernel in a sandbox of its own."""
    OPEN = "no sandbox"
    """In a Jupyter kernel with limits only: for the course's own code."""


class _Session(Protocol):
    """A process that runs the cells of one notebook, one after another."""

    conversation: Conversation

    def run(self, index: int, cell: NotebookNode, graded: bool, seconds: float) -> Ending | None:
        """Run a cell, put its outputs into it, and return how it ended the process, if it did."""
        ...


def execute(
    notebook: NotebookNode,
    inputs: Mapping[str, str],
    limits: Limits,
    mode: Mode,
    beside: Mapping[str, bytes] = NOTHING,
) -> Execution:
    """Run a staged notebook; a cell that kills or hangs its process costs only itself.

    Parameters
    ----------
    notebook
        From `stage`. It is not changed.
    inputs
        What the witness is asked: JSON text by question. Other questions are not asked.
    limits
        What it may use.
    mode
        Where it runs.
    beside
        Files that lie in its working folder: what they hold, by name.

    Raises
    ------
    NoSandbox, WarmProcessFailed
        A fault of the machine.
    SandboxLost
        The sandbox is gone.
    """
    notebook = plain_notebook([copied(cell) for cell in notebook.cells], notebook.metadata)
    progress = _Progress()
    for _ in range(1 + limits.restarts):
        at_fault = _run(notebook, inputs, limits, mode, beside, progress)
        if at_fault is None:
            break
        progress.skipped.add(at_fault)
    else:
        progress.incidents.append(
            f"The notebook was stopped {1 + limits.restarts} times and not started again."
        )
    for question in inputs.keys() - progress.evidence.keys() - progress.absences.keys():
        progress.absences[question] = _NOT_REACHED
    for index, cell in enumerate(notebook.cells):
        if _is_asserted(cell) and cell.source.strip() and index not in progress.ended:
            progress.absences.setdefault(grade_id_of(cell) or "", _NOT_REACHED)
    told = (failed_cells(notebook.cells), helpers_not_run(notebook.cells))
    progress.incidents += [words for words in told if words is not None]
    return Execution(notebook, progress.evidence, progress.absences, tuple(progress.incidents))


def _session(
    notebook: NotebookNode,
    inputs: Mapping[str, str],
    limits: Limits,
    mode: Mode,
    beside: Mapping[str, bytes],
) -> contextlib.AbstractContextManager[_Session]:
    if mode is Mode.WARM:
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        # The course's modules travel with what is asked, and may need the same libraries.
        sources += (
            text for asked in inputs.values() for text in read_cases(asked).modules.values()
        )
        sources += (held.decode("utf-8", "replace") for held in beside.values())
        return warm_session(limits, sources, beside)
    from autograder.sandbox.cold import cold_session  # with all of Jupyter's client, seldom wanted

    return cold_session(notebook, limits, isolated=mode is Mode.COLD, beside=beside)


def _run(
    notebook: NotebookNode,
    inputs: Mapping[str, str],
    limits: Limits,
    mode: Mode,
    beside: Mapping[str, bytes],
    progress: _Progress,
) -> int | None:
    """Run all cells in a fresh process; return the cell that ended it early, None at the end."""
    with _session(notebook, inputs, limits, mode, beside) as session:
        started = time.monotonic()
        try:
            deadline = started + limits.notebook_seconds - progress.seconds
            return _run_cells(session, notebook, inputs, limits, deadline, progress)
        finally:
            progress.seconds += time.monotonic() - started


def _run_cells(
    session: _Session,
    notebook: NotebookNode,
    inputs: Mapping[str, str],
    limits: Limits,
    deadline: float,
    progress: _Progress,
) -> int | None:
    for index, cell in enumerate(notebook.cells):
        question = _question(cell)
        if cell.cell_type != "code" or EXPLORATION in cell.metadata.get("tags", []):
            continue
        if index in progress.skipped or question in progress.evidence:
            continue
        if question is not None and question not in inputs:
            continue
        remaining = deadline - time.monotonic()
        if remaining <= _TOO_SHORT:
            _note_deadline(None, "", limits, progress)
            return None
        seconds = min(limits.cell_seconds, remaining)
        if question is None:
            ended, evidence = session.run(index, cell, graded=False, seconds=seconds), None
        else:
            asking = copied(cell)
            asking.source = _COLLECT.format(question) + cell.source
            with session.conversation.about(question, inputs[question]) as talk:
                ended = session.run(index, asking, graded=True, seconds=seconds)
            evidence = talk.evidence
            cell.outputs, cell.execution_count = asking.outputs, asking.execution_count
        if question is not None and evidence is not None:
            progress.evidence[question] = evidence
        if ended is not None and deadline - time.monotonic() <= _TOO_SHORT:
            _note_deadline(question, ended.line, limits, progress)
            return None
        if ended is not None:
            _note_end(cell, index, question, ended, progress)
            return index
        progress.ended.add(index)
        if question is not None and evidence is None:
            progress.absences[question] = why_absent(question, notebook.cells, index)
        _keep_within(cell, limits, progress)
    return None


def _keep_within(cell: NotebookNode, limits: Limits, progress: _Progress) -> None:
    """Drop a cell's outputs where those of the cells before it are already too much."""
    if _is_asserted(cell):
        return  # its outputs are its verdict, and the course has few of them
    progress.kept_bytes += len(json.dumps(cell.outputs))
    if progress.kept_bytes > _MOST_CELLS_FULL * limits.output_bytes:
        if _TOO_MUCH not in progress.incidents:
            progress.incidents.append(_TOO_MUCH)
        cell.outputs = []


def _note_end(
    cell: NotebookNode, index: int, question: str | None, ended: Ending, progress: _Progress
) -> None:
    """Write down that a cell ended the kernel, and whose evidence that costs."""
    if question is None:
        first_line = cell.source.strip().partition("\n")[0][:80]
        where = f"Cell {index + 1} ({grade_id_of(cell) or first_line!r})"
        progress.incidents.append(f"{where} was left out: {ended}.")
        if _is_asserted(cell):
            progress.absences[grade_id_of(cell) or ""] = f"The test cell was stopped: {ended}."
    else:
        if question not in progress.evidence:
            progress.absences[question] = f"Your function was stopped when it was called: {ended}."
        progress.incidents.append(f"The test of {question} was stopped: {ended}.")


def _note_deadline(question: str | None, line: str, limits: Limits, progress: _Progress) -> None:
    """Write down that the notebook's time was used up, where, and whose test that cut short."""
    words = f"The notebook ran longer than {limits.notebook_seconds} s and was stopped"
    progress.incidents.append(f"{words} at {line}." if line else f"{words}.")
    if question is not None and question not in progress.evidence:
        progress.absences[question] = f"{words} while your function was called."


def _question(cell: NotebookNode) -> str | None:
    """Return the question that a graded cell asks the witness, None for other cells."""
    grade_id = grade_id_of(cell)
    if grade_id is None or role_of(cell) != GRADED:
        return None
    return split_grade_id(grade_id)[0]


def _is_asserted(cell: NotebookNode) -> bool:
    """Return whether a cell's asserts are a question's only judge."""
    return grade_id_of(cell) is not None and role_of(cell) == ASSERTED
