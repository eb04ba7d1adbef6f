"""Marks on their way back to platforms, in the files that these gave."""

import csv
import io
import json

import pytest
from typer.testing import CliRunner

from autograder.classroom.class_file import Counts, LatePolicy
from autograder.classroom.exports import CannotExport, Format, exported
from autograder.classroom.final_mark import Cell, Lateness, final_mark
from autograder.classroom.gathering import RunOptions
from autograder.classroom.grading import grade
from autograder.classroom.marks import Mark, Marks, NothingGraded, marks_of
from autograder.classroom.roster import Person, write_roster
from autograder.classroom.scoring import Standing, WrittenMark
from autograder.cli import app as cli
from autograder.cli import export as command
from autograder.sandbox.dispatch import local_executor
from autograder.sandbox.run import Mode


def standing(core, written=0.0, waits=False):
    cells = (Cell("a-graded", core, 5.0), Cell("b-written", written, 4.0, by_a_person=True))
    mark = final_mark(cells, (), Counts(), LatePolicy(policy="none"), Lateness())
    answers = (WrittenMark("b-written", None if waits else written, 4.0, ""),)
    return Standing(mark.points, mark.full, written=answers, final=mark)


EVIL = '=HYPERLINK("http://x")'
ADA = Person("ada", "Ada", "Lovelace", "ada@example.org", canvas_id="4711", sid="S1001")
GRACE = Person("grace", "Grace", "Hopper", "grace@example.org", canvas_id="4712", sid="S1002")
EVE = Person("eve", EVIL, "Last, Name", "eve@example.org", canvas_id="4713")
MARKS = Marks(
    "01_counting",
    9.0,
    (
        Mark(ADA, standing(4.5, 3.0)),
        Mark(EVE, standing(0.0)),
        Mark(GRACE, None),
    ),
)


@pytest.fixture
def given(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "given.csv"
        path.write_text(text, encoding=encoding, newline="")
        return path

    return write


def rows(export, separator=","):
    return list(csv.reader(io.StringIO(export.text, newline=""), delimiter=separator))


def test_a_table_that_no_spreadsheet_executes():
    export = exported(MARKS, Format.csv)
    header, ada, eve, grace = rows(export)
    found = dict(zip(header, ada, strict=True))
    assert (found["mark"], found["full_marks"]) == ("7.5", "9")
    assert (found["core"], found["written"]) == ("4.5", "3")
    assert found["made_of"] == "core 4.5 of 5, written 3 of 4"
    assert eve[2] == f"'{EVIL}"
    assert grace[header.index("mark")] == ""
    assert export.filled == 2
    zeros = rows(exported(MARKS, Format.csv, zeros=True))
    assert zeros[3][header.index("mark")] == "0"
    there = Marks("01_counting", 9.0, (Mark(GRACE, None, submitted=True),))
    zeros = rows(exported(there, Format.csv, zeros=True))
    assert zeros[1][header.index("mark")] == "", "what is not graded yet is not nothing"


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,01 Counting (5501),02 More (5502),Final Score\n"
    ",,,,,Manual Posting,,\n"
    "    Points Possible,,,,,34,10,(read only)\n"
    '"Lovelace, Ada",4711,S1001,x,Section 1,,5,\n'
    '"Hopper, Grace",4712,S1002,y,Section 1,3,5,\n'
    f'"{EVIL.replace(chr(34), chr(34) * 2)}",4713,,z,Section 1,,,\n'
    '"Nobody, Known",4999,S9,w,Section 1,1,,\n'
)


def test_canvas_gets_its_gradebook_back_with_one_column(given):
    export = exported(MARKS, Format.canvas, given(CANVAS))
    assert rows(export) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01 Counting (5501)"],
        ["", "", "", "", "", "Manual Posting"],
        ["    Points Possible", "", "", "", "", "34"],
        ["Lovelace, Ada", "4711", "S1001", "x", "Section 1", "7.5"],
        ["Hopper, Grace", "4712", "S1002", "y", "Section 1", "3"],
        [f"'{EVIL}", "4713", "", "z", "Section 1", "0"],
        ["Nobody, Known", "4999", "S9", "w", "Section 1", "1"],
    ]
    assert export.filled == 2
    assert export.remarks == ("Canvas has 34 points possible; full marks are 9",)


def test_canvas_columns_are_named_or_refused(given):
    path = given(CANVAS)
    assert exported(MARKS, Format.canvas, path, "02 More (5502)").filled == 2
    with pytest.raises(CannotExport, match=r"Assignments there: 01 Counting .*; 02 More"):
        exported(MARKS, Format.canvas, path, "03 Other")
    with pytest.raises(CannotExport, match="name that file as well"):
        exported(MARKS, Format.canvas)
    with pytest.raises(CannotExport, match="it has no column ID"):
        exported(MARKS, Format.canvas, given("Student,01 Counting (1)\nx,\n"))


def test_whose_mark_has_no_line_is_told(given):
    text = "\n".join(line for line in CANVAS.splitlines() if "4711" not in line) + "\n"
    assert exported(MARKS, Format.canvas, given(text)).remarks[-1] == (
        "no line in that file for: ada"
    )


MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments\r\n"
    "Participant 1,Ada Lovelace,ADA@example.org,Submitted,,9.00,Yes,-,-,\r\n"
    "Participant 2,Grace Hopper,grace@example.org,,,9.00,Yes,-,-,\r\n"
    f"Participant 3,{EVIL.replace(chr(34), '')} Eve,eve@example.org,,,9.00,No,-,-,Well\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_moodle_gets_its_worksheet_back_filled(given, encoding):
    export = exported(MARKS, Format.moodle, given(MOODLE, encoding))
    assert export.text.startswith("\ufeff") is (encoding == "utf-8-sig")
    header, ada, grace, eve = rows(export)
    assert header[0].lstrip("\ufeff") == "Identifier"
    assert ada[0] == "Participant 1"
    assert (ada[4], ada[9]) == ("7.5", "core 4.5 of 5, written 3 of 4")
    assert grace[4] == ""
    assert (eve[4], eve[9]) == ("0", "Well")
    assert eve[1].startswith("'=")
    assert ada[7:9] == ["-", "-"], "what Moodle compares stays as it was"
    assert any("cannot be changed" in words for words in export.remarks)
    assert any("a grade of 0" in words for words in export.remarks)


def test_decimals_and_the_maximum_are_moodles(given):
    text = MOODLE.replace(",", ";").replace("9.00", "7,00")
    export = exported(MARKS, Format.moodle, given(text))
    assert rows(export, ";")[1][4] == "7,5"
    assert "7.5 is more than Moodle's maximum 7" in export.remarks[0]


def test_a_name_decides_only_where_nothing_else_can(given):
    other = MOODLE.replace("ADA@example.org", "another@example.org")
    export = exported(MARKS, Format.moodle, given(other))
    assert rows(export)[1][4] == ""
    assert export.remarks[-1] == "no line in that file for: ada"
    bare = "Identifier,Full name,Grade\nParticipant 1,Ada Lovelace,\n"
    assert rows(exported(MARKS, Format.moodle, given(bare)))[1][2] == "7.5"
    with pytest.raises(CannotExport, match="no grading worksheet"):
        exported(MARKS, Format.moodle, given("Kennung,Name\n1,2\n"))


def test_moodles_gradebook_and_gradescopes_list():
    strange = Mark(Person("tom"), standing(1.0, waits=True))
    marks = Marks("01_counting", 9.0, (*MARKS.each, strange))
    export = exported(marks, Format.moodle_gradebook)
    assert [row[:3] for row in rows(export)] == [
        ["email", "idnumber", "01_counting"],
        ["ada@example.org", "S1001", "7.5"],
        ["eve@example.org", "", "0"],
    ]
    assert export.remarks == (
        "left out, as neither mail nor number is known: tom",
        "written answers wait: tom",
    )
    merge = exported(marks, Format.gradescope)
    assert rows(merge)[1] == ["ada@example.org", "S1001", "Ada", "Lovelace", "7.5", "9"]
    assert "imports no scores" in merge.remarks[0]


def test_marks_are_as_the_rules_have_them_now_for_everybody(session, submit, right, ran):
    folder = session.class_folder
    write_roster(folder, (ADA, GRACE))
    with pytest.raises(NothingGraded, match="Run: autograder grade 01_tiny"):
        marks_of(folder, session.material)
    path = submit(folder, "ada", right)
    (path.parent / "timestamp.txt").write_text("2026-10-06 12:00:00 UTC")
    with local_executor(1) as (executor, at_once):
        list(grade(session, ["ada"], executor, at_once, RunOptions(Mode.OPEN)))
    (folder.path / "class.toml").write_text(
        'time_zone = "UTC"\nlate = {policy = "per_day", percent = 50}\n'
        "[assignments.01_tiny]\ndue = 2026-10-05\n"
    )
    marks = marks_of(folder, session.material)
    assert [(mark.person.name, mark.points) for mark in marks.each] == [
        ("Ada Lovelace", 1.0),
        ("Grace Hopper", None),
    ]
    assert marks.full == 5.0


def test_the_command(tiny_copy, session, submit, right, ran, monkeypatch):
    monkeypatch.chdir(tiny_copy.assignment.course.root)
    monkeypatch.setattr(command, "load_coursework", lambda assignment: tiny_copy)
    folder = session.class_folder
    write_roster(folder, (ADA, GRACE))
    submit(folder, "ada", right)
    with local_executor(1) as (executor, at_once):
        list(grade(session, ["ada"], executor, at_once, RunOptions(Mode.OPEN)))
    result = CliRunner().invoke(cli.app, ["export", "01_tiny", "csv", "--class", str(folder.path)])
    assert result.exit_code == 0, result.output
    assert "not submitted, no mark (--zeros gives 0): grace" in result.stdout
    submit(folder, "grace", right)
    again = CliRunner().invoke(cli.app, ["export", "01_tiny", "csv", "--class", str(folder.path)])
    assert "submitted, and not graded yet: grace" in again.stdout
    assert "1 mark of 01_tiny, out of 5" in result.stdout
    written = folder.path / "exports" / "01_tiny-csv.csv"
    assert "ada,Lovelace,Ada,ada@example.org,S1001,2," in written.read_text()
    as_json = CliRunner().invoke(
        cli.app, ["export", "01_tiny", "csv", "--class", str(folder.path), "--json"]
    )
    found = json.loads(as_json.stdout)
    assert (found["marks"], found["full_marks"]) == (1, 5.0)
    assert (found["not_graded"], found["not_submitted"]) == (["grace"], [])
    assert found["file"] == str(folder.path / "exports" / "01_tiny-csv.csv")
