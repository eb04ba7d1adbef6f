"""Modules that are imported when something of them is wanted, not when a notebook names them.

A start that finds what known answers came to calls no function of the reference notebook that needs
torch, whose import takes longer than all else that such a start does.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any


class LateModule(ModuleType):
    """Stands for a module that is imported when anything of it is wanted.

    Parameters
    ----------
    name
        The module's.
    """

    def __getattr__(self, name: str) -> Any:
        """Return what the module has under a name."""
        return getattr(self.imported(), name)

    def imported(self) -> ModuleType:
        """Return the module itself."""
        return importlib.import_module(self.__name__)


def may_be_late(name: str) -> bool:
    """Return whether a module is installed and not imported yet.

    It is none that stands within a package: to find it would import the package.
    """
    apart = "." not in name and name not in sys.modules
    return apart and importlib.util.find_spec(name) is not None


def import_for(function: Callable[..., Any]) -> None:
    """Import what a function names of late modules: that is not to be part of a call's time."""
    code = getattr(function, "__code__", None)
    for name in _names(code) if isinstance(code, CodeType) else ():
        if isinstance(module := function.__globals__.get(name), LateModule):
            module.imported()


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of what is not local in a function, and in those that it defines."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _names(each)
