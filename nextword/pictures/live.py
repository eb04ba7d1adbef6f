"""A loss curve that grows while a network learns."""

import math

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import DisplayHandle, Image, display

from nextword.learning.training import History
from nextword.pictures import plots

_ENOUGH = 20  # points of a curve that has more to show than its beginning


class LiveLoss:
    """Draws training and validation loss, again and again in the same place of a notebook.

    Parameters
    ----------
    floor
        The best loss there can be, in nats per token, where it is known.
    title
        Of the figure.

    Examples
    --------
    Give it to `training.train` as `watch`::

        train(network, examples, valid, watch=LiveLoss(floor=1.63))
    """

    def __init__(self, floor: float | None = None, title: str = "") -> None:
        self.floor = floor
        self.title = title
        self._place: DisplayHandle | None = None

    def __call__(self, history: History) -> None:
        """Draw what has happened so far."""
        shown = Image(self._draw(history), format="png", alt=self._alt(history))
        if self._place is None:
            self._place = display(shown, display_id=True)
        else:
            self._place.update(shown)

    def _draw(self, history: History) -> bytes:
        with plots.course_style():
            figure, axis = plt.subplots(figsize=(plots.WIDTH, 3.4))  # code stands on its slide, too
            smooth = _smoothed(history.losses)
            axis.plot(
                np.linspace(0, len(history.losses), len(smooth)) / history.updates_per_epoch,
                smooth,
                color=plots.SKY,
                label="training",
            )
            axis.plot(history.valid_losses, "o-", color=plots.BLUE, label="validation")
            if self.floor is not None:
                axis.axhline(self.floor, color=plots.RED, linewidth=2, label="floor")
            if len(smooth) >= _ENOUGH:  # the first steep fall would flatten all that comes after
                shown = [*history.valid_losses[1:], float(np.quantile(smooth, 0.95))]
                axis.set_ylim(top=max(shown) + 0.2)
            axis.set(xlabel="epoch", ylabel="loss in nats per token", title=self.title)
            axis.legend()
            return plots.png(figure)

    def _alt(self, history: History) -> str:
        return (
            f"Loss against epoch: on validation text it goes from {history.valid_losses[0]:.2f} to "
            f"{history.valid_losses[-1]:.2f} nats per token"
            + ("." if self.floor is None else f"; the floor is {self.floor:.2f}.")
        )


def _smoothed(losses: list[float], points: int = 200) -> list[float]:
    """Return means over stretches of updates, at most `points` of them."""
    size = max(1, math.ceil(len(losses) / points))
    return [float(np.mean(losses[start : start + size])) for start in range(0, len(losses), size)]
