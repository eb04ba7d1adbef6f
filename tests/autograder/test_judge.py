"""The verdict follows from the evidence alone, says why, and tells no secret."""

import json
import math
from collections import Counter
from dataclasses import asdict, dataclass, replace

import numpy as np
import pytest
import torch

from autograder.authoring.checking import Case, Check, Group, case, misconception
from autograder.authoring.comparing import Close, HeldOut
from autograder.guest.codec import MAX_BYTES, encode
from autograder.judging.exam import CannotExamine
from autograder.judging.judge import judge
from autograder.judging.showing import NOT_PASTED, show_call


def verdict_on(exam, function):
    return judge(exam, exam.evidence_of(function))


def total(values, sign=1):
    if not values:
        raise ValueError
    return sign * sum(values)


# --- points --------------------------------------------------------------------------------------


def test_the_reference_and_every_alternative_get_full_marks_and_no_hint(toy):
    for function in (total, *(mistake.function for mistake in toy.question.alternatives)):
        verdict = verdict_on(toy, function)
        assert (verdict.points, verdict.max_points, verdict.says) == (4, 4, "Right.")
        assert (verdict.example, verdict.line, verdict.hint, verdict.flag) == (None,) * 4
        assert all(group.passed == group.asked > 0 for group in verdict.groups)
        assert all(group.reasons == () for group in verdict.groups)


def test_a_group_is_lost_by_one_wrong_case_and_costs_its_own_points_only(toy):
    asked_again = {each.repeat_of for each in toy.cases}
    (once, *_) = [
        each.case.args[0]
        for each in toy.cases
        if each.case.group == "signs"
        and not (each.practice or each.repeat_of or each.identity in asked_again)
    ]
    verdict = verdict_on(toy, lambda values, sign=1: total(values, sign) + (values == once))
    assert (verdict.points, verdict.max_points) == (3, 4)
    assert verdict.says == "Not right yet: negative signs."
    assert [group.points for group in verdict.groups] == [2, 0, 1]
    assert [group.asked - group.passed for group in verdict.groups] == [0, 1, 0]
    assert verdict.groups[1].reasons == ("another number",)


def test_a_wrong_practice_case_costs_nothing(toy):
    practice = [each.case.args[0] for each in toy.cases if each.practice and each.case.args[0]]
    verdict = verdict_on(toy, lambda values, sign=1: total(values, sign) + (values in practice))
    assert verdict.points == verdict.max_points
    assert verdict.example is not None


@pytest.mark.parametrize(
    "convert",
    [
        int,
        np.float64,
        np.float32,
        np.longdouble,
        torch.tensor,
        np.array,
        lambda number: torch.tensor(number, requires_grad=True),
    ],
)
def test_the_type_of_a_right_number_costs_nothing(toy_exam, toy, convert):
    def whole(values, sign=1):
        return float(sign * round(sum(values)))

    check = replace(toy.question.check, seconds_per_case=5.0)  # torch takes its time at first
    exam = toy_exam(check=check, reference=whole, misconceptions=(), alternatives=())
    verdict = verdict_on(exam, lambda values, sign=1: convert(whole(values, sign)))
    assert verdict.points == verdict.max_points


# --- evidence that is not as it should be --------------------------------------------------------


def test_missing_evidence_gets_no_points_and_says_why(toy):
    verdict = judge(toy, None, "The test cell was not reached.")
    assert (verdict.points, verdict.says) == (0, "The test cell was not reached.")
    assert verdict.flag is None
    assert judge(toy, None).says == "Nothing came back."


def test_a_model_that_knows_the_held_out_words_gets_no_points_and_a_flag(toy_exam):
    words = np.arange(30) % 3
    flagging = HeldOut(words, margin=0.05, true_log_probs=np.full(30, -np.log(3)))

    def draw(rng, reference):
        yield Case("all", (30,), compare=flagging)
        yield case("all", 20)

    def uniform(n):
        return np.log(np.full((n, 3), 1 / 3))

    check = Check(groups={"all": Group("all", 1)}, draw=draw)
    exam = toy_exam(check=check, reference=uniform, misconceptions=(), alternatives=())
    assert verdict_on(exam, uniform).flag is None
    verdict = verdict_on(exam, lambda n: np.log(np.eye(3)[np.arange(n) % 3] * (1 - 3e-9) + 1e-9))
    assert verdict.points == 0
    assert "better than the distribution" in verdict.flag


def test_each_answer_is_looked_at_for_what_honest_work_does_not_give(toy_exam):
    @dataclass(frozen=True)
    class Suspects:
        what: int

        def difference(self, expected, got, slack=1.0):
            return None if expected == got else "another number"

        def flag(self, got):
            return f"it says {got}" if got == self.what else None

    def draw(rng, reference):
        for n in (1, 2, 3):
            yield Case("all", (n,), compare=Suspects(6))

    check = Check(groups={"all": Group("all", 1)}, draw=draw)
    exam = toy_exam(check=check, reference=lambda n: 2 * n, misconceptions=(), alternatives=())
    assert verdict_on(exam, lambda n: 2 * n).flag == "it says 6"
    assert verdict_on(exam, lambda n: 3 * n).flag == "it says 6"
    assert verdict_on(exam, lambda n: 5 * n).flag is None


def malformed(evidence):
    data = json.loads(evidence)
    cases = data["cases"]
    yield evidence[:-1]
    yield ""
    yield "NaN"
    yield "[" * 100_000
    yield json.dumps({**data, "question": "other"})
    yield json.dumps({**data, "cases": cases[1:]})
    yield json.dumps({**data, "cases": [*cases, cases[0]]})
    yield json.dumps(
        {**data, "cases": [["case-0", '{"value": {"pickle": ""}}', False], *cases[1:]]}
    )
    yield json.dumps({**data, "cases": [["case-0", '{"value": 1, "value": 1}', False], *cases[1:]]})
    yield evidence.replace('"question"', '"question": "total", "question"', 1)


def test_malformed_evidence_gets_no_points_a_flag_and_words(toy):
    for text in malformed(toy.evidence_of(total)):
        verdict = judge(toy, text)
        assert verdict.points == 0
        assert verdict.groups == ()
        assert verdict.says.startswith("The evidence could not be read: ")
        assert verdict.flag


def test_oversized_evidence_gets_no_points_a_flag_and_its_size(toy):
    verdict = judge(toy, toy.evidence_of(total) + " " * 3 * MAX_BYTES)
    assert verdict.points == 0
    assert f"at most {3 * MAX_BYTES:,} are allowed" in verdict.flag


def forged(toy, **said):
    """Return the evidence of a witness that says this of every case."""
    cases = [[each.identity, json.dumps(said), False] for each in toy.cases]
    return json.dumps({"question": toy.question.name, "cases": cases})


@pytest.mark.parametrize(
    "value",
    [
        {"counter": [["a", {"array": ["float64", [2], "AAAAAAAAAAAAAAAAAAAAAA=="]}], ["b", "c"]]},
        [{"counter": [["a" * 90, 1], ["b" * 90, None]]}],
        {"recipe": ["generator", [5]]},
        {"recipe": ["table model", [1, 5]]},
        [{"recipe": ["table model", [1, 5]]}],
        {"dict": [[{"other": "A"}, 1], [1, 2], ["a", 3], [None, 4]]},
        {"set": [1, "a", None, {"tuple": []}]},
        {"array": ["bool", [3], "Bwf/"]},
        {"array": ["float64", [1], "AQAAAAAA8H8="]},
        {"array": ["uint8", [1] * 16, "AA=="]},
        {"int": "9" * 3_900},
        {"other": ""},
        "\ud800",
        "x" * 300_000,
        list(range(20_000)),
        [[[[["deep"]]]]],
        {"scalar": ["float16", {"float": "nan"}]},
    ],
    ids=lambda value: str(value)[:50],
)
def test_no_value_that_a_student_can_send_breaks_the_judge(toy, value):
    verdict = judge(toy, forged(toy, value=value))
    assert verdict.points == 0
    assert len(verdict.example.got) < 4_000
    json.dumps(asdict(verdict), ensure_ascii=False).encode()


def test_exceptions_that_a_student_can_send_break_nothing(toy):
    error = {"types": ["\ud800", "A" * 500], "message": "\ud800" * 9, "line": "\udfff"}
    verdict = judge(toy, forged(toy, error=error))
    assert verdict.points == 0
    json.dumps(asdict(verdict), ensure_ascii=False).encode()


# --- what a function does beside answering -------------------------------------------------------


def test_a_function_that_changes_its_input_loses_the_groups_in_which_it_does(toy):
    def empties(values, sign=1):
        answer = total(values, sign)
        if sign == -1:
            values.clear()
        return answer

    verdict = verdict_on(toy, empties)
    assert [group.points for group in verdict.groups] == [2, 0, 1]
    assert verdict.groups[1].reasons == ("it changed its input",)
    assert verdict.example.got.endswith(", and changed its input")
    assert verdict.misconception is None


def test_a_wrong_answer_is_said_before_a_changed_input(toy):
    verdict = verdict_on(toy, lambda values, sign=1: values.clear())
    assert verdict.groups[0].reasons == ("no value (None) where a number was expected",)


def test_the_reasons_of_a_group_are_in_order(toy_exam):
    def draw(rng, reference):
        for n in range(2, 10):
            yield case("all", n)

    check = Check(groups={"all": Group("all", 1)}, draw=draw)
    exam = toy_exam(check=check, reference=lambda n: [0], misconceptions=(), alternatives=())
    (group,) = verdict_on(exam, lambda n: n * [0]).groups
    assert group.reasons == tuple(f"{n} parts where 1 were expected" for n in range(2, 10))


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1.0, 2.0], lambda values: values.append(0.0)),
        (Counter(a=1), lambda values: values.update("b")),
        (np.array([1.0, 2.0]), lambda values: values.sort()),
        ({"a": 1.0}, lambda values: values.pop("a")),
    ],
    ids=["list", "Counter", "array", "dict"],
)
def test_inputs_of_every_kind_are_looked_at_after_the_call(toy_exam, value, change):
    def draw(rng, reference):
        yield case("plain", value[::-1] if isinstance(value, np.ndarray) else value)

    check = Check({"plain": Group("plain", 1)}, draw)
    exam = toy_exam(reference=len, check=check, misconceptions=(), alternatives=())

    def changes(values):
        answer = len(values)
        change(values)
        return answer

    assert verdict_on(exam, len).points == 1
    verdict = verdict_on(exam, changes)
    assert verdict.points == 0
    assert verdict.groups[0].reasons == ("it changed its input",)


def test_an_answer_that_changes_when_asked_again_is_noticed_in_words(toy):
    seen = Counter()

    def remembers(values, sign=1):
        seen[str(values)] += 1
        return total(values, sign) + (seen[str(values)] > 1)

    verdict = verdict_on(toy, remembers)
    reasons = {reason for group in verdict.groups for reason in group.reasons}
    assert reasons == {"it gave another answer when it was called again with the same arguments"}
    assert verdict.points < verdict.max_points


OUT_OF_TIME = {
    "it ran longer than the 0.05 s that one call may take",
    "it was not called, as earlier calls had used up the time",
}


def test_a_repeated_call_that_was_out_of_time_is_not_called_another_answer(toy):
    calls = Counter()
    places = [place for place, each in enumerate(toy.cases) if each.repeat_of]
    in_time = max(places)  # all calls before the last one that repeats an earlier one

    def slow_at_last(values, sign=1):
        calls["all"] += 1
        while calls["all"] > in_time:
            pass
        return total(values, sign)

    reasons = {r for group in verdict_on(toy, slow_at_last).groups for r in group.reasons}
    assert reasons
    assert reasons <= OUT_OF_TIME


def test_a_function_that_is_always_wrong_is_not_said_to_be_unsteady(toy):
    verdict = verdict_on(toy, lambda values, sign=1: 0.0)
    reasons = {reason for group in verdict.groups for reason in group.reasons}
    assert reasons == {"another number", "it returned a value where ValueError was to be raised"}


def test_a_function_that_never_ends_loses_everything_but_is_judged(toy):
    def loop(values, sign=1):
        while True:
            pass

    verdict = verdict_on(toy, loop)
    assert verdict.points == 0
    assert verdict.example.got in OUT_OF_TIME
    assert {reason for group in verdict.groups for reason in group.reasons} <= OUT_OF_TIME


def test_the_line_that_raised_is_shown_with_its_number(toy):
    def fails(values, sign=1):
        return values["first"]

    verdict = verdict_on(toy, fails)
    number = fails.__code__.co_firstlineno + 1
    assert verdict.line == f'line {number}: return values["first"]  (TypeError)'


def test_the_line_at_which_time_ran_out_is_shown_with_its_number(toy):
    def never_ends(values, sign=1):
        while True:
            sign += 1

    verdict = judge(toy, toy.evidence_of(never_ends))
    first = never_ends.__code__.co_firstlineno
    lines = {f"line {first + 1}: while True:", f"line {first + 2}: sign += 1"}
    assert verdict.line in {f"{line}  (when its time was up)" for line in lines}


def test_an_exception_that_comes_from_no_line_of_the_student_shows_none(toy):
    verdict = verdict_on(toy, len)  # takes no sign, and says so itself
    assert verdict.points < verdict.max_points
    assert verdict.line is None


def test_of_several_lines_that_raise_the_first_is_shown(toy):
    calls = []

    def fails(values, sign=1):
        calls.append(values)
        if len(calls) == 1:
            return values["first"]
        return values["other"]

    number = fails.__code__.co_firstlineno + 3
    assert verdict_on(toy, fails).line == f'line {number}: return values["first"]  (TypeError)'


def test_an_exception_that_was_expected_shows_no_line(toy):
    verdict = verdict_on(toy, lambda values, sign=1: total(values, sign) and 0.0)
    assert verdict.points == 1
    assert verdict.line is None


# --- hints ---------------------------------------------------------------------------------------


def test_a_known_mistake_gets_its_hint(toy):
    for mistake in toy.question.misconceptions:
        verdict = verdict_on(toy, mistake.function)
        assert (verdict.misconception, verdict.hint) == (mistake.name, mistake.hint)


def test_a_wrong_function_that_is_no_known_mistake_is_not_taken_for_one(toy):
    for wrong in (
        lambda values, sign=1: 0.0,
        lambda values, sign=1: None,
        lambda values, sign=1: math.nan,
        lambda values, sign=1: total(values, sign) + 1,
        lambda values, sign=1: -total(values, sign),
        lambda values, sign=1: values.missing,
    ):
        verdict = verdict_on(toy, wrong)
        assert verdict.points < verdict.max_points
        assert verdict.misconception is None


def test_a_mistake_in_some_cases_only_gets_no_hint(toy):
    (first_left_out, _) = toy.question.misconceptions
    practice = [each.case.args[0] for each in toy.cases if each.practice]

    def sometimes(values, sign=1):
        return (total if values in practice else first_left_out.function)(values, sign)

    verdict = verdict_on(toy, sometimes)
    assert verdict.points == 1
    assert verdict.misconception is None


def test_no_hint_is_given_where_two_mistakes_answer_alike(toy_exam, toy):
    (mistake, _) = toy.question.misconceptions

    @misconception(*mistake.loses, hint="Another reason for the same answers.")
    def alike(values, sign=1):
        return mistake.function(values, sign)

    exam = toy_exam(misconceptions=(*toy.question.misconceptions, alike))
    assert verdict_on(exam, mistake.function).misconception is None
    other = toy.question.misconceptions[1]
    assert verdict_on(exam, other.function).hint == other.hint


def test_a_known_mistake_that_also_answers_what_it_should_refuse_keeps_its_hint(toy):
    (mistake, _) = toy.question.misconceptions
    verdict = verdict_on(toy, lambda values, sign=1: sign * sum(values[1:]))
    assert verdict.points == 0
    assert verdict.hint == mistake.hint


@pytest.mark.parametrize(
    ("discriminating", "apart", "hinted"), [(1, 1.0, False), (2, 1.0, True), (2, 5e-5, False)]
)
def test_a_hint_needs_two_cases_that_tell_the_mistake_from_the_reference(
    toy, discriminating, apart, hinted
):
    (mistake, other) = toy.question.misconceptions
    told = [
        each.identity
        for each in toy.cases
        if toy.expected[each.identity].returned and not each.practice
    ][:discriminating]
    answers = {
        identity: replace(outcome, value=outcome.value * (1 + apart))
        if identity in told
        else outcome
        for identity, outcome in toy.expected.items()
    }
    exam = replace(toy, wrong={mistake.name: answers, other.name: toy.wrong[other.name]})
    evidence = json.loads(toy.evidence_of(total))
    for each in evidence["cases"]:
        if each[0] in told:
            each[1] = json.dumps(json.loads(each[1]) | {"value": encode(answers[each[0]].value)})
    verdict = judge(exam, json.dumps(evidence))
    assert verdict.points < verdict.max_points
    assert (verdict.hint == mistake.hint) is hinted
    assert verdict.misconception is None or hinted


def one_group(toy_exam, reference, *wrong, inputs, **parts):
    """Return the exam of a question of one group, whose inputs are given."""

    def draw(rng, module):
        yield from (case("all", x) for x in inputs)

    check = Check({"all": Group("all", 1)}, draw, **parts)
    return toy_exam(reference=reference, check=check, misconceptions=wrong, alternatives=())


def test_a_case_that_is_asked_again_tells_nothing_new(toy_exam):
    @misconception("all", hint="It is not the half.")
    def half_of_seven(x):
        return 3.5 if x == 7.0 else x

    for inputs, hinted in (([7.0, 1.0, 2.0], False), ([7.0, 7, 1.0, 2.0], True)):
        exam = one_group(toy_exam, lambda x: x, half_of_seven, inputs=inputs)
        assert len(exam.discriminating["half_of_seven"]) >= 2  # in practice, and for points
        verdict = verdict_on(exam, half_of_seven.function)
        assert (verdict.points, verdict.misconception is not None) == (0, hinted)


@pytest.mark.parametrize(("telling", "hinted"), [(3, False), (4, True)])
def test_of_yes_and_no_more_cases_are_needed(toy_exam, telling, hinted):
    @misconception("all", hint="Zero is not above zero.")
    def not_below(x):
        return x > -10

    inputs = [-float(n) for n in range(telling)] + [1.0, 2.0, 3.0]
    exam = one_group(toy_exam, lambda x: x > 0, not_below, inputs=inputs)
    assert (verdict_on(exam, not_below.function).misconception is not None) is hinted


def test_a_mistake_that_is_only_within_the_tolerance_of_another_gets_no_hint(toy_exam):
    @misconception("all", hint="You add one.")
    def one_more(x):
        return x + 1.0

    parts = {"inputs": [1.0, 2.0, 3.0], "compare": Close(rtol=0.0, atol=0.09)}
    exam = one_group(toy_exam, lambda x: x, one_more, **parts)
    for off, hinted in ((0.0, True), (0.02, True), (0.05, False), (0.2, False)):
        verdict = verdict_on(exam, lambda x, off=off: x + 1.0 + off)
        assert (verdict.points, verdict.misconception is not None) == (0, hinted), off


def test_a_mistake_that_may_be_another_that_is_hardly_seen_gets_no_hint(toy_exam, toy):
    """The other one differs from right answers in one case only, but in none from this one."""
    (mistake, _) = toy.question.misconceptions

    @misconception(*mistake.loses, hint="Another reason for the same answers.")
    def alike(values, sign=1):
        return mistake.function(values, sign)

    exam = toy_exam(misconceptions=(mistake, alike))
    seldom = exam.comparable["alike"][:1]
    vars(exam)["comparable"] = {**exam.comparable, "alike": seldom}
    vars(exam)["discriminating"] = {**exam.discriminating, "alike": []}
    assert verdict_on(exam, mistake.function).misconception is None


def test_full_marks_get_no_hint_whatever_practice_says(toy):
    (mistake, other) = toy.question.misconceptions
    practice = {each.identity for each in toy.cases if each.practice}
    evidence = toy.evidence_of(lambda values, sign=1: total(values, sign) + 1)
    wrong = toy.read(evidence)
    answers = {
        identity: wrong[identity] if identity in practice else outcome
        for identity, outcome in toy.expected.items()
    }
    exam = replace(toy, wrong={mistake.name: answers, other.name: toy.wrong[other.name]})
    said, right = json.loads(evidence), json.loads(toy.evidence_of(total))
    right["cases"] = [
        theirs if theirs[0] in practice else ours
        for theirs, ours in zip(said["cases"], right["cases"], strict=True)
    ]
    verdict = judge(exam, json.dumps(right))
    assert verdict.points == verdict.max_points
    assert verdict.example is not None
    assert (verdict.misconception, verdict.hint) == (None, None)


def test_a_hint_needs_finite_cases(toy_exam):
    def draw(rng, reference):
        for _ in range(2):
            yield case("plain", float(rng.uniform(1, 2)))
            yield case("edges", math.inf)

    @misconception("plain", hint="It is not the half.")
    def half(x):
        return x / 2

    check = Check({"plain": Group("plain", 1), "edges": Group("edges", 1)}, draw)
    exam = toy_exam(reference=lambda x: 2 * x, check=check, misconceptions=(half,), alternatives=())
    assert verdict_on(exam, half.function).hint == "It is not the half."
    infinite = verdict_on(exam, lambda x: x * (2 if math.isinf(x) else math.nan))
    assert (infinite.points, infinite.misconception) == (1, None)


def test_a_mistake_that_overflows_is_recognised_by_what_is_not_finite(toy_exam):
    def draw(rng, reference):
        for _ in range(2):
            yield case("plain", float(rng.uniform(1, 2)))
            yield case("large", float(rng.uniform(1000, 2000)))

    def overflow(x):
        return math.exp(x) if x < 700 else math.inf

    groups = {"plain": Group("plain", 1), "large": Group("large", 1)}
    parts = {
        "reference": lambda x: math.exp(min(x, 700.0)),
        "check": Check(groups, draw),
        "alternatives": (),
    }
    blind = misconception("large", hint="It overflows.")(overflow)
    with pytest.raises(CannotExamine, match="fewer than 2 finite cases"):
        toy_exam(misconceptions=(blind,), **parts)
    mistake = misconception("large", hint="It overflows.", overflows=True)(overflow)
    exam = toy_exam(misconceptions=(mistake,), **parts)
    assert verdict_on(exam, overflow).hint == "It overflows."
    assert verdict_on(exam, lambda x: math.exp(x) if x < 700 else math.nan).misconception is None
    assert verdict_on(exam, lambda x: overflow(x) + (x < 700)).misconception is None


def test_a_mistake_that_overflows_is_not_looked_for_where_an_exception_is_right(toy_exam):
    def draw(rng, reference):
        for _ in range(2):
            yield case("large", float(rng.uniform(1000, 2000)))
            yield case("refused", -float(rng.uniform(1, 2)))

    def reference(x):
        if x < 0:
            raise ValueError
        return math.exp(min(x, 700.0))

    @misconception("large", "refused", hint="It overflows.", overflows=True)
    def overflow(x):
        return math.inf if x > 0 else 0.0

    check = Check({"large": Group("large", 1), "refused": Group("refused", 1)}, draw)
    parts = {"misconceptions": (overflow,), "alternatives": ()}
    exam = toy_exam(reference=reference, check=check, **parts)
    verdict = verdict_on(exam, lambda x: math.inf if x > 0 else reference(x))
    assert (verdict.points, verdict.hint) == (1, "It overflows.")


# --- what stays secret ---------------------------------------------------------------------------


def secret_calls(exam):
    """Return the calls of secret cases that are not asked as practice, too."""
    calls = {
        practice: {
            show_call(exam.question.name, each.case, exam.question.probes.catalogue)
            for each in exam.cases
            if each.practice is practice
        }
        for practice in (False, True)
    }
    return calls[False] - calls[True]


def secret_numbers(exam):
    """Return the text of every number in a secret case of the toy question."""
    return {
        repr(number) for each in exam.cases if not each.practice for number in each.case.args[0]
    }


def tells_in_message(*args, **kwargs):
    raise ValueError(repr(args))


def tells_in_type(*args, **kwargs):
    raise type(repr(args), (Exception,), {})


def tells_in_type_of_value(*args, **kwargs):
    return type(repr(args), (), {})()


def tells_in_its_line(*args, **kwargs):
    import linecache

    text = f"raise KeyError  # {args!r}"
    linecache.cache["cell"] = (len(text), None, [text], "cell")
    exec(compile(text, "cell", "exec"))


def returns_its_arguments(*args, **kwargs):
    return [args, kwargs]


LEAKING = [tells_in_message, tells_in_type, tells_in_its_line, returns_its_arguments]


@pytest.mark.parametrize("function", [*LEAKING, tells_in_type_of_value])
def test_nothing_that_a_function_says_of_a_secret_case_gets_into_the_verdict(toy, function):
    words = json.dumps(asdict(verdict_on(toy, function)))
    assert not [number for number in secret_numbers(toy) if number in words]
    assert not [call for call in secret_calls(toy) if json.dumps(call)[1:-1] in words]


def test_what_a_function_says_of_a_practice_case_may_be_shown(toy):
    verdict = verdict_on(toy, tells_in_message)
    practice = [repr(each.case.args) for each in toy.cases if each.practice]
    assert any(verdict.example.got == f"ValueError: {args}" for args in practice)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_no_secret_case_of_the_course_is_ever_an_example(exam):
    for each in exam.questions:
        calls = secret_calls(each)
        assert calls
        for function in (*LEAKING, each.question.misconceptions[0].function):
            verdict = verdict_on(each, function)
            assert verdict.example.call not in calls
            words = json.dumps(asdict(verdict))
            assert not [call for call in calls if json.dumps(call)[1:-1] in words]


def test_a_function_that_is_wrong_in_secret_cases_only_gets_no_example(toy):
    practice = [each.case.args[0] for each in toy.cases if each.practice]

    def wrong_in_secret(values, sign=1):
        return total(values, sign) if values in practice else 0.0

    verdict = verdict_on(toy, wrong_in_secret)
    assert verdict.points < verdict.max_points
    assert verdict.example is None


def test_an_example_shows_call_expected_and_got_of_one_practice_case(toy):
    verdict = verdict_on(toy, lambda values, sign=1: "words")
    calls = {show_call("total", each.case): each for each in toy.cases if each.practice}
    each = calls[verdict.example.call]
    assert verdict.example.expected == repr(toy.expected[each.identity].value)
    assert verdict.example.got == "'words'"


def test_an_example_is_of_the_first_group_that_fails(toy):
    verdict = verdict_on(toy, lambda values, sign=1: total(values) if values else 0.0)
    assert "sign=-1" in verdict.example.call
    verdict = verdict_on(toy, lambda values, sign=1: total(values, sign) if values else 0.0)
    assert verdict.example.call == "total([])"
    assert verdict.example.expected == "ValueError: no values"


def test_an_example_is_the_shortest_call_that_runs(toy_exam):
    def draw(rng, reference):
        for length in (300, 200, 2_000):  # the longest is too long to be pasted, and cut
            yield case("plain", rng.normal(size=length).tolist())

    check = Check({"plain": Group("plain", 1)}, draw)
    exam = toy_exam(check=check, misconceptions=(), alternatives=())
    calls = {exam.call(each): each for each in exam.cases if each.practice}
    assert min(calls, key=len).startswith(NOT_PASTED)
    example = verdict_on(exam, lambda values: 0.0).example
    assert len(calls[example.call].case.args[0]) == 200


def test_an_example_shows_what_came_back_not_what_a_probe_made_of_it(toy_exam):
    def draw(rng, reference):
        yield Case("plain", ([1, 2],), probe="fresh")

    check = Check({"plain": Group("plain", 1)}, draw)
    exam = toy_exam(reference=list, check=check, misconceptions=(), alternatives=())
    example = verdict_on(exam, lambda values: values[::-1]).example
    assert (example.expected, example.got) == ("[1, 2]", "[2, 1]")


def test_a_verdict_does_not_depend_on_the_order_of_the_cases(toy):
    evidence = json.loads(toy.evidence_of(lambda values, sign=1: values[0]))
    backwards = {**evidence, "cases": evidence["cases"][::-1]}
    reordered = replace(toy, cases=toy.cases[::-1])
    verdicts = [
        judge(exam, json.dumps(data)) for exam in (toy, reordered) for data in (evidence, backwards)
    ]
    assert len({repr(replace(verdict, line=None)) for verdict in verdicts}) == 1
