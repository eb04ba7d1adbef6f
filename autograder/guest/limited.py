"""Runs a command under resource limits: ``limited.py '{"memory_bytes": ...}' command ...``."""

from __future__ import annotations

import json
import os
import sys

from autograder.guest import confine, system_calls


def main() -> None:
    """Limit this process, and become the command."""
    limits, *command = sys.argv[1:]
    confine.leave_keyring()
    confine.limit_resources(**json.loads(limits))
    system_calls.take_away()
    os.execvp(command[0], command)  # noqa: S606 - a kernel's command, inside the sandbox
