"""What can be said of calls by looking at their arguments: *`n` is 1*, *`x` is empty*.

Of arguments only, and of nothing that a student's code has to do with.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np

from autograder.authoring.checking import Case

_MOST_VALUES = 12
"""Of an argument that takes more values than this, no single one is worth a word."""
_FEWEST_CALLS = 2

Having = dict[str, frozenset[str]]
"""By property, in words that go on *wherever*: the calls that have it."""
_Values = Mapping[str, Any]
"""An argument by call, of those calls that give it."""


def properties_of(
    calls: Mapping[str, Case], parameters: Sequence[str], practice: Set[str]
) -> Having:
    """Return which calls have which property: of two that the same calls have, the simpler first.

    Parameters
    ----------
    calls
        Of one function, by a name for each; each probed by one call with a case's arguments.
    parameters
        The names of the function's parameters, in order.
    practice
        The calls whose arguments may be shown: no number and no text of others is said.
    """
    bound = {name: bind(case, parameters) for name, case in calls.items()}
    found: Having = {}
    for parameter in parameters:
        given = {name: one[parameter] for name, one in bound.items() if parameter in one}
        if len(given) < len(bound):
            found[f"`{parameter}` is left out"] = frozenset(bound.keys() - given.keys())
        _add(found, f"`{parameter}`", given, practice)
        for key in _keys_of(given):
            inside = {name: value[key] for name, value in given.items() if key in value}
            _add(found, f"`{parameter}[{key!r}]`", inside, practice)
    for words, having in _of_two(bound, parameters):
        found.setdefault(words, having)
    return {words: having for words, having in found.items() if len(having) >= _FEWEST_CALLS}


def bind(case: Case, parameters: Sequence[str]) -> dict[str, Any]:
    """Return a call's arguments by the names of the parameters that they meet."""
    return {**dict(zip(parameters, case.args, strict=False)), **case.kwargs}


def _keys_of(given: _Values) -> list[str]:
    """Return the names of the parts that any argument has, where all are mappings of names."""
    if not all(isinstance(value, Mapping) for value in given.values()):
        return []
    keys = dict.fromkeys(key for value in given.values() for key in value)
    named = all(isinstance(key, str) and key.isidentifier() for key in keys)
    return list(keys) if named and len(keys) <= _MOST_VALUES else []


def _add(found: Having, name: str, values: _Values, practice: Set[str]) -> None:
    """Add the properties that one argument gives."""
    for words, holds in _QUESTIONS.items():
        having = frozenset(call for call, value in values.items() if holds(value))
        found.setdefault(words.format(name), having)
    measures = {
        "{}": {k: int(v) for k, v in values.items() if _is_whole(v)},
        "the length of {}": {k: len(v) for k, v in values.items() if _has_length(v)},
        "the number of columns of {}": {
            k: v.shape[1] for k, v in values.items() if isinstance(v, np.ndarray) and v.ndim == 2
        },
        "the number of axes of {}": {
            k: v.ndim for k, v in values.items() if isinstance(v, np.ndarray)
        },
    }
    for what, of_calls in measures.items():
        for words, having in _of_whole_numbers(what.format(name), of_calls, practice):
            found.setdefault(words, having)
    texts = {k: v for k, v in values.items() if isinstance(v, str)}
    for text in _few(texts, practice):
        found[f"{name} is {text!r}"] = frozenset(k for k, v in texts.items() if v == text)


def _of_whole_numbers(
    what: str, values: Mapping[str, int], practice: Set[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    for number in _few(values, practice):
        yield f"{what} is {number}", frozenset(k for k, v in values.items() if v == number)
    for number in _shown(values, practice)[1:_MOST_VALUES]:
        yield f"{what} is {number} or more", frozenset(k for k, v in values.items() if v >= number)
        yield f"{what} is less than {number}", frozenset(k for k, v in values.items() if v < number)


def _few(values: Mapping[str, Any], practice: Set[str]) -> list[Any]:
    """Return the values that arguments take in order, where they are few."""
    found = _shown(values, practice)
    return found if 1 < len(found) <= _MOST_VALUES else []


def _shown(values: Mapping[str, Any], practice: Set[str]) -> list[Any]:
    return sorted({value for call, value in values.items() if call in practice})


def _of_two(
    bound: Mapping[str, Mapping[str, Any]], parameters: Sequence[str]
) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what holds of two arguments together: whole numbers, and lengths."""
    sizes = {
        call: {
            words: size
            for name, value in given.items()
            for words, size in _sizes(f"`{name}`", value)
        }
        for call, given in bound.items()
    }
    names = list(dict.fromkeys(words for each in sizes.values() for words in each))
    for one in names:
        for other in names:
            both = {k: v for k, v in sizes.items() if one in v and other in v}
            if one < other:
                yield (
                    f"{one} and {other} are the same",
                    frozenset(k for k, v in both.items() if v[one] == v[other]),
                )
            if one != other:
                yield (
                    f"{one} is more than {other}",
                    frozenset(k for k, v in both.items() if v[one] > v[other]),
                )


def measures_of(arguments: Mapping[str, Any]) -> dict[str, float]:
    """Return the numbers among a call's arguments, and how long the others are, in words."""
    found: dict[str, float] = {}
    for parameter, value in arguments.items():
        if _is_number(value):
            found[f"`{parameter}`"] = float(value)
        elif isinstance(value, np.ndarray) and value.ndim > 1:
            for axis, words in enumerate(("rows", "columns")):
                found[f"the number of {words} of `{parameter}`"] = value.shape[axis]
            found[f"the number of entries of `{parameter}`"] = value.size
        elif _has_length(value):
            found[f"the length of `{parameter}`"] = len(value)
    return found


def _sizes(name: str, value: Any) -> Iterator[tuple[str, int]]:
    if _is_whole(value):
        yield name, int(value)
    elif _has_length(value):
        yield f"the length of {name}", len(value)


# --- questions of one argument --------------------------------------------------------------------


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _has_length(value: Any) -> bool:
    return isinstance(value, (list, tuple, Mapping)) or (
        isinstance(value, np.ndarray) and value.ndim > 0
    )


def _numbers(value: Any) -> np.ndarray | None:
    """Return the numbers in an array or a list, None where it has none or something else."""
    if not isinstance(value, (list, tuple, np.ndarray)):
        return None
    if not isinstance(value, np.ndarray) and not all(isinstance(v, numbers.Real) for v in value):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "iuf" and array.size else None


def _of_one(holds: Callable[[float], bool]) -> Callable[[Any], bool]:
    def answer(value: Any) -> bool:
        return _is_number(value) and holds(value)

    return answer


def _of_many(holds: Callable[[np.ndarray], Any]) -> Callable[[Any], bool]:
    def answer(value: Any) -> bool:
        found = _numbers(value)
        return found is not None and bool(np.any(holds(found)))

    return answer


def _holds_twice(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 1 and len(np.unique(value)) < len(value)
    hashable = isinstance(value, (list, tuple)) and all(
        isinstance(part, (str, int, float)) for part in value
    )
    return hashable and len(set(value)) < len(value)


_QUESTIONS: Mapping[str, Callable[[Any], bool]] = {
    "{} is None": lambda x: x is None,
    "{} is True": lambda x: x is True,
    "{} is False": lambda x: x is False,
    "{} is empty": lambda x: _has_length(x) and (x.size if hasattr(x, "size") else len(x)) == 0,
    "{} is 0": _of_one(lambda x: x == 0),
    "{} is 1": _of_one(lambda x: x == 1),
    "{} is negative": _of_one(lambda x: x < 0),
    "{} is greater than 1": _of_one(lambda x: x > 1),
    "{} is less than 1": _of_one(lambda x: x < 1),
    "{} is infinite": _of_one(lambda x: abs(x) == float("inf")),
    "{} is nan": _of_one(lambda x: x != x),
    "{} holds a 0": _of_many(lambda x: x == 0),
    "{} holds no 0": _of_many(lambda x: np.all(x != 0)),
    "{} holds a negative number": _of_many(lambda x: x < 0),
    "{} holds no negative number": _of_many(lambda x: np.all(x >= 0)),
    "{} holds a number above 1": _of_many(lambda x: x > 1),
    "{} holds nan": _of_many(np.isnan),
    "{} holds infinity": _of_many(np.isinf),
    "{} holds nothing but 0": _of_many(lambda x: np.all(x == 0)),
    "{} holds one number many times and no other": _of_many(
        lambda x: x.size > 1 and np.all(x == x.flat[0])
    ),
    "{} holds an entry twice": _holds_twice,
    "{} holds whole numbers, as integers": lambda x: (
        isinstance(x, np.ndarray) and x.dtype.kind in "iu"
    ),
    "{} is in float32": lambda x: isinstance(x, np.ndarray) and x.dtype == np.float32,
    "{} is square": lambda x: (
        isinstance(x, np.ndarray) and x.ndim == 2 and x.shape[0] == x.shape[1]
    ),
    "{} is not square": lambda x: (
        isinstance(x, np.ndarray) and x.ndim == 2 and x.shape[0] != x.shape[1]
    ),
}
