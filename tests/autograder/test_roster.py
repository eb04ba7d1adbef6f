"""Rosters as Canvas, Moodle and Gradescope write them, or a person does."""

import json
import sqlite3
from contextlib import closing

import pytest
from typer.testing import CliRunner

from autograder.classroom import gradebook
from autograder.classroom.csv_files import UnreadableTable, read_table
from autograder.classroom.report import NOT_SUBMITTED, class_rows
from autograder.classroom.roster import (
    BrokenRoster,
    Person,
    enrol,
    merged,
    people_in,
    read_roster,
    write_roster,
)
from autograder.cli import app as cli

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,01 Counting (5501)
,,,,,Manual Posting
    Points Possible,,,,,34
"Lovelace, Ada",4711,S1001,ada,Section 1,30
"Hopper, Grace Brewster",4712,S1002,grace,Section 2,
"Student, Test",4799,,x,Section 1,
"""
PEOPLE = (
    Person("ada", "Ada", "Lovelace", "", "Section 1", "4711", "S1001"),
    Person("grace", "Grace Brewster", "Hopper", "", "Section 2", "4712", "S1002"),
)


@pytest.fixture
def table(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_gradebook_of_canvas(table):
    assert people_in(table(CANVAS)) == ("Canvas", PEOPLE)
    by_id = people_in(table(CANVAS), "ID")[1]
    assert [person.student for person in by_id] == ["4711", "4712"]


def test_canvas_with_split_names_and_without_logins(table):
    text = "LastName,FirstName,ID,Section\nLovelace,Ada,4711,Section 1\n"
    assert people_in(table(text))[1] == (
        Person("4711", "Ada", "Lovelace", "", "Section 1", "4711", ""),
    )


@pytest.mark.parametrize(
    ("text", "person"),
    [
        (
            "Identifier,Full name,Email address\nParticipant 1,Ada Lovelace,ada@example.org\n",
            Person("ada@example.org", "Ada", "Lovelace", "ada@example.org"),
        ),
        (
            "First name;Surname;ID number;Email address\nAda;Lovelace;S1001;ada@example.org\n",
            Person("S1001", "Ada", "Lovelace", "ada@example.org", sid="S1001"),
        ),
    ],
)
def test_participants_and_worksheets_of_moodle(table, text, person):
    assert people_in(table(text)) == ("Moodle", (person,))


@pytest.mark.parametrize(
    "text",
    [
        "Name,Email,SID,Sections\nAda Lovelace,ada@example.org,S1001,A\n",
        "First Name,Last Name,SID,Email,Sections\nAda,Lovelace,S1001,ada@example.org,A\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rosters_of_gradescope(table, text, encoding):
    assert people_in(table(text.encode(encoding))) == (
        "Gradescope",
        (Person("S1001", "Ada", "Lovelace", "ada@example.org", "A", sid="S1001"),),
    )


def test_a_roster_is_written_and_read_back_whatever_is_in_the_names(class_folder):
    people = (Person("-eve", '=HYPERLINK("x")', '1;=2, "B"', "@e"), Person("zoë", "'t", "Last"))
    write_roster(class_folder, people)
    assert read_roster(class_folder) == people
    text = (class_folder.path / "roster.csv").read_text()
    assert "\n'-eve," in text, "no spreadsheet takes it for a formula"


BROKEN = {
    "name,surname\na,b\n": "line 1: expected the header of Canvas",
    "student,email\n,a@b\n": "line 2: student '': expected a name for the student's folder",
    "student\n../up\n": "line 2: student '../up': a folder's name holds no slash",
    "student\n.hidden\n": "begins with no dot",
    f"student\n{'x' * 300}\n": "300 bytes",
    "student\nAda\nada\n": "differs in more than case; these do not: Ada, ada",
    "student\n": "expected a line for each student, found none",
    "": "expected a first line",
    "\0\0": "expected CSV",
    b"\xff\xfa": "expected CSV, in UTF-8",
    'student\n"ada\n': "expected CSV",
}


@pytest.mark.parametrize("content", BROKEN)
def test_what_is_no_roster_is_told(table, content):
    with pytest.raises((BrokenRoster, UnreadableTable)) as raised:
        people_in(table(content))
    assert BROKEN[content] in str(raised.value)


def test_an_unknown_column_is_told(table):
    with pytest.raises(BrokenRoster, match=r"no column 'Login'\. There are: Student, ID"):
        people_in(table(CANVAS), "Login")


def test_who_is_known_keeps_the_folder(table):
    known = (Person("ada", "Ada", "L.", sid="S1001"), Person("tom", "Tom", "Left"))
    found = merged(known, people_in(table(CANVAS))[1])
    assert found.people == (PEOPLE[0], PEOPLE[1], known[1])
    assert (found.new, found.changed, found.missing) == (("grace",), ("ada",), ("tom",))
    again = merged(found.people, PEOPLE)
    assert (again.new, again.changed) == ((), ())


def test_who_is_two_on_the_roster_is_told():
    known = (Person("ada", sid="S1001"), Person("al", canvas_id="4711"))
    with pytest.raises(BrokenRoster, match=r"several students of the roster.*: ada, al"):
        merged(known, PEOPLE)


def test_names_and_mails_reach_the_gradebook_and_who_is_absent_the_reports(session):
    write_roster(session.class_folder, (*PEOPLE, Person("mo", "Mo", "M", "mo@example.org")))
    enrol(session.class_folder)
    with gradebook.open_gradebook(session.class_folder) as gb:
        student = gb.find_student("mo")
        assert (student.first_name, student.last_name, student.email) == (
            "Mo",
            "M",
            "mo@example.org",
        )
    rows = class_rows(session, [])
    assert [(row.student, row.notes) for row in rows] == [
        (name, (NOT_SUBMITTED,)) for name in ("ada", "grace", "mo")
    ]


def test_the_gradebook_is_written_only_where_something_is_new(session):
    write_roster(session.class_folder, PEOPLE)
    enrol(session.class_folder)
    path = session.class_folder.gradebook_path
    before = path.stat().st_mtime_ns
    enrol(session.class_folder)
    assert path.stat().st_mtime_ns == before
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM student").fetchone() == (2,)


def test_the_command(tiny_copy, table, class_folder, submit, monkeypatch):
    monkeypatch.chdir(tiny_copy.assignment.course.root)
    submit(class_folder, "ada", "{}")
    submit(class_folder, "stranger", "{}")

    def command(*words):
        words = ["roster", *map(str, words), "--class", str(class_folder.path)]
        return CliRunner().invoke(cli.app, words)

    assert "There is no roster yet" in str(command().exception)
    result = command(table(CANVAS))
    assert "2 new, 0 changed" in result.stdout
    assert "01_tiny: 2 submitted, 1 on the roster did not" in result.stdout
    assert "not on the roster: stranger" in result.stdout
    rows = json.loads(command("--json").stdout)
    assert [(row["student"], row["submitted"]) for row in rows] == [
        ("ada", ["01_tiny"]),
        ("grace", []),
    ]


def test_the_separator_and_short_lines(table):
    found = read_table(table("a;b, c;d\n1;2\n\n3;4;5\n"))
    assert found.header == ("a", "b, c", "d")
    assert found.rows == ((2, ("1", "2", "")), (4, ("3", "4", "5")))
