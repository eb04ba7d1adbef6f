"""The hidden line of a graded cell."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from typing import Any

from nextword.evidence.witness import answer

CASES_VARIABLE = "NEXTWORD_CASES"
"""Names the descriptor of the socket over which a witness is asked."""


def collect(question: str, function: Callable[..., Any]) -> None:
    """Answer for `function` whatever is asked about `question`, a case at a time.

    Outside grading nobody asks, and nothing happens.

    Parameters
    ----------
    question
        The question's name, such as ``"perplexity"``.
    function
        The student's function of that name.
    """
    descriptor = os.environ.get(CASES_VARIABLE)
    if descriptor is None:
        return
    with (
        socket.socket(fileno=os.dup(int(descriptor))) as channel,
        channel.makefile("r", encoding="ascii", newline="\n") as lines,
    ):
        said = json.dumps(question)  # the first word says that all is ready
        while True:
            channel.sendall(f"{said}\n".encode("ascii"))
            asked = lines.readline()
            if not asked.strip():
                return
            said = answer(function, asked)
