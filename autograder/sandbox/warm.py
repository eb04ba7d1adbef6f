"""Warm mode: a sandbox that holds a warm process, and a confined child of it per submission."""

from __future__ import annotations

import atexit
import base64
import contextlib
import functools
import json
import re
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from autograder.errors import CourseError
from autograder.guest import frames
from autograder.guest.collect import CASES_VARIABLE
from autograder.guest.orders import END, MAX_BYTES, TORCH, WHERE
from autograder.sandbox import cgroups
from autograder.sandbox.conversation import Conversation
from autograder.sandbox.ending import ENDED, Ending, too_long
from autograder.sandbox.lasting_thread import in_lasting_thread
from autograder.sandbox.limits import Limits
from autograder.sandbox.outputs import admitted, sane_count
from autograder.sandbox.queued import now, queued_seconds
from autograder.sandbox.same_witness import AnotherWitness, compare
from autograder.sandbox.sandbox import plain_environment, sandbox_command
from autograder.sandbox.visible import BASE, START, visible_packages

_START_SECONDS = 120
_REPORT_SECONDS = 10
_LONGEST_REPLY = 8 * 2**20
_LONGEST_LINE = 200
_WHERE_SECONDS = 0.5
"""How long a child that is out of time may take to say where it is."""
_MOST_QUEUED = 3
"""How often the time of a cell is given again for what it stood in the queue for a processor."""
_TURN_SECONDS = 0.05
"""A gain below which a cell has had its turn."""


class WarmProcessFailed(CourseError):
    """The warm process did not start: a fault of the machine."""


class SandboxLost(Exception):
    """The warm process is gone while it served a submission: perhaps by that submission's doing."""


class WarmWorker:
    """One sandbox with its warm process, which starts at once. It serves one submission at a time.

    Parameters
    ----------
    limits
        What a submission may use.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._resources = contextlib.ExitStack()
        self._first_report = threading.Lock()
        self._failure: CourseError | None = None
        self.ready = False
        """Whether it can serve without being waited for."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        members = self._resources.enter_context(
            cgroups.group(self._limits.processes + 16, self._limits.memory_bytes + 2**30)
        )
        self._control, inner = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._resources.callback(self._control.close)
        told = [BASE, str(inner.fileno()), *visible_packages()]
        server = [sys.executable, "-I", "-B", "-c", START.format("server"), *told]
        environment = plain_environment("/scratch") | {
            "MPLBACKEND": "module://matplotlib_inline.backend_inline"
        }
        sandbox = sandbox_command(server, environment, confines=True)
        with inner:
            self._process = in_lasting_thread(
                lambda: subprocess.Popen(
                    cgroups.joining(members, sandbox),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    env={},  # of bubblewrap itself, whose memory is in the sandbox as well
                    pass_fds=[inner.fileno()],
                )
            )
        self._resources.callback(self._end_process)

    def wait(self) -> None:
        """Wait until the warm process is ready to serve.

        Raises
        ------
        WarmProcessFailed, AnotherWitness
        """
        with self._first_report:
            if not self.ready and self._failure is None:
                self._failure = self._first_words()
                self.ready = self._failure is None
            if self._failure is not None:
                self.close()
                raise self._failure

    def _first_words(self) -> CourseError | None:
        """Return why the warm process cannot serve, None where it can."""
        try:
            compare(self._report(_START_SECONDS)["sees"])
            ready = self._report(_START_SECONDS)
        except AnotherWitness as error:
            return error
        except SandboxLost as error:
            return WarmProcessFailed(f"No sandbox can be started: {error}")
        self._later = [_import_of(name) for name in ready["later"]]
        if ready["threads"] == 1:
            return None
        return WarmProcessFailed(
            f"No sandbox can be started: the warm process has {ready['threads']} threads, not 1"
        )

    def _end_process(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _report(self, seconds: float) -> dict[str, Any]:
        """Return what the warm process says next.

        Raises
        ------
        SandboxLost
            It says nothing in time, or is gone.
        """
        try:
            self._control.settimeout(seconds)
            said = self._control.recv(MAX_BYTES)
        except TimeoutError as error:
            raise SandboxLost(f"the warm process was silent for {seconds:g} s") from error
        except OSError:
            said = b""
        if not said:
            raise SandboxLost(f"the warm process ended: {self._last_words()}")
        report: dict[str, Any] = json.loads(said)
        if "refused" in report:
            raise SandboxLost(report["refused"])
        return report

    def _last_words(self) -> str:
        words = b""
        if self._process.stderr is not None:
            with contextlib.suppress(ValueError):  # the run has ended, and closed it
                words = self._process.stderr.read(2000)
        return words.decode("utf-8", "replace").strip() or "no word"

    def import_torch(self) -> None:
        """Let the warm process import torch as soon as it can; unawaited.

        Raises
        ------
        SandboxLost
        """
        self._order(TORCH)

    @contextlib.contextmanager
    def child(self, sources: Sequence[str] = ()) -> Iterator[WarmChild]:
        """Start a confined child for one notebook, and see it end.

        Parameters
        ----------
        sources
            Texts that may import something: cells, what they are asked, files beside them. If they
            name torch, a module that needs it, or torch's optimizers, these are imported before the
            child begins. What is missed here it imports itself, slowly.

        Raises
        ------
        WarmProcessFailed
        SandboxLost
            Before its end. Afterwards nothing is lost with it but a warm process.
        """
        self.wait()
        torch = any("torch" in source for source in sources) or any(
            named.search(source) for named in self._later for source in sources
        )
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        conversation = Conversation()
        order = {
            "scratch_bytes": self._limits.scratch_bytes,
            "memory_bytes": self._limits.memory_bytes,
            "processes": self._limits.processes,
            "notebook_seconds": self._limits.notebook_seconds,
            "output_bytes": self._limits.output_bytes,
            "cases_variable": CASES_VARIABLE,
            "torch": torch,
            "optimizers": torch and any("optim" in source for source in sources),
        }
        began = now()
        with ours, contextlib.closing(conversation):
            with theirs, conversation.theirs as cases:
                self._order(json.dumps(order).encode(), theirs.fileno(), cases.fileno())
            self._report(_START_SECONDS)  # what is imported before is not its first cell's time
            child = WarmChild(
                ours,
                conversation,
                self._limits.output_bytes,
                lambda: self._order(WHERE),
                functools.partial(queued_seconds, self._process.pid, began),
            )
            yield child
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)
            try:
                self._see_it_end()
            except SandboxLost:
                self.close()
                if child.ended:
                    raise

    def _order(self, words: bytes, *descriptors: int) -> None:
        try:
            socket.send_fds(self._control, [words], descriptors)
        except OSError as error:
            raise SandboxLost(f"the warm process takes no orders: {error}") from error

    def _see_it_end(self) -> None:
        """Wait for the child's end, after killing it if it does not go by itself."""
        ready, _, _ = select.select([self._control], [], [], 0.05)
        if not ready:
            # Ends the child. If it has just ended by itself, the warm process ignores this order.
            self._order(END)
        self._report(_REPORT_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether the warm process is there."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._resources.close()


def _import_of(module: str) -> re.Pattern[str]:
    """Return what finds the import of a module in a cell."""
    package, _, name = map(re.escape, module.rpartition("."))
    within = rf"{package}(\.|\s+import\s*(\([^)]*|[^\n(]*))" if package else ""
    return re.compile(rf"{within}\b{name}\b")


class WarmChild:
    """The trusted end of a confined child.

    Parameters
    ----------
    channel
        To the child.
    conversation
        To the witness in it.
    output_bytes
        Output kept of a cell.
    ask
        Asks the child where it is.
    queued
        Tells how many seconds it stood in the queue for a processor.
    """

    def __init__(
        self,
        channel: socket.socket,
        conversation: Conversation,
        output_bytes: int,
        ask: Callable[[], None],
        queued: Callable[[], float],
    ) -> None:
        self._channel, self._output_bytes, self._ask = channel, output_bytes, ask
        self._queued = queued
        self.conversation = conversation
        self._sources: dict[int, str] = {}
        self.ended = False
        """Whether it ended before it was told to."""

    def lay(self, files: Mapping[str, bytes]) -> None:
        """Put files into its working folder, before the first cell.

        Raises
        ------
        SandboxLost
            It does not take them.
        """
        content = {name: base64.b64encode(held).decode() for name, held in files.items()}
        try:
            self._channel.settimeout(_REPORT_SECONDS)
            frames.send(self._channel, {"beside": content})
        except OSError as error:
            raise SandboxLost(f"it takes no files: {error}") from error

    def run(self, index: int, cell: NotebookNode, graded: bool, seconds: float) -> Ending | None:
        """Run a cell, put its outputs into it, and return how it ended the child, if it did.

        Parameters
        ----------
        index
            The cell's place, which the reply must name.
        cell
            Gets outputs and a number.
        graded
            Whether the cases of its question are asked while it runs.
        seconds
            How long it may take, on a machine that has a processor for it (see `_reply`).
        """
        started = time.monotonic()
        if not graded:
            self._sources[index] = cell.source
        try:
            self._channel.settimeout(seconds)
            frames.send(self._channel, {"cell": index, "source": cell.source})
            reply = self._reply(started, seconds)
            while reply is not None and "line" in reply:  # which nobody has asked for yet
                reply = self._reply(started, seconds)
        except TimeoutError:
            # Where a function stops could tell which secret case it was asked.
            return too_long(seconds, "" if graded else self._whereabouts(index))
        except (OSError, frames.BrokenFrame):
            self.ended = True
            return ENDED
        if reply is None or reply.get("cell") != index:
            self.ended = True
            return ENDED
        cell.outputs = admitted(reply.get("outputs"), self._output_bytes)
        cell.execution_count = sane_count(reply.get("number"))
        return None

    def _reply(self, started: float, seconds: float) -> dict[str, Any] | None:
        """Return what the child says next.

        It has as many seconds from a start, and as many again as it stood in the queue for a
        processor, up to a limit.

        Raises
        ------
        TimeoutError, OSError, frames.BrokenFrame
        """
        deadline = started + seconds
        while not select.select([self._channel], [], [], max(0, deadline - time.monotonic()))[0]:
            later = started + seconds + min(self._queued(), _MOST_QUEUED * seconds)
            if later <= deadline + _TURN_SECONDS:
                raise TimeoutError
            deadline = later
        return frames.receive(self._channel, _LONGEST_REPLY, deadline)

    def _whereabouts(self, index: int) -> str:
        """Return the line that a cell is at, nothing where the child cannot say.

        It is one of this cell or of another that stood in front, never of a question's own cell.
        """
        try:
            self._ask()
            reply = frames.receive(self._channel, MAX_BYTES, time.monotonic() + _WHERE_SECONDS)
        except (OSError, SandboxLost, frames.BrokenFrame):
            return ""
        # It says only which line, not what stands there: its words could carry secret cases too.
        match reply:
            case {"cell": cell, "in": int(place), "line": int(number)} if cell == index:
                elsewhere = "" if place == index else f" of cell {place + 1}"
                return _line(self._sources.get(place, ""), number, elsewhere)
        return ""


def _line(source: str, number: int, elsewhere: str) -> str:
    """Return a line of a cell in words, nothing where there is none or magic has moved it."""
    lines = source.split("\n")
    number += next((place for place, line in enumerate(lines) if line.strip()), 0)  # as IPython
    text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    if not text or source.lstrip().startswith("%%"):
        return ""
    return f"line {number}{elsewhere}: {text[:_LONGEST_LINE]}"


@dataclass
class _Run:
    """What starts for one run of the grader: no more of it once the run has stopped.

    Parameters
    ----------
    starting
        Workers that nobody can be lent yet.
    stopped
        Whether none may be added.
    """

    starting: list[WarmWorker] = field(default_factory=list)
    stopped: bool = False


class WarmWorkers:
    """The warm workers of this process that are waiting for work, by their limits."""

    def __init__(self) -> None:
        self._waiting: dict[Limits, list[WarmWorker]] = {}
        self._run = _Run()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def session(
        self,
        limits: Limits,
        sources: Sequence[str] = (),
        beside: Mapping[str, bytes] | None = None,
    ) -> Iterator[WarmChild]:
        """Lend a worker's fresh child, starting a worker where none is waiting.

        A worker that fails is ended, and is not lent again.
        """
        worker = self._take(limits) or WarmWorker(limits)
        try:
            with worker.child(sources) as child:
                if beside:
                    child.lay(beside)
                yield child
        except BaseException:
            worker.close()
            raise
        self._give_back(worker, limits)

    def start(self, limits: Limits, torch: bool = False) -> WarmWorker:
        """Start a worker, which may be lent at once: who gets it waits until it is ready.

        Where it is known that notebooks need torch it is imported now, not with the first of them.
        """
        worker = _started(limits, torch)
        self._give_back(worker, limits)
        return worker

    def later(self, first: WarmWorker, limits: Limits, torch: bool = False) -> Callable[[], None]:
        """Return what starts another worker when the first is ready, to be lent when it is ready.

        After `stop_starting` it does nothing.
        """
        run = self._run

        def start() -> None:
            first.wait()
            with self._lock:
                if run.stopped:
                    return
                worker = _started(limits, torch)
                run.starting.append(worker)
            worker.wait()
            with self._lock:
                run.starting.remove(worker)
            self._give_back(worker, limits)

        return start

    def stop_starting(self) -> None:
        """End workers that are not ready yet and that nobody was lent: this run is over."""
        with self._lock:
            self._run.stopped = True
            workers = list(self._run.starting)
            self._run = _Run()
            for waiting in self._waiting.values():
                workers += [worker for worker in waiting if not worker.ready]
                waiting[:] = [worker for worker in waiting if worker.ready]
        for worker in workers:
            worker.close()

    def _give_back(self, worker: WarmWorker, limits: Limits) -> None:
        with self._lock:
            self._waiting.setdefault(limits, []).append(worker)

    def _take(self, limits: Limits) -> WarmWorker | None:
        """Return the worker that is waiting longest and alive, None where there is none."""
        while True:
            with self._lock:
                waiting = self._waiting.setdefault(limits, [])
                if not waiting:
                    return None
                worker = waiting.pop(0)
            if worker.alive:
                return worker
            worker.close()

    def close(self) -> None:
        """End all workers that are waiting."""
        with self._lock:
            workers = [worker for waiting in self._waiting.values() for worker in waiting]
            self._waiting.clear()
        for worker in workers:
            worker.close()


def _started(limits: Limits, torch: bool) -> WarmWorker:
    worker = WarmWorker(limits)
    if torch:
        worker.import_torch()
    return worker


@functools.cache
def warm_workers() -> WarmWorkers:
    """Return the workers of this process, which end with it."""
    workers = WarmWorkers()
    atexit.register(workers.close)
    return workers


def warm_session(
    limits: Limits, sources: Sequence[str] = (), beside: Mapping[str, bytes] | None = None
) -> contextlib.AbstractContextManager[WarmChild]:
    """Lend a confined child of a warm process for one notebook.

    Parameters
    ----------
    limits
        What it may use.
    sources
        Texts that may import something: see `WarmWorker.child`.
    beside
        Files for its working folder.

    Raises
    ------
    NoSandbox, WarmProcessFailed, SandboxLost
    """
    return warm_workers().session(limits, sources, beside)
