"""Neither a public function of `nextword` nor a guess answers a question of any assignment."""

import ast
import copy
import functools
import importlib
import inspect
import itertools
import pkgutil
import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import nextword
from autograder.authoring import pairs
from autograder.authoring.checking import Case
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.authoring.reference import reference_function
from autograder.guest import catalogue, codec, probes, recipes, witness
from autograder.guest.probes import Probe, Words
from autograder.guest.recipes import Builder
from autograder.judging.exam import Exam, QuestionExam, agrees
from autograder.proving.guessing import best_guess
from tests import course_code
from tests.autograder.checks.adapters import (
    Public,
    alike,
    calls_can_be_given_up,
    is_telling,
    near,
    taken_of,
    tried,
)
from tests.autograder.checks.blank_figures import use_blank_figures
from tests.course_code import PROBES
from tests.exams import shared_exam

COURSE = Course.at(Path(__file__).resolve().parents[3])
FIRST = "01_counting"
"""The assignment that `make test` tries the library on as it is; `make test-long` tries all."""
every_assignment = pytest.mark.parametrize("name", COURSE.assignment_names())
first_assignment = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name == FIRST else pytest.mark.long)
        for name in COURSE.assignment_names()
    ],
)


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
    use_blank_figures(monkeypatch)


@first_assignment
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
    secret = {each.identity for each in exam.cases if not each.practice}
    inputs = {identity: text for identity, text in exam.alone.items() if identity in secret}
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
    for identity in asked:
        if not takes(function, cases[identity]):
            return False
        outcome = exam.outcome_of(function, identity)
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


# --- with a few lines around it ------------------------------------------------------------------


def lecture_functions():
    """Return what the cells of lectures define, by full name.

    What else a lecture has computed is not there: where a default needs it, it is None.
    """
    found = {}
    for path in sorted(COURSE.lectures.glob("*.py")):
        module = ModuleType(f"lectures.{path.stem}")
        for cell in pairs.check(path).cells:
            if cell.cell_type == "code" and not cell.source.startswith("%"):
                for node in ast.parse(cell.source).body:
                    define(node, module)
        found |= {
            f"{module.__name__}.{name}": value
            for name, value in vars(module).items()
            if callable(value) and getattr(value, "__module__", "") == module.__name__
        }
    return found


def define(node, module):
    """Execute a statement of a lecture if it imports or defines something."""
    if not isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
        return None
    code = compile(ast.Module([node], []), module.__name__, "exec", dont_inherit=True)
    while True:
        try:
            return exec(code, vars(module))
        except NameError as missing:
            vars(module)[missing.name] = None


@dataclass(frozen=True)
class Asked:
    """How a question calls the student's function.

    Parameters
    ----------
    exam
        Of the question.
    function
        The reference.
    """

    exam: QuestionExam
    function: object

    @functools.cached_property
    def signature(self):
        return inspect.signature(self.function)

    @property
    def names(self):
        return list(self.signature.parameters)

    def bound(self, args, kwargs):
        """Return one value for each parameter."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return [bound.arguments[name] for name in self.names]

    def called(self, case):
        """Return with which values a case calls the function; None where words alone say that."""
        shown = PROBES.catalogue.probe(case.probe).shows(repr, *case.args).args
        if any(isinstance(value, Words) for value in shown):
            return None
        built = [PROBES.catalogue.build(value) for value in shown]
        return self.bound(built, {k: PROBES.catalogue.build(v) for k, v in case.kwargs.items()})

    @functools.cached_property
    def samples(self):
        """The two cheapest calls with different answers that say something, and these answers."""
        cases = {each.identity: each.case for each in self.exam.cases if not each.practice}
        sizes = {
            identity: len(inputs)
            for identity, inputs in single_cases(self.exam).items()
            if self.exam.expected[identity].returned
        }
        found = []
        for identity in sorted(sizes, key=sizes.__getitem__):
            values = self.called(cases[identity])
            came, answer = tried(self.function, *copy.deepcopy(values)) if values else (False, 0)
            if came:
                found.append((values, settled(answer)))
        telling = [each for each in found if is_telling(each[1])] or found
        first = telling[:1]
        others = [each for each in telling if not near(first[0][1], each[1])]
        return first + others[:1]

    @property
    def by_chance(self):
        return any(isinstance(value, np.random.Generator) for value in self.samples[0][0])

    def could_be(self, adapter):
        """Return whether a program answers the other sample as well."""
        like = alike if self.by_chance else near
        return all(
            came and tried(like, answer, settled(value)) == (True, True)
            for values, answer in self.samples[1:]
            for came, value in [tried(adapter, *copy.deepcopy(values))]
        )


def settled(value):
    """Return a value, or what it yields; None where it breaks off."""
    if inspect.isgenerator(value):
        return tried(lambda: list(itertools.islice(value, 100)))[1]
    return value


def near_answers(asked, public):
    """Yield the programs around a public function that answer the cheapest cases of a question."""
    if not asked.samples:
        return
    values, answer = asked.samples[0]
    like = alike if asked.by_chance else near
    for root, came in public.roots(values):
        for steps, parts, value in taken_of(settled(came)):
            if tried(like, answer, value) == (True, True):
                adapter = replace(root, steps=steps, parts=parts)
                if asked.could_be(adapter):
                    yield adapter


def kept_groups(asked, adapter):
    """Return the groups of which a program answers all that is not refused."""
    exam = asked.exam

    def answers(*args, **kwargs):
        return adapter(*asked.bound(args, kwargs))

    answered = {}
    for each in exam.cases:
        if each.practice or not exam.expected[each.identity].returned:
            continue
        if answered.get(each.case.group, True):
            outcome = exam.outcome_of(answers, each.identity)
            answered[each.case.group] = agrees(
                exam.comparison(each.identity), exam.expected[each.identity], outcome
            )
    return [group for group, right in answered.items() if right]


@functools.cache
def callables():
    """Return the functions and classes of the library and of lectures; methods go with these."""
    found = public_callables() | lecture_functions()
    return [
        Public(name, function)
        for name, function in found.items()
        if "__main__" not in name
        and (name.rpartition(".")[0] not in found or inspect.ismethod(function))
    ]


def withheld(exam):
    """Return what nobody can import in the notebook of an assignment."""
    given = [cell.source for cell in exam.material.notebook.cells if "withhold(" in cell.source]
    return tuple(re.findall(r'^withhold\("([\w.]+)"\)$', "\n".join(given), re.MULTILINE))


@calls_can_be_given_up()
def too_near(exam, publics):
    """Return the programs of a few lines that earn more than half of what is no refusal."""
    found = []
    for each in exam.questions:
        function = reference_function(exam.material.reference, each.question.name)
        asked = Asked(each, function)
        found += [
            f"{each.question.name}: {adapter.says(asked.names)}"
            for public in publics
            for adapter in near_answers(asked, public)
            if earns_most(each, kept_groups(asked, adapter))
        ]
    return found


def earns_most(exam, kept):
    """Return whether groups are worth more than half of all that hold a call that is answered."""
    groups = exam.question.check.groups
    answered = {e.case.group for e in exam.cases if exam.expected[e.identity].returned}
    return sum(groups[g].points for g in kept) > sum(groups[g].points for g in answered) / 2


@pytest.mark.long
@every_assignment
@pytest.mark.usefixtures("offline")
@pytest.mark.filterwarnings("ignore")
def test_nothing_in_library_or_lectures_answers_with_a_few_lines_around_it(name: str):
    """Half a second to ten for a question."""
    exam = exam_of(name)
    publics = [each for each in callables() if not each.name.startswith(withheld(exam) or ("-",))]
    assert len(publics) > 200
    assert too_near(exam, publics) == []


@pytest.mark.filterwarnings("ignore")
def test_the_search_finds_what_the_library_holds_and_the_assignment_withholds():
    exam, held = exam_of("06_clipping"), "nextword.dynamics.one_unit.ErrorSurface"
    assert held.startswith(withheld(exam))
    (public,) = (each for each in callables() if each.name == held)
    assert set(too_near(exam, [public])) >= {
        f"unit_error: {held}(steps).look(stacked(w, b)).errors",
        f"unit_gradient: np.moveaxis({held}(steps).look(stacked(w, b)).slopes, -1, 0)",
    }


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
