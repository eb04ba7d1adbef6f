"""What a witness wrote is read, or it is called malformed; nothing else can happen."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.testimony import Outcome, StudentError, read_testimony
from nextword.evidence.codec import MAX_BYTES, MalformedEvidence, encode
from nextword.evidence.witness import interrogate

IDS = ["case-0", "case-1"]


def written(*records, question="q", **more):
    return json.dumps({"question": question, "cases": list(records), **more})


def read(text, ids=IDS):
    return read_testimony(text, "q", ids)


def read_one(**record):
    return read(written({"id": "case-0", **record}), ["case-0"])["case-0"]


def error_of(**body):
    return read_one(error={"types": ["KeyError"], "message": "words", **body}).error


def test_each_ending_becomes_an_outcome():
    assert read_one(value={"tuple": [1]}) == Outcome(value=(1,))
    assert read_one(value=None) == Outcome()
    assert read_one(error={"types": ["KeyError", "Exception"], "message": "'a'"}) == Outcome(
        error=StudentError(("KeyError", "Exception"), "'a'")
    )
    assert "longer than the 2 s" in read_one(timeout=2.0).failure
    assert "longer than one call may" in read_one(timeout="an hour").failure
    late = read_one(timeout=2.0, line="while True:", line_number=3)
    assert (late.line, late.line_number) == ("while True:", 3)
    assert "too large" in read_one(too_large="words").failure
    assert "not called" in read_one(not_run="words").failure


def test_only_a_value_counts_as_returned():
    assert read_one(value=None).returned
    assert error_of() is not None
    for ending in ("timeout", "too_large", "not_run"):
        assert not read_one(**{ending: "x"}).returned
    assert not Outcome(error=StudentError(("KeyError",), "")).returned


def test_a_change_is_read_only_where_it_is_plainly_said():
    assert read_one(value=1, changed=True).changed
    assert not read_one(value=1, changed="no").changed
    assert not read_one(value=1).changed


def test_words_of_the_student_cannot_be_long_or_break_a_file():
    error = error_of(message="a" * 9_999, line="b" * 9_999, types=["C" * 9_999] * 99)
    assert (len(error.message), len(error.line)) == (400, 200)
    assert {len(name) for name in error.types} == {80}
    assert len(error.types) <= 40
    for words in (error_of(message="\ud800"), error_of(line="\udfff"), error_of(types=["\ud800"])):
        json.dumps([words.message, words.line, *words.types], ensure_ascii=False).encode()


@pytest.mark.parametrize("number", ["7", True, 7.0, -1, 10**30, None, [7]])
def test_a_line_number_that_is_none_is_dropped(number):
    assert error_of(line_number=number).line_number is None


def test_a_line_and_its_number_are_kept():
    error = error_of(line="x = 1", line_number=7)
    assert (error.line, error.line_number) == ("x = 1", 7)


def test_an_exception_is_known_by_the_first_type_that_python_defines():
    assert StudentError(("LinAlgError", "ValueError", "Exception"), "").known_type == "ValueError"
    assert StudentError(("KeyError", "LookupError"), "").known_type == "KeyError"
    assert StudentError(("secret_1_2_3",), "").known_type == "Exception"
    assert StudentError(("print", "len", "int"), "").known_type == "Exception"


GOOD = {"id": "case-0", "value": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '"evidence"',
        written(GOOD),
        written(GOOD, GOOD),
        written(GOOD, GOOD, {"id": "case-1", "value": 1}),
        written(GOOD, {"id": "case-2", "value": 1}),
        written(GOOD, {"id": "case-1", "value": 1}, {"id": "case-2", "value": 1}),
        written(GOOD, {"id": "case-1", "value": 1}, question="other"),
        written(GOOD, {"id": "case-1"}),
        written(GOOD, {"id": "case-1", "value": 1, "timeout": 1}),
        written(GOOD, {"id": 1, "value": 1}),
        written(GOOD, {"value": 1}),
        written(GOOD, "case-1"),
        written(GOOD, ["case-1", 1]),
        written(GOOD, None),
        written(GOOD, {"id": "case-1", "value": {"unknown": 1}}),
        written(GOOD, {"id": "case-1", "error": "words"}),
        written(GOOD, {"id": "case-1", "error": {"types": [], "message": ""}}),
        written(GOOD, {"id": "case-1", "error": {"types": "KeyError", "message": ""}}),
        written(GOOD, {"id": "case-1", "error": {"types": ["KeyError", 1], "message": ""}}),
        written(GOOD, {"id": "case-1", "error": {"types": ["KeyError"], "message": 1}}),
        '{"question": "q", "cases": {"case-0": 1, "case-1": 1}}',
        '{"question": ["q"], "cases": []}',
        '{"question": "q", "question": "q", "cases": []}',
        written(GOOD, {"id": "case-1", "value": 1})[:-1],
        written(GOOD, {"id": "case-1", "value": "a" * MAX_BYTES}),
    ],
    ids=lambda text: text[:60],
)
def test_anything_but_each_case_once_is_malformed(text):
    with pytest.raises(MalformedEvidence):
        read(text)


def answers(x):
    if x == 1:
        return {("a", "b"): 1.5, "n": float("nan"), "c": Counter("ab"), "s": {1}}
    if x == 2:
        return [np.arange(3), np.float32(2.5), 2**70, (None, True)]
    if x == 3:
        return x["a"]
    return iter([])


CASES = [{"id": f"case-{n}", "args": encode((n,)), "kwargs": encode({})} for n in range(1, 5)]
VALID = interrogate(
    answers,
    json.dumps({"question": "q", "cases": CASES, "seconds_per_case": 1.0, "seconds": 9.0}),
)
VALID_IDS = [case["id"] for case in CASES]
PIECES = [
    *'{}[]":,-0',
    *"nan NaN Infinity 1e999 null true 99999999999999999999 \\ud800 \x00 é [[[[[[[[".split(),
    *('"int"', '"array"', '"scalar"', '"float"', '"case-1"', '"value"', '{"tuple": ', "[" * 2_000),
]


@given(st.data())
@settings(deadline=None, max_examples=400)
def test_evidence_tampered_with_anywhere_is_read_or_malformed(data):
    text = VALID
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 12))
        piece = data.draw(
            st.sampled_from(PIECES) | st.just(text[start:end] * 2) | st.text(max_size=3)
        )
        text = text[:start] + piece + text[end:]
    try:
        outcomes = read_testimony(text, "q", VALID_IDS)
    except MalformedEvidence:
        return
    assert outcomes.keys() == set(VALID_IDS)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ODD = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(["id", "value", "error", "timeout", "changed"]), ODD, st.integers(0, 3))
@settings(deadline=None, max_examples=200)
def test_any_field_of_a_record_may_be_anything(key, odd, place):
    evidence = json.loads(VALID)
    evidence["cases"][place][key] = odd
    try:
        outcomes = read_testimony(json.dumps(evidence), "q", VALID_IDS)
    except MalformedEvidence:
        return
    assert outcomes.keys() == set(VALID_IDS)


def test_what_was_tampered_with_above_is_valid_to_begin_with():
    outcomes = read_testimony(VALID, "q", VALID_IDS)
    assert [each.returned for each in outcomes.values()] == [True, True, False, True]
