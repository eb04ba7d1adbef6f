"""Figures with sliders where widgets are live, and the same figure as a still elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets  # type: ignore[import-untyped]
from IPython.display import display

from nextword.pictures import plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SliderError(ValueError):
    """A slider has no room to move, or begins outside its range."""


@dataclass(frozen=True)
class Slider:
    """A number that a reader may change.

    Parameters
    ----------
    low, high
        Its range.
    start
        Where it stands at first, and in the still.
    step
        By how much it moves.
    label
        What stands beside it; the name it is given under by default.

    Raises
    ------
    SliderError
        The range is empty, the start lies outside it, or the step is not above 0.
    """

    low: float
    high: float
    start: float
    step: float = 0.1
    label: str = ""

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.low <= self.start <= self.high and self.step > 0):
            raise SliderError(
                f"expected low <= start <= high, low < high and a step above 0, got "
                f"{self.low:g}, {self.start:g}, {self.high:g} and a step of {self.step:g}"
            )


def show_live(
    draw: Callable[..., Figure], sliders: Mapping[str, Slider], alt: str
) -> widgets.Widget:
    """Display a figure with sliders under it, and draw it again when one is let go.

    The output carries the figure as a picture, too. A notebook without a running kernel, a page or
    slides made from it show that picture.

    Parameters
    ----------
    draw
        Draws the figure; gets the sliders' values by name.
    sliders
        By the names of `draw`'s parameters.
    alt
        What the still shows, for those who cannot see it.

    Returns
    -------
    Widget
        What is displayed: a box of the picture and the sliders. Notebooks end the line with a
        semicolon, so that it is not displayed twice.

    Raises
    ------
    SliderError
        There is no slider.
    """
    if not sliders:
        raise SliderError("expected one slider or more; without one use plots.show")
    style = {"description_width": "initial"}
    moved = {
        name: widgets.FloatSlider(
            value=slider.start,
            min=slider.low,
            max=slider.high,
            step=slider.step,
            description=slider.label or name,
            continuous_update=False,
            style=style,
            layout=widgets.Layout(width="46%"),
        )
        for name, slider in sliders.items()
    }

    def drawn() -> bytes:
        with plots.course_style():
            return plots.png(draw(**{name: slider.value for name, slider in moved.items()}))

    still = drawn()
    picture = widgets.Image(value=still, format="png", layout=widgets.Layout(max_width="100%"))

    def redraw(_: object) -> None:
        picture.value = drawn()

    for slider in moved.values():
        slider.observe(redraw, "value")
    shown = widgets.VBox([picture, widgets.HBox(list(moved.values()))])
    bundle: dict[str, Any] = shown._repr_mimebundle_() | {"image/png": still, "text/plain": alt}
    display(bundle, metadata={"image/png": {"alt": alt}}, raw=True)
    return shown
