import csv
import io
import re

import pytest

from autograder.classroom import gradebook
from autograder.classroom.recording import Graded
from autograder.classroom.report import class_rows, notes, row_of, write_csv, write_summary
from autograder.classroom.scoring import Standing, WrittenMark
from autograder.judging.judge import Verdict

HINT = "You square instead of doubling, which is something else for most numbers, but not for all."


def graded(student, points=2.0, *, remarks=(), flag=None, misconception=None, **known):
    hint = HINT if misconception else None
    verdict = Verdict("double", points, 2.0, "", flag=flag, misconception=misconception, hint=hint)
    return Graded(student, (verdict,), remarks, **known)


def rows(path):
    text = path.read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def csv_of(tiny, tmp_path):
    def write(*results):
        write_csv(tmp_path / "r.csv", tiny, [row_of(result) for result in results])
        return rows(tmp_path / "r.csv")

    return write


@pytest.fixture
def page_of(tiny, tmp_path):
    def write(*results):
        write_summary(tmp_path / "r.html", tiny, [row_of(result) for result in results])
        return (tmp_path / "r.html").read_text()

    return write


STANDING = Standing(4.5, 5.0, 0.5, -1.0, (WrittenMark("why-written", 3.0, 3.0, ""),))


def test_every_student_has_a_line_with_totals_and_questions(csv_of):
    lines = csv_of(graded("ada", standing=STANDING), graded("bob", 0.5, misconception="squared"))
    assert lines == [
        {
            "student": "ada",
            "points": "2",
            "max_points": "2",
            "gradebook_points": "4.5",
            "gradebook_max_points": "5",
            "made_of": (
                "automatic 2 of 2, written answers 3 of 3, changed by hand -1, late penalty 0.5"
            ),
            "double": "2",
            "misconceptions": "",
            "notes": "",
        },
        {
            "student": "bob",
            "points": "0.5",
            "max_points": "2",
            "gradebook_points": "",
            "gradebook_max_points": "",
            "made_of": "",
            "double": "0.5",
            "misconceptions": "double: squared",
            "notes": "",
        },
    ]


def test_no_two_numbers_of_a_student_stand_there_without_a_word(page_of):
    text = page_of(graded("ada", standing=STANDING))
    assert "automatic<br>of 2" in text
    assert "gradebook<br>of 5" in text
    assert "automatic 2 of 2, written answers 3 of 3, changed by hand -1, late penalty 0.5" in text


@pytest.mark.parametrize(
    ("waiting", "words"), [(1, "1 written answer waits"), (2, "2 written answers wait")]
)
def test_a_written_answer_that_waits_is_said_to(csv_of, waiting, words):
    marks = (WrittenMark("why-written", None, 3.0, ""),) * waiting
    (line,) = csv_of(graded("ada", standing=Standing(2.0, 5.0, written=marks)))
    assert line["made_of"].endswith(words)


def test_the_same_file_of_several_students_is_a_remark_and_no_verdict(session):
    with gradebook.open_gradebook(session.class_folder) as gb:
        gb.add_student("zoe")
    results = [graded(name, submitted="d") for name in ("cyd", "ada", "bob")]
    results += [graded("dan", submitted="e"), graded("eve"), graded("fay")]
    rows = {row.student: row for row in class_rows(session, results)}
    assert list(rows) == ["ada", "bob", "cyd", "dan", "eve", "fay", "zoe"]
    assert rows["ada"].notes == ("the same file, byte for byte, as cyd, bob",)
    assert rows["ada"].total == 2.0
    assert rows["dan"].notes == rows["eve"].notes == rows["fay"].notes == ()
    assert rows["zoe"].notes == ("not submitted",)
    assert not rows["zoe"].counts


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
    assert "1: You square instead of doubling, which is something else for most ..." in text
    assert "(squared:" in text
    assert re.search(r"squared:\s+cyd\)", text)
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
