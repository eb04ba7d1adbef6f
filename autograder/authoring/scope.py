"""Gives visible tests names of their own.

What a test cell bound in the notebook would take the place of a student's helper of that name, and
the function that calls the helper would be graded with a number in its place. So a released test
cell is one function, which is called at once.
"""

from __future__ import annotations

import io
import symtable
import textwrap
import tokenize
from collections.abc import Iterator, Sequence

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.authoring.conventions import VISIBLE, grade_id_of
from autograder.errors import CourseError

_TEXTS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


class LentName(CourseError):
    """A cell uses a name that only a test cell binds, and keeps to itself."""


class ScopeTests(NbGraderPreprocessor):  # type: ignore[misc]
    """Makes a function of each visible test cell that binds names. nbgrader calls it."""

    def preprocess(
        self, notebook: NotebookNode, resources: dict[str, object]
    ) -> tuple[NotebookNode, dict[str, object]]:
        """Return the notebook with the cells changed."""
        for cell in notebook.cells:
            if is_test(cell):
                name = (grade_id_of(cell) or "").removesuffix(f"-{VISIBLE}")
                cell.source = in_a_scope(cell.source, f"test_{name}")
        return notebook, resources


def is_test(cell: NotebookNode) -> bool:
    """Return whether a cell holds visible tests."""
    return cell.cell_type == "code" and (grade_id_of(cell) or "").endswith(f"-{VISIBLE}")


def in_a_scope(source: str, name: str) -> str:
    r"""Return a cell as one function that is called at once; the same cell where it binds nothing.

    A cell that is such a function already stays as it is: nbgrader may come twice.

    Parameters
    ----------
    source
        Of the cell. What is no plain Python is returned as it is.
    name
        What the function is called: the one name that the cell binds.

    Examples
    --------
    >>> print(in_a_scope("half = 1 / 2\nassert half < 1", "test_half"))
    def test_half():
        half = 1 / 2
        assert half < 1
    <BLANKLINE>
    <BLANKLINE>
    test_half()
    """
    if bound_names(source) <= {name}:
        return source
    in_texts = set(_rows_in_texts(source))
    lines = [
        line if row in in_texts else textwrap.indent(line, "    ")
        for row, line in enumerate(source.splitlines(), start=1)
    ]
    return f"def {name}():\n" + "\n".join(lines) + f"\n\n\n{name}()"


def _rows_in_texts(source: str) -> Iterator[int]:
    """Yield the rows that begin within a text, where an indentation would be part of it."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _TEXTS:
            yield from range(token.start[0] + 1, token.end[0] + 1)


def bound_names(source: str) -> set[str]:
    """Return the names that a cell binds in its notebook; none where it is no plain Python."""
    table = _table(source)
    return {
        symbol.get_name()
        for symbol in (table.get_symbols() if table else ())
        if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()
    }


def used_names(source: str) -> set[str]:
    """Return the names that a cell, or a function in it, looks for in its notebook."""
    table = _table(source)
    return set(_used(table)) if table else set()


def _used(table: symtable.SymbolTable) -> Iterator[str]:
    at_top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (at_top or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _used(child)


def _table(source: str) -> symtable.SymbolTable | None:
    try:
        return symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError):
        return None


def refuse_lent_names(cells: Sequence[NotebookNode]) -> None:
    """See that no cell uses what only the tests of another one bind.

    Parameters
    ----------
    cells
        Of a reference notebook.

    Raises
    ------
    LentName
    """
    code = [cell for cell in cells if cell.cell_type == "code"]
    tests = [cell for cell in code if is_test(cell)]
    free = {name for cell in code if not is_test(cell) for name in bound_names(cell.source)}
    lent = {name: cell for cell in tests for name in bound_names(cell.source) - free}
    for cell in code:
        own = bound_names(cell.source)
        for name in sorted((used_names(cell.source) - own) & lent.keys()):
            raise LentName(
                f"cell {grade_id_of(cell) or cell.source[:40]!r} uses {name!r}, which only the "
                f"tests of {grade_id_of(lent[name])!r} bind: in the release they keep their names "
                "to themselves. Bind it in a cell of its own, or where it is used"
            )
