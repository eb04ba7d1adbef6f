"""What docs/reproduction.md says of module 7 is what its recorded tables hold."""

from pathlib import Path

import numpy as np
import pytest

from nextword.experiments.results import ORDER, solved_runs
from nextword.recorded import recorded

PAGE = (Path(__file__).parents[2] / "docs" / "reproduction.md").read_text(encoding="utf-8")
ROWS = recorded("07_memory/temporal_order")


def line(beginning):
    return next(row for row in PAGE.partition("## Module 7")[2].splitlines() if beginning in row)


def counts(length, beginning, within=None):
    found = solved_runs(ROWS, within)
    (place,) = (p for p in found if (p.length, p.beginning) == (length, beginning))
    return found[place]


@pytest.mark.parametrize(
    ("length", "beginning"),
    [(length, start) for length in (20, 30, 50) for start in ("basic-tanh", "smart-tanh")],
)
def test_counts_of_the_grid(length, beginning):
    said = line(f"T = {length}, {beginning.replace('-', ' ')}")
    found = counts(length, beginning)
    for method in ORDER:
        assert f"{found[method].successes} of 20" in said
    low, high = (f"{end:.2f}".lstrip("0") for end in found["MSGD"].wilson())
    assert f"({low} to {high})" in said


def in_words(proportion):
    low, high = (f"{end:.2f}".lstrip("0") for end in proportion.wilson())
    return f"{proportion.successes} of 20 ({low} to {high})"


def test_with_the_sigmoid_start_the_penalty_decides():
    said = line("… sigmoid")
    for length in (10, 20, 30, 50):
        found = counts(length, "sigmoid")
        assert found["MSGD"].successes == found["MSGD-C"].successes == 0
        assert f"MSGD and MSGD-C {in_words(found['MSGD-C'])} at every T" in said
        assert f"{in_words(found['MSGD-CR'])} at T = {length}" in said


def test_the_penalty_without_clipping_solves_twenty_steps_and_not_thirty():
    said = line("without clipping *usually fails")
    for length in (20, 30):
        found = counts(length, "basic-tanh")["MSGD-R"]
        assert in_words(found) in said
        assert f"at T = {length}" in said


def test_bits_of_characters_one_and_five_ahead():
    rows = recorded("07_memory/characters")
    said = line("Table 1, characters")
    for ahead in (1, 5):
        means = [
            np.mean(
                [
                    row["test_bits"]
                    for row in rows
                    if (row["method"], row["ahead"], row["learning_rate"]) == (method, ahead, 1.0)
                ]
            )
            for method in ("MSGD-C", "MSGD-CR")
        ]
        assert f"{means[0]:.3f}, {means[1]:.3f} {'one' if ahead == 1 else 'five'} ahead" in said


def test_ten_steps_are_solved_by_all_methods_within_500_updates():
    for beginning in ("basic-tanh", "smart-tanh"):
        found = counts(10, beginning, 500)
        assert [found[method].successes for method in ORDER] == [20, 20, 20]


def test_the_order_of_methods_is_shown_at_thirty_steps_by_budgets_between():
    for within in (3_000, 4_000, 5_000):
        found = counts(30, "basic-tanh", within)
        ends = [found[method].wilson() for method in ORDER]
        assert ends[0][1] < ends[1][0] < ends[1][1] < ends[2][0]
    found = counts(30, "basic-tanh", 3_000)
    said = ", ".join(str(found[method].successes) for method in ORDER)
    assert said == "0, 8, 19"
    assert "within 3,000 updates 0, 8 (.22 to .61), 19 (.76 to .99) of 20" in line("T = 30, basic")


def test_how_soon_half_of_the_solved_runs_were():
    def half(length, beginning, method):
        return np.median(
            [
                row["solved_at"]
                for row in ROWS
                if (row["length"], row["beginning"], row["method"]) == (length, beginning, method)
                and row["solved_at"] != ""
            ]
        )

    assert [half(20, "basic-tanh", method) for method in ORDER] == [2875, 750, 250]
    assert [half(20, "smart-tanh", method) for method in ORDER] == [1500, 1500, 250]


def test_how_far_networks_hold_that_were_trained_on_mixed_lengths():
    table = recorded("07_memory/lengths")
    rows = [row for row in table if row["trained_on"] == "10-40"]
    longer = [row for row in table if row["trained_on"] == "25-100" and row["solved_at"] != ""]

    def span(stops, length, of=rows, n=5):
        wrong = [r["wrong"] for r in of if (r["stops"], r["length"]) == (stops, length)]
        assert len(wrong) == n
        return f"{min(wrong):.3f} to {max(wrong):.3f}".replace("0.", ".")

    said = line("trained on lengths 50 to 200")
    assert f"at 50: wrong in {span('solved', 50)}; at 100: {span('solved', 100)}" in said
    assert f"wrong at 100 in {span('never', 100)}" in said
    for length in (100, 150, 250, 5_000):
        assert (
            f"at {length:,}: {'wrong in ' * (length == 100)}{span('solved', length, longer, 4)}"
            in said
        )
    assert 15_000 < max(row["solved_at"] for row in longer) <= 20_000
    assert max(row["solved_at"] for row in rows if row["stops"] == "solved") == 2_500


def test_errors_on_the_addition_problem():
    said = line("the addition problem")
    rows = recorded("07_memory/adding")
    assert {row["update"] for row in rows} == set(range(0, 3_001, 50))
    for unit, name in (("identity", "identity"), ("tanh", "tanh"), ("lstm", "LSTM")):
        lowest = [
            min(row["mse"] for row in rows if (row["unit"], row["seed"]) == (unit, seed))
            for seed in (0, 1, 2)
        ]
        shown = sorted({f"{each:.2g}".lstrip("0") for each in lowest})
        words = shown[0] if len(shown) == 1 else f"{shown[0]} to {shown[-1]}"
        assert f"{name} {words}" in said
