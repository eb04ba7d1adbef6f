"""Hides a student's own name in an answer that is marked without names.

What is hidden is what the roster knows: names, mail, numbers, the name of the folder. Who wants to
be recognised will be, by a picture or a nickname; who signs an answer out of habit is not.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from autograder.classroom.class_file import read_class_file
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.roster import Person, read_roster

HIDDEN = "‹name hidden›"
"""What stands in a name's place. It means nothing in markdown or HTML."""
_UNSEEN = "[\u00ad\u200b-\u200f\u2060\ufeff]*"
"""Characters without a shape, which may stand between letters."""
_BETWEEN = r"[\W_]{0,3}"
"""What may stand between a first name and a last one."""
_BEGIN, _END = r"(?<![^\W_])", r"(?![^\W_])"
_SPELT = str.maketrans(dict(zip("äöüßåøæ", "ae oe ue ss aa oe ae".split(), strict=True)))
_SHORTEST, _SHORTEST_NUMBER = 2, 4
_TAG = re.compile(r"(<[^>]*>)")


@dataclass(frozen=True)
class NameHider:
    """Hides names in a text; without a pattern, none."""

    pattern: re.Pattern[str] | None = None

    def in_text(self, text: str) -> str:
        """Return a text in which each name is replaced by words that say so."""
        return text if self.pattern is None else self.pattern.sub(HIDDEN, text)

    def in_html(self, markup: str) -> str:
        """Return HTML in which names are hidden, also where they are written by entities.

        Only what stands between tags is looked at. It is not clean, if it was not before.
        """
        parts = _TAG.split(markup)
        for place in range(0, len(parts), 2):
            shown = html.unescape(parts[place])
            hidden = self.in_text(shown)
            if hidden != shown:
                parts[place] = html.escape(hidden)
        return "".join(parts)


NOBODY = NameHider()
"""Hides nothing."""


def name_hider(people: Iterable[Person]) -> NameHider:
    """Return what hides the names of people.

    A first name or a last name alone is hidden as it is written on the roster, or in capitals: a
    student who is called Max may write of ``max``. All else is hidden however it is written.

    Examples
    --------
    >>> hider = name_hider([Person("al17", "Ada", "Lovelace", "ada@example.org")])
    >>> hider.in_text("As ADA lovelace (al17) says: an adage")
    'As ‹name hidden› (‹name hidden›) says: an adage'
    """
    forms = {form for person in people for form in _forms(person)}
    # The longest first: a full name is one name that is hidden, not two.
    return NameHider(
        re.compile("|".join(sorted(forms, key=lambda form: (-len(form), form)))) if forms else None
    )


def hiders(class_folder: ClassFolder, students: Iterable[str]) -> Mapping[str, NameHider]:
    """Return what hides each student's names, and those of the student's group.

    Raises
    ------
    BrokenRoster, UnreadableTable, BrokenClassFile
    """
    known = {person.student: person for person in read_roster(class_folder) or ()}
    rules = read_class_file(class_folder)
    groups = [set(members) for members in rules.groups.values()] if rules else []
    found = {}
    for student in students:
        together = {student}.union(*(group for group in groups if student in group))
        people = (known.get(name, Person(name)) for name in sorted(together))
        found[student] = name_hider(people)
    return found


def _forms(person: Person) -> Iterator[str]:
    """Yield a pattern for each way in which a person may be named."""
    first, last = person.first_name.split(), person.last_name.split()
    for words in ([*first, *last], [*last, *first], [*first[:1], *last[-1:]]):
        if len(words) > 1 and max(map(len, words)) >= _SHORTEST:
            for spelt in _spellings(" ".join(words)):
                yield f"(?i:{_whole(spelt)})"
    for name in {part for word in (*first, *last) for part in (word, *word.split("-"))}:
        for spelt in _spellings(name):
            if len(spelt) >= _SHORTEST:
                yield _whole(spelt)
                yield _whole(spelt.upper())
    local = person.email.partition("@")[0]
    if local.casefold() in map(str.casefold, (*first, *last)):
        local = ""  # a name, and hidden as one
    for word in (person.student, person.email, local, person.sid, person.canvas_id):
        if len(word) >= (_SHORTEST_NUMBER if word.isdecimal() else _SHORTEST):
            for spelt in _spellings(word):
                yield f"(?i:{_whole(spelt)})"


def _spellings(name: str) -> set[str]:
    """Return a name as it may be typed: with accents in either form, without, and spelt out."""
    composed, parted = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    bare = "".join(c for c in parted if not unicodedata.combining(c))
    spelt = composed.translate(_SPELT)
    return {form for form in (composed, parted, bare, spelt) if form}


def _whole(name: str) -> str:
    """Return the pattern of a name that stands by itself.

    In scripts that put no spaces between words, it may stand anywhere.
    """
    words = [_UNSEEN.join(map(re.escape, word)) for word in name.split()]
    pattern = _BETWEEN.join(words)
    spaced = not any(unicodedata.category(c) == "Lo" for c in name)
    return f"{_BEGIN}{pattern}{_END}" if spaced else pattern
