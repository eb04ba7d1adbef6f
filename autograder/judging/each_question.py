"""Judges a submission, each question by itself: one odd answer costs one question."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path

from autograder.authoring.allowance import AllowanceSpent, allowance
from autograder.guest.codec import MalformedEvidence
from autograder.judging.answered import Answered
from autograder.judging.asserts import judge_asserts
from autograder.judging.exam import Exam, QuestionExam
from autograder.judging.judge import Verdict, judge
from autograder.judging.practice import PracticeCase, failing_practice

SECONDS = 30.0
"""CPU time for judging a submission, of which each question has its share.

Honest work takes hundredths of a second. Memory is bounded by what `autograder.guest.codec` reads
of one question: `MAX_BYTES` of text with `MAX_MARKS` parts, which is let go before the next one.
"""


def judge_all(exam: Exam, evidence: Answered, seconds: float = SECONDS) -> tuple[Verdict, ...]:
    """Return the verdicts on all questions, in order.

    Whatever exception or exhaustion judging one question meets, that question gets no points and a
    flag, and the others keep theirs.

    Parameters
    ----------
    exam
        The class's exam.
    evidence
        What running the submission gave.
    seconds
        CPU time for all questions.
    """
    share = seconds / max(len(exam.questions), 1)
    verdicts = {each.question.name: _judged(each, evidence, share) for each in exam.questions}
    verdicts |= {each.name: judge_asserts(each, evidence) for each in exam.material.asserted}
    places = {question.name: place for place, question in enumerate(exam.material.questions)}
    return tuple(sorted(verdicts.values(), key=lambda verdict: places.get(verdict.question, 0)))


def practice_of(
    exam: Exam, evidence: Answered, seconds: float = SECONDS
) -> dict[str, tuple[PracticeCase, ...]]:
    """Return the practice cases that a submission fails, by question; none of what fails none.

    Of a question whose evidence cannot be read, or takes too much to look at, there is none either:
    its verdict says so (see `judge_all`).
    """
    share = seconds / max(len(exam.questions), 1)
    found = {}
    for each in exam.questions:
        said = evidence.evidence.get(each.question.name)
        with suppress(MalformedEvidence, AllowanceSpent, MemoryError, RecursionError):
            with allowance(share):
                cases = failing_practice(each, said) if said is not None else ()
            if cases:
                found[each.question.name] = cases
    return found


def _judged(exam: QuestionExam, evidence: Answered, seconds: float) -> Verdict:
    name = exam.question.name
    try:
        with allowance(seconds):
            return judge(exam, evidence.evidence.get(name), evidence.absences.get(name, ""))
    except AllowanceSpent:
        return _not_judged(exam, "took too long", f"Judging it took more than {seconds:.3g} s")
    except MemoryError:
        return _not_judged(exam, "took too much memory", "Judging it took too much memory")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is flagged and costs one question
        flag = f"Judging it failed: {type(error).__name__} {_place(error)}"
        return _not_judged(exam, "failed", flag)


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
