"""Figures at which nobody looks: they are made once, and never drawn.

To make the axes of a figure takes a thousand times as long as to refuse arguments that fit no
picture, and pyplot keeps every figure that nobody closes. What a function returns beside its
picture is what it would be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

_UNDRAWN = ("draw_without_rendering", "savefig", "tight_layout")


class BlankFigures:
    """Figures that are handed out again as long as nothing was put on them.

    Parameters
    ----------
    subplots
        What makes one: `matplotlib.pyplot.subplots`.
    """

    def __init__(self, subplots: Callable[..., tuple[Figure, Any]]) -> None:
        self._subplots = subplots
        self._blank: dict[str, tuple[Figure, Any]] = {}

    def subplots(self, *grid: Any, **settings: Any) -> tuple[Figure, Any]:
        """Return a figure with axes on which there is nothing yet, as pyplot does."""
        wanted = repr((grid, settings))
        kept = self._blank.get(wanted)
        if kept is None or kept[0].stale:  # matplotlib's word for: something on it was changed
            plt.close("all")
            kept = self._blank[wanted] = self._subplots(*grid, **settings)
            for part in (*kept[0].axes, kept[0]):
                part.stale = False
        return kept


def use_blank_figures(patch: pytest.MonkeyPatch) -> None:
    """Let no function draw."""
    patch.setattr(plt, "subplots", BlankFigures(plt.subplots).subplots)
    for name in _UNDRAWN:
        patch.setattr(Figure, name, lambda *_, **__: None)
