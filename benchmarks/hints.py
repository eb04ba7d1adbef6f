"""How many wrong ways get a hint, and how many of these hints are false.

Run it from the repository with `python benchmarks/hints.py 01_counting --sample 40`; it prints a
table in Markdown. `--record` keeps, of all questions together, what
mutants alone come to. Wrong ways are those that tests know
(`tests/autograder/checks/wrong_ways.py`), and a sample of the mutants of the reference and of each
alternative solution: right ways with one edit.
Known mistakes are left out: that each gets its own hint in every exam is a test.

A hint that names a known mistake is *false* where, on the cases of three further exams, what was
written and the mistake differ on a case on which both, and the right answer, are values. Where a
function raises what is not to be raised, the page shows the student's own line: it is counted
apart.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tables import begun, finished, options, read_results, table

from autograder.authoring.course import Course
from autograder.authoring.material import CheckedQuestion, Material, load_material
from autograder.authoring.reference import reference_function
from autograder.authoring.slips import function_of, source_of
from autograder.classroom.program import kept_answers
from autograder.judging.apart import Bounds, each_apart
from autograder.judging.exam import NEARER, QuestionExam, agrees, draw_exam
from autograder.judging.judge import judge
from autograder.proving.mutants import mutants_of

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO))  # the wrong ways that tests know

from tests.autograder.checks.test_wrong_ways import WAYS, function_of_way  # noqa: E402

SECONDS = 60.0
PATIENCE = 4.0
"""How much longer calls may take than a student's: a busy machine takes nobody's hint away."""
KINDS = ("wrong ways of tests", "mutants")


def exams(material: Material, question: CheckedQuestion, secret: str) -> QuestionExam:
    """Return an exam of a question for whose draw no mistake has to be told from the reference."""
    alone = replace(material, checked=(replace(question, misconceptions=()),), asserted=())
    return draw_exam(alone, secret).questions[0]


def ways(
    material: Material, question: CheckedQuestion, sample: int, seed: int
) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Yield the kind, the name and the function of each wrong way of a question."""
    for way in WAYS:
        if (way.assignment, way.question) == (material.assignment.name, question.name):
            yield KINDS[0], way.words, function_of_way(way)
    reference = reference_function(material.reference, question.name)
    rights = [reference, *(each.function for each in question.alternatives)]
    edits = [
        (right, mutant)
        for right in rights
        for mutant in mutants_of(source_of(right), right.__globals__)
    ]
    rng = random.Random(f"{seed}|{question.name}")
    for right, mutant in rng.sample(edits, min(sample, len(edits))):
        where = f"{right.__name__}: {mutant.before!r} -> {mutant.after!r}"
        yield KINDS[1], where, function_of(mutant.text, right, right.__name__, "mutant")


def judged(exam: QuestionExam, further: list[QuestionExam], function: Callable[..., Any]) -> str:
    """Return in JSON what a way comes to: whether it loses, its hint, and whether that is true."""
    verdict = judge(exam, exam.evidence_of(function, PATIENCE))
    true = True
    if verdict.misconception:
        mistake = next(m for m in exam.question.misconceptions if m.name == verdict.misconception)
        true = all(is_it(other, function, mistake.function) for other in further)
    loses = verdict.points < verdict.max_points
    hint, line = (verdict.hint, verdict.line is not None) if loses else (None, False)
    return json.dumps([loses, verdict.misconception, hint, true, line])


def is_it(exam: QuestionExam, function: Callable[..., Any], mistake: Callable[..., Any]) -> bool:
    """Return whether a function answers as a mistake does, wherever both return something."""
    ours, theirs = (exam.read(exam.evidence_of(each, PATIENCE)) for each in (function, mistake))
    return all(
        agrees(exam.comparison(identity), theirs[identity], ours[identity], NEARER)
        for identity, expected in exam.expected.items()
        if expected.returned and ours[identity].returned and theirs[identity].returned
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignment")
    parser.add_argument("--sample", type=int, default=40, help="mutants of each question")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--question", help="one question only")
    parser.add_argument("--each", action="store_true", help="print each way and its hint")
    options(parser)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    material = load_material(Course.at(REPO).assignment(chosen.assignment))
    cache = kept_answers(material, REPO / ".pytest_cache" / "answers")
    whole = draw_exam(material, "tests", cache)
    print("| question | ways | lose | mistake named | false | what all have | hints | line only |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    totals: Counter[str] = Counter()
    of_mutants: Counter[str] = Counter()
    for exam in whole.questions:
        if chosen.question not in (None, exam.question.name):
            continue
        found = list(ways(material, exam.question, chosen.sample, chosen.seed))
        further = [exams(material, exam.question, f"hints-{n}") for n in range(3)]
        jobs = [
            (partial(judged, exam, further, function), Bounds(SECONDS)) for _, _, function in found
        ]
        tally: Counter[str] = Counter(ways=len(found))
        for place, came in each_apart(jobs, chosen.workers):
            kind, name, _ = found[place]
            gone = [True, None, None, True, False]
            loses, mistake, hint, true, line = json.loads(came) if came else gone
            told = Counter(
                lose=loses,
                named=mistake is not None,
                false=not true,
                alike=mistake is None and hint is not None,
                line=line and hint is None,
            )
            tally += told
            if kind == KINDS[1]:
                of_mutants += told
            if chosen.each:
                print(f"  {kind} | {name} | {loses} | {mistake} | {true} | {hint}", flush=True)
        totals += tally
        row(exam.question.name, tally)
    row("**all**", totals)
    loses = max(1, of_mutants["lose"])
    hinted = of_mutants["named"] + of_mutants["alike"]
    print(
        f"\nOf {of_mutants['lose']} mutants that lose, {hinted / loses:.0%} get a hint, and "
        f"{of_mutants['line'] / loses:.0%} the line that raised."
    )
    if chosen.record and not chosen.question:
        record(of_mutants, chosen)


def record(tally: Counter[str], chosen: argparse.Namespace) -> None:
    """Keep an assignment's row beside those of others."""
    results = begun("hints", chosen)
    results.about = "Mutants only, of the reference and of right ways"
    shown = table(
        "assignment",
        "when",
        ("of each question", "{:,}"),
        ("lose", "{:,}"),
        ("a known mistake is named", "{:,}"),
        ("of these false", "{:,}"),
        ("what all wrong answers have in common", "{:,}"),
        ("with a hint", "{:.0%}"),
        ("only the line that raised", "{:.0%}"),
    )
    before = read_results().get("hints")
    rows = {row[0]: row for row in (before.tables[0].rows if before else [])}
    counts = [tally[each] for each in ("lose", "named", "false", "alike")]
    shares = [
        (tally["named"] + tally["alike"]) / max(1, tally["lose"]),
        tally["line"] / max(1, tally["lose"]),
    ]
    rows[chosen.assignment] = [chosen.assignment, chosen.date, chosen.sample, *counts, *shares]
    shown.rows = [rows[name] for name in sorted(rows)]
    results.tables = [shown]
    finished(results, chosen)


def row(name: str, tally: Counter[str]) -> None:
    """Print a row."""
    hints = tally["named"] + tally["alike"]
    share = hints / max(1, tally["lose"])
    print(
        f"| {name} | {tally['ways']} | {tally['lose']} | {tally['named']} | {tally['false']} | "
        f"{tally['alike']} | {share:.0%} | {tally['line']} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
