"""Who of the roster handed something in, by what a platform says of the sender."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autograder.classroom.roster import Person, no_folder
from autograder.classroom.schemes import Scheme, Sender


@dataclass(frozen=True)
class Match:
    """Whose an attempt is.

    Parameters
    ----------
    students
        Nobody where it is not known; all of a group that submits together.
    why
        Why nobody, or what should be known of it.
    """

    students: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True)
class Matcher:
    """Finds the students of a class.

    Parameters
    ----------
    roster
        None where there is none: students are then called as the source calls them.
    groups
        Of the class, by name.
    participants
        On Moodle, who has which number in the assignment, from its grading worksheet.
    """

    roster: Sequence[Person] | None
    groups: Mapping[str, Sequence[str]]
    participants: Mapping[str, Person]

    def match(self, scheme: Scheme, sender: Sender) -> Match:
        """Return whose it is."""
        if sender.number.startswith("anon_"):
            return Match((), "was handed in anonymously, which only Canvas can undo")
        for name, members in self.groups.items():
            if sender.name and _squeezed(name) == _squeezed(sender.name):
                unusable = [words for member in members if (words := no_folder(member))]
                if unusable:
                    return Match((), f"is of the group {name}: {unusable[0]}")
                return Match(tuple(members), f"of the group {name}")
        if self.roster is None:
            return self._unlisted(scheme, sender)
        for same in self._ways(scheme, sender):
            found = [person.student for person in self.roster if same(person)]
            if len(found) == 1:
                return Match((found[0],))
            if found:
                return Match((), f"may be {' or '.join(found)}: they have the same name or number")
        return Match((), f"is not on the roster{_known_by(scheme, sender)}")

    def _ways(self, scheme: Scheme, sender: Sender) -> list[Callable[[Person], bool]]:
        """Return the ways to know somebody, the surest first."""
        name = _squeezed(sender.name)
        by_name: Callable[[Person], bool] = lambda person: bool(name) and name in _names(person)  # noqa: E731
        match scheme:
            case Scheme.canvas:
                return [
                    lambda person: person.canvas_id == sender.number,
                    lambda person: not person.canvas_id and by_name(person),
                ]
            case Scheme.moodle:
                who = self.participants.get(sender.number)
                if who is None:
                    return [by_name]
                listed = _squeezed(who.name)
                return [
                    lambda person: _is(person, who.sid, who.email),
                    lambda person: bool(listed) and listed in _names(person),
                    by_name,
                ]
            case Scheme.gradescope:
                return [lambda person: _is(person, sender.sid, sender.email), by_name]
        return [lambda person: person.student == sender.name]

    def _unlisted(self, scheme: Scheme, sender: Sender) -> Match:
        """Return a name for somebody of whom nothing else is known."""
        who = self.participants.get(sender.number) if scheme is Scheme.moodle else None
        known = who.student if who else sender.sid or sender.email
        if scheme in (Scheme.folder, Scheme.exchange):
            known = sender.name
        name = known or "-".join(filter(None, (sender.name.replace(" ", "-"), sender.number)))
        why = no_folder(name)
        return Match((), why) if why else Match((name,))


def _is(person: Person, sid: str, email: str) -> bool:
    """Return whether somebody has a number of the institution's, or a mail address."""
    by_number = bool(sid) and person.sid == sid
    by_mail = bool(email) and person.email.casefold() == email.casefold()
    return by_number or by_mail


def _squeezed(name: str) -> str:
    """Return a name as Canvas writes it: without case, spaces, and signs other than letters."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", name)).casefold()


def _names(person: Person) -> tuple[str, str]:
    return (
        _squeezed(f"{person.last_name}{person.first_name}"),
        _squeezed(f"{person.first_name}{person.last_name}"),
    )


def _known_by(scheme: Scheme, sender: Sender) -> str:
    if scheme is Scheme.canvas:
        return f": nobody has Canvas's number {sender.number}, or that name and no number"
    if scheme is Scheme.gradescope and (sender.sid or sender.email):
        return f": nobody has {' or '.join(filter(None, (sender.sid, sender.email)))}"
    return f": {sender.name}" if sender.name else ""
