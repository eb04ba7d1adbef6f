"""Models of text that are tables, and what a function says after texts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.guest.probes import Shown, probe
from autograder.guest.recipes import Show, builds


@dataclass(frozen=True)
class TableModel:
    """A language model that is a table: what follows the last tokens of a prefix.

    Parameters
    ----------
    memory
        How many tokens it looks back.
    table
        Maps each context, a tuple of at most `memory` tokens, to words and their probabilities.
    """

    memory: int
    table: dict[tuple[str, ...], tuple[list[str], list[float]]]

    def __call__(self, prefix: Sequence[str]) -> tuple[list[str], np.ndarray]:
        """Return the words that can follow a prefix, and their probabilities."""
        context = tuple(str(token) for token in prefix)[-self.memory :]
        words, probabilities = self.table[context]
        return list(words), np.array(probabilities)


def _says_table(
    show: Show, memory: int, table: dict[tuple[str, ...], tuple[list[str], list[float]]]
) -> str:
    lines = [
        f"  {show(list(context))}: {show(dict(zip(words, probs, strict=True)))}"
        for context, (words, probs) in table.items()
    ]
    what = f"next_probs, which looks at the last {memory} token(s) and gives"
    return "\n".join([what, *lines])


TABLE_MODEL = builds("table model", _says_table)(TableModel)


@probe("last rows")
def last_rows(
    function: Callable[..., Any], params: Any, texts: Sequence[np.ndarray], *args: Any
) -> np.ndarray:
    """Return the last row of the array that a function returns second, for each of some texts."""
    return np.stack([np.asarray(function(params, text, *args)[1])[-1] for text in texts])


def _two_calls(show: Show, *args: Any) -> Shown:
    return Shown(args, ", two times, and once more from a generator in the same state")


@probe("by its generator", _two_calls)
def by_its_generator(function: Callable[..., Any], *args: Any) -> dict[str, Any]:
    """Return whether a random text comes from the generator among the arguments alone.

    Returns
    -------
    outcome
        Its ``length``; whether it is ``the same again`` from a generator in the same state; and
        whether it is ``new in every call`` from a generator that goes on.
    """
    again = copy.deepcopy(args)
    first, second, once_more = (list(function(*each)) for each in (args, args, again))
    return {
        "length": len(first),
        "the same again": first == once_more,
        "new in every call": first != second,
    }
