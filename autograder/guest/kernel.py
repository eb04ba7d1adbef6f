"""Starts a Jupyter kernel on sockets that were made outside: ``kernel.py '{...}' -f file``.

So the sandbox needs no folder that it and the grader share and both can write. In such a folder a
student's code could leave links for the grader to follow, and fill the grader's disk. And the
kernel sends no more of a cell's output than is kept.
"""

from __future__ import annotations

import json
import shutil
import sys
from typing import Any

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session

from autograder.guest.budget import KEPT_CHARACTERS, Budget


def main() -> None:
    """Start the kernel; the first argument gives sockets, budget, and files to copy."""
    told = json.loads(sys.argv.pop(1))
    _use_sockets({int(port): number for port, number in told["sockets"].items()})
    _bound_outputs(Budget(told["output_bytes"]))
    if told["beside"]:
        shutil.copytree(told["beside"], ".", dirs_exist_ok=True)
    IPKernelApp.launch_instance()


def _use_sockets(descriptors: dict[int, int]) -> None:
    """Let the kernel take the sockets with these descriptors, by port."""
    bind_others, bind_heart = IPKernelApp._try_bind_socket, Heartbeat._try_bind_socket

    def bind(self: IPKernelApp, made: zmq.Socket[Any], port: int) -> Any:
        made.setsockopt(zmq.USE_FD, descriptors[port])
        return bind_others(self, made, port)

    def bind_heartbeat(self: Heartbeat) -> Any:
        self.socket.setsockopt(zmq.USE_FD, descriptors[self.port])
        return bind_heart(self)

    IPKernelApp._try_bind_socket, Heartbeat._try_bind_socket = bind, bind_heartbeat


def _bound_outputs(budget: Budget) -> None:
    """Let the kernel send what is kept of its outputs only."""
    send_all = Session.send

    def send(
        self: Session, stream: Any, message: Any, content: Any = None, *args: Any, **options: Any
    ) -> Any:
        if isinstance(message, dict):
            kept = _kept(budget, message["msg_type"], message["content"])
            message = message | {"content": kept}
        else:
            kept = content = _kept(budget, message, content)
        return None if kept is None else send_all(self, stream, message, content, *args, **options)

    Session.send = send


def _kept(budget: Budget, kind: str, content: Any) -> Any:
    """Return what is sent of a message's content, None for nothing at all."""
    match kind:
        case "execute_input":
            budget.start()
        case "stream":
            text = budget.text(content["text"])
            return content | {"text": text} if text else None
        case "display_data" | "execute_result" | "update_display_data" | "error":
            return budget.output(content)
        case "execute_reply" if len(json.dumps(content, default=str)) > budget.kept_bytes:
            return _short(content)
    return content or {}


def _short(reply: dict[str, Any]) -> dict[str, Any]:
    """Return a reply without what can be long. The error itself is an output of its own."""
    exits = [part for part in reply.get("payload", []) if part.get("source") == "ask_exit"]
    texts = {key: reply[key][:KEPT_CHARACTERS] for key in ("ename", "evalue") if key in reply}
    return reply | {"payload": exits, "user_expressions": {}, "traceback": []} | texts
