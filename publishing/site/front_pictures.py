"""The three pictures of the front page, computed when the site is built, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from nextword import corpora
from nextword.dynamics.descent import Descent
from nextword.dynamics.one_unit import ErrorSurface
from nextword.grammar import FIRST_NOUN_INDEX, Grammar, Slot
from nextword.models.evaluation import Scores
from nextword.models.ngram import ModifiedKneserNey
from nextword.pictures import plots
from nextword.pictures.surface_drawing import draw_surface
from nextword.recorded import recorded
from nextword.text.vocabulary import Vocabulary

MODES = ("light", "dark")
DISTANCES = ((4, 4), (5, 5), (7, 7), (8, 9), (10, 12), (13, 16), (17, 24), (25, 100))
"""Words between the two nouns, as the ladder of lecture 08 was recorded."""
SHOWN_OF_LEAP = 0.45
"""Of a step that leaves the picture, in the units of its axes."""
SIZE, DOTS = (6.6, 4.3), 200
"""Small in inches, so that words stay readable on a phone; fine enough for a large screen."""


@dataclass(frozen=True)
class Inks:
    """Colours that are seen on a page's ground.

    Parameters
    ----------
    text
        Of words and axes.
    plain, telling, warm
        Of what is drawn: the usual, the one to look at, a third.
    """

    text: str
    plain: str
    telling: str
    warm: str


@dataclass(frozen=True)
class Shown:
    """A picture, and what stands with it.

    Parameters
    ----------
    name
        Of its files.
    draw
        Returns the figure in the inks of a mode.
    alt
        For those who cannot see it.
    caption
        Markdown.
    """

    name: str
    draw: Callable[[Inks], Figure]
    alt: str
    caption: str


INKS = {
    "light": Inks("#1d2733", plots.BLUE, plots.RED, plots.ORANGE),
    "dark": Inks("#e6e9ed", plots.SKY, "#FF8A4C", plots.ORANGE),
}


def write_pictures(folder: Path) -> None:
    """Write the pictures, and for each a text that Markdown includes.

    Parameters
    ----------
    folder
        Is made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for shown in pictures():
        for mode in MODES:
            with _mode(mode) as inks:
                (folder / f"{shown.name}-{mode}.png").write_bytes(plots.png(shown.draw(inks)))
        (folder / f"{shown.name}.txt").write_text(_markdown(shown), encoding="utf-8")


def pictures() -> Iterator[Shown]:
    """Yield the pictures, in the order of the course."""
    grammar = Grammar.load()
    text = corpora.load("grammar")
    yield surprise(grammar, text.test)
    yield cliff()
    yield memory(grammar, text.train, text.test)


def surprise(grammar: Grammar, sentences: list[list[str]]) -> Shown:
    """Return the picture of how many bits each word of a sentence costs."""
    sentence = next(words for words in sentences if grammar.distance(words) == 8)
    bits = -grammar.log_probs(sentence) / np.log(2)
    returning = grammar.returning_index(sentence)

    def draw(inks: Inks) -> Figure:
        figure, axis = plt.subplots()
        colours = [inks.telling if at == returning else inks.plain for at in range(len(bits))]
        axis.bar(range(len(bits)), bits, color=colours)
        axis.set_xticks(range(len(bits)), [*sentence, "end"], rotation=50, ha="right")
        axis.set_ylabel("surprise in bits")
        axis.grid(axis="x", visible=False)
        axis.annotate(
            f"the noun returns:\n{bits[returning]:.1f} bits",
            (returning, bits[returning]),
            (returning, bits.max() * 0.66),
            ha="center",
            color=inks.telling,
            arrowprops={"arrowstyle": "->", "color": inks.telling},
        )
        return figure

    return Shown(
        "surprise",
        draw,
        f"Bars: bits of surprise for each word of the sentence “{' '.join(sentence)}”. The "
        f"first noun costs {bits[FIRST_NOUN_INDEX]:.1f} bits, the noun at its return "
        f"{bits[returning]:.1f}.",
        "**Every word costs bits.** The course has a language of its own, whose every probability "
        "is known. So each model stands beside the best one possible, and a noun that returns "
        "after many words shows who remembers it.",
    )


def cliff() -> Shown:
    """Return the picture of two descents beside a wall, one of them clipped."""
    surface = ErrorSurface()
    start = [5.0, -2.2]
    wild = Descent(surface, start, learning_rate=0.1, n_steps=200)
    tame = Descent(surface, start, learning_rate=0.1, n_steps=1500, longest=1.0)
    steps = np.diff(wild.points, axis=0)
    leaps = int(np.linalg.norm(steps, axis=1).argmax())
    way = wild.points[: leaps + 1]
    out = way[-1] + SHOWN_OF_LEAP * steps[leaps] / np.linalg.norm(steps[leaps])

    def draw(inks: Inks) -> Figure:
        figure = plt.figure()
        axis = figure.add_subplot(projection="3d", computed_zorder=False)
        draw_surface(axis, surface, (4.2, 5.4), (-2.9, -2.0), wall=False, antialiased=False)
        axis.plot(*tame.points.T, tame.errors + 0.004, color="white", linewidth=2, zorder=10)
        axis.plot(*way.T, wild.errors[: leaps + 1] + 0.004, color=inks.warm, linewidth=2, zorder=11)
        height = float(wild.errors[leaps]) + 0.004
        axis.plot(
            *np.stack([way[-1], out]).T, [height] * 2, color=inks.warm, linewidth=5, zorder=12
        )
        axis.plot(*start, float(wild.errors[0]) + 0.004, "o", color="black", zorder=13)
        for side in (axis.xaxis, axis.yaxis, axis.zaxis):
            side.set_pane_color((0.5, 0.5, 0.5, 0.08))
        return figure

    leap = float(np.linalg.norm(steps[leaps]))
    return Shown(
        "cliff",
        draw,
        "The error surface of a recurrent unit: a low plain that ends at a steep wall. From one "
        "start, gradient descent without clipping leaves the picture in one leap; with clipping "
        "it goes along the wall to the lowest place.",
        "**Gradients explode, and one line tames them.** From the same start, plain descent "
        f"(orange) is thrown out of the picture by one step of length {leap:.0f}; with the "
        "gradient clipped (white) it walks down along the wall. Lectures 05 and 06 say why the "
        "wall is there.",
    )


def memory(grammar: Grammar, train: list[list[str]], sentences: list[list[str]]) -> Shown:
    """Return the picture of who knows the returning noun, by how far back it was first read."""
    counting = Scores.of(
        ModifiedKneserNey.fit(train, 5, Vocabulary.build(train)), grammar, sentences
    )
    floors = [
        grammar.floor_of(
            [words for words in sentences if low <= grammar.distance(words) <= high]
        ).perplexity_by_slot()[Slot.RETURNING_NOUN]
        for low, high in DISTANCES
    ]
    lines = {
        "counting, order 5": [
            counting.perplexity(Slot.RETURNING_NOUN, at=reach) for reach in DISTANCES
        ],
        "recurrent network": _recorded_at_noun("tanh"),
        "LSTM": _recorded_at_noun("LSTM"),
        "attention": _recorded_at_noun("attention"),
    }
    labels = [f"{low}" if low == high else f"{low}–{high}" for low, high in DISTANCES[:-1]]
    labels.append(f"{DISTANCES[-1][0]}+")

    def draw(inks: Inks) -> Figure:
        figure, axis = plt.subplots()
        colours = (inks.telling, inks.warm, plots.GREEN, inks.plain)
        for (name, values), colour, marker in zip(lines.items(), colours, "so^D", strict=True):
            axis.plot(range(len(labels)), values, f"{marker}-", color=colour, label=name)
        axis.plot(range(len(labels)), floors, ":", color=inks.text, label="the best possible")
        axis.legend(ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1), fontsize=12)
        axis.set(yscale="log", xlabel="words back to the noun", ylabel="perplexity at its return")
        axis.set_xticks(range(len(labels)), labels)
        axis.yaxis.set_major_formatter("{x:g}")
        return figure

    ends = "; ".join(f"{name} {values[-1]:.1f}" for name, values in lines.items())
    return Shown(
        "memory",
        draw,
        "Perplexity at the returning noun against the number of words since it was first read. At "
        f"{DISTANCES[-1][0]} words and more: {ends}; the best possible {floors[-1]:.1f}.",
        "**A memory that learns.** Counting forgets whatever it read five words ago. A recurrent "
        "network remembers some of it, gates and attention nearly all. Eight lectures climb this "
        "ladder, one rung at a time.",
    )


def _recorded_at_noun(model: str) -> list[float]:
    """Return perplexity at the returning noun by distance, mean over seeds, as recorded for 08."""
    rows = [
        row
        for row in recorded("08_where_this_leads/ladder")
        if (row["model"], row["grammar"], row["tokens"], row["updates"])
        == (model, "near", 280_000, 1_500)
    ]
    return [
        float(np.mean([float(row["at_noun"]) for row in rows if (row["from"], row["to"]) == reach]))
        for reach in DISTANCES
    ]


@contextmanager
def _mode(mode: str) -> Iterator[Inks]:
    """Draw on nothing, so that the page's ground shows, in inks that are seen on it."""
    inks = INKS[mode]
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    grounds = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    settings: Any = dict.fromkeys(inked, inks.text) | dict.fromkeys(grounds, "none")
    settings |= {"figure.figsize": SIZE, "figure.dpi": DOTS}
    with plots.course_style(), plt.rc_context(settings):
        yield inks


def _markdown(shown: Shown) -> str:
    """Return one picture for each mode, of which a page shows that of its own, and the caption."""
    parts = ["::::{container} front-picture"]
    for mode in MODES:
        parts += [
            f":::{{image}} /pictures/{shown.name}-{mode}.png",
            f":class: only-{mode}",
            f":alt: {shown.alt}",
            ":::",
            "",
        ]
    return "\n".join([*parts, shown.caption, "::::", ""])
