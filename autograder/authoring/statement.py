"""Finds what students read of a question."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nbformat import NotebookNode

from autograder.authoring.conventions import grade_id_of


def says(notebook: NotebookNode, name: str, function: Callable[..., Any], words: str) -> bool:
    """Return whether a question's statement holds some words, whatever its line breaks.

    Parameters
    ----------
    notebook
        The reference notebook.
    name
        The question.
    function
        Its reference: what its docstring says is part of the statement.
    words
        What is looked for.
    """
    texts = (*_above(notebook.cells, name), inspect.getdoc(function) or "")
    return any(_in_one_line(words) in _in_one_line(text) for text in texts)


_TASK = re.compile(r"\*\*Write (?:`|\w+ functions\*\*)")
_BULLET = re.compile(r"^\* (.*?)(?=^\* |^\n|\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?])(?:\*\*|\))?\s+(?=[A-Z0-9`$*(\"])|(?<=[.!?]\*\*)\s+")


def sentences(notebook: NotebookNode, name: str) -> list[str]:
    """Return the sentences of the list under what a question asks to write, each in one line.

    Parameters
    ----------
    notebook
        The reference notebook.
    name
        The question.
    """
    text = "\n\n".join(_own(notebook.cells, name))
    tasks = [task.start() for task in _TASK.finditer(text)]
    asked = text[tasks[-1] :] if tasks else ""
    bullets = [_in_one_line(bullet) for bullet in _BULLET.findall(asked)]
    return [part for bullet in bullets for part in _SENTENCE_ENDS.split(bullet) if part]


def holds(sentence: str, quote: str) -> bool:
    """Return whether a quotation is from a sentence, or goes over all of it."""
    quote = _in_one_line(quote)
    return quote in sentence or sentence in quote


def _above(cells: Sequence[NotebookNode], name: str) -> Iterator[str]:
    """Yield a question's prose, after that of the first one, which is about all of them."""
    sections = _sections(cells)
    first = next(iter(sections), name)
    yield from sections.get(first, []) if first != name else []
    yield from _own(cells, name)


def _own(cells: Sequence[NotebookNode], name: str) -> list[str]:
    """Return the prose above a question's solution cell, back to the question before."""
    return _sections(cells).get(name, [])


def _sections(cells: Sequence[NotebookNode]) -> dict[str, list[str]]:
    """Return the prose above each question's solution cell by its name, in order."""
    sections: dict[str, list[str]] = {}
    texts: list[str] = []
    for cell in cells:
        grade_id = grade_id_of(cell)
        if cell.cell_type == "markdown" and grade_id is None:
            texts.append(cell.source)
        elif grade_id is not None and "-" not in grade_id:
            sections[grade_id], texts = texts, []
    return sections


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
