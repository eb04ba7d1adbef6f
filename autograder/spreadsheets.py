"""Tables for a spreadsheet, which takes some texts for formulas and runs them."""

from __future__ import annotations

import unicodedata

_OPENERS = tuple("=+-@")
_PARTING = ("\t", "\r", "\n")
_UNSEEN = ("Z", "C")
"""Of these general categories are spaces, and characters that control or have no shape."""


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, behind an apostrophe where it would.

    A formula may stand behind characters that are not seen, and begin with a relative of its sign,
    such as the full-width one, which programs for East Asian scripts accept.

    Examples
    --------
    >>> defused("=1+1"), defused("a=1")
    ("'=1+1", 'a=1')
    """
    seen = next((c for c in cell if unicodedata.category(c)[0] not in _UNSEEN), "")
    if cell.startswith(_PARTING) or unicodedata.normalize("NFKC", seen).startswith(_OPENERS):
        return f"'{cell}"
    return cell
