"""The one style of all figures: readable from the back of a hall, and without seeing colours."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
from cycler import cycler
from IPython.display import Image, Markdown, display
from matplotlib.text import Text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito 2008, "Color Universal Design": told apart with every kind of colour vision.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
PALETTE = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
WIDTH, HEIGHT = 9.0, 4.6
"""Inches: at 110 dots an inch a figure fills a slide of 1280 by 720 with room for a title."""
SMALLEST_TEXT = "Smallest text"
"""What a PNG's entry is called that says how small its text is."""

_STYLE: Any = {
    "axes.grid": True,
    "axes.labelsize": 15,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 16,
    "figure.dpi": 110,
    "figure.figsize": (WIDTH, HEIGHT),
    "font.size": 14,
    "grid.alpha": 0.35,
    "legend.fontsize": 14,
    "legend.frameon": False,
    "lines.linewidth": 2.5,
    "lines.markersize": 8,
    "xtick.labelsize": 14,
    "ytick.labelsize": 14,
}


@contextmanager
def course_style() -> Iterator[None]:
    """Draw in the course's style meanwhile."""
    with plt.rc_context({**_STYLE, "axes.prop_cycle": cycler(color=PALETTE)}):
        yield


def show(figure: Figure, alt: str) -> None:
    """Display a figure with a text for those who cannot see it, and close it.

    Parameters
    ----------
    figure
        Drawn within `course_style`.
    alt
        What the figure shows: the reading of it, not its ingredients.
    """
    display(Image(png(figure), format="png", alt=alt))


def say(sentence: str) -> None:
    """Display a sentence of a lecture whose numbers its cell has computed.

    What prose claims of a result is written here and not in a Markdown cell: then the number in the
    text is the number in the plot, whatever changes.

    Parameters
    ----------
    sentence
        Markdown, with the computed values formatted into it.
    """
    display(Markdown(sentence))


def png(figure: Figure) -> bytes:
    """Return a figure as PNG, and close it.

    The picture knows how small its text is (`SMALLEST_TEXT`, in pixels): what shows it smaller can
    tell whether that is still read from the back of a hall.

    Parameters
    ----------
    figure
        Drawn within `course_style`.
    """
    written = io.BytesIO()
    dots = figure.dpi
    with plt.rc_context(_STYLE):
        figure.draw_without_rendering()  # only then tick labels have their text
        figure.set_dpi(dots)  # which a backend of vectors has changed
        said = {SMALLEST_TEXT: f"{_smallest_text(figure):.1f}"}
        figure.savefig(written, format="png", bbox_inches="tight", metadata=said)
    plt.close(figure)
    return written.getvalue()


def _smallest_text(figure: Figure) -> float:
    """Return the size of a figure's smallest text in pixels; infinity where it has none."""
    texts = [part for part in figure.findobj(Text) if isinstance(part, Text)]
    points = [
        float(text.get_fontsize())
        for text in texts
        if text.get_visible() and text.get_text().strip()
    ]
    return min(points, default=math.inf) * figure.dpi / 72
