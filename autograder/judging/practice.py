"""The practice cases that a submission fails: what a student can run at home.

No secret case ever becomes one: what is shown is drawn from the practice seed, and was asked before
any secret case, so that nothing a function remembers can be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograder.authoring.comparing import Close
from autograder.judging.exam import ExamCase, QuestionExam, returned
from autograder.judging.first_difference import first_difference
from autograder.judging.outcomes import Outcome
from autograder.judging.showing import NOT_PASTED, show_outcome


@dataclass(frozen=True)
class PracticeCase:
    """A practice case that was answered wrongly.

    Parameters
    ----------
    says
        What its group is about.
    call
        As a student writes it (see `autograder.judging.showing.show_call`).
    expected, got
        As a student sees them.
    expected_code
        What is expected, as an expression in Python; empty where it is to be compared by eye.
    error
        The exception that is to be raised; empty where none is.
    tolerances
        `rtol` and `atol` of the comparison of numbers.
    differs
        Where the answer differs first; empty where that cannot be said.
    """

    says: str
    call: str
    expected: str
    got: str
    expected_code: str = ""
    error: str = ""
    tolerances: tuple[float, float] = (0.0, 0.0)
    differs: str = ""

    @property
    def runs(self) -> bool:
        """Whether the call can be run as it stands."""
        return not self.call.startswith(NOT_PASTED)


def failing_among(
    exam: QuestionExam, outcomes: Mapping[str, Outcome], reasons: Mapping[str, str | None]
) -> tuple[PracticeCase, ...]:
    """Return the practice cases that are answered wrongly, the shortest that runs first.

    Parameters
    ----------
    exam
        The question's exam.
    outcomes
        What each case came to.
    reasons
        Why each is wrong, None where it is right (see `case_reasons`).
    """
    wrong = [
        _practice_case(exam, each, outcomes[each.identity])
        for each in exam.cases
        if each.practice and reasons[each.identity]
    ]
    once = {case.call: case for case in wrong}.values()
    return tuple(sorted(once, key=lambda case: (not case.runs, len(case.call), case.call)))


def _practice_case(exam: QuestionExam, each: ExamCase, outcome: Outcome) -> PracticeCase:
    expected, comparison = exam.expected[each.identity], exam.comparison(each.identity)
    probe = exam.question.probes.catalogue.probe(each.case.probe)
    changed = ", and changed its input" if outcome.changed else ""
    close = comparison if isinstance(comparison, Close) else None
    tolerances = (close.rtol, close.atol) if close else (0.0, 0.0)
    by_value = close is not None and expected.returned and _plain(probe.says, each)
    differs = None
    if by_value and outcome.returned:
        differs = first_difference(returned(expected, each), returned(outcome, each), *tolerances)
    return PracticeCase(
        exam.question.check.groups[each.case.group].says,
        exam.call(each),
        exam.answer(each),
        show_outcome(outcome, probe) + changed,
        exam.answer_code(each) if by_value else "",
        expected.error.known_type if expected.error else "",
        tolerances,
        differs or "",
    )


def _plain(says: object, each: ExamCase) -> bool:
    """Return whether what the outcome holds is what the call returns."""
    return says is None or each.case.probe == "fresh"
