"""Makes what a student wrote harmless to whoever looks at it: text and pictures, nothing that acts.

There are two walls. `harmless` goes over a notebook, and what it returns can be opened in any
viewer: outputs are text and raster pictures, and nothing in a markdown cell opens a tag, asks for a
picture from elsewhere or links to a script. It parses no markdown and no HTML, so no difference
between parsers gets anything past it. Instead, it parts the two characters without which there is
no tag, link or picture in any of them. `clean_html` is the second wall: what nbconvert has made of
a cell goes through nh3, a maintained sanitiser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import nh3
from nbconvert.filters import strip_files_prefix
from nbformat import NotebookNode, from_dict

from autograder.authoring.plain import plain_notebook
from autograder.classroom.pictures import KINDS, admitted_attachments, admitted_picture
from autograder.sandbox.outputs import sane_count

_INVISIBLE = "\u200b"
LONGEST_RENDERED = 10_000
MOST_RENDERED = 60_000
"""Characters of a cell of text, and of all of a notebook, that a renderer is asked for: the time of
nbconvert's grows with their square. Further ones are shown as they were typed."""
_TYPED = "*Shown as it was typed, as it is long:*"
_METADATA = ("nbgrader", "tags", "deletable", "editable")

# TeX prints no space and does print other characters, so formulas are parted by a space. What is
# taken for a formula here decides on nothing else.
_FORMULA = re.compile(r"\$\$[^$]+\$\$|\$[^$\n]+\$")
_ACTING = re.compile(
    r"(?P<attached>!\[(?P<alt>[^\[\]\n]*)\]\(attachment:(?P<name>[^\s()<>\"'\\&]+)\))"
    r"|(?P<picture>!(?=\[))"
    r"|(?P<link>\](?=[(:])(?!\((?:https?://|mailto:|#)|:[ \t]*https?://))"
    # HTML's own rule: where none of these follows, the character is text.
    r"|(?P<tag><(?=[A-Za-z/!?]))"
)

_TAGS = {
    *"a blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr img ins li ol p pre".split(),
    *"s span strong sub sup table tbody td th thead tr ul".split(),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    # The classes are those of highlighted code.
    **{tag: {"class"} for tag in ("code", "div", "pre", "span")},
}
_PICTURE_URL = re.compile(rf"data:({'|'.join(map(re.escape, KINDS))});base64,[A-Za-z0-9+/=]+")


def harmless(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook that can be opened anywhere; code and scores are untouched.

    Parameters
    ----------
    notebook
        Staged and executed. It is not changed.
    """
    metadata: dict[str, Any] = {"language_info": {"name": "python"}}
    if "kernelspec" in notebook.metadata:
        metadata["kernelspec"] = notebook.metadata["kernelspec"]
    room, cells = MOST_RENDERED, []
    for cell in notebook.cells:
        length = len(cell.source) if cell.cell_type == "markdown" else 0
        rendered = length <= min(LONGEST_RENDERED, room)
        cells.append(_cell(cell, rendered))
        room -= length if rendered else 0
    return plain_notebook(cells, metadata)


def _cell(cell: NotebookNode, rendered: bool) -> NotebookNode:
    kept = {name: cell.metadata[name] for name in _METADATA if name in cell.metadata}
    made: dict[str, Any] = {
        "id": cell["id"],
        "cell_type": cell.cell_type,
        "metadata": kept,
        "source": cell.source,
    }
    if cell.cell_type == "code":
        made["outputs"] = list(_outputs(cell.outputs))
        made["execution_count"] = sane_count(cell.execution_count)
    else:
        attachments = cell.get("attachments", {}) if cell.cell_type == "markdown" else {}
        made["source"], pictures = harmless_markdown(cell.source, attachments)
        if pictures:
            made["attachments"] = pictures
        if not rendered:
            made["source"] = _as_typed(made["source"])
    return from_dict(made)  # type: ignore[no-any-return]


def _as_typed(source: str) -> str:
    """Return a text as markdown's code, which shows every character, once."""
    first, *lines = source.splitlines()
    if first == _TYPED and all(line.startswith("    ") for line in lines if line):
        return source
    lines = [f"    {line}" for line in source.replace("\t", "    ").splitlines()]
    return "\n".join([_TYPED, "", *lines])


def _outputs(outputs: list[NotebookNode]) -> Iterator[dict[str, Any]]:
    """Yield what can be shown of a cell's outputs."""
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            yield {"output_type": kind, "name": output["name"], "text": output["text"]}
        elif kind == "error":
            parts = {name: output[name] for name in ("ename", "evalue", "traceback")}
            yield {"output_type": kind, **parts}
        elif data := _representations(output["data"]):
            # A picture's metadata would say how large it is shown.
            shown = {"output_type": kind, "data": data, "metadata": {}}
            if kind == "execute_result":
                shown["execution_count"] = sane_count(output["execution_count"])
            yield shown


def _representations(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the forms of a display that are shown: text, and pictures that are ones."""
    shown = {kind: picture for kind in KINDS if (picture := admitted_picture(kind, data.get(kind)))}
    text = data.get("text/plain")
    return shown | ({"text/plain": text} if isinstance(text, str) else {})


def harmless_markdown(
    source: str, attachments: Mapping[str, Any]
) -> tuple[str, dict[str, dict[str, str]]]:
    r"""Return markdown in which nothing acts, and the pictures that it shows.

    It reads as written. Links to websites and mail addresses stay, as do attached pictures; other
    links, pictures from elsewhere and tags are parted by a character that has no width.

    Parameters
    ----------
    source
        A student's text.
    attachments
        Those of its cell.

    Examples
    --------
    >>> harmless_markdown("<b>, $a<b$ and [a link](javascript:x)", {})
    ('<\u200bb>, $a< b$ and [a link]\u200b(javascript:x)', {})
    """
    known = admitted_attachments(attachments)
    shown: dict[str, dict[str, str]] = {}
    parts: list[str] = []
    end = 0
    for formula in _FORMULA.finditer(source):
        parts += _parted(source[end : formula.start()], _INVISIBLE, known, shown)
        parts += _parted(formula.group(), " ", {}, {})
        end = formula.end()
    parts += _parted(source[end:], _INVISIBLE, known, shown)
    return "".join(parts), shown


def _parted(
    text: str, gap: str, known: Mapping[str, dict[str, str]], shown: dict[str, dict[str, str]]
) -> Iterator[str]:
    """Yield a text in pieces, a gap behind each character that would begin something that acts.

    Attached pictures are added to `shown` under names that need no escapes.
    """
    end = 0
    for match in _ACTING.finditer(text):
        yield text[end : match.start()]
        end = match.end()
        picture = known.get(unquote(match["name"])) if match["attached"] else None
        if picture is not None:
            name = f"picture-{len(shown) + 1}"
            shown[name] = picture
            yield f"![{''.join(_parted(match['alt'], gap, {}, {}))}](attachment:{name})"
        elif match["attached"]:
            end = match.start() + 1
            yield "!" + gap
            yield from _parted(text[end : match.end()], gap, {}, {})
            end = match.end()
        else:
            yield match.group() + gap
    yield text[end:]


def clean_html(html: str | bytes) -> str:
    """Return HTML without anything that acts. The exporter uses it for all that students wrote."""
    return nh3.clean(
        html.decode() if isinstance(html, bytes) else html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
    )


def clean_markdown(html: str) -> str:
    """Return what a markdown cell became, clean. It takes the place of an exporter's filter."""
    return clean_html(strip_files_prefix(html))


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value, None if it would ask for something or run it."""
    if name == "src":
        return value if _PICTURE_URL.fullmatch(value) else None
    if name == "href":
        return value if re.match(r"https?://|mailto:|#", value) else None
    return value
