"""How long a TA waits for the start of a run, and an author for `verify`, for every assignment.

Run it from the repository with `python benchmarks/starting.py`; it prints a table in Markdown. A
start is `autograder grade` of one untouched release, with two workers: for the first time in its
class, when the exam is drawn, and once more with `--force`, when what known answers came to is
kept. `verify` proves three exams, without such a cache and with it. Wall-clock seconds, and CPU
seconds of the whole tree of processes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from grading import REPO, SECRET, Run, measured, nothing_answered
from tables import begun, finished, options, table

from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.classroom.class_folder import ClassFolder
from autograder.proving.simulate import write_class
from publishing.pace import pace

MAIN = ("first start", "second", "verify, 3 seeds")
"""Of these the slowest assignment is kept in the history."""


def starts(name: str, where: Path) -> tuple[Run, Run]:
    """Return what the first start in a class costs, and the second."""
    material = load_material(Course.at(REPO).assignment(name))
    folder = ClassFolder(where / "class")
    folder.set_secret(SECRET)
    write_class(folder, material, nothing_answered(material, 1))
    command = ["autograder", "grade", name, "--course", str(REPO), "--class", str(folder.path)]
    return measured([command], where), measured([[*command, "--force"]], where)


def proofs(name: str, where: Path) -> tuple[Run, Run]:
    """Return what proving three exams costs where nothing is kept, and the next time."""
    command = ["autograder", "verify", name, "--seeds", "3", "--course", str(REPO)]
    caches = {"XDG_CACHE_HOME": str(where / "cache")}
    return measured([command], where, **caches), measured([command], where, **caches)


def costs(name: str) -> list[float]:
    """Return seconds on the wall and CPU seconds of both starts and of both proofs."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        runs = (*starts(name, Path(folder)), *proofs(name, Path(folder)))
    print(name, file=sys.stderr)
    return [seconds for run in runs for seconds in (run.wall, run.cpu)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="assignments; all by default")
    options(parser)
    chosen = parser.parse_args()
    results = begun("starting", chosen, "nbgrader", "torch")
    results.about = "Seconds on the wall, and of the processor, all processes together."
    what = (*MAIN, "again")
    columns = [column for each in what for column in ((each, "{:.1f}"), ("CPU", "{:.1f}"))]
    shown = table("assignment", *columns)
    results.tables.append(shown)
    for name in chosen.names or Course.at(REPO).assignment_names():
        shown.add(name, *costs(name))
        results.pace.append(pace())
    print(f"\n{results.heading}\n\n{shown.markdown}")
    for start in MAIN:
        place = [column.title for column in shown.columns].index(start)
        slowest = max(float(row[place] or 0) for row in shown.rows)
        results.ratios[f"{start}, slowest assignment, s"] = slowest
    finished(results, chosen)


if __name__ == "__main__":
    main()
