"""Calls functions in processes of their own, each within limits of time and memory.

Each is a fork of this process, so it begins with all that was loaded and drawn here, and what it
does to that is gone with it. Functions are the course's own, changed at random: they may loop,
fill the memory, fork or end their process. This is no sandbox for what a student wrote.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import NoReturn

import psutil

from autograder.guest.confine import die_with_parent

Job = Callable[[], str]


@dataclass(frozen=True)
class Bounds:
    """What one call may take.

    Parameters
    ----------
    seconds
        Of CPU time.
    memory_bytes
        What its process may take besides what this one has.
    patience
        How many times its seconds it may take by the clock: a machine may be busy.
    """

    seconds: float
    memory_bytes: int = 2 << 30
    patience: float = 1.0


_UNHURRIED = Bounds(3600.0)


@dataclass(frozen=True)
class _Running:
    """A call that has begun."""

    index: int
    process: ForkProcess
    channel: Connection
    ends: float


def each_apart(
    jobs: Sequence[tuple[Job, Bounds]], workers: int
) -> Iterator[tuple[int, str | None]]:
    """Yield what each job came to, as it comes: its place among the jobs, and what it returned.

    That is None where its process ended before it did, by itself or because of a limit.

    Parameters
    ----------
    jobs
        What is called, within which limits.
    workers
        How many run at the same time.
    """
    waiting = list(enumerate(jobs))[::-1]
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_started(*waiting.pop()))
            for each in _over(running):
                running.remove(each)
                yield each.index, _result(each)
    finally:
        for each in running:
            _end(each)


def all_apart(jobs: Sequence[Job], workers: int) -> list[str]:
    """Return what each job returned, in order, called in as many processes as there are workers.

    A job whose process ended before it returned is called once more, here, where its error is seen.

    Parameters
    ----------
    jobs
        What is called. It keeps to limits of its own: here are none but an hour.
    workers
        How many run at the same time. With one, all are called here.
    """
    if min(workers, len(jobs)) < 2:
        return [job() for job in jobs]
    came = dict(each_apart([(job, _UNHURRIED) for job in jobs], workers))
    return [job() if came[place] is None else came[place] or "" for place, job in enumerate(jobs)]


def _started(index: int, job: tuple[Job, Bounds]) -> _Running:
    function, bounds = job
    forking = multiprocessing.get_context("fork")
    ours, theirs = forking.Pipe(duplex=False)
    process = forking.Process(target=_call, args=(function, bounds, theirs), daemon=True)
    process.start()
    theirs.close()  # so that the end of the process is the end of the stream
    return _Running(index, process, ours, time.monotonic() + bounds.seconds * bounds.patience)


def _over(running: Sequence[_Running]) -> list[_Running]:
    """Wait until a call has returned, or its process or its time has ended; return which."""
    next_end = min(each.ends for each in running) - time.monotonic()
    ready = wait([each.channel for each in running], max(0.0, next_end))
    now = time.monotonic()
    return [each for each in running if each.channel in ready or each.ends <= now]


def _result(each: _Running) -> str | None:
    try:
        return each.channel.recv_bytes().decode() if each.channel.poll() else None
    except EOFError:
        return None
    finally:
        _end(each)


def _end(each: _Running) -> None:
    """End a process and what it has started, if they have not ended yet."""
    each.process.kill()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(each.process.ident or 0, signal.SIGKILL)
    each.process.join()
    each.channel.close()


def _call(function: Job, bounds: Bounds, channel: Connection) -> NoReturn:
    """Send what a function returns, from the process that was forked for it; end that process."""
    os.setpgid(0, 0)
    _end_with_parent()
    _limit(bounds)
    process = os.getpid()
    warnings.simplefilter("ignore")
    try:
        returned = function()
        if os.getpid() == process:  # else the function has forked, and returned twice
            channel.send_bytes(returned.encode())
    finally:
        os._exit(0)  # nothing that this process has inherited is to be closed by it


def _end_with_parent() -> None:
    """Let this process end as its parent is killed: a lock that it has inherited goes with it."""
    if sys.platform == "linux":
        die_with_parent()
        parent = multiprocessing.parent_process()
        if parent is not None and os.getppid() != parent.pid:  # it has just been killed
            os._exit(0)


def _limit(bounds: Bounds) -> None:
    taken = psutil.Process().memory_info().vms
    for kind, limit in (
        (resource.RLIMIT_AS, taken + bounds.memory_bytes),
        (resource.RLIMIT_CPU, int(bounds.seconds) + 1),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
