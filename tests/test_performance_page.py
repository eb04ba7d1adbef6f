"""The page on performance shows what was recorded, and every benchmark can record."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from autograder.authoring.course import Course

ROOT = Path(__file__).resolve().parents[1]
COURSE = Course.at(ROOT)
BENCHMARKS = ROOT / "benchmarks"
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
NAMES = re.search(r"^BENCHMARKS := (.*)$", MAKEFILE, re.MULTILINE)[1].split()
ANOTHER_WAY = ("grading-quick", "grading-04_recurrent-quick", "commands-ci")
"""What benchmarks record when they are told to measure something else."""


@pytest.fixture(scope="module")
def tables() -> Iterator[ModuleType]:
    """The module of tables, where scripts find it."""
    sys.path.insert(0, str(BENCHMARKS))
    import tables

    yield tables
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def page(tables: ModuleType) -> ModuleType:
    import page

    return page


def test_the_page_shows_what_was_recorded(page: ModuleType, tables: ModuleType) -> None:
    for path in page.PAGES:
        text = path.read_text(encoding="utf-8")
        current = page.rendered(text, tables.read_results(), tables.read_history())
        assert text == current, "run: python benchmarks/page.py"


def test_everything_that_was_recorded_has_its_place_on_the_page(
    page: ModuleType, tables: ModuleType
) -> None:
    speed, proofs = (
        {found["name"] for found in page.BLOCK.finditer(path.read_text("utf-8"))}
        for path in page.PAGES
    )
    assert tables.read_results().keys() <= speed | proofs
    made_of_history = {page.HISTORY, page.AIMS_TABLE}
    assert speed == {*NAMES, *ANOTHER_WAY, *made_of_history}
    gates = {f"{page.ALL_GATES}-{name}" for name in COURSE.assignment_names()}
    assert proofs == {"hints", page.ALL_GATES, *gates}


def test_every_ratio_that_was_recorded_last_is_in_the_history(tables: ModuleType) -> None:
    history = {
        (row["date"], row["machine"], row["benchmark"], row["ratio"]): row["value"]
        for row in tables.read_history()
    }
    for name, results in tables.read_results().items():
        for ratio, value in results.ratios.items():
            assert history[results.date, results.machine, name, ratio] == f"{value:.4g}"


def test_make_bench_runs_scripts_that_exist_and_can_record() -> None:
    for name in NAMES:
        source = (BENCHMARKS / f"{name}.py").read_text(encoding="utf-8")
        assert "options(parser)" in source
        assert re.search(r"finished\(results, \w+\)", source)
    helpers = {"machine", "tables", "page", "peer_checks"}
    by_hand = {"profile_submission", "hints", "gates"}  # of what is asked
    assert {path.stem for path in BENCHMARKS.glob("*.py")} == {*NAMES, *helpers, *by_hand}


@pytest.fixture
def measured(tables: ModuleType) -> object:
    """What a benchmark measured."""
    shown = tables.table("who", ("CPU s", "{:.2f}"), ("ours is", "{:.1f}×"))
    assert shown.add("ours", 0.123456, 1.0) == "| ours | 0.12 | 1.0× |"
    shown.add("peer", None, 2.46)
    return tables.Results(
        "made_up",
        "2026-01-02",
        "a machine",
        {"Python": "3.11.7"},
        [shown],
        "Twice.",
        ["A remark."],
        {"peer to ours": 2.46},
    )


MARKDOWN = """*2026-01-02, a machine, Python 3.11.7. Twice.*

| who | CPU s | ours is |
|---|---:|---:|
| ours | 0.12 | 1.0× |
| peer |  | 2.5× |

A remark."""


def test_results_are_shown_rounded_and_kept_as_they_are(
    measured: object, tables: ModuleType, page: ModuleType, tmp_path: Path
) -> None:
    measured.record(tmp_path)
    measured.date = "2026-02-03"
    measured.ratios["peer to ours"], measured.pace = 3, [1.04, 2.2, 1.04]
    measured.record(tmp_path)
    (kept,) = tables.read_results(tmp_path).values()
    assert kept == measured
    assert kept.tables[0].rows[0][1] == 0.123456
    history = tables.read_history(tmp_path)
    assert [(row["date"], row["value"], row["pace"]) for row in history] == [
        ("2026-01-02", "2.46", ""),
        ("2026-02-03", "3", "1.0 to 2.2"),
    ]
    text = (
        "Before.\n\n<!-- results: made_up -->\nold\n<!-- end -->\n\n"
        "<!-- results: other -->\nas it is\n<!-- end -->\n<!-- results: history -->\n<!-- end -->"
    )
    shown = page.rendered(text, {"made_up": kept}, history)
    paced = MARKDOWN.replace("01-02", "02-03").replace(". Twice", ", pace 1.0 to 2.2. Twice")
    assert f"\n\n{paced}\n\n<!-- end -->" in shown
    assert "<!-- results: other -->\nas it is\n<!-- end -->" in shown
    assert "| made_up | peer to ours | 2026-01-02 | a machine |  | 2.46 |" in shown
    assert "| made_up | peer to ours | 2026-02-03 | a machine | 1.0 to 2.2 | 3 |" in shown
    assert page.rendered(shown, {"made_up": kept}, history) == shown


def test_numbers_are_kept_only_where_that_was_asked_for(
    measured: object, tables: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[object] = []
    monkeypatch.setattr(tables.Results, "record", lambda results: kept.append(results))
    parser = argparse.ArgumentParser()
    tables.options(parser)
    tables.finished(measured, parser.parse_args([]))
    assert kept == []
    assert len(measured.pace) == 1
    tables.finished(measured, parser.parse_args(["--record"]))
    assert kept == [measured]


def test_a_row_of_another_length_is_refused(tables: ModuleType) -> None:
    with pytest.raises(ValueError, match="expected 2 cells"):
        tables.table("who", ("s", "{:.1f}")).add("ours")
