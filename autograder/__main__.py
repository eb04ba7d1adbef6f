"""The command `autograder`."""

from __future__ import annotations

import gc
import os
import sys

from autograder.sandbox.limits import ONE_THREAD

_NEW_OBJECTS = 50_000
"""How many come before the youngest are looked through for garbage."""


def main() -> None:
    """Run the command line, or say what is missing for it."""
    # Before numpy and torch are imported, which then keep to it. Whoever set one knows better.
    for name, number in ONE_THREAD.items():
        os.environ.setdefault(name, number)
    # jsonschema would build a parser of internationalised addresses for a second, on every start.
    # No schema of ours has such a format, and without the package it goes without.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    # Modules and an exam are many small objects that stay. Python would look through them for
    # garbage some hundred times while they are made.
    gc.set_threshold(_NEW_OBJECTS)
    try:
        from autograder.cli.app import run

        run()
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "autograder"):
            raise
        sys.exit(
            f"autograder needs {package}, which is not installed. "
            'For staff: pip install -c constraints.txt -e ".[staff]"'
        )


if __name__ == "__main__":
    main()
