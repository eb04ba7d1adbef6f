"""Tables for a spreadsheet, which takes some texts for formulas and runs them."""

from __future__ import annotations

import re
import unicodedata

_OPENERS = tuple("=+-@\N{MINUS SIGN}")
_PARTS = re.compile(r"([;\t\r\n])")
"""What parts the cells of a row, or rows, where a program takes no comma for that."""
_UNSEEN = ("Z", "C", "Mn", "Me")
"""Of these general categories are spaces, and characters that control or have no shape."""
_BLANK = (
    '"\N{HANGUL FILLER}\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}'
    "\N{HALFWIDTH HANGUL FILLER}\N{BRAILLE PATTERN BLANK}"
)
"""Letters and signs that show nothing; and quotes, which are taken off where a cell begins."""


def defused(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula, with apostrophes where it would.

    A formula may stand behind characters that are not seen, and begin with a relative of its sign,
    such as the full-width one, which programs for East Asian scripts accept. In a country whose
    decimals have a comma, cells end at a semicolon, also inside of what is quoted for a comma.

    Examples
    --------
    >>> defused("=1+1"), defused("a=1"), defused("1; =2")
    ("'=1+1", 'a=1', "1;' =2")
    """
    parts = _PARTS.split(cell)
    parts[::2] = [f"'{part}" if _opens(part) else part for part in parts[::2]]
    made = "".join(parts)
    return f"'{made}" if _PARTS.match(cell) else made


def restored(cell: str) -> str:
    """Return what was `defused`.

    Examples
    --------
    >>> restored(defused("=1+1")), restored(defused("1; =2")), restored("'tis")
    ('=1+1', '1; =2', "'tis")
    """
    if cell.startswith("'") and _PARTS.match(cell[1:]):
        cell = cell[1:]
    parts = _PARTS.split(cell)
    parts[::2] = [p[1:] if p.startswith("'") and _opens(p[1:]) else p for p in parts[::2]]
    return "".join(parts)


def _opens(part: str) -> bool:
    """Return whether the first character that is seen begins a formula."""
    seen = next((c for c in part if not _is_unseen(c)), "")
    return unicodedata.normalize("NFKC", seen).startswith(_OPENERS)


def _is_unseen(character: str) -> bool:
    return character in _BLANK or unicodedata.category(character).startswith(_UNSEEN)
