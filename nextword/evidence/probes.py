"""Ways to question a function whose single answers cannot be compared.

A probe calls the student's function, often many times, and turns what comes back into data. It runs
beside the student's code and is trusted by nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

Probe = Callable[..., Any]


class UnknownProbe(ValueError):
    """A probe whose name nothing here answers to."""


def call_once(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what one call gives: the probe of most cases."""
    return function(*args, **kwargs)


def tally(function: Callable[..., Any], times: int, *args: Any, **kwargs: Any) -> Counter[Any]:
    """Return how often each result comes in `times` calls with the same arguments.

    Lists are tallied as tuples. A random generator among the arguments goes on from call to call.
    """
    return Counter(_hashable(function(*args, **kwargs)) for _ in range(times))


def _hashable(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    try:
        return tuple(_hashable(part) for part in value)
    except TypeError:
        return value


_PROBES: dict[str, Probe] = {"call once": call_once, "tally": tally}


def probe(name: str) -> Probe:
    """Return the probe of that name.

    Raises
    ------
    UnknownProbe
    """
    if name not in _PROBES:
        raise UnknownProbe(f"no probe {name!r}; there are {', '.join(sorted(_PROBES))}")
    return _PROBES[name]
