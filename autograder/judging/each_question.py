"""Judges a submission, each question by itself: one odd answer costs one question."""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.allowance import AllowanceSpent, allowance
from autograder.guest.codec import MalformedEvidence
from autograder.judging.answered import Answered
from autograder.judging.asserts import judge_asserts
from autograder.judging.exam import Exam, QuestionExam
from autograder.judging.judge import Verdict, case_reasons, judge, judge_outcomes, refused
from autograder.judging.practice import PracticeCase, failing_among

SECONDS = 30.0
"""CPU time for judging a submission, of which each question has its share.

Honest work takes hundredths of a second. Memory is bounded by what `autograder.guest.codec` reads
of one question: `MAX_BYTES` of text with `MAX_MARKS` parts, which is let go before the next one.
"""


@dataclass(frozen=True)
class Judged:
    """What came of a question.

    Parameters
    ----------
    verdict
        On its answers.
    practice
        The practice cases that it fails, where its evidence can be looked at for long enough.
    """

    verdict: Verdict
    practice: tuple[PracticeCase, ...] = ()


def judge_all(exam: Exam, evidence: Answered, seconds: float = SECONDS) -> tuple[Verdict, ...]:
    """Return the verdicts on all questions, in order (see `judge_with_practice`)."""
    return tuple(each.verdict for each in _in_order(exam, evidence, seconds, practised=False))


def judge_with_practice(
    exam: Exam, evidence: Answered, seconds: float = SECONDS
) -> tuple[Judged, ...]:
    """Return what came of all questions, in order.

    Whatever exception or exhaustion judging one question meets, that question gets no points and a
    flag, and the others keep theirs. Where looking for failing practice cases meets one, there are
    none, and the points stay.

    Parameters
    ----------
    exam
        The class's exam.
    evidence
        What running the submission gave.
    seconds
        CPU time for all questions; as much again for their practice cases.
    """
    return _in_order(exam, evidence, seconds, practised=True)


def _in_order(
    exam: Exam, evidence: Answered, seconds: float, practised: bool
) -> tuple[Judged, ...]:
    share = seconds / max(len(exam.questions), 1)
    found = [_judged(each, evidence, share, practised) for each in exam.questions]
    found += [Judged(judge_asserts(each, evidence)) for each in exam.material.asserted]
    places = {question.name: place for place, question in enumerate(exam.material.questions)}
    return tuple(sorted(found, key=lambda each: places.get(each.verdict.question, 0)))


def _judged(exam: QuestionExam, evidence: Answered, seconds: float, practised: bool) -> Judged:
    name = exam.question.name
    said = evidence.evidence.get(name)
    if said is None:
        return Judged(judge(exam, None, evidence.absences.get(name, "")))
    try:
        with allowance(seconds):
            outcomes = exam.read(said)
            reasons = case_reasons(exam, outcomes)
            verdict = judge_outcomes(exam, outcomes, reasons)
    except MalformedEvidence as error:
        return Judged(refused(exam, error))
    except AllowanceSpent:
        what, flag = "took too long", f"Judging it took more than {seconds:.3g} s"
        return Judged(_not_judged(exam, what, flag))
    except MemoryError:
        what = "took too much memory"
        return Judged(_not_judged(exam, what, "Judging it took too much memory"))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is flagged and costs one question
        flag = f"Judging it failed: {type(error).__name__} {_place(error)}"
        return Judged(_not_judged(exam, "failed", flag))
    practice: tuple[PracticeCase, ...] = ()
    if practised:
        with suppress(AllowanceSpent, MemoryError, RecursionError), allowance(seconds):
            practice = failing_among(exam, outcomes, reasons)
    return Judged(verdict, practice)


def _not_judged(exam: QuestionExam, what: str, flag: str) -> Verdict:
    question = exam.question
    says = (
        f"Comparing your answers with the right ones {what}: something in them is very large or "
        "very odd, so this question could not be judged. Your other questions are not affected. "
        "If you find nothing unusual in what your function returns, tell your instructor."
    )
    return Verdict(question.name, 0.0, question.points, says, flag=flag)


def _place(error: BaseException) -> str:
    """Return where an exception was raised; not what it says, which may quote the answer."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"in {frame.name}, {Path(frame.filename).name} line {frame.lineno}"
