"""Compares evidence with what was expected, outside the kernel that gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autograder.authoring.checking import Misconception
from autograder.guest.codec import MalformedEvidence
from autograder.judging.exam import (
    MIN_DISCRIMINATING,
    MIN_YES_OR_NO,
    NEARER,
    ExamCase,
    QuestionExam,
    agrees,
    difference,
)
from autograder.judging.likeness import what_all_have
from autograder.judging.outcomes import CHANGED, Outcome
from autograder.judging.showing import NOT_PASTED


@dataclass(frozen=True)
class GroupVerdict:
    """How one group of cases came out."""

    says: str
    points: float
    max_points: float
    passed: int
    asked: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """A failing practice case, shown to the student. No secret case ever becomes one."""

    call: str
    expected: str
    got: str


@dataclass(frozen=True)
class Verdict:
    """What one question earned, and why.

    Parameters
    ----------
    question
        Its name.
    points, max_points
        Earned, and to be earned.
    says
        One sentence for the student.
    groups
        The parts of the question; empty where there was no evidence to look at.
    example
        A failing practice case, where there is one.
    line
        The student's own line that raised the first exception or ran out of time, with its number.
    misconception, hint
        The known mistake that the evidence agrees with, and what to say about it. Where there is
        none, the hint may be what all wrong answers have in common.
    flag
        What a member of staff should look at.
    inside
        Whether it comes from inside the student's process, as the question has no check.
    """

    question: str
    points: float
    max_points: float
    says: str
    groups: tuple[GroupVerdict, ...] = ()
    example: Example | None = None
    line: str | None = None
    misconception: str | None = None
    hint: str | None = None
    flag: str | None = None
    inside: bool = False


def judge(exam: QuestionExam, evidence: str | None, absence: str = "") -> Verdict:
    """Return the verdict on one question.

    Parameters
    ----------
    exam
        The question's exam.
    evidence
        What the witness said (see `autograder.judging.cases.run_cases`); None for nothing.
    absence
        Where there is none: why, as far as the run knows.
    """
    question = exam.question
    if evidence is None:
        return Verdict(question.name, 0.0, question.points, absence or "Nothing came back.")
    try:
        outcomes = exam.read(evidence)
    except MalformedEvidence as error:
        return refused(exam, error)
    return judge_outcomes(exam, outcomes)


def refused(exam: QuestionExam, error: MalformedEvidence) -> Verdict:
    """Return the verdict on evidence that cannot be read."""
    question, what = exam.question, f"The evidence could not be read: {error}."
    says = (
        f"{what} Expected is one, written by the test cell itself, so none of it counts. "
        "If your notebook does nothing unusual, tell your instructor."
    )
    return Verdict(question.name, 0.0, question.points, says, flag=what)


def judge_outcomes(
    exam: QuestionExam,
    outcomes: Mapping[str, Outcome],
    reasons: Mapping[str, str | None] | None = None,
) -> Verdict:
    """Return the verdict on outcomes that were read from evidence.

    Parameters
    ----------
    exam
        The question's exam.
    outcomes
        By the case's identity.
    reasons
        What `case_reasons` says of them, where it was asked before.
    """
    question = exam.question
    if reasons is None:
        reasons = case_reasons(exam, outcomes)
    groups = tuple(_group_verdict(exam, name, reasons) for name in exam.question.check.groups)
    lost = [group.says for group in groups if group.points < group.max_points]
    # Not the sum of all groups: .1 + .2 + .3 is not .6.
    points = sum(group.points for group in groups) if lost else question.points
    mistake = _recognise(exam, outcomes) if lost else None
    hint = mistake.hint if mistake else what_all_have(exam, outcomes, reasons) if lost else None
    return Verdict(
        question.name,
        points,
        question.points,
        "Not right yet: " + "; ".join(lost) + "." if lost else "Right.",
        groups,
        _example(exam, outcomes, reasons),
        _line(exam, outcomes),
        mistake.name if mistake else None,
        hint,
        _flag(exam, outcomes),
    )


def _flag(exam: QuestionExam, outcomes: Mapping[str, Outcome]) -> str | None:
    """Return the first thing in the answers that honest work does not give."""
    for identity, comparison in exam.flagging.items():
        if outcomes[identity].returned:
            found = comparison.flag(outcomes[identity].value)
            if found is not None:
                return found
    return None


def case_reasons(exam: QuestionExam, outcomes: Mapping[str, Outcome]) -> dict[str, str | None]:
    """Return why each case is not right, None where it is, by the case's identity."""
    return {each.identity: _reason(exam, each, outcomes) for each in exam.cases}


def _reason(exam: QuestionExam, each: ExamCase, outcomes: Mapping[str, Outcome]) -> str | None:
    """Return why a case is not right, None if it is."""
    outcome = outcomes[each.identity]
    wrong = difference(exam.comparison(each.identity), exam.expected[each.identity], outcome)
    if wrong is None and outcome.changed:
        return CHANGED
    if wrong and outcome.failure is None and _right_elsewhere(exam, each, outcomes):
        return "it gave another answer when it was called again with the same arguments"
    return wrong


def _right_elsewhere(exam: QuestionExam, each: ExamCase, outcomes: Mapping[str, Outcome]) -> bool:
    """Return whether the same call was answered rightly at another time, sooner or later."""
    return any(
        other != each.identity
        and agrees(exam.comparison(other), exam.expected[other], outcomes[other])
        for other in exam.repeats[each.repeat_of or each.identity]
    )


def _group_verdict(
    exam: QuestionExam, name: str, reasons: Mapping[str, str | None]
) -> GroupVerdict:
    group = exam.question.check.groups[name]
    found = [reasons[each.identity] for each in exam.counted if each.case.group == name]
    wrong = [reason for reason in found if reason is not None]
    return GroupVerdict(
        group.says,
        0.0 if wrong else group.points,
        group.points,
        len(found) - len(wrong),
        len(found),
        tuple(sorted(set(wrong))),
    )


def _example(
    exam: QuestionExam, outcomes: Mapping[str, Outcome], reasons: Mapping[str, str | None]
) -> Example | None:
    """Return a failing practice case: of the first group that has one, the shortest that runs."""
    failing = [each for each in exam.cases if each.practice and reasons[each.identity]]
    groups = {each.case.group for each in failing}
    first = next((name for name in exam.question.check.groups if name in groups), None)
    if first is None:
        return None
    calls = {exam.call(each): each for each in failing if each.case.group == first}
    call = min(calls, key=lambda call: (call.startswith(NOT_PASTED), len(call), call))
    outcome = outcomes[calls[call].identity]
    changed = ", and changed its input" if outcome.changed else ""
    return Example(call, exam.answer(calls[call]), exam.show(outcome, calls[call]) + changed)


def _line(exam: QuestionExam, outcomes: Mapping[str, Outcome]) -> str | None:
    """Return the line that raised where nothing was to be raised, or at which time ran out.

    Of practice cases only.
    """
    for identity in (each.identity for each in exam.cases if each.practice):
        outcome = outcomes[identity]
        error = outcome.error
        if exam.expected[identity].error is None and error is not None and error.line:
            return f"line {error.line_number}: {error.line}  ({error.types[0]})"
        if outcome.line:
            return f"line {outcome.line_number}: {outcome.line}  (when its time was up)"
    return None


def _recognise(exam: QuestionExam, outcomes: Mapping[str, Outcome]) -> Misconception | None:
    """Return the one misconception that the evidence agrees with, if it is surely that one.

    A hint is a claim. Any other that the evidence could be of, however little shows it, takes it
    back.
    """
    found = [m for m in exam.question.misconceptions if _may_be_this(exam, m, outcomes)]
    surely = [mistake for mistake in found if _tells(exam, mistake, outcomes)]
    return surely[0] if len(found) == len(surely) == 1 else None


def _may_be_this(
    exam: QuestionExam, mistake: Misconception, outcomes: Mapping[str, Outcome]
) -> bool:
    """Return whether all comparable evidence is the misconception's, more nearly than is right."""
    answers = exam.wrong[mistake.name]
    return all(
        agrees(exam.comparison(identity), answers[identity], outcomes[identity], NEARER)
        for identity in exam.comparable[mistake.name]
    )


def _tells(exam: QuestionExam, mistake: Misconception, outcomes: Mapping[str, Outcome]) -> bool:
    """Return whether enough different cases tell the evidence from right answers.

    A case that is asked again tells nothing new, and one of two answers little.
    """
    telling = {
        exam.distinct[identity]: exam.expected[identity]
        for identity in exam.discriminating[mistake.name]
        if not agrees(exam.comparison(identity), exam.expected[identity], outcomes[identity])
    }
    yes_or_no = all(isinstance(expected.value, (bool, np.bool_)) for expected in telling.values())
    return len(telling) >= (MIN_YES_OR_NO if yes_or_no else MIN_DISCRIMINATING)
