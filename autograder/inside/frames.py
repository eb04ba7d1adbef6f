"""Messages on a stream socket: a length, then JSON. Both sides of the sandbox use it.

What comes from inside is untrusted: the reader bounds the length, and takes nothing but JSON.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct("!I")


class BrokenFrame(Exception):
    """The stream ended within a message, or holds one that is too long or no JSON."""


def send(channel: socket.socket, message: dict[str, Any]) -> None:
    """Send one message.

    Raises
    ------
    OSError
        The other side is gone.
    """
    body = json.dumps(message, allow_nan=True).encode("utf-8", "replace")
    channel.sendall(_LENGTH.pack(len(body)) + body)


def receive(
    channel: socket.socket, longest: int, deadline: float = math.inf
) -> dict[str, Any] | None:
    """Return the next message; None where the stream has ended.

    Parameters
    ----------
    channel
        Where it comes from.
    longest
        Bytes that a message may have.
    deadline
        When all of it must be here, as `time.monotonic` tells the time.

    Raises
    ------
    BrokenFrame
        The message is not one.
    TimeoutError
        Nothing came in time.
    """
    head = _exactly(channel, _LENGTH.size, deadline)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > longest:
        raise BrokenFrame(f"a message of {length:,} bytes, where {longest:,} are allowed")
    body = _exactly(channel, length, deadline)
    try:
        message = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"a message that is no JSON: {error}") from error
    if not isinstance(message, dict):
        raise BrokenFrame("a message that is no JSON object")
    return message


def _exactly(channel: socket.socket, length: int, deadline: float) -> bytes:
    """Return that many bytes, or none where the stream ended before the first."""
    parts: list[bytes] = []
    missing = length
    while missing:
        if deadline < math.inf:
            # Anew for each part: a message that drips must not extend its own time.
            channel.settimeout(max(0.001, deadline - time.monotonic()))
        part = channel.recv(min(missing, 1 << 20))
        if not part:
            if missing < length:
                raise BrokenFrame("the stream ended within a message")
            return b""
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
