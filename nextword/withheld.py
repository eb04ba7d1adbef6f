"""Modules that cannot be imported in an assignment: they hold what it asks to be written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from nextword.earlier_names import PLACES


class WithheldError(ImportError):
    """A module is imported in a notebook that asks for what it holds."""


class _Withheld(MetaPathFinder):
    def __init__(self, name: str) -> None:
        self.name = name

    def holds(self, module: str) -> bool:
        """Return whether a module, by its name or an earlier one, is withheld."""
        return f"{PLACES.get(module, module)}.".startswith(f"{self.name}.")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if self.holds(fullname):
            raise WithheldError(
                f"{fullname} cannot be imported in this notebook, here and when it is graded: "
                f"{self.name} holds what the assignment asks you to write",
                name=fullname,
            )
        return None


def withhold(name: str) -> None:
    """Let no module of a package be imported in this process from now on.

    It keeps nobody from copying code; it keeps an answer from being a call.

    Parameters
    ----------
    name
        Of a package, such as ``"nextword.dynamics"``, or of a module.
    """
    withheld = _Withheld(name)
    for module in [each for each in sys.modules if withheld.holds(each)]:
        del sys.modules[module]
    package, _, own = name.rpartition(".")
    if package in sys.modules:
        vars(sys.modules[package]).pop(own, None)
    sys.meta_path.insert(0, withheld)
