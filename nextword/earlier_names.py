"""Modules under the names that they had before the library had rooms.

A notebook that a student unpacked last month says ``from nextword.ngram import AddDelta``; that
gives the very module ``nextword.models.ngram``, not a second copy of it, so that classes and
caches are the same under both names. New code uses the new names: type checkers know no others.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

_ROOMS = {
    "text": ("vocabulary", "encoding", "batching"),
    "models": (
        "ngram",
        "loglinear",
        "neural",
        "recurrent",
        "characters",
        "tagging",
        "mixture",
        "evaluation",
    ),
    "learning": ("training", "flow_graph", "progress"),
    "dynamics": (
        "one_unit",
        "descent",
        "jacobians",
        "drift",
        "recurrent_runs",
        "temporal_order",
    ),
    "pictures": (
        "plots",
        "graph_drawing",
        "surface_drawing",
        "sliders",
        "live",
        "coloured_text",
        "ladder",
    ),
}
PLACES = {
    f"nextword.{module}": f"nextword.{room}.{module}"
    for room, modules in _ROOMS.items()
    for module in modules
}
"""Where each module stands now, by its earlier name."""


class _Earlier(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname in PLACES else None

    def exec_module(self, module: ModuleType) -> None:
        # What stands in sys.modules when this returns is what the import statement gets.
        sys.modules[module.__name__] = importlib.import_module(PLACES[module.__name__])


def install() -> None:
    """Let the import system find modules by their earlier names, once a process."""
    if not any(isinstance(finder, _Earlier) for finder in sys.meta_path):
        sys.meta_path.append(_Earlier())
