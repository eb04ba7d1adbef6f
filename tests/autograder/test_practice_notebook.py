"""What a student takes home runs, and holds no secret case."""

import io
import json
import re
import runpy
import tracemalloc
from contextlib import redirect_stdout

import numpy as np
import pytest

from autograder.authoring.conventions import grade_id_of
from autograder.authoring.reading import BrokenReading, readings
from autograder.classroom.practice_notebook import practice_path, write_practice
from autograder.judging.exam import draw_exam
from autograder.judging.first_difference import first_difference
from autograder.judging.judge import judge
from tests.exams import failing_practice

WRONG = "def double(x):\n    return x * x\n"


def taken_home(path, exam, tiny, function, source=WRONG, reading=None):
    (question,) = exam.questions
    evidence = question.evidence_of(function)
    notebook = tiny.derived.master
    cells = [
        cell if grade_id_of(cell) != "double" else cell | {"source": source}
        for cell in notebook.cells
    ]
    notebook = type(notebook)(notebook | {"cells": [type(notebook)(cell) for cell in cells]})
    cases = failing_practice(question, evidence)
    practice = {"double": cases} if cases else {}
    verdicts = [judge(question, evidence)]
    written = write_practice(path, "tiny", notebook, verdicts, practice, reading or {})
    return json.loads(path.read_text())["cells"] if written else []


def run(cells, tmp_path, own=None):
    """Run a notebook's code as a script, and return what it prints."""
    script = tmp_path / "script.py"
    code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
    if own is not None:
        code = [own if "def double" in text else text for text in code]
    script.write_text("\n\n".join(code))
    with redirect_stdout(io.StringIO()) as printed:
        runpy.run_path(str(script))
    return printed.getvalue().splitlines()


def test_a_wrong_function_differs_in_every_case_and_a_right_one_in_none(tiny_exam, tiny, tmp_path):
    cells = taken_home(tmp_path / "p.ipynb", tiny_exam, tiny, lambda x: x * x)
    said = run(cells, tmp_path)
    assert said
    assert all(re.fullmatch(r"answer is .*, expected .*", line) for line in said)
    mended = run(cells, tmp_path, "def double(x):\n    return 2 * x\n")
    assert mended == ["The same."] * len(said)


def test_a_right_answer_has_no_notebook_and_an_earlier_one_goes(tiny_exam, tiny, tmp_path):
    path = practice_path(tmp_path / "tiny.html", "tiny")
    assert path.name == "tiny-practice.ipynb"
    assert taken_home(path, tiny_exam, tiny, lambda x: x * x)
    assert taken_home(path, tiny_exam, tiny, lambda x: 2 * x) == []
    assert not path.exists()


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_no_secret_case_goes_home(tiny, tmp_path, seed):
    exam = draw_exam(tiny, seed)
    (question,) = exam.questions
    asked = []

    def remembering(x):
        asked.append(x)
        return repr(asked)

    cells = taken_home(tmp_path / "p.ipynb", exam, tiny, remembering)
    text = json.dumps(cells)
    practice = {repr(each.case.args[0]) for each in question.cases if each.practice}
    secret = {repr(each.case.args[0]) for each in question.cases if not each.practice}
    assert any(shown in text for shown in practice)
    assert {shown for shown in secret - practice if shown in text and len(shown) > 4} == set()


def test_no_test_cell_no_output_and_no_hidden_line_goes_home(tiny_exam, tiny, tmp_path):
    cells = taken_home(tmp_path / "p.ipynb", tiny_exam, tiny, lambda x: x * x)
    text = json.dumps(cells)
    assert "# collect" not in text
    assert "HIDDEN" not in text
    assert "twice 2 is 4" not in text
    assert "twice_of_it" not in text
    assert all(not cell.get("outputs") for cell in cells)
    assert "You square instead of doubling." in text


def test_code_that_does_not_run_stops_no_other_cell(tiny_exam, tiny, tmp_path):
    cells = taken_home(tmp_path / "p.ipynb", tiny_exam, tiny, abs, "def double(x:\n")
    (own,) = [cell for cell in cells if cell["source"] == "def double(x:\n"]
    assert own["metadata"]["tags"] == ["raises-exception"]


# --- where it differs first ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (1.0, 1.0 + 1e-12, None),
        (float("nan"), float("nan"), None),
        (True, 1, "answer is 1, expected True"),
        ([1, 2], (1, 2), None),
        ([1, 2], [1, 3], "answer[1] is 3, expected 2"),
        ([1, 2], [1], "answer has 1 part, expected 2"),
        ([1, 2], "12", "answer is '12', expected [1, 2]"),
        ({"a": 1}, {"a": 2}, "answer['a'] is 2, expected 1"),
        ({"a": 1}, {}, "answer['a'] is missing, expected 1"),
        ({}, {"a": 1}, "answer['a'] is there, and not expected"),
        ({"a": 1}, [1], "answer is [1], expected {'a': 1}"),
        (np.float64(0.5), np.float32(0.25), "answer is 0.25, expected 0.5"),
        ([1], [np.int64(2)], "answer[0] is 2, expected 1"),
        ({np.int64(3): 1}, {}, "answer[3] is missing, expected 1"),
        ([1, 2], [np.float64(1.5)], "answer has 1 part, expected 2"),
        ({"a": 1}, [np.float64(1.5)], "answer is [1.5], expected {'a': 1}"),
    ],
)
def test_the_first_difference_is_named(expected, got, words):
    assert first_difference(expected, got) == words


@pytest.mark.parametrize(
    ("expected", "got", "words"),
    [
        (1.0, 10**400, "answer is 100000"),
        (10**400, 10**400, None),
        pytest.param(1.0, 10**9_999, "answer is a very long number, expected 1.0", id="long"),
        (np.ones(2), [10**400, 1], "answer[0] is 10000"),
        pytest.param(np.ones(2), [10**9_999, 1], "answer[0] is a very long", id="long in a list"),
        (np.ones(2), ["a", 1], "expected an array of shape (2,)"),
        (np.ones(2), {"a": 1}, "expected an array of shape (2,)"),
    ],
)
def test_odd_answers_differ_in_words(expected, got, words):
    found = first_difference(expected, got)
    assert found is None if words is None else words in found


def test_no_array_is_made_of_texts():
    mixed = ["x" * 10**6, *(str(i) for i in range(10**4))]  # 40 GB as an array of text
    tracemalloc.start()
    assert "expected an array of shape" in first_difference(np.ones(3), mixed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**7


def test_the_first_difference_of_counters_and_arrays():
    from collections import Counter

    assert first_difference(Counter(a=1), {"a": 1, "b": 0}) is None
    assert first_difference(Counter(a=1), {"b": 1}) == "answer['a'] is 0, expected 1"
    one = np.array([[1.0, 2.0], [3.0, np.nan]])
    assert first_difference(one, one.copy()) is None
    other = one.copy()
    other[1, 0] = 4
    assert first_difference(one, other) == "answer[1, 0] is 4.0, expected 3.0"
    assert first_difference(one, [1.0]) == "answer has the shape (1,), expected (2, 2)"
    assert "expected an array of shape (2, 2)" in first_difference(one, [[1], [1, 2]])


# --- what to read again ----------------------------------------------------------------------


def test_what_to_read_again_is_there(course):
    for name in course.assignment_names():
        assignment = course.assignment(name)
        text = {
            path.stem: path.read_text("utf-8").splitlines() for path in course.lectures.glob("*.py")
        }
        for question, reading in readings(assignment).items():
            there = reading.lecture in text and f"# ## {reading.heading}" in text[reading.lecture]
            assert there, f"{name}: {question} is to read {reading.heading!r}, which is not there"


def test_what_to_read_again_is_of_questions_that_there_are(course):
    for name in course.assignment_names():
        (text_path,) = (course.solutions / name).glob("*.py")
        asked = set(re.findall(r'"grade_id": "(\w+)-graded"', text_path.read_text("utf-8")))
        assert readings(course.assignment(name)).keys() <= asked


@pytest.mark.parametrize(
    "text",
    ["not toml", 'lectures = 3\n[01_tiny]\ndouble = "a#b"', '[01_tiny]\ndouble = "no heading"'],
)
def test_a_broken_reading_is_said(tiny_copy, text):
    (tiny_copy.assignment.course.solutions / "reading.toml").write_text(text)
    with pytest.raises(BrokenReading, match=r"reading\.toml"):
        readings(tiny_copy.assignment)


def test_lectures_on_the_web_are_pages_and_elsewhere_notebooks(tiny_copy):
    path = tiny_copy.assignment.course.solutions / "reading.toml"
    for base, address in (
        ("https://a.test/lectures/", "https://a.test/lectures/01_tiny.html#what-doubles"),
        ("../lectures", "../lectures/01_tiny.ipynb#What-doubles%3F"),
    ):
        path.write_text(f'lectures = "{base}"\n[01_tiny]\ndouble = "01_tiny#What doubles?"\n')
        assert readings(tiny_copy.assignment)["double"].address == address


def test_a_course_may_say_nothing_of_it(tiny):
    assert readings(tiny.assignment) == {}
