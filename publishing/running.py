"""A notebook is run in a kernel of its own: what failed is named, and what it took is told.

For example::

    took = run(notebook, path)  # fills in the outputs
    took.seconds  # of CPU, as on a machine of pace 1
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """What a run took of the kernel's processor; a machine that does something else counts none.

    Parameters
    ----------
    cells
        Seconds, by the id of each code cell.
    seconds
        All together on a machine of pace 1: those of each cell are divided by the machine's pace
        before and after it.
    """

    cells: Mapping[str, float]
    seconds: float

    @property
    def cpu(self) -> float:
        """Seconds of this machine, all together."""
        return sum(self.cells.values())


class _Meter:
    """Adds up what a client's cells take.

    Parameters
    ----------
    client
        Whose hooks are the meter's from now on.
    """

    def __init__(self, client: NotebookClient) -> None:
        self.cells: dict[str, float] = {}
        self.seconds = 0.0
        self.running = 0
        self._client = client
        self._before, self._pace = 0.0, pace()
        client.on_cell_execute, client.on_cell_executed = self._begins, self._ends

    def _begins(self, cell_index: int, **_: object) -> None:
        self.running = cell_index
        self._before = self._clock()

    def _ends(self, cell: NotebookNode, **_: object) -> None:
        spent, now = self._clock() - self._before, pace()
        self.cells[cell.id] = spent
        self.seconds += spent / ((self._pace + now) / 2)
        self._pace = now

    def _clock(self) -> float:
        """Return how many CPU seconds the kernel has spent."""
        kernel = self._client.km and self._client.km.provisioner
        if not isinstance(kernel, LocalProvisioner):
            raise TypeError(f"expected a kernel on this machine, got {kernel!r}")
        times = psutil.Process(kernel.pid).cpu_times()
        return float(times.user + times.system)


def run(notebook: NotebookNode, path: Path) -> Took:
    """Run a notebook in its folder, fill in the outputs, and return what it took.

    Parameters
    ----------
    notebook
        Without outputs; its cells have ids.
    path
        Its file, whose folder the cells run in and whose name an error says.

    Raises
    ------
    CellFailed
        A cell raised and is not tagged `raises-exception`, took longer than `LONGEST_CELL`, or
        wrote to stderr. The message names the notebook and the cell.
    """
    client = NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    )
    meter = _Meter(client)
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as problem:
        where = name_of_cell(path.stem, meter.running + 1, notebook.cells[meter.running])
        raise CellFailed(f"{where} failed: {problem}") from problem
    _refuse_warnings(notebook, path)
    return Took(meter.cells, meter.seconds)


def _refuse_warnings(notebook: NotebookNode, path: Path) -> None:
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                where = name_of_cell(path.stem, number, cell)
                raise CellFailed(
                    f"{where} wrote to stderr, and readers would see it: {output.text}"
                )
        cell.metadata.pop("execution", None)  # the times of its run
