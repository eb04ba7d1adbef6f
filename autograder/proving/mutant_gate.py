"""Lets no mutant of a right answer keep its points without a word.

A question whose exam does not notice that a program was changed has a blind spot: another case is
needed. Or the change makes no difference, or the statement admits both; then the check says so
with `autograder.authoring.checking.equal`, and what it says is tried here.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any

from autograder.authoring.checking import REFERENCE, Equal
from autograder.authoring.coursework import Asked, named
from autograder.authoring.material import CheckedQuestion, Material
from autograder.authoring.reference import reference_function
from autograder.authoring.slips import MisfitSlip, changed, function_of, source_of
from autograder.authoring.statement import says
from autograder.classroom.program import kept_answers
from autograder.errors import CourseError
from autograder.judging.apart import Bounds, each_apart
from autograder.judging.exam import (
    PATIENCE,
    SECONDS_PER_QUESTION,
    ExamCase,
    QuestionExam,
    difference,
)
from autograder.judging.outcomes import Outcome
from autograder.proving.mutants import Mutant, canonical, mutants_of
from autograder.proving.several import draw_exams

FURTHER_EXAMS = 10
"""On the cases of how many exams, secret and practice, an equal change is tried."""
_SLOWER, _SECONDS_BESIDES = 10, 5.0
"""How much longer than its answer a mutant may take in all, and how much comes on top of that."""
_BUSY = 4.0
"""How many times its processor time a mutant may take by the clock."""
_A_TURN = 0.5
"""The share of its time that a call must have had a processor, for its silence to be its own."""


class UnfairToStartWith(CourseError):
    """An answer that was not changed at all loses points: nothing follows from its mutants."""


class NoSuchQuestion(CourseError):
    """The gate of a question is wanted that there is not."""


@dataclass(frozen=True)
class Answer:
    """A right answer to a question, and the exams in which its mutants are judged.

    Parameters
    ----------
    question
        As the assignment knows it.
    name
        ``reference``, or the name of an alternative solution.
    function
        The answer.
    exams
        Of the question.
    seconds
        What judging it in all of them takes.
    """

    question: str
    name: str
    function: Callable[..., Any]
    exams: tuple[QuestionExam, ...]
    seconds: float = 0.0

    @property
    def bounds(self) -> Bounds:
        """What judging a mutant may take."""
        per_case = self.exams[0].question.check.seconds_per_case
        seconds = _SLOWER * self.seconds + 2 * per_case + _SECONDS_BESIDES
        return Bounds(seconds, patience=_BUSY)

    def changed(self, text: str) -> Callable[..., Any]:
        """Return the function that a changed text of this answer defines."""
        return function_of(text, self.function, self.function.__name__, f"mutant of {self.name}")


@dataclass(frozen=True)
class Trial:
    """A mutant of an answer; `said` is the name of the `equal` that speaks for it."""

    answer: Answer
    mutant: Mutant
    said: str | None = None


@dataclass(frozen=True)
class Tried:
    """In which exams a mutant kept full marks."""

    trial: Trial
    kept: tuple[int, ...]


@dataclass(frozen=True)
class Survivor:
    """A mutant that kept full marks, with no word that it may. A row of `verify --mutants --json`.

    Parameters
    ----------
    question, answer
        What was changed.
    before, after
        The changed line.
    exams
        The seeds of the exams that did not notice.
    """

    question: str
    answer: str
    before: str
    after: str
    exams: tuple[int, ...]


@dataclass(frozen=True)
class Tally:
    """How many mutants of a question's answers there were, and what became of them."""

    question: str
    answers: int
    mutants: int
    caught: int
    equal: int
    settled: int
    survivors: int


@dataclass(frozen=True)
class MutantProof:
    """What the gate found.

    Parameters
    ----------
    assignment
        Which one.
    seeds
        How many exams judged each mutant.
    tallies
        By question.
    survivors
        Mutants that kept full marks in an exam, though nothing says that they may.
    problems
        What is wrong with what checks say of equal changes.
    """

    assignment: str
    seeds: int
    tallies: tuple[Tally, ...]
    survivors: tuple[Survivor, ...]
    problems: tuple[str, ...]

    @property
    def closed(self) -> bool:
        """Whether no mutant came through."""
        return not self.survivors and not self.problems

    def as_data(self) -> dict[str, Any]:
        """Return the proof as data for JSON."""
        return asdict(self) | {"closed": self.closed}


@dataclass(frozen=True)
class Gate:
    """The mutants of one question's answers.

    Parameters
    ----------
    name
        The question, as the assignment knows it.
    material, question
        Where it stands.
    answers
        Right ones, by name.
    sample
        How many mutants are tried, drawn from `seed`; None for all.
    seed
        Of the sample.
    """

    name: str
    material: Material
    question: CheckedQuestion
    answers: Mapping[str, Answer]
    sample: int | None = None
    seed: int = 0

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """What is tried: those of which the check speaks are in every sample."""
        found = [
            Trial(answer, mutant, self._said.get((answer.name, mutant.text)))
            for answer in self.answers.values()
            for mutant in mutants_of(source_of(answer.function), answer.function.__globals__)
        ]
        if self.sample is None or self.sample >= len(found):
            return tuple(found)
        rng = random.Random(f"{self.seed}|{self.name}")  # noqa: S311 - a sample, no secret
        drawn = set(rng.sample(range(len(found)), self.sample))
        return tuple(each for i, each in enumerate(found) if i in drawn or each.said)

    @cached_property
    def _said(self) -> dict[tuple[str, str], str]:
        """By answer and changed text: the name of what says that the change makes nothing wrong."""
        return {
            (_of(equal), text): name
            for name, equal in self.question.equals.items()
            for text in self._texts(name, equal)
        }

    def _texts(self, name: str, equal: Equal) -> Iterator[str]:
        what = f"{self.name}: equal {name!r} of {_of(equal)}"
        if _of(equal) not in self.answers:
            raise MisfitSlip(f"{what}: the check has no such answer")
        source = source_of(self.answers[_of(equal)].function)
        for change in equal.changes:
            try:
                yield canonical(changed(source, [change], what))
            except SyntaxError as error:
                raise MisfitSlip(f"{what} does not parse once it is changed: {error}") from error

    def survivors(self, tried: Sequence[Tried], wrong: Container[str]) -> list[Tried]:
        """Return the mutants that came through, where what speaks for them does not hold either."""
        return [e for e in tried if e.kept and (e.trial.said is None or e.trial.said in wrong)]

    def needless(self, tried: Sequence[Tried]) -> Iterator[str]:
        """Yield the equal changes that no mutant is, or that every exam notices."""
        kept = {(each.trial.answer.name, each.trial.mutant.text): each.kept for each in tried}
        for (answer, text), name in self._said.items():
            if (answer, text) not in kept:
                yield f"{self.name}, {name}: no mutant of {answer} is\n{text}"
            elif not kept[answer, text]:
                yield f"{self.name}, {name}: every exam notices it, so it is not needed:\n{text}"

    def wrong(self, tried: Sequence[Tried], workers: int) -> dict[str, list[str]]:
        """Return why what the check says of equal changes does not hold, by its name."""
        found: dict[str, list[str]] = {}
        for name, words in chain(self._unsettled(), self._unequal(tried, workers)):
            found.setdefault(name, []).append(f"{self.name}, {name}: {words}")
        return found

    def _unsettled(self) -> Iterator[tuple[str, str]]:
        """Yield the words that no statement holds."""
        function = self.answers[REFERENCE].function
        for name, equal in self.question.equals.items():
            if equal.settled and not says(
                self.material.notebook, self.question.name, function, equal.settled
            ):
                yield name, f"the statement does not say {equal.settled!r}"

    def _unequal(self, tried: Sequence[Tried], workers: int) -> Iterator[tuple[str, str]]:
        """Yield the inputs on which a change that is said to make no difference makes one."""
        to_try = [
            each.trial
            for each in tried
            if each.kept and each.trial.said and self.question.equals[each.trial.said].because
        ]
        exams = self._further_exams(workers) if to_try else ()
        jobs = [
            (partial(_first_difference, exams, trial), self._bounds(trial.answer))
            for trial in to_try
        ]
        for place, came in each_apart(jobs, workers):
            if came != "":
                yield to_try[place].said or "", f"not equal: {came or 'its process ended'}"

    def _bounds(self, answer: Answer) -> Bounds:
        more = 1 + 2 * FURTHER_EXAMS / len(answer.exams)  # practice cases are called as well
        return Bounds(more * answer.bounds.seconds, patience=_BUSY)

    def _further_exams(self, workers: int) -> tuple[QuestionExam, ...]:
        """Return exams for whose draw no mistake has to be told from the reference."""
        alone = replace(self.question, misconceptions=())
        material = replace(self.material, checked=(alone,), asserted=())
        secrets = [f"equal-{number}" for number in range(FURTHER_EXAMS)]
        exams, _ = draw_exams(material, secrets, workers)
        return tuple(exam.questions[0] for exam in exams)

    def tally(self, tried: Sequence[Tried], wrong: Container[str]) -> Tally:
        """Return what became of this question's mutants."""
        through = [each for each in tried if each.kept]
        survivors = len(self.survivors(tried, wrong))
        settled = sum(
            bool(self.question.equals[each.trial.said].settled)
            for each in through
            if each.trial.said is not None and each.trial.said not in wrong
        )
        return Tally(
            self.name,
            len(self.answers),
            len(tried),
            len(tried) - len(through),
            len(through) - survivors - settled,
            settled,
            survivors,
        )


def _of(equal: Equal) -> str:
    """Return the name of the answer that an equal change is of."""
    return REFERENCE if equal.of == REFERENCE else equal.of.name


@dataclass(frozen=True)
class Gates:
    """The mutants of an assignment's answers.

    Parameters
    ----------
    assignment
        Its name.
    seeds
        How many exams judge each mutant.
    gates
        By question.
    """

    assignment: str
    seeds: int
    gates: tuple[Gate, ...] = field(default_factory=tuple)

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """What is tried."""
        return tuple(trial for gate in self.gates for trial in gate.trials)

    def tried(self, workers: int) -> Iterator[Tried]:
        """Judge every mutant in every exam; yield what came of it, in no order."""
        jobs = [
            (partial(_kept, each.answer, each.mutant.text), each.answer.bounds)
            for each in self.trials
        ]
        for place, came in each_apart(jobs, workers):
            yield Tried(self.trials[place], tuple(json.loads(came)["kept"]) if came else ())

    def proof(self, tried: Sequence[Tried], workers: int) -> MutantProof:
        """Return what the gate found, having tried what checks say of equal changes.

        Parameters
        ----------
        tried
            What came of all mutants, in any order.
        workers
            How many processes run at the same time.
        """
        places = {id(trial): place for place, trial in enumerate(self.trials)}
        in_order = sorted(tried, key=lambda each: places[id(each.trial)])
        tallies, survivors, problems = [], [], []
        for gate in self.gates:
            own = [each for each in in_order if each.trial.answer.question == gate.name]
            wrong = gate.wrong(own, workers)
            tallies.append(gate.tally(own, wrong))
            survivors += [_survivor(each) for each in gate.survivors(own, wrong)]
            problems += [*gate.needless(own), *chain.from_iterable(wrong.values())]
        return MutantProof(
            self.assignment, self.seeds, tuple(tallies), tuple(survivors), tuple(problems)
        )


def _survivor(tried: Tried) -> Survivor:
    answer, mutant = tried.trial.answer, tried.trial.mutant
    return Survivor(answer.question, answer.name, mutant.before, mutant.after, tried.kept)


def gates_of(
    work: Asked,
    seeds: int,
    workers: int,
    sample: int | None = None,
    seed: int = 0,
    cache: Path | None = None,
    only: str | None = None,
) -> Gates:
    """Return the gates of an assignment, having seen that unchanged answers come through them.

    Parameters
    ----------
    work
        The assignment.
    seeds
        How many exams, drawn from the secrets ``verify-0``, ``verify-1``, …
    workers
        How many processes run at the same time.
    sample
        How many mutants of each question are tried; None for all.
    seed
        Of the sample.
    cache
        A folder in which what mistakes come to is kept, and taken from.
    only
        The question whose gate is wanted; None for all.

    Raises
    ------
    NoSuchQuestion
        The assignment has none that is called `only`, or none that is answered with code.
    UnfairToStartWith
        An unchanged answer loses points.
    CannotExamine
        A mistake cannot be told from the reference.
    MisfitSlip
        An equal change does not fit its solution.
    """
    gates = []
    asked = [named(work, sheet, q.name) for sheet in work.sheets for q in sheet.checked]
    if only is not None and only not in asked:
        raise NoSuchQuestion(
            f"{work.assignment.name} has no question {only!r} that a check judges; "
            f"there are {', '.join(asked)}"
        )
    for whole in work.sheets:
        sheet = whole if only is None else _with_only(work, whole, only)
        kept = kept_answers(sheet, cache) if cache else None
        secrets = [f"verify-{number}" for number in range(seeds)]
        exams, _ = draw_exams(sheet, secrets, workers, kept)
        for place, question in enumerate(sheet.checked):
            name = named(work, sheet, question.name)
            drawn = tuple(exam.questions[place] for exam in exams)
            answers = _timed(list(_answers(sheet, question, name, drawn)), workers)
            gates.append(Gate(name, sheet, question, answers, sample, seed))
    return Gates(work.assignment.name, seeds, tuple(gates))


def _with_only(work: Asked, sheet: Material, name: str) -> Material:
    """Return a sheet with one of its questions, or none: each draws its exams by itself."""
    checked = tuple(each for each in sheet.checked if named(work, sheet, each.name) == name)
    return replace(sheet, checked=checked, asserted=())


def _answers(
    sheet: Material, question: CheckedQuestion, name: str, exams: tuple[QuestionExam, ...]
) -> Iterator[Answer]:
    yield Answer(name, REFERENCE, reference_function(sheet.reference, question.name), exams)
    for alternative in question.alternatives:
        yield Answer(name, alternative.name, alternative.function, exams)


def _timed(answers: Sequence[Answer], workers: int) -> dict[str, Answer]:
    """Return answers by their names, with what judging each takes in a process of its own.

    Were that process unable to judge at all, every mutant would count as caught. What the answers
    import is loaded here first, and not by every process anew.
    """
    for each in answers:
        list(_faults(each.exams[0], each.function, practice=False, patience=PATIENCE))
    longest = Bounds(PATIENCE * SECONDS_PER_QUESTION * len(answers[0].exams))
    jobs = [
        (partial(_kept, each, canonical(source_of(each.function)), PATIENCE), longest)
        for each in answers
    ]
    found = dict(each_apart(jobs, workers))
    return {each.name: _fair(each, found[place]) for place, each in enumerate(answers)}


def _fair(answer: Answer, came: str | None) -> Answer:
    found: dict[str, Any] = json.loads(came) if came else {"kept": []}
    if len(found["kept"]) < len(answer.exams):
        raise UnfairToStartWith(
            f"{answer.question}: {answer.name} loses points as it is (or in a process of its own); "
            "see what `autograder verify` says without --mutants"
        )
    return replace(answer, seconds=found["seconds"])


# --- in a process of its own ---------------------------------------------------------------------


def _kept(answer: Answer, text: str, patience: float = 1.0) -> str:
    """Return in JSON in which exams a changed answer keeps full marks, and how long that took.

    Only secret cases have points. One that is wrong settles an exam, and one without an answer,
    since time ran out, all of them.
    """
    began, function = time.monotonic(), answer.changed(text)
    kept = []
    for seed, exam in enumerate(answer.exams):
        fault = next(_faults(exam, function, practice=False, patience=patience), None)
        if fault is None:
            kept.append(seed)
        elif fault[1].failure is not None:
            break
    return json.dumps({"kept": kept, "seconds": time.monotonic() - began})


def _first_difference(exams: Sequence[QuestionExam], trial: Trial) -> str:
    """Return the first input on which a mutant is not as the reference, nothing without one."""
    function = trial.answer.changed(trial.mutant.text)
    for exam in exams:
        for each, outcome in _faults(exam, function, practice=True):
            changed_input = ", and its input is changed" if outcome.changed else ""
            return (
                f"{exam.call(each)} is {exam.answer(each)}, with {trial.mutant.after!r} "
                f"{exam.show(outcome, each)}{changed_input}"
            )
    return ""


def _faults(
    exam: QuestionExam, function: Callable[..., Any], practice: bool, patience: float = 1.0
) -> Iterator[tuple[ExamCase, Outcome]]:
    """Yield the cases that a function does not answer rightly; practice cases only if wanted."""
    for each in exam.cases:
        if practice or not each.practice:
            outcome = _outcome(exam, function, each.identity, patience)
            expected = exam.expected[each.identity]
            wrong = difference(exam.comparison(each.identity), expected, outcome)
            if wrong is not None or outcome.changed:
                yield each, outcome


def _outcome(
    exam: QuestionExam, function: Callable[..., Any], identity: str, patience: float
) -> Outcome:
    """Return what a call comes to: once more, with patience, where it had no turn to answer.

    A mutant counts as caught where it is slow, not where the machine is busy.
    """
    began = time.process_time()
    outcome = exam.outcome_of(function, identity, patience)
    spent = time.process_time() - began
    if outcome.failure is None or spent > _A_TURN * patience * exam.question.check.seconds_per_case:
        return outcome
    return exam.outcome_of(function, identity, PATIENCE)
