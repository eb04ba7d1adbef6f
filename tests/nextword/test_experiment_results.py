"""What is said of a grid's table is what its counts and their intervals say."""

import pytest

from nextword.experiments.results import (
    Place,
    ResultsError,
    compared,
    ordering_in_words,
    solved_runs,
)
from nextword.proportion import Proportion

HERE = Place("temporal-order", 30, "basic-tanh", 0.05, 20_000)


def rows(method, solved, of, length=30, **other):
    return [
        {
            "task": "temporal-order",
            "length": length,
            "method": method,
            "beginning": "basic-tanh",
            "learning_rate": 0.05,
            "updates": 20_000,
            "seed": seed,
            "solved_at": 250.0 if seed < solved else "",
            **other,
        }
        for seed in range(of)
    ]


def test_runs_are_counted_by_place_and_method():
    found = solved_runs(rows("MSGD", 3, 20) + rows("MSGD-C", 20, 20) + rows("MSGD", 0, 20, 50))
    assert found[HERE] == {"MSGD": Proportion(3, 20), "MSGD-C": Proportion(20, 20)}
    assert [place.length for place in found] == [30, 50]
    as_text = [{name: str(value) for name, value in row.items()} for row in rows("MSGD", 3, 20)]
    assert solved_runs(as_text)[HERE] == {"MSGD": Proportion(3, 20)}


def test_a_smaller_budget_counts_what_was_solved_within_it():
    late = [{**row, "solved_at": 5000.0} for row in rows("MSGD-C", 20, 20)]
    table = rows("MSGD", 3, 20) + late
    for within, expected in ((4_999, 0), (5_000, 20), (20_000, 20)):
        counts = solved_runs(table, within)[HERE]
        assert [counts[name].successes for name in ("MSGD", "MSGD-C")] == [3, expected]
    with pytest.raises(ResultsError, match="20001 or more, got 20000"):
        solved_runs(table, 20_001)


def test_methods_are_told_apart_where_intervals_are():
    solved = solved_runs(
        [
            *rows("MSGD", 0, 20, 30),
            *rows("MSGD-C", 12, 20, 30),
            *rows("MSGD", 14, 20, 20),
            *rows("MSGD-C", 19, 20, 20),
            *rows("MSGD", 20, 20, 10),
            *rows("MSGD-C", 2, 20, 10),
            *rows("MSGD", 0, 20, 50),
        ]
    )
    found = compared(solved, "MSGD", "MSGD-C")
    kinds = (found.shown, found.open, found.contrary, found.missing)
    assert [[place.length for place in places] for places in kinds] == [[30], [20], [10], [50]]


def test_an_interval_that_only_touches_is_not_apart():
    solved = {HERE: {"a": Proportion(5, 20), "b": Proportion(5, 20)}}
    assert compared(solved, "a", "b").open == (HERE,)


def test_the_sentence_names_each_place_with_its_counts():
    solved = solved_runs(rows("MSGD", 0, 20) + rows("MSGD-C", 20, 20) + rows("MSGD-CR", 20, 20))
    assert ordering_in_words(solved) == (
        "MSGD < MSGD-C: intervals lie apart at T = 30, basic tanh (0 of 20 and 20 of 20). "
        "MSGD-C < MSGD-CR: they overlap at T = 30, basic tanh (20 of 20 and 20 of 20)."
    )
    assert ordering_in_words(solved, ["MSGD-R", "MSGD"]).endswith("not run beside each other.")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ([], "got none"),
        (rows("MSGD", 1, 2) * 2, "seed 0 of T = 30, basic tanh twice"),
        ([{"task": "temporal-order"}], "rows of a grid's table"),
        (rows("MSGD", 1, 2, length="ten"), "rows of a grid's table"),
        (rows("MSGD", 1, 2, length=10.5), "rows of a grid's table"),
    ],
)
def test_a_table_that_is_none_is_refused(table, words):
    with pytest.raises(ResultsError, match=words):
        solved_runs(table)
