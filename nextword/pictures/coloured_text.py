"""Text whose characters are coloured by a number, such as the activation of one unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.patches import Rectangle

from nextword.pictures import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = "RdBu_r"  # red is high, blue is low, white between: told apart without red and green


class ColourCountError(ValueError):
    """There are not as many numbers as characters."""


def coloured_text(
    text: str,
    values: Float[np.ndarray, " characters"],
    columns: int = 72,
    title: str = "",
    limit: float = 1.0,
) -> Figure:
    r"""Return a figure of a text, each character on a ground of its number's colour.

    Parameters
    ----------
    text
        Ends of lines begin a new one; a longer line is broken at a space.
    values
        A number for each character, ends of lines included.
    columns
        How many characters a line has at most.
    title
        Of the figure.
    limit
        The number of the darkest red; minus this number is the darkest blue.

    Raises
    ------
    ColourCountError
        There are not as many numbers as characters.

    Examples
    --------
    >>> figure = coloured_text("to be\nor", np.linspace(-1, 1, 8), columns=20)
    >>> plt.close(figure)
    """
    if len(values) != len(text):
        raise ColourCountError(
            f"expected a number for each of {len(text)} characters, got {len(values)}"
        )
    rows = _rows(text, columns)
    colours = mpl.colormaps[COLOURS]
    with plots.course_style():
        width = 11.5
        height = 0.6 + 0.36 * len(rows)
        figure, axis = plt.subplots(figsize=(width, height))
        axis.set(xlim=(0, columns), ylim=(len(rows), 0), title=title)
        axis.set_axis_off()
        for line, places in enumerate(rows):
            for column, place in enumerate(places):
                value = float(values[place])
                ground = colours(0.5 + 0.5 * np.clip(value / limit, -1, 1))
                axis.add_patch(Rectangle((column, line), 1, 1, facecolor=ground, linewidth=0))
                dark = abs(value) > 0.7 * limit
                axis.text(
                    column + 0.5,
                    line + 0.55,
                    text[place],
                    ha="center",
                    va="center",
                    color="white" if dark else plots.BLACK,
                    family="monospace",
                    fontsize=14,
                )
        figure.tight_layout()
    return figure


def _rows(text: str, columns: int) -> list[Sequence[int]]:
    """Return the places of the characters of each line."""
    rows: list[Sequence[int]] = []
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin, begin + columns + 1)
        if end < 0:
            end = min(len(text), begin + columns)
            if end < len(text):
                space = text.rfind(" ", begin, end)
                end = space + 1 if space > begin else end
            rows.append(range(begin, end))
            begin = end
        else:
            rows.append(range(begin, end))
            begin = end + 1
    return rows
