import re
from html.parser import HTMLParser

import pytest
from jinja2 import UndefinedError

from autograder.classroom.feedback import page, write_feedback
from autograder.judging.exam import draw_exam
from autograder.judging.judge import Verdict, judge
from autograder.judging.showing import show

EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&"


class Tags(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.attributes = [], "", []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.text += data


def parsed(path):
    tags = Tags()
    tags.feed(path.read_text())
    return tags


@pytest.fixture
def feedback(tiny, tmp_path):
    def write(*verdicts, student="ada", remarks=()):
        path = tmp_path / "feedback.html"
        write_feedback(path, tiny, student, verdicts, remarks)
        return parsed(path)

    return write


@pytest.fixture
def verdict_on(tiny_exam):
    (question,) = tiny_exam.questions
    return lambda function: judge(question, question.evidence_of(function))


def test_the_page_has_question_points_words_hint_and_a_practice_case(feedback, verdict_on):
    verdict = verdict_on(lambda x: x * x)
    text = feedback(verdict).text
    assert "0 of 2 points" in text
    assert "You square instead of doubling." in text
    assert verdict.says in text
    assert verdict.example.call in text
    assert verdict.example.expected in text


def test_a_right_answer_gets_no_example_and_no_hint(feedback, verdict_on):
    text = feedback(verdict_on(lambda x: 2 * x)).text
    assert "2 of 2 points" in text
    assert "Right." in text
    assert "Hint" not in text
    assert "to try yourself" not in text


def test_a_line_that_raised_is_shown(feedback):
    verdict = Verdict("double", 0.0, 2.0, "No.", line="line 3: return {}['a: b']  (KeyError)")
    text = feedback(verdict).text
    assert "Your function stopped at line 3 of its cell:" in text
    assert "return {}['a: b']  (KeyError)" in text


def test_markup_of_students_is_text_wherever_it_stands(feedback):
    def raising(x):
        raise ValueError(EVIL)

    plain = feedback(Verdict("double", 0.0, 2.0, "No."))
    verdict = Verdict("double", 0.0, 2.0, EVIL, line=f"line 1: {EVIL}", hint=EVIL, flag=EVIL)
    tags = feedback(verdict, student=EVIL, remarks=(EVIL,))
    assert tags.text.count(EVIL) >= 6
    assert set(tags.tags) - set(plain.tags) <= {"ul", "li", "pre", "strong"}
    assert set(tags.attributes) == set(plain.attributes)


def test_an_exceptions_markup_is_text(feedback, verdict_on):
    def raising(x):
        raise ValueError(EVIL)

    verdict = verdict_on(raising)
    assert EVIL in verdict.example.got
    tags = feedback(verdict)
    assert EVIL in tags.text
    assert "script" not in tags.tags
    assert "img" not in tags.tags


def test_the_page_may_load_and_run_nothing(tiny, tmp_path):
    write_feedback(tmp_path / "page.html", tiny, "ada", (), ())
    text = (tmp_path / "page.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert not {"script", "link", "img", "iframe"} & set(parsed(tmp_path / "page.html").tags)


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_no_input_of_a_secret_case_is_on_the_page(tiny, tmp_path, seed):
    (question,) = draw_exam(tiny, seed).questions

    def leaking(x):
        raise ValueError(f"called with {x!r}")

    verdict = judge(question, question.evidence_of(leaking))
    write_feedback(tmp_path / "page.html", tiny, "ada", (verdict,), ())
    text = parsed(tmp_path / "page.html").text
    practice = {show(each.case.args[0]) for each in question.cases if each.practice}
    secret = {show(each.case.args[0]) for each in question.cases if not each.practice}
    assert any(shown in text for shown in practice)
    leaked = {shown for shown in secret - practice if shown in text and len(shown) > 4}
    assert leaked == set()


def test_nothing_of_the_hidden_cell_is_on_the_page(feedback, verdict_on):
    text = feedback(verdict_on(abs)).text
    assert "collect(" not in text
    assert "HIDDEN" not in text
    assert "twice_of_it" not in text


def test_a_value_that_a_template_lacks_is_an_error():
    with pytest.raises(UndefinedError):
        page("feedback.html.j2", assignment="01_tiny")
