"""The ladder: every model's perplexity beside the best possible one."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from nextword.grammar import Grammar, Slot
from nextword.models.evaluation import Scores
from nextword.pictures import plots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nextword.models.evaluation import ScoringModel


class RungError(ValueError):
    """A perplexity that cannot be one."""


@dataclass(frozen=True)
class Rung:
    """One model on the ladder.

    Parameters
    ----------
    name
        Of the model.
    perplexity
        Per token, 1 or more.
    at_noun
        The same over the returning nouns only, where it was measured.
    """

    name: str
    perplexity: float
    at_noun: float | None = None


@dataclass
class Ladder:
    """Models, in the order in which the course meets them, above the floor.

    Parameters
    ----------
    floor
        The best possible perplexity on the text on which the models are measured.
    floor_at_noun
        The best possible one at the returning noun, where that is measured.

    Examples
    --------
    >>> ladder = Ladder(floor=5.1)
    >>> ladder.add("bigram", 12.3)
    >>> print(ladder)
    bigram                             12.30
    floor                               5.10
    """

    floor: float
    floor_at_noun: float | None = None
    rungs: list[Rung] = field(default_factory=list)

    @classmethod
    def over(cls, grammar: Grammar, sentences: Sequence[Sequence[str]]) -> Ladder:
        """Return an empty ladder above the floor of a sample of the grammar."""
        floor = grammar.floor_of(sentences)
        return cls(floor.perplexity(), floor.perplexity_by_slot()[Slot.RETURNING_NOUN])

    def add(self, name: str, perplexity: float, at_noun: float | None = None) -> None:
        """Put a model on the ladder.

        Raises
        ------
        RungError
            A perplexity is below 1, or no number.
        """
        for value in (perplexity, at_noun):
            if value is not None and not value >= 1:
                raise RungError(f"{name}: expected a perplexity of 1 or more, came {value}")
        self.rungs.append(
            Rung(name, float(perplexity), None if at_noun is None else float(at_noun))
        )

    def measure(
        self,
        name: str,
        model: ScoringModel,
        grammar: Grammar,
        sentences: Sequence[Sequence[str]],
    ) -> None:
        """Put a model on the ladder by its log-probabilities of a text of the grammar."""
        scores = Scores.of(model, grammar, sentences)
        self.add(name, scores.perplexity(), scores.perplexity(Slot.RETURNING_NOUN))

    def __str__(self) -> str:
        rows = [*self.rungs, Rung("floor", self.floor, self.floor_at_noun)]
        return "\n".join(
            f"{rung.name:32} {rung.perplexity:7.2f}"
            + ("" if rung.at_noun is None else f" {rung.at_noun:9.2f}")
            for rung in rows
        )

    def draw(self) -> None:
        """Show the ladder as bars on a logarithmic scale, the floor as a line."""
        alt = "Perplexity of each model above the floor. " + "; ".join(str(self).splitlines())
        plots.show(self.figure(), " ".join(alt.split()))

    def figure(self) -> Figure:
        """Return the figure that `draw` shows: one panel, or two where the noun is measured."""
        panels = [("all tokens", self.floor, [rung.perplexity for rung in self.rungs])]
        if self.floor_at_noun is not None:
            nouns = [math.nan if rung.at_noun is None else rung.at_noun for rung in self.rungs]
            panels.append(("the returning noun", self.floor_at_noun, nouns))
        with plots.course_style():
            height = 1.6 + min(0.55 * max(len(self.rungs), 2), 3.6)
            figure, axes = plt.subplots(
                1, len(panels), figsize=(4 + 4 * len(panels), height), sharey=True, squeeze=False
            )
            for axis, (title, floor, values) in zip(axes[0], panels, strict=True):
                self._draw_panel(axis, title, floor, values)
            axes[0, 0].set_yticks(range(len(self.rungs)), [rung.name for rung in self.rungs])
            axes[0, 0].invert_yaxis()
            figure.tight_layout()
        return figure

    @staticmethod
    def _draw_panel(axis: Axes, title: str, floor: float, values: Sequence[float]) -> None:
        axis.barh(range(len(values)), values, color=plots.SKY, left=0)
        for place, value in enumerate(values):
            if math.isfinite(value):
                axis.annotate(
                    f"{value:.2f}", (value, place), (4, 0), textcoords="offset points", va="center"
                )
        axis.axvline(floor, color=plots.RED)
        axis.annotate(
            f"floor {floor:.2f}",
            (floor, 1),
            (4, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=plots.RED,
        )
        largest = max([floor, *(value for value in values if math.isfinite(value))])
        axis.set(xscale="log", xlim=(1, largest * 2), xlabel="perplexity per token")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.set_title(title, pad=24)
        axis.grid(axis="y", visible=False)
