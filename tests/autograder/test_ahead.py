"""Exams are drawn ahead; what keeps them from it costs time and nothing else."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.authoring.new_course import new_course
from autograder.cli.ahead import ExamsAhead, exams_ahead
from autograder.judging.exam import draw_exam


@pytest.fixture
def two_weeks(tmp_path: Path) -> Course:
    """Return a small course with two assignments of one kind."""
    course = new_course(tmp_path / "course")
    (name,) = course.assignment_names()
    first, second = course.assignment(name), course.solutions / "02_again"
    shutil.copytree(first.folder, second)
    for half in (".py", ".ipynb"):
        (second / first.notebook_name).with_suffix(half).rename(second / f"again{half}")
    return course


def test_the_second_exam_is_the_one_that_would_be_drawn_here(two_weeks):
    materials = [load_material(two_weeks.assignment(name)) for name in two_weeks.assignment_names()]
    expected = [draw_exam(material, "secret").digest for material in materials]
    with exams_ahead(two_weeks, two_weeks.assignment_names(), "secret") as exams:
        drawn = [exams.of(material).digest for material in materials]
        assert exams.awaited == []
        kept = sorted(path.name for path in exams.folder.iterdir())
    assert drawn == expected
    assert kept


def test_an_exam_that_nobody_drew_is_drawn_when_it_is_needed(tiny, tmp_path):
    drawn, said = multiprocessing.Pipe(duplex=False)
    said.close()
    exams = ExamsAhead("secret", tmp_path, [tiny.assignment.name], drawn)
    assert exams.of(tiny).digest == draw_exam(tiny, "secret").digest
    assert exams.awaited == []
