"""Each sentence of a statement has a case in every exam, or the proof fails and names it."""

import copy
import dataclasses
import math
import warnings

import pytest

from autograder.authoring.checking import rule, told
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.authoring.statement import holds, sentences
from autograder.judging.exam import draw_exam
from autograder.proving.coverage import shown_rules, uncovered
from autograder.proving.verify import Proof
from tests.autograder.conftest import ASSIGNMENTS

QUOTING = [
    "01_counting",
    "02_loglinear",
    "03_window",
    "04_recurrent",
    "05_gradients",
    "06_clipping",
    "07_memory",
]
"""Whose checks all quote their statements."""
MANY = 3

STATEMENT = """# Doubling

* This bullet stands above the task.

**Write `double(x)`.**

* Any number comes, of **any size.** So -3 gives -6.
* (Infinity stays what it is.) `nan` does not come, and
  neither do texts.

What follows is no list."""


@pytest.fixture
def stated(tiny):
    """The tiny assignment with a statement, and a function that gives its question rules."""
    notebook = copy.deepcopy(tiny.notebook)
    notebook.cells[0].source = STATEMENT
    material = dataclasses.replace(tiny, notebook=notebook)

    def with_rules(*rules):
        question = dataclasses.replace(tiny.checked[0], rules=rules)
        exams = [draw_exam(dataclasses.replace(material, checked=(question,)), s) for s in "ab"]
        return material, [exam.questions[0] for exam in exams]

    return with_rules


def test_the_sentences_of_the_list_under_the_task_are_found(stated):
    material, _ = stated()
    assert sentences(material.notebook, "double") == [
        "Any number comes, of **any size.",
        "So -3 gives -6.",
        "(Infinity stays what it is.",
        "`nan` does not come, and neither do texts.",
    ]


def test_words_are_of_a_sentence_or_go_over_all_of_it():
    assert holds("So -3 gives -6.", "-3   gives")
    assert holds("So -3 gives -6.", "Any. So -3 gives -6. More.")
    assert not holds("So -3 gives -6.", "-3 gives 6")


RULES = (
    rule("So -3 gives -6", when=lambda x: x < 0),
    rule("Infinity stays", gives=math.isinf),
    rule("of **any size", when=lambda x: 3 < x < 9),
    told("does not come, and neither do texts"),
)


def test_each_rule_has_its_cases_in_every_exam(stated):
    material, exams = stated(*RULES)
    assert list(uncovered(material, exams)) == []
    rows = shown_rules(exams)
    assert all(row.cases for row in rows[:3])
    assert (rows[3].cases, rows[3].groups) == (None, ())
    assert [row.groups for row in rows[:3]] == [("edges",), ("edges",), ("ordinary",)]


def test_a_check_without_rules_is_asked_nothing(stated):
    assert list(uncovered(*stated())) == []


@pytest.mark.parametrize(
    ("place", "instead", "words"),
    [
        (0, told("Any number"), "double: no rule of the check quotes 'So -3 gives -6.'"),
        (0, rule("So 3 gives -6", when=lambda x: x < 0), "does not say 'So 3 gives -6'"),
        (0, rule("So -3 gives -6", when=lambda x: x == -3), "in an exam no case shows 'So -3"),
        (1, rule("Infinity stays", gives=ValueError), "in an exam no case shows 'Infinity"),
        (1, rule("Infinity stays", when=lambda x, y: True), "in an exam no case shows 'Inf"),
    ],
)
def test_what_is_not_covered_is_named(stated, place, instead, words):
    rules = [instead if i == place else each for i, each in enumerate(RULES)]
    material, exams = stated(*rules)
    assert any(words in problem for problem in uncovered(material, exams))


def test_a_case_that_only_some_exams_have_covers_nothing(stated):
    _, exams = stated(*RULES)
    number = next(e.case.args[0] for e in exams[0].cases if not e.practice and e.case.args[0] > 3)
    material, exams = stated(rule("of **any size", when=lambda x: x == number), *RULES)
    assert shown_rules(exams[:1])[0].cases >= 1
    assert shown_rules(exams)[0].cases == 0
    assert any("of **any size" in problem for problem in uncovered(material, exams))


@pytest.mark.parametrize("bad", [lambda: rule("words"), lambda: rule(when=bool)])
def test_a_rule_quotes_and_says_which_cases(bad):
    with pytest.raises(ValueError, match="expected words of the statement"):
        bad()


def test_a_proof_with_something_uncovered_is_not_fair():
    assert Proof("a", 1, (), ()).fair
    assert not Proof("a", 1, (), (), uncovered=("f: no case",)).fair


@pytest.mark.parametrize("name", QUOTING)
def test_every_sentence_of_these_assignments_is_shown_in_every_exam(course: Course, name: str):
    material = load_material(course.assignment(name))
    assert all(question.rules for question in material.checked)
    alone = [dataclasses.replace(each, misconceptions=()) for each in material.checked]
    material = dataclasses.replace(material, checked=tuple(alone))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exams = [draw_exam(material, f"covered-{number}") for number in range(MANY)]
    drawn = zip(*(exam.questions for exam in exams), strict=True)
    assert [problem for each in drawn for problem in uncovered(material, each)] == []


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_assignments_that_quote_in_all_checks_are_listed(course: Course, name: str):
    quoting = [bool(each.rules) for each in load_material(course.assignment(name)).checked]
    assert all(quoting) == (name in QUOTING)
