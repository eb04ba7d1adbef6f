"""Formulas of a page: set aside while it is made, then put in as drawings."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from nbconvert.filters.markdown_mistune import IPythonRenderer

from publishing.node_programs import FOLDER, run_program

_PLACE = "\ue000{}\ue001"
_PLACES = re.compile("\ue000(\\d+)\ue001")


@dataclass(frozen=True)
class Formula:
    """A formula as an author wrote it.

    Parameters
    ----------
    tex
        Without its dollar signs.
    display
        Whether it stands on a line of its own.
    cell
        The id of the cell that it stands in, or that displays it.
    """

    tex: str
    display: bool
    cell: str


class FormulaRenderer(IPythonRenderer):
    """Turns Markdown into HTML with a mark in the place of each formula.

    Parameters
    ----------
    found
        Gets the formulas, in the order of their marks.
    cell
        The id of the cell.
    """

    def __init__(self, found: list[Formula], cell: str) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self._found = found
        self._cell = cell

    def _set_aside(self, tex: str, display: bool) -> str:
        self._found.append(Formula(tex, display, self._cell))
        return _PLACE.format(len(self._found) - 1)

    def block_math(self, body: str) -> str:
        """Set aside what stands between two dollar signs and two."""
        return self._set_aside(body, display=True)

    def inline_math(self, body: str) -> str:
        """Set aside what stands between dollar signs."""
        return self._set_aside(body, display=False)

    def latex_environment(self, name: str, body: str) -> str:
        """Set aside an environment such as `align`."""
        return self._set_aside(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)


def typeset(
    page: str, formulas: list[Formula], packages: Path = FOLDER
) -> tuple[str, list[tuple[str, str]]]:
    """Return a page with its formulas put in, and the cells of those that cannot be set, and why.

    Parameters
    ----------
    page
        HTML with a mark for each formula.
    formulas
        As `FormulaRenderer` found them.
    packages
        Where MathJax is kept; see `node_programs`.

    Raises
    ------
    NoNode
    """
    asked = [{"tex": formula.tex, "display": formula.display} for formula in formulas]
    answers = run_program("typeset.js", json.dumps(asked), packages) if asked else []
    wrong = [
        (formula.cell, f"{answer['error']}, in ${formula.tex}$")
        for formula, answer in zip(formulas, answers, strict=True)
        if "error" in answer
    ]
    page = _PLACES.sub(lambda place: answers[int(place[1])].get("svg", ""), page)
    return page, wrong
