"""One odd answer costs one question: the others keep their marks, and staff read what happened."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import nbformat.v4
import pytest

from autograder.authoring.allowance import spend
from autograder.authoring.checking import Check, Group, case
from autograder.classroom.results import Evidence
from autograder.judging.each_question import judge_all
from autograder.judging.exam import Exam


@dataclass(frozen=True)
class Meets:
    """A comparison that does something odd when it meets the answer 7."""

    what: object

    def difference(self, expected, got, slack=1.0):
        if got == 7:
            self.what()
        return None if expected == got else "another number"


def raises(error):
    def throw():
        raise error

    return throw


def walks_for_ever():
    while True:
        spend()


@pytest.fixture
def pair(toy_exam, toy_material):
    """Return the exam of two questions of which the first compares in an odd way."""

    def draw(rng, reference):
        yield case("all", int(rng.integers(100, 200)))
        yield case("all", int(rng.integers(200, 300)))

    def examined(what):
        check = Check({"all": Group("all numbers", 3)}, draw, Meets(what))
        odd, plain = (
            toy_exam(reference=abs, check=check, misconceptions=(), alternatives=())
            for check in (check, replace(check, compare=Meets(lambda: None)))
        )
        question = replace(plain.question, name="plain")
        return Exam(toy_material(), (odd, replace(plain, question=question)))

    return examined


def evidence_of(exam, odd):
    first, second = exam.questions
    texts = {first.question.name: first.evidence_of(odd), "plain": second.evidence_of(abs)}
    return Evidence("", nbformat.v4.new_notebook(), texts, {}, ())


def verdicts(exam, odd, seconds=30.0):
    return judge_all(exam, evidence_of(exam, odd), seconds)


ODDITIES = [
    (raises(OverflowError("secret words")), "OverflowError"),
    (raises(RecursionError()), "RecursionError"),
    (raises(MemoryError()), "memory"),
    (walks_for_ever, "took more than 0.05 s"),  # its share of .1 s
]


@pytest.mark.parametrize(("what", "named"), ODDITIES)
def test_an_answer_that_cannot_be_judged_costs_its_own_question_only(pair, what, named):
    odd, plain = verdicts(pair(what), lambda n: 7, seconds=0.1)
    assert (odd.points, odd.max_points) == (0, 3)
    assert named in odd.flag
    assert "could not be judged" in odd.says
    assert (plain.points, plain.says, plain.flag) == (3, "Right.", None)


def test_a_flag_names_the_place_and_not_what_the_exception_says(pair):
    odd, _ = verdicts(pair(raises(OverflowError("secret words"))), lambda n: 7)
    assert "in throw, test_judging.py line" in odd.flag
    assert "secret words" not in odd.flag + odd.says


def test_the_budget_holds_in_the_threads_of_a_server_too(pair):
    exam = pair(walks_for_ever)
    evidence = evidence_of(exam, lambda n: 7)
    with ThreadPoolExecutor(1) as pool:
        odd, plain = pool.submit(judge_all, exam, evidence, 0.1).result()
    assert "took more than" in odd.flag
    assert plain.points == 3


def test_a_question_that_can_be_judged_is_judged_as_ever(pair):
    assert [v.points for v in verdicts(pair(raises(KeyError())), abs)] == [3, 3]
    odd, plain = verdicts(pair(raises(KeyError())), lambda n: 8)
    assert (odd.points, odd.flag, plain.points) == (0, None, 3)


def test_evidence_that_is_missing_is_said_as_the_run_knows_it(pair):
    exam = pair(raises(KeyError()))
    absences = {exam.questions[0].question.name: "The cell was not reached."}
    found = judge_all(exam, Evidence("", nbformat.v4.new_notebook(), {}, absences, ()))
    assert [v.says for v in found] == ["The cell was not reached.", "Nothing came back."]
