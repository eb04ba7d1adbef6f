"""What all wrong answers have in common with the arguments that they were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.judging.call_properties import bind, measures_of
from autograder.judging.wrong_answers import (
    Place,
    WrongAnswer,
    are_equal,
    arrays_in,
    calls_of,
    named,
    same,
)

_MIN_CALLS = 2
_MANY_CALLS = 3
_MIN_NUMBERS = 4
"""How many numbers have to keep a proportion, beside those that set it."""
_SAME = 1e-4
"""Relative difference up to which two numbers count as the same here."""


def of_arguments(wrong: Sequence[WrongAnswer], parameters: Sequence[str]) -> str | None:
    """Return what holds of all wrong answers, None where there is nothing to say.

    Parameters
    ----------
    wrong
        Wrong answers.
    parameters
        The names of the function's parameters, in order.
    """
    if calls_of(wrong) < _MIN_CALLS:
        return None
    given = [bind(each.case.case, parameters) for each in wrong]
    said = _by_a_measure(wrong, [measures_of(arguments) for arguments in given])
    if said:
        return said
    shared = [place for place in wrong[0].parts if all(place in each.parts for each in wrong)]
    for place in (*shared, None):
        said = _of_part(wrong, given, place, parameters)
        if said:
            return said
    return None


# --- numbers among the arguments -----------------------------------------------------------------

_Relation = Callable[[np.ndarray, np.ndarray], Any]
_RELATIONS: Mapping[str, _Relation] = {
    "the right one times {}": lambda right, m: right * m,
    "the right one divided by {}": lambda right, m: right / m,
    "the right one times the square of {}": lambda right, m: right * m * m,
    "the right one times 1 minus {}": lambda right, m: right * (1 - m),
    "the right one divided by 1 minus {}": lambda right, m: right / (1 - m),
    "the right one plus {}": lambda right, m: right + m,
    "the right one minus {}": lambda right, m: right - m,
    "{}": lambda right, m: m,
    "minus {}": lambda right, m: -m,
    "1 divided by {}": lambda right, m: 1 / m,
    "1 minus {}": lambda right, m: 1 - m,
}


def _by_a_measure(
    wrong: Sequence[WrongAnswer], measures: Sequence[Mapping[str, float]]
) -> str | None:
    """Say that every wrong answer comes of the right one and a number among the arguments."""
    rows = [each.flat for each in wrong]
    if calls_of(wrong) < _MANY_CALLS or any(row is None for row in rows):
        return None
    found = [row for row in rows if row is not None]
    ours, theirs = (np.concatenate(parts) for parts in zip(*found, strict=True))
    for name in measures[0]:
        if not all(name in each for each in measures):
            continue
        values = [each[name] for each in measures]
        if len(set(values)) < _MANY_CALLS or not np.isfinite(values).all():
            continue
        measure = np.repeat(values, [len(row[0]) for row in found])
        for words, relation in _RELATIONS.items():
            with np.errstate(all="ignore"):
                fits = np.allclose(theirs, relation(ours, measure), rtol=_SAME, atol=0)
            if fits:
                return f"Every wrong answer is {words.format(name)}, in every place."
    return None


# --- arguments as they are ------------------------------------------------------------------------

_Row = tuple[Any, Any, Any]
"""What was expected, what came, and an argument."""


def _of_part(
    wrong: Sequence[WrongAnswer],
    given: Sequence[Mapping[str, Any]],
    place: Place | None,
    parameters: Sequence[str],
) -> str | None:
    """Say what one part of every wrong answer has to do with an argument, or the whole of it."""
    pairs = [(each.expected, each.got) if place is None else each.parts[place] for each in wrong]
    off = [
        (*pair, arguments)
        for pair, arguments in zip(pairs, given, strict=True)
        if not are_equal(*pair)
    ]
    for name in parameters:
        if not off or any(name not in arguments for _, _, arguments in off):
            continue
        rows = [(ours, theirs, _fitting(of[name], place)) for ours, theirs, of in off]
        with np.errstate(all="ignore"):  # what came may be of any size
            said = _as_it_was(rows, name, place) or _in_proportion(rows, name, place)
        if said:
            return said
    return None


def _fitting(argument: Any, place: Place | None) -> Any:
    """Return the part of an argument that has a part's name, the whole where it has none."""
    return argument.get(place, argument) if isinstance(argument, Mapping) else argument


def _as_it_was(rows: Sequence[_Row], name: str, place: Place | None) -> str | None:
    if len(rows) < _MIN_CALLS or not all(are_equal(given, got) for _, got, given in rows):
        return None
    if all(are_equal(rows[0][1], got) for _, got, _ in rows):
        return None  # one answer to everything, which may be an argument by chance
    what = "Every wrong answer" if place is None else f"In every wrong answer {named(place)}"
    return f"{what} is what came in as `{name}`, as it was."


def _in_proportion(rows: Sequence[_Row], name: str, place: Place | None) -> str | None:
    """Say that errors are an argument times a number, another one for each call."""
    number = 0
    for row in rows:
        arrays = [arrays_in(value) for value in row]
        ours, theirs, given = (each[0] if each and len(each) == 1 else None for each in arrays)
        if ours is None or theirs is None or given is None:
            return None
        if not ours.shape == theirs.shape == given.shape or not _is_multiple(theirs - ours, given):
            return None
        if _is_multiple(ours, given):
            return None  # so everything is in proportion, and only its size is wrong
        number += int(np.count_nonzero(given)) - 1
    if number < _MIN_NUMBERS:
        return None
    what = "every wrong answer" if place is None else f"{named(place)} of every wrong answer"
    return (
        f"What is wrong in {what} is in proportion to `{name}`, entry by entry: it is added where "
        "it does not belong, or is missing, or has another factor."
    )


def _is_multiple(error: np.ndarray, of: np.ndarray) -> bool:
    """Return whether an array is another one times a number that is not 0."""
    if not np.isfinite(error).all() or not np.isfinite(of).all() or not of.any():
        return False
    factor = float((error * of).sum() / (of * of).sum())
    return factor != 0 and same(factor * of, error, _SAME)
