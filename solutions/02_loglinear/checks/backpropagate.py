"""backpropagate: the derivative of the output by every node."""

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
    """Yield graphs without and with shared nodes, with many paths, and with old gradients."""
    for _ in range(2):
        yield repeated("gradients", "trees", 1, draw_tree(rng))
        yield repeated("gradients", "trees", 1, draw_chain(rng))
    alone = Sketch(rng)
    alone.put(number(rng))
    yield repeated("gradients", "trees", 1, alone.recipe())
    for _ in range(5):
        yield repeated("gradients", "shared", 1, draw_shared(rng))
    for back in (1, 2):
        yield repeated("gradients", "paths", 1, draw_ladder(rng, back))
        yield repeated("gradients", "paths", 1, draw_ladder(rng, back, int(rng.integers(4, 7))))
    for _ in range(2):
        yield repeated("gradients", "again", 1, draw_shared(rng, old=True))
        yield repeated("gradients", "again", 2, draw_shared(rng))
        yield repeated("gradients", "again", 2, draw_shared(rng, old=True))


check = Check(
    groups={
        "trees": Group("graphs in which every node is used once, and a single node", 1),
        "shared": Group("nodes that are used several times, by short ways and long ones", 2),
        "paths": Group("graphs with far more paths than arcs", 1),
        "again": Group("gradients left from before, and the same graph twice", 1),
    },
    draw=draw,
)


@alternative
def shares_are_counted(output: Node) -> None:
    uses: dict[Node, int] = {}
    came: dict[Node, int] = {}

    def count(node: Node) -> None:
        node.grad = 0.0
        came[node] = 0
        for parent in node.parents:
            uses[parent] = uses.get(parent, 0) + 1
            if parent not in came:
                count(parent)

    def hand_on(node: Node) -> None:
        for parent, derivative in zip(node.parents, node.derivatives):
            parent.grad += node.grad * derivative
            came[parent] += 1
            if came[parent] == uses[parent]:
                hand_on(parent)

    count(output)
    output.grad = 1.0
    hand_on(output)


@alternative
def with_kahn(output: Node) -> None:
    uses, found = {output: 0}, [output]
    for node in found:
        for parent in node.parents:
            if parent not in uses:
                uses[parent] = 0
                found.append(parent)
            uses[parent] += 1
    for node in found:
        node.grad = 0.0
    output.grad = 1.0
    free = [output]
    while free:
        node = free.pop()
        for parent, derivative in zip(node.parents, node.derivatives):
            parent.grad += derivative * node.grad
            uses[parent] -= 1
            if not uses[parent]:
                free.append(parent)


@alternative
def asks_successors(output: Node) -> None:
    successors: dict[Node, list[tuple[Node, float]]] = {output: []}
    found = [output]
    for node in found:
        for parent, derivative in zip(node.parents, node.derivatives):
            if parent not in successors:
                successors[parent] = []
                found.append(parent)
            successors[parent].append((node, derivative))
    gradients = {output: 1.0}

    def gradient(node: Node) -> float:
        if node not in gradients:
            gradients[node] = sum(gradient(after) * slope for after, slope in successors[node])
        return gradients[node]

    for node in found:
        node.grad = gradient(node)


@alternative
def a_dictionary_first(output: Node) -> dict[int, np.float64]:
    order: list[Node] = []
    seen: set[int] = set()

    def visit(node: Node) -> None:
        if id(node) in seen:
            return
        seen.add(id(node))
        for parent in node.parents:
            visit(parent)
        order.append(node)

    visit(output)
    gradients = {id(node): np.float64(0) for node in order}
    gradients[id(output)] += 1
    for node in order[::-1]:
        for place, parent in enumerate(node.parents):
            gradients[id(parent)] += gradients[id(node)] * node.derivatives[place]
    for node in order:
        node.grad = gradients[id(node)]
    return gradients


@alternative
def as_linear_equations(output: Node) -> None:
    found = [output]
    for node in found:
        found += [parent for parent in dict.fromkeys(node.parents) if parent not in found]
    place = {node: i for i, node in enumerate(found)}
    arcs = np.zeros((len(found), len(found)))
    for node in found:
        for parent, derivative in zip(node.parents, node.derivatives):
            arcs[place[parent], place[node]] += derivative
    seed = np.zeros(len(found))
    seed[0] = 1.0
    gradients = np.linalg.solve(np.eye(len(found)) - arcs, seed)
    for node, gradient in zip(found, gradients):
        node.grad = gradient


@alternative
def with_torch_scalars(output: Node) -> object:
    import torch

    order: list[Node] = []
    seen: set[Node] = set()

    def visit(node: Node) -> None:
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(output)
    for node in order:
        node.grad = torch.zeros((), dtype=torch.float64)
    output.grad = output.grad + 1
    for node in reversed(order):
        for parent, derivative in zip(node.parents, node.derivatives):
            parent.grad = parent.grad + node.grad * derivative
    return output


overwritten = slip(
    REFERENCE,
    ("parent.grad +=", "parent.grad ="),
    loses=("shared", "paths", "again"),
    hint="What comes from one successor replaces what came from another: a single = where shares are "
    "to be added up.",
)
one_way_only = slip(
    REFERENCE,
    ("parent.grad +=", "if parent.grad == 0:\n                parent.grad ="),
    loses=("shared", "paths", "again"),
    hint="Only the first way by which a node is reached counts in your version. A node's gradient is "
    "the sum over all of its successors.",
)
forward_order = slip(
    REFERENCE,
    ("reversed(order)", "order"),
    loses=("trees", "shared", "paths", "again"),
    hint="You walk in the order of values, inputs first. When you come to a node its gradient is not "
    "known yet. Gradients are computed from the output back.",
)


@misconception(
    "shared",
    "again",
    hint="You walk back level by level. A node that is also reached by a longer way hands its gradient "
    "on before the share of the longer way has come. Visit a node after *all* of its successors.",
)
def level_by_level(output: Node) -> None:
    order: list[Node] = []
    waiting = [output]
    while waiting:
        node = waiting.pop(0)
        if node not in order:
            order.append(node)
            waiting += node.parents
    for node in order:
        node.grad = 0.0
    output.grad = 1.0
    for node in order:
        for parent, derivative in zip(node.parents, node.derivatives):
            parent.grad += node.grad * derivative


handed_on_at_once = slip(
    shares_are_counted,
    ("came[parent] == uses[parent]", "came[parent] == 1"),
    loses=("shared", "paths", "again"),
    hint="A node hands its gradient on when the first share arrives; shares that come later are "
    "added to it, but never handed on. Visit a node after *all* of its successors.",
)
handed_on_again = slip(
    shares_are_counted,
    ("came[parent] == uses[parent]", "came[parent] >= 1"),
    loses=("shared", "paths", "again"),
    hint="A node that is reached again hands on its whole gradient again, so that what it handed on "
    "before counts twice. Each node hands on once, when its gradient is complete.",
)
no_seed = slip(
    REFERENCE,
    ("    output.grad = 1.0\n", ""),
    loses=("trees", "shared", "paths", "again"),
    hint="All gradients are 0: the output's own gradient, 1, is missing, and nothing is handed on.",
)
old_gradients_kept = slip(
    REFERENCE,
    ("    for node in order:\n        node.grad = 0.0\n", ""),
    loses="again",
    hint="What `grad` held before is added to the new gradients. Forget it before you begin.",
)
no_chain = slip(
    REFERENCE,
    ("node.grad * derivative", "derivative"),
    loses=("trees", "shared", "paths", "again"),
    hint="Each node adds its derivative to the parent, but not multiplied by its own gradient. The "
    "chain rule multiplies along a way.",
)
twins_counted_once = slip(
    REFERENCE,
    ("zip(node.parents, node.derivatives)", "dict(zip(node.parents, node.derivatives)).items()"),
    loses=("shared", "paths", "again"),
    hint="A node that stands twice among the parents of another one gets one share instead of two: a "
    "set, or a dictionary whose keys are nodes, holds it once.",
)

rules = (
    rule(
        "one for each entry of `node.parents`",
        when=lambda times, graph: any(len(parents) > 2 for _, _, parents, *_ in graph.args[0]),
    ),
    rule(
        "A node that stands there twice",
        when=lambda times, graph: any(
            len({*parents}) < len(parents) for _, _, parents, *_ in graph.args[0]
        ),
    ),
    rule(
        "The gradient of `output` by itself is 1", when=lambda times, graph: len(graph.args[0]) == 1
    ),
    rule(
        "**Old gradients are forgotten**",
        when=lambda times, graph: times == 1 and any(grad for *_, grad in graph.args[0]),
    ),
    rule("calling twice is as good as once", when=lambda times, graph: times == 2),
    told("Nothing but `grad` is changed", "You may call your `topological_order`"),
    rule("Again every *arc* counts once", when=lambda times, graph: len(graph.args[0]) > 60),
)

nothing_uses_the_output = equal(
    with_kahn,
    ("{output: 0}", "{output: 1}"),
    ("{output: 0}", "{output: -1}"),
    because="nothing uses the output: its count is never looked at",
)
any_kind_of_zero = equal(
    a_dictionary_first,
    ("np.float64(0)", "np.float64()"),
    ("np.float64(0)", "0"),
    ("+= 1", "= 1"),
    because="each is 0, to which floats are added; that of the output is 1 in any case",
)
one_is_one = equal(
    with_torch_scalars,
    ("output.grad + 1", "1"),
    because="the output's gradient was set to 0, and shares are added to tensors",
)
returns_nothing = equal(
    a_dictionary_first,
    ("return gradients", "pass"),
    settled="What it returns does not matter",
)
returns_nothing_with_torch_scalars = equal(
    with_torch_scalars,
    ("return output", "pass"),
    settled="What it returns does not matter",
)
