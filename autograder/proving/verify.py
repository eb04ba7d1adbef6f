"""Proves of an assignment that its grading is fair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nbformat.v4 import new_notebook

from autograder.authoring.beside import assignment_files
from autograder.authoring.checking import Misconception
from autograder.authoring.coursework import INSIDE, Asked, named
from autograder.authoring.material import Material
from autograder.classroom.gathering import to_evidence
from autograder.classroom.program import kept_answers
from autograder.classroom.stage import stage
from autograder.judging.each_question import judge_all
from autograder.judging.exam import PATIENCE, Exam, QuestionExam
from autograder.judging.judge import Verdict, judge, judge_outcomes
from autograder.proving.coverage import RuleShown, shown_rules, uncovered
from autograder.proving.guessing import Earned, best_guess
from autograder.proving.several import draw_exams
from autograder.sandbox.isolation import trusted_mode
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import execute


@dataclass(frozen=True)
class Finding:
    """What one answer came to in one exam. Its fields are the keys of `verify --json`.

    Parameters
    ----------
    seed
        Of the exam.
    question
        Which one.
    kind
        ``reference``, ``release``, ``misconception`` or ``correct way``.
    way
        The name of the function, or the kind again.
    points, expected
        Earned, and to be earned.
    lost
        What the groups are about whose points were lost.
    recognised
        The misconception whose hint is given.
    fair
        Whether all is as it should be.
    """

    seed: int
    question: str
    kind: str
    way: str
    points: float
    expected: float
    lost: tuple[str, ...]
    recognised: str | None
    fair: bool


@dataclass(frozen=True)
class Proof:
    """What `verify` found."""

    assignment: str
    seeds: int
    findings: tuple[Finding, ...]
    unstable: tuple[str, ...]
    inside: tuple[str, ...] = ()
    """Questions without a check, of which there is less to prove."""
    guesses: tuple[Earned, ...] = ()
    """What the best guess at each question with a check earns in the first exam."""
    rules: tuple[RuleShown, ...] = ()
    """Which cases show what statements settle."""
    uncovered: tuple[str, ...] = ()
    """What no case shows, though a statement settles it."""

    @property
    def fair(self) -> bool:
        """Whether every finding is as it should be, and the same for every seed."""
        return not (self.unstable or self.uncovered) and all(
            finding.fair for finding in self.findings
        )

    def as_data(self) -> dict[str, Any]:
        """Return the proof as data for JSON."""
        data = asdict(self) | {"fair": self.fair}
        inside = data.pop("inside")
        data["guesses"] = [asdict(each) for each in self.guesses if each.points]
        return data | {INSIDE: inside} if inside else data


def verify(work: Asked, seeds: int, workers: int, cache: Path | None = None) -> Proof:
    """Grade the reference, the untouched release and every known answer, for several exams.

    Parameters
    ----------
    work
        The assignment.
    seeds
        How many exams, drawn from the secrets ``verify-0``, ``verify-1``, …
    workers
        How many notebooks run at the same time.
    cache
        A folder in which what mistakes come to is kept, and taken from.

    Raises
    ------
    CannotExamine
        A mistake cannot be told from the reference.
    """
    findings: list[Finding] = []
    guesses: list[Earned] = []
    rules: list[RuleShown] = []
    open_ends: list[str] = []
    # First all that is called in forks of this process, which has no threads yet.
    called = [_called(sheet, seeds, workers, cache) for sheet in work.sheets]
    for sheet, (exams, known) in zip(work.sheets, called, strict=True):
        found = [
            *_notebook_findings(sheet, exams, workers),
            *(each for question in known for each in question.findings),
        ]
        findings += [replace(each, question=named(work, sheet, each.question)) for each in found]
        best = [each.guess for each in known]
        guesses += [replace(each, question=named(work, sheet, each.question)) for each in best]
        for drawn in zip(*(exam.questions for exam in exams), strict=True):
            rows = shown_rules(drawn)
            rules += [replace(row, question=named(work, sheet, row.question)) for row in rows]
            open_ends += uncovered(sheet, drawn)
    inside = tuple(question.name for question in work.questions if question.inside)
    unstable = tuple(_unstable(findings))
    name = work.assignment.name
    return Proof(
        name,
        seeds,
        tuple(findings),
        unstable,
        inside,
        tuple(guesses),
        tuple(rules),
        tuple(open_ends),
    )


@dataclass(frozen=True)
class _Known:
    """What known answers to a question came to in every exam, and the best guess in the first."""

    findings: tuple[Finding, ...]
    guess: Earned

    def in_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> _Known:
        data = json.loads(text)
        findings = [Finding(**{**each, "lost": tuple(each["lost"])}) for each in data["findings"]]
        groups = tuple(data["guess"].pop("groups"))
        return cls(tuple(findings), Earned(**data["guess"], groups=groups))


def _called(
    material: Material, seeds: int, workers: int, cache: Path | None
) -> tuple[list[Exam], list[_Known]]:
    """Draw the exams of a notebook, and judge all known answers; asserts need but one exam."""
    secrets = [f"verify-{seed}" for seed in range(seeds if material.checked else 1)]
    kept = kept_answers(material, cache) if cache else None
    exams, came = draw_exams(material, secrets, workers, kept, _known_in_json)
    return exams, [_Known.of_json(each) for each in came]


def _known_in_json(exams: Sequence[QuestionExam]) -> str:
    found = [each for seed, exam in enumerate(exams) for each in known_findings(seed, exam)]
    return _Known(tuple(found), best_guess(exams[0])).in_json()


def _notebook_findings(
    material: Material, exams: Sequence[Exam], workers: int
) -> Iterator[Finding]:
    """Run the reference notebook and the untouched release, as submissions are run."""
    notebooks = {"reference": material.notebook, "release": material.derived.release}
    jobs = [
        (seed, kind, stage(new_notebook(cells=notebook.cells), material.derived)[0], exam)
        for seed, exam in enumerate(exams)
        for kind, notebook in notebooks.items()
    ]
    mode, files = trusted_mode(), assignment_files(material.assignment)
    with ThreadPoolExecutor(workers) as pool:
        runs = [
            pool.submit(execute, staged, exam.inputs, Limits(), mode, files)
            for _, _, staged, exam in jobs
        ]
        for (seed, kind, _, exam), run in zip(jobs, runs, strict=True):
            evidence = to_evidence(run.result(), "", ())
            for verdict in judge_all(exam, evidence):
                expected = verdict.max_points if kind == "reference" else 0.0
                fair = verdict.points == expected and verdict.hint is None
                yield _finding(seed, verdict, kind, kind, expected, fair)


def known_findings(seed: int, exam: QuestionExam) -> Iterator[Finding]:
    """Judge every known answer to a question.

    Mistakes were called in this process when the exam was drawn. In the first exam they are called
    once more: a function that answers anew each time would be found.
    """
    for alternative in exam.question.alternatives:
        verdict = judge(exam, exam.evidence_of(alternative.function, PATIENCE))
        fair = verdict.points == verdict.max_points
        yield _finding(seed, verdict, "correct way", alternative.name, verdict.max_points, fair)
    for mistake in exam.question.misconceptions:
        verdict = (
            judge_outcomes(exam, exam.wrong[mistake.name])
            if seed
            else judge(exam, exam.evidence_of(mistake.function, PATIENCE))
        )
        yield _misconception_finding(seed, exam, mistake, verdict)


def _misconception_finding(
    seed: int, exam: QuestionExam, mistake: Misconception, verdict: Verdict
) -> Finding:
    groups = exam.question.check.groups
    expected = sum(group.points for name, group in groups.items() if name not in mistake.loses)
    lost = {group.says for group in verdict.groups if group.points < group.max_points}
    fair = lost == {groups[name].says for name in mistake.loses}
    # A mistake may be too near another for a hint; another's hint it must not get.
    fair = fair and verdict.misconception in (mistake.name, None)
    return _finding(seed, verdict, "misconception", mistake.name, expected, fair)


def _finding(
    seed: int, verdict: Verdict, kind: str, name: str, expected: float, fair: bool
) -> Finding:
    lost = tuple(group.says for group in verdict.groups if group.points < group.max_points)
    return Finding(
        seed,
        verdict.question,
        kind,
        name,
        verdict.points,
        expected,
        lost,
        verdict.misconception,
        fair,
    )


def _unstable(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the answers that are judged differently for different seeds."""
    decisions: dict[tuple[str, str, str], set[tuple[float, str | None]]] = {}
    for finding in findings:
        key = (finding.question, finding.kind, finding.way)
        decisions.setdefault(key, set()).add((finding.points, finding.recognised))
    for (question, kind, name), found in decisions.items():
        if len(found) > 1:
            yield f"{question}, {kind} {name}: {sorted(found, key=str)}"
