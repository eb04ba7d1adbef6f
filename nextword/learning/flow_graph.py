"""Flow graphs: numbers that remember what they were computed from.

A flow graph (slides 001, "Chain Rule in Flow Graph") is a directed graph without cycles: each node
is the result of a computation, each arc says that one result was used for another. `Node` records
the graph and the derivative along each arc while numbers are computed. Walking back through it is
left to whoever uses it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


class ArcError(ValueError):
    """A node has not one derivative for each of its parents."""


class Node:
    """A number in a flow graph, and how it depends on its parents.

    Attributes
    ----------
    value : float
        The number.
    parents : tuple of Node
        What it was computed from, in order; empty for an input. A node may stand there twice.
    derivatives : tuple of float
        The derivative of `value` by each of the parents, in the same order, the other arguments
        held fixed.
    grad : float
        Room for the derivative of an output by this node; 0 at first.
    name : str
        For people to read.

    Examples
    --------
    >>> x = Node(3.0, name="x")
    >>> y = x * x + 2
    >>> y.value
    11.0
    >>> square, two = y.parents
    >>> square.parents == (x, x), square.derivatives
    (True, (3.0, 3.0))
    """

    __array_ufunc__ = None  # so that np.float64(2) * node asks this class

    def __init__(
        self,
        value: float,
        parents: Sequence[Node] = (),
        derivatives: Sequence[float] = (),
        name: str = "",
    ) -> None:
        if len(parents) != len(derivatives):
            raise ArcError(
                f"expected one derivative for each of the {len(parents)} parents, "
                f"came {len(derivatives)}"
            )
        self.value = float(value)
        self.parents = tuple(parents)
        self.derivatives = tuple(float(each) for each in derivatives)
        self.grad = 0.0
        self.name = name

    def __repr__(self) -> str:
        return f"Node({self.name or '?'} = {self.value:.6g}, grad {self.grad:.6g})"

    def __add__(self, other: Node | float) -> Node:
        other = _as_node(other)
        return Node(self.value + other.value, (self, other), (1.0, 1.0))

    def __mul__(self, other: Node | float) -> Node:
        other = _as_node(other)
        return Node(self.value * other.value, (self, other), (other.value, self.value))

    def __neg__(self) -> Node:
        return Node(-self.value, (self,), (-1.0,))

    def __sub__(self, other: Node | float) -> Node:
        other = _as_node(other)
        return Node(self.value - other.value, (self, other), (1.0, -1.0))

    def __truediv__(self, other: Node | float) -> Node:
        other = _as_node(other)
        value = self.value / other.value
        return Node(value, (self, other), (1 / other.value, -value / other.value))

    def __radd__(self, other: float) -> Node:
        return _as_node(other) + self

    def __rmul__(self, other: float) -> Node:
        return _as_node(other) * self

    def __rsub__(self, other: float) -> Node:
        return _as_node(other) - self

    def __rtruediv__(self, other: float) -> Node:
        return _as_node(other) / self

    def exp(self) -> Node:
        """Return e to the power of this node."""
        value = math.exp(self.value)
        return Node(value, (self,), (value,))

    def log(self) -> Node:
        """Return the natural logarithm of this node."""
        return Node(math.log(self.value), (self,), (1 / self.value,))

    def tanh(self) -> Node:
        """Return the hyperbolic tangent of this node."""
        value = math.tanh(self.value)
        return Node(value, (self,), (1 - value**2,))

    def named(self, name: str) -> Node:
        """Give this node a name, and return it."""
        self.name = name
        return self


def _as_node(number: Node | float) -> Node:
    return number if isinstance(number, Node) else Node(number, name=f"{number:g}")
