"""Reads the reference functions out of a solution notebook.

Nothing else of the course imports a notebook. Only definitions are executed: imports from any code
cell but explorations, constants (names in capitals) from those that are not tests either, functions
and classes from solution cells and given cells.
Training, plotting and tests never run. What a notebook imports whole is imported when it is wanted
(see `autograder.authoring.late`).
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeGuard

from nbformat import NotebookNode

from autograder.authoring.conventions import EXPLORATION, GIVEN, grade_id_of, role_of
from autograder.authoring.late import LateModule, may_be_late
from autograder.errors import CourseError


class BrokenReference(CourseError):
    """The definitions of a reference notebook cannot be executed."""


class UnknownReference(CourseError):
    """A check names a function that the reference notebook does not define."""


def load_reference(notebook: NotebookNode, name: str) -> ModuleType:
    """Return a module that holds the reference functions of a notebook.

    Parameters
    ----------
    notebook
        The reference notebook.
    name
        The module's name, for tracebacks.

    Raises
    ------
    BrokenReference
        A cell does not parse, or its definitions raise.
    """
    module = ModuleType(name)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and EXPLORATION not in cell.metadata.get("tags", []):
            _execute(cell, module, f"<{name}, cell {grade_id_of(cell) or index}>")
    return module


def reference_function(module: ModuleType, name: str) -> Callable[..., Any]:
    """Return a function of the reference module.

    Raises
    ------
    UnknownReference
        There is no function of that name.
    """
    function = getattr(module, name, None)
    if not callable(function):
        defined = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise UnknownReference(
            f"No reference {name!r} in {module.__name__}. It defines: {', '.join(sorted(defined))}"
        )
    return function  # type: ignore[no-any-return]


def _execute(cell: NotebookNode, module: ModuleType, filename: str) -> None:
    """Execute a cell's definitions in `module`."""
    try:
        tree = ast.parse(cell.source, filename)
    except SyntaxError as error:
        if grade_id_of(cell) is None:
            return  # a cell with magics: none of ours holds a definition
        raise BrokenReference(f"{filename} does not parse: {error}") from error
    tests = grade_id_of(cell) is not None and not _may_define(cell)
    tree.body = list(_definitions(tree, _may_define(cell), not tests))
    for node in tree.body:
        if isinstance(node, ast.Import):
            _put_off(node, module)
        elif isinstance(node, ast.FunctionDef):
            _leave_late_types(node, module)
    tree.body = [node for node in tree.body if not isinstance(node, ast.Import) or node.names]
    # So that a traceback through the reference shows its lines.
    lines = cell.source.splitlines(keepends=True)
    linecache.cache[filename] = (len(cell.source), None, lines, filename)
    try:
        code = compile(tree, filename, "exec", dont_inherit=True)
        exec(code, vars(module))  # noqa: S102 - the course's own code
    except Exception as error:
        raise BrokenReference(f"{filename}: {type(error).__name__}: {error}") from error


def _put_off(node: ast.Import, module: ModuleType) -> None:
    """Take out of an import what may come late, and let the module name it all the same."""
    late = [each for each in node.names if may_be_late(each.name)]
    node.names = [each for each in node.names if each not in late]
    for each in late:
        setattr(module, each.asname or each.name, LateModule(each.name))


def _leave_late_types(function: ast.FunctionDef, module: ModuleType) -> None:
    """Let annotations that name something of a late module be text: nothing else needs it yet."""
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    for each in (*named, arguments.vararg, arguments.kwarg):
        if each is not None and _is_late(each.annotation, module):
            each.annotation = _as_text(each.annotation)
    if _is_late(function.returns, module):
        function.returns = _as_text(function.returns)


def _is_late(annotation: ast.expr | None, module: ModuleType) -> TypeGuard[ast.expr]:
    names = (node.id for node in ast.walk(annotation or ast.Pass()) if isinstance(node, ast.Name))
    return any(isinstance(getattr(module, name, None), LateModule) for name in names)


def _as_text(annotation: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Constant(ast.unparse(annotation)), annotation)


def _may_define(cell: NotebookNode) -> bool:
    return grade_id_of(cell) is not None and role_of(cell) in (None, GIVEN)


def _definitions(
    tree: ast.Module, with_functions: bool, with_constants: bool
) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if with_functions:
                yield node
        elif (
            with_constants and isinstance(node, (ast.Assign, ast.AnnAssign)) and _is_constant(node)
        ):
            yield node


def _is_constant(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return all(isinstance(target, ast.Name) and target.id.isupper() for target in targets)
