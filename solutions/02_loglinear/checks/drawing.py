"""Random models and flow graphs for the questions of assignment 02."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from autograder.guest.recipes import Recipe

from ..probes.graphs import NodeSpec

NAMES = [f"{letter}{number}" for number in range(1, 11) for letter in "abcdefghkmnpqrstuvwxyz"]


def draw_model(
    rng: np.random.Generator, words: int, n_features: int, scale: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return features and weights whose scores are of the size of `scale`."""
    features = rng.normal(size=(words, n_features))
    return features, scale * rng.normal(size=n_features) / max(n_features, 1) ** 0.5


def draw_indicators(
    rng: np.random.Generator, words: int, n_features: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return integer features, counts of clues, and weights."""
    features = rng.integers(0, 3, size=(words, n_features))
    features[0, 0], features[-1, 0] = 0, 2  # so that the rows differ
    return features, rng.uniform(0.3, 0.9, size=n_features) * rng.choice([-1, 1], n_features)


def draw_large(rng: np.random.Generator, words: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a model whose scores are whole numbers in the thousands, two of them the largest."""
    features, beta = np.zeros((words, 3)), np.array([1000.0, 100.0, 1.0])
    features[:, 0] = rng.integers(-9, 3, size=words)
    features[:, 1] = rng.integers(-9, 10, size=words)
    first, second = rng.permutation(words)[:2]
    features[first] = features[second] = [8.0, 9.0, 0.0]
    features[second, 2] = 1.0
    return features, beta


@dataclass
class Sketch:
    """A flow graph as it grows: each node stands after its parents.

    Parameters
    ----------
    rng
        Draws derivatives and names.
    old
        Whether `grad` holds what some earlier computation left.
    """

    rng: np.random.Generator
    old: bool = False
    values: list[float] = field(default_factory=list)
    arcs: list[tuple[tuple[int, ...], tuple[float, ...]]] = field(default_factory=list)

    def put(self, value: float) -> int:
        """Add an input and return its place."""
        return self._append(value, (), ())

    def linear(self, *parents: int) -> int:
        """Add a weighted sum of some nodes, in which one may stand twice; return its place."""
        weights = self.rng.uniform(0.4, 1.4, len(parents)) * self.rng.choice([-1, 1], len(parents))
        value = sum(w * self.values[p] for w, p in zip(weights, parents, strict=True))
        return self._append(float(value), parents, tuple(map(float, weights)))

    def product(self, one: int, other: int) -> int:
        """Add the product of two nodes, which may be the same; return its place."""
        a, b = self.values[one], self.values[other]
        return self._append(a * b, (one, other), (b, a))

    def tanh(self, parent: int) -> int:
        """Add the hyperbolic tangent of a node; return its place."""
        value = float(np.tanh(self.values[parent]))
        return self._append(value, (parent,), (1 - value**2,))

    def _append(self, value: float, parents: Sequence[int], slopes: Sequence[float]) -> int:
        self.values.append(value)
        self.arcs.append((tuple(parents), tuple(slopes)))
        return len(self.values) - 1

    def recipe(self, twins: tuple[int, int] | None = None) -> Recipe:
        """Return the graph whose output is the last node; `twins` are two nodes of one name."""
        names = self.rng.permutation(NAMES)[: len(self.values)]
        if twins is not None:
            names[twins[1]] = names[twins[0]]
        specs: list[NodeSpec] = []
        for name, value, (parents, slopes) in zip(names, self.values, self.arcs, strict=True):
            grad = float(self.rng.uniform(2, 9)) if self.old else 0.0
            specs.append((str(name), value, parents, slopes, grad))
        return Recipe("graph", (specs,))


def number(rng: np.random.Generator) -> float:
    """Return an input away from 0."""
    return float(rng.uniform(0.5, 1.5) * rng.choice([-1, 1]))


def draw_tree(rng: np.random.Generator) -> Recipe:
    """Return a graph in which every node is used once."""
    sketch = Sketch(rng)
    free = [sketch.put(number(rng)) for _ in range(int(rng.integers(3, 6)))]
    while len(free) > 1:
        one, other = (free.pop(int(rng.integers(len(free)))) for _ in range(2))
        together = sketch.product(one, other) if rng.random() < 0.5 else sketch.linear(one, other)
        free.append(sketch.tanh(together) if rng.random() < 0.4 else together)
    sketch.linear(sketch.tanh(free[0]), sketch.put(number(rng)))
    return sketch.recipe()


def draw_chain(rng: np.random.Generator) -> Recipe:
    """Return a graph in which every node has one parent."""
    sketch = Sketch(rng)
    node = sketch.put(number(rng))
    for _ in range(int(rng.integers(2, 5))):
        node = sketch.tanh(sketch.linear(node))
    return sketch.recipe()


def draw_shared(rng: np.random.Generator, old: bool = False, alike: str = "both") -> Recipe:
    """Return a graph with a square, two inputs that are alike, and short ways beside long.

    Alike are their values, their names, or both.
    """
    sketch = Sketch(rng, old)
    x, y = sketch.put(number(rng)), sketch.put(number(rng))
    twin = sketch.put(number(rng) if alike == "names" else sketch.values[y])
    square = sketch.product(x, x)
    way = sketch.linear(*rng.permutation([square, y]))
    for _ in range(int(rng.integers(1, 4))):
        way = sketch.tanh(way) if rng.random() < 0.4 else sketch.linear(*rng.permutation([way, y]))
    long_first = sketch.linear(sketch.tanh(way), square)
    short_first = sketch.linear(x, sketch.linear(y, sketch.linear(long_first, twin)))
    sketch.linear(square, sketch.product(short_first, x), y)
    return sketch.recipe(None if alike == "values" else (y, twin))


def draw_ladder(rng: np.random.Generator, back: int, rungs: int = 60) -> Recipe:
    """Return a graph with far more paths than arcs.

    Each node uses the one before it twice (`back` is 1), or the two before it (`back` is 2).
    """
    sketch = Sketch(rng)
    nodes = [sketch.put(number(rng)), sketch.put(number(rng))]
    nodes.append(sketch.linear(*nodes))
    for _ in range(rungs):
        nodes.append(sketch.linear(nodes[-1], nodes[-back]))
    return sketch.recipe()
