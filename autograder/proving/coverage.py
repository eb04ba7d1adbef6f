"""Whether every exam has a case of each sentence of a statement.

An author quotes the statement in a check's `rules`. Once a check has some, each sentence of the
list under what is to be written is in one of them, or its proof fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.authoring.checking import Rule
from autograder.authoring.material import Material
from autograder.authoring.reference import reference_function
from autograder.authoring.statement import holds, says, sentences
from autograder.judging.exam import ExamCase, QuestionExam


@dataclass(frozen=True)
class RuleShown:
    """A rule of a statement, and the cases that show it. A row of `verify --rules`.

    Parameters
    ----------
    question
        Where it stands.
    words
        What is quoted of it.
    cases
        How many cases with points show it in the exam that has fewest; None where it only tells
        what comes.
    groups
        Theirs.
    """

    question: str
    words: tuple[str, ...]
    cases: int | None
    groups: tuple[str, ...] = ()


def shown_rules(exams: Sequence[QuestionExam]) -> list[RuleShown]:
    """Return the rules of a question with the cases that show them.

    Parameters
    ----------
    exams
        Of one question, one or more.
    """
    question, rows = exams[0].question, []
    for rule in question.rules:
        found = [[each for each in exam.cases if _shows(rule, exam, each)] for exam in exams]
        groups = {each.case.group: None for cases in found for each in cases}
        fewest = min(map(len, found)) if rule.shown else None
        rows.append(RuleShown(question.name, rule.quotes, fewest, tuple(groups)))
    return rows


def uncovered(material: Material, exams: Sequence[QuestionExam]) -> Iterator[str]:
    """Yield what is wrong with the rules of a question; nothing where a check has none.

    Parameters
    ----------
    material
        Its notebook.
    exams
        Of one question, one or more.
    """
    question = exams[0].question
    if not question.rules:
        return
    function = reference_function(material.reference, question.name)
    quotes = [quote for rule in question.rules for quote in rule.quotes]
    for quote in quotes:
        if not says(material.notebook, question.name, function, quote):
            yield f"{question.name}: the statement does not say {quote!r}"
    for sentence in sentences(material.notebook, question.name):
        if not any(holds(sentence, quote) for quote in quotes):
            yield f"{question.name}: no rule of the check quotes {sentence!r}"
    for row in shown_rules(exams):
        if row.cases == 0:
            yield f"{question.name}: in an exam no case shows {' … '.join(row.words)!r}"


def _shows(rule: Rule, exam: QuestionExam, each: ExamCase) -> bool:
    """Return whether a case with points is one that a rule means."""
    if each.practice or not rule.shown:
        return False
    expected = exam.expected[each.identity]
    try:
        if rule.when is not None and not rule.when(*each.case.args, **each.case.kwargs):
            return False
        if rule.gives is None:
            return True
        if isinstance(rule.gives, type):
            return expected.error is not None and rule.gives.__name__ in expected.error.types
        return expected.returned and bool(rule.gives(expected.value))
    except Exception:  # noqa: BLE001 - a rule speaks of cases of one shape: any other is none
        return False
