import base64
import csv
import dataclasses
import hashlib
import io
import re

import pytest

from autograder.authoring.material import load_material
from autograder.authoring.stretch import core_and_stretch
from autograder.classroom import gradebook
from autograder.classroom.class_page import Links, distribution, write_summary
from autograder.classroom.class_reports import write_reports
from autograder.classroom.recording import Graded
from autograder.classroom.report import NOT_SUBMITTED, Row, class_rows, notes, row_of, write_csv
from autograder.classroom.scoring import Standing, WrittenMark
from autograder.judging.judge import Verdict
from autograder.sandbox.run import Mode
from tests.running import grade_all

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
    assert "automatic of 2" in text
    assert "gradebook of 5" in text
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


def test_the_page_counts_each_question_and_says_mistakes_in_full(page_of):
    text = page_of(graded("ada"), graded("bob", 1.0), graded("cyd", 0.0, misconception="squared"))
    assert "mean 1.0 of 2, 3 graded" in text
    assert "50&nbsp;%" in text
    words = re.sub(r"<[^>]+>", "", text)
    assert f"1 of 3 in double: {HINT}" in words
    assert re.search(r"cyd \(squared\)", words)
    assert text.index("ada</td>") < text.index("bob</td>") < text.index("cyd</td>")


def test_the_distribution_counts_everybody_once():
    bars = distribution([0, 0.5, 12, 34, 34], 34)
    assert len(bars) == 10
    assert [bar.count for bar in bars] == [2, 0, 0, 1, 0, 0, 0, 0, 0, 2]
    assert (bars[0].low, bars[-1].high) == (0, 34)
    assert distribution([], 0) == []


def test_what_waits_for_a_person_is_a_list_with_links(tiny, tmp_path):
    waits = Standing(2.0, 5.0, written=(WrittenMark("why-written", None, 3.0, ""),))
    rows = [
        row_of(graded("ada", standing=waits)),
        row_of(graded("bob", flag="two pieces", standing=STANDING)),
        row_of(Graded("cyd", failure="no memory")),
        row_of(graded("dan", standing=STANDING)),
    ]
    links = {"ada": Links("../feedback/ada/page.html", {"tiny": "../autograded/ada/tiny.ipynb"})}
    write_summary(tmp_path / "r.html", tiny, rows, links)
    text = (tmp_path / "r.html").read_text()
    waiting = text[text.index("What waits") : text.index("<h2>Students")]
    assert "ada: why-written: a written answer to be marked" in waiting
    assert 'href="../feedback/ada/page.html"' in waiting
    assert 'href="../autograded/ada/tiny.ipynb"' in waiting
    assert "bob: LOOK AT double: two pieces" in waiting
    assert "cyd: NOT GRADED: no memory" in waiting
    assert "dan" not in waiting


def test_late_and_missing_are_named(tiny, tmp_path):
    rows = [
        dataclasses.replace(row_of(graded("ada")), late=True),
        Row("zoe", notes=(NOT_SUBMITTED,)),
    ]
    write_summary(tmp_path / "r.html", tiny, rows)
    text = (tmp_path / "r.html").read_text()
    assert "<strong>Late:</strong> ada." in text
    assert "<strong>Not submitted:</strong> zoe." in text


def test_core_and_stretch_stand_apart_by_their_headings(course):
    work = load_material(course.assignment("01_counting"))
    core, stretch = core_and_stretch(work)
    assert [question.name for question in stretch] == ["kneser_ney_prob"]
    # "29 for the core", of which 4 are of the written answer, and 5 for the stretch
    assert sum(question.points for question in core) == 25
    assert sum(question.points for question in stretch) == 5


def test_a_class_that_says_what_its_stretch_is_sees_it_so_on_its_page(session, right, submit, ran):
    folder = session.class_folder
    submit(folder, "ada", right)
    list(grade_all(session, ["ada"], mode=Mode.OPEN))
    page = folder.report_path("01_tiny", ".html")
    write_reports(session)
    assert "<h3>Core" in page.read_text()
    assert "<h3>Stretch" not in page.read_text()
    (folder.path / "class.toml").write_text(
        'time_zone = "UTC"\n[assignments.01_tiny]\nstretch = ["double"]\n'
    )
    write_reports(session)
    assert "<h3>Stretch" in page.read_text()
    assert "<h3>Core" not in page.read_text()


def test_the_script_of_the_page_is_the_one_that_its_policy_admits(page_of):
    text = page_of(graded("ada"))
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert (
        f"script-src &#39;sha256-{digest}&#39;" in text or f"script-src 'sha256-{digest}'" in text
    )
    assert "unsafe-inline'; script" in text or "unsafe-inline&#39;; script" in text


def test_reports_are_of_the_whole_class_and_link_what_there_is(session, right, submit):
    evil = "<img src=x onerror=alert(1)>"
    for name in ("ada", evil):
        submit(session.class_folder, name, right)
    folder = session.class_folder
    for name in (evil,):
        page = session.feedback_path(name)
        page.parent.mkdir(parents=True)
        page.write_text("x")
    rows = write_reports(session)
    assert [row.student for row in rows] == [evil, "ada"]
    text = folder.report_path("01_tiny", ".html").read_text()
    assert (
        'href="../feedback/%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E/01_tiny/tiny.html"' in text
    )
    assert "<img" not in text
    assert folder.secret() not in text
    assert "exam " in text


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
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "&lt;b&gt;found&lt;/b&gt;" in text
