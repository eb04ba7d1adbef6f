"""Reads the sections, lists and entries of a lexicon file, each with the line it stands on."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

LARGEST_FILE = 1_000_000  # bytes; the course's own lexicon has 6,000

_NUMBER = re.compile(r"[-+]?\.?\d")
_LINE_END = re.compile(r"\r\n|\r|\n")


class LexiconError(ValueError):
    """A lexicon file says something that no grammar can be made from.

    Parameters
    ----------
    path : Path
        The file.
    line : int
        The line of the mistake, counted from 1.
    problem : str
        What was expected, what came, what to do.
    """

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}")
        self.path, self.line, self.problem = path, line, problem

    def __reduce__(self) -> tuple[type["LexiconError"], tuple[Path, int, str]]:
        return type(self), (self.path, self.line, self.problem)


class Entry(NamedTuple):
    """A word of a list, or its two forms, with its probability where the file gives one."""

    line: int
    words: tuple[str, ...]
    probability: float | None


@dataclass(frozen=True)
class Entries:
    """A list of the file: ``name: entry, entry, …``."""

    line: int
    entries: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """A section of the file: what stands below ``[heading]``."""

    line: int
    lists: dict[str, Entries] = field(default_factory=dict)


def read_sections(path: Path) -> dict[str, Section]:
    """Read a lexicon file into its sections, lists and entries.

    Parameters
    ----------
    path : Path
        A text file in UTF-8; any line ends, with or without a byte order mark.

    Returns
    -------
    dict of str to Section
        By heading, in the order of the file.

    Raises
    ------
    LexiconError
        The file is too large, not UTF-8, empty, or a line of it does not have the format.
    """
    sections: dict[str, Section] = {}
    section: Section | None = None
    current: Entries | None = None
    for number, line in _meaningful_lines(path):
        if line.startswith("["):
            section, current = Section(number), None
            heading = _heading(path, number, line)
            _check_new(path, number, heading, sections)
            sections[heading] = section
            continue
        name, colon, rest = line.rpartition(":")
        if section is None:
            raise LexiconError(path, number, f"expected a [section] before anything else: {line!r}")
        if colon:
            name = " ".join(name.split())
            current = Entries(number)
            _check_new(path, number, name, section.lists)
            section.lists[name] = current
        if current is None:
            raise LexiconError(path, number, f"expected `name: entry, entry, …`, got {line!r}")
        current.entries.extend(_entries(path, number, rest))
    if not sections:
        raise LexiconError(path, 1, "expected sections such as [rules] and [words]; it is empty")
    return sections


def _meaningful_lines(path: Path) -> Iterator[tuple[int, str]]:
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise LexiconError(
            path, 1, f"expected at most {LARGEST_FILE:,} bytes, got {size:,}: is this a lexicon?"
        )
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(_LINE_END.findall(data[: error.start].decode("latin-1"))) + 1
        raise LexiconError(
            path, line, f"expected UTF-8, got the byte {data[error.start]:#04x}: save it as UTF-8"
        ) from None
    for number, raw in enumerate(_LINE_END.split(text), start=1):
        if line_text := raw.partition("#")[0].strip():
            yield number, line_text


def _heading(path: Path, number: int, line: str) -> str:
    heading = " ".join(line[1:-1].split())
    if not line.endswith("]") or not heading:
        raise LexiconError(path, number, f"expected a heading such as [words], got {line!r}")
    return heading


def _check_new(path: Path, number: int, name: str, known: Mapping[str, Section | Entries]) -> None:
    if name in known:
        raise LexiconError(
            path, number, f"{name!r} stands already on line {known[name].line}: join the two"
        )


def _entries(path: Path, number: int, text: str) -> Iterator[Entry]:
    # A list may go on in the next line after its comma.
    text = text.strip().removesuffix(",")
    if not text:
        return
    for part in text.split(","):
        words = part.split()
        probability = None
        if words and _NUMBER.match(words[-1]):
            probability = _probability(path, number, words.pop())
        if not words:
            raise LexiconError(path, number, f"expected a word between the commas of {text!r}")
        for word in words:
            if not word.isalpha() or word != word.lower():
                raise LexiconError(
                    path,
                    number,
                    f"expected a word of small letters, got {word!r} (entry {part.strip()!r})",
                )
        yield Entry(number, tuple(words), probability)


def _probability(path: Path, number: int, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise LexiconError(path, number, f"expected a probability above 0, up to 1, got {text}")
    return value
