"""Short programs around a public function: what a student could write in fewer than five lines.

An adapter hands the arguments of a question to a function, or makes an object of some of them and
asks a method or an attribute of it with the others; and takes something simple of what comes back.
Which argument may go where is read from annotations, so that most are never called.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import math
import re
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import torch

MOST_REORDERED = 4
"""Arguments that are tried in every order; more of them come as they are."""
LONGEST_CALL = 0.5
"""Seconds of the processor after which a call is given up: longer ones answer no small case."""
LONGEST_WAIT = 20
"""Seconds after which a call is given up that waits for something."""
_ANYTHING = {"", "Any", "object"}
_ARRAYS = re.compile(r"ndarray|Array|Sequence|Iterable|Tensor|Float|Int|Num|float|list|tuple")
_NUMBERS = re.compile(r"\b(int|float|object|Real|ndarray|Float|Sequence)\b")
_MAPPINGS = re.compile(r"Mapping|dict|Counter|Module")
_TIMERS = {signal.ITIMER_PROF: signal.SIGPROF, signal.ITIMER_REAL: signal.SIGALRM}
_CALLABLES = re.compile(r"Callable|Term|Protocol|Model|Surface|Task")


@dataclass(frozen=True)
class Step:
    """What is taken of a value, and how it reads."""

    words: str
    take: Callable[[Any], Any]


def _entries(value: Any) -> Any:
    return np.asarray(value)


UNCHANGED = Step("{}", lambda value: value)
_OF_NUMBERS = (
    Step("np.exp({})", np.exp),
    Step("np.log({})", np.log),
    Step("-{}", np.negative),
    Step("1 - {}", lambda value: 1 - _entries(value)),
    Step("np.sum({})", np.sum),
    Step("-np.mean({})", lambda value: -np.mean(value)),
    Step("np.mean({})", np.mean),
    Step("np.exp(-np.mean({}))", lambda value: np.exp(-np.mean(value))),
    Step("np.abs({}).max()", lambda value: np.abs(value).max()),
    Step("np.linalg.norm({})", np.linalg.norm),
)
_OF_ARRAYS = (
    Step("{}.T", lambda value: _entries(value).T),
    Step("np.moveaxis({}, -1, 0)", lambda value: np.moveaxis(value, -1, 0)),
    Step("{}[0]", lambda value: value[0]),
    Step("{}[1]", lambda value: value[1]),
    Step("{}[-1]", lambda value: value[-1]),
    Step("{}[..., 0]", lambda value: _entries(value)[..., 0]),
    Step("{}.argmax(-1)", lambda value: _entries(value).argmax(-1)),
    Step("{}.argmax(-1).T", lambda value: _entries(value).argmax(-1).T),
    Step("list({})", list),
)
_OF_PARTS = (
    UNCHANGED,
    Step("{}.T", lambda value: _entries(value).T),
    Step("{}.argmax(-1).T", lambda value: _entries(value).argmax(-1).T),
)


class _TooLong(BaseException):
    """A call was given up."""


_GOING_ON: set[int] = set()


def _give_up(*_: object) -> None:
    if _GOING_ON:
        raise _TooLong


@contextmanager
def calls_can_be_given_up() -> Iterator[None]:
    """Let `tried` end what takes too long: handlers are set once, as there are many calls."""
    before = {number: signal.signal(number, _give_up) for number in _TIMERS.values()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_after(busy: float, waiting: float) -> None:
    """Set the timers, or stop them by zeros; they go on, as a weak reference may swallow one."""
    signal.setitimer(signal.ITIMER_PROF, busy, busy)
    signal.setitimer(signal.ITIMER_REAL, waiting, waiting)


def tried(function: Callable[..., Any], *args: Any) -> tuple[bool, Any]:
    """Return whether a call returned in time, and what; within `calls_can_be_given_up`."""
    _GOING_ON.add(0)
    _end_after(LONGEST_CALL, LONGEST_WAIT)
    try:
        return True, function(*args)
    except (Exception, SystemExit, _TooLong):
        return False, None
    finally:
        _GOING_ON.clear()
        _end_after(0, 0)


# --- which argument may go where -----------------------------------------------------------------


def fits(annotation: str, value: Any) -> bool:
    """Return whether an annotation does not rule a value out.

    Parameters
    ----------
    annotation
        As it is written; empty where there is none.
    value
        Of an argument.
    """
    if annotation in _ANYTHING or annotation.startswith("*"):
        return True
    if isinstance(value, np.random.Generator):
        return "Generator" in annotation
    if isinstance(value, str):
        return "str" in annotation or "Literal" in annotation
    if isinstance(value, bool):
        return "bool" in annotation
    if isinstance(value, (int, float, np.number)):
        return bool(_NUMBERS.search(annotation))
    if isinstance(value, (np.ndarray, list, tuple)):
        return bool(_ARRAYS.search(annotation))
    if isinstance(value, Mapping):
        return bool(_MAPPINGS.search(annotation))
    if value is None:
        return "None" in annotation
    return bool(_CALLABLES.search(annotation)) or annotation == type(value).__name__


@dataclass(frozen=True)
class Slots:
    """The positional parameters of a callable.

    Parameters
    ----------
    annotations
        Of each.
    least
        How many have no default.
    more
        Whether any further ones are taken.
    """

    annotations: tuple[str, ...]
    least: int
    more: bool

    def take(self, values: Sequence[Any]) -> bool:
        """Return whether values may be handed over in this order."""
        if not self.least <= len(values) or (len(values) > len(self.annotations) and not self.more):
            return False
        return all(fits(*pair) for pair in zip(self.annotations, values, strict=False))


@cache
def slots_of(function: Callable[..., Any], bound: bool = False) -> Slots | None:
    """Return the parameters of a callable; None where it has no signature, or needs keywords.

    Parameters
    ----------
    function
        Any.
    bound
        Whether its first one is the object that it is a method of.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())[int(bound) :]
    except (TypeError, ValueError):
        return None
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        return None
    annotations = tuple("" if p.annotation is p.empty else _text(p.annotation) for p in places)
    least = sum(p.default is p.empty for p in places)
    return Slots(annotations, least, any(p.kind is p.VAR_POSITIONAL for p in parameters))


def _text(annotation: Any) -> str:
    if isinstance(annotation, str):
        return annotation
    return getattr(annotation, "__name__", "") + " " + str(annotation)


# --- arguments, as they are handed over ----------------------------------------------------------


@dataclass(frozen=True)
class Unit:
    """One value that is handed over: an argument, or two that are stacked."""

    places: tuple[int, ...]

    def of(self, values: Sequence[Any]) -> Any:
        """Return it.

        Raises
        ------
        ValueError
            Two values cannot be stacked.
        """
        if len(self.places) == 1:
            return values[self.places[0]]
        parts = np.broadcast_arrays(*(np.asarray(values[i], dtype=float) for i in self.places))
        return np.stack(parts, axis=-1)

    def words(self, names: Sequence[str]) -> str:
        """Return how it reads."""
        named = [names[i] for i in self.places]
        return named[0] if len(named) == 1 else f"stacked({', '.join(named)})"


def arrangements(values: Sequence[Any]) -> Iterator[tuple[Unit, ...]]:
    """Yield in which orders, and which of them together, arguments may be handed over.

    One of them may be left out.
    """
    plain = tuple(Unit((i,)) for i in range(len(values)))
    numbers = [isinstance(value, (int, float, np.ndarray)) for value in values]
    rows = [plain]
    rows += [
        (*plain[:i], Unit((i, i + 1)), *plain[i + 2 :])
        for i in range(len(values) - 1)
        if numbers[i] and numbers[i + 1] and not isinstance(values[i], bool)
    ]
    for row in rows:
        for fewer in (row, *(row[:i] + row[i + 1 :] for i in range(len(row)))):
            yield from itertools.permutations(fewer) if len(fewer) <= MOST_REORDERED else (fewer,)


# --- adapters ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Adapter:
    """A program around one public callable.

    Parameters
    ----------
    name
        Of the callable.
    function
        It.
    units
        What is handed over.
    split
        How many of them make an object; None where what comes back is not asked further.
    method
        What is asked of the object with the others; or an attribute of it.
    steps
        What is taken of that, in order.
    parts
        What is then taken of each part of a pair, if anything.
    """

    name: str
    function: Callable[..., Any]
    units: tuple[Unit, ...]
    split: int | None = None
    method: str = ""
    steps: tuple[Step, ...] = ()
    parts: tuple[Step, ...] = ()

    def __call__(self, *values: Any) -> Any:
        """Return what the program gives."""
        found = self.root(values)
        for step in self.steps:
            found = step.take(found)
        if self.parts:
            return tuple(step.take(part) for step, part in zip(self.parts, found, strict=True))
        return found

    def root(self, values: Sequence[Any]) -> Any:
        """Return what the callable gives."""
        handed = [unit.of(values) for unit in self.units]
        if self.split is None:
            return self.function(*handed)
        made = self.function(*handed[: self.split])
        asked = getattr(made, self.method)
        return asked(*handed[self.split :]) if callable(asked) else asked

    def says(self, names: Sequence[str]) -> str:
        """Return how the program reads."""
        handed = [unit.words(names) for unit in self.units]
        if self.split is None:
            words = f"{self.name}({', '.join(handed)})"
        else:
            made, asked = handed[: self.split], handed[self.split :]
            words = f"{self.name}({', '.join(made)}).{self.method}({', '.join(asked)})"
        for step in self.steps:
            words = step.words.format(words)
        if self.parts:
            words = f"({', '.join(step.words.format('...') for step in self.parts)}) of {words}"
        return words


@dataclass(frozen=True)
class Public:
    """A function or class that a student could call.

    Parameters
    ----------
    name, function
        What it is called, and it.
    """

    name: str
    function: Callable[..., Any]

    def roots(self, values: Sequence[Any]) -> Iterator[tuple[Adapter, Any]]:
        """Yield what calls with some arguments give, each with how it was called."""
        slots = slots_of(self.function)
        if slots is None:
            return
        made: dict[tuple[Unit, ...], tuple[bool, Any]] = {}
        for units in arrangements(values):
            came, handed = tried(lambda units=units: [unit.of(values) for unit in units])
            for split in range(len(units) + 1 if came else 0):
                if not slots.take(handed[:split]):
                    continue
                first = units[:split]
                if first not in made:
                    made[first] = self._made_of(first, values)
                if not made[first][0]:
                    continue
                if split == len(units):
                    yield Adapter(self.name, self.function, units), made[first][1]
                for method, takes in _asked_of(type(made[first][1])):
                    if takes.take(handed[split:]):
                        adapter = Adapter(self.name, self.function, units, split, method)
                        came_back, found = tried(adapter.root, _own(values))
                        if came_back:
                            yield adapter, found

    def _made_of(self, units: tuple[Unit, ...], values: Sequence[Any]) -> tuple[bool, Any]:
        if units or inspect.isgeneratorfunction(self.function):
            return tried(Adapter(self.name, self.function, units).root, _own(values))
        return self._bare

    @cached_property
    def _bare(self) -> tuple[bool, Any]:
        """Whether a call without arguments returned, and what: to every question the same."""
        return tried(self.function)


def _own(values: Sequence[Any]) -> list[Any]:
    return copy.deepcopy(list(values))


@cache
def _asked_of(kind: type) -> tuple[tuple[str, Slots], ...]:
    """Return the public methods, properties and fields of a class of ours, with what each takes."""
    if not _is_ours(kind):
        return ()
    found = []
    for name in sorted({*dir(kind), *getattr(kind, "__dataclass_fields__", ())}):
        value = inspect.getattr_static(kind, name, None)
        if name == "__call__" or name[0] != "_":
            inner = value.__func__ if isinstance(value, (classmethod, staticmethod)) else value
            if not callable(inner):
                found.append((name, Slots((), 0, more=False)))
            elif slots := slots_of(inner, bound=not isinstance(value, staticmethod)):
                found.append((name, slots))
    return tuple(found)


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith(("nextword", "lectures", "autograder", "course"))


def taken_of(found: Any) -> Iterator[tuple[tuple[Step, ...], tuple[Step, ...], Any]]:
    """Yield what is simple to take of a value: its parts, and what is computed of each."""
    for first, value in _parts_of(found):
        yield (first,), (), value
        if isinstance(value, tuple) and 1 < len(value) <= 3:
            for steps in itertools.product(_OF_PARTS, repeat=len(value)):
                came, pair = tried(
                    lambda steps=steps, value=value: tuple(
                        step.take(part) for step, part in zip(steps, value, strict=True)
                    )
                )
                if came:
                    yield (first,), steps, pair
        elif _is_numeric(value):
            for step in (*_OF_NUMBERS, *_OF_ARRAYS):
                came, more = tried(step.take, value)
                if came:
                    yield (first, step), (), more


def _parts_of(found: Any) -> Iterator[tuple[Step, Any]]:
    yield UNCHANGED, found
    if isinstance(found, (tuple, list)) and found:
        for place in (0, 1, -1):
            if -len(found) <= place < len(found):
                yield Step(f"{{}}[{place}]", lambda value, i=place: value[i]), found[place]
    if isinstance(found, Mapping):
        for key in list(found)[:6]:
            yield Step(f"{{}}[{key!r}]", lambda value, k=key: value[k]), found[key]
    if _is_ours(type(found)):
        for name in dir(found):
            if name[0] != "_":
                came, value = tried(getattr, found, name)
                if came and not callable(value):
                    yield Step(f"{{}}.{name}", lambda made, n=name: getattr(made, n)), value
    if isinstance(found, torch.Tensor):
        yield (
            Step("{}.detach().numpy()", lambda value: value.detach().numpy()),
            (found.detach().numpy()),
        )


def _is_numeric(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub" and value.size > 0
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


# --- which of them is worth a look ---------------------------------------------------------------


def near(expected: Any, found: Any) -> bool:
    """Return whether a value could be what is expected: quickly, and rather too often."""
    if isinstance(expected, Mapping):
        return (
            isinstance(found, Mapping)
            and expected.keys() == found.keys()
            and all(near(expected[key], found[key]) for key in expected)
        )
    if isinstance(expected, (bool, np.bool_, str)) or expected is None:
        return type(found) in (type(expected), np.bool_, np.str_) and bool(found == expected)
    if isinstance(expected, (tuple, list)) and not _is_flat(expected):
        try:
            return len(found) == len(expected) and all(map(near, expected, found))
        except TypeError:
            return False
    return _near_in_numbers(expected, found)


def _is_flat(value: Sequence[Any]) -> bool:
    return all(isinstance(part, (int, float)) for part in value)


def _near_in_numbers(expected: Any, found: Any) -> bool:
    try:
        ours, theirs = np.asarray(expected, dtype=float), np.asarray(found, dtype=float)
    except (TypeError, ValueError, RuntimeError):
        return False
    return ours.shape == theirs.shape and bool(
        np.allclose(ours, theirs, rtol=1e-3, atol=1e-9, equal_nan=True)
    )


def alike(expected: Any, found: Any) -> bool:
    """Return whether a random value is of the shape that is expected."""
    if isinstance(expected, Mapping):
        return isinstance(found, Mapping) and expected.keys() == found.keys()
    if isinstance(expected, tuple):
        return (
            isinstance(found, (tuple, list))
            and len(found) == len(expected)
            and all(map(alike, expected, found))
        )
    try:
        return np.shape(expected) == np.shape(found)
    except (TypeError, ValueError):
        return False


def is_telling(value: Any) -> bool:
    """Return whether a right answer is one that is not met by chance."""
    try:
        entries = np.asarray(value, dtype=float).ravel()
    except (TypeError, ValueError):
        return value is not None and value not in ("", (), [], {})
    return entries.size > 0 and not all(
        math.isnan(entry) or entry in (0.0, 1.0, -1.0) for entry in entries
    )
