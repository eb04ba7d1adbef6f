"""What one submission may use."""

from __future__ import annotations

from dataclasses import dataclass

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""What tells numpy and torch in a process's environment to compute with one thread: more of them
wait for one another where several processes compute, and sums in another order differ."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Parameters
    ----------
    cell_seconds, notebook_seconds
        Wall-clock time of one cell, and of the whole notebook with its restarts. A cell in a warm
        process gets back what it stood in the queue for a processor, up to three times its seconds.
    memory_bytes
        Address space of a process.
    output_bytes
        Output kept of one cell; evidence does not count.
    scratch_bytes
        Size of the scratch folder, and of any file in it.
    processes
        Processes and threads at the same time.
    restarts
        How often a process that died or hung is started again without the cell at fault.
    """

    cell_seconds: int = 30
    notebook_seconds: int = 180
    memory_bytes: int = 6 * 2**30
    output_bytes: int = 200_000
    scratch_bytes: int = 256 * 2**20
    processes: int = 64
    restarts: int = 3
