"""Messages on a stream socket: a length, then JSON. Both sides of the sandbox use it.

What comes from inside is untrusted: the reader bounds the length and the number of parts, and takes
nothing but JSON.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from typing import Any

MOST_PARTS = 2_000_000
"""Values that a message may hold. As objects they take up to a hundred bytes each."""
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
    try:
        message = parse(_exactly(channel, length, deadline))
    except (ValueError, RecursionError) as error:
        raise BrokenFrame(f"a message that is no JSON: {error}") from error
    if not isinstance(message, dict):
        raise BrokenFrame("a message that is no JSON object")
    return message


def parse(text: bytes) -> Any:
    """Return what JSON holds, unless it is small as text and huge as objects.

    Raises
    ------
    ValueError, RecursionError
        It is no JSON, or has too many parts.
    """
    # What follows a part stands outside of strings, and a string ends at a quote of its own.
    bare = text.replace(b"\\\\", b"").replace(b'\\"', b"")
    parts = bare.count(b'"')
    if parts <= MOST_PARTS:
        parts += sum(outside.count(mark) for outside in bare.split(b'"')[::2] for mark in b",[{")
    if parts > MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS:,} parts")
    return json.loads(text.decode("utf-8", "replace"))


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
