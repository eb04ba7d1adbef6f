"""Which submissions of a class share code that few others have: where to look, never a verdict.

What the course gave is left out. Of what is left, a fingerprint counts by how few have it: one
that two of 500 share counts eight times one that half of them do, so that idioms, and what
a question leaves no other way to write, make nobody alike.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from nbformat import NotebookNode

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.coursework import Asked, named
from autograder.authoring.material import Material
from autograder.authoring.recognise import is_ours, recognise
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.fingerprints import grams, winnowed
from autograder.classroom.submission import read_submission

OWN_CELLS = "cells of their own"
"""Where code stands that a student wrote into further cells."""
_FEWEST = 8
"""Fingerprints that two must share to be alike, in all or in one answer: some ten lines."""
_IN_ALL, _IN_ONE = 0.3, 0.7
"""From which share on two are alike: of all their answers, or of one."""
_NAMED = 0.3
"""From which share on an answer is shown of two that are alike."""
_LITTLE = 0.25
"""Who has written less than this part of what is usual counts as if it were so much: of a few lines
all may be somebody else's by chance."""
_COMMON = 10
"""What so many have is common where it is also half of the class."""
_FEW, _SHARE_OF_FEW = 4, 0.03
"""One answer alone makes two alike where only so many, or such a share of the class, have it."""


@dataclass(frozen=True)
class Answers:
    """What a student wrote in place of the stubs, and in further cells of code.

    Parameters
    ----------
    student
        Whose.
    code
        By question, in the notebook's order.
    """

    student: str
    code: Mapping[str, str]


@dataclass(frozen=True)
class Pair:
    """Two students whose code is alike.

    Parameters
    ----------
    one, other
        Who, by name.
    share
        How much of the shorter one's rarer code the other has as well, from 0 to 1.
    weight
        How much rare code they share, in bits: what decides between pairs of the same share.
    questions
        The same share, by question, where it is large.
    """

    one: str
    other: str
    share: float
    weight: float
    questions: Mapping[str, float]


@dataclass(frozen=True)
class Alike:
    """What comparing a class came to.

    Parameters
    ----------
    pairs
        Those that are alike, who share most first.
    compared
        How many students were compared.
    empty
        Who has no code of their own to compare.
    """

    pairs: tuple[Pair, ...]
    compared: int
    empty: tuple[str, ...] = ()


def answers_of(class_folder: ClassFolder, work: Asked, student: str) -> Answers:
    """Return what a student wrote; nothing, where the submission cannot be read."""
    folder = class_folder.submitted(work.assignment.name, student)
    names = [sheet.assignment.notebook_name for sheet in work.sheets]
    code: dict[str, list[str]] = defaultdict(list)
    for sheet, name in zip(work.sheets, names, strict=True):
        siblings = tuple(other for other in names if other != name)
        notebook = read_submission(folder, name, siblings).notebook
        for question, source in _own(notebook.cells, sheet):
            code[named(work, sheet, question)].append(source)
    return Answers(student, {question: "\n\n".join(parts) for question, parts in code.items()})


def _own(cells: Sequence[NotebookNode], sheet: Material) -> Iterator[tuple[str, str]]:
    """Yield the code of a student's, cell by cell, with the question that it answers."""
    released = sheet.derived.release.cells
    ours = {name for cell in released if (name := grade_id_of(cell)) and is_ours(cell)}
    recognised = recognise(cells, released)
    looking = recognised.prose | recognised.exploration
    for cell in cells:
        name = recognised.grade_ids.get(cell["id"])
        if cell.cell_type == "code" and cell["id"] not in looking and name not in ours:
            yield name or OWN_CELLS, cell.source


@dataclass(frozen=True)
class _Prints:
    """The fingerprints of a class.

    Parameters
    ----------
    of
        By student and question.
    weights
        What each counts, in bits; nothing where it is common.
    holders
        Who has it, of those that several have and that count.
    rare
        Those that very few have.
    """

    of: Mapping[str, Mapping[str, frozenset[int]]]
    weights: Mapping[int, float]
    holders: Mapping[int, Sequence[str]]
    rare: frozenset[int]

    def weight(self, prints: Iterable[int]) -> float:
        return sum(self.weights[each] for each in prints)

    def all_of(self, student: str) -> frozenset[int]:
        return frozenset().union(*self.of[student].values())


@dataclass
class _Shared:
    """What two students share: how many fingerprints, what they weigh, and how many are rare."""

    count: int = 0
    weight: float = 0.0
    rare: int = 0


def alike(
    everybody: Sequence[Answers],
    given: frozenset[int] = frozenset(),
    groups: Mapping[str, str] | None = None,
) -> Alike:
    """Compare the answers of a class.

    Parameters
    ----------
    everybody
        One a student.
    given
        Hashes of what the course gave, see `autograder.classroom.given_code.given_hashes`.
    groups
        The group of each student who has one: who works in a group is not compared within it, and
        what a group shares counts once.
    """
    group_of = groups or {}
    prints = _fingerprints(everybody, given, group_of)
    totals = {student: prints.weight(prints.all_of(student)) for student in prints.of}
    floor = _LITTLE * median(totals.values()) if totals else 0.0
    pairs = []
    for (one, other), shared in _shared(prints, group_of).items():
        share = shared.weight / max(floor, min(totals[one], totals[other]))
        if shared.count >= _FEWEST and (share >= _IN_ALL or shared.rare >= _FEWEST):
            questions, in_one = _by_question(prints, one, other)
            if share >= _IN_ALL or in_one:
                pairs.append(Pair(one, other, share, shared.weight, questions))
    pairs.sort(key=lambda pair: (-pair.share, -pair.weight, pair.one, pair.other))
    empty = tuple(sorted(student for student in prints.of if not prints.all_of(student)))
    return Alike(tuple(pairs), len(everybody) - len(empty), empty)


def _fingerprints(
    everybody: Sequence[Answers], given: frozenset[int], group_of: Mapping[str, str]
) -> _Prints:
    of = {
        each.student: {name: winnowed(grams(code)) - given for name, code in each.code.items()}
        for each in everybody
    }
    held: dict[int, set[str]] = defaultdict(set)
    for student, by_question in of.items():
        for prints in by_question.values():
            for each in prints:
                held[each].add(student)
    units = len({group_of.get(student, student) for student in of})
    times = {
        each: len({group_of.get(student, student) for student in students})
        for each, students in held.items()
    }
    common, few = max(_COMMON, units / 2), max(_FEW, _SHARE_OF_FEW * units)
    return _Prints(
        of,
        {
            each: math.log2((units + 1) / max(2, count)) if count <= common else 0.0
            for each, count in times.items()
        },
        {each: sorted(students) for each, students in held.items() if 1 < times[each] <= common},
        frozenset(each for each, count in times.items() if count <= few),
    )


def _shared(prints: _Prints, group_of: Mapping[str, str]) -> dict[tuple[str, str], _Shared]:
    """Return what any two students share who are in no group together."""
    found: dict[tuple[str, str], _Shared] = defaultdict(_Shared)
    for each, holders in prints.holders.items():
        weight, rare = prints.weights[each], each in prints.rare
        for pair in combinations(holders, 2):
            if group_of.get(pair[0], pair[0]) != group_of.get(pair[1], pair[1]):
                shared = found[pair]
                shared.count += 1
                shared.weight += weight
                shared.rare += rare
    return found


def _by_question(prints: _Prints, one: str, other: str) -> tuple[dict[str, float], bool]:
    """Return the share of answers that are alike, and whether one alone makes two alike."""
    questions, in_one = {}, False
    for question, mine in prints.of[one].items():
        theirs = prints.of[other].get(question, frozenset())
        both, of_all = mine & theirs, min(prints.weight(mine), prints.weight(theirs))
        share = prints.weight(both) / of_all if of_all else 0.0
        if share >= _NAMED:
            questions[question] = share
            in_one |= share >= _IN_ONE and len(both & prints.rare) >= _FEWEST
    return questions, in_one
