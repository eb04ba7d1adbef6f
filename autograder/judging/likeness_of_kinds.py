"""What all wrong answers have in common as values of any kind, beside those that were expected."""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.authoring.allowance import spend
from autograder.judging.wrong_answers import Place, WrongAnswer, are_equal, calls_of, named

_ENOUGH = 3
"""How many different calls have to show what two might by chance."""
_NONE = "Every wrong answer is None. Does a path through your function lack a return?"
_ATOMS = (str, int, float, bool, type(None), np.generic)


def of_kinds(wrong: Sequence[WrongAnswer]) -> str | None:
    """Return what holds of all wrong answers, None where there is nothing to say."""
    looks = (_in_kind, _truth, _empty, _in_keys, _in_size, _in_order, _in_parts, _always_the_same)
    return next((said for look in looks if (said := look(wrong))), None)


# --- kinds ---------------------------------------------------------------------------------------


def kind_of(value: Any) -> str | None:
    """Return in words what kind of value this is, None for one that has no name here.

    Lists of numbers are arrays: of what can be either, students choose.
    """
    if value is None:
        return "None"
    for kinds, word in (
        ((bool, np.bool_), "True or False"),
        ((numbers.Number,), "a number"),
        ((str,), "text"),
        ((Mapping,), "a dict"),
    ):
        if isinstance(value, kinds):
            return word
    axes = _axes(value)
    if axes is None:
        return "a list" if isinstance(value, (list, tuple)) else None
    return "a number" if axes == 0 else f"an array with {axes} {'axis' if axes == 1 else 'axes'}"


def _axes(value: Any) -> int | None:
    """Return how many axes an array has, or a list of numbers; None where it is neither."""
    if isinstance(value, np.ndarray):
        return value.ndim
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return 0
    if not isinstance(value, (list, tuple)) or not value:
        return None
    spend(len(value))
    inside = {_axes(part) for part in value}
    axes = inside.pop() if len(inside) == 1 else None
    return None if axes is None else axes + 1


def _in_kind(wrong: Sequence[WrongAnswer]) -> str | None:
    if any(isinstance(each.expected, tuple) for each in wrong):
        return _in_number_of_parts(wrong)
    kinds = {(kind_of(each.expected), kind_of(each.got)) for each in wrong}
    if len(kinds) != 1:
        return _in_axes(wrong)
    wanted, came = kinds.pop()
    if wanted is None or came is None or wanted == came or wanted == "None":
        return None
    if came == "None":
        return _NONE
    if "a list" in (wanted, came) and (wanted + came).count("an array"):
        return None  # one may be the other, with something odd in it
    return f"Every wrong answer is {came} where {wanted} is expected."


def _in_number_of_parts(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that what comes instead of a tuple is no tuple, or one of another length."""
    if not all(isinstance(each.expected, tuple) for each in wrong):
        return None
    numbers_of = {len(each.expected) for each in wrong}
    if all(each.got is None for each in wrong):
        return _NONE
    came = {len(each.got) if isinstance(each.got, (tuple, list)) else 1 for each in wrong}
    if len(numbers_of) != 1 or numbers_of & came:
        return None
    number = numbers_of.pop()
    return f"{number} parts are to be returned together; every wrong answer has more or fewer."


def _in_axes(wrong: Sequence[WrongAnswer]) -> str | None:
    axes = [(_axes(each.expected), _axes(each.got)) for each in wrong]
    more = {theirs - ours for ours, theirs in axes if ours is not None and theirs is not None}
    if len(more) != 1 or 0 in more or any(None in both for both in axes):
        return None
    return f"Every wrong answer has too {'many' if more.pop() > 0 else 'few'} axes."


def _truth(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say in which direction answers of yes and no are wrong."""
    kinds = {kind_of(value) for each in wrong for value in (each.expected, each.got)}
    if calls_of(wrong) < _ENOUGH or kinds != {"True or False"}:
        return None
    came = {bool(each.got) for each in wrong}
    if len(came) != 1:
        return None
    said = came.pop()
    return f"Every wrong answer is {said} where {not said} is expected, and never the other way."


def _empty(wrong: Sequence[WrongAnswer]) -> str | None:
    sizes = [(_length(each.expected), _length(each.got)) for each in wrong]
    if all(ours and theirs == 0 for ours, theirs in sizes):
        return "Every wrong answer is empty, where something is expected."
    return None


def _length(value: Any) -> int | None:
    if isinstance(value, np.ndarray):
        return len(value) if value.ndim else None
    return len(value) if isinstance(value, (list, tuple, Mapping)) else None


# --- what comes always ---------------------------------------------------------------------------


def _vary(values: Sequence[Any]) -> bool:
    """Return whether values are not all the same."""
    return any(not are_equal(values[0], other) for other in values[1:])


def _always_the_same(wrong: Sequence[WrongAnswer]) -> str | None:
    if calls_of(wrong) < _ENOUGH or _vary([each.got for each in wrong]):
        return None
    if not _vary([each.expected for each in wrong]):
        return None
    return "Every wrong answer is the same one, whatever the arguments are."


# --- keys, lengths, order ------------------------------------------------------------------------


def _in_keys(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that mappings lack keys, or have others."""
    both = [(each.expected, each.got) for each in wrong]
    if not all(isinstance(one, Mapping) and isinstance(other, Mapping) for one, other in both):
        return None
    found = {
        (bool(_keys(ours) - _keys(theirs)), bool(_keys(theirs) - _keys(ours)))
        for ours, theirs in both
    }
    if len(found) != 1:
        return None
    match found.pop():
        case (True, False):
            return "Every wrong answer lacks keys that are expected, and has no others."
        case (False, True):
            return "Every wrong answer has all expected keys, and some that do not belong there."
        case (True, True):
            return "Every wrong answer lacks keys that are expected, and has others instead."
    return None


def _keys(mapping: Mapping[Any, Any]) -> set[Any]:
    """Return the keys of a mapping; those of a Counter that count nothing are none."""
    if isinstance(mapping, Counter):
        return {key for key, count in mapping.items() if not _is_nothing(count)}
    return set(mapping)


def _is_nothing(count: Any) -> bool:
    return isinstance(count, (int, float, np.number)) and bool(count == 0)


def _in_size(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that every answer is longer than expected, or shorter, and by how much."""
    shapes = [(_shape(each.expected), _shape(each.got)) for each in wrong]
    dimensions = {len(shape) for both in shapes for shape in both}
    if len(dimensions) != 1 or 0 in dimensions:
        return None
    more = np.array([np.subtract(theirs, ours) for ours, theirs in shapes])
    axes = [axis for axis in range(more.shape[1]) if more[:, axis].any()]
    if len(axes) != 1:
        return None
    along = "" if more.shape[1] == 1 else f" along axis {axes[0]}"
    return _longer(more[:, axes[0]], along)


def _longer(more: np.ndarray, along: str) -> str | None:
    if not ((more > 0).all() or (more < 0).all()):
        return None
    word = "long" if more[0] > 0 else "short"
    if (np.abs(more) == 1).all():
        return f"Every wrong answer is too {word} by one{along}."
    return f"Every wrong answer is too {word}{along}."


def _shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, np.ndarray):
        return tuple(value.shape)
    return (len(value),) if isinstance(value, list) else ()


def _in_order(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that lists of words, or numbers, hold what they should, in another order."""
    if all(_are_in_another_order(each.expected, each.got) for each in wrong):
        return "Every wrong answer holds the right entries, in another order."
    return None


def _are_in_another_order(ours: Any, theirs: Any) -> bool:
    if _length(ours) != _length(theirs):  # so that no tally is longer than what we expect
        return False
    expected, came = _as_tally(ours), _as_tally(theirs)
    return expected is not None and expected == came and len(expected) > 1


def _as_tally(value: Any) -> Counter[Any] | None:
    if not isinstance(value, (list, tuple)) or not all(isinstance(part, _ATOMS) for part in value):
        return None
    return Counter(value)


# --- parts ---------------------------------------------------------------------------------------


def _in_parts(wrong: Sequence[WrongAnswer]) -> str | None:
    """Say that one part of what is returned is wrong, each time the same, and the others right."""
    places = {_wrong_parts(each) for each in wrong}
    if len(places) != 1 or None in places:
        return None
    parts = " and ".join(map(named, places.pop() or ()))
    return f"Of what you return, {parts} is wrong in every wrong answer, and the rest is right."


def _wrong_parts(each: WrongAnswer) -> tuple[Place, ...] | None:
    """Return which parts of an answer are wrong; None where not some are and some are not."""
    parts = each.parts
    wrong = tuple(place for place, pair in parts.items() if not are_equal(*pair))
    return wrong if 0 < len(wrong) < len(parts) else None
