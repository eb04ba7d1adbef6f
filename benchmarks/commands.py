"""How long people wait for whole commands: the demonstration, the tests, each lecture.

Run it from the repository with `python benchmarks/commands.py`, after `make .venv/dev`; it takes a
quarter of an hour on two cores and prints a table in Markdown. Wall-clock seconds, and CPU seconds
of the whole tree of processes. `make test` is measured as it is, lint and types included. With
`--ci` it is `.ci/run` that is measured, alone: all tests, which takes most of an hour.
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

DEMO, TESTS, CI = "make demo", "make test", ".ci/run"


def commands(where: Path) -> dict[str, list[str]]:
    """Return what is run, by what it is called."""
    convert = ["jupyter", "nbconvert", "--to", "notebook", "--execute", "--output-dir", str(where)]
    lectures = sorted(Course.at(REPO).lectures.glob("*.ipynb"))
    return {
        DEMO: ["autograder", "demo", "--folder", str(where / "demo"), "--course", str(REPO)],
        **{f"lecture {path.stem}": [*convert, str(path)] for path in lectures},
        TESTS: ["make", "-C", str(REPO), "test"],
        CI: [str(REPO / ".ci" / "run")],
    }


def is_chosen(what: str, chosen: argparse.Namespace) -> bool:
    """Return whether a command is to be measured."""
    if chosen.ci:
        return what == CI
    return what != CI and not (what == TESTS and chosen.without_tests)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--without-tests", action="store_true")
    parser.add_argument("--ci", action="store_true", help="measure .ci/run, and nothing else")
    options(parser)
    chosen = parser.parse_args()
    results = begun("commands-ci" if chosen.ci else "commands", chosen, "numpy", "torch")
    shown = table("command", ("wall s", "{:.0f}"), ("CPU s", "{:.0f}"))
    results.tables.append(shown)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for what, command in commands(Path(folder)).items():
            if not is_chosen(what, chosen):
                continue
            run = measured([command], Path(folder))
            results.pace.append(pace())
            print(shown.add(what, run.wall, run.cpu), file=sys.stderr)
            if what in (DEMO, TESTS, CI):
                results.ratios[f"{what}, s"] = run.wall
    if lectures := [row for row in shown.rows if str(row[0]).startswith("lecture")]:
        results.ratios["slowest lecture, CPU s"] = max(float(row[2] or 0) for row in lectures)
    print(f"\n{results.heading}\n\n{shown.markdown}")
    finished(results, chosen)


if __name__ == "__main__":
    main()
