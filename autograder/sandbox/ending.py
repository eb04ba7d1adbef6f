"""How a cell can end the process that runs it, in words for students."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ending:
    """How a cell ended its process.

    Parameters
    ----------
    words
        What happened.
    line
        The line that it was at, with its number, where they are known.
    """

    words: str
    line: str = ""

    def __str__(self) -> str:
        """Return all that is known."""
        return f"{self.words}, and was at {self.line}" if self.line else self.words


ENDED = Ending("it ended the Python process (it crashed, called exit, or ran out of memory)")

LOST = Ending("more came out of it than can be taken")


def too_long(seconds: float, line: str = "") -> Ending:
    """Return the ending of a cell that was stopped after `seconds`."""
    return Ending(f"it ran longer than {seconds:g} s", line)
