"""Draws the inputs of a class, and computes once what reference and mistakes answer to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograder.authoring.allowance import spend
from autograder.authoring.checking import Case, Misconception
from autograder.authoring.comparing import Comparison, FlaggingComparison, is_finite
from autograder.authoring.conventions import grade_id_of
from autograder.authoring.course_modules import names_in
from autograder.authoring.late import import_for
from autograder.authoring.material import CheckedQuestion, Material
from autograder.authoring.reference import reference_function
from autograder.errors import CourseError
from autograder.guest.catalogue import Catalogue
from autograder.guest.codec import encode
from autograder.judging.call_properties import Having, properties_of
from autograder.judging.cases import read_cases, run_here
from autograder.judging.kept_answers import Drawn, KeptAnswers, digest_of_inputs
from autograder.judging.literals import expression
from autograder.judging.outcomes import CHANGED, Outcome, read_outcomes
from autograder.judging.showing import LONGEST_CALL, show_call, show_outcome

MARGIN = 10.0
"""Every misconception differs from the reference by this many tolerances."""
DRAWS = 40
REPEATS = 3
SECONDS_PER_QUESTION = 20.0
PATIENCE = 10.0
"""How much longer known answers may take: a busy machine must not stop a run or choose an exam."""
MIN_DISCRIMINATING = 2
"""How many finite cases must tell a misconception from the reference; one asked again is one."""
MIN_YES_OR_NO = 4
"""The same where answers are yes or no, of which half are right by chance."""
NEARER = 0.3
"""By how much of a tolerance evidence may be off the misconception whose hint is given.

A tolerance is wide enough for every right answer, and tallies have wide ones; two mistakes may both
lie within it.
"""
PLAIN_PROBES = frozenset(["call once", "fresh", "listed"])
"""Those that ask one call, and give what it returns (see `returned`)."""
_REFERENCE = "the reference"  # no name of a function


class CannotExamine(CourseError):
    """No draw of the inputs tells a misconception from the reference, or the reference fails."""


@dataclass(frozen=True)
class ExamCase:
    """A case of an exam.

    Parameters
    ----------
    identity
        Opaque to the student's code.
    case
        The call.
    practice
        Whether it comes from the practice seed and may be shown.
    repeat_of
        The identity of the case that this one asks again.
    """

    identity: str
    case: Case
    practice: bool
    repeat_of: str | None = None


def returned(outcome: Outcome, of: ExamCase) -> Any:
    """Return what a call returned: the outcome of a fresh one says more beside it."""
    fresh = of.case.probe == "fresh" and isinstance(outcome.value, Mapping)
    return outcome.value.get("returned") if fresh else outcome.value


@dataclass(frozen=True)
class QuestionExam:
    """The exam of one question.

    Parameters
    ----------
    question
        With its check.
    cases
        In the order in which they are asked.
    expected
        The reference's outcome by identity.
    wrong
        Every misconception's outcomes, by its name.
    inputs
        What the witness gets, as JSON text.
    asked
        The same without the course's modules: what makes this exam another than others.
    for_practice
        Whether there are practice cases only, which then are those that count.
    """

    question: CheckedQuestion
    cases: tuple[ExamCase, ...]
    expected: Mapping[str, Outcome]
    wrong: Mapping[str, Mapping[str, Outcome]]
    inputs: str
    asked: str
    for_practice: bool = False

    @property
    def counted(self) -> Iterator[ExamCase]:
        """The cases that decide on points."""
        return (each for each in self.cases if each.practice is self.for_practice)

    def comparison(self, identity: str) -> Comparison:
        """Return how the answers to a case are compared."""
        return self._comparisons[identity]

    @cached_property
    def _comparisons(self) -> dict[str, Comparison]:
        check = self.question.check
        return {
            each.identity: each.case.compare or check.comparison(each.case.group)
            for each in self.cases
        }

    @cached_property
    def repeats(self) -> dict[str, list[str]]:
        """By the identity of a case that is no repeat: the identities under which it is asked."""
        found: dict[str, list[str]] = {}
        for each in self.cases:
            found.setdefault(each.repeat_of or each.identity, []).append(each.identity)
        return found

    @cached_property
    def flagging(self) -> dict[str, FlaggingComparison]:
        """The comparisons that also know what honest work does not give, by case."""
        return {
            identity: comparison
            for identity, comparison in self._comparisons.items()
            if isinstance(comparison, FlaggingComparison)
        }

    @cached_property
    def comparable(self) -> dict[str, list[str]]:
        """By misconception: the cases by which it can be recognised, as both answers are finite.

        Of a misconception that overflows every case with answers counts.
        """
        return {
            mistake.name: [
                identity
                for identity, expected in self.expected.items()
                if expected.returned
                and self.wrong[mistake.name][identity].returned
                and (
                    mistake.overflows
                    or (
                        is_finite(expected.value)
                        and is_finite(self.wrong[mistake.name][identity].value)
                    )
                )
            ]
            for mistake in self.question.misconceptions
        }

    @cached_property
    def discriminating(self) -> dict[str, list[str]]:
        """By misconception: the comparable cases in which it differs from the reference."""
        return {
            name: [
                identity
                for identity in identities
                if not agrees(
                    self.comparison(identity),
                    self.expected[identity],
                    self.wrong[name][identity],
                    MARGIN,
                )
            ]
            for name, identities in self.comparable.items()
        }

    @cached_property
    def alone(self) -> dict[str, str]:
        """What is asked of a function of ours in each case by itself, as JSON, by identity."""
        asked = json.loads(self.asked)
        return {case["id"]: json.dumps({**asked, "cases": [case]}) for case in asked["cases"]}

    @cached_property
    def distinct(self) -> dict[str, str]:
        """What makes each case another call than those before it, by identity; found once."""
        arguments = read_cases(self.inputs).arguments
        return {
            each.identity: f"{each.case.group} {each.case.probe} {arguments[each.identity]}"
            for each in self.cases
        }

    @cached_property
    def plain_calls(self) -> dict[str, Case]:
        """The different calls that are asked as a student would, and are to give a value.

        By what makes them different (see `distinct`).
        """
        return {
            self.distinct[each.identity]: each.case
            for each in self.cases
            if each.case.probe in PLAIN_PROBES and self.expected[each.identity].returned
        }

    @cached_property
    def properties(self) -> Having:
        """By property of arguments: which of the plain calls have it."""
        practice = {self.distinct[each.identity] for each in self.cases if each.practice}
        return properties_of(self.plain_calls, self.question.parameters, practice)

    def call(self, practice: ExamCase) -> str:
        """Return a practice case as a student would write it."""
        if practice.identity not in self._calls:
            self._calls[practice.identity] = show_call(
                self.question.name, practice.case, self.question.probes.catalogue
            )
        return self._calls[practice.identity]

    def answer(self, practice: ExamCase) -> str:
        """Return the right answer to a practice case as a student would see it."""
        if practice.identity not in self._answers:
            self._answers[practice.identity] = self.show(self.expected[practice.identity], practice)
        return self._answers[practice.identity]

    def answer_code(self, practice: ExamCase) -> str:
        """Return the right answer to a practice case as a Python expression.

        It is empty where it would be too long, or none can say it.
        """
        if practice.identity not in self._codes:
            value = returned(self.expected[practice.identity], practice)
            self._codes[practice.identity] = expression(value, LONGEST_CALL)
        return self._codes[practice.identity]

    def show(self, outcome: Outcome, of: ExamCase) -> str:
        """Return what a call came to, as a student would see it."""
        return show_outcome(outcome, self.question.probes.catalogue.probe(of.case.probe))

    @cached_property
    def _calls(self) -> dict[str, str]:
        return {}

    @cached_property
    def _answers(self) -> dict[str, str]:
        return {}

    @cached_property
    def _codes(self) -> dict[str, str]:
        return {}

    def evidence_of(self, function: Callable[..., Any], patience: float = 1.0) -> str:
        """Return a function's evidence, called in this process: for the course's own code."""
        return called_here(function, self.inputs, self.question.probes.catalogue, patience)

    def outcome_of(
        self, function: Callable[..., Any], identity: str, patience: float = 1.0
    ) -> Outcome:
        """Return what one case alone comes to, called in this process: for code of the course."""
        inputs = self.alone[identity]
        evidence = called_here(function, inputs, self.question.probes.catalogue, patience)
        return read_outcomes(evidence, read_cases(inputs))[identity]

    def read(self, evidence: str) -> dict[str, Outcome]:
        """Return the outcomes in a piece of evidence (see `read_outcomes`)."""
        return read_outcomes(evidence, read_cases(self.inputs))


@dataclass(frozen=True)
class Exam:
    """The exam of an assignment: the same for a whole class."""

    material: Material
    questions: tuple[QuestionExam, ...]

    @property
    def inputs(self) -> dict[str, str]:
        """What is laid ready for the witness, by question."""
        return {exam.question.name: exam.inputs for exam in self.questions}

    @cached_property
    def modules(self) -> dict[str, str]:
        """The texts of the course's modules that travel into the sandbox, by name."""
        return {k: v for exam in self.questions for k, v in read_cases(exam.inputs).modules.items()}

    @cached_property
    def digest(self) -> str:
        """What tells this exam from another: its cases, and asserts that judge as they run."""
        asked = {exam.question.name: exam.asked for exam in self.questions}
        content = json.dumps(asked, sort_keys=True)
        if self.material.asserted:
            content += json.dumps(self._asserts(), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def _asserts(self) -> dict[str, tuple[str, float]]:
        """Return what the test cells of questions without a check say, and their points."""
        points = {question.name: question.points for question in self.material.asserted}
        cells = {grade_id_of(cell) or "": cell for cell in self.material.notebook.cells}
        return {name: (cells[name].source, each) for name, each in points.items()}


Called = Mapping[str, Mapping[str, str]]
"""What known answers say of the first draw of their questions, by question and by their names."""
Call = Callable[[Sequence[CheckedQuestion]], Called]
"""Calls known answers to questions on their first draw: all, some, or none."""


def draw_exam(
    material: Material,
    secret: str,
    kept: KeptAnswers | None = None,
    call: Call = lambda questions: {},
) -> Exam:
    """Return the exam that a class's secret determines.

    Parameters
    ----------
    material
        The assignment.
    secret
        Kept with the class: the same secret gives the same exam.
    kept
        What known answers came to when an exam was drawn before, and where to keep it now.
    call
        Given the questions of which nothing is kept. What it does not call is called here.

    Raises
    ------
    CannotExamine
        In 40 draws none tells every misconception from the reference by ten tolerances in each of
        the groups that it is said to lose.
    """
    before = {each.name: _kept_exam(material, each, secret, kept) for each in material.checked}
    called = call([each for each in material.checked if before[each.name] is None])
    drawn = (
        before[each.name] or _draw_question(material, each, secret, kept, called)
        for each in material.checked
    )
    return Exam(material, tuple(drawn))


def practice_exam(exam: Exam) -> Exam:
    """Return an exam that asks only the practice cases of another, and decides by these.

    Its inputs, its expected answers and its verdicts know nothing of the other cases.
    """
    return Exam(exam.material, tuple(_practice_of(each) for each in exam.questions))


def _practice_of(exam: QuestionExam) -> QuestionExam:
    cases = tuple(each for each in exam.cases if each.practice)
    text = _asked(exam.question, cases)
    return QuestionExam(
        exam.question,
        cases,
        {each.identity: exam.expected[each.identity] for each in cases},
        {
            name: {each.identity: outcomes[each.identity] for each in cases}
            for name, outcomes in exam.wrong.items()
        },
        _with_modules(text, _modules(exam.question, cases)),
        text,
        for_practice=True,
    )


def first_answers(
    material: Material, question: CheckedQuestion, secret: str, some: slice
) -> dict[str, str]:
    """Return what some known answers say of the first draw of a question, by their names."""
    paper = _paper(material, question, secret, 0)
    chosen = list(_known_answers(material, question).items())[some]
    return {name: _said(function, paper) for name, function in chosen}


def import_for_known_answers(material: Material, questions: Sequence[CheckedQuestion]) -> None:
    """Import what the reference and mistakes name: once, before processes are forked to call them.

    Without it each of these would import it anew.
    """
    for question in questions:
        for function in _known_answers(material, question).values():
            import_for(function)


def _kept_exam(
    material: Material, question: CheckedQuestion, secret: str, kept: KeptAnswers | None
) -> QuestionExam | None:
    before = kept.read(secret, question.name) if kept else None
    if before is not None and before.evidence.keys() == _known_answers(material, question).keys():
        paper = _paper(material, question, secret, before.attempt)
        if digest_of_inputs(paper.inputs) == before.inputs:
            return _examined(paper, before.evidence)
    return None


def _draw_question(
    material: Material,
    question: CheckedQuestion,
    secret: str,
    kept: KeptAnswers | None,
    called: Called,
) -> QuestionExam:
    exam, drawn = _draw_anew(material, question, secret, called.get(question.name, {}))
    if kept is not None:
        kept.keep(secret, question.name, drawn)
    return exam


def _draw_anew(
    material: Material, question: CheckedQuestion, secret: str, first: Mapping[str, str]
) -> tuple[QuestionExam, Drawn]:
    problem, attempt = "", 0
    for attempt in range(DRAWS):
        paper = _paper(material, question, secret, attempt)
        evidence = _evidence(material, paper, {} if attempt else first)
        exam = _examined(paper, evidence)
        problem = _problem(exam)
        if not problem:
            return exam, Drawn(attempt, digest_of_inputs(paper.inputs), evidence)
        if any(o.failure for answers in _answers_of(exam) for o in answers.values()):
            break  # for want of time, not of luck: the next draw would be another exam
    where = f"{material.assignment.name}, {question.name}"
    raise CannotExamine(f"{where}: {problem} (in {attempt + 1} draws)")


def _cases(material: Material, question: CheckedQuestion, seed: str) -> tuple[ExamCase, ...]:
    """Return practice cases, then secret ones with some of them again, each part shuffled.

    Practice comes first: its answers may be shown, and a function that remembers what it was asked
    could answer with a secret case.
    """
    practice, secret = (
        list(question.check.draw(_generator(f"{seed}|{label}"), material.reference))
        for label in ("practice", "secret")
    )
    rng = _generator(f"{seed}|order")
    cases = [ExamCase(f"case-{place}", practice[i], True) for place, i in _shuffled(rng, practice)]
    again = rng.permutation(len(secret))[:REPEATS]
    asked = [*range(len(secret)), *(int(index) for index in again)]
    first: dict[int, str] = {}
    for place, i in _shuffled(rng, asked):
        identity = f"case-{len(practice) + place}"
        cases.append(ExamCase(identity, secret[asked[i]], False, first.get(asked[i])))
        first.setdefault(asked[i], identity)
    return tuple(cases)


def _shuffled(rng: np.random.Generator, items: Sequence[object]) -> list[tuple[int, int]]:
    """Return places, and which item comes there."""
    return [(place, int(index)) for place, index in enumerate(rng.permutation(len(items)))]


def _generator(seed: str) -> np.random.Generator:
    digest = hashlib.sha256(seed.encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))


@dataclass(frozen=True)
class _Paper:
    """A question's cases, and the text in which they reach a witness, without and with modules."""

    question: CheckedQuestion
    cases: tuple[ExamCase, ...]
    text: str
    inputs: str


def _paper(material: Material, question: CheckedQuestion, secret: str, attempt: int) -> _Paper:
    seed = f"{secret}|{material.assignment.name}|{question.name}|{attempt}"
    cases = _cases(material, question, seed)
    text = _asked(question, cases)
    return _Paper(question, cases, text, _with_modules(text, _modules(question, cases)))


def _evidence(material: Material, paper: _Paper, ready: Mapping[str, str]) -> dict[str, str]:
    """Return what the reference and every mistake say, by name; what is not ready is called."""
    return {
        name: ready[name] if name in ready else _said(function, paper)
        for name, function in _known_answers(material, paper.question).items()
    }


def _said(function: Callable[..., Any], paper: _Paper) -> str:
    return called_here(function, paper.inputs, paper.question.probes.catalogue, PATIENCE)


def called_here(
    function: Callable[..., Any], inputs: str, catalogue: Catalogue, patience: float
) -> str:
    """Return the evidence of a function of the course, called in this process."""
    import_for(function)
    return run_here(function, inputs, catalogue, patience)


def _known_answers(material: Material, question: CheckedQuestion) -> dict[str, Callable[..., Any]]:
    """Return the reference and the mistakes, by name."""
    functions = {mistake.name: mistake.function for mistake in question.misconceptions}
    return {_REFERENCE: reference_function(material.reference, question.name), **functions}


def _examined(paper: _Paper, evidence: Mapping[str, str]) -> QuestionExam:
    outcomes = {
        name: read_outcomes(said, read_cases(paper.inputs)) for name, said in evidence.items()
    }
    expected = outcomes.pop(_REFERENCE)
    return QuestionExam(paper.question, paper.cases, expected, outcomes, paper.inputs, paper.text)


def _asked(question: CheckedQuestion, cases: Sequence[ExamCase]) -> str:
    """Return the cases as a witness gets them, in JSON."""
    asked = [
        {
            "id": each.identity,
            "probe": each.case.probe,
            "args": encode(each.case.args),
            "kwargs": encode(dict(each.case.kwargs)),
        }
        for each in cases
    ]
    limits = {
        "seconds_per_case": question.check.seconds_per_case,
        "seconds": SECONDS_PER_QUESTION,
    }
    return json.dumps({"question": question.name, "cases": asked, **limits}, allow_nan=False)


def _modules(question: CheckedQuestion, cases: Sequence[ExamCase]) -> dict[str, str]:
    """Return the course's modules without which the cases cannot be asked."""
    names: set[str] = set()
    for each in cases:
        names |= {each.case.probe, *names_in(each.case.args), *names_in(each.case.kwargs)}
    return question.probes.needed(names)


def _with_modules(asked: str, modules: Mapping[str, str]) -> str:
    return f'{asked[:-1]}, "modules": {json.dumps(modules)}}}' if modules else asked


def agrees(comparison: Comparison, expected: Outcome, got: Outcome, slack: float = 1.0) -> bool:
    """Return whether two outcomes are the same."""
    return difference(comparison, expected, got, slack) is None


def difference(
    comparison: Comparison, expected: Outcome, got: Outcome, slack: float = 1.0
) -> str | None:
    """Return what kind of difference there is between two outcomes, None if they agree.

    An expected exception is met by one of the same class or of a class derived from it.
    """
    spend()
    if got.failure is not None:
        return got.failure
    if expected.error is not None:
        wanted = expected.error.types[0]
        if got.error is None:
            return f"it returned a value where {wanted} was to be raised"
        if wanted not in got.error.types:
            return f"it raised {got.error.known_type} where {wanted} was to be raised"
        return None
    if got.error is not None:
        return f"it raised {got.error.known_type}"
    return comparison.difference(expected.value, got.value, slack)


def _problem(exam: QuestionExam) -> str:
    """Return why this draw will not do, or nothing."""
    check = exam.question.check
    if '{"other": ' in exam.inputs:  # in JSON, no text of an argument can read like this
        return "its draw has arguments outside the format of autograder.guest.codec"
    for practice in (False, True):
        groups = {each.case.group for each in exam.cases if each.practice is practice}
        if groups != set(check.groups):
            return f"its draw has cases of {sorted(groups)}, its groups are {sorted(check.groups)}"
    for identity, expected in exam.expected.items():
        if expected.failure or expected.changed:
            return f"the reference fails on {identity}: {expected.failure or CHANGED}"
        if expected.error is not None and "ValueError" not in expected.error.types:
            return f"the reference raises {expected.error.types[0]}: {expected.error.message}"
        there = difference(exam.comparison(identity), expected, expected)
        if there is not None:  # nothing that can be compared, or not what the check says is right
            return f"the reference is wrong on {identity} by its own check: {there}"
    for mistake in exam.question.misconceptions:
        failures = (outcome.failure for outcome in exam.wrong[mistake.name].values())
        failure = next((words for words in failures if words), None)
        if failure:  # which another machine, or a quieter one, might not meet
            return f"{mistake.name!r} has no answer to look at: {failure}"
        lost = _groups_where(exam, mistake, MARGIN)
        if lost != mistake.loses:
            return f"{mistake.name!r} loses {sorted(lost)}, said to lose {sorted(mistake.loses)}"
        if _groups_where(exam, mistake, 1.0) != mistake.loses:
            return f"{mistake.name!r} is near the reference in a group that it does not lose"
        if len(exam.discriminating[mistake.name]) < MIN_DISCRIMINATING:
            fewest = f"fewer than {MIN_DISCRIMINATING} finite cases"
            return f"{fewest} tell {mistake.name!r} from the reference"
    return ""


def _answers_of(exam: QuestionExam) -> Iterator[Mapping[str, Outcome]]:
    """Yield what the reference and every misconception came to."""
    yield exam.expected
    yield from exam.wrong.values()


def _groups_where(exam: QuestionExam, mistake: Misconception, slack: float) -> frozenset[str]:
    """Return the groups with a secret case in which a misconception differs from the reference."""
    answers = exam.wrong[mistake.name]
    return frozenset(
        each.case.group
        for each in exam.cases
        if not each.practice
        and not agrees(
            exam.comparison(each.identity),
            exam.expected[each.identity],
            answers[each.identity],
            slack,
        )
    )
