"""Sends submissions to whatever runs them: threads here that drive sandboxes, or a cluster."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from nbformat import NotebookNode

from autograder.errors import CourseError
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import NOTHING, Execution, Mode, execute
from autograder.sandbox.warm import SandboxLost, warm_workers

TRIES = 3
"""How often a submission is run where its sandbox is lost."""


@dataclass(frozen=True)
class Job:
    """A submission that has to be run.

    Parameters
    ----------
    student
        Whose it is.
    staged
        The notebook.
    key
        Of what is run.
    remarks
        On the submission.
    inputs
        What is laid ready, by question.
    beside
        Files that lie beside the notebook: what they hold, by name.
    """

    student: str
    staged: NotebookNode
    key: str
    remarks: tuple[str, ...]
    inputs: Mapping[str, str]
    beside: Mapping[str, bytes]


_Job = TypeVar("_Job", bound=Job)
_What = TypeVar("_What")


@dataclass(frozen=True)
class NoRun(Generic[_What]):
    """Work that stands among jobs and needs no run."""

    what: _What


def start_sandboxes(
    executor: Executor, at_once: int, limits: Limits, mode: Mode, torch: bool = False
) -> Callable[[], None]:
    """Start warm sandboxes, unawaited. One that cannot start says so at the first submission.

    One core is left to this process, which draws the exam.

    Parameters
    ----------
    executor, at_once
        Where notebooks will run, and how many at the same time.
    limits, mode
        Of each, and how it is isolated.
    torch
        Whether notebooks need torch, so that it is imported before the first of them comes.

    Returns
    -------
    start_others
        Starts the sandboxes that this holds back, when the first ones are ready. Before it is
        called there are no threads, so that this process may be forked.
    """
    if mode is not Mode.WARM:
        return lambda: None
    workers = warm_workers()
    at_first = max(1, min(at_once, (os.cpu_count() or 1) - 1))
    first = []
    for _ in range(at_first):
        with contextlib.suppress(OSError, CourseError):
            first.append(workers.start(limits, torch))

    def start_others() -> None:
        for worker, _ in zip(itertools.cycle(first), range(at_once - at_first), strict=False):
            executor.submit(workers.later(worker, limits, torch))

    return start_others


def execute_or_retry(
    notebook: NotebookNode,
    inputs: Mapping[str, str],
    limits: Limits,
    mode: Mode,
    beside: Mapping[str, bytes] = NOTHING,
) -> Execution:
    """Run a notebook, anew in another sandbox where the one it was in has failed.

    Raises
    ------
    SandboxLost
        Three sandboxes in a row have been lost with it.
    """
    for _ in range(TRIES - 1):
        with contextlib.suppress(SandboxLost):
            return execute(notebook, inputs, limits, mode, beside)
    return execute(notebook, inputs, limits, mode, beside)


def run_all(
    work: Iterable[_Job | NoRun[_What]],
    executor: Executor,
    at_once: int,
    limits: Limits,
    mode: Mode,
) -> Iterator[tuple[_Job, Execution | str] | NoRun[_What]]:
    """Yield what running each job came to, or why it could not be run, as they end.

    Parameters
    ----------
    work
        Jobs, taken as they are needed, so that a class of any size needs the memory of a few. What
        needs no run is handed on before the next is taken.
    executor
        Runs them.
    at_once
        How many it is given at the same time.
    limits, mode
        See `execute`.
    """
    coming = iter(work)
    running: dict[Future[Execution], _Job] = {}
    while True:
        while len(running) < at_once and (job := next(coming, None)) is not None:
            if isinstance(job, NoRun):
                yield job
            else:
                future = executor.submit(
                    execute_or_retry, job.staged, job.inputs, limits, mode, job.beside
                )
                running[future] = job
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield running.pop(future), _outcome(future)


def _outcome(future: Future[Execution]) -> Execution | str:
    try:
        return future.result()
    except CourseError:
        raise  # a fault of the machine that every other submission would meet as well
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are still graded
        return f"It could not be run: {type(error).__name__}: {error}"


@contextlib.contextmanager
def local_executor(workers: int) -> Iterator[tuple[Executor, int]]:
    """Run notebooks on this machine; the threads wait while sandboxes work.

    Yields
    ------
    executor, at_once
    """
    with ThreadPoolExecutor(workers, thread_name_prefix="sandbox") as executor:
        try:
            yield executor, workers
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            warm_workers().stop_starting()
