"""Flow graphs: how they are built, and what a function does with one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.guest.probes import many_times, probe
from autograder.guest.recipes import Show, builds
from nextword.learning.flow_graph import Node

NodeSpec = tuple[str, float, tuple[int, ...], tuple[float, ...], float]
"""A node of a graph: name, value, places of its parents, derivatives, and what `grad` holds."""
_MOST_LOOKS = 300_000


class WalkedForEver(RuntimeError):
    """A graph's parents were looked up far more often than there are nodes and arcs."""


class _WatchedNode(Node):
    """A node that counts how often the parents of its graph are looked up.

    A walk along every path, not every arc, would otherwise not end before its time is up, and
    take the time of the other cases with it.
    """

    def __init__(
        self,
        label: str,
        value: float,
        parents: Sequence[Node],
        derivatives: Sequence[float],
        looks: list[int],
    ) -> None:
        self._label, self._looks = label, looks
        super().__init__(value, parents, derivatives)

    @property
    def parents(self) -> tuple[Node, ...]:
        """The parents, counted."""
        self._looks[0] += 1
        if self._looks[0] > _MOST_LOOKS:
            raise WalkedForEver(
                f"the parents of this small graph were looked up more than {_MOST_LOOKS:,} times: "
                "does the walk follow every path instead of every arc?"
            )
        return self._parents

    @parents.setter
    def parents(self, parents: tuple[Node, ...]) -> None:
        self._parents = tuple(parents)


def _labels(specs: Sequence[NodeSpec]) -> list[str]:
    """Return what each node is called here: its name, numbered where an earlier node has it too."""
    names = [spec[0] for spec in specs]
    earlier = [names[:place].count(name) for place, name in enumerate(names)]
    return [
        f"{name} ({count + 1})" if count else name
        for name, count in zip(names, earlier, strict=True)
    ]


def _says_graph(show: Show, specs: tuple[NodeSpec, ...]) -> str:
    names = _labels(specs)
    lines = [_says_node((name, *spec[1:]), names) for name, spec in zip(names, specs, strict=True)]
    twins = len({spec[0] for spec in specs}) < len(specs)
    lines += ["(a number in brackets is no part of a name: these names coincide)"] if twins else []
    return "\n".join([f"{names[-1]}, the last of these nodes", *lines])


def _says_node(spec: NodeSpec, names: list[str]) -> str:
    name, value, parents, derivatives, grad = spec
    arcs = ", ".join(
        f"{names[place]} (derivative {slope:.6g})"
        for place, slope in zip(parents, derivatives, strict=True)
    )
    old = f", grad {grad:.6g}" if grad else ""
    return f"  {name} = {value:.6g}{old}" + (f", from {arcs}" if arcs else ", an input")


@builds("graph", _says_graph)
def graph(specs: Sequence[NodeSpec]) -> Node:
    """Return the last of the nodes, each of which stands after its parents."""
    nodes: list[Node] = []
    looks = [0]
    for label, (name, value, parents, derivatives, grad) in zip(_labels(specs), specs, strict=True):
        node = _WatchedNode(label, value, [nodes[place] for place in parents], derivatives, looks)
        node.name, node.grad = name, grad
        nodes.append(node)
    return nodes[-1]


class GraphChanged(RuntimeError):
    """A function changed more of a flow graph than it was asked to."""


@probe("order", many_times)
def order(function: Callable[..., Any], times: int, output: Node) -> Any:
    """Return the nodes that the last of some calls on one graph lists: names, and their parents'.

    What is no node of the graph is listed as such.
    """
    with_arcs = _arcs(output)
    named = {
        id(node): [_called(node), [_called(parent) for parent in node.parents]]
        for node in with_arcs
    }
    nothing = ["no node of the graph", []]
    for _ in range(times):
        listed = function(output)
    _check_unchanged(with_arcs)
    return [named.get(id(node), nothing) for node in listed] if np.iterable(listed) else listed


@probe("gradients", many_times)
def gradients(function: Callable[..., Any], times: int, output: Node) -> dict[str, Any]:
    """Return what the last of some calls on one graph leaves in each node's `grad`, by name."""
    with_arcs = _arcs(output)
    names = [_called(node) for node in with_arcs]
    for _ in range(times):
        function(output)
    _check_unchanged(with_arcs)
    return {name: node.grad for name, node in zip(names, with_arcs, strict=True)}


_Arcs = dict[Node, tuple[float, tuple[Node, ...], tuple[float, ...]]]


def _arcs(output: Node) -> _Arcs:
    """Return every node from which there is a way to the output, and what belongs to it."""
    found: _Arcs = {}
    waiting = [output]
    while waiting:
        node = waiting.pop()
        found[node] = (node.value, node.parents, node.derivatives)
        waiting += [parent for parent in node.parents if parent not in found]
    return dict(sorted(found.items(), key=lambda item: _called(item[0])))


def _called(node: Node) -> str:
    """Return by what a node is told from others, whatever its name."""
    return node._label if isinstance(node, _WatchedNode) else node.name


def _check_unchanged(before: _Arcs) -> None:
    if any((node.value, node.parents, node.derivatives) != was for node, was in before.items()):
        raise GraphChanged("a node's value, parents or derivatives are not what they were")
