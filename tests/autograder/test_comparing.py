"""An answer is right by its value, whatever container or number type it comes in."""

import itertools
import json
import math
from collections import Counter, OrderedDict, deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.allowance import AllowanceSpent, allowance
from autograder.authoring.comparing import (
    Answered,
    Close,
    HeldOut,
    TopologicalOrder,
    is_finite,
)
from autograder.guest.codec import (
    MAX_BYTES,
    MalformedEvidence,
    Opaque,
    decode,
    encode,
    parse,
)

CLOSE = Close()


def sent(value):
    return decode(parse(json.dumps(encode(value)), MAX_BYTES))


def difference(expected, got, slack=1.0, comparison=CLOSE):
    """Return the difference as a judge sees it: both have travelled."""
    return comparison.difference(sent(expected), sent(got), slack)


ACCEPTED = [
    (3.0, 3),
    (3, 3.0),
    (3, np.int64(3)),
    (3, np.uint8(3)),
    (3.0, np.float64(3)),
    (0.1, np.float32(0.1)),
    (0.1, np.longdouble(0.1)),
    (0.1, torch.tensor(0.1)),
    (0.1, torch.tensor(0.1, requires_grad=True)),
    (3, torch.tensor(3)),
    (0.25, np.array(0.25)),
    (0.25, Fraction(1, 4)),
    (0.25, Decimal("0.25")),
    (math.inf, np.float32("inf")),
    (math.inf, torch.tensor(math.inf)),
    (math.inf, Fraction(10**400)),
    (math.nan, math.nan),
    (math.nan, np.float32("nan")),
    (math.nan, torch.tensor(math.nan)),
    (0.0, 1e-13),
    (1e6, 1e6 + 9),
    (10**400, 10**400),
    (True, np.True_),
    (True, torch.tensor(True)),
    (True, np.array(True)),
    (False, np.array([1.0]).all() > 2),
    (np.True_, True),
    (np.False_, np.False_),
    ("word", np.str_("word")),
    ("word", np.array("word")),
    (None, None),
    (Counter({("a", "b"): 2}), {("a", "b"): 2}),
    (Counter({("a", "b"): 2}), OrderedDict({("a", "b"): 2.0})),
    (Counter({("a", "b"): 2}), {(np.str_("a"), np.str_("b")): np.int64(2), ("c", "d"): 0}),
    (Counter({"a": 2}), {"a": torch.tensor(2)}),
    (Counter({"a": 2, "b": 0}), Counter({"a": 2})),
    ({"a": 2, "b": 1}, Counter({"b": 1, "a": 2})),
    ({1: "x"}, {np.int64(1): "x"}),
    ({1: "x"}, {1.0: "x"}),
    ([1, 2], (1, 2)),
    ((1, 2), [1, 2]),
    ([1, 2], np.array([1, 2])),
    ([1.0, 2.0], torch.tensor([1.0, 2.0])),
    ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]])),
    ([[1, 2], [3]], [np.array([1, 2]), torch.tensor([3])]),
    (["a", "b"], np.array(["a", "b"])),
    (["a", "b"], deque(["a", "b"])),
    ([True, False], np.array([True, False])),
    ([True, False], torch.tensor([True, False])),
    ([0, 1, 2], range(3)),
    ((1.0, [2.0]), [torch.tensor(1.0), np.array([2.0])]),
    (np.array([1.0, 2.0]), [1, 2]),
    (np.array([1.0, 2.0]), (np.float32(1), torch.tensor(2.0))),
    (np.array([0.1, 0.2]), torch.tensor([0.1, 0.2])),
    (np.array([[1, 2]]), [[1, 2]]),
    (np.array([1.0, np.nan, np.inf]), [1.0, math.nan, math.inf]),
    (np.array([]), []),
    (np.array(2.0), 2.0),
    (np.array(2.0), torch.tensor(2.0)),
    (np.array([True, False]), [True, False]),
    ({"a", "b"}, {"b": 1, "a": 2}.keys()),
    ({("a", 1)}, frozenset([("a", 1)])),
]

REFUSED = [
    (3.0, 3.001),
    (1.0, 1.0001),
    (0.0, 1e-9),
    (3.0, "3.0"),
    (3.0, None),
    (3.0, [3.0]),
    (3.0, np.array([3.0])),
    (1, True),
    (1, np.True_),
    (1, torch.tensor(True)),
    (1.0, 1 + 0j),
    (1.0, np.array(1 + 1e-3j)),
    (math.inf, 1e308),
    (math.inf, -math.inf),
    (math.inf, math.nan),
    (math.nan, 0.0),
    (1.0, math.nan),
    (1.0, math.inf),
    (1.0, 10**400),
    (10**400, 10**400 + 1),
    (10**400, 1.0),
    (True, 1),
    (True, False),
    (True, "True"),
    (np.True_, False),
    (np.True_, 1),
    ("word", "Word"),
    ("word", ["word"]),
    ("word", b"word"),
    (None, 0),
    (Counter({"a": 2}), {"a": 3}),
    (Counter({"a": 2}), {}),
    (Counter({"a": 2}), {"a": 2, "b": 1}),
    (Counter({"a": 2}), {"a": 2, "b": None}),
    (Counter({"a": 2}), [("a", 2)]),
    (Counter({("a",): 2}), {"a": 2}),
    ({"a": 2}, {"a": 2, "b": 0}),
    ({"a": 2}, {"a": 2, "b": None}),
    ({"a": 2, "b": None}, {"a": 2}),
    ({"a": 0}, {}),
    ([1, 2], [1, 2, 3]),
    ([1, 2], [2, 1]),
    ([1, 2], {1, 2}),
    ([1, 2], {1: 2}),
    (["a", "b"], "ab"),
    ([1, 2], (n for n in (1, 2))),
    (np.array([1.0, 2.0]), [1.0, 2.1]),
    (np.array([1.0, 2.0]), [[1.0, 2.0]]),
    (np.array([1.0, 2.0]), [1.0]),
    (np.array([1.0, 2.0]), [1.0, [2.0]]),
    (np.array([1.0, 2.0]), ["1.0", "2.0"]),
    (np.array([1.0, 2.0]), {1.0: 2.0}),
    (np.array([1.0, 2.0]), None),
    (np.array([1.0, 2.0]), [1.0, None]),
    (np.array([1.0, np.nan]), [1.0, 0.0]),
    (np.array([1e308]), [-1e308]),
    (np.array(2.0), [2.0]),
    (np.array([1.0]), [2**70]),
    ({"a"}, ["a"]),
    ({"a"}, {"a", "b"}),
]


@pytest.mark.parametrize(("expected", "got"), ACCEPTED)
def test_a_right_answer_of_another_type_is_right(expected, got):
    assert difference(expected, got) is None


@pytest.mark.parametrize(("expected", "got"), REFUSED)
def test_a_wrong_answer_differs_in_words(expected, got):
    words = difference(expected, got)
    assert isinstance(words, str)
    assert words


NUMBERS = st.integers() | st.floats()
VALUES = st.recursive(
    NUMBERS | st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | st.dictionaries(st.text(max_size=3), st.integers(), max_size=4).map(Counter)
        | st.lists(st.floats(), max_size=4).map(np.array)
        | st.frozensets(st.text(max_size=3), max_size=4)
    ),
    max_leaves=8,
)


@given(VALUES)
@settings(deadline=None)
def test_every_answer_agrees_with_itself(value):
    assert difference(value, value) is None


@given(VALUES, VALUES)
@settings(deadline=None, max_examples=200)
def test_any_two_values_can_be_compared(expected, got):
    words = difference(expected, got)
    assert words is None or isinstance(words, str)


@given(st.floats(1e-3, 1e6), st.floats(-2e-5, 2e-5))
def test_the_tolerance_is_relative_to_the_expected_number(expected, error):
    got = expected * (1 + error)
    wrong = abs(got - expected) > 1e-5 * expected + 1e-12
    assert (CLOSE.difference(expected, got) is not None) == wrong


def test_slack_widens_both_tolerances():
    assert CLOSE.difference(1.0, 1.00005) is not None
    assert CLOSE.difference(1.0, 1.00005, slack=10) is None
    assert CLOSE.difference(0.0, 5e-12) is not None
    assert CLOSE.difference(0.0, 5e-12, slack=10) is None
    assert CLOSE.difference(np.array([1.0]), [1.00005], slack=10) is None
    assert CLOSE.difference([(1.0,)], [(1.00005,)], slack=10) is None
    assert CLOSE.difference({"a": 1.0}, {"a": 1.00005}, slack=10) is None
    assert CLOSE.difference(np.float64(1.0), 1.00005, slack=10) is None


def test_the_words_say_what_kind_of_difference_it_is():
    assert difference(1.5, None) == "no value (None) where a number was expected"
    assert difference(1.5, 2.5) == "another number"
    assert difference([1.5, 2.5], [1.5, 3.5]) == "another number at place 1"
    assert difference([1.5, 2.5], [2.5, 3.5]) == "another number at place 0"
    assert difference([1.5], [1.5, 3.5]) == "2 parts where 1 were expected"
    assert difference(Counter(a=1), {"a": 2}) == "another number at a key"
    arrays, other = ({"W_x": np.ones(2), "b": np.full(1, x)} for x in (0.0, 1.0))
    assert difference(arrays, other) == "other numbers in the array at key 'b'"
    secret, got = {"the word": np.ones(2)}, {"the word": np.zeros(2)}
    assert difference(secret, got) == "other numbers in the array at a key"
    assert difference(Counter(a=1), {"a": 1, "b": 1}) == "other keys"
    assert difference({"a": 1}, {"b": 1}) == "other keys"
    assert difference(np.zeros(2), np.ones(3)) == "an array of shape (3,) where (2,) was expected"
    assert difference(np.zeros(2), np.ones(2)) == "other numbers in the array"
    assert difference(1.5, (n for n in ())) == "a generator where a number was expected"
    assert difference("secret", "word") == "another text"
    assert difference(True, False) == "another truth value"
    assert CLOSE.difference("a", object()) == "an object where a text was expected"
    assert difference({"a"}, {"b"}) == "another set"


async def coroutine():
    pass


@pytest.mark.parametrize(
    ("got", "kind"),
    [
        (b"a", "bytes"),
        (bytearray(b"a"), "bytearray"),
        (len, "builtin_function_or_method"),
        (1j, "complex"),
        ({}.values(), "dict_values"),
        (filter(None, []), "filter"),
        (coroutine, "function"),
        ((n for n in ()), "generator"),
        (map(str, []), "map"),
        (CLOSE.difference, "method"),
        (math, "module"),
        (int, "type"),
        (zip(), "zip"),
        (Opaque("coroutine"), "coroutine"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_type_that_is_returned_by_mistake_is_named(got, kind):
    theirs = got if isinstance(got, Opaque) else sent(got)
    assert CLOSE.difference("text", theirs) == f"a {kind} where a text was expected"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "no value (None)"),
        (np.True_, "a truth value"),
        ("a", "a text"),
        (np.float32(1.5), "a number"),
        (np.ones((2, 1)), "an array of shape (2, 1)"),
        (Counter("a"), "a mapping"),
        ({"a"}, "a set"),
        ((1,), "a tuple"),
        ([1], "a list"),
    ],
)
def test_the_kind_of_an_answer_is_said_and_that_of_what_was_expected(value, kind):
    other, name = (None, "no value (None)") if value is not None else ("a", "a text")
    assert difference(other, value) == f"{kind} where {name} was expected"
    assert difference(value, other) == f"{name} where {kind} was expected"


class CaseOf17:
    """A class whose name a student made, perhaps from a secret case."""


@pytest.mark.parametrize("expected", [1.5, "text", None, [1], np.zeros(2), Counter("a"), {"a"}])
def test_a_type_that_the_student_made_is_not_named(expected):
    words = difference(expected, CaseOf17())
    assert words is not None
    assert "CaseOf17" not in words
    assert "CaseOf17" not in str(difference([expected], [CaseOf17()]))


@pytest.mark.parametrize(
    ("value", "finite"),
    [
        (1, True),
        (2**70, True),
        (10**400, True),
        (1.5, True),
        (np.float32(1.5), True),
        (True, True),
        (np.True_, True),
        ("word", True),
        ([], True),
        ([1, (2.5, "a")], True),
        (np.zeros(3), True),
        (np.array([]), True),
        ({"a": [1.0]}, True),
        (frozenset("ab"), True),
        (None, False),
        (math.nan, False),
        (-math.inf, False),
        (np.float32("inf"), False),
        ([1, math.nan], False),
        ([1, None], False),
        (np.array([1.0, np.nan]), False),
        ({"a": math.inf}, False),
        ({"a": 1.0, "b": math.inf}, False),
        (np.array(1.5), True),
        (np.array(math.nan), False),
        (Opaque("generator"), False),
        ([Opaque("generator")], False),
    ],
)
def test_a_value_is_finite_when_all_of_its_numbers_are(value, finite):
    assert is_finite(value) is finite


# --- orders of a graph ---------------------------------------------------------------------------

# c is computed from a and b, d from c and a
A, B, C, D = ["a", []], ["b", []], ["c", ["a", "b"]], ["d", ["c", "a"]]
ORDER = TopologicalOrder()


@pytest.mark.parametrize("got", [[A, B, C, D], [B, A, C, D], (B, A, C, D)])
def test_any_topological_order_is_as_good(got):
    assert difference([A, B, C, D], got, comparison=ORDER) is None


@pytest.mark.parametrize(
    ("got", "words"),
    [
        ([A, C, B, D], "a node that stands before one of its parents"),
        ([D, C, B, A], "a node that stands before one of its parents"),
        ([A, B, C], "other nodes than those that the output depends on"),
        ([A, B, C, D, ["e", []]], "other nodes than those that the output depends on"),
        ([A, B, A, C, D], "a node that is listed twice"),
        ([A, B, C, None], "something that is no node of the graph"),
        ([A, B, C, 4], "something that is no node of the graph"),
        (None, "no value (None) where a list was expected"),
        ("abcd", "a text where a list was expected"),
        ({"a": 1}, "a mapping where a list was expected"),
    ],
)
def test_any_other_list_is_told_why_it_is_none(got, words):
    assert difference([A, B, C, D], got, comparison=ORDER) == words


def test_what_an_answer_says_of_arcs_is_ignored():
    lying = [["d", []], ["c", []], ["b", []], ["a", []]]
    assert difference([A, B, C, D], lying, comparison=ORDER) is not None


def test_a_wrong_order_is_known_again():
    assert difference([D, C, B, A], [D, C, A, B], comparison=ORDER) is None  # outputs first
    assert difference([D, C, B, A], [A, B, C, D], comparison=ORDER) is not None
    assert difference([A, D, C, B], [A, D, C, B], comparison=ORDER) is None
    assert difference([A, D, C, B], [D, A, C, B], comparison=ORDER) == "another order"
    assert difference(None, None, comparison=ORDER) is None
    assert difference(None, [A], comparison=ORDER) is not None


def test_what_is_in_no_topological_order_is_only_itself():
    without_its_parents, of_itself = [C, B], [["a", ["a"]], B]
    for nodes in (without_its_parents, of_itself):
        assert difference(nodes, nodes, comparison=ORDER) is None
        assert difference(nodes, nodes[::-1], comparison=ORDER) == "another order"


def test_nothing_that_is_sent_breaks_a_comparison_of_orders():
    odd = [None, 1, "a", [], {}, [[]], [["a"]], [["a", "b"]], [[1, []]], np.ones(3), {1, 2}, b"a"]
    for got in odd:
        for expected in odd:
            difference(expected, got, comparison=ORDER)


# --- arrays as a whole, more keys, and models ----------------------------------------------------


def test_entries_that_nearly_cancel_are_compared_on_the_scale_of_their_array():
    expected = np.array([[1000.0, 1e-9], [-3.0, 0.0]])
    got = expected + 1e-4
    assert difference(expected, got) is not None
    assert difference(expected, got, comparison=Close(per_array=True)) is None
    assert difference(expected, expected + 0.1, comparison=Close(per_array=True)) is not None
    assert difference(expected, expected * 1.0001, comparison=Close(per_array=True)) is not None
    infinite = np.array([1.0, -np.inf])
    assert difference(infinite, infinite + 1e-7, comparison=Close(per_array=True)) is None
    assert difference(infinite, np.array([1.0, -9e9]), comparison=Close(per_array=True)) is not None
    small = np.array([1e-3, 0.0])
    assert difference(small, small + 5e-9, comparison=Close(per_array=True)) is None
    assert difference(small, small + 5e-8, comparison=Close(per_array=True)) is not None
    empty = np.zeros((0, 3))
    assert difference(empty, empty, comparison=Close(per_array=True)) is None


def test_more_keys_do_no_harm_where_they_are_allowed():
    lenient = Close(more_keys=True)
    assert difference({"a": 1}, {"a": 1, "b": 2}) == "other keys"
    assert difference({"a": 1}, {"a": 1, "b": 2}, comparison=lenient) is None
    assert difference({"a": 1}, {"b": 2}, comparison=lenient) == "other keys"
    assert difference({"a": 1}, {"a": 3, "b": 2}, comparison=lenient) is not None


HELD_OUT = HeldOut(np.array([0, 2]), margin=0.05)
THIRDS = np.log(np.full((2, 3), 1 / 3))


def test_models_are_compared_by_their_loss_on_words_that_they_never_saw():
    near = np.log(np.array([[0.34, 0.32, 0.34], [0.3, 0.36, 0.34]]))
    worse = np.log(np.array([[0.2, 0.4, 0.4], [0.4, 0.4, 0.2]]))
    assert difference(THIRDS, near, comparison=HELD_OUT) is None
    assert difference(THIRDS, worse, comparison=HELD_OUT) == "a higher loss on held-out text"
    assert difference(worse, THIRDS, comparison=HELD_OUT) == "a lower loss on held-out text"


@pytest.mark.parametrize(
    ("nats", "slack", "agrees"),
    [(0.04, 1, True), (0.06, 1, False), (0.09, 9, True), (0.11, 9, False)],
)
def test_slack_doubles_the_margin_of_two_losses_at_most(nats, slack, agrees):
    right = np.exp(-nats) / 3  # in both contexts
    got = np.log(np.array([[right, 1 - 2 * right, right]] * 2))
    assert (HELD_OUT.difference(THIRDS, got, slack) is None) is agrees


def test_two_answers_that_are_no_models_are_alike_only_where_they_are_the_same():
    assert difference(THIRDS + 0.1, THIRDS + 0.1, comparison=HELD_OUT) is None
    assert difference(THIRDS + 0.1, np.exp(THIRDS), comparison=HELD_OUT) is not None
    assert difference(THIRDS + 0.1, THIRDS, comparison=HELD_OUT) is not None


@pytest.mark.parametrize(
    "got",
    [
        THIRDS + 0.1,
        THIRDS[:1],
        THIRDS[:, :2],
        np.log(np.full((2, 2), 1 / 2)),
        np.full((2, 3), 1e3),
        THIRDS[0],
        np.full((2, 3), np.nan),
        np.full((2, 3), np.inf),
        THIRDS.astype(complex),
        np.zeros((2, 3), dtype=int),
        THIRDS.tolist(),
        None,
        "abc",
    ],
)
def test_what_is_no_distribution_over_all_words_is_no_model(got):
    assert difference(THIRDS, got, comparison=HELD_OUT) is not None


def test_a_model_better_than_the_floor_is_suspected_and_the_true_one_is_not():
    """The true distribution itself, and one that knew a few words less than chance allows."""
    next_words, floor = np.arange(40) % 4, np.full(40, -np.log(4))
    flagging = HeldOut(next_words, margin=0.05, true_log_probs=floor)
    truth = np.log(np.full((40, 4), 1 / 4))
    knowing = truth.copy()
    knowing[:10] = np.log(np.eye(4)[next_words[:10]] * (1 - 4e-9) + 1e-9)
    assert flagging.flag(truth) is None
    assert "13.9 nats in 40 words" in str(flagging.flag(knowing))
    knowing[9] = truth[9]
    assert flagging.flag(knowing) is None  # 12.5 nats, ln(1e6) is 13.8
    assert flagging.flag("no model") is None
    assert HELD_OUT.flag(THIRDS) is None


@pytest.mark.parametrize(("gain", "suspected"), [(13.81, False), (13.82, True)])
def test_a_model_is_suspected_where_its_luck_has_a_chance_of_less_than_one_in_a_million(
    gain, suspected
):
    floor = np.log(np.full(2, 1 / 3)) - gain / 2
    flagging = HeldOut(np.array([0, 2]), margin=0.05, true_log_probs=floor)
    assert (flagging.flag(THIRDS) is not None) is suspected


# --- odd answers ---------------------------------------------------------------------------------

HUGE = 10**400


@pytest.mark.parametrize("expected", [1.5, np.float64(1.5), np.float32(1.5), 3, math.inf, math.nan])
@pytest.mark.parametrize("got", [HUGE, -HUGE, [HUGE], np.array(HUGE, dtype=object)])
def test_no_number_is_near_an_integer_beyond_all_floats(expected, got):
    assert difference(expected, got) is not None


def test_an_integer_beyond_all_floats_is_only_itself():
    assert difference(HUGE, HUGE) is None
    assert difference(HUGE, HUGE + 1) == "another number"
    assert difference(HUGE, np.float64(1.5)) == "another number"
    assert difference(HUGE, np.int64(3)) == "another number"
    assert difference(np.int64(3), HUGE) == "another number"
    assert difference(HUGE, math.inf) == "another number"


@pytest.mark.parametrize("got", [[HUGE, 1.5], [1.5, HUGE], [[HUGE], [1.5]], [True, HUGE]])
def test_an_array_with_an_integer_beyond_all_floats_is_another(got):
    assert difference(np.array([1.5, 2.5]), got) is not None


def test_keys_that_numpy_cannot_compare_are_malformed_not_fatal():
    hash_of_five = 5 + (2**61 - 1) * 10**300  # the same hash as 5.0
    for keys in ([{"scalar": ["float64", 5.0]}, {"int": str(hash_of_five)}],):
        for data in ({"dict": [[key, 1] for key in keys]}, {"set": keys}):
            with pytest.raises(MalformedEvidence):
                decode(data)


def test_the_slack_of_an_array_widens_both_tolerances():
    zeros, near = np.zeros(3), np.full(3, 5e-12)
    assert CLOSE.difference(zeros, near) is not None
    assert CLOSE.difference(zeros, near, 10.0) is None
    wide = Close(rtol=0.0, atol=0.1)
    assert wide.difference(zeros, np.full(3, 0.5)) is not None
    assert wide.difference(zeros, np.full(3, 0.5), 10.0) is None
    assert CLOSE.difference(np.ones(3), np.full(3, 1 + 5e-5), 10.0) is None


def test_a_long_answer_is_known_by_its_length_before_its_parts_are_looked_at():
    class Unread(list):
        def __iter__(self):
            raise AssertionError("looked at")

    assert CLOSE.difference([1.0], Unread([0.0] * 9)) == "9 parts where 1 were expected"
    rows = np.zeros((400_000, 0))
    assert CLOSE.difference([1.0], rows) == "400000 parts where 1 were expected"


def test_parts_of_what_is_given_for_an_array_are_counted_against_the_time_of_judging():
    clock = itertools.count()
    with (
        pytest.raises(AllowanceSpent),
        allowance(0.5, lambda: next(clock)),
    ):
        CLOSE.difference(np.zeros(100), [0.0] * 100)


def test_that_there_is_an_answer_may_be_all_that_is_compared():
    for expected, got in ((1.0, 2.0), (None, "x"), ({"a": 1}, np.zeros(3))):
        assert Answered().difference(expected, got) is None
