"""A deck of slides of each lecture: pages that open from a file, without a network."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path

import jinja2
import nbformat

from autograder.errors import CourseError
from autograder.files import write_atomically
from publishing.exporter import Piece, make_page
from publishing.formulas import typeset
from publishing.naming import name_of_cell
from publishing.node_programs import FOLDER, packages, run_program
from publishing.slides import slides_of, title_of
from publishing.timings import timings

_TEMPLATES = Path(__file__).parent / "templates"
_OF_REVEAL = {
    "dist/reset.css": "reset.css",
    "dist/reveal.css": "reveal.css",
    "dist/reveal.js": "reveal.js",
    "plugin/notes/notes.js": "notes.js",
    "LICENSE": "LICENSE",
    "dist/theme/fonts/source-sans-pro/LICENSE": "LICENSE-Source-Sans-Pro",
}
_FACES = {"regular": (400, "normal"), "italic": (400, "italic"), "semibold": (600, "normal")}


class Unpublishable(CourseError):
    """Readers would see something broken. The message names every notebook and cell."""


@dataclass(frozen=True)
class Deck:
    """What the list of decks says of one.

    Parameters
    ----------
    name, title
        Of the lecture.
    slides
        How many.
    minutes
        Planned; None where there is no lecturer's page.
    """

    name: str
    title: str
    slides: int
    minutes: int | None


def make_deck(
    executed: Path, folder: Path, lecturers_page: Path | None = None, node: Path = FOLDER
) -> Deck:
    """Write the deck of a lecture, unless the one that is there was made of the same.

    Parameters
    ----------
    executed
        Its notebook with outputs, from `executed.execute`.
    folder
        Gets `<name>.html`, which needs what `lay_out` puts beside it.
    lecturers_page
        Says when each slide is due. Without it the speaker's notes are the notebook's alone.
    node
        Where the packages of `node_programs` are kept.

    Raises
    ------
    Unpublishable
        A picture has no alternative text, HTML does not close, MathJax does not understand a
        formula, or slides and the lecturer's page are out of step.
    NoTimings, NoNode
    """
    notebook = nbformat.read(executed, as_version=4)
    plan = timings(lecturers_page) if lecturers_page else []
    titles = [title_of(slide) for slide in slides_of(notebook.cells)]
    if plan and titles != [timing.slide for timing in plan]:
        raise Unpublishable(_out_of_step(lecturers_page, titles, [timing.slide for timing in plan]))
    minutes = math.ceil(sum(timing.lasts for timing in plan)) if plan else None
    deck = Deck(executed.stem, titles[0], len(titles), minutes)
    path = folder / f"{deck.name}.html"
    mark = _mark(executed, lecturers_page)
    if path.is_file() and path.read_text(encoding="utf-8").endswith(mark):
        return deck
    page = make_page(notebook, plan)
    html, wrong = typeset(page.html, page.formulas, node)
    wrong = _wrong_html(page.pieces, node) + wrong
    if wrong:
        cells = {cell.id: (number, cell) for number, cell in enumerate(notebook.cells, 1)}
        raise Unpublishable(
            "\n".join(f"{name_of_cell(executed.stem, *cells[at])}: {word}" for at, word in wrong)
        )
    write_atomically(path, html + mark, lasting=False)
    return deck


def lay_out(folder: Path, decks: Sequence[Deck], node: Path = FOLDER) -> None:
    """Write what decks need, and the page that lists them, `index.html`.

    Parameters
    ----------
    folder
        Of the decks.
    decks
        In the order of the list.
    node
        Where the packages of `node_programs` are kept.

    Raises
    ------
    NoNode
    """
    reveal = packages(node) / "reveal.js"
    (folder / "reveal").mkdir(parents=True, exist_ok=True)
    for source, target in _OF_REVEAL.items():
        shutil.copy(reveal / source, folder / "reveal" / target)
    for name in ("theme.css", "index.css", "deck.js"):
        shutil.copy(_TEMPLATES / name, folder)
    fonts = reveal / "dist/theme/fonts/source-sans-pro"
    write_atomically(folder / "fonts.css", _font_faces(fonts), lasting=False)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    listed = environment.get_template("index.html.j2").render(decks=decks)
    write_atomically(folder / "index.html", listed, lasting=False)


def _font_faces(fonts: Path) -> str:
    """Return a style sheet that holds the fonts: some browsers load none from a file beside it."""
    return "".join(
        '@font-face { font-family: "Source Sans Pro"; '
        f"font-weight: {weight}; font-style: {style}; src: url(data:font/woff;base64,"
        f"{base64.b64encode((fonts / f'source-sans-pro-{face}.woff').read_bytes()).decode()}); }}\n"
        for face, (weight, style) in _FACES.items()
    )


def _mark(executed: Path, lecturers_page: Path | None) -> str:
    """Return what the end of a deck says: of what it was made, and by which version of ours."""
    ours = sorted(path for path in Path(__file__).parent.rglob("*.*") if path.suffix != ".pyc")
    made_of = [executed, *([lecturers_page] if lecturers_page else []), *ours]
    digest = hashlib.sha256(version("nbconvert").encode())
    for path in made_of:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"<!-- made of {digest.hexdigest()} -->\n"


def _out_of_step(page: Path | None, titles: list[str], planned: list[str]) -> str:
    """Say where the slides of a lecture and its lecturer's page begin to differ."""
    both = zip_longest(titles, planned, fillvalue="the end")
    title, timing = next((title, timing) for title, timing in both if title != timing)
    return f"{page}: expected next in its table of timings: {title}. Found: {timing}"


def _wrong_html(pieces: Sequence[Piece], node: Path) -> list[tuple[str, str]]:
    """Return the ids of cells with faulty HTML, and the faults."""
    found = run_program("validate.js", json.dumps([piece.html for piece in pieces]), node)
    return [
        (piece.cell, message)
        for piece, messages in zip(pieces, found, strict=True)
        for message in messages
    ]
