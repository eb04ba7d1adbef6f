"""How a cell can end the process that runs it, in words for students."""

from __future__ import annotations

ENDED = "it ended the Python process (it crashed, called exit, or ran out of memory)"

LOST = "more came out of it than can be taken"


def too_long(seconds: float) -> str:
    """Return the words for a cell that was stopped after `seconds`."""
    return f"it ran longer than {seconds:g} s"
