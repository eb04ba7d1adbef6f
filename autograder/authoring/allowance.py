"""What judging one question may cost, kept to by those who do the work.

Nothing can stop numpy from outside in the middle of a call, least of all in a thread of a server.
So whoever walks along an answer says how far it went, and is told when that was too far. The clock
counts this thread's own CPU time: a busy machine takes nothing from anybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_STEPS_BETWEEN_LOOKS = 32


class AllowanceSpent(RuntimeError):
    """Judging an answer took more time than it may."""


class _Allowance:
    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock, self._ends = clock, clock() + seconds
        self._steps = 0

    def spend(self, steps: int) -> None:
        self._steps += steps
        if self._steps >= _STEPS_BETWEEN_LOOKS:
            self._steps = 0
            if self._clock() > self._ends:
                raise AllowanceSpent("the time for judging this question is used up")


_current: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowance(seconds: float, clock: Callable[[], float] = time.thread_time) -> Iterator[None]:
    """Let what is done in this block, in this thread, take so much time.

    Parameters
    ----------
    seconds
        How much.
    clock
        What tells the time.
    """
    token = _current.set(_Allowance(seconds, clock))
    try:
        yield
    finally:
        _current.reset(token)


def spend(steps: int = 1) -> None:
    """Say that so many parts of an answer have been looked at, or are about to be.

    Raises
    ------
    AllowanceSpent
        Too much time has passed since the allowance was given. Never where there is none.
    """
    current = _current.get()
    if current is not None:
        current.spend(steps)
