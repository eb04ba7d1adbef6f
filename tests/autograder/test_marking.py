"""A person marks written answers; nobody else does, and nothing a student wrote acts."""

import copy
import dataclasses
import errno
import http.client
import json
import re
import threading
from urllib.parse import urlencode

import pytest

from autograder.classroom import marks_log
from autograder.classroom.gathering import prepare, to_evidence
from autograder.classroom.grading import rejudge
from autograder.classroom.marking import Mark, NotMarked, mark_of, places, rubric, set_mark
from autograder.classroom.marking_server import MarkingServer
from autograder.classroom.marks_log import BrokenLog, MarkSet, log_marks, read_log
from autograder.classroom.results import read_result, write_evidence, write_result
from autograder.cli.mark import write_again
from autograder.files import NoRoom
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Execution
from tests.patience import PATIENCE

EVIL = "<script>alert(1)</script> Because <img src=x onerror=alert(1)> of [x](javascript:alert(1))"


@pytest.fixture
def hand_in(session, right, submit, cell_of):
    """Return a function that submits a written answer and records it without a sandbox."""

    def handed_in(student, answer):
        notebook = copy.deepcopy(right)
        cell_of(notebook, "why-written")["source"] = answer
        submit(session.class_folder, student, notebook)
        _, staged, remarks, key = prepare(session, student, Limits())
        evidence = to_evidence(Execution(staged, {}, {}, ()), key, remarks)
        write_evidence(session.evidence_path(student), evidence)
        (graded,) = rejudge(session, [student])
        assert graded.failure is None

    return handed_in


@pytest.fixture
def marking(session, hand_in):
    for student in ("ada", "bob", "cyd"):
        hand_in(student, f"{EVIL} {student}'s reason")
    return places(session)


def of(marking, student):
    return next(place for place in marking if place.student == student)


def by_people(session):
    return [mark for mark in read_log(session.class_folder) if mark.by != "autograder"]


def test_the_log_has_an_automatic_mark_once_and_again_when_it_changes(session, hand_in):
    hand_in("ada", "a reason")
    list(rejudge(session, ["ada"]))
    (first,) = read_log(session.class_folder)
    assert (first.student, first.question, first.before) == ("ada", "double", None)
    assert (first.points, first.by) == (0.0, "autograder")
    kept = read_result(session.result_path("ada"))
    (verdict,) = kept.verdicts
    earlier = dataclasses.replace(kept, verdicts=(dataclasses.replace(verdict, points=2.0),))
    write_result(session.result_path("ada"), earlier)
    list(rejudge(session, ["ada"]))
    _, second = read_log(session.class_folder)
    assert (second.before, second.points, second.why) == (2.0, 0.0, verdict.says)


def test_every_answer_waits_in_an_order_that_is_the_same_each_time(session, marking):
    assert {place.student for place in marking} == {"ada", "bob", "cyd"}
    assert [place.student for place in places(session)] == [place.student for place in marking]
    assert [mark_of(place) for place in marking] == [Mark(None, 3.0)] * 3


def test_what_a_student_wrote_is_text(marking):
    html = of(marking, "ada").html
    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html.partition("href")[2]
    assert "reason" in html


def test_an_answers_headings_are_below_those_of_the_page(session, hand_in):
    hand_in("ada", "# Because\n\n##### of `<h1>`")
    (place,) = places(session)
    assert re.findall(r"<(h[1-6])", place.html) == ["h3", "h3"]
    assert place.html.count("</h3>") == 2
    assert "h1&gt;</code>" in place.html


def test_the_rubric_is_the_mark_scheme_without_its_marks(session):
    assert "One point for each reason." in rubric(session, "why-written").model
    assert "MARK SCHEME" not in rubric(session, "why-written").model
    with pytest.raises(NotMarked):
        rubric(session, "other")


def test_a_mark_and_a_comment_survive_every_run(session, marking, hand_in):
    place = of(marking, "ada")
    set_mark(place, Mark(2.5, 3.0, "One <b>reason</b>."), place.digest, "tea", "")
    list(rejudge(session, ["ada", "bob", "cyd"]))
    assert mark_of(place) == Mark(2.5, 3.0, "One <b>reason</b>.")
    assert mark_of(of(marking, "bob")).points is None


def test_only_a_changed_answer_asks_again(session, marking, hand_in):
    for place in marking:
        set_mark(place, Mark(1.0, 3.0), place.digest, "tea", "")
    hand_in("bob", "something else")
    hand_in("cyd", f"{EVIL} cyd's reason")
    waiting = {place.student: mark_of(place).points is None for place in places(session)}
    assert waiting == {"ada": False, "bob": True, "cyd": False}


def test_an_answer_that_changed_while_it_was_read_is_not_marked(session, marking, hand_in):
    place = of(marking, "bob")
    seen = place.digest
    hand_in("bob", "something else")
    with pytest.raises(NotMarked, match="has changed"):
        set_mark(place, Mark(3.0, 3.0), seen, "tea", "")
    assert mark_of(place).points is None
    assert by_people(session) == []


@pytest.mark.parametrize("points", [None, -1.0, 3.5, float("nan"), float("inf")])
def test_points_that_there_cannot_be_are_not_set(marking, points):
    place = marking[0]
    with pytest.raises(NotMarked, match="from 0 to 3"):
        set_mark(place, Mark(points, 3.0), place.digest, "tea", "")
    assert mark_of(place).points is None


def test_the_log_says_who_set_which_mark_and_why(session, marking):
    place = of(marking, "ada")
    set_mark(place, Mark(1.0, 3.0), place.digest, "tea", "")
    set_mark(place, Mark(2.0, 3.0, extra=0.5), place.digest, "max", "an appeal")
    first, second = by_people(session)
    assert (first.student, first.question, first.before, first.points, first.by) == (
        *("ada", "why-written", None, 1.0),
        "tea",
    )
    assert (second.before, second.points, second.by, second.why) == (1.0, 2.5, "max", "an appeal")
    assert second.when.endswith("+00:00")


def test_where_there_is_no_room_the_log_is_as_it_was(class_folder, monkeypatch):
    mark = MarkSet("01_tiny", "ada", "double", None, 1.0, "tea", "", "now")
    log_marks(class_folder, [mark])

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(marks_log.os, "fsync", full)
    with pytest.raises(NoRoom):
        log_marks(class_folder, [mark, mark])
    assert list(read_log(class_folder)) == [mark]


def test_a_damaged_log_is_said(class_folder):
    log_marks(class_folder, [MarkSet("a", "b", "c", None, 1.0, "d", "two\nlines", "now")])
    assert [mark.why for mark in read_log(class_folder)] == ["two\nlines"]
    with (class_folder.path / "marks.jsonl").open("a") as log:
        log.write("{}\n")
    with pytest.raises(BrokenLog, match="line 2"):
        list(read_log(class_folder))


def test_pages_and_reports_are_written_after_marking(session, marking):
    place = of(marking, "ada")
    set_mark(place, Mark(2.5, 3.0, "Well <i>argued</i>."), place.digest, "tea", "")
    write_again(session, ["ada"])
    text = session.feedback_path("ada").read_text()
    assert "2.5 of 3" in text
    assert "Well &lt;i&gt;argued&lt;/i&gt;." in text
    report = session.class_folder.report_path("01_tiny", ".html").read_text()
    assert "written answers 2.5 of 3" in report


# --- the page ----------------------------------------------------------------------------------


class Browser:
    """Asks the server as a browser does, one request a connection."""

    def __init__(self, server):
        self.server, self.cookie = server, ""

    def ask(self, path, form=None, **headers):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.server_port, timeout=PATIENCE
        )
        if self.cookie:
            headers.setdefault("Cookie", self.cookie)
        body = None if form is None else urlencode(form)
        connection.request("GET" if form is None else "POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        self.cookie = answer.getheader("Set-Cookie", self.cookie).partition(";")[0]
        return answer, text


@pytest.fixture
def browser(marking):
    with MarkingServer(marking, "tea") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Browser(server)
        server.shutdown()
        thread.join()


@pytest.fixture
def inside(browser):
    answer, _ = browser.ask(f"/?token={browser.server.token}")
    assert (answer.status, answer.getheader("Location")) == (303, "/?i=0")
    return browser


def form_of(server, index, **fields):
    place = server.places[index]
    return {"token": server.token, "index": index, "digest": place.digest} | fields


def test_who_has_no_token_gets_nothing(browser):
    for path in ("/", "/?i=0", "/next", "/?token=", "/?token=wrong", "/?token=%C3%A9"):
        answer, text = browser.ask(path)
        assert answer.status == 403, path
        assert "reason" not in text
    form = form_of(browser.server, 0, points=3)
    assert browser.ask("/mark", form)[0].status == 403
    assert mark_of(browser.server.places[0]).points is None


def test_another_site_can_neither_read_nor_send(inside):
    assert inside.ask("/?i=0", Host="evil.test")[0].status == 403
    form = form_of(inside.server, 0, points=3)
    assert inside.ask("/mark", form, Origin="http://evil.test")[0].status == 403
    assert inside.ask("/mark", form | {"token": "wrong"})[0].status == 403
    assert mark_of(inside.server.places[0]).points is None


def test_the_page_shows_answer_and_rubric_and_no_name(inside):
    answer, text = inside.ask("/?i=1")
    assert answer.status == 200
    policy = answer.getheader("Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "'unsafe-inline'; script" not in policy.partition("script-src")[2]
    assert "One point for each reason." in text
    assert "answer 2 of 3" in text
    assert "<script>alert" not in text
    assert "‹name hidden›'s reason" in text, "what the student wrote, but for the name"
    assert [name for name in ("ada", "bob", "cyd") if re.search(rf"\b{name}\b", text)] == []


def test_marking_goes_on_to_the_next_without_a_mark(inside):
    server = inside.server
    for index, following in ((0, 1), (1, 2), (2, 2)):
        form = form_of(server, index, points="1,5", comment="c", extra="", why="w")
        answer, _ = inside.ask("/mark", form, Origin=f"http://{server.host}")
        assert answer.getheader("Location") == f"/?i={following}"
    assert [mark_of(place) for place in server.places] == [Mark(1.5, 3.0, "c")] * 3
    assert server.changed == {"ada", "bob", "cyd"}
    assert "Everything has a mark" in inside.ask("/?i=0")[1]


@pytest.mark.parametrize("points", ["", "x", "nan", "4", "-1", "1e999"])
def test_a_wrong_form_is_shown_again_with_what_was_typed(inside, points):
    form = form_of(inside.server, 0, points=points, comment="<typed>")
    answer, text = inside.ask("/mark", form)
    assert answer.status == 409
    assert "Expected" in text
    assert "&lt;typed&gt;" in text
    assert mark_of(inside.server.places[0]).points is None


@pytest.mark.parametrize("i", ["-1", "99", "x", "9" * 30, "²"])
def test_a_place_that_is_none_is_the_first(inside, i):
    assert "answer 1 of 3" in inside.ask(f"/?{urlencode({'i': i})}")[1]


def test_a_form_without_an_end_is_refused(inside):
    answer, _ = inside.ask("/mark", {"comment": "x" * 300_000})
    assert answer.status == 413
    assert json.dumps(inside.server.waiting) == "[true, true, true]"


def test_a_form_of_more_fields_than_the_page_has_is_refused(inside):
    answer, _ = inside.ask("/mark", form_of(inside.server, 0) | {f"x{n}": "" for n in range(30)})
    assert answer.status == 400
    assert mark_of(inside.server.places[0]).points is None
