"""Drawings of flow graphs: boxes where they are put, arrows between them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from matplotlib.transforms import offset_copy

from nextword.pictures import plots

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class UnknownBoxError(ValueError):
    """An arrow begins or ends at a box that is not drawn."""


@dataclass(frozen=True)
class Box:
    """A node as it is drawn.

    Parameters
    ----------
    column, row
        Where its centre is; columns are counted to the right, rows upwards.
    text
        What stands in it; more than one line is possible.
    colour
        Of its frame.
    """

    column: float
    row: float
    text: str
    colour: str = plots.BLUE


@dataclass(frozen=True)
class Arrow:
    """An arc as it is drawn.

    Parameters
    ----------
    start, end
        Names of boxes.
    text
        What stands at it.
    colour
        Of the arrow and of its text.
    at
        Where the text stands, from 0 at the start to 1 at the end.
    side
        ``"on"``: the text interrupts the arrow, which is for short texts on long arrows;
        ``"above"`` and ``"below"``: it runs along the arrow, which stays whole.
    """

    start: str
    end: str
    text: str = ""
    colour: str = plots.BLACK
    at: float = 0.5
    side: Literal["on", "above", "below"] = "on"


def draw_flow_graph(
    axis: Axes, boxes: Mapping[str, Box], arrows: Iterable[Arrow], fontsize: float = 14
) -> None:
    """Draw a flow graph.

    Parameters
    ----------
    axis
        Where to draw; its ticks and frame are taken away.
    boxes
        By the names that the arrows use.
    arrows
        From box to box.
    fontsize
        Of all texts, in points.

    Raises
    ------
    UnknownBoxError
        An arrow begins or ends at a name that no box has.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> figure, axis = plt.subplots()
    >>> draw_flow_graph(axis, {"x": Box(0, 0, "x"), "y": Box(1, 0, "y")}, [Arrow("x", "y", "2x")])
    >>> [text.get_text() for text in axis.texts]
    ['x', 'y', '', '2x']
    >>> plt.close(figure)
    """
    columns = [box.column for box in boxes.values()]
    rows = [box.row for box in boxes.values()]
    axis.set_xlim(min(columns) - 0.5, max(columns) + 0.5)
    axis.set_ylim(min(rows) - 0.5, max(rows) + 0.5)
    axis.set_axis_off()
    drawn = {
        name: axis.text(
            box.column,
            box.row,
            box.text,
            ha="center",
            va="center",
            fontsize=fontsize,
            linespacing=1.4,
            zorder=1,  # before the arrows, which are cut at the edges that boxes were drawn with
            bbox={
                "boxstyle": "round,pad=0.45",
                "facecolor": "white",
                "edgecolor": box.colour,
                "linewidth": 2,
            },
        )
        for name, box in boxes.items()
    }
    for arrow in arrows:
        for name in (arrow.start, arrow.end):
            if name not in boxes:
                raise UnknownBoxError(
                    f"expected an arrow between two of the boxes {', '.join(boxes)}, got one "
                    f"with {name!r}"
                )
        start, end = boxes[arrow.start], boxes[arrow.end]
        axis.annotate(
            "",
            (end.column, end.row),
            (start.column, start.row),
            arrowprops={
                "arrowstyle": "-|>",
                "mutation_scale": 18,
                "color": arrow.colour,
                "linewidth": 1.8,
                "patchA": drawn[arrow.start].get_bbox_patch(),
                "patchB": drawn[arrow.end].get_bbox_patch(),
                "shrinkA": 0,
                "shrinkB": 2,
            },
            zorder=2,
        )
        if arrow.text:
            _label(axis, arrow, start, end, fontsize)


def _label(axis: Axes, arrow: Arrow, start: Box, end: Box, fontsize: float) -> None:
    """Write an arrow's text on it, or along it."""
    across, up = end.column - start.column, end.row - start.row
    where = (start.column + arrow.at * across, start.row + arrow.at * up)
    if arrow.side == "on":
        axis.text(
            *where,
            arrow.text,
            ha="center",
            va="center",
            fontsize=fontsize,
            color=arrow.colour,
            zorder=3,
            bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none"},
        )
        return
    above = arrow.side == "above"
    figure = axis.get_figure(root=True)
    beside = offset_copy(axis.transData, figure, y=3 if above else -3, units="points")
    axis.text(
        *where,
        arrow.text,
        ha="center",
        va="bottom" if above else "top",
        rotation=math.degrees(math.atan2(up, across)),
        rotation_mode="anchor",
        transform=beside,
        transform_rotates_text=True,
        fontsize=fontsize,
        color=arrow.colour,
        zorder=3,
    )
