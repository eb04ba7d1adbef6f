"""A lecture that was executed, as a page: figures with texts, no notes, stills for sliders."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_output

from publishing.naming import name_of_cell
from publishing.site.errors import PictureWithoutText
from publishing.slides import kind_of

FIGURES = "figures"
"""The folder, beside the page, of its pictures."""
PICTURES = {"image/png": "png", "image/jpeg": "jpg"}
WIDGET = "application/vnd.jupyter.widget-view+json"
STILL = "*In JupyterLab this figure has sliders.*"
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|$~^&'\"])")


@dataclass(frozen=True)
class Page:
    """What a lecture becomes.

    Parameters
    ----------
    notebook
        Whose outputs are text and Markdown; pictures are linked.
    pictures
        Their content, by the name that they have in the folder of figures.
    """

    notebook: NotebookNode
    pictures: dict[str, bytes] = field(default_factory=dict)


def page_of(notebook: NotebookNode, name: str) -> Page:
    """Return a lecture's page.

    Parameters
    ----------
    notebook
        With outputs; it is left as it is.
    name
        Of the lecture, for messages.

    Raises
    ------
    PictureWithoutText
        A picture has no alternative text.
    """
    page = Page(copy.deepcopy(notebook))
    page.notebook.metadata.pop("widgets", None)
    page.notebook.cells = []
    for number, cell in enumerate(notebook.cells, 1):
        if _is_for_lecturers(cell):
            continue
        shown = copy.deepcopy(cell)
        if cell.cell_type == "code":
            where = name_of_cell(name, number, cell)
            if _is_skipped(cell):
                shown.metadata["tags"] = sorted({*cell.metadata.get("tags", []), "hide-input"})
            shown.outputs = [_described(output, page.pictures, where) for output in cell.outputs]
        page.notebook.cells.append(shown)
    return page


def _is_for_lecturers(cell: NotebookNode) -> bool:
    return kind_of(cell) == "notes" or "remove-cell" in cell.metadata.get("tags", [])


def _is_skipped(cell: NotebookNode) -> bool:
    """Return whether the slides leave the cell out: imports, which a page folds away."""
    return kind_of(cell) == "skip"


def _described(output: NotebookNode, pictures: dict[str, bytes], where: str) -> NotebookNode:
    """Return an output whose picture is linked with its text; others as they are."""
    kind = next((kind for kind in PICTURES if kind in output.get("data", {})), None)
    if kind is None:
        return output
    alt = str(output.metadata.get(kind, {}).get("alt", "")).strip()
    if not alt:
        raise PictureWithoutText(
            f"{where}: a picture without alternative text; display it by plots.show(figure, alt)"
        )
    content = base64.b64decode(output.data[kind])
    name = f"{hashlib.sha256(content).hexdigest()[:20]}.{PICTURES[kind]}"
    pictures[name] = content
    words = f"![{as_text(alt)}]({FIGURES}/{name})"
    if WIDGET in output.data:
        words += f"\n\n{STILL}"
    linked: NotebookNode = new_output("display_data", {"text/markdown": words})
    return linked


def as_text(words: str) -> str:
    r"""Return Markdown that reads as these words, whatever they are.

    Examples
    --------
    >>> print(as_text("a_b costs $2 [sic]"))
    a\_b costs \$2 \[sic\]
    """
    return _SPECIAL.sub(r"\\\1", " ".join(words.split()))
