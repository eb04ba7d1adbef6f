"""What a witness wrote is read, or it is called malformed; nothing else can happen."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.guest.codec import MAX_BYTES, MalformedEvidence, encode
from autograder.judging.cases import Cases, broken, read_cases, run_here
from autograder.judging.outcomes import Outcome, StudentError, read_outcomes

CASES = Cases("q", 2.0, 9.0, {}, {"case-0": "{}", "case-1": "{}"}, {"case-0": "d0", "case-1": "d1"})
ONE = Cases("q", 2.0, 9.0, {}, {"case-0": "{}"}, {"case-0": "d0"})


def written(*records, question="q", **more):
    return json.dumps({"question": question, "cases": list(records), **more})


def answer(identity="case-0", late=False, **said):
    return [identity, json.dumps(said), late]


def read_one(late=False, **said):
    return read_outcomes(written(answer(late=late, **{"after": "d0"} | said)), ONE)["case-0"]


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
    not_asked = read_outcomes(written(["case-0", None, False]), ONE)["case-0"]
    assert "not called" in not_asked.failure


@pytest.mark.parametrize("said", [{"value": 1}, {"error": {"types": ["E"], "message": ""}}])
def test_what_came_too_late_does_not_count_whatever_it_says(said):
    outcome = read_one(late=True, **said)
    assert "longer than the 2 s" in outcome.failure
    assert not outcome.returned


def test_what_came_too_late_keeps_a_reason_of_its_own():
    assert "too large" in read_one(late=True, too_large="x").failure


@pytest.mark.parametrize("seconds", [2, 2.0, 1e-3, 3599.5])
def test_the_time_that_ran_out_is_named(seconds):
    assert f"longer than the {seconds:g} s" in read_one(timeout=seconds).failure


@pytest.mark.parametrize("seconds", [0, -1, 3600, 1e30, True, "2", None, [2]])
def test_a_time_that_is_none_is_not_named(seconds):
    assert read_one(timeout=seconds).failure == "it ran longer than one call may"


def test_only_a_value_counts_as_returned():
    assert read_one(value=None).returned
    assert error_of() is not None
    for ending in ("timeout", "too_large"):
        assert not read_one(**{ending: "x"}).returned
    assert not Outcome(error=StudentError(("KeyError",), "")).returned


@pytest.mark.parametrize("after", ["d1", "", None, 7, ["d0"], {}])
def test_arguments_that_are_not_what_they_were_count_as_changed(after):
    assert read_one(value=1, after=after).changed
    assert not read_one(value=1, after="d0").changed
    assert read_one(error={"types": ["KeyError"], "message": ""}, after=after).changed


def test_who_says_nothing_of_the_arguments_is_taken_to_have_changed_them():
    assert read_outcomes(written(answer(value=1)), ONE)["case-0"].changed


def test_words_of_the_student_cannot_be_long_or_break_a_file():
    error = error_of(message="a" * 9_999, line="b" * 9_999, types=["C" * 9_999] * 99)
    assert (len(error.message), len(error.line)) == (400, 200)
    assert {len(name) for name in error.types} == {80}
    assert len(error.types) <= 40
    for words in (error_of(message="\ud800"), error_of(line="\udfff"), error_of(types=["\ud800"])):
        json.dumps([words.message, words.line, *words.types], ensure_ascii=False).encode()


@pytest.mark.parametrize("number", ["7", True, 7.0, -1, 10**30, None, [7], 0, 10**6])
def test_a_line_number_that_is_none_is_dropped(number):
    assert error_of(line_number=number).line_number is None


@pytest.mark.parametrize("number", [1, 7, 10**6 - 1])
def test_a_line_and_its_number_are_kept(number):
    error = error_of(line="x = 1", line_number=number)
    assert (error.line, error.line_number) == ("x = 1", number)


@pytest.mark.parametrize("line", [None, 7, ["x = 1"]])
def test_a_line_that_is_none_is_left_out(line):
    assert error_of(line=line).line == ""


def test_an_exception_is_known_by_the_first_type_that_python_defines():
    assert StudentError(("LinAlgError", "ValueError", "Exception"), "").known_type == "ValueError"
    assert StudentError(("KeyError", "LookupError"), "").known_type == "KeyError"
    assert StudentError(("secret_1_2_3",), "").known_type == "Exception"
    assert StudentError(("print", "len", "int"), "").known_type == "Exception"


GOOD = answer(value=1)


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
        written(GOOD, GOOD, answer("case-1", value=1)),
        written(GOOD, answer("case-2", value=1)),
        written(GOOD, answer("case-1", value=1), answer("case-2", value=1)),
        written(GOOD, answer("case-1", value=1), question="other"),
        written(GOOD, answer("case-1")),
        written(GOOD, answer("case-1", value=1, timeout=1)),
        written(GOOD, answer(1, value=1)),
        written(GOOD, answer("case-1", value=1)[:2]),
        written(GOOD, answer("case-1", value=1, late="no")),
        written(GOOD, ["case-1", None, True]),
        written(GOOD, ["case-1", "null", False]),
        written(GOOD, ["case-1", '{"value": 1}, {"value": 1}', False]),
        written(GOOD, ["case-1", {"value": 1}, False]),
        written(GOOD, "case-1"),
        written(GOOD, None),
        written(GOOD, answer("case-1", value={"unknown": 1})),
        written(GOOD, answer("case-1", error="words")),
        written(GOOD, answer("case-1", error={"types": [], "message": ""})),
        written(GOOD, answer("case-1", error={"types": "KeyError", "message": ""})),
        written(GOOD, answer("case-1", error={"types": ["KeyError", 1], "message": ""})),
        written(GOOD, answer("case-1", error={"types": ["KeyError"], "message": 1})),
        '{"question": "q", "cases": {"case-0": 1, "case-1": 1}}',
        '{"question": ["q"], "cases": []}',
        '{"question": "q", "question": "q", "cases": []}',
        written(GOOD, answer("case-1", value=1))[:-1],
        written(GOOD, answer("case-1", value="a" * MAX_BYTES)),
    ],
    ids=lambda text: text[:60],
)
def test_anything_but_each_case_once_is_malformed(text):
    with pytest.raises(MalformedEvidence):
        read_outcomes(text, CASES)


def test_what_was_broken_off_says_why():
    with pytest.raises(MalformedEvidence, match="spoke without end"):
        read_outcomes(broken("q", "it spoke without end"), CASES)


def answers(x):
    if x == 1:
        return {("a", "b"): 1.5, "n": float("nan"), "c": Counter("ab"), "s": {1}}
    if x == 2:
        return [np.arange(3), np.float32(2.5), 2**70, (None, True)]
    if x == 3:
        return x["a"]
    return iter([])


ASKED = [{"id": f"case-{n}", "args": encode((n,)), "kwargs": encode({})} for n in range(1, 5)]
INPUTS = json.dumps({"question": "q", "cases": ASKED, "seconds_per_case": 1.0, "seconds": 9.0})
VALID, VALID_CASES = run_here(answers, INPUTS), read_cases(INPUTS)
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
        outcomes = read_outcomes(text, VALID_CASES)
    except MalformedEvidence:
        return
    assert outcomes.keys() == VALID_CASES.texts.keys()


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ODD = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.sampled_from(["value", "error", "timeout", "after"]), ODD, st.integers(0, 3))
@settings(deadline=None, max_examples=200)
def test_any_field_of_an_answer_may_be_anything(key, odd, place):
    evidence = json.loads(VALID)
    record = evidence["cases"][place]
    record[1] = json.dumps(json.loads(record[1]) | {key: odd})
    try:
        outcomes = read_outcomes(json.dumps(evidence), VALID_CASES)
    except MalformedEvidence:
        return
    assert outcomes.keys() == VALID_CASES.texts.keys()


def test_what_was_tampered_with_above_is_valid_to_begin_with():
    outcomes = read_outcomes(VALID, VALID_CASES)
    assert [each.returned for each in outcomes.values()] == [True, True, False, True]
