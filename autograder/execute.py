"""Runs a staged notebook in a kernel of its own and brings back the evidence.

`execute` is a pure function of (staged notebook, inputs, limits): it touches no database and no
course folder, so it runs in any process of any machine.
"""

from __future__ import annotations

import copy
import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.conventions import EXPLORATION, GRADED, grade_id_of, split_grade_id
from nextword.evidence import EVIDENCE_MIME_TYPE, INPUTS_VARIABLE
from nextword.evidence.codec import MAX_BYTES

_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "MPLCONFIGDIR")


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Parameters
    ----------
    cell_seconds, notebook_seconds
        Wall-clock time of one cell, and of the whole notebook with its restarts.
    memory_bytes
        Address space of the kernel.
    output_bytes
        Output kept of one cell; evidence does not count.
    restarts
        How often a kernel that died or hung is started again without the cell at fault.
    """

    cell_seconds: int = 30
    notebook_seconds: int = 180
    memory_bytes: int = 6 * 2**30
    output_bytes: int = 200_000
    restarts: int = 3


@dataclass(frozen=True)
class Execution:
    """What running a notebook came to.

    Parameters
    ----------
    notebook
        With outputs, but without evidence.
    evidence
        What each graded cell published, by question.
    absences
        Why a question has no evidence, as far as the run can tell, in words for the student.
    incidents
        What went wrong on the way, in words for student and staff.
    """

    notebook: NotebookNode
    evidence: Mapping[str, tuple[str, ...]]
    absences: Mapping[str, str]
    incidents: tuple[str, ...]


@dataclass
class _Progress:
    """What is known between restarts."""

    evidence: dict[str, tuple[str, ...]] = field(default_factory=dict)
    absences: dict[str, str] = field(default_factory=dict)
    incidents: list[str] = field(default_factory=list)
    skipped: set[int] = field(default_factory=set)


def execute(notebook: NotebookNode, inputs: Mapping[str, str], limits: Limits) -> Execution:
    """Run a staged notebook; a cell that kills or hangs the kernel costs only itself.

    Parameters
    ----------
    notebook
        From `stage`. It is not changed.
    inputs
        What is laid ready for the witness: JSON text by question.
    limits
        What it may use.
    """
    notebook = copy.deepcopy(notebook)
    progress = _Progress()
    deadline = time.monotonic() + limits.notebook_seconds
    with tempfile.TemporaryDirectory(prefix="nextword-", ignore_cleanup_errors=True) as scratch:
        Path(scratch, "inputs.json").write_text(json.dumps(dict(inputs)), encoding="utf-8")
        for _ in range(1 + limits.restarts):
            at_fault = _run(notebook, Path(scratch), limits, deadline, progress)
            if at_fault is None:
                break
            progress.skipped.add(at_fault)
        else:
            progress.incidents.append(
                f"The notebook was stopped {1 + limits.restarts} times and not started again."
            )
    for question in inputs.keys() - progress.evidence.keys() - progress.absences.keys():
        progress.absences[question] = "The test cell was not reached: the run ended before it."
    return Execution(notebook, progress.evidence, progress.absences, tuple(progress.incidents))


def _run(
    notebook: NotebookNode, scratch: Path, limits: Limits, deadline: float, progress: _Progress
) -> int | None:
    """Run all cells in a fresh kernel; return the cell that ended it early, None at the end."""
    with _kernel(notebook, scratch, limits) as client:
        for index, cell in enumerate(notebook.cells):
            question = _question(cell)
            if cell.cell_type != "code" or EXPLORATION in cell.metadata.get("tags", []):
                continue
            if index in progress.skipped or question in progress.evidence:
                continue
            remaining = deadline - time.monotonic()
            if remaining <= 1:
                progress.incidents.append(
                    f"The notebook ran longer than {limits.notebook_seconds} s and was stopped."
                )
                return None
            client.timeout = int(min(limits.cell_seconds, remaining)) or 1
            ended = _run_cell(client, cell, index)
            if ended is not None:
                _note_end(cell, index, question, ended, progress)
                return index
            _take_evidence(cell, question, limits, progress)
    return None


def _run_cell(client: _BoundedClient, cell: NotebookNode, index: int) -> str | None:
    """Run a cell; return how it ended the kernel, None if it did not."""
    ended = "it ended the Python process (it crashed, called exit, or ran out of memory)"
    client.kept_bytes = 0
    try:
        client.execute_cell(cell, index)
    except CellTimeoutError:
        return f"it ran longer than {client.timeout} s"
    except DeadKernelError:
        return ended
    return ended if client.leaving else None


def _note_end(
    cell: NotebookNode, index: int, question: str | None, ended: str, progress: _Progress
) -> None:
    """Write down that a cell ended the kernel, and whose evidence that costs."""
    if question is None:
        first_line = cell.source.strip().partition("\n")[0][:80]
        where = f"Cell {index + 1} ({grade_id_of(cell) or first_line!r})"
        progress.incidents.append(f"{where} was left out: {ended}.")
    else:
        progress.absences[question] = f"Your function was stopped when it was called: {ended}."
        progress.incidents.append(f"The test of {question} was stopped: {ended}.")


def _take_evidence(
    cell: NotebookNode, question: str | None, limits: Limits, progress: _Progress
) -> None:
    """Move evidence out of a cell's outputs; cut the rest to size."""
    published = [
        output.data[EVIDENCE_MIME_TYPE]
        for output in cell.outputs
        if EVIDENCE_MIME_TYPE in output.get("data", {})
    ]
    cell.outputs = [
        output for output in cell.outputs if EVIDENCE_MIME_TYPE not in output.get("data", {})
    ]
    if question is None:
        if published:
            progress.incidents.append(
                f"Cell {grade_id_of(cell) or 'of the student'} published evidence; it was ignored."
            )
        return
    if published:
        progress.evidence[question] = tuple(str(text) for text in published)
        return
    errors = [output for output in cell.outputs if output.output_type == "error"]
    progress.absences[question] = _why_absent(question, errors)


def _why_absent(question: str, errors: list[NotebookNode]) -> str:
    if errors and errors[0].ename == "NameError" and f"'{question}'" in errors[0].evalue:
        return (
            f"There is no function {question} when its test cell runs. Does its cell run without "
            "an error, top to bottom, after Kernel > Restart and Run All?"
        )
    if errors:
        return f"The test cell stopped with {errors[0].ename} before it could call your function."
    return "The test cell ran, but nothing came back from it."


def _question(cell: NotebookNode) -> str | None:
    """Return the question that a graded cell belongs to, None for other cells."""
    grade_id = grade_id_of(cell)
    if grade_id is None:
        return None
    question, role = split_grade_id(grade_id)
    return question if role == GRADED else None


class _BoundedClient(NotebookClient):
    """A client that stops keeping a cell's output where there is too much of it."""

    output_bytes = Limits.output_bytes
    kept_bytes = 0
    """What the running cell has put out."""
    leaving = False
    """Whether a cell called `exit`. The kernel answers it first and ends a moment later."""

    def note_exit(self, execute_reply: dict[str, Any], **_: Any) -> None:
        """Notice that a cell called `exit`, before the next cell is blamed for the end."""
        payload = execute_reply["content"].get("payload", [])
        self.leaving |= any(
            part.get("source") == "ask_exit" and not part.get("keepkernel") for part in payload
        )

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Take no part in widgets and in displays that change later: they escape the bound."""
        if msg["msg_type"].startswith("comm"):
            return None
        msg["content"].pop("transient", None)  # the id under which a display is changed
        return super().process_message(msg, cell, cell_index)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output if there is room for it."""
        data = msg["content"].get("data", {})
        if EVIDENCE_MIME_TYPE in data:
            # Two pieces are refused as three are, and one too long as a longer one.
            if sum(EVIDENCE_MIME_TYPE in output.get("data", {}) for output in outs) > 1:
                return None
            text = str(data[EVIDENCE_MIME_TYPE])[: MAX_BYTES + 1]
            msg["content"] |= {"data": {EVIDENCE_MIME_TYPE: text}, "metadata": {}}
            return super().output(outs, msg, display_id, cell_index)
        self.kept_bytes += len(json.dumps(msg["content"], default=str))
        if self.kept_bytes > self.output_bytes:
            return None
        return super().output(outs, msg, display_id, cell_index)


@contextmanager
def _kernel(notebook: NotebookNode, scratch: Path, limits: Limits) -> Iterator[_BoundedClient]:
    """Start a kernel in the scratch folder, with little of our environment and limited memory."""
    client = _BoundedClient(
        notebook,
        allow_errors=True,
        interrupt_on_timeout=False,
        skip_cells_with_tag="",
        shutdown_kernel="immediate",
        startup_timeout=120,
        iopub_timeout=10,
        store_widget_state=False,
    )
    client.output_bytes = limits.output_bytes
    client.on_cell_executed = client.note_exit
    kernel_manager = client.create_kernel_manager()
    kernel_manager.transport = "ipc"
    kernel_manager.ip = str(scratch / "channel")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with client.setup_kernel(cwd=str(scratch), env=_environment(scratch), cleanup_kc=True, **quiet):
        provisioner: Any = kernel_manager.provisioner
        _limit_memory(provisioner.pid, limits.memory_bytes)
        yield client


def _environment(scratch: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    kept.setdefault("MPLCONFIGDIR", str(Path.home() / ".cache" / "matplotlib"))
    return kept | {
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "IPYTHONDIR": str(scratch / "ipython"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        INPUTS_VARIABLE: str(scratch / "inputs.json"),
    }


def _limit_memory(process: int, memory_bytes: int) -> None:
    """Limit a process's address space, where the system can (Linux)."""
    if hasattr(resource, "prlimit"):
        resource.prlimit(process, resource.RLIMIT_AS, (memory_bytes, memory_bytes))
