"""The rules of a class and the one final mark, computed by hand beside."""

import dataclasses
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from autograder.authoring.coursework import load_coursework
from autograder.authoring.stretch import marked_cells
from autograder.classroom.class_file import BrokenClassFile, Counts, LatePolicy, read_class_file
from autograder.classroom.deadlines import days_late, in_utc, later
from autograder.classroom.final_mark import Cell, Lateness, final_mark, lateness_of

ZURICH = ZoneInfo("Europe/Zurich")
CELLS = (
    Cell("a-graded", 16.0, 20.0),
    Cell("b-graded", 4.0, 5.0),
    Cell("c-graded", 3.0, 5.0),
    Cell("d-written", 2.5, 4.0, by_a_person=True),
)


@pytest.fixture
def rules_of(class_folder):
    def rules(text, course=None):
        (class_folder.path / "class.toml").write_text(text, encoding="utf-8")
        return read_class_file(class_folder, course)

    return rules


def utc(*numbers):
    return datetime(*numbers, tzinfo=UTC)


def mark(days=0, stretch="bonus", written="included", slipped=0, cells=CELLS, **policy):
    rules = LatePolicy(**({"policy": "none"} | policy))
    counts = Counts(stretch=stretch, written=written)
    return final_mark(cells, {"c-graded"}, counts, rules, Lateness(days=days, slipped=slipped))


@pytest.mark.parametrize(
    ("counts", "points", "full"),
    [
        ({}, 25.5, 29.0),
        ({"stretch": "full"}, 25.5, 34.0),
        ({"stretch": "apart"}, 22.5, 29.0),
        ({"stretch": "capped"}, 25.5, 29.0),
        ({"written": "apart"}, 23.0, 25.0),
        ({"stretch": "apart", "written": "apart"}, 20.0, 25.0),
    ],
)
def test_what_counts_is_said_by_the_class(counts, points, full):
    found = mark(**counts)
    assert (found.points, found.full) == (points, full)
    assert [part.points for part in found.parts] == [20.0, 3.0, 2.5]


def test_a_bonus_may_go_beyond_full_marks_and_a_capped_stretch_may_not():
    cells = tuple(dataclasses.replace(cell, points=cell.max_points) for cell in CELLS)
    assert mark(cells=cells).points == 34.0
    assert mark(cells=cells, stretch="capped").points == 29.0


@pytest.mark.parametrize(
    ("days", "policy", "points"),
    [
        (3, {"policy": "none"}, 25.5),
        (0, {"policy": "hard"}, 25.5),
        (1, {"policy": "hard"}, 0.0),
        (1, {"policy": "per_day", "percent": 10}, 22.95),
        (2, {"policy": "per_day", "percent": 10, "of": "full"}, 19.7),
        (9, {"policy": "per_day", "percent": 10, "at_most": 50}, 12.75),
        (20, {"policy": "per_day", "percent": 10}, 0.0),
        (3, {"policy": "per_day", "percent": 10, "closed_after_days": 3}, 17.85),
        (4, {"policy": "per_day", "percent": 10, "closed_after_days": 3}, 0.0),
        (3, {"policy": "per_day", "percent": 10, "slipped": 2}, 22.95),
    ],
)
def test_coming_late_costs_what_the_policy_says(days, policy, points):
    found = mark(days, **policy)
    assert found.points == points
    assert found.taken_off == pytest.approx(25.5 - points)


def test_a_mark_says_what_it_is_made_of():
    assert mark(3, slipped=2, policy="per_day", percent=10).in_words == (
        "core 20 of 25, stretch 3 of 5 (a bonus), written 2.5 of 4, "
        "3 days late, 2 days of them by slip days: 2.55 taken off"
    )


def test_a_day_is_a_day_of_the_clock_where_the_clock_changes():
    due = in_utc(datetime(2026, 10, 24, 23, 59), ZURICH)
    assert due == utc(2026, 10, 24, 21, 59)
    assert days_late(utc(2026, 10, 25, 22, 59), due, ZURICH) == 1  # 25 hours, and one day
    assert days_late(utc(2026, 10, 25, 23, 0), due, ZURICH) == 2
    spring = in_utc(datetime(2026, 3, 28, 23, 59), ZURICH)
    assert days_late(utc(2026, 3, 29, 21, 59), spring, ZURICH) == 1
    assert days_late(utc(2026, 3, 29, 22, 0), spring, ZURICH) == 2
    assert [days_late(spring, spring, ZURICH), days_late(utc(2026, 1, 1), spring, ZURICH)] == [0, 0]


def test_a_day_later_at_a_time_that_comes_twice_is_the_later_one():
    due = in_utc(datetime(2026, 10, 24, 2, 30), ZURICH)
    assert later(due, 1, ZURICH) == utc(2026, 10, 25, 1, 30)
    first = in_utc(datetime.fromisoformat("2026-10-25T02:30+02:00"), ZURICH)
    assert days_late(first, first, ZURICH) == 0
    assert days_late(utc(2026, 10, 25, 0, 31), first, ZURICH) == 1


def class_of(rules_of, more):
    return rules_of(
        'time_zone = "Europe/Zurich"\n'
        "[assignments.01_counting]\ndue = 2026-10-05 23:59:00\n"
        "[assignments.02_loglinear]\ndue = 2026-10-19\n" + more
    )


def test_extensions_are_of_a_student_or_a_group_and_the_latest_counts(rules_of):
    rules = class_of(
        rules_of,
        '[extensions.ada]\n01_counting = "3 days"\n'
        '[extensions.red]\n01_counting = "36 hours"\n'
        '[groups]\nred = ["bob", "ada"]\n',
    )
    due = utc(2026, 10, 5, 21, 59)
    assert rules.due("01_counting") == due
    assert rules.due_for("01_counting", "eve") == due
    assert rules.due_for("01_counting", "bob") == utc(2026, 10, 7, 9, 59)
    assert rules.due_for("01_counting", "ada") == utc(2026, 10, 8, 21, 59)
    assert rules.due("02_loglinear") == utc(2026, 10, 19, 21, 59, 59)
    assert rules.group_of("bob") == "red"
    assert rules.group_of("eve") is None


def test_slip_days_are_spent_in_the_order_of_the_deadlines(rules_of):
    rules = class_of(
        rules_of, '[late]\npolicy = "per_day"\npercent = 10\n[slip_days]\ntotal = 3\nat_once = 2\n'
    )
    times = {
        "01_counting": datetime(2026, 10, 8, 12),
        "02_loglinear": datetime(2026, 10, 22, 12),
    }
    first = lateness_of(rules, "01_counting", "ada", times)
    second = lateness_of(rules, "02_loglinear", "ada", times)
    assert (first.days, first.slipped, first.charged) == (3, 2, 1)
    assert (second.days, second.slipped, second.charged) == (3, 1, 2)
    alone = lateness_of(rules, "02_loglinear", "ada", {"02_loglinear": times["02_loglinear"]})
    assert alone.slipped == 2
    assert lateness_of(rules, "07_memory", "ada", times).days == 0


def test_slip_days_are_not_spent_where_they_would_not_help(rules_of):
    rules = class_of(rules_of, '[late]\npolicy = "hard"\n[slip_days]\ntotal = 2\n')
    times = {"01_counting": datetime(2026, 10, 8, 12), "02_loglinear": datetime(2026, 10, 21, 12)}
    assert lateness_of(rules, "01_counting", "ada", times).slipped == 0
    assert lateness_of(rules, "02_loglinear", "ada", times).charged == 0


def test_within_the_grace_period_nothing_is_late(rules_of):
    rules = class_of(rules_of, '[late]\npolicy = "hard"\ngrace_minutes = 15\n')
    for minute, days in ((13, 0), (14, 1)):
        times = {"01_counting": datetime(2026, 10, 5, 22, minute, 1)}
        assert lateness_of(rules, "01_counting", "ada", times).days == days


ERRORS = {
    'time_zone = "CEST"': "line 1: time_zone: expected a place of the time zone database",
    "attempts = 3": 'line 1: time_zone: is missing. Write a place .* such as "Europe/Zurich"',
    'time_zone = "UTC"\n\n[late]\npolcy = "hard"': "line 4: late.polcy: no such key. "
    "Did you mean policy",
    'time_zone = "UTC"\nlate = {policy = "per_day"}': "line 2: late: policy .* Write: percent = 10",
    'time_zone = "UTC"\n[late]\npolicy = "hard"\npercent = 5': "line 4: late.percent: policy "
    '"hard" takes no percent',
    'time_zone = "UTC"\n[late]\npolicy = "per_day"\npercent = "10"': "line 4: late.percent: "
    'expected a number from 0 to 100; found "10"',
    'time_zone = "UTC"\n[assignments.01_countin]\n': "line 2: assignments.01_countin: no such "
    "assignment. Did you mean 01_counting",
    'time_zone = "UTC"\n[assignments.01_counting]\ndue = 2026-10-05 23:59\n': "line 3: .* a time "
    "without seconds",
    'time_zone = "UTC"\n[assignments.01_counting]\ndue = "05/10/2026"\n': "line 3: .*due: expected "
    "a time such as .*; found .05/10/2026",
    'time_zone = "UTC"\n[assignments.01_counting]\ndue = "2026-10-05 23:59 CEST"\n': "line 3",
    'time_zone = "UTC"\n[assignments.01_counting]\ndue = "2026-13-05"\n': "line 3: .* found",
    'time_zone = "Europe/Zurich"\n[assignments.01_counting]\ndue = "2026-03-29 02:30"\n': "line 3: "
    ".*is no time in Europe/Zurich, where the clock is put forward",
    'time_zone = "Europe/Zurich"\n[assignments.01_counting]\ndue = "2026-10-25 02:30"\n': "line 3: "
    r".*comes twice .* 2026-10-25 02:30:00\+02:00 or 2026-10-25 02:30:00\+01:00",
    'time_zone = "UTC"\n[extensions.ada]\n01_counting = "2 days"': "line 3: .*has no deadline",
    'time_zone = "UTC"\n[groups]\na = ["x", "y"]\nb = ["y"]': "line 4: groups.b: y is in a already",
    'time_zone = "UTC"\n[groups]\na = "x"': 'line 3: groups.a: expected a list of .*; found "x"',
    'time_zone = "UTC"\nattempts = true': "line 2: attempts: expected a whole number",
    'time_zone = "UTC"\nassignments = 3': "line 2: assignments: expected a table",
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_in_the_file_is_told_with_its_line(rules_of, course, text):
    with pytest.raises(BrokenClassFile) as raised:
        rules_of(text, course)
    assert re.search(ERRORS[text], str(raised.value)), str(raised.value)


def test_all_errors_are_told_at_once_in_the_order_of_the_lines(rules_of):
    with pytest.raises(BrokenClassFile) as raised:
        rules_of('time_zone = "x"\nattempts = 0\n[late]\npolicy = "mild"\n')
    lines = str(raised.value).splitlines()
    assert [re.search(r"line (\d)", line)[1] for line in lines] == ["1", "2", "4"]


def test_no_file_is_no_rules_and_bytes_that_are_no_text_are_told(class_folder):
    assert read_class_file(class_folder) is None
    (class_folder.path / "class.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BrokenClassFile, match="UTF-8"):
        read_class_file(class_folder)


@pytest.mark.parametrize(
    "name",
    [
        "01_counting",
        "02_loglinear",
        "03_window",
        "04_recurrent",
        "05_gradients",
        "06_clipping",
        "07_memory",
    ],
)
def test_full_marks_are_those_that_the_assignment_names(course, name):
    """Core with the written answer, and the stretch, as its first cell says."""
    work = load_coursework(course.assignment(name))
    cells = {
        cell.metadata.nbgrader["grade_id"]: cell
        for cell in work.sheets[0].derived.master.cells
        if cell.metadata.get("nbgrader", {}).get("points")
    }
    stretch = sum(
        cells[cell].metadata.nbgrader["points"] for cell, s in marked_cells(work).items() if s
    )
    core = sum(cell.metadata.nbgrader["points"] for cell in cells.values()) - stretch
    text = "\n".join(cell.source for cell in work.sheets[0].derived.master.cells)
    said = re.search(r"(\d+) for the core count as full marks; the (\d+) of the stretch", text)
    assert (core, stretch) == (int(said[1]), int(said[2]))


def test_who_is_not_on_the_roster_is_no_name_for_an_extension(class_folder, rules_of):
    text = (
        'time_zone = "UTC"\n[assignments.01_counting]\ndue = 2026-10-05\n'
        '[extensions.adda]\n01_counting = "1 day"\n[extensions.red]\n01_counting = "1 day"\n'
        '[came.bob]\n01_counting = 2026-10-06\n[groups]\nred = ["ada", "eve"]\n'
    )
    assert rules_of(text) is not None
    with pytest.raises(BrokenClassFile) as raised:
        read_class_file(class_folder, students=["ada", "alan"])
    lines = [line.partition("class.toml, ")[2] for line in str(raised.value).splitlines()]
    assert lines == [
        "line 4: extensions.adda: adda is not on the roster. Did you mean ada?",
        "line 8: came.bob: bob is not on the roster.",
        "line 11: groups.red: eve is not on the roster.",
    ]
