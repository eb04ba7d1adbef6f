"""Removes what an import of a student's could find of ours instead of its own."""

from __future__ import annotations

import sys
from pathlib import Path

_INSIDE = str(Path(__file__).parent)


def remove() -> None:
    """Forget this folder and the modules in it: they have names that a student may use as well.

    Who has imported them keeps them.
    """
    sys.path[:] = [path for path in sys.path if path != _INSIDE]
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(_INSIDE):
            del sys.modules[name]
