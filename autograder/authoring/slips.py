"""Makes another function out of a solution and the change of it."""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from autograder.authoring.checking import REFERENCE, Misconception, Slip
from autograder.errors import CourseError

_ANNOTATIONS = __future__.annotations.compiler_flag
"""Annotations are not evaluated: they name what only the check's module imports for its types."""
_MARKS = re.compile(r"^ *### (?:BEGIN|END) SOLUTION\n", re.MULTILINE)


class MisfitSlip(CourseError):
    """A slip does not fit the solution that it spoils."""


def spoil(name: str, slip: Slip, reference: Callable[..., Any], where: str) -> Misconception:
    """Return the misconception that a slip stands for.

    Parameters
    ----------
    name
        What it is called.
    slip
        As an author wrote it.
    reference
        The reference function of its question.
    where
        The check's module, for messages.

    Raises
    ------
    MisfitSlip
        What it replaces is not there exactly once, or nothing or no function comes of it.
    """
    right = reference if slip.of == REFERENCE else slip.of.function
    text = changed(source_of(right), slip.changes, f"{where}: slip {name!r} of {right.__name__}")
    function = function_of(text, right, name, f"{where}.{name}")
    return Misconception(function, slip.loses, slip.hint, slip.overflows)


@functools.lru_cache(maxsize=64)
def source_of(right: Callable[..., Any]) -> str:
    """Return the source of a solution, without the marks that students do not see."""
    return _MARKS.sub("", textwrap.dedent(inspect.getsource(right)))


def changed(source: str, changes: Sequence[tuple[str, str]], what: str) -> str:
    """Return a source with each change made, in order.

    Parameters
    ----------
    source
        Of a solution.
    changes
        What is replaced by what.
    what
        What this is about, for messages.

    Raises
    ------
    MisfitSlip
        What is replaced is not there exactly once, or nothing comes of it.
    """
    for replaced, by in changes:
        if replaced == by:
            raise MisfitSlip(f"{what} replaces {replaced!r} by itself")
        if (times := source.count(replaced)) != 1:
            raise MisfitSlip(
                f"{what} replaces {replaced!r}, which stands there {times} times; expected once"
            )
        source = source.replace(replaced, by)
    return source


def function_of(text: str, right: Callable[..., Any], name: str, where: str) -> Callable[..., Any]:
    """Return what a changed text defines, named anew; its source can be asked for.

    Parameters
    ----------
    text
        The changed source.
    right
        The solution that it was; the global names are its own.
    name
        What the function is called.
    where
        What stands in tracebacks in place of a file.

    Raises
    ------
    MisfitSlip
        The text is no function.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise MisfitSlip(f"{where} does not parse once it is changed: {error}") from error
    (definition,) = tree.body
    if not isinstance(definition, ast.FunctionDef):
        raise MisfitSlip(f"{where} is no function once it is changed")
    definition.decorator_list = []
    filename = f"<{where}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    # In names of its own, so that where it calls itself, it calls what it has become.
    namespace = dict(right.__globals__)
    code = compile(tree, filename, "exec", flags=_ANNOTATIONS, dont_inherit=True)
    exec(code, namespace)  # noqa: S102 - the course's own code
    function = namespace[definition.name]
    function.__name__ = name
    return function  # type: ignore[no-any-return]
