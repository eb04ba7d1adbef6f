"""The lecturer's page says when each slide is due, in one of two forms."""

from pathlib import Path

import jupytext
import pytest

from publishing.slides import slides_of, title_of
from publishing.timings import NoTimings, Timing, timings

ROOT = Path(__file__).parents[2]
LECTURES = sorted((ROOT / "lectures").glob("*.py"))


def page(folder, table):
    path = folder / "01_toy.md"
    path.write_text(
        "# The lecturer's page\n\n## Before\n\n| 9 | no slide |\n\n"
        f"## Timings, slide by slide\n\n10 minutes, as planned.\n\n{table}\n\n"
        "## Demos\n\n| 7 | no slide either |\n"
    )
    return path


def test_a_slide_lasts_until_the_next_is_due_and_the_last_until_the_end(tmp_path):
    table = "| from minute | slide |\n|---|---|\n| 0 | Counting |\n| 4 | A word |\n| 4 | Summary |"
    assert timings(page(tmp_path, table)) == [
        Timing("Counting", 0, 4),
        Timing("A word", 4, 0),
        Timing("Summary", 4, 6),
    ]


def test_what_may_go_is_marked_behind_its_title(tmp_path):
    table = "| 0 | A |\n| 1.5 | Traps (may go) |\n| 3.5 | End |"
    assert timings(page(tmp_path, table))[1] == Timing("Traps", 1.5, 2, may_go=True)


def test_a_lecturer_reads_it_as_a_sentence():
    assert str(Timing("Traps", 1.5, 2, may_go=True)) == (
        "From minute 1.5, for 2 minutes; may be left out."
    )
    assert str(Timing("Counting", 3, 1)) == "From minute 3, for a minute."
    assert str(Timing("A word", 3, 0)) == "From minute 3, shortly."


@pytest.mark.parametrize("table", ["", "| slide | from |\n|---|---|\n| Counting | soon |"])
def test_a_page_without_a_table_is_refused(tmp_path, table):
    with pytest.raises(NoTimings, match=r"01_toy\.md: expected a table"):
        timings(page(tmp_path, table))


def test_a_page_that_does_not_say_how_many_minutes_is_refused(tmp_path):
    path = tmp_path / "01_toy.md"
    path.write_text("## Timings\n\n| 0 | Counting |\n")
    with pytest.raises(NoTimings, match=r"01_toy\.md: expected a section `## Timings`"):
        timings(path)


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_every_slide_of_a_lecture_is_due_at_some_time(lecture):
    planned = timings(ROOT / "solutions" / "lecturers" / f"{lecture.stem}.md")
    titles = [title_of(slide) for slide in slides_of(jupytext.read(lecture).cells)]
    assert [timing.slide for timing in planned] == titles
