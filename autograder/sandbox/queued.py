"""How long processes in a sandbox stood in a queue for a processor, which is not their fault.

A limit of time on the wall is fair on a machine with a processor to spare. Where more wants to run
than can, a cell gets the time back that it waited for its turn.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import psutil

_NANOSECONDS = 1e9


def now() -> float:
    """Return the seconds since the machine began; 0 where the system does not tell."""
    with suppress(AttributeError):  # Linux has it
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return 0.0


def queued_seconds(pid: int, since: float) -> float:
    """Return the longest that one process below another stood in the queue since it began.

    It is 0 where the system does not tell. Of several the longest counts, not the sum: whoever
    starts many processes gains nothing.

    Parameters
    ----------
    pid
        Of the process above.
    since
        Processes count that began after this (see `now`).

    References
    ----------
    https://docs.kernel.org/scheduler/sched-stats.html, *proc/<pid>/schedstat*; proc_pid_stat(5)
    """
    longest = 0.0
    with suppress(psutil.Error, OSError):
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(OSError, ValueError, IndexError):  # it has ended, or is no Linux one
                if _began(process.pid) >= since:
                    said = Path(f"/proc/{process.pid}/schedstat").read_text("ascii")
                    longest = max(longest, int(said.split()[1]) / _NANOSECONDS)
    return longest


def _began(pid: int) -> float:
    """Return when a process began, in seconds since the machine did, to the next tick of its clock.

    The 22nd field; the second is the program's name in parentheses, in which anything may stand.
    """
    _, _, fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")
    return (int(fields.split()[19]) + 1) / os.sysconf("SC_CLK_TCK")
