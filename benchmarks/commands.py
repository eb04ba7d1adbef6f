"""How long people wait for whole commands: the demonstration, the tests, each lecture.

Run it from the repository with `python benchmarks/commands.py`, after `make .venv/dev`; it takes a
quarter of an hour on two cores and prints a table in Markdown. Wall-clock seconds, and CPU seconds
of the whole tree of processes. `make test` is measured as it is, lint and types included.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from grading import REPO, measured
from tables import begun, finished, options, table

from autograder.authoring.course import Course
from publishing.pace import pace

DEMO, TESTS = "make demo", "make test"


def commands(where: Path) -> dict[str, list[str]]:
    """Return what is run, by what it is called."""
    convert = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--output-dir", str(where)]
    lectures = sorted(Course.at(REPO).lectures.glob("*.ipynb"))
    return {
        DEMO: ["autograder", "demo", "--folder", str(where / "demo"), "--course", str(REPO)],
        **{f"lecture {path.stem}": [*convert, str(path)] for path in lectures},
        TESTS: ["make", "-C", str(REPO), "test"],
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-tests", action="store_true")
    options(parser)
    chosen = parser.parse_args()
    results = begun("commands", chosen, "numpy", "torch")
    shown = table("command", ("wall s", "{:.0f}"), ("CPU s", "{:.0f}"))
    results.tables.append(shown)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for what, command in commands(Path(folder)).items():
            if what == TESTS and chosen.without_tests:
                continue
            run = measured([command], Path(folder))
            results.pace.append(pace())
            print(shown.add(what, run.wall, run.cpu), file=sys.stderr)
            if what in (DEMO, TESTS):
                results.ratios[f"{what}, s"] = run.wall
    lectures = [row for row in shown.rows if str(row[0]).startswith("lecture")]
    results.ratios["slowest lecture, CPU s"] = max(float(row[2] or 0) for row in lectures)
    print(f"\n{results.heading}\n\n{shown.markdown}")
    finished(results, chosen)


if __name__ == "__main__":
    main()
