"""What docs/reproduction.md says of modules 5 and 6 is what their recorded tables hold."""

from pathlib import Path

import numpy as np
import pytest

from nextword.proportion import Proportion
from nextword.recorded import recorded, recorded_arrays

PAGE = (Path(__file__).parents[2] / "docs" / "reproduction.md").read_text(encoding="utf-8")


def line(module, beginning):
    part = PAGE.partition(f"## Module {module}")[2].partition("## Module")[0]
    return next(row for row in part.splitlines() if beginning in row)


def solved(rows):
    return Proportion(sum(row["solved_at"] != "" for row in rows), len(rows))


def interval(proportion):
    low, high = (f"{end:.2f}".removeprefix("0") for end in proportion.wilson())
    return f"({low} to {high})"


@pytest.mark.parametrize(
    ("length", "rate", "named"),
    [
        (10, 0.01, "MSGD-C, T = 10 "),
        (10, 0.05, "… T = 10, larger rate"),
        (20, 0.01, "… T = 20 "),
        (30, 0.01, "… T = 30 "),
        (30, 0.05, "… T = 30, larger rate"),
        (50, 0.05, "… T = 50"),
    ],
)
def test_counts_by_length(length, rate, named):
    said = line(6, named)
    for method in ("MSGD", "MSGD-C"):
        rows = [
            row
            for row in recorded("06_clipping/lengths")
            if (row["length"], row["learning_rate"], row["method"]) == (length, rate, method)
        ]
        found = solved(rows)
        assert f"{found.successes} of {found.tries}" in said
        assert interval(found) in said
        assert f"{rows[0]['updates']:,.0f} updates" in said


@pytest.mark.parametrize(
    ("limit", "named", "tries"),
    [
        ("max_norm", "half to ten times the average norm", 32),
        ("max_value", "element-wise and norm clipping", 16),
        ("max_signal", "clipping the signal", 16),
        ("random_above", "a random step above", 16),
    ],
)
def test_counts_by_threshold(limit, named, tries):
    by_threshold = {}
    for row in recorded("06_clipping/limits"):
        if row["limit"] == limit:
            by_threshold.setdefault(row["threshold"], []).append(row)
    counts = [str(solved(rows).successes) for _, rows in sorted(by_threshold.items())]
    assert f"{', '.join(counts)} of {tries}" in line(6, named)


def test_the_average_length_without_clipping():
    norms = recorded_arrays("06_clipping/race")["MSGD norms"]
    assert f"average without clipping {np.nanmean(norms):.2f}" in line(6, "half to ten times")


def test_perplexities_of_the_language_model():
    said = line(6, "clipping helps a recurrent language model")
    rows = recorded("06_clipping/language_model")
    for rate, cap in ((1.0, "none"), (2.0, 1.0), (4.0, 0.25), (8.0, 0.25), (16.0, 0.1)):
        found = [
            row["perplexity"]
            for row in rows
            if (row["learning_rate"], row["max_norm"]) == (rate, cap)
        ]
        assert f"{min(found):.2f} to {max(found):.2f}" in said


def test_the_noun_without_near_ones():
    rows = recorded("05_gradients/far")
    at_noun = [row["at_noun"] for row in rows if row["least_distance"] >= 12]
    said = line(5, "a dependency with a small gradient is not learned")
    assert f"{min(at_noun):.1f} to {max(at_noun):.1f}, {rows[0]['blind']:.1f} without" in said
