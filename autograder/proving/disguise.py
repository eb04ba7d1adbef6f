"""Code as somebody hands it in who copied it: the same, with other names, layout and order."""

from __future__ import annotations

import ast
import builtins


class _Renamed(ast.NodeTransformer):
    """Gives each name that the code binds itself another one."""

    def __init__(self, tree: ast.AST, prefix: str) -> None:
        own = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        own |= {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        kept = set(dir(builtins))
        self._names = {name: f"{prefix}{i}" for i, name in enumerate(sorted(own - kept))}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self._names.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        if len(node.body) > 1 and ast.get_docstring(node) is not None:
            del node.body[0]
        return node


def disguised(code: str, prefix: str = "q") -> str:
    r"""Return code with other names, another layout, and its definitions in another order.

    Parameters
    ----------
    code
        Python that does not call its own functions by keywords.
    prefix
        How the new names begin.

    Examples
    --------
    >>> print(disguised("def half(x):\n    y = x / 2\n    return (y)", "z"))
    # mine
    def half(z0):
        z1 = z0 / 2
        return z1
    """
    tree = ast.parse(code)
    renamed = _Renamed(tree, prefix).visit(tree)
    parts = [ast.unparse(node) for node in reversed(renamed.body)]
    return "\n".join(["# mine", "\n\n\n".join(parts)])
