"""Draws the picture of the README: ``python docs/pictures/remembering.py`` writes it anew.

One file for light pages and one for dark ones. Numbers are those that lecture 08 shows, recorded in
``data/recorded/08_where_this_leads``; what somebody gets who cannot look back is exact.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt

from nextword.grammar import PRESETS, Grammar, Slot
from nextword.pictures import plots
from nextword.recorded import recorded

FOLDER = Path(__file__).parent
LANGUAGE, TOKENS, UPDATES, SEED = "far", 280_000, 1_500, 0
WHOLE_RANGE = (0, 1000)
MODELS = {
    "tanh": "plain recurrent network",
    "identity ReLU": "started at the identity",
    "LSTM": "LSTM",
    "attention": "attention",
}
_STYLE = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "next word",
    "font.family": "sans-serif",
    "font.size": 13,
    "axes.spines.right": False,
    "axes.spines.top": False,
}


@dataclass(frozen=True)
class Page:
    """What a picture stands on."""

    name: str
    ink: str
    faint: str
    lines: tuple[str, ...]


PAGES = (
    Page("light", "#1f2328", "#59636e", (plots.RED, "#8a6d00", plots.BLUE, plots.GREEN)),
    Page("dark", "#e6edf3", "#9198a1", ("#ff8c5a", plots.ORANGE, plots.SKY, "#2fc79b")),
)


def curves() -> dict[str, dict[str, float]]:
    """Return each model's perplexity at the returning noun, by how far back the first noun is."""
    found: dict[str, dict[str, float]] = {model: {} for model in MODELS}
    for row in recorded("08_where_this_leads/ladder"):
        of = (row["grammar"], row["tokens"], row["updates"], row["seed"])
        span = (row["from"], row["to"])
        chosen = row["model"] in found and of == (LANGUAGE, TOKENS, UPDATES, SEED)
        if chosen and span != WHOLE_RANGE:
            found[str(row["model"])][_words(*span)] = float(row["at_noun"])
    return found


def _words(low: float | str, high: float | str) -> str:
    if low == high:
        return f"{low:g}"
    return f"{low:g}+" if high == 100 else f"{low:g}–{high:g}"


def yardsticks() -> tuple[float, float]:
    """Return the lowest perplexity at that noun, and the lowest for who cannot look back."""
    grammar = Grammar.load(parameters=PRESETS[LANGUAGE])
    return grammar.floor().perplexity_by_slot()[Slot.RETURNING_NOUN], grammar.blind_perplexity()


def drawn(page: Page) -> str:
    """Return the picture as SVG: the same bytes for the same numbers."""
    floor, blind = yardsticks()
    inks = {"text.color": page.ink, "axes.labelcolor": page.ink, "axes.edgecolor": page.faint}
    inks |= {"xtick.color": page.faint, "ytick.color": page.faint}
    with plt.rc_context({**_STYLE, **inks}):
        figure = plt.figure(figsize=(9, 3.9))
        axes = figure.add_axes((0.075, 0.15, 0.64, 0.75))
        for (model, heights), colour in zip(curves().items(), page.lines, strict=True):
            axes.plot(list(heights), list(heights.values()), color=colour, lw=2.5, marker="o")
            end = list(heights.values())[-1]
            lift = {"LSTM": 6, "attention": -5}.get(model, 0)
            axes.annotate(
                MODELS[model],
                (len(heights) - 1, end),
                (12, lift),
                textcoords="offset points",
                va="center",
                color=colour,
            )
        for height, words in (
            (blind, f"who cannot look back: {blind:.0f}"),
            (floor, f"nobody can do better on average: {floor:.1f}"),
        ):
            axes.axhline(height, color=page.faint, lw=1.2, ls=(0, (5, 3)))
            above = 5 if height == blind else -20
            axes.annotate(words, (0, height), (0, above), textcoords="offset points", size=11.5)
        axes.set(yscale="log", ylim=(1.25, 190), xlabel="words between the noun and its return")
        axes.set_yticks([2, 5, 10, 20, 50, 100], ["2", "5", "10", "20", "50", "100"])
        axes.minorticks_off()
        axes.set_title("perplexity at the noun that returns", loc="left", size=13, color=page.ink)
        written = io.StringIO()
        figure.savefig(
            written, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
        plt.close(figure)
    return written.getvalue()


def path(page: Page) -> Path:
    """Return where a picture lies."""
    return FOLDER / f"remembering-{page.name}.svg"


def main() -> None:
    """Write both."""
    for page in PAGES:
        path(page).write_text(drawn(page), encoding="utf-8")


if __name__ == "__main__":
    main()
