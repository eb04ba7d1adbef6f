"""What encode writes, decode reads; and nothing else does it read."""

import base64
import builtins
import json
import math
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.guest.codec import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_NODES,
    MalformedEvidence,
    NotEncodable,
    Opaque,
    decode,
    encode,
    parse,
)
from autograder.guest.recipes import Recipe

DTYPES = (
    "bool float16 float32 float64 complex64 complex128 "
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64"
).split()
REAL_DTYPES = [name for name in DTYPES if not name.startswith("complex")]

INTS = st.integers() | st.sampled_from([2**53, -(2**53), 2**53 - 1, 10**3000, -(10**3000)])
KEYS = st.recursive(
    st.none() | st.booleans() | INTS | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=4,
)
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda name: hnp.arrays(name, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
)
SCALARS = st.sampled_from(REAL_DTYPES).flatmap(
    lambda name: hnp.arrays(name, ()).map(lambda a: a[()])
)
VALUES = st.recursive(
    KEYS | st.floats() | ARRAYS | SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(KEYS, st.integers(), max_size=4).map(Counter)
    ),
    max_leaves=12,
)


def sent(value):
    """Return a value as it comes out on the other side."""
    return decode(parse(json.dumps(encode(value), allow_nan=False), MAX_BYTES))


def same(one, other):
    """Return whether two values have the same types and parts; nan is the same as nan."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(
            one, other, equal_nan=one.dtype.kind in "fc"
        )
    if isinstance(one, (dict, Counter)):
        return same(list(one.items()), list(other.items()))
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, frozenset):
        return one == other
    return bool(one == other) or (one != one and other != other)


@given(VALUES)
@settings(deadline=None)
def test_every_value_of_the_format_comes_back_as_it_was(value):
    assert same(sent(value), value)


@given(ARRAYS)
@settings(deadline=None)
def test_an_array_comes_back_with_its_dtype_shape_and_bytes(array):
    back = sent(array)
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (), (2, 3)])
def test_arrays_of_every_dtype_travel_even_without_elements(dtype, shape):
    array = np.ones(shape, dtype)
    assert same(sent(array), array)


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3).T, np.arange(3, dtype=">f8")])
def test_memory_order_and_byte_order_of_an_array_do_not_matter(array):
    assert np.array_equal(sent(array), array)
    assert sent(array).dtype.isnative


def test_an_array_that_came_can_be_written_to():
    sent(np.zeros(2))[0] = 1.0


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 1e-320])
def test_every_float_survives_exactly(number):
    assert repr(sent(number)) == repr(number)


def test_a_counter_stays_a_counter_whatever_it_counts():
    counter = Counter({("a", "b"): 2, ("c",): 0, "d": -1})
    assert type(sent(counter)) is Counter
    assert list(sent(counter).items()) == list(counter.items())
    assert sent(Counter()) == Counter()
    assert type(sent({"a": 1})) is dict


@pytest.mark.parametrize(
    ("value", "comes_as"),
    [
        (torch.tensor([1.5, 2.5]), np.array([1.5, 2.5], np.float32)),
        (torch.tensor(2, dtype=torch.int64), np.array(2)),
        (torch.tensor([1.5], requires_grad=True), np.array([1.5], np.float32)),
        (torch.tensor([1.5], dtype=torch.bfloat16), np.array([1.5], np.float32)),
        (torch.eye(2).to_sparse(), np.eye(2, dtype=np.float32)),
        (torch.tensor([1j]).conj(), np.array([-1j], np.complex64)),
        (torch.Size([2, 3]), (2, 3)),
        (np.float32(0.1), np.float32(0.1)),
        (np.longdouble(2.5), np.float64(2.5)),
        (np.array([2.5], np.longdouble), np.array([2.5])),
        (np.str_("word"), "word"),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array("word"), "word"),
        (np.array([1, "a", None], object), [1, "a", None]),
        (np.ma.array([1.0, 2.0]), np.array([1.0, 2.0])),
        (Fraction(1, 4), 0.25),
        (Fraction(10**400), math.inf),
        (Fraction(-(10**400)), -math.inf),
        (Decimal("0.25"), 0.25),
        (Decimal("Infinity"), math.inf),
        (Decimal("-1e999"), -math.inf),
        (Decimal("sNaN"), math.nan),
        (deque([1, 2], maxlen=3), [1, 2]),
        (range(3), [0, 1, 2]),
        (UserList([1]), [1]),
        ({"a": 1}.keys(), frozenset(["a"])),
        ({1, 2}, frozenset([1, 2])),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, a=1), {"a": 1}),
        (UserDict(a=1), {"a": 1}),
        ((n for n in range(3)), Opaque("generator")),
        (zip([1], [2], strict=True), Opaque("zip")),
        ({"a": 1}.values(), Opaque("dict_values")),
        (len, Opaque("builtin_function_or_method")),
        (b"bytes", Opaque("bytes")),
        (1j, Opaque("complex")),
        (object(), Opaque("object")),
        (Recipe([], []), Opaque("Recipe")),
        (np.array([b"a"]), Opaque("array of bytes8")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_answers_of_many_types_come_as_plain_data(value, comes_as):
    assert same(sent(value), comes_as)


@pytest.mark.parametrize("key", [torch.tensor(1), (torch.tensor(1), "a"), range(3)])
def test_a_key_that_could_not_be_one_again_comes_as_its_type(key):
    assert sent({key: 2}) == {Opaque(type(key).__name__): 2}
    assert sent(Counter({key: 2})) == {Opaque(type(key).__name__): 2}
    assert sent({key}) == {Opaque(type(key).__name__)}


def test_a_set_is_written_in_an_order_that_is_always_the_same():
    words = [f"word {n}" for n in range(50)]
    assert encode(set(words))["set"] == sorted(words)
    assert encode({1, "a", None, (2, "b")})["set"] == ["a", 1, None, {"tuple": [2, "b"]}]


def nested(depth, value=None):
    for _ in range(depth):
        value = {"k": value}
    return value


def test_the_deepest_value_that_is_written_can_be_read():
    value = nested(MAX_DEPTH, np.float64(1.0))
    assert same(sent(value), value)


def endless():
    parts = []
    parts.append(parts)
    return parts


@pytest.mark.parametrize(
    "value",
    [
        nested(MAX_DEPTH + 1),
        endless(),
        [0] * MAX_NODES,
        "a" * (8 * MAX_NODES + 8),
        [10**3000] * 5_000,
        np.zeros(MAX_NODES + 1),
        np.zeros((2**23, 0)),
        np.zeros((700, 0, 700)),
        torch.zeros(2 * MAX_NODES + 2),
        10**MAX_DIGITS,
    ],
    ids=[
        "deep",
        "endless",
        "long",
        "text",
        "digits",
        "array",
        "empty",
        "flat",
        "tensor",
        "integer",
    ],
)
def test_what_is_too_deep_or_too_large_is_refused_before_it_is_written(value):
    with pytest.raises(NotEncodable):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"int": "1", "float": "nan"},
        {"pickle": "gASVAAAA"},
        {"__class__": "os"},
        {1: 2},
        (1, 2),
        b"bytes",
        math.nan,
        math.inf,
        {"int": 5},
        {"int": ""},
        {"int": "--5"},
        {"int": "0x10"},
        {"int": "٣"},
        {"int": "1_000"},
        {"int": " 1"},
        {"int": "1\n"},
        {"int": "9" * (MAX_DIGITS + 1)},
        {"float": "1.0"},
        {"float": "Infinity"},
        {"float": 1.0},
        {"float": []},
        {"tuple": "ab"},
        {"tuple": {"tuple": []}},
        {"set": [[1]]},
        {"dict": [["a"]]},
        {"dict": [["a", 1, 2]]},
        {"dict": ["ab"]},
        {"dict": [[["unhashable"], 1]]},
        {"dict": {"a": 1}},
        {"counter": [[{"array": ["int8", [0], ""]}, 1]]},
        {"scalar": ["float64"]},
        {"scalar": ["float64", "1"]},
        {"scalar": ["object", 1]},
        {"scalar": ["complex128", 1]},
        {"scalar": ["float64", [1]]},
        {"scalar": ["int8", 300]},
        {"scalar": ["int8", 2.5]},
        {"scalar": ["int8", {"float": "nan"}]},
        {"scalar": ["int64", {"float": "inf"}]},
        {"scalar": ["uint8", -1]},
        {"scalar": ["bool", 5]},
        {"scalar": ["float16", 1e9]},
        {"scalar": ["float32", 1e300]},
        {"scalar": ["float64", {"int": "9" * 400}]},
        {"array": ["float64", [1]]},
        {"array": ["object", [1], "AAAAAAAAAAA="]},
        {"array": ["S8", [1], "AAAAAAAAAAA="]},
        {"array": [["float64"], [1], "AAAAAAAAAAA="]},
        {"array": ["float64", [2], "AAAAAAAAAAA="]},
        {"array": ["float64", [], ""]},
        {"array": ["float64", [-1], ""]},
        {"array": ["float64", [True], "AAAAAAAAAAA="]},
        {"array": ["float64", [1.0], "AAAAAAAAAAA="]},
        {"array": ["float64", 1, "AAAAAAAAAAA="]},
        {"array": ["float64", [1], "AAAA AAAAAAA="]},
        {"array": ["float64", [1], "not base64!"]},
        {"array": ["float64", [1], "é"]},
        {"array": ["float64", [0, 2**39, 2**39], ""]},
        {"array": ["float64", [0] * 65, ""]},
        {"array": ["float64", [2**50], ""]},
        {"array": ["float64", [2**23, 0], ""]},
        {"array": ["float64", [0, 700, 700], ""]},
        {"other": 5},
        {"other": ["os"]},
        {"recipe": "generator"},
        {"recipe": [1, []]},
        {"recipe": ["generator", 1]},
    ],
    ids=lambda data: str(data)[:40],
)
def test_nothing_outside_the_format_decodes(data):
    with pytest.raises(MalformedEvidence):
        decode(data)


TAGS = st.sampled_from(
    "int float tuple set dict counter scalar array recipe other id value".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(DTYPES),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(TAGS | st.text(max_size=3), inner, max_size=2)
        | st.tuples(TAGS, inner).map(lambda pair: dict([pair]))
    ),
    max_leaves=15,
)


@given(JSON)
@settings(deadline=None, max_examples=300)
def test_any_json_at_all_is_read_or_called_malformed(data):
    try:
        value = decode(data)
    except MalformedEvidence:
        return
    encode(value)


@given(st.sampled_from(REAL_DTYPES), st.floats() | INTS | st.booleans())
@settings(deadline=None)
def test_a_scalar_is_the_number_that_was_written_or_malformed(dtype, number):
    try:
        value = decode({"scalar": [dtype, encode(number)]})
    except MalformedEvidence:
        return
    assert value.dtype == dtype
    assert value.item() == number or number != number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nan",
        "[1, NaN]",
        "Infinity",
        "-Infinity",
        '{"int": "1", "int": "2"}',
        '[{"cases": [], "cases": []}]',
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"tuple":' * 50_000 + "[]" + "}" * 50_000,
        "9" * 5_000,
        "\x00",
        "[1,]",
        "'text'",
        "\ufeff[]",
        " " * 101,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_text_that_is_not_strict_json_is_malformed(text):
    with pytest.raises(MalformedEvidence):
        parse(text, 200_000 if len(text) > 101 else 100)


@pytest.mark.parametrize("depth", [51, 100, 900, 990])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [("[", "]"), ('{"tuple":[', "]}"), ('{"dict":[[1,', "]]}"), ('{"scalar":["bool",', "]}")],
)
def test_text_nested_deeper_than_anything_encoded_is_malformed(opening, closing, depth):
    with pytest.raises(MalformedEvidence):
        decode(parse(opening * depth + "1" + closing * depth, MAX_BYTES))


@pytest.mark.parametrize("depth", [900, 990])
@pytest.mark.parametrize("around", ['{"float":%s}', '{"a":1,"b":%s}', '{"scalar":["bool",%s]}'])
def test_deep_nesting_in_an_odd_place_is_malformed_too(around, depth):
    with pytest.raises(MalformedEvidence):
        decode(parse(around % ("[" * depth + "]" * depth), MAX_BYTES))


def test_a_number_beyond_every_float_is_malformed():
    with pytest.raises(MalformedEvidence):
        decode(parse("1e999", 100))


def test_text_longer_than_allowed_is_refused_unread():
    assert parse('"abc"', 5) == "abc"
    with pytest.raises(MalformedEvidence, match="6 characters where at most 5"):
        parse('"abcd"', 5)


@pytest.mark.parametrize("part", ["[],", '{"set":[]},', "0,", '{"dict":[]},'])
def test_text_of_too_many_parts_is_refused_unread(part):
    text = "[" + part * (MAX_BYTES // len(part) - 2) + "0]"
    with pytest.raises(MalformedEvidence, match="too many parts"):
        parse(text, MAX_BYTES)


def test_decoding_imports_and_runs_nothing(monkeypatch):
    texts = [
        json.dumps(encode([np.float32(1), np.arange(3), {"a": {1, 2}}, Counter("ab"), object()])),
        '{"other": "os.system"}',
        '{"recipe": ["generator", [1]]}',
    ]
    done = []
    with monkeypatch.context() as patch:
        for name in ("__import__", "eval", "exec", "compile", "open"):
            real = getattr(builtins, name)
            patch.setattr(
                builtins,
                name,
                lambda *args, name=name, real=real, **kwargs: (
                    done.append((name, args[:1])) or real(*args, **kwargs)
                ),
            )
        done.clear()
        values = [decode(parse(text, MAX_BYTES)) for text in texts]
    assert done == []
    assert values[1] == Opaque("os.system")
    assert type(values[2]).__name__ == "Recipe"


def test_a_types_name_is_kept_short():
    assert decode({"other": "a" * 1_000}) == Opaque("a" * 80)


def test_base64_of_an_array_is_of_its_little_endian_bytes():
    name, shape, text = encode(np.array([1.0]))["array"]
    assert (name, shape, base64.b64decode(text)) == ("float64", [1], b"\x00" * 6 + b"\xf0\x3f")
