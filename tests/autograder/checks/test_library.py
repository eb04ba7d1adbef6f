"""Neither a public function of `nextword` nor a guess answers a question of any assignment."""

import functools
import importlib
import inspect
import json
import pkgutil
import warnings
from dataclasses import replace
from pathlib import Path

import pytest

import nextword
from autograder.authoring.checking import Case
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.guest import catalogue, codec, probes, recipes, witness
from autograder.guest.probes import Probe
from autograder.guest.recipes import Builder
from autograder.judging.cases import read_cases, run_here
from autograder.judging.exam import Exam, QuestionExam, agrees
from autograder.judging.outcomes import read_outcomes
from autograder.proving.guessing import best_guess
from tests import course_code
from tests.course_code import PROBES
from tests.exams import shared_exam

COURSE = Course.at(Path(__file__).resolve().parents[3])
every_assignment = pytest.mark.parametrize("name", COURSE.assignment_names())


@functools.cache
def exam_of(name: str) -> Exam:
    """Return an exam of an assignment."""
    return shared_exam(load_material(COURSE.assignment(name)))


def seen_modules():
    """Yield every module of ours that could help a student: of the library, the guest, the course.

    Of the guest's, those that hold no process: calling the others would confine this one.
    """
    for found in pkgutil.walk_packages(nextword.__path__, "nextword."):
        yield importlib.import_module(found.name)
    yield from (catalogue, codec, probes, recipes, witness)
    for name in PROBES.sources:
        yield course_code.module(f"probes.{name}")


def public_callables():
    """Return every public function, class and method that a student could call, by full name."""
    found = {}
    for module in seen_modules():
        for name, value in vars(module).items():
            if name[0] == "_" or not callable(value):
                continue
            if isinstance(value, (Probe, Builder)):
                value = value.ask if isinstance(value, Probe) else value.build
            if getattr(value, "__module__", "") != module.__name__:
                continue
            found[f"{value.__module__}.{name}"] = value
            if inspect.isclass(value):
                found |= {
                    f"{value.__module__}.{name}.{method}": getattr(value, method)
                    for method in dir(value)
                    if method[0] != "_" and callable(getattr(value, method))
                }
    return found


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """A place in which any function may be called with any arguments."""

    def refuse(*args, **kwargs):
        raise OSError("no network in a test")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("NEXTWORD_DATA_DIR", str(tmp_path))


@every_assignment
@pytest.mark.usefixtures("offline")
def test_no_public_function_of_the_library_passes_any_check(name: str):
    functions = public_callables()
    assert len(functions) > 20
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        passing = [
            f"{function_name} gets full marks for {exam.question.name}: a student could call it"
            for exam in exam_of(name).questions
            for asked in [single_cases(exam)]
            for function_name, function in functions.items()
            if gets_full_marks(exam, asked, function)
        ]
    assert passing == []


def single_cases(exam: QuestionExam):
    """Return the inputs of each secret case by itself, the shortest first."""
    asked = json.loads(exam.inputs)
    secret = {each.identity for each in exam.cases if not each.practice}
    inputs = {
        case["id"]: json.dumps({**asked, "cases": [case]})
        for case in asked["cases"]
        if case["id"] in secret
    }
    return dict(sorted(inputs.items(), key=lambda item: len(item[1])))


def takes(function, case):
    """Return whether a function can be called as a case calls it: nine in ten cannot."""
    if case.probe != "call once":
        return True
    try:
        inspect.signature(function).bind(*case.args, **case.kwargs)
    except TypeError:
        return False
    except ValueError:  # it has no signature that could be looked at
        return True
    return True


def gets_full_marks(exam, asked, function):
    """Ask one case after the other, until the first that is answered wrongly."""
    cases = {each.identity: each.case for each in exam.cases}
    for identity, inputs in asked.items():
        if not takes(function, cases[identity]):
            return False
        outcome = read_outcomes(run_here(function, inputs, PROBES.catalogue), read_cases(inputs))[
            identity
        ]
        expected = exam.expected[identity]
        if outcome.changed or not agrees(exam.comparison(identity), expected, outcome):
            return False
    return True


def test_what_cannot_take_the_arguments_need_not_be_called():
    asked = Case("any", ([1.0], 2), {"unit": 3})
    assert takes(lambda values, base, unit=1: None, asked)
    assert takes(max, asked)
    assert not takes(lambda values: None, asked)
    assert takes(lambda values: None, replace(asked, probe="tally"))


@every_assignment
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_function_that_answers_in_full_would_be_found(name: str):
    for exam in exam_of(name).questions:
        right, wrong = exam.question.alternatives[0], exam.question.misconceptions[0]
        asked = single_cases(exam)
        assert gets_full_marks(exam, asked, right.function)
        assert not gets_full_marks(exam, asked, wrong.function)


@every_assignment
def test_no_guess_earns_more_than_a_tenth_of_any_question(name: str):
    """The best constant, echo and exception: who answers so has understood nothing."""
    earned = [best_guess(exam) for exam in exam_of(name).questions]
    assert len(earned) == len(exam_of(name).material.checked)
    assert [each for each in earned if not each.nothing] == []
