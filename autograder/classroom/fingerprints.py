"""Fingerprints of code: what two programs share, whatever their names and layout.

Code becomes a row of tokens in which names of one's own, numbers and texts are all alike, and which
knows no comments, line ends or spaces. Of every `LENGTH` tokens in a row there is a hash, and of
every `WINDOW` hashes in a row the lowest is kept: winnowing, as in Schleimer, Wilkerson and Aiken,
*Winnowing: local algorithms for document fingerprinting*, 2003. Two programs that have
``LENGTH + WINDOW - 1`` tokens in a row in common thus have a fingerprint in common, wherever they
stand; and of less than `LENGTH` tokens nothing is said.

Code is only parted into tokens, never parsed: a parser of hostile text may fall.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import keyword
import tokenize
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

LENGTH = 12
"""Tokens of a gram: about a line and a half of Python."""
WINDOW = 6
LONGEST = 100_000
"""Characters of one answer that are looked at."""
_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER, tokenize.ENCODING}
_LINES = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
_TEXTS = {tokenize.STRING, getattr(tokenize, "FSTRING_START", tokenize.STRING)}
_INSIDE = {getattr(tokenize, name, -1) for name in ("FSTRING_MIDDLE", "FSTRING_END")}
_KEPT = {*keyword.kwlist, *dir(builtins)}
_OWN, _NUMBER, _TEXT = "v", "0", "s"
_BASE, _PRIME = 1_000_003, 2**61 - 1


class Token(NamedTuple):
    """What a token is, whatever it is called, and the line that it stands on, from 1."""

    kind: str
    line: int


class Gram(NamedTuple):
    """The hash of `LENGTH` tokens in a row, and the lines on which they stand."""

    hash: int
    lines: tuple[int, ...]


def tokens(source: str) -> list[Token]:
    """Return the tokens of a program; where it is none, those before its error.

    Examples
    --------
    >>> [token.kind for token in tokens("total += np.log(p)  # nats")]
    ['v', '+=', 'v', '.', 'log', '(', 'v', ')']
    """
    found: list[Token] = []
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in _statements(source[:LONGEST]):
            kind = _kind(token, found[-1].kind if found else "")
            if kind in (")", "]", "}") and found and found[-1].kind == ",":
                found.pop()
            if kind:
                found.append(Token(kind, token.start[0]))
    return found


def _statements(source: str) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens of a program without layout, and without texts that say nothing to Python.

    Raises
    ------
    tokenize.TokenError, SyntaxError
    """
    begins = True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _LAYOUT or token.type in _INSIDE:
            continue
        if token.type in _LINES:
            begins = True
            continue
        if not (begins and token.type == tokenize.STRING):  # a docstring
            yield token
        begins = False


def _kind(token: tokenize.TokenInfo, before: str) -> str:
    """Return what a token is; nothing, where it is only layout."""
    if token.type == tokenize.NAME:
        return token.string if before == "." or token.string in _KEPT else _OWN
    if token.type == tokenize.NUMBER:
        return _NUMBER
    if token.type in _TEXTS:
        return _TEXT
    return token.string.strip().removeprefix(";")


def grams(source: str) -> list[Gram]:
    """Return the grams of a program, in order."""
    row = tokens(source)
    lines = tuple(token.line for token in row)
    codes = [zlib.crc32(token.kind.encode("utf-8", "replace")) for token in row]
    highest = pow(_BASE, LENGTH, _PRIME)
    found, rolling = [], 0
    for place, code in enumerate(codes):
        rolling = (rolling * _BASE + code) % _PRIME
        if place >= LENGTH:
            rolling = (rolling - codes[place - LENGTH] * highest) % _PRIME
        first = place - LENGTH + 1
        if first >= 0:
            found.append(Gram(rolling, lines[first : place + 1]))
    return found


def winnowed(found: Sequence[Gram]) -> frozenset[int]:
    """Return the lowest hash of every `WINDOW` in a row."""
    hashes = [gram.hash for gram in found]
    starts = range(max(1, len(hashes) - WINDOW + 1))
    return frozenset(min(hashes[start : start + WINDOW]) for start in starts if hashes)
