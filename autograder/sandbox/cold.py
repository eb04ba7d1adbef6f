"""Cold mode: one sandbox with one real Jupyter kernel per notebook."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_core.utils import ensure_event_loop
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode

from autograder.errors import CourseError
from autograder.guest import frames
from autograder.guest.collect import CASES_VARIABLE
from autograder.sandbox import cgroups
from autograder.sandbox.conversation import Conversation
from autograder.sandbox.ending import ENDED, LOST, Ending, too_long
from autograder.sandbox.limits import Limits
from autograder.sandbox.outputs import admitted, sane_count
from autograder.sandbox.same_witness import see_that_it_is_ours
from autograder.sandbox.sandbox import plain_environment, sandbox_command
from autograder.sandbox.temporary import temporary_folder
from autograder.sandbox.visible import BASE, START

PROVISIONER = EntryPoint(
    "autograder-sandbox",
    f"{__name__}:SandboxProvisioner",
    KernelProvisionerFactory.GROUP_NAME,
)
"""How `jupyter_client` finds the provisioner, for kernels of graded notebooks only.

`cold_session` registers it itself: what an installation says of a checkout can be out of date.
"""

_LONGEST_MESSAGE = 8 * 2**20
_MOST_MESSAGES = 40
"""What waits for us; a thousand more wait in the kernel before it drops any."""
_DECISIVE = ("error", "execute_result")
"""Outputs that may decide on points: the kernel sends their beginning where there is no room."""
_NOTHING_ARRIVED = "Timeout waiting for IOPub output"
"""What nbclient says where a cell has ended, and word of that does not come."""


class SandboxProvisioner(LocalProvisioner):
    """Starts a kernel in bubblewrap.

    A kernel gets it only where its kernelspec names it, which `ColdSession` does for its own. The
    kernels that staff open are not touched.
    """

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Wrap the kernel's command; what it is given in `sandbox` says how."""
        sandbox = kwargs.pop("sandbox", None)
        kwargs = await super().pre_launch(**kwargs)
        if sandbox is not None:
            kwargs |= sandbox.wrap(kwargs["cmd"], self.connection_info)
        return kwargs


class _Wrapping:
    """How a kernel's command is put into a sandbox, or at least under limits.

    What it shares with us is a folder that it can only read, and sockets that we made.
    """

    def __init__(
        self, folder: Path, limits: Limits, members: list[Path], cases: int, isolated: bool
    ) -> None:
        self._folder, self._limits = folder, limits
        self._members, self._cases, self._isolated = members, cases, isolated
        self.sockets = contextlib.ExitStack()
        self._laid = ""
        """The folder with the files that the kernel copies into its own."""

    def lay(self, files: Mapping[str, bytes]) -> None:
        """Put files where the kernel copies them from."""
        folder = self._folder / "beside"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._laid = str(folder) if files else ""

    def wrap(self, kernel: list[str], connection: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments with which the kernel's process is started."""
        limited = [sys.executable, "-I", "-c", START.format("limited"), BASE, self._resources()]
        descriptors = {
            port: self._listen(f"{connection['ip']}-{port}")
            for name, port in connection.items()
            if name.endswith("_port")
        }
        _, _, launcher, *arguments = kernel
        if launcher != "ipykernel_launcher":
            raise BrokenKernelspec(f"expected the kernel of ipykernel, found {kernel}")
        told = json.dumps(
            {
                "sockets": descriptors,
                "output_bytes": self._limits.output_bytes,
                "beside": self._laid,
            }
        )
        command = [sys.executable, "-c", _RUN_KERNEL, BASE, told, *arguments]
        inside = "/scratch" if self._isolated else str(self._folder / "scratch")
        environment = plain_environment(inside) | {CASES_VARIABLE: str(self._cases)}
        wrapped = [*limited, *command]
        if self._isolated:
            wrapped = sandbox_command(
                wrapped,
                environment,
                visible=[self._folder],
                scratch_bytes=self._limits.scratch_bytes,
            )
        else:
            Path(inside).mkdir()
        return {
            "cmd": cgroups.joining(self._members, ["/bin/sh", "-c", _FIRST_TO_GO, "sh", *wrapped]),
            "env": environment,
            "cwd": str(self._folder),
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            "pass_fds": (self._cases, *descriptors.values()),
        }

    def _listen(self, path: str) -> int:
        """Return the descriptor of a socket that takes connections at `path`."""
        made = self.sockets.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        made.bind(path)
        made.listen()
        return made.fileno()

    def _resources(self) -> str:
        return json.dumps(
            {
                "memory_bytes": self._limits.memory_bytes,
                "file_bytes": self._limits.scratch_bytes,
                "processes": self._limits.processes,
                "cpu_seconds": self._limits.notebook_seconds,
            }
        )


_FIRST_TO_GO = 'echo 1000 > /proc/self/oom_score_adj; exec "$@"'
"""Let the kernel end this one first where memory runs out. In the sandbox /proc is read-only."""
_RUN_KERNEL = "import sys; del sys.path[0]; " + START.format("kernel").removeprefix("import sys; ")
"""Of the working folder, which Python puts first here, a kernel sees to by itself."""


class BrokenKernelspec(CourseError):
    """The kernel that is installed under the name python3 is no IPython kernel."""


class ColdSession:
    """One kernel, which runs the cells of one notebook.

    Parameters
    ----------
    client
        Connected to the kernel.
    conversation
        To the witness in it.
    """

    def __init__(self, client: _BoundedClient, conversation: Conversation) -> None:
        self._client, self.conversation = client, conversation

    def run(self, index: int, cell: NotebookNode, graded: bool, seconds: float) -> Ending | None:
        """Run a cell, put its outputs into it, and return how it ended the kernel, if it did."""
        self._client.timeout = max(1, int(seconds))
        self._client.kept_bytes = 0
        try:
            self._client.execute_cell(cell, index)
        except CellTimeoutError as error:
            return LOST if _NOTHING_ARRIVED in str(error) else too_long(self._client.timeout)
        except Exception:  # noqa: BLE001 - the kernel died, or sent what is no message
            return ENDED
        finally:
            cell.outputs = admitted(cell.outputs, self._client.output_bytes)
            cell.execution_count = sane_count(cell.execution_count)
        return ENDED if self._client.leaving else None


@contextlib.contextmanager
def cold_session(
    notebook: NotebookNode,
    limits: Limits,
    isolated: bool,
    beside: Mapping[str, bytes] | None = None,
) -> Iterator[ColdSession]:
    """Start a kernel, and end it with everything that it started.

    Parameters
    ----------
    notebook
        Whose cells will be run.
    limits
        What it may use.
    isolated
        Whether in a sandbox. Outside one, only for code that is trusted.
    beside
        Files for its working folder.

    Raises
    ------
    NoSandbox, AnotherWitness
        There is no way to isolate it, or what would run in it is not what this program knows.
    """
    see_that_it_is_ours(isolated)
    client = _BoundedClient(
        notebook,
        allow_errors=True,
        interrupt_on_timeout=False,
        skip_cells_with_tag="",
        shutdown_kernel="immediate",
        startup_timeout=120,
        iopub_timeout=10,
        raise_on_iopub_timeout=True,
        store_widget_state=False,
        coalesce_streams=True,
        kernel_name="python3",
    )
    client.output_bytes = limits.output_bytes
    client.on_cell_executed = client.note_exit
    with (
        temporary_folder() as folder,
        contextlib.closing(Conversation()) as conversation,
        cgroups.group(limits.processes + 16, limits.memory_bytes + 2**30) as members,
    ):
        manager: Any = client.create_kernel_manager()
        KernelProvisionerFactory.provisioners[PROVISIONER.name] = PROVISIONER
        manager.kernel_spec.metadata["kernel_provisioner"] = {"provisioner_name": PROVISIONER.name}
        manager.kernel_spec.argv[0] = sys.executable
        manager.transport, manager.ip = "ipc", f"{folder}/channel"
        manager.connection_file = f"{folder}/kernel.json"
        manager.client_class = f"{__name__}.{BoundedKernelClient.__name__}"
        manager.session.unpack = frames.parse
        cases = conversation.theirs.fileno()
        sandbox = _Wrapping(folder, limits, members, cases, isolated)
        sandbox.lay(beside or {})
        with (
            sandbox.sockets,
            _ending_tasks(),
            client.setup_kernel(sandbox=sandbox, cleanup_kc=True),
        ):
            conversation.theirs.close()  # it is in the kernel's process now
            yield ColdSession(client, conversation)


@contextlib.contextmanager
def _ending_tasks() -> Iterator[None]:
    """End the tasks that the client leaves where a cell was stopped, and a loop of our threads."""
    try:
        yield
    finally:
        loop = ensure_event_loop()
        if not loop.is_running():  # as it is in a server, which has other tasks
            if left := asyncio.all_tasks(loop):
                for task in left:
                    task.cancel()
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            if threading.current_thread() is not threading.main_thread():
                loop.close()


class BoundedKernelClient(AsyncKernelClient):
    """A kernel's client that takes no message larger than evidence can be, and queues few."""

    def _context_default(self) -> zmq.asyncio.Context:
        context = super()._context_default()
        context.setsockopt(zmq.MAXMSGSIZE, _LONGEST_MESSAGE)
        context.setsockopt(zmq.RCVHWM, _MOST_MESSAGES)
        return context


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
        kind = msg["msg_type"]
        if kind == "update_display_data" or kind.startswith("comm"):
            return None
        msg["content"].pop("transient", None)
        return super().process_message(msg, cell, cell_index)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output if there is room for it."""
        self.kept_bytes += len(json.dumps(msg["content"], default=str))
        kept = self.output_bytes * (2 if msg["msg_type"] in _DECISIVE else 1)
        if self.kept_bytes > kept:
            return None
        return super().output(outs, msg, display_id, cell_index)
