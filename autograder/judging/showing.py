"""Puts calls and outcomes into words short enough to read, and calls into Python that runs.

A call that cannot be run as it stands says so in its first line.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.authoring.checking import Case
from autograder.guest.catalogue import GENERIC, Catalogue
from autograder.guest.probes import Probe, Words
from autograder.guest.recipes import Recipe
from autograder.judging.literals import is_uniform, literal
from autograder.judging.outcomes import Outcome

LONGEST = 1_600
LONGEST_CALL = 8_000
"""A call may be longer than an answer: shortened, it could not be pasted."""
NOT_PASTED = "# To be read, not to be pasted: "
_LARGE = 4_000
_SHORTEST = 3
"""Characters of an entry of an array, with what parts it from the next one."""


def show_call(function: str, case: Case, catalogue: Catalogue = GENERIC) -> str:
    """Return a call as a student would write it.

    It runs in the notebook as it stands, or its first line begins with `NOT_PASTED` and says why it
    does not.

    Parameters
    ----------
    function
        Its name.
    case
        The call.
    catalogue
        Knows the case's probe and recipes.

    Examples
    --------
    >>> show_call("perplexity", Case("bases", ([-3.0],), {"base": 2}))
    'perplexity([-3.0], base=2)'
    """
    probe = catalogue.probe(case.probe)
    values = (*case.args, *case.kwargs.values())
    built = [catalogue.builder(value) for value in values if isinstance(value, Recipe)]

    def in_words(value: Any) -> str:
        if isinstance(value, Recipe):
            return catalogue.builder(value).says(show, *value.args)
        return value if isinstance(value, Words) else show(value)

    def whole(value: Any) -> str:
        if isinstance(value, Recipe):
            return in_words(value)
        return literal(value, sorted_keys=False)  # a mistake may lie in the order of the keys

    if probe.pasted is None or not all(builder.written for builder in built):
        return f"{NOT_PASTED}it is described in words.\n{_call(function, case, probe, in_words)}"
    call = _call(function, case, probe, whole)
    if len(call) > LONGEST_CALL:
        shortened = _call(function, case, probe, in_words)
        return f"{NOT_PASTED}it is too long, and shortened here.\n{shortened}"
    return probe.pasted.format(call)


def _call(function: str, case: Case, probe: Probe, write: Callable[[Any], str]) -> str:
    shown = probe.shows(show, *case.args)
    parts = [write(arg) for arg in shown.args]
    parts += [f"{name}={write(value)}" for name, value in case.kwargs.items()]
    one_line = f"{function}({', '.join(parts)}){shown.after}"
    if len(one_line) <= 100:
        return one_line
    lines = ",\n".join("    " + part.replace("\n", "\n    ") for part in parts)
    return f"{function}(\n{lines},\n){shown.after}"


def show_outcome(outcome: Outcome, probe: Probe | None = None) -> str:
    """Return what a call came to: a value, an exception, or a sentence.

    Parameters
    ----------
    outcome
        Of the call.
    probe
        What asked. Of some, the outcome holds more than the value that a student sees.
    """
    if outcome.failure is not None:
        return outcome.failure
    if outcome.error is not None:
        message = f": {outcome.error.message}" if outcome.error.message else ""
        return f"{outcome.error.types[0]}{message}"
    if probe is not None and probe.says is not None:
        return probe.says(show, outcome.value)
    return show(outcome.value)


def show(value: Any) -> str:
    """Return a value as Python, cut in the middle where it is long."""
    if isinstance(value, np.ndarray) and value.ndim > 4 and value.size > _LARGE:
        return f"an array of shape {value.shape}"
    if _size(value) > _LARGE or (isinstance(value, np.ndarray) and _is_long(value)):
        return _cut(_brief(value))
    return _cut(literal(value))


def _is_long(array: np.ndarray) -> bool:
    """Return whether an array takes more than `LONGEST` characters to write."""
    if _SHORTEST * array.size > LONGEST and not is_uniform(array):
        return True  # known without writing it
    return len(literal(array)) > LONGEST


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def _brief(value: Any) -> str:
    """Return the beginning of what may be as large, and as odd, as an answer can be."""
    if isinstance(value, np.ndarray):
        rounded = np.array2string(value, threshold=40, precision=6)
        return f"an array of shape {value.shape}, rounded:\n{rounded}"
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = brief.maxdict = brief.maxset = brief.maxfrozenset = 40
    brief.maxstring = brief.maxother = LONGEST
    return brief.repr(_without_counters(value))


def _without_counters(value: Any) -> Any:
    """Return a value with dicts for Counters, which sort their counts before they show them."""
    if isinstance(value, Mapping):
        return {key: _without_counters(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        parts = [_without_counters(part) for part in value]
        return tuple(parts) if isinstance(value, tuple) else parts
    return value


def _size(value: Any) -> int:
    """Return about how many characters a value takes to write."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, np.ndarray):
        return int(value.size)
    if isinstance(value, Mapping):
        return sum(_size(key) + _size(part) for key, part in value.items())
    if isinstance(value, (list, tuple, frozenset)):
        return 1 + sum(_size(part) for part in value)
    return 1
