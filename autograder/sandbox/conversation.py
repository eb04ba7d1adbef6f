"""The trusted end of the socket over which a witness in a sandbox is asked, a case at a time.

Lines of text go both ways. The witness begins with the question's name; each line to it is a case,
each line back an answer, and an empty line ends it. What is inside can say anything at any time:
that costs the question, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import threading
from collections.abc import Iterator

from autograder.judging.cases import BrokenProtocol, broken, run_cases

_PIECE = 1 << 20
_MOST_UNASKED = 64
"""Pieces that are dropped when a question begins, before its witness is called broken."""
_FIRST_WORD = 1_000


class _Stopped(Exception):
    """The cell has ended, or its process has."""


class Conversation:
    """One sandbox's socket for cases. It is used for one graded cell after another.

    Attributes
    ----------
    theirs
        The end that goes into the sandbox. Close it here when it is there.
    """

    def __init__(self) -> None:
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._ours.setblocking(False)

    @contextlib.contextmanager
    def about(self, question: str, inputs: str) -> Iterator[Talk]:
        """Ask about a question while its graded cell runs, in a thread of its own.

        Parameters
        ----------
        question
            Its name.
        inputs
            What is asked (see `autograder.judging.cases.read_cases`).
        """
        ours, theirs = socket.socketpair()
        with ours, theirs:
            talk = Talk(self._ours, theirs, question, inputs)
            talk.drop_unasked()
            thread = threading.Thread(target=talk.run, name=f"asks {question}", daemon=True)
            thread.start()
            try:
                yield talk
            finally:
                ours.send(b"stop")
                thread.join()

    def close(self) -> None:
        """Close both ends."""
        self._ours.close()
        self.theirs.close()


class Talk:
    """What is said about one question.

    Parameters
    ----------
    channel
        To the witness.
    stop
        Can be read when the talk is to end.
    question, inputs
        What it is about.
    """

    def __init__(
        self, channel: socket.socket, stop: socket.socket, question: str, inputs: str
    ) -> None:
        self._channel, self._stop = channel, stop
        self._waits = {event: self._poll(event) for event in (select.POLLIN, select.POLLOUT)}
        self._question, self._inputs = question, inputs
        self._heard = bytearray()
        self._endless = False
        self.evidence: str | None = None
        """Once every case has been asked, or the witness said what no witness of ours says."""

    def run(self) -> None:
        """Ask until all is asked, or until it is stopped."""
        try:
            if self._endless:
                raise BrokenProtocol("it spoke without end before it was asked")
            if self._hear(_FIRST_WORD) != json.dumps(self._question):
                raise BrokenProtocol("it did not begin with the question's name")
            self.evidence = run_cases(self._ask, self._inputs)
            self._say("")
        except BrokenProtocol as error:
            self.evidence = broken(self._question, str(error))
            with contextlib.suppress(_Stopped, OSError):
                self._say("")
        except (_Stopped, OSError):
            pass  # whoever runs the cell says why

    def drop_unasked(self) -> None:
        """Drop what was said before the cell is begun, and so before anybody asked."""
        with contextlib.suppress(OSError):  # nothing more is there, or the process is gone
            for _ in range(_MOST_UNASKED):
                if not self._channel.recv(_PIECE):
                    return
            self._endless = True

    def _ask(self, line: str, longest: int) -> str:
        try:  # noqa: SIM105 - `suppress` takes as long as the call
            self._heard += self._channel.recv(_PIECE)
        except BlockingIOError:
            pass
        if self._heard:
            raise BrokenProtocol("it answered before it was asked")
        self._say(line)
        return self._hear(longest)

    def _say(self, line: str) -> None:
        rest = memoryview(f"{line}\n".encode("ascii"))
        while rest:
            try:
                rest = rest[self._channel.send(rest) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def _hear(self, longest: int) -> str:
        """Return the next line, without its end."""
        while (end := self._heard.find(b"\n")) < 0:
            if len(self._heard) > longest:
                raise BrokenProtocol(f"an answer of more than {longest:,} characters")
            self._wait(select.POLLIN)
            piece = self._channel.recv(_PIECE)
            if not piece:
                raise _Stopped
            self._heard += piece
        line = bytes(self._heard[:end])
        del self._heard[: end + 1]
        if len(line) > longest:
            raise BrokenProtocol(f"an answer of more than {longest:,} characters")
        return line.decode("latin-1")

    def _wait(self, event: int) -> None:
        """Wait until the witness can be heard or told something, or the talk is to end."""
        found = self._waits[event].poll()
        if len(found) > 1 or found[0][0] != self._channel.fileno():
            raise _Stopped

    def _poll(self, event: int) -> select.poll:
        poll = select.poll()
        poll.register(self._channel, event)
        poll.register(self._stop, select.POLLIN)
        return poll
