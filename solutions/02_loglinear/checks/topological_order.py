"""topological_order: every node after its parents."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    equal,
    misconception,
    repeated,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import TopologicalOrder
from nextword.learning.flow_graph import Node

from .drawing import (
    Sketch,
    draw_chain,
    draw_ladder,
    draw_shared,
    draw_tree,
    number,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield graphs without and with shared nodes, with many paths, and some that are asked twice."""
    for _ in range(3):
        yield repeated("order", "trees", 1, draw_tree(rng))
    yield repeated("order", "trees", 1, draw_chain(rng))
    alone = Sketch(rng)
    alone.put(number(rng))
    yield repeated("order", "trees", 1, alone.recipe())
    for alike in ("both", "names", "values", "names", "values"):
        yield repeated("order", "shared", 1, draw_shared(rng, alike=alike))
    for back in (1, 2):
        yield repeated("order", "paths", 1, draw_ladder(rng, back))
        yield repeated("order", "paths", 1, draw_ladder(rng, back, int(rng.integers(4, 7))))
    for _ in range(2):
        yield repeated("order", "again", 2, draw_shared(rng))
        yield repeated("order", "again", 2, draw_tree(rng))


check = Check(
    groups={
        "trees": Group("graphs in which every node is used once, and a single node", 1),
        "shared": Group("nodes that are used several times, by short ways and long ones", 1),
        "paths": Group("graphs with far more paths than arcs", 1),
        "again": Group("the same graph, asked twice", 1),
    },
    draw=draw,
    compare=TopologicalOrder(),
)


@alternative
def kahn(output: Node) -> list[Node]:
    children: dict[Node, list[Node]] = {}
    waiting_for: dict[Node, int] = {}
    todo = [output]
    while todo:
        node = todo.pop()
        if node in waiting_for:
            continue
        waiting_for[node] = len(node.parents)
        for parent in node.parents:
            children.setdefault(parent, []).append(node)
            todo.append(parent)
    ready = [node for node, n in waiting_for.items() if n == 0]
    nodes: list[Node] = []
    while ready:
        node = ready.pop(0)
        nodes.append(node)
        for child in children.get(node, []):
            waiting_for[child] -= 1
            if waiting_for[child] == 0:
                ready.append(child)
    return nodes


@alternative
def kahn_backwards(output: Node) -> list[Node]:
    uses, seen, todo = {output: 0}, {output}, [output]
    while todo:
        for parent in todo.pop().parents:
            uses[parent] = uses.get(parent, 0) + 1
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    nodes: list[Node] = []
    free = [output]
    while free:
        node = free.pop()
        nodes.append(node)
        for parent in node.parents:
            uses[parent] -= 1
            if uses[parent] == 0:
                free.append(parent)
    nodes.reverse()
    return nodes


@alternative
def stack_instead_of_recursion(output: Node) -> tuple[Node, ...]:
    done: dict[Node, None] = {}
    stack = [(output, False)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            done.setdefault(node, None)
        elif node not in done:
            stack.append((node, True))
            stack += [(parent, False) for parent in reversed(node.parents) if parent not in done]
    return tuple(done)


@alternative
def by_depth(output: Node) -> list[Node]:
    depth: dict[int, tuple[int, Node]] = {}

    def measure(node: Node) -> int:
        if id(node) not in depth:
            depth[id(node)] = (1 + max([measure(p) for p in node.parents], default=-1), node)
        return depth[id(node)][0]

    measure(output)
    return [node for _, node in sorted(depth.values(), key=lambda pair: pair[0])]


@alternative
def repeated_sweeps(output: Node) -> list[Node]:
    found = [output]
    for node in found:
        found += [p for p in dict.fromkeys(node.parents) if p not in found]
    nodes: list[Node] = []
    while len(nodes) < len(found):
        nodes += [n for n in found if n not in nodes and all(p in nodes for p in n.parents)]
    return nodes


output_first = slip(
    REFERENCE,
    ("return nodes", "return nodes[::-1]"),
    loses=("trees", "shared", "paths", "again"),
    hint="Your list runs the other way: the output comes first. That is the order in which gradients "
    "are computed. Asked for is the order of values, parents first.",
)


@misconception(
    "shared",
    "again",
    hint="You walk back level by level and turn the list round. A node that is reached by a short way "
    "and by a long one is then placed by the short way, and may stand after a node that needs it.",
)
def level_by_level(output: Node) -> list[Node]:
    nodes: list[Node] = []
    waiting = [output]
    while waiting:
        node = waiting.pop(0)
        if node not in nodes:
            nodes.append(node)
            waiting += node.parents
    return nodes[::-1]


when_reached = slip(
    REFERENCE,
    ("        nodes.append(node)\n", ""),
    ("seen.add(node)", "seen.add(node)\n        nodes.append(node)"),
    ("return nodes", "return nodes[::-1]"),
    loses=("shared", "again"),
    hint="You put a node into the list when you reach it, before its parents, and turn the list round "
    "at the end. A shared node is then placed by the first way that reaches it. Put it in when all "
    "of its parents are in.",
)
listed_for_every_use = slip(
    REFERENCE,
    ("        if node in seen:\n            return\n", ""),
    loses=("shared", "paths", "again"),
    hint="A node that is used more than once stands in your list more than once. Remember which nodes "
    "are there already. (It also saves the time of walking every path.)",
)
inputs_left_out = slip(
    REFERENCE,
    ("if node in seen:", "if node in seen or not node.parents:"),
    loses=("trees", "shared", "paths", "again"),
    hint="The inputs are missing: nodes without parents belong to the list as well.",
)
output_left_out = slip(
    REFERENCE,
    ("return nodes", "return nodes[:-1]"),
    loses=("trees", "shared", "paths", "again"),
    hint="The output is missing: it is the last node of its own order.",
)
one_parent_only = slip(
    REFERENCE,
    ("in node.parents:", "in node.parents[:1]:"),
    loses=("trees", "shared", "paths", "again"),
    hint="You follow one parent of each node only. A node has as many as its tuple holds.",
)
marks_on_nodes = slip(
    REFERENCE,
    ("if node in seen:", 'if getattr(node, "visited", False):'),
    ("seen.add(node)", "node.visited = True"),
    loses="again",
    hint="When the same graph is asked about again, nodes are missing: your marks from the first time "
    "are still on them. Keep what you have seen in a set of the function's own.",
)
told_apart_by_value = slip(
    REFERENCE,
    ("if node in seen:", "if node.value in seen:"),
    ("seen.add(node)", "seen.add(node.value)"),
    loses=("shared", "again"),
    hint="Two different nodes with the same value are taken for one. A node is itself, not its value: "
    "keep the nodes in the set.",
)
told_apart_by_name = slip(
    REFERENCE,
    ("if node in seen:", "if node.name in seen:"),
    ("seen.add(node)", "seen.add(node.name)"),
    loses=("shared", "again"),
    hint="Two different nodes of one name are taken for one. A name is for people to read, and may "
    "come twice: keep the nodes themselves in the set.",
)
values_listed = slip(
    REFERENCE,
    ("nodes.append(node)", "nodes.append(node.value)"),
    loses=("trees", "shared", "paths", "again"),
    hint="Your list holds something else than nodes, such as their values or names. It holds the "
    "nodes themselves.",
)

rules = (
    told("Return a list of all nodes", "*Any* topological order is right"),
    rule("Parents first, so `output` comes last", when=lambda times, graph: len(graph.args[0]) > 4),
    rule(
        "**Every node stands in it once**",
        when=lambda times, graph: any(
            len({*parents}) < len(parents) for _, _, parents, *_ in graph.args[0]
        ),
    ),
    rule("A node without parents", when=lambda times, graph: len(graph.args[0]) == 1),
    rule(
        "Two nodes are the same if they are the same object",
        "Values and names may coincide",
        when=lambda times, graph: len({node[:2] for node in graph.args[0]}) < len(graph.args[0]),
    ),
    rule("leave no marks on its nodes", when=lambda times, graph: times == 2),
    rule(
        "There may be far more *paths*",
        "follow every arc, not every path",
        when=lambda times, graph: len(graph.args[0]) > 60,
    ),
    told("No graph is deeper than 200 arcs"),
)
any_order_of_what_is_free = equal(
    kahn,
    ("(0)", "()"),
    ("(0)", "(-1)"),
    because="any of the free nodes may come next",
)
the_output_is_free_at_once = equal(
    kahn_backwards,
    (": 0", ": 1"),
    (": 0", ": -1"),
    because="nothing uses the output: its count is never looked at",
)
done_once = equal(
    stack_instead_of_recursion,
    ("node, None", "node"),
    ("node not in done", "True"),
    ("(node.parents) if parent not in done", "(node.parents)"),
    ("reversed(node.parents)", "node.parents"),
    because="setdefault keeps the first place of a node, each of whose parents has one already",
)
keys_in_their_order = equal(
    stack_instead_of_recursion,
    ("tuple(done)", "done"),
    because="to go through a dict is to go through its keys in order",
)
after_its_parents_anyway = equal(
    by_depth,
    ("1 + max", "max"),
    ("1 +", "2 +"),
    ("1 +", "0 +"),
    ("-1", "1"),
    ("-1", "-2"),
    ("-1", "-0"),
    ("sorted(depth.values(), key=lambda pair: pair[0])", "depth.values()"),
    because="a node comes into the dict after its parents, and what sorts them keeps that order",
)
