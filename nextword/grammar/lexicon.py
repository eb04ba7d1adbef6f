"""The words of the grammar in their classes and topics, as the grammar needs them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nextword.grammar.lexicon_checks import check_sections
from nextword.grammar.lexicon_file import Entry, read_sections


class Number(StrEnum):
    """Grammatical number, in the order in which a lexicon gives a word's two forms."""

    SINGULAR = "singular"
    PLURAL = "plural"


@dataclass(frozen=True)
class Topic:
    """The words of a topic; an entry of a noun or a verb is its singular and its plural."""

    name: str
    adjectives: tuple[Entry, ...]
    nouns: tuple[Entry, ...]
    verbs: tuple[Entry, ...]


@dataclass(frozen=True)
class Lexicon:
    """All words of the grammar and the probabilities of its rules.

    Every list goes from its most frequent entry to its rarest. The entry of a determiner is the
    word and the number it asks for: singular, plural or either.
    """

    rules: Mapping[str, Mapping[str, float]]
    determiners: tuple[Entry, ...]
    adjectives: tuple[Entry, ...]
    adverbs: tuple[Entry, ...]
    closing_verbs: tuple[Entry, ...]
    settings: Mapping[str, tuple[Entry, ...]]
    topics: tuple[Topic, ...]


def read_lexicon(path: Path) -> Lexicon:
    """Read a lexicon file and check that every sentence made from it can be read in one way only.

    Parameters
    ----------
    path : Path
        The file; the course's own, ``data/grammar/lexicon.txt``, says how it is written.

    Returns
    -------
    Lexicon
        Its words and rules.

    Raises
    ------
    LexiconError
        The file has a mistake; the message names file, line and mistake.
    """
    sections = read_sections(path)
    check_sections(path, sections)
    lists = {
        heading: {name: tuple(found.entries) for name, found in section.lists.items()}
        for heading, section in sections.items()
    }
    words = lists["words"]
    return Lexicon(
        rules={
            name: {entry.words[0]: entry.probability or 0.0 for entry in entries}
            for name, entries in lists["rules"].items()
        },
        determiners=words["determiners"],
        adjectives=words["adjectives"],
        adverbs=words["adverbs"],
        closing_verbs=words["closing verbs"],
        settings=lists["settings"],
        topics=tuple(
            Topic(heading.removeprefix("topic "), **topical)
            for heading, topical in lists.items()
            if heading.startswith("topic ")
        ),
    )
