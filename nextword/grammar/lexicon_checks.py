"""What a lexicon must hold so that probabilities sum to 1 and no sentence reads in two ways."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from nextword.grammar.lexicon_file import Entries, LexiconError, Section

THE, AND, FULL_STOP, END_OF_SENTENCE = "the", "and", ".", "</s>"


class _Shape(NamedTuple):
    """How many words an entry of a list has, how many entries the list has at least."""

    width: int = 1
    least: int = 1


_RULES = {
    "number": {"singular", "plural"},
    "adjective": {"any", "topic"},
    "phrase": {"preposition", "adverb"},
}
_SHAPES: dict[str, dict[str, _Shape]] = {
    "rules": dict.fromkeys(_RULES, _Shape()),
    "words": {
        "determiners": _Shape(width=2),
        "adjectives": _Shape(),
        "adverbs": _Shape(),
        "closing verbs": _Shape(width=2),
    },
    "settings": {},  # any preposition
}
# Another noun of the topic must exist for the times when the first does not return.
_TOPIC_SHAPES = {
    "adjectives": _Shape(),
    "nouns": _Shape(width=2, least=2),
    "verbs": _Shape(width=2),
}


def check_sections(path: Path, sections: Mapping[str, Section]) -> None:
    """Check a lexicon.

    Parameters
    ----------
    path : Path
        The file, for messages.
    sections : Mapping of str to Section
        What it says.

    Raises
    ------
    LexiconError
        A section or list is missing or unknown, a list is too short, an entry has too few or too
        many words, probabilities do not sum to 1, or a word stands where it could be mistaken.
    """
    for heading, section in sections.items():
        _check_section(path, heading, section)
    last = max(section.line for section in sections.values())
    for heading in _SHAPES:
        if heading not in sections:
            raise LexiconError(path, last, f"expected a section [{heading}], found none: add it")
    if len(sections) == len(_SHAPES):
        raise LexiconError(
            path, last, "expected a section [topic NAME] or more, found none: add it"
        )
    _check_rules(path, sections["rules"])
    _check_determiners(path, sections["words"].lists["determiners"])
    _check_prepositions(path, sections["settings"])
    _check_words(path, sections)


def _check_section(path: Path, heading: str, section: Section) -> None:
    if heading not in _SHAPES and not heading.startswith("topic "):
        known = ", ".join(f"[{name}]" for name in (*_SHAPES, "topic NAME"))
        raise LexiconError(path, section.line, f"expected one of {known}, got [{heading}]")
    shapes = _SHAPES.get(heading, _TOPIC_SHAPES)
    for name in shapes:
        if name not in section.lists:
            raise LexiconError(path, section.line, f"[{heading}] lacks its list `{name}:`: add it")
    for name, found in section.lists.items():
        if shapes and name not in shapes:
            expected = ", ".join(shapes)
            raise LexiconError(
                path, found.line, f"expected one of {expected} in [{heading}], got {name!r}"
            )
        _check_list(path, f"{name} of [{heading}]", found, shapes.get(name, _Shape()))


def _check_list(path: Path, name: str, found: Entries, shape: _Shape) -> None:
    if len(found.entries) < shape.least:
        raise LexiconError(
            path,
            found.line,
            f"expected {shape.least} or more {name}, got {len(found.entries)}: add some",
        )
    for entry in found.entries:
        if len(entry.words) != shape.width:
            raise LexiconError(
                path,
                entry.line,
                f"expected {shape.width} word(s) in an entry of {name}, got "
                f"{' '.join(entry.words)!r}: is a form or a comma missing?",
            )
    given = [entry.probability for entry in found.entries if entry.probability is not None]
    if given and len(given) < len(found.entries):
        bare = next(entry for entry in found.entries if entry.probability is None)
        raise LexiconError(
            path,
            bare.line,
            f"{bare.words[0]!r} has no probability, but others of {name} have: give all or none",
        )
    if given and not math.isclose(math.fsum(given), 1, abs_tol=1e-9):
        raise LexiconError(
            path,
            found.line,
            f"expected the probabilities of {name} to sum to 1, they sum to {math.fsum(given):.6g}",
        )


def _check_rules(path: Path, section: Section) -> None:
    for name, options in _RULES.items():
        found = section.lists[name]
        if {entry.words[0] for entry in found.entries} != options or len(found.entries) != 2:
            raise LexiconError(
                path,
                found.line,
                f"expected `{name}:` to name {' and '.join(sorted(options))} once each",
            )
        if found.entries[0].probability is None:
            raise LexiconError(path, found.line, f"expected `{name}:` with probabilities")


def _check_determiners(path: Path, found: Entries) -> None:
    for entry in found.entries:
        if entry.words[1] not in {"either", "singular", "plural"}:
            raise LexiconError(
                path,
                entry.line,
                f"expected singular, plural or either after {entry.words[0]!r}, got "
                f"{entry.words[1]!r}",
            )


def _check_prepositions(path: Path, section: Section) -> None:
    if len(section.lists) < 2:
        raise LexiconError(
            path,
            section.line,
            f"expected 2 prepositions or more in [settings], got {len(section.lists)}: none follows"
            " its own phrase, so that one alone could not go on; add another",
        )
    for preposition, found in section.lists.items():
        if not preposition.isalpha() or preposition != preposition.lower():
            raise LexiconError(
                path, found.line, f"expected a preposition of small letters, got {preposition!r}"
            )


class _Use(NamedTuple):
    """A word where it stands; words of one contest are those that one choice is made between."""

    line: int
    word: str
    word_class: str
    contest: str


def _uses(sections: Mapping[str, Section]) -> Iterator[_Use]:
    yield _Use(0, AND, "conjunction", "next phrase")
    for heading, section in sections.items():
        for name, found in section.lists.items():
            if heading == "settings":
                yield _Use(found.line, name, "preposition", "next phrase")
            for line, words, _ in found.entries if heading != "rules" else ():
                match name:
                    case _ if heading == "settings":
                        yield _Use(line, words[0], "setting", f"settings after {name!r}")
                    case "determiners":
                        yield _Use(line, words[0], "determiner", "determiners")
                    case "adjectives":
                        yield _Use(line, words[0], "adjective", "adjectives")
                    case "adverbs":
                        yield _Use(line, words[0], "adverb", "next phrase")
                    case "nouns":
                        yield from (_Use(line, word, "noun", "nouns") for word in words)
                    case _:
                        for form, word in zip(("singular", "plural"), words, strict=True):
                            yield _Use(line, word, "verb", f"{form} {name} of [{heading}]")


def _check_words(path: Path, sections: Mapping[str, Section]) -> None:
    in_contest: dict[tuple[str, str], _Use] = {}
    of_word: dict[str, _Use] = {THE: _Use(0, THE, "determiner", "articles")}
    for use in _uses(sections):
        twin = in_contest.setdefault((use.contest, use.word), use)
        if twin is not use:
            raise LexiconError(
                path,
                use.line,
                f"{use.word!r} stands already {_place(twin)} among the {use.contest}: a sentence "
                "with it could be read in two ways; take one out",
            )
        other = of_word.setdefault(use.word, use)
        if {use.word_class, other.word_class} not in ({use.word_class}, {"noun", "verb"}):
            raise LexiconError(
                path,
                use.line,
                f"{use.word!r} stands here as {use.word_class} and {_place(other)} as "
                f"{other.word_class}: only a noun may be a verb as well; take one out",
            )


def _place(use: _Use) -> str:
    return f"on line {use.line}" if use.line else "in the grammar itself"
