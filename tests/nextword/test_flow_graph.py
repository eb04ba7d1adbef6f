"""A node remembers what it was computed from, and with which slopes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.learning.flow_graph import ArcError, Node

NUMBERS = st.floats(0.2, 3) | st.floats(-3, -0.2)

BINARY = {
    "sum": lambda a, b: a + b,
    "difference": lambda a, b: a - b,
    "product": lambda a, b: a * b,
    "quotient": lambda a, b: a / b,
}


@pytest.mark.parametrize("operation", BINARY.values(), ids=BINARY)
@given(a=NUMBERS, b=NUMBERS)
def test_values_and_slopes_of_arithmetic(operation, a, b):
    one, other = Node(a), Node(b)
    node = operation(one, other)
    assert node.value == operation(a, b)
    assert node.parents == (one, other)
    step = 1e-6
    slopes = (
        (operation(a + step, b) - operation(a - step, b)) / (2 * step),
        (operation(a, b + step) - operation(a, b - step)) / (2 * step),
    )
    assert node.derivatives == pytest.approx(slopes, abs=1e-6)


@pytest.mark.parametrize("operation", BINARY.values(), ids=BINARY)
@pytest.mark.parametrize("number", [2, 2.5, np.float64(2.5)])
def test_a_number_beside_a_node_becomes_an_input(operation, number):
    left, right = operation(number, Node(4.0)), operation(Node(4.0), number)
    assert left.value == operation(number, 4.0)
    assert right.value == operation(4.0, number)
    assert left.parents[0].parents == ()
    assert [parent.value for parent in left.parents] == [number, 4.0]


@given(a=st.floats(0.1, 3))
def test_slopes_of_functions(a):
    x = Node(a)
    assert x.exp().derivatives == pytest.approx((math.exp(a),))
    assert x.log().derivatives == pytest.approx((1 / a,))
    assert x.tanh().derivatives == pytest.approx((1 / math.cosh(a) ** 2,))
    assert (-x).value == -a
    assert (-x).derivatives == (-1.0,)
    assert x.exp().parents == (x,)


def test_a_node_may_be_used_twice_and_is_told_apart_by_itself():
    x, twin = Node(3.0, name="x"), Node(3.0, name="x")
    assert x != twin
    assert len({x, twin}) == 2
    square = x * x
    assert square.parents == (x, x)
    assert square.derivatives == (3.0, 3.0)


def test_a_graph_can_be_put_together_by_hand():
    x = Node(2.0)
    node = Node(5.0, [x], [0.5]).named("y")
    assert (node.parents, node.derivatives, node.grad) == ((x,), (0.5,), 0.0)
    assert repr(node) == "Node(y = 5, grad 0)"
    with pytest.raises(ArcError, match="1 parents, came 2"):
        Node(5.0, [x], [0.5, 0.5])
