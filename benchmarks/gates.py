"""Which small changes of right answers are noticed: the gate of mutants, question by question.

Run it from the repository with `python benchmarks/gates.py 05_gradients --record`; it runs
`autograder verify NAME --mutants` for one question after the other, prints a table in Markdown and
the survivors, and fails where a gate is not closed. With `--question` only that row of what was
recorded is made anew. Nobody may edit the checkout while it runs: sources are read all the time.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from tables import Results, Table, begun, finished, options, read_results, table

from autograder.authoring.course import Course
from autograder.authoring.material import load_material

REPO = Path(__file__).resolve().parents[1]
COUNTED = ("mutants", "caught", "equal", "settled", "survivors")


def empty() -> Table:
    """Return the table without rows."""
    return table("question", "when", *((each, "{:,}") for each in COUNTED), ("CPU s", "{:.0f}"))


def gate(name: str, question: str, seeds: int, workers: int) -> tuple[dict[str, Any], float]:
    """Return what the gate says of a question, and how many CPU seconds that took.

    Raises
    ------
    RuntimeError
        It said nothing.
    """
    command = [sys.executable, "-m", "autograder", "verify", name, "--mutants", "--json"]
    command += ["--question", question, "--seeds", str(seeds), "--workers", str(workers)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    came = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if came.returncode not in (0, 1) or not came.stdout:
        raise RuntimeError(f"{question}: {came.stderr}")
    seconds = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    return json.loads(came.stdout), seconds


def rows_before(benchmark: str, questions: list[str]) -> dict[str, list[Any]]:
    """Return the recorded rows of an assignment, by question."""
    kept = read_results().get(benchmark)
    rows = kept.tables[0].rows if kept else []
    return {str(row[0]): list(row) for row in rows if row[0] in questions}


def tried(name: str, chosen: argparse.Namespace) -> tuple[Results, bool]:
    """Run the gates of an assignment; return all rows that there are, and whether it is closed."""
    questions = [q.name for q in load_material(Course.at(REPO).assignment(name)).checked]
    results = begun(f"gates-{name}", chosen)
    results.about = f"{chosen.seeds} exams; what is said to be equal is tried on ten further ones."
    rows = rows_before(results.benchmark, questions)
    shown, closed = empty(), True
    print(shown.head, flush=True)
    for question in [chosen.question] if chosen.question else questions:
        data, seconds = gate(name, question, chosen.seeds, chosen.workers)
        (tally,) = data["tallies"]
        row = [question, chosen.date, *(tally[each] for each in COUNTED), round(seconds, 1)]
        rows[question] = row
        print(shown.add(*row), flush=True)
        for each in (*data["survivors"], *data["problems"]):
            print(f"  {json.dumps(each, ensure_ascii=False)}", flush=True)
        closed &= data["closed"]
        results.tables = [empty()]
        results.tables[0].rows = [rows[each] for each in questions if each in rows]
        finished(results, chosen)
    return results, closed


def main() -> None:
    """Run the gates."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    parser.add_argument("names", nargs="+", help="assignments")
    parser.add_argument("--question", help="one question of one assignment only")
    parser.add_argument("--seeds", type=int, default=2, help="exams")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    chosen = parser.parse_args()
    closed = [tried(name, chosen)[1] for name in chosen.names]
    sys.exit(not all(closed))


if __name__ == "__main__":
    main()
