"""A witness is asked one case after the other; how long it takes is measured by who asks."""

import base64
import json
import pickle

import numpy as np
import pytest

from autograder.guest.codec import MAX_BYTES, MalformedEvidence, encode
from autograder.judging import cases
from autograder.judging.cases import BrokenProtocol, read_cases, run_cases, run_here
from autograder.judging.outcomes import read_outcomes


def asked(*calls, seconds_per_case=1.0, seconds=20.0, **more):
    """Return inputs whose cases call the function with each of `calls`, tuples of arguments."""
    found = [
        {"id": f"case-{n}", "args": encode(args), "kwargs": encode({})}
        for n, args in enumerate(calls)
    ]
    limits = {"seconds_per_case": seconds_per_case, "seconds": seconds}
    return json.dumps({"question": "q", "cases": found, **limits, **more})


def arguments_in(line):
    """Return the arguments in what a witness is asked."""
    args, _ = pickle.loads(base64.b64decode(json.loads(line)["case"]["arguments"]))
    return args


def outcomes(function, *calls, **limits):
    inputs = asked(*calls, **limits)
    return list(read_outcomes(run_here(function, inputs), read_cases(inputs)).values())


class Clock:
    """A clock that a witness moves on."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(cases.time, "monotonic", lambda: self.now)

    def taking(self, *seconds):
        """Return a witness whose answers take so long, and what it was asked."""
        heard = []

        def ask(line, longest):
            self.now += seconds[len(heard)]
            heard.append(arguments_in(line))
            return json.dumps({"value": len(heard), "after": ""})

        return ask, heard


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_cases_are_asked_one_after_the_other_in_their_order():
    heard = []
    found = outcomes(lambda x: heard.append(x) or 2 * x, (3,), (1,), (2,))
    assert heard == [3, 1, 2]
    assert [outcome.value for outcome in found] == [6, 2, 4]


def test_a_case_is_laid_ready_only_when_the_one_before_is_answered():
    lines = []

    def ask(line, longest):
        lines.append(line)
        return json.dumps({"value": 1, "after": ""})

    run_cases(ask, asked(("one",), ("other",)))
    assert list(map(arguments_in, lines)) == [("one",), ("other",)]
    assert "case-0" not in lines[0]


def test_two_calls_that_take_too_long_end_the_question_but_not_the_cases_before(clock):
    ask, heard = clock.taking(0.1, 1.0, 0.1, 1.5)
    inputs = asked((0,), (1,), (2,), (3,), (4,), (5,))
    found = read_outcomes(run_cases(ask, inputs), read_cases(inputs)).values()
    assert len(heard) == 4
    assert ["not called" in (outcome.failure or "") for outcome in found] == 4 * [False] + 2 * [
        True
    ]


def test_no_case_is_begun_after_the_time_of_the_question(clock):
    ask, heard = clock.taking(0.9, 0.9, 0.9)
    run_cases(ask, asked((0,), (1,), (2,), seconds=1.0))
    assert len(heard) == 2


def test_a_case_may_begin_at_the_very_end_of_the_questions_time(clock):
    ask, heard = clock.taking(0.5, 0.5, 0.5, 0.5)
    run_cases(ask, asked((0,), (1,), (2,), (3,), seconds=1.0))
    assert len(heard) == 3


@pytest.mark.parametrize(("patience", "begun"), [(1.0, 2), (2.0, 3)])
def test_patience_is_for_the_question_as_for_the_call(clock, patience, begun):
    ask, heard = clock.taking(*4 * [0.9])
    run_cases(ask, asked((0,), (1,), (2,), (3,), seconds=1.0), patience)
    assert len(heard) == begun


@pytest.mark.parametrize(("patience", "asked_for"), [(1.0, 2), (2.0, 4)])
def test_a_call_is_late_only_after_its_patience(clock, patience, asked_for):
    ask, heard = clock.taking(*4 * [1.5])
    run_cases(ask, asked((0,), (1,), (2,), (3,)), patience)
    assert len(heard) == asked_for


@pytest.mark.parametrize(("patience", "called"), [({}, 2), ({"patience": 2.0}, 3)])
def test_code_of_the_course_has_a_students_time_or_more_by_patience(clock, patience, called):
    heard = []

    def slow(number):
        clock.now += 0.9
        heard.append(number)

    run_here(slow, asked((0,), (1,), (2,), (3,), seconds=1.0), **patience)
    assert len(heard) == called


@pytest.mark.parametrize(
    ("allowed", "took", "counts"),
    [
        (1.0, 0.5, True),
        (1.0, 3.25, True),
        (1.0, 3.3, False),
        (2.0, 4.5, True),
        (2.0, 4.6, False),
    ],
)
def test_an_answer_counts_if_it_comes_soon_after_its_time_whatever_it_says(
    clock, allowed, took, counts
):
    inputs = asked((0,), seconds_per_case=allowed)
    evidence = run_cases(clock.taking(took)[0], inputs)
    (outcome,) = read_outcomes(evidence, read_cases(inputs)).values()
    assert outcome.returned is counts


def test_changed_arguments_are_told_from_those_that_are_as_they_were():
    first, second = outcomes(lambda x: x.sort(), ([2, 1],), ([1, 2],))
    assert (first.changed, second.changed) == (True, False)


def test_many_large_values_do_not_make_evidence_that_is_refused_as_a_whole():
    calls = [(300_000,)] * 6 + [(1,)]
    found = outcomes(np.zeros, *calls, seconds_per_case=20.0, seconds=60.0)
    assert [outcome.returned for outcome in found] == [True, True, *[False] * 4, True]


def test_what_an_answer_takes_beyond_its_share_later_answers_lack():
    allowed = []

    def ask(line, longest):
        allowed.append(longest)
        return json.dumps("x" * (8_000 + 100 * len(allowed) - 2))

    run_cases(ask, asked((0,), (1,), (2,)))
    first = MAX_BYTES - 2 * 8_000
    assert allowed == [first, first - 100, first - 300]


def test_short_answers_leave_later_ones_their_room():
    allowed = []
    run_cases(lambda line, longest: allowed.append(longest) or "null", asked((0,), (1,), (2,)))
    assert allowed == 3 * [MAX_BYTES - 2 * 8_000]


def test_the_courses_modules_are_handed_over_before_the_first_case():
    heard = []

    def ask(line, longest):
        heard.append((json.loads(line), longest))
        return "null"

    run_cases(ask, asked((0,), modules={"recipes": "x = 1"}))
    assert heard[0] == ({"modules": {"recipes": "x = 1"}}, 8_000)
    assert len(heard) == 2
    heard.clear()
    run_cases(ask, asked((0,)))
    assert len(heard) == 1


def test_who_answers_where_only_modules_were_handed_over_breaks_the_protocol():
    with pytest.raises(BrokenProtocol, match="nothing was asked"):
        run_cases(lambda line, longest: "1", asked((0,), modules={"recipes": "x = 1"}))


def test_the_courses_own_code_is_asked_beside_its_modules():
    inputs = asked((2,), modules={"recipes": "x = 1"})
    (outcome,) = read_outcomes(run_here(abs, inputs), read_cases(inputs)).values()
    assert outcome.value == 2


def test_a_witness_is_told_which_probe_asks():
    inputs = json.loads(asked((0,)))
    inputs["cases"][0]["probe"] = "pytest"
    heard = []
    run_cases(lambda line, longest: heard.append(line) or "null", json.dumps(inputs))
    assert json.loads(heard[0])["case"]["probe"] == "pytest"


@pytest.mark.parametrize("said", ["\x1b[31m", "{}\r", "\0", "é", "\u2028"])
def test_an_answer_that_is_no_line_of_ascii_breaks_the_protocol(said):
    with pytest.raises(BrokenProtocol):
        run_cases(lambda line, longest: said, asked((1,)))


def test_evidence_is_no_longer_than_is_read_again_whatever_is_said():
    inputs = asked(*[()] * 3)
    evidence = run_cases(lambda line, longest: '"' * longest, inputs)
    with pytest.raises(MalformedEvidence, match="not JSON"):
        read_outcomes(evidence, read_cases(inputs))
