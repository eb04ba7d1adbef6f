"""Text into sentences, sentences into tokens.

Words are runs of letters and apostrophes, in lower case; `. , ! ? ; : -` are tokens of their own.
Digits and all other signs are dropped. Letters are those of any alphabet, composed (NFC), so that
é is one letter however it was typed, and ’ is the apostrophe '. Scripts that put no spaces between
words, or that write vowels as marks (Thai, Hindi), are better read as characters.
"""

import gc
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, assert_never, get_args

from nextword.corpora.errors import UnknownUnitError

Unit = Literal["words", "characters", "as is"]
Boundary = Literal["prose", "lines"]

# [^\W\d_] is "a letter"; the range after it holds accents that have no composed form.
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f]|')+|[.,!?;:-]")
_PARAGRAPH_END = re.compile(r"\n\s*\n")
_SENTENCE_END = re.compile(r"(?:(?<=[.!?])|(?<=[.!?][\"')\]”’]))\s+")


def check_units(unit: str, boundary: str = "lines") -> None:
    """Raise `UnknownUnitError` if tokens or sentences cannot be told apart in this way."""
    for given, known in ((unit, get_args(Unit)), (boundary, get_args(Boundary))):
        if given not in known:
            raise UnknownUnitError(f"expected one of {', '.join(map(repr, known))}, got {given!r}")


def words(sentence: str) -> list[str]:
    """Return the words and marks of a sentence.

    Examples
    --------
    >>> words("We know't, we know't — Zoë’s 2 cats!")
    ['we', "know't", ',', 'we', "know't", "zoë's", 'cats', '!']
    """
    composed = unicodedata.normalize("NFC", sentence).lower().replace("’", "'")
    return _WORD.findall(composed)


def tokens(sentence: str, unit: Unit) -> list[str]:
    """Return the tokens of a sentence.

    Parameters
    ----------
    sentence
        Text without line ends.
    unit
        "words" as `words` says; "characters": every character as it is, spaces included;
        "as is": what stands between spaces, for text that somebody tokenised already.

    Examples
    --------
    >>> tokens("Ah !", "characters")
    ['A', 'h', ' ', '!']
    """
    match unit:
        case "words":
            return words(sentence)
        case "characters":
            return list(sentence)
        case "as is":
            return sentence.split()
        case _:
            assert_never(unit)


def sentences(text: str, boundary: Boundary) -> list[str]:
    r"""Cut a text into sentences.

    Parameters
    ----------
    text
        With line ends of any system.
    boundary
        "lines": every line that is not blank is a sentence. "prose": a sentence ends at the end
        of a paragraph (a blank line) and after `.`, `!` or `?` before a space; so it also ends
        after *e.g.* and *Dr.*, which is the price of a rule that fits on a line.

    Examples
    --------
    >>> sentences("Who is\r\nthere? Nay.\n\nStand", "prose")
    ['Who is there?', 'Nay.', 'Stand']
    """
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    match boundary:
        case "lines":
            return [line for line in unified.split("\n") if line.strip()]
        case "prose":
            paragraphs = (" ".join(part.split()) for part in _PARAGRAPH_END.split(unified))
            found = [s for part in paragraphs for s in _SENTENCE_END.split(part)]
            return [s for s in found if s]
        case _:
            assert_never(boundary)


def tokenised(text: str, unit: Unit, boundary: Boundary) -> list[list[str]]:
    """Return the sentences of a text as lists of tokens; sentences without a token are dropped.

    Equal words are one string, so that a text takes a pointer a token and not a string a token.

    Raises
    ------
    UnknownUnitError
        If `unit` or `boundary` is none of those that `tokens` and `sentences` list.
    """
    check_units(unit, boundary)
    same = _Words().__getitem__
    with _no_search_for_cycles():
        found = (list(map(same, tokens(s, unit))) for s in sentences(text, boundary))
        return [sentence for sentence in found if sentence]


class _Words(dict[str, str]):
    """Gives for each word the one that came first, so that a text holds every word once."""

    def __missing__(self, word: str) -> str:
        self[word] = word
        return word


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Keep Python from looking for reference cycles while many small lists are made.

    It would go through all of them again and again, which is more than half of the time that it
    takes to read a text, and lists of words hold no cycle.
    """
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()
