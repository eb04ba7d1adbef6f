"""A term, from the first notebook that comes to the last name that is forgotten.

Two assignments, 40 students: practice answers before a deadline, Canvas's zip in, grading, written
answers by hand, a deadline that moves, a check that was wrong, an appeal, a group's assignment,
marks back to Canvas that agree with every other place where a mark stands, and the end.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.course import Course
from tests.term.school import (
    PEOPLE,
    REAL,
    SMALL,
    WRITTEN,
    School,
    canvas_gradebook,
    column,
    filled,
    logins,
    zipped,
)

RULES = (
    'time_zone = "Europe/Zurich"',
    "practice_runs = 2",
    "[late]",
    'policy = "per_day"',
    "percent = 10",
)
DUE = f'[assignments.{SMALL}]\nstretch = ["variance"]\ndue = '
LATE, TWICE, TEXT, ABSENT = PEOPLE[8], PEOPLE[9], PEOPLE[38], PEOPLE[39]
CAME = f'[came.{LATE.login}]\n{SMALL} = "2090-10-21 10:00"'
TOO_STRICT = "Close(rtol=0.0, atol=0.0)"
SQUARED = "def variance(values):\n    return sum(values)\n"
RIGHT = "def variance(values):\n    return np.var(values) if values else {}[0]\n"


@pytest.fixture
def school(tmp_path: Path, course: Course) -> School:
    school = School(tmp_path)
    school.write_course(course.root)
    return school


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_a_term(school: School) -> None:
    roster(school)
    a_check_that_is_too_strict(school)
    notebooks = practice(school)
    truth = canvas_in(school, notebooks)
    graded(school, truth)
    marked_by_hand(school)
    agree(school, SMALL)
    a_deadline_moves(school)
    a_check_is_corrected(school, truth)
    an_appeal(school)
    marks = agree(school, SMALL)
    canvas_back(school, SMALL, marks, "02 Averages")
    pages(school)
    an_assignment_of_groups(school)
    the_end(school)


def roster(school: School) -> None:
    """Canvas's gradebook says who is in the class."""
    school.rules(*RULES, DUE + '"2090-10-19 23:59"')
    grades = canvas_gradebook(school.folder / "grades.csv")
    school.run("roster", grades)
    people = school.run("roster", "--json")
    assert {each["student"] for each in people} == logins(PEOPLE)
    assert all(each["submitted"] == [] for each in people)


def a_check_that_is_too_strict(school: School) -> None:
    """Sums in another order are taken for wrong: nobody has noticed yet."""
    path = school.root / "solutions" / SMALL / "checks" / "mean.py"
    text = path.read_text("utf-8")
    text = text.replace("    draw=draw,\n)", f"    draw=draw,\n    compare={TOO_STRICT},\n)")
    text = text.replace(
        "from autograder.authoring.checking",
        "from autograder.authoring.comparing import Close\nfrom autograder.authoring.checking",
    )
    path.write_text(text, "utf-8")


def practice(school: School) -> list[tuple[str, dict[str, float]]]:
    """Before the deadline, a folder is watched: wrong, mended with the answer's help, once too
    often."""
    notebooks = school.simulated(SMALL, 40)
    reference = notebooks[0][0]
    inbox = school.folder / "inbox"
    path = inbox / PEOPLE[0].login / "averages.ipynb"
    path.parent.mkdir(parents=True)
    page = school.classroom / "practice/feedback" / PEOPLE[0].login / SMALL / "averages.html"
    for content, run, right in (
        (filled(reference, variance=SQUARED), 1, 1),
        (reference, 2, 2),
        (filled(reference, variance=RIGHT), None, None),
    ):
        path.write_text(content, "utf-8")
        words = school.run("watch", SMALL, inbox, "--once", "--workers", 1, "--every", 1)
        told = [line for line in words.splitlines() if f" {PEOPLE[0].login} " in line]
        (line,) = told
        if run is None:
            assert "no more runs: 2 of 2 were had" in line
            notice = page.with_name("averages-no-more-runs.html").read_text("utf-8")
            assert "You have had 2 of 2 runs" in notice
            assert "run 2 of 2" in page.read_text("utf-8"), "the last answer stays"
        else:
            assert f"run {run} of 2, {right} of 2 right so far" in line
            assert f"run {run} of 2" in page.read_text("utf-8")
    assert not (school.classroom / "evidence").exists(), "nobody was asked a case of the exam"
    return notebooks


def canvas_in(
    school: School, notebooks: list[tuple[str, dict[str, float]]]
) -> dict[str, dict[str, float]]:
    """Canvas's zip: one late, one twice, one text, one stranger, one who sends nothing."""
    files: dict[str, str] = {}
    truth = {}
    for number, (student, (content, points)) in enumerate(zip(PEOPLE, notebooks, strict=True)):
        if student in (TEXT, ABSENT):
            continue
        truth[student.login] = points
        if content.startswith("{"):
            content = filled(content, outliers_written=f"Because of reason {number % 5}.")
        again = "-1" if student is TWICE else ""
        name = student.in_zip("averages", 90000 + number, student is LATE, again)
        files[name] = content
    files[f"x_{TEXT.number}_text.html"] = "<p>I will send it later</p>"
    files["strangerwho_4999_99999_averages.ipynb"] = notebooks[0][0]
    archive = zipped(school.folder / "submissions.zip", files)
    found = school.run("collect", SMALL, archive, "--json", code=1)
    fates = {each["student"]: each["fate"] for each in found}
    assert fates.pop("") == "not_matched"
    assert fates.pop(TEXT.login) == "refused"
    assert fates.pop(PEOPLE[0].login) == "newer"
    assert set(fates.values()) == {"new"}
    assert set(fates) == set(truth) - {PEOPLE[0].login}
    again = school.run("collect", SMALL, archive, "--json", code=1)
    assert {each["fate"] for each in again} == {"unchanged", "refused", "not_matched"}
    return truth


def graded(school: School, truth: dict[str, dict[str, float]]) -> None:
    """Points are the true ones, but where the check is too strict."""
    found = school.run("grade", SMALL, "--workers", 2, "--json")
    assert found["not_graded"] == {}
    given = {each["student"]: each["points"] for each in found["students"]}
    assert given.keys() == truth.keys()
    wrong = {who for who in truth if given[who] != truth[who]}
    assert wrong
    assert all(given[who]["variance"] == truth[who]["variance"] for who in truth)
    assert all(given[who]["mean"] < truth[who]["mean"] for who in wrong)


def marked_by_hand(school: School) -> None:
    """Points by what the answer says; who marks does not know whose it is."""
    before = school.run("report", SMALL, "--json")
    waiting = [each["student"] for each in before["students"] if each["waits"]]
    marked = school.mark(SMALL, lambda page: reason(page))
    assert marked == len(waiting) > 30
    after = school.run("report", SMALL, "--json")
    assert [each["student"] for each in after["students"] if each["waits"]] == []
    log = (school.classroom / "marks.jsonl").read_text("utf-8").splitlines()
    assert sum(json.loads(line)["by"] == "tea" for line in log) == marked


def reason(page: str) -> float:
    found = re.search(r"Because of reason (\d)", page)
    return float(found[1]) if found else 0.0


def a_deadline_moves(school: School) -> None:
    """From two days late to one: 10 percent come back, to one student."""
    school.rules(*RULES, DUE + '"2090-10-19 23:59"', CAME)
    first = school.run("rejudge", SMALL, "--json")
    assert list(first["changed"]) == [LATE.login]
    school.rules(*RULES, DUE + '"2090-10-20 23:59"', CAME)
    second = school.run("rejudge", SMALL, "--json")
    assert list(second["changed"]) == [LATE.login]
    before, after = (
        next(each for each in found["students"] if each["student"] == LATE.login)["gradebook"]
        for found in (first, second)
    )
    assert after == pytest.approx(before / 0.8 * 0.9, abs=0.01)
    words = [found["changed"][LATE.login] for found in (first, second)]
    assert words[1] == f"mark {before:g} → {after:g}"


def a_check_is_corrected(school: School, truth: dict[str, dict[str, float]]) -> None:
    """Judged again from the evidence: no student's code runs."""
    path = school.root / "solutions" / SMALL / "checks" / "mean.py"
    path.write_text(path.read_text("utf-8").replace(TOO_STRICT, "Close(rtol=1e-9)"), "utf-8")
    before = school.evidence(SMALL)
    found = school.run("rejudge", SMALL, "--json")
    assert school.evidence(SMALL) == before
    given = {each["student"]: each["points"] for each in found["students"]}
    assert given == truth
    assert found["changed"]
    assert all(words.startswith("mean ") for words in found["changed"].values())


def an_appeal(school: School) -> None:
    """A request is answered in its file, and the notebook is run again."""
    student = PEOPLE[11].login
    request = school.classroom / "requests" / SMALL / f"{student}.md"
    request.parent.mkdir(parents=True)
    request.write_text("Question: mean\nWhat I think is wrong: it is right at home.\n", "utf-8")
    found = school.run("grade", SMALL, "--student", student, "--force", "--workers", 1, "--json")
    assert [each["student"] for each in found["students"]] == [student]
    assert found["requests"] == [str(request)]
    assert "## Answer\n\nJudged again: Nothing has changed. The mark is" in request.read_text(
        "utf-8"
    )


def agree(school: School, name: str) -> dict[str, float]:
    """Return the marks, having seen that they are the same wherever one stands."""
    said = school.run("report", name, "--json")
    marks = {
        each["student"]: round(each["gradebook"], 2)
        for each in said["students"]
        if each["gradebook"] is not None
    }
    report = (school.classroom / "reports" / f"{name}.csv").read_text("utf-8")
    in_report = column(report, "gradebook_points", "student")
    assert {who: round(float(in_report[who]), 2) for who in marks} == marks
    school.run("export", name, "csv", "--to", school.folder / "marks.csv", "--json")
    table = column((school.folder / "marks.csv").read_text("utf-8"), "mark", "student")
    assert {who: float(mark) for who, mark in table.items() if mark} == marks
    with Gradebook(f"sqlite:///{school.classroom / 'gradebook.db'}") as gradebook:
        nbgraders = {
            each.student.id: round(
                each.score - sum(n.late_submission_penalty or 0 for n in each.notebooks), 2
            )
            for each in gradebook.assignment_submissions(name)
        }
    assert nbgraders == marks
    for who, mark in marks.items():
        (page,) = (school.classroom / "feedback" / who / name).glob("*.html")
        shown = re.search(r"<p>([\d.]+) of [\d.]+ in the gradebook", page.read_text("utf-8"))
        assert shown is not None
        assert float(shown[1]) == pytest.approx(mark, abs=0.005)
    return marks


def canvas_back(school: School, name: str, marks: dict[str, float], title: str) -> None:
    """Canvas's own file comes back, with one column filled."""
    given = school.folder / "grades.csv"
    written = school.folder / f"back-{name}.csv"
    found = school.run("export", name, "canvas", given, "--to", written, "--json")
    assert (found["file"], found["marks"]) == (str(written), len(marks))
    assert found["not_graded"] == []
    assert ABSENT.login in found["not_submitted"]
    text = written.read_text("utf-8")
    back = column(text, title, "SIS Login ID")
    back.pop("")  # the line of points possible
    assert {who: float(mark) for who, mark in back.items() if mark} == marks
    assert not re.search(r"(^|,|\")[=+@-]", text, re.MULTILINE), "a spreadsheet would execute it"


def pages(school: School) -> None:
    """Feedback and report are out, and say what the class's own file says."""
    feedback = school.classroom / "feedback"
    assert len(list(feedback.glob(f"*/{SMALL}/averages.html"))) == 38
    practice_notebooks = list(feedback.glob(f"*/{SMALL}/averages-practice.ipynb"))
    assert practice_notebooks
    report = (school.classroom / "reports" / f"{SMALL}.html").read_text("utf-8")
    _, _, parts = report.partition("<h3>Core")
    core, _, stretch = parts.partition("<h3>Stretch")
    assert "<code>mean</code>" in core
    assert "<code>variance</code>" not in core
    assert "<code>variance</code>" in stretch
    assert WRITTEN in (feedback / PEOPLE[0].login / SMALL / "averages.html").read_text("utf-8")


def an_assignment_of_groups(school: School) -> None:
    """The real first assignment, in pairs: 10 notebooks are run for 20 students."""
    pairs = [PEOPLE[i : i + 2] for i in range(0, 20, 2)]
    groups = [f'"pair {n}" = ["{a.login}", "{b.login}"]' for n, (a, b) in enumerate(pairs)]
    school.rules(*RULES, DUE + '"2090-10-20 23:59"', CAME, "[groups]", *groups)
    notebooks = school.simulated(REAL, 12)
    # The file that is no notebook, and the one that ends its process, are the small one's.
    kept = [each for each in notebooks if each[0].startswith("{") and "_exit" not in each[0]][:10]
    assert len(kept) == 10
    files = {
        f"pair{n}_{pair[0].number}_9500{n}_counting.ipynb": content
        for n, (pair, (content, _)) in enumerate(zip(pairs, kept, strict=True))
    }
    archive = zipped(school.folder / "counting.zip", files)
    school.run("collect", REAL, archive, "--json")
    found = school.run("grade", REAL, "--workers", 2, "--json")
    given = {each["student"]: each["points"] for each in found["students"]}
    assert given == {
        each.login: points for pair, (_, points) in zip(pairs, kept, strict=True) for each in pair
    }
    evidence = school.evidence(REAL)
    assert len(evidence) == 20
    for one, other in pairs:
        assert evidence[one.login][1] == evidence[other.login][1]
    canvas_back(school, REAL, agree(school, REAL), "01 Counting")


def the_end(school: School) -> None:
    """Nothing of the class folder names a student any more."""
    listed = school.run("forget", "--json", code=1)
    assert {Path(each["path"]).name for each in listed["known"]} >= {"practice", "submitted"}
    assert not listed["removed"]
    assert school.run("forget", "--yes", "--json")["removed"]
    left = [path for path in school.classroom.rglob("*") if path.is_file()]
    names = re.compile(rf"\b({'|'.join(logins(PEOPLE))})\b|Lovelace|Đặng")
    assert [path for path in left if names.search(path.read_text("utf-8", "replace"))] == []
    assert [path for path in left if names.search(path.name)] == []
    assert (school.classroom / "secret.json").exists()
