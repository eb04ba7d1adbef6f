"""Makes the mutants of a function: every small change that a program can make.

Own code on `ast`. The mutation testers that are kept well (mutmut, cosmic-ray) mutate the files of
a package and run its test suite anew for each; here what is mutated is one function that lies in a
notebook or in a check, and what judges is an exam that this process has drawn.

What an exception says is not judged, and is not changed; nor are annotations and docstrings.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import functools
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

_OPERATORS: Mapping[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_NEIGHBOURS = [
    line.split()
    for line in """
    sum mean fsum
    max min
    amax amin
    maximum minimum
    nanmax nanmin
    argmax argmin
    floor ceil
    zeros ones
    zeros_like ones_like
    log log2 log1p exp
    log exp expm1 log10
    any all
    isnan isinf isfinite
    cumsum cumprod
    sum prod
    sqrt square
    sin cos
    sinh cosh tanh
    add subtract
    multiply divide
    hstack vstack
    std var
    median mean
    sorted list
    triu tril
    append extend
    keys values
    """.splitlines()
    if line.split()
]
_DELETED = (
    ast.AnnAssign,
    ast.Assert,
    ast.Assign,
    ast.AugAssign,
    ast.Break,
    ast.Continue,
    ast.Delete,
    ast.Expr,
    ast.For,
    ast.Raise,
    ast.Return,
    ast.While,
)
_UNTOUCHED = ("annotation", "returns", "decorator_list", "type_comment")
"""Fields that no answer depends on."""


@dataclass(frozen=True)
class Mutant:
    """A function with one small change.

    Parameters
    ----------
    text
        The changed function, as `canonical` writes it.
    before, after
        What stands in the changed line, or lines.
    """

    text: str
    before: str
    after: str


def canonical(source: str) -> str:
    r"""Return a function's text without decorators, docstring, comments and choices of layout.

    Parameters
    ----------
    source
        The function's source.

    Raises
    ------
    SyntaxError
        It is none.

    Examples
    --------
    >>> print(canonical("def f( x ):  # double\n    return (2 * x)"))
    def f(x):
        return 2 * x
    """
    return ast.unparse(_tree(source))


def mutants_of(source: str, names: Mapping[str, Any]) -> tuple[Mutant, ...]:
    r"""Return all mutants of a function, each once, always in the same order.

    Parameters
    ----------
    source
        The function's source.
    names
        The global names that it sees: a neighbour that does not exist is not tried.

    Examples
    --------
    >>> for each in mutants_of("def f(x):\n    return x > 0", {}):
    ...     print(each.after)
    pass
    return x >= 0
    return x <= 0
    return x > 1
    return x > -1
    """
    tree = _tree(source)
    right = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    for place in _places(tree.body[0]):
        for change in _changes(place.node, names):
            text = place.text_with(change, tree)
            if text is not None and text != right and text not in found:
                found[text] = Mutant(text, *_changed_lines(right, text))
    return tuple(found.values())


def _tree(source: str) -> ast.Module:
    """Return the tree of a function, without decorators and docstring."""
    tree = ast.parse(textwrap.dedent(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
            if ast.get_docstring(node) is not None:
                node.body = node.body[1:] or [ast.Pass()]
    return tree


@dataclass(frozen=True)
class _Place:
    """Where in a tree a node stands."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST

    def text_with(self, change: ast.AST, tree: ast.Module) -> str | None:
        """Return the text of the tree with another node in this place, None if it is no Python."""
        self._put(change)
        try:
            text = ast.unparse(ast.parse(ast.unparse(tree)))
            with warnings.catch_warnings(action="ignore"):  # such as at a subscript of a number
                compile(text, "<mutant>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return None
        finally:
            self._put(self.node)
        return text

    def _put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(parent: ast.AST) -> Iterator[_Place]:
    """Yield every place below a node in which something can be changed."""
    for field, value in ast.iter_fields(parent):
        if field in _UNTOUCHED:
            continue
        parts = value if isinstance(value, list) else [value]
        for index, node in enumerate(parts):
            if isinstance(node, ast.AST) and not _is_said(parent, node):
                yield _Place(parent, field, index if isinstance(value, list) else None, node)
                yield from _places(node)


def _is_said(parent: ast.AST, node: ast.AST) -> bool:
    """Return whether a node is a text with values in it, or what an exception is made of."""
    return isinstance(node, ast.JoinedStr) or isinstance(parent, ast.Raise)


def _changed_lines(right: str, wrong: str) -> tuple[str, str]:
    """Return the lines in which two texts differ, of each."""
    lines = list(difflib.ndiff(right.splitlines(), wrong.splitlines()))
    removed, added = (
        [line[2:].strip() for line in lines if line.startswith(mark)] for mark in ("- ", "+ ")
    )
    return "\n".join(removed), "\n".join(added)


# --- what can become of a node -------------------------------------------------------------------


@functools.singledispatch
def _kinds(node: ast.AST, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    """Yield what can become of a node by its kind."""
    yield from ()


def _changes(node: ast.AST, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    """Yield every node that may stand in place of another."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return  # a name that is bound
    if isinstance(node, _DELETED):
        yield ast.Pass()
    yield from _kinds(node, names)


def _like(node: ast.AST, **changed: Any) -> Any:
    """Return a node that is as another but for some fields."""
    return type(node)(**{**dict(ast.iter_fields(node)), **changed})


def _each_left_out(parts: Sequence[Any]) -> Iterator[list[Any]]:
    for place in range(len(parts)):
        yield [*parts[:place], *parts[place + 1 :]]


@_kinds.register
def _(node: ast.BinOp, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    for operator in _OPERATORS[type(node.op)]:
        yield _like(node, op=operator())
    yield node.left
    yield node.right


@_kinds.register
def _(node: ast.AugAssign, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    for operator in _OPERATORS[type(node.op)]:
        yield _like(node, op=operator())
    yield ast.Assign(targets=[node.target], value=node.value, lineno=0)


@_kinds.register
def _(node: ast.UnaryOp, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    yield node.operand


@_kinds.register
def _(node: ast.Compare, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield _like(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])


@_kinds.register
def _(node: ast.BoolOp, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    yield _like(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for values in _each_left_out(node.values):
        yield _like(node, values=values) if len(values) > 1 else values[0]


@_kinds.register(ast.If)
@_kinds.register(ast.IfExp)
def _(node: ast.If | ast.IfExp, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    for value in (True, False):
        yield _like(node, test=ast.Constant(value))


@_kinds.register
def _(node: ast.While, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    yield _like(node, test=ast.Constant(True))


@_kinds.register
def _(node: ast.comprehension, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    for conditions in _each_left_out(node.ifs):
        yield _like(node, ifs=conditions)


@_kinds.register
def _(node: ast.Break, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    yield ast.Continue()


@_kinds.register
def _(node: ast.Continue, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    yield ast.Break()


@_kinds.register
def _(node: ast.Constant, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    yield from (ast.Constant(value) for value in _other_values(node.value))


def _other_values(value: object) -> Iterator[Any]:
    """Yield values that are near another one."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1)
        case float():
            yield from (2 * value, value / 2, 0.0) if value else (1.0,)
        case str():
            yield f"{value}x"
            if value:
                yield ""


@_kinds.register
def _(node: ast.Slice, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    for end in ("lower", "upper", "step"):
        if getattr(node, end) is not None:
            yield _like(node, **{end: None})


@_kinds.register
def _(node: ast.Call, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    yield from (_like(node, args=args) for args in _each_left_out(node.args))
    yield from (_like(node, keywords=keywords) for keywords in _each_left_out(node.keywords))
    for place in range(len(node.args) - 1):
        swapped = [*node.args]
        swapped[place : place + 2] = reversed(swapped[place : place + 2])
        yield _like(node, args=swapped)
    if node.args:
        yield node.args[0]
    elif isinstance(node.func, ast.Attribute):
        yield node.func.value


@_kinds.register
def _(node: ast.Attribute, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    if node.attr == "T":
        yield node.value
    owner = names.get(node.value.id) if isinstance(node.value, ast.Name) else None
    for name in _neighbours(node.attr):
        if not isinstance(owner, ModuleType) or hasattr(owner, name):
            yield _like(node, attr=name)


@_kinds.register
def _(node: ast.Name, names: Mapping[str, Any]) -> Iterator[ast.AST]:
    for name in _neighbours(node.id):
        if name in names or hasattr(builtins, name):
            yield _like(node, id=name)


@functools.cache
def _neighbours(name: str) -> tuple[str, ...]:
    """Return the names of functions that are easily taken for another."""
    near = (other for group in _NEIGHBOURS if name in group for other in group if other != name)
    return tuple(dict.fromkeys(near))
