"""A lecture as the HTML of a deck, by nbconvert with our template."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from nbconvert.exporters import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbformat import NotebookNode
from PIL import Image
from traitlets.config import Config

from nextword.pictures.plots import SMALLEST_TEXT
from publishing.formulas import Formula, FormulaRenderer
from publishing.slides import slides_of, title_of
from publishing.timings import Timing

_TEMPLATES = Path(__file__).parent / "templates"
_SHOWN = ["image/png", "text/html", "text/markdown", "text/plain"]
"""What of an output is shown, the first that it has; of a slider that is its still."""
_SHORTEST = 30


@dataclass(frozen=True)
class Piece:
    """HTML that an author wrote, or that a cell displays, and the id of the cell."""

    cell: str
    html: str


@dataclass(frozen=True)
class Page:
    """A deck before its formulas are put in.

    Parameters
    ----------
    html
        With a mark for each formula.
    formulas
        In the order of their marks.
    pieces
        What of it is not the template's.
    """

    html: str
    formulas: list[Formula]
    pieces: list[Piece]


@dataclass(frozen=True)
class _Opening:
    """What the template has to know where a slide begins."""

    slug: str
    first: bool
    timing: Timing | None

    @property
    def seconds(self) -> int | None:
        """For the clock of the speaker's view."""
        return max(_SHORTEST, round(60 * self.timing.lasts)) if self.timing else None


class _Exporter(TemplateExporter):
    """Collects formulas, leaving a mark where each of them stood, and HTML that authors wrote.

    It is not nbconvert's exporter of HTML, which mends tags and makes up alternative texts.
    """

    def __init__(self) -> None:
        self.formulas: list[Formula] = []
        self.pieces: list[Piece] = []
        super().__init__(  # type: ignore[no-untyped-call]
            config=Config(
                CoalesceStreamsPreprocessor={"enabled": True},
                TagRemovePreprocessor={"enabled": True, "remove_input_tags": {"hide-input"}},
                NbConvertBase={"display_data_priority": _SHOWN},
            ),
            template_name="deck",
            template_extension=".html.j2",
            extra_template_basedirs=[str(_TEMPLATES)],
            filters={
                "highlight_code": Highlight2HTML(pygments_lexer="ipython3"),
                "markdown2html": self._markdown2html,
                "piece": self._piece,
                "png": _png,
            },
            exclude_input_prompt=True,
            exclude_output_prompt=True,
        )

    @jinja2.pass_context
    def _markdown2html(self, context: jinja2.runtime.Context, source: str) -> str:
        """Turn Markdown of a cell, or of its output, into HTML."""
        renderer = FormulaRenderer(self.formulas, context["cell"].id)
        return self._piece(context, MarkdownWithMath(renderer=renderer).render(source))

    @jinja2.pass_context
    def _piece(self, context: jinja2.runtime.Context, html: str) -> str:
        """Remember HTML with the cell that it is of."""
        self.pieces.append(Piece(context["cell"].id, html))
        return html


def make_page(notebook: NotebookNode, plan: Sequence[Timing]) -> Page:
    """Return the page of a deck.

    Parameters
    ----------
    notebook
        A lecture with its outputs, whose cells have ids.
    plan
        When each slide is due, for the speaker's notes; or nothing.
    """
    exporter = _Exporter()
    slides = [(slide[0].id, title_of(slide)) for slide in slides_of(notebook.cells)]
    openings = {
        cell_id: _Opening(_slug(title, place), place == 0, plan[place] if plan else None)
        for place, (cell_id, title) in enumerate(slides)
    }
    deck = {"title": slides[0][1], "openings": openings}
    html, _ = exporter.from_notebook_node(notebook, {"deck": deck})
    return Page(html, exporter.formulas, exporter.pieces)


def _slug(title: str, place: int) -> str:
    """Return a name for a slide in an address, such as `the-markov-assumption-6`."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"{words or 'slide'}-{place + 1}"


@dataclass(frozen=True)
class _Png:
    """What the template says of a picture: its size in pixels, and that of its smallest text."""

    width: int
    height: int
    smallest_text: str | None


def _png(content: str) -> _Png:
    """Look into a PNG in base64."""
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    return _Png(*picture.size, picture.info.get(SMALLEST_TEXT))
