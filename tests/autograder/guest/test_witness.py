"""A witness calls a function on the case that it is given and writes down whatever comes of it."""

import gc
import json
import sys
import time
import warnings
from collections import Counter

import numpy as np
import pytest

from autograder.guest.codec import decode, encode
from autograder.guest.recipes import Recipe
from autograder.guest.witness import answer, digest_of, laid_ready, silence


def said(function, *args, seconds=1.0, longest=100_000, probe="call once", **kwargs):
    """Return the line that a witness answers with, called with these arguments."""
    case = laid_ready(encode(args), encode(kwargs), probe=probe)
    with silence():
        return answer(function, json.dumps({"case": case, "seconds": seconds, "longest": longest}))


def record(function, *args, **more):
    return json.loads(said(function, *args, **more))


def changed(function, *args):
    """Return whether the arguments are others after the call, as who asked can tell."""
    return record(function, *args)["after"] != digest_of(encode(args), encode({}))


def test_the_value_is_written_with_the_digest_of_the_arguments():
    arguments = digest_of(encode((1,)), encode({}))
    assert record(lambda x: x + 1, 1) == {"value": 2, "after": arguments}


def test_keyword_arguments_arrive_as_such():
    assert record(lambda *, base: base, base=2)["value"] == 2


def test_every_call_gets_arguments_of_its_own():
    values = [1, 2]
    kept = []
    record(kept.append, values)
    record(kept.append, values)
    assert kept == [[1, 2], [1, 2]]
    assert kept[0] is not kept[1]


# --- what goes wrong -----------------------------------------------------------------------------


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    "error", [ValueError, KeyError, RecursionError, MemoryError, SystemExit, KeyboardInterrupt]
)
def test_whatever_a_function_raises_is_written_down(error):
    def fails():
        raise error("some words")

    found = record(fails)["error"]
    assert found["types"][0] == error.__name__
    assert found["types"][-1] == "object"
    assert "some words" in found["message"]


def test_an_exception_is_recorded_with_the_students_own_line():
    def fails(values):
        first = values["first"]
        return 2 * first

    found = record(fails, [1, 2])["error"]
    assert found["line"] == 'first = values["first"]'
    assert found["line_number"] == fails.__code__.co_firstlineno + 1


def test_the_line_is_the_students_where_a_library_raised():
    def fails(values):
        return np.linalg.inv(values)  # the student's line

    found = record(fails, [[0.0, 0.0], [0.0, 0.0]])["error"]
    assert found["types"][0] == "LinAlgError"
    assert found["line"] == "return np.linalg.inv(values)  # the student's line"


def test_the_line_is_the_students_where_the_course_library_raised():
    def fails():
        return decode({"no": "tag"})  # the student's line

    assert record(fails)["error"]["line"] == 'return decode({"no": "tag"})  # the student\'s line'


def test_a_call_that_cannot_begin_has_no_line():
    found = record(lambda: None, 1, 2)["error"]
    assert found["types"][0] == "TypeError"
    assert "line" not in found


def test_an_exception_that_cannot_print_itself_is_recorded_too():
    def fails():
        raise Unprintable

    found = record(fails)["error"]
    assert (found["types"][0], found["message"]) == (
        "Unprintable",
        "(its message could not be printed)",
    )


def test_a_message_is_kept_short():
    def fails():
        raise ValueError("a" * 10_000)

    assert len(record(fails)["error"]["message"]) == 400


def test_what_is_no_function_is_an_error_of_every_case():
    assert record(None)["error"]["types"][0] == "TypeError"


def test_a_value_that_raises_when_looked_at_is_the_students_error():
    class Lazy(dict):
        def items(self):
            raise KeyError("looked at")

    assert record(lambda: Lazy(a=1))["error"]["types"][0] == "KeyError"


# --- time and size -------------------------------------------------------------------------------


def loop():
    while True:
        pass


def loop_that_catches():
    while True:
        try:
            while True:
                pass
        except Exception:
            continue


def endless_parts():
    class Endless(list):
        def __iter__(self):
            loop()

    return Endless([1])


@pytest.mark.parametrize("function", [loop, loop_that_catches, endless_parts])
def test_a_call_ends_when_its_time_is_up_whatever_exceptions_it_catches(function):
    found = record(function, seconds=0.05)
    assert (found.keys() - {"line", "line_number", "after"}) == {"timeout"}
    assert found["timeout"] == 0.05


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_alarm_that_rings_where_nobody_hears_it_rings_again():
    def collecting(phase, info):
        ends = time.monotonic() + 0.1
        while phase == "start" and time.monotonic() < ends:
            pass

    def endless():
        gc.callbacks.append(collecting)
        try:
            gc.collect()
        finally:
            gc.callbacks.remove(collecting)
        while True:
            pass

    assert record(endless, seconds=0.05)["timeout"] == 0.05


def test_a_call_that_ran_out_of_time_says_at_which_line_it_was():
    found = record(loop, seconds=0.05)
    first = loop.__code__.co_firstlineno
    assert found["line"] in ("while True:", "pass")
    assert first < found["line_number"] <= first + 2


def test_time_that_a_call_left_over_is_not_spent_later():
    assert record(lambda: 1, seconds=0.05)["value"] == 1
    total = sum(n for n in range(3_000_000))  # takes longer: no alarm may ring here
    assert total > 0


def test_a_value_of_too_many_parts_is_said_to_be_too_large():
    assert "too_large" in record(lambda: [0] * 500_000, seconds=20.0)


def test_an_answer_longer_than_there_is_room_for_is_said_to_be_too_large():
    assert record(lambda: "a" * 900, longest=1_000)["value"] == "a" * 900
    line = said(lambda: "a" * 1_000, longest=1_000)
    assert "too_large" in json.loads(line)
    assert len(line) <= 1_000


# --- what must not get out -----------------------------------------------------------------------


class Talkative(dict):
    def items(self):
        print("secret")
        return super().items()


class TalkativeError(Exception):
    def __str__(self):
        print("secret")
        return "words"


def test_printing_is_discarded_wherever_it_happens(capfd):
    def talks(x):
        print("secret", x)
        print("secret", x, file=sys.stderr)
        sys.stdout.flush()
        if x == 2:
            raise TalkativeError
        return Talkative(a=1)

    first, second = record(talks, 1), record(talks, 2)
    assert first["value"] == {"dict": [["a", 1]]}
    assert second["error"]["message"] == "words"
    assert capfd.readouterr() == ("", "")


def test_a_function_that_closes_what_it_prints_to_prints_in_its_next_call():
    def closes():
        print("secret")
        sys.stdout.close()

    asked = json.dumps({"case": laid_ready(encode(()), encode({})), "seconds": 1.0, "longest": 999})
    with silence():
        answers = [json.loads(answer(closes, asked)) for _ in range(2)]
    assert [each["value"] for each in answers] == [None, None]


def test_a_function_may_ask_whether_it_can_print():
    assert record(lambda: sys.stdout.writable() and not sys.stdout.isatty())["value"] is True


def test_a_warning_costs_nothing_even_where_warnings_are_errors():
    def warns(x):
        warnings.warn("take care", stacklevel=1)
        return 2 * x

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert record(warns, 7)["value"] == 14


def test_printing_works_again_afterwards(capsys):
    record(lambda: print("secret"))
    print("open")
    assert capsys.readouterr().out == "open\n"


# --- inputs that are changed ---------------------------------------------------------------------


def sort_in_place(x):
    x.sort()


def append(x):
    x.append(1)


def write(x):
    x[0] = 7


def pop(x):
    x.pop("a")


def add_then_fail(x):
    x["new"] = 1
    raise ValueError


def fill_with_odd_things(x):
    class Odd(dict):
        def items(self):
            raise KeyError

    x.append(Odd())


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (append, []),
        (sort_in_place, [2, 1]),
        (write, np.zeros(2)),
        (write, [[1], [2]]),
        (pop, {"a": 1, "b": 2}),
        (pop, Counter("ab")),
        (add_then_fail, {}),
        (add_then_fail, Counter()),
        (lambda x: x.update("a"), Counter("a")),
        (lambda x: x[1].append(1), (1, [])),
        (lambda x: x["a"].append(1), {"a": []}),
        (lambda x: x.append([0] * 500_000), []),
        (lambda x: x.append(x), []),
        (fill_with_odd_things, []),
    ],
)
def test_a_changed_input_is_noticed(function, value):
    assert changed(function, value)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (sorted, [2, 1]),
        (lambda x: x["no such key"], Counter("ab")),
        (lambda x: [*x, 1], [1]),
        (lambda x: x + 1, np.zeros(2)),
        (lambda x: append(list(x)), [1]),
        (sort_in_place, [1, 2]),
        (lambda x: x, [float("nan")]),
    ],
)
def test_an_input_that_is_as_it_was_counts_as_unchanged(function, value):
    assert not changed(function, value)


# --- recipes and probes --------------------------------------------------------------------------


def test_a_recipe_is_built_anew_for_every_case():
    first, second = (
        record(lambda rng: float(rng.random()), Recipe("generator", (7,))) for _ in range(2)
    )
    assert first["value"] == second["value"] == np.random.default_rng(7).random()


def test_a_tally_counts_the_results_of_many_calls():
    found = record(
        lambda rng: [rng.choice(["a", "b"])], 30, Recipe("generator", (7,)), probe="tally"
    )
    tally = decode(found["value"])
    assert type(tally) is Counter
    assert tally.keys() == {("a",), ("b",)}
    assert tally.total() == 30


def test_an_answer_is_one_line_of_strict_json():
    line = said(lambda: [float("nan"), "a\nb", "\ud800"])
    assert line.isascii()
    assert line.isprintable()
    assert "NaN" not in line
