"""What students read of calls and outcomes is short, and nothing is too odd to be shown."""

from collections import Counter, OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.authoring.checking import Case, case, repeated, tally
from autograder.authoring.comparing import Close
from autograder.guest.catalogue import GENERIC
from autograder.guest.codec import Opaque, encode
from autograder.guest.recipes import Recipe
from autograder.judging.literals import literal
from autograder.judging.outcomes import Outcome, StudentError
from autograder.judging.showing import (
    LONGEST,
    LONGEST_CALL,
    NOT_PASTED,
    show,
    show_call,
    show_outcome,
)
from tests.course_code import PROBES


def call_of(function, asked):
    """Return a call of the course's."""
    return show_call(function, asked, PROBES.catalogue)


def read(shown):
    """Return a call that is said to be no Python, without the line that says so."""
    first, _, rest = shown.partition("\n")
    assert first.startswith(NOT_PASTED)
    return rest


def test_a_call_reads_as_a_student_would_write_it():
    assert call_of("f", case("g", [1, 2], "a", ("b",), None, True, base=2)) == (
        "f([1, 2], 'a', ('b',), None, True, base=2)"
    )
    assert call_of("f", Case("g", ())) == "f()"


def test_a_long_call_has_a_line_for_each_argument():
    text = call_of("f", case("g", list(range(60)), base=2))
    lines = text.splitlines()
    assert (lines[0], lines[-2], lines[-1]) == ("f(", "    base=2,", ")")
    assert max(map(len, lines)) <= 100


def test_a_tally_says_how_often_the_function_is_called():
    assert read(call_of("f", tally("g", 4_000, [1]))) == "f([1]), 4,000 times"


def test_a_generator_is_shown_as_it_is_made():
    call = case("g", Recipe("generator", (7,)))
    assert call_of("f", call) == "f(np.random.default_rng(7))"


def test_a_graph_is_shown_node_by_node():
    specs = (("x", 3.0, (), (), 2.0), ("y", 9.0, (0, 0), (3.0, 3.0), 0.0))
    once = repeated("order", "g", 1, Recipe("graph", (specs,)))
    assert read(call_of("f", once)).splitlines() == [
        "f(",
        "    y, the last of these nodes",
        "      x = 3, grad 2, an input",
        "      y = 9, from x (derivative 3), x (derivative 3),",
        ")",
    ]
    twice = repeated("gradients", "g", 2, Recipe("graph", (specs,)))
    assert call_of("f", twice).endswith("), 2 times")


def test_a_function_is_shown_as_its_formula():
    recipe = Recipe("waves", (np.array([1.0]), 0.5, np.array([2.0]), True))
    shown = call_of("g", case("g", recipe, np.array([0.25])))
    assert "f(x) is sum(a sin(20 x)) + b sin(sum(w x))" in shown
    assert "a = np.array([1.0]), b = 0.5, w = np.array([2.0])" in shown
    assert "changes the array" in shown


def test_an_outcome_is_a_value_an_exception_or_a_sentence():
    assert show_outcome(Outcome(value=[1.5])) == "[1.5]"
    assert show_outcome(Outcome(value=None)) == "None"
    assert show_outcome(Outcome(failure="it was too slow")) == "it was too slow"
    assert show_outcome(Outcome(error=StudentError(("KeyError",), "'a'"))) == "KeyError: 'a'"
    assert show_outcome(Outcome(error=StudentError(("KeyError",), ""))) == "KeyError"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "1.5"),
        ("word", "'word'"),
        (float("nan"), 'float("nan")'),
        (np.float32(1.5), "np.float32(1.5)"),
        (np.float64(1.5), "1.5"),
        (np.float64("-inf"), 'float("-inf")'),
        ('say "it\'s"', "'say \"it\\'s\"'"),
        (np.True_, "True"),
        (np.array([1.5, 2.5]), "np.array([1.5, 2.5])"),
        (np.array([[3, 0], [2, 0]]), "np.array([[3, 0], [2, 0]])"),
        (np.array([1, 2], "float32"), "np.array([1.0, 2.0], dtype=np.float32)"),
        (np.array([np.nan, -np.inf]), "np.array([np.nan, -np.inf])"),
        (np.array(2.5), "np.array(2.5)"),
        (np.zeros((0, 3)), "np.zeros((0, 3))"),
        (np.zeros((0, 3), int), "np.zeros((0, 3), dtype=np.int64)"),
        (np.ones((3, 4)), "np.full((3, 4), 1.0)"),
        ({("a", "b"): 1}, "{('a', 'b'): 1}"),
        (Counter({"b": 1, "a": 2}), "Counter({'a': 2, 'b': 1})"),
        (OrderedDict(a=1), "{'a': 1}"),
        (frozenset(["a"]), "frozenset({'a'})"),
        (Opaque("generator"), "a generator"),
    ],
)
def test_a_short_value_is_shown_whole(value, text):
    assert show(value) == text


Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    "value",
    [
        Counter({"a": np.array([1, 2]), "b": np.array([3, 4])}),
        [Counter({"a" * 60: 1, "b" * 60: None})],
        [Counter({"a": Counter({"b": "c", "d": 1})})],
        {Opaque("A"): 1, 1: 2, "a": 3, None: 4, (1, "b"): 5},
        [Opaque("A"), {"b": Opaque("B")}],
        frozenset([1, "a", None, (2,)]),
        Recipe("table model", (1, 5)),
        [Recipe("table model", (1, 5))],
        Pair(1, [2, Counter("ab")]),
        "\ud800",
        10**3_900,
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_odd_value_is_shown_somehow(value):
    text = show(value)
    assert text
    text.encode()


@pytest.mark.parametrize(
    "value",
    [
        "a" * 500_000,
        list(range(300_000)),
        [[0] * 500] * 500,
        {n: n for n in range(100_000)},
        Counter({str(n): n for n in range(100_000)}),
        frozenset(range(100_000)),
        tuple("word" for _ in range(100_000)),
        np.zeros(300_000),
        np.zeros((6,) * 7, np.uint8),
        [np.zeros(50_000)],
        ["a" * 200_000, {"b": "c" * 200_000}],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_large_value_is_cut(value):
    text = show(value)
    assert "..." in text or "shape (6, 6" in text
    assert len(text) <= LONGEST + 10


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
VALUES = st.recursive(
    SCALARS | st.builds(Opaque, st.text(max_size=5)),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(SCALARS, inner, max_size=4)
        | st.dictionaries(SCALARS, inner, max_size=4).map(Counter)
    ),
    max_leaves=25,
)


@given(VALUES)
@settings(deadline=None)
def test_any_value_of_the_format_can_be_shown(value):
    assert len(show(value)) <= LONGEST + 10


def test_the_order_of_a_mapping_and_a_set_does_not_depend_on_hashes():
    words = [f"word {n}" for n in range(30)]
    assert show(frozenset(words)) == show(frozenset(words[::-1]))
    assert show(dict.fromkeys(words)) == show(dict.fromkeys(words[::-1]))


# --- the probes of assignment 03 -----------------------------------------------------------------


def test_a_training_is_shown_without_the_held_out_contexts():
    losses = Recipe("clock loss", ([2.0, 1.0],))
    shown = call_of(
        "fit", Case("g", ("secret", [1], losses, Recipe("clock gradients")), {}, "trained")
    )
    assert "secret" not in shown
    assert "[2.0, 1.0] after 0, 1, 2 ... steps" in shown
    shown = read(call_of("fit", case("g", Recipe("position loss"), Recipe("position gradients"))))
    assert shown == "fit(the loss of a small model, the gradients of a small model)"


def test_a_module_is_shown_with_what_it_is_called_with():
    asked = (2, 0.5, {"b": None}, np.array([[4, 2]]), np.array([7]))
    shown = read(call_of("build", Case("g", asked, {}, "module")))
    assert shown.startswith("build(")
    assert "{'b': None}" in shown
    assert "[[4, 2]]" in shown
    assert "2 step(s)" in shown
    assert "[7]" in shown


def test_tallied_rows_are_shown_as_one_call():
    case_ = Case("g", (100, np.array([1.0, 2.0]), 0.5), {}, "tally rows")
    shown = read(call_of("hide", case_))
    assert shown.startswith("hide(")
    assert "times" not in shown
    assert "[1.0, 2.0]" in shown


# --- the probes of assignment 06 -----------------------------------------------------------------


def test_a_clipped_training_is_shown_without_the_held_out_contexts():
    gradients = Recipe("spiking gradients", (1e6,))
    shown = call_of("fit", Case("g", ("secret", [1], gradients), {}, "clipped training"))
    assert "secret" not in shown
    assert "those of a batch whose first id is 0 are multiplied by 1e+06" in shown
    shown = call_of("fit", case("g", Recipe("spiking gradients", (float("nan"),))))
    assert "given nan as the first entry of bias" in shown
    shown = read(call_of("fit", case("g", Recipe("listed gradients", ([{"b": np.ones(1)}],)))))
    assert "the i-th (from 0) of [{'b': np.array([1.0])}]" in shown


def test_moves_are_shown_with_how_many_there_are():
    shown = read(call_of("step", Case("g", (1000, {"b": np.ones(1)}, 0.5), {}, "moves")))
    assert shown == "step({'b': np.array([1.0])}, 0.5), 1,000 times"


def test_torch_steps_are_shown_with_their_factors():
    shown = call_of("step", Case("g", ({}, [], [1.0, float("inf")], 0.5, 2.0), {}, "torch steps"))
    assert "a small module,\n    a torch optimizer,\n    a loss,\n    2.0" in shown
    assert 'for 2 losses in turn, which are multiplied by [1.0, float("inf")]' in shown


def test_a_cliff_is_shown_as_a_formula():
    numbers = (0.5, (1.0, 2.0), 3.0, 4.0, (1.0, -1.0), 0.25)
    shown = call_of("descend", case("g", Recipe("cliff gradient", numbers)))
    assert "the gradient of 0.5 ((w - 1)^2 + (b - 2)^2) / 2 + 3 logistic(4 (1 w + -1 b" in shown


# --- what can be pasted --------------------------------------------------------------------------

ARRAYS = hnp.arrays(
    st.sampled_from([bool, "int8", "int64", "uint64", "float16", "float32", float, complex]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
PLAIN = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.integers() | st.text(max_size=9), inner, max_size=4)
        | st.dictionaries(st.text(max_size=9), st.integers(), max_size=4).map(Counter)
    ),
    max_leaves=20,
)


@given(PLAIN)
@settings(deadline=None)
def test_a_literal_is_evaluated_to_the_same_value_of_the_same_types(value):
    again = eval(literal(value), {"np": np, "Counter": Counter})
    assert Close(rtol=0.0, atol=0.0).difference(value, again) is None
    assert literal(again) == literal(value)


def test_numpy_numbers_of_other_types_keep_them():
    for value in (np.float32(0.1), np.int8(-3), np.float16("nan"), np.uint64(2**64 - 1)):
        assert encode(eval(literal(value), {"np": np})) == encode(value)


def test_a_call_that_is_too_long_to_be_pasted_says_so_and_is_shortened():
    call = case("g", np.random.default_rng(0).normal(size=(200, 30)), [0.1] * 9)
    shown = read(call_of("f", call))
    assert "an array of shape (200, 30), rounded:" in shown
    assert len(shown) < LONGEST_CALL
    assert call_of("f", case("g", np.ones((200, 30)))) == "f(np.full((200, 30), 1.0))"


def test_what_a_function_yields_is_shown_as_a_list():
    assert call_of("f", Case("g", (3,), {}, "listed")) == "list(f(3))"


def test_a_call_on_fresh_arrays_shows_what_came_back_and_what_else_happened():
    asked = GENERIC.probe("fresh")
    found = {"returned": 1.5, "with inputs as they were": True, "with new arrays": True}
    assert show_outcome(Outcome(value=found), asked) == "1.5"
    found["with inputs as they were"] = False
    assert show_outcome(Outcome(value=found), asked) == "1.5\n# its input was changed"
    assert show_outcome(Outcome(value=[1]), asked) == "[1]"


def test_a_call_has_its_keys_in_the_order_in_which_they_were_asked():
    """Who joins two dicts by place is right on the call that is shown, if that sorts them."""
    assert call_of("f", case("g", {"b": 1, "a": 2})) == "f({'b': 1, 'a': 2})"
