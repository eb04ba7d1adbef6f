"""How fast this machine is just now, by which seconds of different hours can be compared."""

import time

_STEPS = 500_000
"""Of the loop that is timed."""


def pace() -> float:
    """Return the CPU seconds of ten million steps of a plain loop, on this machine just now.

    One machine took from 0.6 to 2.2 in one week, and from 0.6 to 1.1 in one minute, by what ran
    beside it. Seconds that were measured at one pace are compared with others after they are
    divided by it; what takes long is divided piece by piece.
    """
    begun = time.process_time()
    total = 0
    for step in range(_STEPS):
        total += step * step
    return (time.process_time() - begun) * 10_000_000 / _STEPS
