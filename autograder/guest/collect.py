"""What a graded cell calls when it is graded."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from typing import Any

from autograder.guest.catalogue import GENERIC, arrived
from autograder.guest.witness import answer, silence

CASES_VARIABLE = "AUTOGRADER_CASES"
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

        def hear(said: str) -> str:
            channel.sendall(f"{said}\n".encode("ascii"))
            return lines.readline().strip()

        asked = hear(json.dumps(question))  # the first word says that all is ready
        catalogue = GENERIC
        if asked.startswith('{"modules": '):  # before any case
            catalogue = arrived(json.loads(asked)["modules"])
            asked = hear("null")
        with silence():
            while asked:
                asked = hear(answer(function, asked, catalogue))
