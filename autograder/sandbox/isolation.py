"""What isolation this machine offers, found out by trying it."""

from __future__ import annotations

import functools
import sys

from autograder.sandbox.run import Mode
from autograder.sandbox.sandbox import NoSandbox, plain_environment, sandbox_command
from autograder.sandbox.trial import run_on_trial
from autograder.sandbox.visible import BASE

_CONFINE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from autograder.guest import confine
confine.enter_namespaces()
if os.fork() == 0:
    confine.hide_the_rest("/scratch", 2**20)
    confine.give_up_privileges()
    os._exit(0)
os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


@functools.cache
def sandbox_problem() -> str | None:
    """Return why a sandbox cannot be started here, None if it can."""
    return _problem([sys.executable, "-I", "-c", "import numpy"])


@functools.cache
def confinement_problem() -> str | None:
    """Return why a process in a sandbox cannot confine itself further, None if it can."""
    return _problem([sys.executable, "-I", "-c", _CONFINE, BASE], confines=True)


def _problem(argv: list[str], confines: bool = False) -> str | None:
    environment = plain_environment("/scratch")
    try:
        command = sandbox_command(argv, environment, confines=confines)
    except NoSandbox as error:
        return str(error)
    return run_on_trial(command).problem


def safe_mode() -> Mode:
    """Return the fastest mode that isolates student code here.

    Raises
    ------
    NoSandbox
        There is none. The message says what to do.
    """
    if confinement_problem() is None:
        return Mode.WARM
    problem = sandbox_problem()
    if problem is not None:
        raise NoSandbox(
            f"Student code cannot be isolated here: {problem}. `autograder doctor` says what to "
            "do. For code that you trust, --no-sandbox runs it without; the results are marked"
        )
    return Mode.COLD


def trusted_mode() -> Mode:
    """Return the fastest mode that there is, for the course's own code."""
    try:
        return safe_mode()
    except NoSandbox:
        return Mode.OPEN
