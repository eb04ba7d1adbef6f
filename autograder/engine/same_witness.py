"""Sees that the witness in a sandbox is the one that this program knows.

A second copy of the course that is run with the first one's environment would give everybody
nothing: its sandbox shows the second copy, and Python in it looks for the first.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import autograder
from autograder.engine.sandbox import plain_environment, sandbox_command
from autograder.engine.trial import run_on_trial
from autograder.errors import CourseError
from autograder.inside import sight

_INSIDE = Path(autograder.__path__[0]) / "inside"
_LOOK = (
    "import json, sys; sys.path.insert(0, sys.argv[1]); import sight; "
    "print(json.dumps(sight.seen()))"
)


class AnotherWitness(CourseError):
    """What would run beside students' code is not what this program knows."""


@functools.cache
def ours() -> dict[str, str]:
    """Return what this program sees of the witness."""
    return sight.seen()


def compare(theirs: Mapping[str, str]) -> None:
    """See that what a sandbox sees of the witness is what we see.

    Raises
    ------
    AnotherWitness
        It is not. The message names both places and what to do.
    """
    if theirs == ours():
        return
    here, there = ours()["path"], theirs.get("path") or "nowhere"
    same = ", but other code" if here == there else ""
    raise AnotherWitness(
        "Nobody was graded, and nothing was kept, as other code would run in the sandbox: this "
        f"program uses nextword at {here}, and Python in the sandbox finds it at {there}{same}. "
        "That happens where a copy of the course is run with the environment of another. Use this "
        f"copy's own environment, or install the copy in the one that you use: in "
        f'{Path(here).parent}, {sys.executable} -m pip install -e ".[staff]"'
    )


@functools.cache
def see_that_it_is_ours(isolated: bool) -> None:
    """Look from inside a sandbox, or from a process without one, once for this program.

    Raises
    ------
    AnotherWitness, NoSandbox
    """
    command = [sys.executable, "-I", "-c", _LOOK, str(_INSIDE)]
    environment = plain_environment("/scratch")
    if isolated:
        command = sandbox_command(command, environment, visible=[_INSIDE])
    trial = run_on_trial(command, environment)
    if trial.problem is not None:
        raise AnotherWitness(
            f"Nobody was graded: Python cannot be run in the sandbox: {trial.problem}"
        )
    compare(json.loads(trial.printed))
