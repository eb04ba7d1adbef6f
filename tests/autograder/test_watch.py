"""Submissions that are answered as they come, by practice cases, before anybody is marked."""

import contextlib
import dataclasses
import json
import re
from datetime import UTC, datetime

import pytest
from filelock import Timeout
from nbgrader.utils import notebook_hash

from autograder.authoring.conventions import Question
from autograder.classroom import practice_answer, practice_kept, watching
from autograder.classroom.class_folder import (
    AnotherRun,
    ClassFolder,
    is_watched,
    one_run,
    one_watch,
)
from autograder.classroom.gathering import RunOptions
from autograder.classroom.practice_class import NothingToPractise, PracticeFolder, practice_sitting
from autograder.classroom.roster import Person, write_roster
from autograder.classroom.schemes import Scheme
from autograder.classroom.watching import Event, Inbox, NoInbox, Watch
from autograder.cli import watch as command
from autograder.errors import CourseError
from autograder.judging.exam import draw_exam, practice_exam
from autograder.judging.judge import judge
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode
from tests.autograder.conftest import Here

RIGHT = "def double(x): return x + x"
HALF = "def double(x): return abs(2 * x)"
WRONG = "def double(x): return x * x"
FAR_AHEAD = 2.0**40
OPTIONS = RunOptions(Mode.OPEN, Limits())
SECRET = "ab" * 64


@pytest.fixture(scope="module")
def sitting_of(tiny, tmp_path_factory):
    """Return a function that gives a class the practice exam, which is drawn once."""
    drawn = practice_sitting(tiny, ClassFolder(tmp_path_factory.mktemp("drawn")))

    def given(class_folder):
        return dataclasses.replace(drawn, class_folder=PracticeFolder.in_class(class_folder))

    return given


@pytest.fixture
def inbox(tmp_path):
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def watch(tiny, class_folder, sitting_of, inbox):
    """Return a function that begins to watch, as after a start or a kill."""

    def begin(path=inbox, clock=lambda: FAR_AHEAD):
        return Watch(tiny, class_folder, Inbox.at(path), sitting_of(class_folder), clock)

    return begin


@pytest.fixture
def look(class_folder, ran):
    def looked(watched, at_once=1):
        with one_run(class_folder):
            return list(watched.look(Here(), at_once, OPTIONS))

    return looked


@pytest.fixture
def hand_in(inbox, fill, tiny):
    """Return a function with which a student lays a notebook into the folder."""

    def put(student, source, name="tiny.ipynb"):
        path = inbox / student / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(fill(tiny, double=source)))
        return path

    return put


@pytest.fixture
def exchange(tmp_path, fill, tiny):
    """Return an exchange of nbgrader's, and a function with which a student submits to it."""
    root = tmp_path / "exchange" / "course101"
    for name in ("inbound", "outbound", "feedback"):
        (root / name).mkdir(parents=True)

    def submit(student, source, when="2026-10-05 12:00:00.000000 UTC", secret=SECRET):
        folder = root / "inbound" / f"{student}+01_tiny+{when}+cmFuZG9t"
        folder.mkdir()
        (folder / "tiny.ipynb").write_text(json.dumps(fill(tiny, double=source)))
        (folder / "timestamp.txt").write_text(when)
        (folder / "submission_secret.txt").write_text(secret)

    return root, submit


def page(class_folder, student):
    path = PracticeFolder.in_class(class_folder).feedback_path("01_tiny", student, "tiny")
    return " ".join(path.read_text().split())


def runs(events):
    return [event.run for event in events if event.what == "answered"]


def answers(class_folder, student):
    folder = PracticeFolder.in_class(class_folder).answered("01_tiny", student)
    return sorted(path.stem for path in folder.glob("*.json"))


# --- what is asked and told -----------------------------------------------------------------------


def test_a_practice_exam_asks_practice_cases_only_and_decides_by_them(tiny_exam):
    (whole,), (practice,) = tiny_exam.questions, practice_exam(tiny_exam).questions
    assert [each.practice for each in practice.cases] == [True] * 6
    asked = json.loads(practice.inputs)["cases"]
    assert {each["id"] for each in asked} == {each.identity for each in practice.cases}
    assert practice.expected.keys() == {each["id"] for each in asked}
    assert practice_exam(tiny_exam).digest != tiny_exam.digest
    verdict = judge(practice, practice.evidence_of(lambda x: abs(2 * x)))
    assert [(group.passed, group.asked) for group in verdict.groups] == [(3, 3), (2, 3)]
    assert verdict.misconception is None, "one case is not enough for a hint"
    assert judge(practice, practice.evidence_of(lambda x: x + x)).points == 2
    assert judge(practice, practice.evidence_of(lambda x: x * x)).misconception == "squared"
    assert whole.for_practice is False


def test_a_submission_is_answered_in_words_and_without_points(
    watch, look, hand_in, class_folder, ran
):
    hand_in("ada", WRONG)
    hand_in("bob", RIGHT)
    found = {event.student: event for event in look(watch())}
    assert found["ada"] == Event("ada", "answered", "run 1, 0 of 1 right so far", True, 1, 0, 1)
    assert found["bob"].right == 1
    ada = page(class_folder, "ada")
    assert "You square instead of doubling." in ada
    assert "This is not a mark." in ada
    assert "One case to try yourself" in ada
    assert "differs first" in ada
    assert re.search(r"href=\"data:application/x-ipynb\+json;base64,\w", ada)
    assert "points" not in ada
    assert "right so far" in page(class_folder, "bob")
    folder = class_folder.path / "practice/feedback/ada/01_tiny"
    assert sorted(path.name for path in folder.iterdir()) == [
        "tiny-practice.ipynb",
        "tiny.html",
    ]
    assert len(ran) == 2
    assert not class_folder.gradebook_path.exists(), "nobody is marked"


def test_what_a_student_answers_is_text_on_the_page(watch, look, hand_in, class_folder):
    hand_in("ada", "def double(x): return '</pre><script>alert(1)</script>'")
    look(watch())
    ada = page(class_folder, "ada")
    assert "<script" not in ada
    assert "&lt;script&gt;alert(1)" in ada
    assert "default-src 'none'" in ada


def test_nothing_of_the_final_exam_can_be_in_what_is_released(
    watch, look, hand_in, class_folder, tiny, tiny_exam
):
    """Cases that are the same in every exam, such as 0, are no secret; all others are."""
    hand_in("ada", WRONG)
    hand_in("bob", "def double(x): raise ValueError(x)")
    look(watch())
    others = {call for q in draw_exam(tiny, "other").questions for call in q.distinct.values()}
    (final,) = tiny_exam.questions
    drawn = [each.case for each in final.cases if final.distinct[each.identity] not in others]
    numbers = {repr(value) for case in drawn for value in (case.args[0], 2 * case.args[0])}
    assert len(numbers) >= 16
    released = [path for path in class_folder.path.rglob("*") if path.is_file()]
    released = [path for path in released if path.name != "secret.json"]
    assert len(released) > 8
    for path in released:
        text = path.read_text(errors="replace")
        assert [number for number in numbers if number.removeprefix("-") in text] == []


def test_what_knows_the_practice_cases_only_is_right_so_far(
    watch, look, hand_in, class_folder, ran
):
    """There is nothing to be told of other cases, as none is asked."""
    watched = watch()
    (exam,) = watched.sitting.exam.questions
    asked = [each.case.args[0] for each in exam.cases]
    hand_in("ada", f"inf = float('inf')\ndef double(x): return 2 * x if x in {asked} else None")
    assert [event.right for event in look(watched)] == [1]
    evidence = json.loads((class_folder.path / "practice/evidence/01_tiny/ada.json").read_text())
    assert len(exam.read(evidence["evidence"]["double"])) == len(asked) == 6


def test_the_secret_of_the_class_is_not_needed_and_not_made(
    watch, look, hand_in, class_folder, tiny
):
    class_folder.secret_path.unlink()
    practice_sitting(tiny, class_folder)
    hand_in("ada", WRONG)
    look(watch())
    assert answers(class_folder, "ada")
    assert not class_folder.secret_path.exists()
    own = json.loads((class_folder.path / "practice/secret.json").read_text())["secret"]
    assert len(own) == 64


def test_asserts_that_students_have_not_seen_are_neither_run_nor_told(tiny, class_folder):
    """In a course of nbgrader's, they are in the notebook that is run."""
    cells = [dict(cell) for cell in tiny.notebook.cells]
    hidden = "### BEGIN HIDDEN TESTS\nassert double(77) == 154\n### END HIDDEN TESTS"
    notebook = type(tiny.notebook)(tiny.notebook)
    notebook.cells = [type(tiny.notebook)(cell) for cell in cells]
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "double-graded":
            cell.source = f"assert double(1) == 2\n{hidden}"
    inside = Question("double-graded", 2.0, inside=True)
    asserted = dataclasses.replace(tiny, notebook=notebook, asserted=(inside,))
    session = practice_sitting(asserted, class_folder)
    staged = json.dumps(session.material.derived.master)
    assert "double(1) == 2" in staged
    assert "double(77)" not in staged
    assert session.exam.material.asserted == ()
    with pytest.raises(NothingToPractise, match="autograder grade 01_tiny"):
        practice_sitting(dataclasses.replace(asserted, checked=()), class_folder)


# --- once, and counted once -----------------------------------------------------------------------


def test_what_is_answered_is_answered_once_also_after_a_new_start(watch, look, hand_in, ran):
    hand_in("ada", HALF)
    first = watch()
    assert [event.what for event in look(first)] == ["answered"]
    assert look(first) == look(watch()) == []
    assert ran == [HALF]


def test_an_answer_that_was_kept_and_not_released_is_released(
    watch, look, hand_in, class_folder, ran
):
    hand_in("ada", WRONG)
    look(watch())
    before = page(class_folder, "ada")
    for path in (class_folder.path / "practice/feedback/ada/01_tiny").iterdir():
        path.unlink()
    assert look(watch()) == []
    assert page(class_folder, "ada") == before
    assert len(ran) == 1


def test_who_hands_in_again_is_answered_again_and_an_old_version_is_not_run_again(
    watch, look, hand_in, class_folder, ran
):
    watched = watch()
    for source, run in ((WRONG, 1), (RIGHT, 2), (WRONG, None)):
        hand_in("ada", source)
        events = look(watched)
        assert [event.run for event in events] == ([] if run is None else [run])
    assert "You square" in page(class_folder, "ada")
    assert (class_folder.path / "practice/feedback/ada/01_tiny/tiny-practice.ipynb").exists()
    assert ran == [WRONG, RIGHT]
    assert len(answers(class_folder, "ada")) == 2


def test_right_answers_take_away_the_practice_notebook(watch, look, hand_in, class_folder):
    watched = watch()
    hand_in("ada", WRONG)
    look(watched)
    hand_in("ada", RIGHT)
    look(watched)
    assert not (class_folder.path / "practice/feedback/ada/01_tiny/tiny-practice.ipynb").exists()


def test_a_limit_holds_and_may_be_raised(watch, look, hand_in, class_folder, ran):
    rules = class_folder.path / "class.toml"
    rules.write_text('time_zone = "Europe/Zurich"\npractice_runs = 1\n')
    watched = watch()
    hand_in("ada", WRONG)
    assert look(watched)[0].words == "run 1 of 1, 0 of 1 right so far"
    hand_in("ada", HALF)
    (event,) = look(watched)
    assert (event.what, event.words, event.well) == ("no more runs", "1 of 1 were had", True)
    folder = class_folder.path / "practice/feedback/ada/01_tiny"
    assert "You have had 1 of 1 runs" in (folder / "tiny-no-more-runs.html").read_text()
    assert "You square" in page(class_folder, "ada"), "the last answer stays"
    assert look(watched) == []
    assert ran == [WRONG]
    assert json.loads(class_folder.submitted("01_tiny", "ada").joinpath("tiny.ipynb").read_text())
    rules.write_text(
        'time_zone = "Europe/Zurich"\npractice_runs = 1\n[assignments.01_tiny]\npractice_runs = 3\n'
    )
    assert [event.run for event in look(watched)] == [2]
    assert "run 2 of 3" in page(class_folder, "ada")
    assert not (folder / "tiny-no-more-runs.html").exists()


def test_a_limit_of_none_runs_nothing(watch, look, hand_in, class_folder, ran):
    (class_folder.path / "class.toml").write_text('time_zone = "UTC"\npractice_runs = 0\n')
    hand_in("ada", WRONG)
    assert [event.what for event in look(watch())] == ["no more runs"]
    assert ran == []


def test_what_cannot_be_read_gets_a_word_and_costs_no_run(watch, look, inbox, class_folder, ran):
    (inbox / "ada").mkdir()
    (inbox / "ada" / "tiny.ipynb").write_bytes(b"%PDF-1.7")
    (event,) = look(watch())
    assert (event.run, event.well) == (None, True)
    ada = page(class_folder, "ada")
    assert "PDF" in ada
    assert "this does not count as a run" in ada
    assert ran == []
    assert practice_kept.runs(PracticeFolder.in_class(class_folder), "01_tiny", "ada") == 0


def test_lateness_is_said(watch, look, exchange, class_folder, ran):
    root, submit = exchange
    (class_folder.path / "class.toml").write_text(
        'time_zone = "UTC"\n[assignments.01_tiny]\ndue = "2026-10-04 12:00"\n'
    )
    submit("ada", RIGHT)
    look(watch(root))
    assert "It came 1 day late." in page(class_folder, "ada")


def test_the_same_notebook_of_several_is_run_once(watch, look, hand_in, class_folder, ran):
    for student in ("ada", "bob", "cyd"):
        hand_in(student, HALF)
    assert [event.run for event in look(watch(), at_once=2)] == [1, 1, 1]
    assert ran == [HALF]
    assert all(answers(class_folder, student) for student in ("ada", "bob", "cyd"))


def test_many_are_answered_a_few_at_a_time_so_that_others_have_the_class_between(
    watch, look, hand_in, ran
):
    for number in range(5):
        hand_in(f"student-{number}", f"def double(x): return {number} * x")
    watched, found = watch(), []
    for behind in (True, True, False):
        found += [event.student for event in look(watched)]
        assert watched.behind is behind
    assert sorted(found) == [f"student-{number}" for number in range(5)]


# --- the inbox ------------------------------------------------------------------------------------


def test_what_is_still_being_copied_is_left_for_the_next_look(watch, look, hand_in, ran):
    path = hand_in("ada", HALF)
    changed = path.stat().st_ctime
    moment = [changed + watching.AT_REST / 2]
    watched = watch(clock=lambda: moment[0])
    assert look(watched) == []
    assert watched.restless
    moment[0] = changed + watching.AT_REST + 1
    assert [event.what for event in look(watched)] == ["answered"]
    assert not watched.restless


def test_the_time_of_a_file_in_a_folder_is_this_machines_not_the_students(
    watch, look, hand_in, inbox, class_folder
):
    path = hand_in("ada", RIGHT)
    (inbox / "ada" / "timestamp.txt").write_text("2001-01-01 00:00:00 UTC")
    (inbox / "ada" / "submission_secret.txt").write_text(SECRET)
    look(watch())
    place = class_folder.submitted("01_tiny", "ada")
    assert "2001" not in (place / "timestamp.txt").read_text()
    came = datetime.fromtimestamp(path.stat().st_ctime, UTC)
    assert (place / "timestamp.txt").read_text().startswith(f"{came:%Y-%m-%d %H:%M}")
    assert not (place / "submission_secret.txt").exists()


def test_one_student_cannot_make_the_folder_another_kind_of_source(
    watch, look, hand_in, inbox, class_folder
):
    hand_in("ada", RIGHT)
    (inbox / "ada" / "submission_metadata.yml").write_text("x: {':submitters': []}")
    hand_in("bob", RIGHT)
    found = {event.student for event in look(watch())}
    assert found == {"ada", "bob"}


def test_links_and_strangers_are_told_once_and_harm_nobody(
    watch, look, hand_in, inbox, class_folder, tmp_path
):
    write_roster(class_folder, (Person("ada"), Person("eve")))
    secret = tmp_path / "secret.txt"
    secret.write_text("not yours")
    (inbox / "eve").mkdir()
    (inbox / "eve" / "tiny.ipynb").symlink_to(secret)
    hand_in("mallory", RIGHT)
    hand_in("ada", RIGHT)
    watched = watch()
    found = {(event.student, event.what, event.well) for event in look(watched)}
    assert found == {
        ("", "REFUSED", False),
        ("", "NOT MATCHED", False),
        ("ada", "answered", True),
    }
    notice = class_folder.path / "practice/feedback/eve/01_tiny/tiny-not-taken.html"
    assert "eve/tiny.ipynb was not taken: a link" in notice.read_text()
    assert look(watched) == []
    assert not (class_folder.path / "practice/feedback/mallory").exists()


def test_students_of_an_exchange_fetch_the_answer_as_nbgraders_feedback(
    watch, look, exchange, class_folder, ran
):
    root, submit = exchange
    submit("ada", WRONG)
    look(watch(root.parent))
    released = root / "feedback" / f"{notebook_hash(secret=SECRET, notebook_id='tiny')}.html"
    assert "You square" in released.read_text()
    released.write_text("the feedback on the marks")
    assert look(watch(root)) == []
    assert released.read_text() == "the feedback on the marks", "which came later"
    later = "cd" * 64
    submit("ada", RIGHT, "2026-10-05 13:00:00.000000 UTC", later)
    assert runs(look(watch(root / "inbound"))) == [2]
    assert (root / "feedback" / f"{notebook_hash(secret=later, notebook_id='tiny')}.html").exists()


def test_of_several_that_came_meanwhile_the_newest_is_answered(
    watch, look, exchange, class_folder, ran
):
    root, submit = exchange
    submit("ada", RIGHT, "2026-10-05 13:00:00.000000 UTC")
    submit("ada", WRONG, "2026-10-05 11:00:00.000000 UTC")
    found = look(watch(root))
    assert runs(found) == [1]
    remarks = {event.words for event in found if event.what == "new"}
    assert any("LOOK AT: it says ada, and belongs to the user" in words for words in remarks)
    assert ran == [RIGHT]
    assert len(list((class_folder.path / "collected/01_tiny/ada").iterdir())) == 1


def test_attempts_beyond_the_limit_are_kept_aside_once(watch, look, exchange, class_folder, ran):
    (class_folder.path / "class.toml").write_text('time_zone = "UTC"\nattempts = 1\n')
    root, submit = exchange
    submit("ada", RIGHT, "2026-10-05 11:00:00.000000 UTC")
    submit("ada", WRONG, "2026-10-05 13:00:00.000000 UTC")
    for events in (look(watch(root)), look(watch(root))):
        (beyond,) = [event for event in events if event.what == "one too many, kept aside"]
        assert beyond.words.endswith("1 attempt is allowed")
    notice = class_folder.path / "practice/feedback/ada/01_tiny/tiny-not-taken.html"
    assert "was not taken: 1 attempt is allowed. What you had handed in" in notice.read_text()
    assert ran == [RIGHT]
    assert len(list((class_folder.path / "collected/01_tiny/ada").iterdir())) == 1


def test_which_folder_is_an_inbox(exchange, inbox, tmp_path):
    root, _ = exchange
    assert Inbox.at(root.parent) == Inbox.at(root) == Inbox.at(root / "inbound")
    assert Inbox.at(root).scheme is Scheme.exchange
    assert Inbox.at(inbox) == Inbox(inbox, Scheme.folder)
    assert Inbox.at(inbox).feedback is None
    with pytest.raises(NoInbox, match="There is no folder"):
        Inbox.at(tmp_path / "nowhere")
    (root.parent / "course102" / "inbound").mkdir(parents=True)
    with pytest.raises(NoInbox, match="several courses"):
        Inbox.at(root.parent)


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_fault_of_the_machine_is_tried_three_times_and_told(
    watch, look, hand_in, class_folder, ran
):
    hand_in("ada", "raise MemoryError('the machine')")
    hand_in("bob", RIGHT)
    watched, found = watch(), []
    for _ in range(5):
        found += look(watched)
    told = [event for event in found if event.student == "ada"]
    assert [event.well for event in told] == [False] * 3
    assert "MemoryError: the machine (it is tried again)" in told[0].words
    assert "start again when it is mended" in told[2].words
    assert [event.what for event in found if event.student == "bob"] == ["answered"]
    assert answers(class_folder, "ada") == []


def test_an_answer_that_is_damaged_is_told_and_stops_nobody(
    watch, look, hand_in, class_folder, ran
):
    hand_in("ada", RIGHT)
    look(watch())
    folder = PracticeFolder.in_class(class_folder)
    next(folder.answered("01_tiny", "ada").iterdir()).write_text("{")
    hand_in("bob", HALF)
    found = {event.student: event for event in look(watch())}
    assert "Restore it from a backup; or remove it" in found["ada"].words
    assert not found["ada"].well
    assert found["bob"].what == "answered"


def test_where_an_answer_cannot_be_laid_down_the_others_are_answered(
    watch, look, hand_in, class_folder, ran
):
    hand_in("ada", RIGHT)
    hand_in("bob", HALF)
    (class_folder.path / "practice/feedback/ada/01_tiny/tiny.html").mkdir(parents=True)
    watched = watch()
    found = {event.student: event for event in look(watched)}
    assert "Move away what lies there" in found["ada"].words
    assert not found["ada"].well
    assert found["bob"].what == "answered"
    (class_folder.path / "practice/feedback/ada/01_tiny/tiny.html").rmdir()
    assert look(watched) == []
    assert "right so far" in page(class_folder, "ada"), "what was kept is released"
    assert len(answers(class_folder, "ada")) == 1


def test_who_hands_in_all_the_time_comes_after_the_others(watch, look, hand_in, ran):
    watched, order = watch(), []
    for number in range(4):
        hand_in("ada", f"def double(x): return {number} * x")
        for student in ("bob", "cyd", "dee"):
            if number == 1:
                hand_in(student, f"def double(x): return '{student}'")
        order += [event.student for event in look(watched)]
    assert order[:6] == ["ada", "bob", "cyd", "dee", "ada", "ada"]


def test_what_cannot_be_judged_is_told_and_stops_nobody(
    watch, look, hand_in, class_folder, ran, monkeypatch
):
    hand_in("ada", RIGHT)
    hand_in("bob", HALF)
    answer = practice_answer.answer

    def failing(work, parts, about):
        if about.student == "ada":
            raise ZeroDivisionError("odd")
        return answer(work, parts, about)

    monkeypatch.setattr(practice_answer, "answer", failing)
    found = {event.student: event for event in look(watch())}
    assert "It could not be answered: ZeroDivisionError: odd" in found["ada"].words
    assert found["bob"].what == "answered"


# --- the command ----------------------------------------------------------------------------------


class Ended(Exception):
    pass


@pytest.fixture
def run(tiny_copy, class_folder, sitting_of, inbox, ran, monkeypatch, capsys):
    """Return a function that runs the command; between looks it does one thing after the other."""
    monkeypatch.setattr(command, "load_coursework", lambda assignment: tiny_copy)
    monkeypatch.setattr(watching, "practice_sitting", lambda work, folder: sitting_of(class_folder))
    monkeypatch.setattr(watching, "AT_REST", -FAR_AHEAD)  # all is at rest
    monkeypatch.setattr(command.console, "_width", 200, raising=False)

    def ran_it(*between, once=False, as_json=False):
        left = list(between)

        def wait(seconds):
            if not left:
                raise Ended
            left.pop(0)()

        how = command.How(Here(), 1, Mode.OPEN, Limits(), None if once else 2.0)
        well = None
        with contextlib.suppress(Ended):
            well = command.watch(tiny_copy.assignment, class_folder, inbox, how, as_json, wait)
        return well, capsys.readouterr().out

    return ran_it


def test_it_goes_on_until_it_is_stopped(run, hand_in):
    _, told = run(lambda: hand_in("ada", WRONG), lambda: hand_in("bob", RIGHT))
    assert "ada  answered: run 1, 0 of 1 right so far" in told
    assert "bob  answered: run 1, 1 of 1 right so far" in told


def test_once_ends_and_says_whether_anybody_must_look(run, hand_in, class_folder):
    hand_in("ada", WRONG)
    assert run(once=True)[0] is True
    write_roster(class_folder, (Person("ada"),))
    hand_in("mallory", WRONG)
    assert run(once=True)[0] is False


def test_once_does_not_wait_for_ever_for_what_does_not_come_to_rest(run, hand_in, monkeypatch):
    monkeypatch.setattr(watching, "AT_REST", FAR_AHEAD)
    hand_in("ada", WRONG)
    waits = []
    assert run(*[lambda: waits.append(1)] * 100, once=True)[0] is True
    assert len(waits) == 20


def test_each_event_is_a_line_of_json(run, hand_in):
    hand_in("ada", WRONG)
    _, told = run(once=True, as_json=True)
    (line,) = told.splitlines()
    event = json.loads(line)
    assert (event["student"], event["run"], event["right"]) == ("ada", 1, 0)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*[+-]\d\d:\d\d", event["at"])


def test_a_typo_in_the_rules_is_told_once_and_mended_while_it_goes_on(run, hand_in, class_folder):
    rules = class_folder.path / "class.toml"
    rules.write_text("time_zon = 1")
    hand_in("ada", WRONG)
    _, told = run(lambda: None, lambda: rules.write_text('time_zone = "UTC"'))
    assert told.count("WAITING") == 1
    assert "ada  answered" in told
    rules.write_text("time_zon = 1")
    with pytest.raises(CourseError, match="no such key"):
        run(once=True)


def test_another_run_on_the_class_is_waited_for(run, hand_in, class_folder, monkeypatch):
    monkeypatch.setattr(command, "PATIENCE", 0.0)
    hand_in("ada", WRONG)
    other = one_run(class_folder)

    def begin():
        other.__enter__()

    _, told = run(begin, lambda: other.__exit__(None, None, None))
    assert "ada  answered" in told


def test_without_an_inbox_there_must_be_an_exchange(tiny_copy, class_folder):
    class_folder.exchange.mkdir(parents=True)
    how = command.How(Here(), 1, Mode.OPEN, Limits(), None)
    with pytest.raises(NoInbox, match="autograder watch 01_tiny FOLDER"):
        command.watch(tiny_copy.assignment, class_folder, class_folder.exchange, how, False)


def test_it_stops_where_the_course_was_edited(run, hand_in, tiny_copy):
    checks = tiny_copy.assignment.checks_folder

    def edit():
        checks.mkdir(exist_ok=True)
        (checks / "double.py").write_text("")

    with pytest.raises(command.CourseChanged, match="Start it again"):
        run(edit, lambda: None)


def test_an_assignment_is_watched_by_one(class_folder):
    assert not is_watched(class_folder)
    with one_watch(class_folder, "01_tiny"):
        assert is_watched(class_folder)
        with one_watch(class_folder, "02_more"):
            pass
        with (
            pytest.raises(AnotherRun, match="is being watched already"),
            one_watch(class_folder, "01_tiny"),
        ):
            pass
    assert not is_watched(class_folder)
    with one_watch(class_folder, "01_tiny"):
        pass


def test_others_wait_for_a_watch_and_not_for_each_other(class_folder, monkeypatch):
    waited = []

    class Held:
        def __init__(self, path, timeout):
            self.watches = ".watch-" in str(path)
            waited.append((self.watches, timeout))

        def acquire(self):
            raise Timeout("held")

    monkeypatch.setattr("autograder.classroom.class_folder.FileLock", Held)
    for watched in (False, True):
        if watched:
            (class_folder.path / ".watch-01_tiny.lock").touch()
        with pytest.raises(AnotherRun, match="Another run"), one_run(class_folder):
            pass
    assert [timeout for watches, timeout in waited if not watches] == [0.0, 60.0]
