"""Different keys, numbered in ascending order: what `np.unique` does, several times faster.

Two ways to the same. Where few keys are possible, each has a cell in a table. Else they are sorted,
each with its place in the same int64 below it: sorting plain numbers is what numpy does fastest,
and what stands where need not be carried along.
"""

from typing import Protocol

import numpy as np
from jaxtyping import Int32, Int64

CELLS_PER_KEY = 1  # a table with more cells takes more memory than sorting, and soon more time


class Distinct(Protocol):
    """The different ones among some keys; the smallest has number 0.

    Attributes
    ----------
    keys
        The different keys, ascending.
    counts
        How often each occurs.
    places
        A place where each stands.
    """

    keys: Int64[np.ndarray, " distinct"]
    counts: Int32[np.ndarray, " distinct"]
    places: Int32[np.ndarray, " distinct"]

    def numbers(self) -> Int32[np.ndarray, " keys"]:
        """Return the number of the key at each place."""


def distinct(keys: Int64[np.ndarray, " keys"], limit: int) -> Distinct:
    """Find the different keys.

    Parameters
    ----------
    keys
        Numbers from 0. They are overwritten, to save memory.
    limit
        What all of them are below.
    """
    return Tabled(keys, limit) if limit <= CELLS_PER_KEY * len(keys) else Sorted(keys, limit)


class Tabled:
    """Different keys, found by a table with a cell for each possible one."""

    def __init__(self, keys: Int64[np.ndarray, " keys"], limit: int) -> None:
        self._of_places = keys
        self._cells = np.full(limit, -1, dtype=np.int32)
        self._cells[keys] = np.arange(len(keys), dtype=np.int32)
        self.keys = np.flatnonzero(self._cells >= 0)
        self.places = self._cells[self.keys]
        self.counts = np.bincount(keys, minlength=limit)[self.keys].astype(np.int32)

    def numbers(self) -> Int32[np.ndarray, " keys"]:
        """Return the number of the key at each place."""
        self._cells[self.keys] = np.arange(len(self.keys), dtype=np.int32)
        return np.asarray(self._cells[self._of_places])


class Sorted:
    """Different keys, found by sorting."""

    def __init__(self, keys: Int64[np.ndarray, " keys"], limit: int) -> None:
        self._order = _sort(keys, limit)
        begins = np.ones(len(keys), dtype=np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=begins[1:])
        first = np.flatnonzero(begins)
        self.keys = keys[first]
        self.counts = np.diff(first, append=len(keys)).astype(np.int32)
        self.places = self._order[first]

    def numbers(self) -> Int32[np.ndarray, " keys"]:
        """Return the number of the key at each place."""
        numbers = np.empty_like(self._order)
        numbers[self._order] = np.repeat(np.arange(len(self.keys), dtype=np.int32), self.counts)
        return numbers


def _sort(keys: Int64[np.ndarray, " keys"], limit: int) -> Int32[np.ndarray, " keys"]:
    """Sort keys where they stand, and return where each stood."""
    bits = len(keys).bit_length()
    if limit.bit_length() + bits > np.iinfo(np.int64).bits - 1:  # too large for a place below it
        order = np.argsort(keys)
        keys[:] = keys[order]
        return order.astype(np.int32)
    keys <<= bits
    keys |= np.arange(len(keys), dtype=np.int32)
    keys.sort()
    order = np.empty(len(keys), dtype=np.int32)
    np.bitwise_and(keys, (1 << bits) - 1, out=order, casting="unsafe")
    keys >>= bits
    return order
