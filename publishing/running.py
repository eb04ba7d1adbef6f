"""A notebook is run in a kernel of its own: what failed is named, and what it took is told.

For example::

    took = run(notebook, path)  # fills in the outputs
    took.seconds  # of CPU, as on a machine of pace 1
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from autograder.errors import CourseError
from publishing.naming import name_of_cell
from publishing.pace import pace

LONGEST_CELL = 300
"""Seconds on the wall after which a cell is given up."""


class CellFailed(CourseError):
    """A cell of a lecture raised, took too long, or wrote a warning."""


@dataclass(frozen=True)
class Took:
    """What a run took.

    Parameters
    ----------
    cpu
        Seconds of the kernel's processor, from before the first cell to after the last.
    seconds
        The same on a machine of pace 1: those of each cell are divided by the machine's pace
        before and after it.
    """

    cpu: float
    seconds: float


class _Meter:
    """Adds up what a client's cells take.

    Parameters
    ----------
    client
        Whose hooks are the meter's from now on.
    """

    def __init__(self, client: NotebookClient) -> None:
        self.cpu = self.seconds = 0.0
        self.cell = 0
        self._clock = kernel_clock(client)
        self._before, self._pace = 0.0, pace()
        client.on_cell_execute, client.on_cell_executed = self._begins, self._ends

    def _begins(self, cell_index: int, **_: object) -> None:
        self.cell = cell_index
        self._before = self._clock()

    def _ends(self, **_: object) -> None:
        spent, now = self._clock() - self._before, pace()
        self.cpu += spent
        self.seconds += spent / ((self._pace + now) / 2)
        self._pace = now


def run(notebook: NotebookNode, path: Path) -> Took:
    """Run a notebook in its folder, fill in the outputs, and return what it took.

    Parameters
    ----------
    notebook
        Without outputs.
    path
        Its file, whose folder the cells run in and whose name an error says.

    Raises
    ------
    CellFailed
        A cell raised and is not tagged `raises-exception`, took longer than `LONGEST_CELL`, or
        wrote to stderr. The message names the notebook and the cell.
    """
    client = client_of(notebook, path)
    meter = _Meter(client)
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
        cell = notebook.cells[meter.cell]
        raise CellFailed(
            f"{name_of_cell(path.stem, meter.cell + 1, cell)} failed: {problem}"
        ) from problem
    _refuse_warnings(notebook, path)
    return Took(meter.cpu, meter.seconds)


def client_of(notebook: NotebookNode, path: Path) -> NotebookClient:
    """Return what runs a notebook, in its folder."""
    return NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )


def kernel_clock(client: NotebookClient) -> Callable[[], float]:
    """Return what tells how many CPU seconds a client's kernel has spent, once it runs."""

    def spent() -> float:
        kernel = client.km and client.km.provisioner
        if not isinstance(kernel, LocalProvisioner):
            raise TypeError(f"expected a kernel on this machine, got {kernel!r}")
        times = psutil.Process(kernel.pid).cpu_times()
        return float(times.user + times.system)

    return spent


def _refuse_warnings(notebook: NotebookNode, path: Path) -> None:
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                where = name_of_cell(path.stem, number, cell)
                raise CellFailed(
                    f"{where} wrote to stderr, and readers would see it: {output.text}"
                )
        cell.metadata.pop("execution", None)  # the times of its run
