"""Inputs that are no plain data: described on one side, built on the other.

A `Recipe` crosses as its name and plain arguments. The witness builds the object anew for every
call, so that a function which uses it up harms no other call. What a name builds is said by a
function with the decorator `builds`: of the generator here, of what only a course needs in the
course's own ``probes/`` (see `autograder.guest.catalogue`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Show = Callable[[Any], str]
"""Puts a value into words, as Python would write it."""


@dataclass(frozen=True)
class Recipe:
    """How to build an input.

    Parameters
    ----------
    name
        Of one of the builders.
    args
        Plain data.
    """

    name: str
    args: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Builder:
    """What recipes of one name build, and how that is told to a student.

    Parameters
    ----------
    name
        Of the recipes.
    build
        Returns the object, called with a recipe's arguments.
    says
        Returns the object in words, called with `Show` and a recipe's arguments.
    written
        Whether the words are Python that builds the object in a student's notebook too.
    """

    name: str
    build: Callable[..., Any]
    says: Callable[..., str]
    written: bool = False

    def __call__(self, *args: Any) -> Any:
        """Build one."""
        return self.build(*args)


def builds(
    name: str, says: Callable[..., str] | None = None
) -> Callable[[Callable[..., Any]], Builder]:
    """Mark a function or a class as what recipes of a name build.

    Parameters
    ----------
    name
        Of the recipes.
    says
        See `Builder`; without it the name is said.
    """
    return lambda build: Builder(name, build, says or (lambda show, *args: f"a {name}"))


def _generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


GENERATOR = Builder(
    "generator", _generator, lambda show, seed: f"np.random.default_rng({seed})", written=True
)
