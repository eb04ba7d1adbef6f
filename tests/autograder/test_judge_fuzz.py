"""Whatever a student's process writes, the judge of every question gives a verdict, in time.

`judge` is asked without the guard of `judge_all`: the comparisons themselves meet every value.
"""

import itertools
import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.authoring.allowance import allowance
from autograder.authoring.material import load_material
from autograder.guest.codec import NotEncodable, Opaque, encode
from autograder.guest.recipes import Recipe
from autograder.judging.cases import read_cases
from autograder.judging.exam import Exam, QuestionExam
from autograder.judging.judge import judge
from tests.autograder.conftest import ASSIGNMENTS
from tests.exams import shared_exam

SECONDS = 8.0
"""CPU time for one answer to all cases of a question."""
HUGE = 10**400


@pytest.fixture(scope="session")
def questions(light_exam: Exam) -> tuple[QuestionExam, ...]:
    return light_exam.questions


def nested(depth, value):
    for _ in range(depth):
        value = [value]
    return value


SCALARS = [
    *(None, True, False, 0, -1, 3, 2**53, 2**64, HUGE, -HUGE, 10**3_500),
    *(0.0, -0.0, 5e-324, 1.8e308, math.nan, math.inf, -math.inf, 1e-300),
    *(
        np.float16(65504),
        np.float32(math.nan),
        np.float64(-0.0),
        np.int8(-128),
        np.uint64(2**64 - 1),
    ),
    *(np.bool_(True), np.longdouble(1), np.str_("word")),
    *("", "word", "<s>", "\ud800", "nan", "a" * 5_000, "1"),
    *(Opaque("generator"), Opaque("complex"), Opaque("Own" * 20)),
    *(Recipe("generator", (7,)), Recipe("nothing", (HUGE, math.nan))),
]
ARRAYS = [
    *(np.array(2.5), np.array(True), np.array(1j), np.array(math.nan)),
    *(np.zeros(0), np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 0, 2)), np.zeros((0,) * 16)),
    *(
        np.zeros((1,) * 16),
        np.zeros((300_000, 0)),
        np.zeros((0, 300_000)),
        np.zeros((1,) * 15 + (0,)),
    ),
    *(np.full(3, math.nan), np.full((2, 2), math.inf), np.full((5, 4), -math.inf)),
    *(np.array([1j, 2]), np.array([True, False]), np.zeros((2, 3), bool), np.zeros(3, "complex64")),
    *(np.array([-128], "int8"), np.full((3, 3), 2**63, "uint64"), np.full(2, 65504, "float16")),
    *(np.array([1.8e308, -1.8e308]), np.array([-0.0, 0.0]), np.zeros(5_000, "uint8")),
    *(np.array([None, 1.5], object), np.array([HUGE, 1.5], object), np.array(["a", "b"])),
    np.array([np.zeros(2), np.zeros(3), "a"], object),
]
CONTAINERS = [
    *([], (), {}, frozenset(), Counter(), [[]], [()], [{}], ((), ()), [None], [None, None]),
    *([HUGE], [HUGE, 1.5], [1.5, HUGE, math.nan], [math.nan] * 4, [[math.inf] * 2] * 2),
    *([1, "a"], ["a", 1.5, None], ("a", ["b"]), [["a", ["b"]], ["b", []]], ["a", "a"], [True, 1]),
    *(
        [np.zeros(2), np.zeros(3)],
        [np.zeros((300_000, 0))],
        [np.array(1.5), 1.5],
        [np.zeros((0, 2))],
    ),
    *((np.zeros((2, 2)), np.zeros(2)), (np.array(1.0), np.array(2.0)), (None, math.nan)),
    *(nested(20, HUGE), nested(22, math.nan), nested(20, {}), {"a": nested(20, 1)}),
    *([0.5] * 500, [[]] * 500, ["word"] * 500, [[0.0] * 20] * 20, [HUGE] * 20),
    *({1: 2}, {"a": HUGE}, {None: None}, {True: 1, "a": 2}, {math.nan: math.nan}, {(): ()}),
    *({1: {("a",): 1}}, {1: {("a",): HUGE}}, {("a", "b"): math.nan}, {1: Counter(a=1)}),
    *({"a": 1, 1: "a", None: [], ("a", 1): {}}, {n: n for n in range(300)}, {HUGE: HUGE}),
    *({np.float64(1.5): 1}, {np.int8(1): 1, 1.5: 2}, {Opaque("A"): 1}),
    *(Counter(a=-5), Counter({"a": HUGE}), Counter({"a": math.nan}), Counter({"a": None})),
    *(Counter({("a",): 1.5}), Counter({"a": -1, "b": 1}), Counter({1: True})),
    *(frozenset([1]), frozenset(["a", None, 1.5, (2,)]), frozenset([HUGE]), frozenset([math.nan])),
    *({"E": None}, {"votes": np.zeros(0), "bias": HUGE}, {"returned": None}, {"norms": [None]}),
    *([Recipe("table model", (1, {}))], {"a": Opaque("A")}, [Opaque("A")] * 3),
]
ODD = [*SCALARS, *ARRAYS, *CONTAINERS]
LARGE = [
    *("a" * 150_000, [0.5] * 20_000, [[]] * 9_000, [{}] * 9_000, {n: n for n in range(4_000)}),
    *(np.zeros(100_000, "uint8"), np.zeros((100_000, 1), "uint8"), [[0.5] * 100] * 100),
]
LARGE_SHARES = 4
WRAPPED = [
    wrap(value)
    for value in (*SCALARS, *ARRAYS)
    for wrap in (lambda v: [v], lambda v: (v, v), lambda v: {"a": v}, lambda v: [[v, 1.5], [v]])
]


def evidence(exam, endings):
    """Return the evidence in which each case ended as its identity says, in JSON."""
    arguments = read_cases(exam.inputs).arguments
    records = [
        [identity, f'{{{ending}, "after": "{arguments[identity]}"}}', False]
        for identity, ending in endings.items()
    ]
    return json.dumps({"question": exam.question.name, "cases": records})


def judged(exam, evidence, is_read=True):
    with allowance(SECONDS):
        verdict = judge(exam, evidence)
    assert 0 <= verdict.points <= verdict.max_points
    assert verdict.says
    assert verdict.groups or not is_read, verdict.says
    json.dumps(verdict, default=vars).encode()
    return verdict


def judge_always(questions, value, is_read=True):
    """Judge what a function that returns a value comes to; the witness passes on no larger one."""
    try:
        ending = f'"value": {json.dumps(encode(value))}'
    except NotEncodable as error:
        ending = f'"too_large": {json.dumps(str(error))}'
    for exam in questions:
        endings = {each.identity: ending for each in exam.cases}
        verdict = judged(exam, evidence(exam, endings), is_read)
        assert verdict.points < verdict.max_points, exam.question.name


def test_there_are_several_hundred_odd_values():
    assert len(ODD) + len(WRAPPED) > 300


def share_of(values, exam):
    """Return the part of many values that meets one assignment; all of them meet some."""
    return values[ASSIGNMENTS.index(exam.material.assignment.name) :: len(ASSIGNMENTS)]


def test_an_odd_answer_to_everything_gets_a_verdict_and_never_full_marks(light_exam):
    for value in share_of(ODD, light_exam):
        judge_always(light_exam.questions, value)


@pytest.mark.long
def test_an_odd_answer_in_containers_and_a_large_one_get_a_verdict_too(light_exam):
    for value in share_of(WRAPPED, light_exam):
        judge_always(light_exam.questions, value)
    for number, question in enumerate(light_exam.questions):  # each meets two
        for value in LARGE[number % LARGE_SHARES :: LARGE_SHARES]:  # which may be too much together
            judge_always([question], value, is_read=False)


def spoiled(encoded, odd):
    """Yield what was encoded with one part of it replaced."""
    yield odd
    if isinstance(encoded, list) and encoded:
        for place in sorted({0, len(encoded) - 1}):
            for inner in spoiled(encoded[place], odd):
                yield [*encoded[:place], inner, *encoded[place + 1 :]]
    elif isinstance(encoded, dict):
        ((tag, body),) = encoded.items()
        if tag in ("dict", "counter"):
            for place, (key, value) in enumerate(body[:10]):
                for inner in itertools.islice(spoiled(value, odd), 3):
                    yield {tag: [*body[:place], [key, inner], *body[place + 1 :]]}
        elif tag == "tuple":
            yield from ({tag: parts} for parts in spoiled(body, odd) if isinstance(parts, list))


def forged(exam, odd):
    """Yield evidence that is right in all cases with answers, but for one odd part in each."""
    identities = [each.identity for each in exam.cases if exam.expected[each.identity].returned]
    right = [encode(exam.expected[identity].value) for identity in identities]
    parts = [list(itertools.islice(spoiled(answer, odd), 16)) for answer in right]
    refused = '"error": {"types": ["ValueError"], "message": ""}'
    others = {each.identity: refused for each in exam.cases if each.identity not in identities}
    for turn in range(max(map(len, parts))):
        answers = {
            identity: f'"value": {json.dumps(each[turn % len(each)])}'
            for identity, each in zip(identities, parts, strict=True)
        }
        yield evidence(exam, answers | others)


@pytest.mark.parametrize("odd", [HUGE, np.array(1.5), {}], ids=["huge", "0-d", "empty"])
def test_a_right_answer_with_an_odd_part_gets_a_verdict(questions, odd):
    for exam in questions:
        for text in itertools.islice(forged(exam, encode(odd)), 4):
            judged(exam, text)


@pytest.mark.long
def test_right_answers_with_odd_parts_of_every_kind_get_a_verdict(light_exam):
    for odd in share_of(ODD, light_exam):
        for exam in light_exam.questions:
            for text in itertools.islice(forged(exam, encode(odd)), 6):
                judged(exam, text)


KEYS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    KEYS | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, min_side=0, max_side=3)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3).map(Counter)
    ),
    max_leaves=12,
)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")  # hides what failed
@given(value=VALUES)
@settings(deadline=None, derandomize=True, max_examples=150)
def test_any_answer_gets_a_verdict(questions, value):
    judge_always(questions, value)


@pytest.mark.long
def test_every_odd_answer_gets_a_verdict_and_is_compared_with_every_mistake_too(light_exam):
    questions = shared_exam(load_material(light_exam.material.assignment)).questions
    for value in ODD:
        judge_always(questions, value)
