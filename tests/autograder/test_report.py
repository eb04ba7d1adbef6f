import csv
import io

import pytest

from autograder.grading import Graded
from autograder.judge import Verdict
from autograder.report import notes, write_csv, write_summary


def graded(student, points=2.0, *, remarks=(), flag=None, misconception=None):
    verdict = Verdict("double", points, 2.0, "", flag=flag, misconception=misconception)
    return Graded(student, (verdict,), remarks)


def rows(path):
    text = path.read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def csv_of(tiny, tmp_path):
    def write(*results):
        write_csv(tmp_path / "r.csv", tiny, results)
        return rows(tmp_path / "r.csv")

    return write


@pytest.fixture
def page_of(tiny, tmp_path):
    def write(*results):
        write_summary(tmp_path / "r.html", tiny, results)
        return (tmp_path / "r.html").read_text()

    return write


def test_every_student_has_a_line_with_total_and_questions(csv_of):
    lines = csv_of(graded("bob", 0.5, misconception="squared"), graded("ada"))
    assert [line["student"] for line in lines] == ["ada", "bob"]
    assert lines[1] == {
        "student": "bob",
        "points": "0.5",
        "max_points": "2",
        "double": "0.5",
        "misconceptions": "double: squared",
        "notes": "",
    }


@pytest.mark.parametrize(
    "name",
    ["[bold]x[/]", "<script>", "Anna Maria", "Zoë 李", 'a,"b";c', "two\nlines", "it's", "a=1"],
)
def test_a_name_is_read_back_as_it_is(csv_of, name):
    assert csv_of(graded(name))[0]["student"] == name


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_no_cell_is_taken_for_a_formula(csv_of, start):
    evil = f'{start}HYPERLINK("http://x")'
    (line,) = csv_of(graded(evil, remarks=(evil,)))
    assert line["student"] == f"'{evil}"
    assert line["notes"] == f"'{evil}"


def test_who_could_not_be_graded_has_no_points_and_the_reason(csv_of):
    (line,) = csv_of(Graded("ada", failure="It could not be run: no memory"))
    assert (line["points"], line["double"]) == ("", "")
    assert line["notes"] == "NOT GRADED: It could not be run: no memory"


def test_notes_put_first_what_needs_a_person():
    result = Graded(
        "ada",
        (Verdict("double", 0.0, 2.0, "", flag="two pieces"),),
        ("a remark",),
        failure="no memory",
    )
    assert notes(result) == ["NOT GRADED: no memory", "LOOK AT double: two pieces", "a remark"]


def test_the_page_counts_each_question(page_of):
    text = page_of(graded("ada"), graded("bob", 1.0), graded("cyd", 0.0, misconception="squared"))
    assert "mean 1.0 of 2, 3 graded" in text
    assert "squared (1)" in text
    assert text.index("<td>cyd</td>") < text.index("<td>bob</td>") < text.index("<td>ada</td>")


def test_who_could_not_be_graded_is_named_and_does_not_count_in_the_mean(page_of):
    text = page_of(graded("ada"), Graded("bob", failure="no memory"))
    assert "mean 2.0 of 2, 1 graded" in text
    assert "NOT GRADED: no memory" in text


def test_a_class_of_none_has_a_page_and_a_csv(page_of, csv_of):
    assert "0 graded" in page_of()
    assert "0 graded" in page_of(Graded("bob", failure="no memory"))
    assert csv_of() == []


def test_names_and_remarks_are_text_in_the_page(page_of):
    text = page_of(graded("<script>alert(1)</script>", remarks=("<b>found</b>",)))
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&lt;b&gt;found&lt;/b&gt;" in text
