"""Starts a Jupyter kernel on sockets that were made outside: ``kernel.py '{"1": 7}' -f file``.

So the sandbox needs no folder that it and the grader share and both can write. In such a folder a
student's code could leave links for the grader to follow, and fill the grader's disk.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.kernelapp import IPKernelApp


def main() -> None:
    """Start the kernel; the first argument gives the descriptor of each port's socket."""
    descriptors = {int(port): number for port, number in json.loads(sys.argv.pop(1)).items()}
    bind_others, bind_heart = IPKernelApp._try_bind_socket, Heartbeat._try_bind_socket

    def bind(self: IPKernelApp, made: zmq.Socket[Any], port: int) -> Any:
        made.setsockopt(zmq.USE_FD, descriptors[port])
        return bind_others(self, made, port)

    def bind_heartbeat(self: Heartbeat) -> Any:
        self.socket.setsockopt(zmq.USE_FD, descriptors[self.port])
        return bind_heart(self)

    IPKernelApp._try_bind_socket, Heartbeat._try_bind_socket = bind, bind_heartbeat
    IPKernelApp.launch_instance()
