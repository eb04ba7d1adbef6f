"""Runs a small program to its end, to see whether this machine can."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 60


@dataclass(frozen=True)
class Trial:
    """What running a program came to.

    Parameters
    ----------
    problem
        Why it failed, in its own last words if it has any; None where it ended well.
    printed
        What it printed.
    """

    problem: str | None
    printed: str


def run_on_trial(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Trial:
    """Run a program. It gets no input, and a minute.

    Parameters
    ----------
    command
        The program and its arguments.
    environment
        Its whole environment; None for ours.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Trial(f"{name} could not be run: {error}", "")
    words = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    problem = (words or f"{name} ended with {done.returncode}") if done.returncode else None
    return Trial(problem, done.stdout.decode("utf-8", "replace"))
