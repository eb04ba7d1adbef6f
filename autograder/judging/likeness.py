"""What all wrong answers to a question have in common with the right ones.

Where no known mistake explains the evidence, this may: *three quarters of the right number, each
time*. It claims no cause. It says what holds of every wrong answer, so it is true whatever the
student wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.authoring.allowance import spend
from autograder.authoring.comparing import is_finite
from autograder.judging.exam import PLAIN_PROBES, ExamCase, QuestionExam
from autograder.judging.likeness_of_arguments import of_arguments
from autograder.judging.likeness_of_calls import of_calls
from autograder.judging.likeness_of_each import of_each_answer
from autograder.judging.likeness_of_kinds import of_kinds
from autograder.judging.likeness_of_numbers import of_numbers
from autograder.judging.likeness_of_places import of_places
from autograder.judging.outcomes import CHANGED, Outcome
from autograder.judging.wrong_answers import WrongAnswer, calls_of, wrong_answers

MIN_CALLS = 2
"""How many different calls have to show it."""
_Ends = Sequence[tuple[Outcome, Outcome]]
"""What wrong calls should have come to, and what they came to."""


def what_all_have(
    exam: QuestionExam, outcomes: Mapping[str, Outcome], reasons: Mapping[str, str | None]
) -> str | None:
    """Return what holds of all wrong answers, None where there is nothing to say.

    Parameters
    ----------
    exam
        The question's exam.
    outcomes
        What each case came to.
    reasons
        Why each is wrong, None where it is right (see `autograder.judging.judge.case_reasons`).
    """
    wrong = [each for each in exam.cases if reasons[each.identity] is not None]
    if not wrong:
        return None
    if all(reasons[each.identity] == CHANGED for each in wrong):
        return "Every value that you return is right, but your function changes its arguments."
    ends = [(exam.expected[each.identity], outcomes[each.identity]) for each in wrong]
    right = (each for each in exam.cases if reasons[each.identity] is None)
    if any(exam.expected[each.identity].returned for each in right):
        said = _of_ends(ends)
    else:
        said = _of_all_ends(ends)
    if said:
        return said
    where = of_calls(exam, reasons)
    what = _of_answers(exam, wrong, outcomes)
    return " ".join(sentence for sentence in (what, where) if sentence) or None


def _of_all_ends(ends: _Ends) -> str | None:
    """Return what holds where no value is right."""
    valued = [came for expected, came in ends if expected.returned]
    if valued and all(came.returned and came.value is None for came in valued):
        return "Your function returns None whatever it gets. Does a path through it lack a return?"
    if valued and all(map(_refused, valued)):
        if len(valued) < len(ends):
            return (
                "Your function raises ValueError wherever a value is expected, and does not where "
                "one is to be raised: a condition may be the wrong way round."
            )
        return "Your function raises ValueError wherever a value is expected: it refuses too much."
    return None


def _of_ends(ends: _Ends) -> str | None:
    """Return what holds where other values are right."""
    if all(expected.error for expected, _ in ends):
        return (
            "Everything that you compute is right. What is missing is a refusal: for some "
            "arguments the statement asks for a ValueError, and your function does something else."
        )
    if all(expected.returned and _refused(came) for expected, came in ends):
        return (
            "What you compute is right, but you refuse too much: for some arguments a value is "
            "expected, and your function raises ValueError."
        )
    if all(expected.error or _refused(came) for expected, came in ends):
        return (
            "What you compute is right, but you refuse other arguments than the statement asks: "
            "some for which a value is expected, and not all for which a ValueError is."
        )
    if all(expected.returned and not is_finite(expected.value) for expected, _ in ends):
        return (
            "You are right wherever the answer is finite. What is wrong is where it is, or holds, "
            "nan, infinity or None: read again when that is to come out."
        )
    raised = {came.error.known_type if came.error else "" for _, came in ends}
    if len(raised) == 1 and "" not in raised and all(expected.returned for expected, _ in ends):
        return (
            f"What comes back is right, but for some arguments your function raises {raised.pop()} "
            "where a value is expected."
        )
    return None


def _refused(outcome: Outcome) -> bool:
    return outcome.error is not None and "ValueError" in outcome.error.types


def _of_answers(
    exam: QuestionExam, wrong: Sequence[ExamCase], outcomes: Mapping[str, Outcome]
) -> str | None:
    """Return what holds of all answers that came where another was expected."""
    answers = wrong_answers(exam, wrong, outcomes)
    if calls_of(answers) < MIN_CALLS:
        return None
    spend(len(answers))
    said = _of_values(exam, answers)
    many_asked = [each for each in wrong if each.case.probe not in PLAIN_PROBES]
    if said and any(outcomes[each.identity].returned for each in many_asked):
        return f"Where it is called once: {said[0].lower()}{said[1:]}"
    return said


def _of_values(exam: QuestionExam, answers: Sequence[WrongAnswer]) -> str | None:
    # Practice cases are asked first: what their answers say no secret case can have told.
    quotes = any(each.case.practice for each in answers)
    return (
        of_numbers(answers, quotes)
        or of_arguments(answers, exam.question.parameters)
        or of_kinds(answers)
        or of_places(answers)
        or of_each_answer(answers)
    )
