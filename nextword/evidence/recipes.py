"""Inputs that are no plain data: described on one side, built on the other.

A `Recipe` crosses as its name and plain arguments. The witness builds the object anew for every
call, so that a function which uses it up harms no other call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


class UnknownRecipe(ValueError):
    """A recipe whose name nothing here builds."""


@dataclass(frozen=True)
class Recipe:
    """How to build an input.

    Parameters
    ----------
    name
        One of the builders of this module.
    args
        Plain data.
    """

    name: str
    args: tuple[Any, ...] = ()


def build(value: Any) -> Any:
    """Return what a recipe builds, and anything else as it is.

    Raises
    ------
    UnknownRecipe
    """
    if not isinstance(value, Recipe):
        return value
    builder = _BUILDERS.get(value.name)
    if builder is None:
        raise UnknownRecipe(f"no recipe {value.name!r}; there are {', '.join(sorted(_BUILDERS))}")
    return builder(*value.args)


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


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


_BUILDERS: dict[str, Callable[..., Any]] = {"generator": _generator, "table model": TableModel}
