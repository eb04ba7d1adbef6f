"""Probes and recipes for what is no plain data: flow graphs, functions, random arrays."""

import numpy as np
import pytest

from autograder.guest.probes import quantiles
from autograder.guest.recipes import Recipe
from tests.course_code import build, pick

GraphChanged, gradients, order, WalkedForEver = pick(
    "probes.graphs", "GraphChanged gradients order WalkedForEver"
)

SPECS = (
    ("x", 3.0, (), (), 0.0),
    ("y", 9.0, (0, 0), (3.0, 3.0), 7.0),
    ("z", 12.0, (1, 0), (1.0, 1.0), 0.0),
)
GRAPH = Recipe("graph", (SPECS,))


def test_a_graph_is_built_with_arcs_slopes_and_old_gradients():
    z = build(GRAPH)
    y, x = z.parents
    assert (z.name, y.name, x.name) == ("z", "y", "x")
    assert (y.parents, y.derivatives, y.grad) == ((x, x), (3.0, 3.0), 7.0)
    assert x.parents == ()


def test_an_order_is_written_by_names_and_names_of_parents():
    def in_order(output):
        y, x = output.parents
        return (x, y, output)

    expected = [["x", []], ["y", ["x", "x"]], ["z", ["y", "x"]]]
    assert order(in_order, 1, build(GRAPH)) == expected
    assert order(lambda output: iter(in_order(output)), 2, build(GRAPH)) == expected


def test_what_is_no_node_of_the_graph_is_said_to_be_none():
    nothing = ["no node of the graph", []]
    assert order(lambda output: [1, None], 1, build(GRAPH)) == [nothing, nothing]
    assert order(lambda output: [build(GRAPH)], 1, build(GRAPH)) == [nothing]
    assert order(lambda output: None, 1, build(GRAPH)) is None


def test_an_order_is_that_of_the_last_call():
    calls = []

    def first_time_only(output):
        calls.append(output)
        return [output] if len(calls) == 1 else []

    assert order(first_time_only, 2, build(GRAPH)) == []


def test_gradients_are_written_by_name():
    def doubled(output):
        for node in (output, *output.parents):
            node.grad += 1.0

    assert gradients(doubled, 2, build(GRAPH)) == {"x": 2.0, "y": 9.0, "z": 2.0}


@pytest.mark.parametrize(
    "change",
    [
        lambda node: setattr(node, "value", 0.0),
        lambda node: setattr(node, "parents", ()),
        lambda node: setattr(node.parents[0], "derivatives", (1.0, 1.0)),
    ],
)
def test_a_graph_that_was_changed_is_no_answer(change):
    with pytest.raises(GraphChanged):
        gradients(change, 1, build(GRAPH))
    with pytest.raises(GraphChanged):
        order(lambda node: [change(node)], 1, build(GRAPH))


def test_a_walk_along_every_path_ends():
    specs = [("x0", 1.0, (), (), 0.0)]
    specs += [(f"x{i}", 1.0, (i - 1, i - 1), (0.5, 0.5), 0.0) for i in range(1, 60)]

    def every_path(node):
        for parent in node.parents:
            every_path(parent)

    with pytest.raises(WalkedForEver, match="every path instead of every arc"):
        every_path(build(Recipe("graph", (specs,))))


def test_waves_are_a_function_that_may_scribble():
    x = np.array([0.1, 0.2])
    kept = x.copy()
    heights, weights = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    waves = build(Recipe("waves", (heights, 0.5, weights)))
    expected = np.sin(2.0) + 2 * np.sin(4.0) + 0.5 * np.sin(1.1)
    assert waves(x) == pytest.approx(expected)
    assert np.array_equal(x, kept)
    assert build(Recipe("waves", (heights, 0.5, weights, True)))(x) == pytest.approx(expected)
    assert not np.array_equal(x, kept)
    with pytest.raises(ValueError, match=r"shape \(2,\), came \(3,\)"):
        waves(np.ones(3))


def test_the_spread_of_random_numbers_is_that_of_all_calls():
    spread = quantiles(lambda rng: rng.uniform(-1, 1, (2, 3)), 9_000, np.random.default_rng(0))
    assert (spread["shape"], spread["the same again"], spread["new in every call"]) == (
        (2, 3),
        True,
        True,
    )
    assert np.allclose(spread["quantiles"], np.linspace(-1, 1, 21), atol=0.02)


def test_numbers_from_elsewhere_and_numbers_that_never_change_are_noticed():
    others = np.random.default_rng(1)
    elsewhere = quantiles(lambda rng: others.uniform(size=4), 3, np.random.default_rng(0))
    assert elsewhere["the same again"] is False
    frozen = quantiles(lambda rng: np.arange(4.0), 3, np.random.default_rng(0))
    assert (frozen["the same again"], frozen["new in every call"]) == (True, False)
    seeded = quantiles(
        lambda rng: np.random.default_rng(rng.integers(62)).uniform(size=4),
        1_000,
        np.random.default_rng(0),
    )
    assert (seeded["the same again"], seeded["new in every call"]) == (True, False)
    empty = quantiles(lambda rng: np.zeros((0, 2)), 1, np.random.default_rng(0))
    assert (empty["shape"], empty["quantiles"]) == ((0, 2), None)
