"""How long a TA waits for the start of a run, and an author for `verify`, for every assignment.

Run it from the repository with `python benchmarks/starting.py`; it prints a table in Markdown. A
start is `autograder grade` of one untouched release, with two workers: for the first time in its
class, when the exam is drawn, and once more with `--force`, when what known answers came to is
kept. `verify` proves three exams, without such a cache and with it. Wall-clock seconds, and CPU
seconds of the whole tree of processes.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from pathlib import Path

from grading import REPO, SECRET, Run, measured, nothing_answered
from machine import machine

from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.classroom.class_folder import ClassFolder
from autograder.proving.simulate import write_class


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


def row(name: str) -> str:
    """Return an assignment's line of the table."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        runs = (*starts(name, Path(folder)), *proofs(name, Path(folder)))
    print(name, file=sys.stderr)
    return f"| {name} | {' | '.join(f'{run.wall:.1f} ({run.cpu:.1f})' for run in runs)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="assignments; all by default")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--machine", default=machine("nbgrader", "torch"))
    options = parser.parse_args()
    rows = [row(name) for name in options.names or Course.at(REPO).assignment_names()]
    print(f"\nSeconds on the wall (CPU), {options.date}, {options.machine}\n")
    print(
        "| assignment | first start | second | verify, 3 seeds | again |\n|---|---:|---:|---:|---:|"
    )
    print("\n".join(rows))


if __name__ == "__main__":
    main()
