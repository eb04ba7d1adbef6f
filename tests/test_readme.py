"""The README is one screen, its picture is current, and its table has every module."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from autograder.authoring.conventions import questions
from autograder.authoring.course import Course
from autograder.authoring.pairs import read_notebook

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COURSE = Course.at(ROOT)


@pytest.fixture(scope="module")
def picture() -> Iterator[ModuleType]:
    """The script that draws the picture."""
    sys.path.insert(0, str(ROOT / "docs" / "pictures"))
    yield importlib.import_module("remembering")
    sys.path.remove(str(ROOT / "docs" / "pictures"))


def test_it_is_one_screen() -> None:
    assert len(README.splitlines()) <= 60


def test_its_picture_is_what_the_script_draws_today(picture: ModuleType) -> None:
    for page in picture.PAGES:
        drawn = picture.drawn(page)
        assert drawn == picture.path(page).read_text(encoding="utf-8"), "run the script again"
        assert len(drawn) < 40_000


def test_its_picture_is_named_for_light_and_dark_and_described(picture: ModuleType) -> None:
    for page in picture.PAGES:
        assert picture.path(page).relative_to(ROOT).as_posix() in README
    (described,) = re.findall(r'alt="([^"]*)"', README)
    floor, blind = picture.yardsticks()
    curves = picture.curves()
    heights = {model: list(found.values()) for model, found in curves.items()}
    numbers = re.findall(r"\d+(?:\.\d)?", described)
    told = [heights["tanh"][0], heights["tanh"][-1], heights["LSTM"][-1], floor, blind]
    assert [f"{float(number):g}" for number in numbers] == [
        f"{round(value, 1):g}" if value < 10 else f"{value:.0f}" for value in told
    ]


def test_text_of_the_picture_stands_within_it(picture: ModuleType) -> None:
    """As well as can be said without a browser: nine pixels a letter, of 13-point text."""
    for page in picture.PAGES:
        tree = ElementTree.parse(picture.path(page))
        width = float(tree.getroot().attrib["viewBox"].split()[2])
        for text in tree.iter("{http://www.w3.org/2000/svg}text"):
            place = re.search(r"translate\(([\d.]+)", text.attrib.get("transform", ""))
            start = float(place[1]) if place else float(text.attrib.get("x", 0))
            if "text-anchor" not in text.attrib.get("style", ""):
                assert start + 7 * len(text.text or "") <= width, text.text


def test_its_table_has_every_lecture_and_assignment_with_its_questions() -> None:
    named = set(re.findall(r"`(lectures/\w+|assignments/\w+)`", README))
    lectures = {f"lectures/{path.stem}" for path in COURSE.lectures.glob("*.ipynb")}
    assert named == lectures | {f"assignments/{name}" for name in COURSE.assignment_names()}
    for name in COURSE.assignment_names():
        count = len(questions(read_notebook(COURSE.assignment(name).notebook_path)))
        assert f"`assignments/{name}`: {count} questions and a written one" in README
