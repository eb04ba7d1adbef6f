"""Which calls are answered wrongly: what these have in their arguments, and no others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set

from autograder.judging.exam import QuestionExam

_BY_CHANCE = 0.01
"""The largest chance that some property fits, were as many calls drawn at random."""


def of_calls(exam: QuestionExam, reasons: Mapping[str, str | None]) -> str | None:
    """Return what all wrong calls have in common, or all right ones, and few others.

    Of calls that are to give a value. None where there is nothing to say.

    Parameters
    ----------
    exam
        The question's exam.
    reasons
        Why each case is wrong, None where it is right (see `autograder.judging.judge`).
    """
    wrong = {exam.distinct[name] for name, reason in reasons.items() if reason is not None}
    right = exam.plain_calls.keys() - wrong
    if not right or not wrong <= exam.plain_calls.keys():
        return None
    few, many = ("wrong", wrong), ("right", right)
    if len(wrong) > len(right):
        few, many = many, few
    for word, calls in (few, many):
        words = _fitting(exam, calls)
        if words:
            exactly = exam.properties[words] == calls
            return f"Your function is {word} {'wherever' if exactly else 'only where'} {words}" + (
                ", and nowhere else." if exactly else "."
            )
    return None


def _fitting(exam: QuestionExam, calls: Set[str]) -> str | None:
    """Return the rarest property that some calls all have, if it is no chance that they do."""
    fitting = {words: len(having) for words, having in exam.properties.items() if having >= calls}
    if not fitting:
        return None
    words = min(fitting, key=lambda words: fitting[words])
    ways = math.comb(fitting[words], len(calls)) / math.comb(len(exam.plain_calls), len(calls))
    tried = len(set(exam.properties.values()))
    return words if tried * ways <= _BY_CHANCE else None
