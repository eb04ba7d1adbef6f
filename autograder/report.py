"""What staff read about a class: a CSV and a page."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from autograder.feedback import page
from autograder.files import write_atomically
from autograder.grading import Graded
from autograder.material import Material
from autograder.spreadsheets import defused


def notes(graded: Graded) -> list[str]:
    """Return what staff should know about a submission."""
    flags = [f"LOOK AT {v.question}: {v.flag}" for v in graded.verdicts if v.flag]
    failure = [f"NOT GRADED: {graded.failure}"] if graded.failure else []
    return [*failure, *flags, *graded.remarks]


def write_csv(path: Path, material: Material, results: Sequence[Graded]) -> None:
    """Write one line a student: the total, each question, what was recognised, and notes."""
    questions = [kit.name for kit in material.kits]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["student", "points", "max_points", *questions, "misconceptions", "notes"])
    for graded in sorted(results, key=lambda graded: graded.student):
        points = {verdict.question: f"{verdict.points:g}" for verdict in graded.verdicts}
        recognised = [
            f"{verdict.question}: {verdict.misconception}"
            for verdict in graded.verdicts
            if verdict.misconception
        ]
        row = [
            graded.student,
            "" if graded.failure else f"{graded.points:g}",
            f"{material.points:g}",
            *(points.get(question, "") for question in questions),
            "; ".join(recognised),
            " ".join(notes(graded)),
        ]
        writer.writerow([defused(cell) for cell in row])
    write_atomically(path, written.getvalue())


def write_summary(path: Path, material: Material, results: Sequence[Graded]) -> None:
    """Write a page on the class: how each question went, and who needs a look."""
    graded = [result for result in results if result.failure is None]
    questions = []
    for index, kit in enumerate(material.kits):
        verdicts = [result.verdicts[index] for result in graded]
        recognised = Counter(v.misconception for v in verdicts if v.misconception)
        questions.append(
            {
                "name": kit.name,
                "max_points": kit.question.points,
                "mean": mean(v.points for v in verdicts) if verdicts else 0.0,
                "full": sum(v.points == v.max_points for v in verdicts),
                "none": sum(v.points == 0 for v in verdicts),
                "recognised": sorted(recognised.items(), key=lambda item: (-item[1], item[0])),
            }
        )
    rows = [
        {"student": result.student, "points": result.points, "notes": notes(result)}
        for result in sorted(results, key=lambda result: (result.points, result.student))
    ]
    written = page(
        "summary.html.j2",
        assignment=material.assignment.name,
        max_points=material.points,
        mean=mean(result.points for result in graded) if graded else 0.0,
        graded=len(graded),
        questions=questions,
        rows=rows,
    )
    write_atomically(path, written)
