"""Sees that the witness in a sandbox is the one that this program knows.

A second copy of the course that is run with the first one's environment would give everybody
nothing: its sandbox shows the second copy, and Python in it looks for the first.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping, Sequence

from autograder.errors import CourseError
from autograder.guest import sight
from autograder.sandbox.sandbox import plain_environment, sandbox_command
from autograder.sandbox.trial import run_on_trial
from autograder.sandbox.visible import BASE, START, visible_packages


class AnotherWitness(CourseError):
    """What would run beside students' code is not what this program knows."""


@functools.cache
def ours() -> sight.Seen:
    """Return what this program sees of the guest, and of the packages that a sandbox shows."""
    return sight.seen(visible_packages())


def compare(theirs: Mapping[str, Sequence[str]]) -> None:
    """See that what a sandbox sees of the guest and of packages is what we see.

    Parameters
    ----------
    theirs
        What `sight.seen` said in the sandbox.

    Raises
    ------
    AnotherWitness
        It is not. The message names both places and what to do.
    """
    for package, (here, digest) in ours().items():
        there, other = theirs.get(package, ("", ""))
        if (here, digest) == (there, other):
            continue
        same = ", but other code" if here == there else ""
        raise AnotherWitness(
            "Nobody was graded, and nothing was kept, as other code would run in the sandbox: this "
            f"program uses {package} at {here}, and Python in the sandbox finds it at "
            f"{there or 'nowhere'}{same}. That happens where a copy of the course is run with the "
            "environment of another. Use this copy's own environment, or install the copy in the "
            f'one that you use: in {BASE}, {sys.executable} -m pip install -e ".[staff]"'
        )


@functools.cache
def see_that_it_is_ours(isolated: bool) -> None:
    """Look from inside a sandbox, or from a process without one, once for this program.

    Raises
    ------
    AnotherWitness, NoSandbox
    """
    command = [sys.executable, "-I", "-c", START.format("sight"), BASE, *visible_packages()]
    environment = plain_environment("/scratch")
    if isolated:
        command = sandbox_command(command, environment)
    trial = run_on_trial(command, environment)
    if trial.problem is not None:
        raise AnotherWitness(
            f"Nobody was graded: Python cannot be run in the sandbox: {trial.problem}"
        )
    compare(json.loads(trial.printed))
