"""What of ours a sandbox shows: the guest, and the packages that students import from a checkout.

What is installed in the interpreter's folders is seen anyway. A package that lies elsewhere, as a
course's own does in its checkout, says by an entry point of the group `GROUP` what it needs: its
name, and a function that returns the files and folders.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

import autograder.guest

GROUP = "autograder.visible"
GUEST = Path(autograder.guest.__path__[0])
"""The room whose modules run beside the student's code."""
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from autograder.guest import {0}; "
    "del sys.path[0]; {0}.main()"
)
"""What Python runs in a sandbox, by the name of a module of the guest; `BASE` is its argument."""
BASE = str(GUEST.parents[1])


@functools.cache
def visible_packages() -> Mapping[str, tuple[Path, ...]]:
    """Return the files and folders of each package that students import from a checkout."""
    return {entry.name: tuple(entry.load()()) for entry in entry_points(group=GROUP)}
