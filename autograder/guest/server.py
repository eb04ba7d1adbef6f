"""The warm process: imports once, then forks a confined child for every submission.

Started by `autograder.sandbox.warm` inside bubblewrap, as a script, with the number of a socket on
which it takes orders. It has one thread, always: a fork of several would hang.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import select
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.guest import confine, frames, sight, system_calls
from autograder.guest.budget import Budget
from autograder.guest.orders import MAX_BYTES, TORCH, WHERE

if TYPE_CHECKING:  # it imports IPython, which comes late here
    from autograder.guest.shell import NotebookShell

SCRATCH = "/scratch"
_PACKAGES = ("site-packages", "dist-packages")


def main() -> None:
    """Say what is seen of the witness, warm up, and serve until the other side closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    packages = sys.argv[2:]
    control.send(json.dumps({"sees": sight.seen(packages)}).encode())
    notebook, later = warm_up(packages)
    control.send(json.dumps({"threads": _threads(), "later": later}).encode())
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, MAX_BYTES, 2)
        if not order:
            return
        if order == TORCH:
            _prepare_torch(later)
        elif descriptors:
            data, cases = (socket.socket(fileno=each) for each in descriptors)
            with data, cases:
                wanted = json.loads(order)
                if wanted["torch"]:
                    _prepare_torch(later)
                if wanted["optimizers"]:
                    _prepare_optimizers()
                _serve(notebook, control, data, cases, wanted)


def warm_up(packages: Sequence[str]) -> tuple[NotebookShell, list[str]]:
    """Import what notebooks import, and let the libraries look at the machine while they can.

    torch comes when the first notebook needs it (see `_prepare_torch`): with it a child takes
    longer to be forked and to end, as it has so many more pages of memory.

    Parameters
    ----------
    packages
        Those of the course, which are imported whole.

    Returns
    -------
    notebook
        The shell that each child begins with.
    later
        The modules of the course that are imported with torch.
    """
    gc.disable()  # what is imported stays: to look through it again and again takes a sixth longer
    np.random.default_rng(0).normal(size=(8, 8)) @ np.ones((8, 8))
    if importlib.util.find_spec("matplotlib") is not None:
        _use_matplotlib()
    with _without_torch():
        later = [name for package in packages for name in _import_whole(package)]
    from autograder.guest.shell import NotebookShell

    notebook = NotebookShell()
    gc.collect()
    gc.freeze()
    gc.enable()
    return notebook, later


class _NeedsTorch(BaseException):
    """A module asks for torch.

    A BaseException, so that none goes on as if this machine had no torch.
    """


class _Watch:
    """Ends the import of whatever asks for torch."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "torch":
            raise _NeedsTorch


@contextlib.contextmanager
def _without_torch() -> Iterator[None]:
    watch = _Watch()
    sys.meta_path.insert(0, watch)
    try:
        yield
    finally:
        sys.meta_path.remove(watch)


def _import_whole(name: str) -> Iterator[str]:
    """Import a module and all below it; yield the names of those that need torch."""
    try:
        module = importlib.import_module(name)
    except _NeedsTorch:
        yield name
        return
    for each in pkgutil.iter_modules(getattr(module, "__path__", ()), f"{name}."):
        if not each.name.endswith("__main__"):
            yield from _import_whole(each.name)


def _prepare_torch(later: Sequence[str]) -> None:
    """Import torch and what of the course needs it, once: more than a second, each child's else."""
    if "torch" in sys.modules or importlib.util.find_spec("torch") is None:
        return
    gc.disable()  # as in `warm_up`
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.nn.LSTM(4, 4)(torch.zeros(1, 1, 4))[0].sum().backward()
    for name in later:
        list(_import_whole(name))
    gc.collect()
    gc.freeze()
    gc.enable()


def _use_matplotlib() -> None:
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots()
    axis.set_title("$x$")
    figure.canvas.draw()
    plt.close(figure)


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def _prepare_optimizers() -> None:
    """Make torch's first optimizer: its imports take more than a second, each child's otherwise."""
    import torch

    if "torch._dynamo" not in sys.modules:
        torch.optim.SGD([torch.zeros(1)], lr=0.1)
        gc.freeze()


def _serve(
    notebook: NotebookShell,
    control: socket.socket,
    data: socket.socket,
    cases: socket.socket,
    order: dict[str, Any],
) -> None:
    """Let a child run one notebook; report that it begins, and how it ended.

    Meanwhile one may ask where it is.
    """
    if _threads() != 1:
        control.send(json.dumps({"refused": f"{_threads()} threads in the warm process"}).encode())
        return
    child = os.fork()
    if child == 0:
        control.close()
        _become_witness(notebook, data, cases, order)
    control.send(json.dumps({"begun": True}).encode())
    data.close()
    cases.close()
    ended = os.pidfd_open(child)
    try:
        ends: list[socket.socket | int] = [control, ended]
        while control in select.select(ends, [], [])[0]:
            if control.recv(MAX_BYTES) != WHERE:
                os.kill(child, signal.SIGTERM)
                break
            os.kill(child, signal.SIGUSR1)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(ended)
    control.send(json.dumps({"ended": os.waitstatus_to_exitcode(status)}).encode())


def _become_witness(
    notebook: NotebookShell, data: socket.socket, cases: socket.socket, order: dict[str, Any]
) -> None:
    """Confine this child, and run cells in a child of its own that is process 1 there."""
    status = 1
    try:
        os.setsid()  # a signal to its own process group must not reach the warm process
        confine.leave_keyring()
        confine.be_first_to_go()
        confine.enter_namespaces()
        confine.die_with_parent()
        inner = os.fork()
        if inner:
            data.close()
            cases.close()
            # The death of its parent would not end it for sure: it can cancel that signal.
            signal.signal(signal.SIGTERM, lambda *_: os.kill(inner, signal.SIGKILL))
            signal.signal(signal.SIGUSR1, lambda *_: os.kill(inner, signal.SIGUSR1))
            _, ended = os.waitpid(inner, 0)
            status = 0 if ended == 0 else 1
        else:
            os.setsid()
            confine.die_with_parent()
            confine.hide_the_rest(SCRATCH, order["scratch_bytes"])
            confine.give_up_privileges()
            system_calls.take_away()
            confine.limit_resources(
                order["memory_bytes"],
                order["scratch_bytes"],
                order["processes"],
                order["notebook_seconds"],
            )
            _run_cells(notebook, data, cases, order)
            status = 0
    except BaseException as error:  # noqa: BLE001 - nothing may return into the server's loop
        _say(data, f"{type(error).__name__}: {error}")
    finally:
        os._exit(status)


def _look_in_working_folder() -> None:
    """Let modules in the working folder be imported, in the order in which a kernel looks."""
    names = [Path(path).name for path in sys.path]
    packages = [place for place, name in enumerate(names) if name in _PACKAGES]
    sys.path.insert(min(packages, default=len(names)), "")


def _pass(*_: object, **__: object) -> None:
    """Step over a breakpoint that was left in: nobody is there to look."""


def _say(data: socket.socket, words: str) -> None:
    # Where the other side is gone, so is this process in a moment.
    with contextlib.suppress(OSError):
        frames.send(data, {"failed": words[:500]})


def _run_cells(
    notebook: NotebookShell, data: socket.socket, cases: socket.socket, order: dict[str, Any]
) -> None:
    """Run what comes, a cell at a time, until the stream ends."""
    # What students see of the machine: no trace of how they are run.
    os.environ["TMPDIR"] = os.environ["HOME"] = SCRATCH
    sys.breakpointhook = _pass  # PYTHONBREAKPOINT, which an isolated interpreter does not heed
    _look_in_working_folder()
    notebook.begin(Budget(order["output_bytes"]))
    os.environ[order["cases_variable"]] = str(cases.fileno())
    places: dict[int, int] = {}
    at = 0

    def say_where(_: int, frame: FrameType | None) -> None:
        number, line = notebook.whereabouts(frame)
        frames.send(data, {"cell": at, "in": places.get(number), "line": line})

    signal.signal(signal.SIGUSR1, say_where)
    while (cell := frames.receive(data, 1 << 30)) is not None:
        if "beside" in cell:
            _lay(cell["beside"])
            continue
        places[notebook.number] = at = cell["cell"]
        outputs, number = notebook.run(cell["source"])
        frames.send(data, {"cell": at, "outputs": outputs, "number": number})


def _lay(files: dict[str, str]) -> None:
    """Put files into the working folder."""
    for name, content in files.items():
        path = Path(SCRATCH, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(content))
