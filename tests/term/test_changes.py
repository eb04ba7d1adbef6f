"""What is changed in mid-term, by the commands that docs/term.md gives for it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.course import Course
from tests.term.school import SMALL, School, filled

EARLIER = "Your notebook is of an earlier release of the assignment"
ACCUSED = "had been edited"
MEAN = """def mean(values):
    if not values:
        raise ValueError
    return sum(values) / len(values)
"""
MEAN_GRADED = '"grade_id": "mean-graded", "locked": true, "points":'


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, course: Course) -> School:
    """A class whose only student has handed in the first release, and was graded."""
    school = School(tmp_path_factory.mktemp("begun"))
    school.write_course(course.root, real=False)
    release = school.root / "assignments" / SMALL / "averages.ipynb"
    work = filled(release.read_text("utf-8"), mean=MEAN, outliers_written="Because.")
    submitted = school.classroom / "submitted" / "ada" / SMALL / "averages.ipynb"
    submitted.parent.mkdir(parents=True)
    submitted.write_text(work, "utf-8")
    assert of_ada(school.run("grade", SMALL, "--workers", 1, "--json"))["points"] == {
        "mean": 2.0,
        "variance": 0.0,
    }
    return school


@pytest.fixture
def school(begun: School, tmp_path: Path) -> School:
    """A copy of it, in which something may be changed."""
    shutil.copytree(begun.folder, tmp_path / "school")
    return School(tmp_path / "school")


def of_ada(found: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    (row,) = found["students"]
    return row


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text("utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


@pytest.fixture
def text(school: School) -> Path:
    return school.root / "solutions" / SMALL / "averages.py"


@pytest.fixture
def released(school: School) -> Callable[[], None]:
    """Return a function that releases what was edited."""

    def release() -> None:
        school.run("sync", "--from", "text")
        school.run("release", SMALL)
        school.run("release", SMALL, "--check")

    return release


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_points(school: School, text: Path, released: Callable[[], None]) -> None:
    edit(
        text,
        (f"{MEAN_GRADED} 2", f"{MEAN_GRADED} 5"),
        ("# 2 points, graded", "# 5 points, graded"),
    )
    check = text.parent / "checks" / "mean.py"
    edit(check, ('"lists of numbers", 1.5', '"lists of numbers", 4.5'))
    released()
    assert "fair" in school.run("verify", SMALL, "--seeds", 1, "--workers", 1)
    found = school.run("grade", SMALL, "--workers", 1, "--json")
    assert of_ada(found)["points"] == {"mean": 5.0, "variance": 0.0}
    assert of_ada(found)["out_of"] == 12.0
    said = " ".join(map(str, of_ada(found)["notes"]))  # type: ignore[call-overload]
    assert ACCUSED not in said
    assert EARLIER in said


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_a_visible_test_and_a_statement(
    school: School, text: Path, released: Callable[[], None]
) -> None:
    edit(text, ("which returns the mean of a list of numbers.", "which returns their mean."))
    before = school.evidence(SMALL)
    released()
    found = school.run("grade", SMALL, "--workers", 1, "--json")
    assert school.evidence(SMALL) == before, "a statement changes nothing"
    assert of_ada(found)["notes"] == []
    edit(text, ("result = mean([1.0, 2.0, 6.0])", "result = mean([1.0, 2.0, 6.0, 3.0])"))
    released()
    found = school.run("grade", SMALL, "--workers", 1, "--json")
    assert school.evidence(SMALL) != before
    said = " ".join(map(str, of_ada(found)["notes"]))  # type: ignore[call-overload]
    assert ACCUSED not in said
    assert EARLIER in said


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_what_a_check_expects_and_what_it_draws(school: School, text: Path) -> None:
    check = text.parent / "checks" / "variance.py"
    before = school.evidence(SMALL)
    edit(check, ('hint="You add up the distances.', 'hint="These are distances.'))
    assert of_ada(school.run("rejudge", SMALL, "--json"))["points"]
    assert school.evidence(SMALL) == before
    edit(check, ("for length in (2, 3, 6, 9):", "for length in (2, 4, 6, 9):"))
    found = school.run("rejudge", SMALL, "--json", code=1)
    assert "another exam" in found["not_graded"]["ada"]
    found = school.run("grade", SMALL, "--workers", 1, "--json")
    assert of_ada(found)["points"] == {"mean": 2.0, "variance": 0.0}
    assert school.evidence(SMALL) != before


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_rules_and_a_rubric(school: School, text: Path, released: Callable[[], None]) -> None:
    assert school.mark(SMALL, lambda page: 3.0) == 1
    edit(text, ("Two points for the sum, two for an example.", "Four points for an example."))
    released()
    found = school.run("rejudge", SMALL, "--json")
    assert of_ada(found)["gradebook"] == 5.0, "the mark stays"
    assert of_ada(found)["waits"] == []
    due = f'[assignments.{SMALL}]\ndue = "2090-10-01 12:00"'
    late = 'time_zone = "UTC"\nlate = {policy = "per_day", percent = 10}'
    came = f'[came.ada]\n{SMALL} = "2090-10-02 10:00"'
    school.rules(late, due, came)
    found = school.run("rejudge", SMALL, "--json")
    assert found["changed"] == {"ada": "mark 5 → 4.5"}
    school.rules(late, due.replace("10-01", "10-03"), came)
    assert school.run("rejudge", SMALL, "--json")["changed"] == {"ada": "mark 4.5 → 5"}
    school.rules(late, f'{due}\nstretch = ["mean"]', came, "[counts]", 'stretch = "apart"')
    assert school.run("rejudge", SMALL, "--json")["changed"] == {"ada": "mark 5 → 2.7"}
    assert re.search(r"<h3>Stretch: 2 points", school.report(SMALL))


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_a_question_cannot_be_taken_away(school: School, text: Path) -> None:
    source = text.read_text("utf-8")
    start = source.index("# %% [markdown]\n# ## 2. The variance")
    end = source.index("# %% [markdown]\n# ## 3. In words")
    text.write_text(source[:start] + source[end:], "utf-8")
    (text.parent / "checks" / "variance.py").unlink()
    school.run("sync", "--from", "text")
    school.run("grade", SMALL, "--workers", 1, code=3)
