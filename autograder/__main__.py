"""The command `autograder`."""

from __future__ import annotations

import os
import sys

from autograder.sandbox.limits import ONE_THREAD


def main() -> None:
    """Run the command line, or say what is missing for it."""
    # Before numpy and torch are imported, which then keep to it. Whoever set one knows better.
    for name, number in ONE_THREAD.items():
        os.environ.setdefault(name, number)
    # jsonschema would build a parser of internationalised addresses for a second, on every start.
    # No schema of ours has such a format, and without the package it goes without.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    try:
        from autograder.cli.app import run

        run()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in ("autograder", "nextword"):
            raise
        sys.exit(
            f"autograder needs {error.name}, which is not installed. "
            'For staff: pip install -c constraints.txt -e ".[staff]"'
        )


if __name__ == "__main__":
    main()
