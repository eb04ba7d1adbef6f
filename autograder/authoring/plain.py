"""Text, cells and notebooks made of parts that are known to be well formed.

nbformat's own makers validate each part against its schema, which for a submission takes longer
than judging it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nbformat import NotebookNode, from_dict

_CODE: dict[str, Any] = {"outputs": [], "execution_count": None}


def plain_text(text: str, kept: str = "") -> str:
    """Return a text in which what would steer a terminal or a page shows as U+FFFD.

    Parameters
    ----------
    text
        Whoever wrote it; also a file's name that is no UTF-8.
    kept
        Characters that stay although they are no printable ones.
    """
    return "".join(c if c.isprintable() or c in kept else "\N{REPLACEMENT CHARACTER}" for c in text)


def plain_cell(kind: str, source: str, identity: str) -> NotebookNode:
    """Return a cell without metadata and outputs.

    Parameters
    ----------
    kind
        ``code``, ``markdown`` or ``raw``.
    source, identity
        What it says, and its id.
    """
    content: dict[str, Any] = {"id": identity, "cell_type": kind, "metadata": {}, "source": source}
    return from_dict(content | (_CODE if kind == "code" else {}))  # type: ignore[no-any-return]


def copied(cell: NotebookNode) -> NotebookNode:
    """Return a cell that can get other metadata and outputs without changing the one it is of."""
    copy = NotebookNode(cell)
    copy.metadata = NotebookNode(cell.metadata)
    return copy


def plain_notebook(
    cells: Sequence[NotebookNode], metadata: Mapping[str, Any] | None = None
) -> NotebookNode:
    """Return a notebook of these cells, which are not copied."""
    notebook = from_dict(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": dict(metadata or {}), "cells": []}
    )
    notebook.cells = list(cells)
    return notebook  # type: ignore[no-any-return]
