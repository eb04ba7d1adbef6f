"""Where the time of a grading run goes: its start, and what is done outside with each submission.

Run it from the repository with `python benchmarks/grading_parts.py`; it takes a minute and prints a
table in Markdown. The class is that of `benchmarks/grading.py`. The parts of the start do not
follow each other in a run: sandboxes start while the rest is done.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from grading import NAME, REPO, SECRET, grade_ours, ordinary_class, replayed
from tables import begun, finished, options, table

from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.classroom import gathering, gradebook, grading, recording
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.scoring import ScoreWriter
from autograder.judging.exam import draw_exam
from autograder.sandbox.limits import Limits
from autograder.sandbox.warm import WarmWorker

PARTS = (
    (gathering, "read_evidence"),
    (recording, "judge_with_practice"),
    (recording, "with_scores"),
    (ScoreWriter, "write"),
    (recording, "write_result"),
    (recording, "write_practice"),
    (recording, "write_feedback"),
    (grading, "write_atomically"),
)
STUDENTS, REPLAYED = 12, 300


def start(material: Material) -> dict[str, float]:
    """Return the seconds on the wall of each part of a run's start."""

    def timed(call: Callable[[], object]) -> float:
        begun = time.perf_counter()
        call()
        return time.perf_counter() - begun

    def start_a_sandbox() -> None:
        worker = WarmWorker(Limits())
        worker.wait()
        worker.close()

    def import_(module: str) -> None:
        code = f"import sys; sys.modules['rfc3987_syntax'] = None; import autograder.{module}"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=REPO)

    course = Course.at(REPO)
    materials = [load_material(course.assignment(name)) for name in course.assignment_names()]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as where:
        folder = ClassFolder(Path(where))
        return {
            "import what starts sandboxes": timed(lambda: import_("cli.app")),
            "import the whole program": timed(lambda: import_("cli.commands")),
            "start one sandbox": timed(start_a_sandbox),
            "make a gradebook": timed(lambda: gradebook.ensure_assignment(folder, material)),
        } | {
            f"draw the exam of {each.assignment.name}": timed(partial(draw_exam, each, SECRET))
            for each in materials
        }


def settling(material: Material) -> tuple[dict[str, float], float]:
    """Return the seconds of each part of judging and recording one new student, and of all."""
    spent: Counter[str] = Counter()

    def watched(module: Any, name: str) -> Any:
        function = getattr(module, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[name] += time.perf_counter() - begun

        return mock.patch.object(module, name, call)

    with tempfile.TemporaryDirectory(prefix="benchmark-") as where:
        grade_ours(2, material, ordinary_class(material, STUDENTS), Path(where))
        session, names = replayed(material, REPLAYED, Path(where))
        patches = [watched(module, name) for module, name in PARTS]
        for patch in patches:
            patch.start()
        begun = time.perf_counter()
        for graded in grading.rejudge(session, names):
            assert graded.failure is None, graded.failure
        whole = time.perf_counter() - begun
        for patch in patches:
            patch.stop()
    return {name: seconds / REPLAYED for name, seconds in spent.items()}, whole / REPLAYED


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options(parser)
    chosen = parser.parse_args()
    material = load_material(Course.at(REPO).assignment(NAME))
    results = begun("grading_parts", chosen, "nbgrader", "torch")
    results.about = f"{NAME}. On the wall."
    of_start = table("part of a run's start", ("s", "{:.2f}"))
    for what, seconds in start(material).items():
        of_start.add(what, seconds)
    parts, whole = settling(material)
    of_student = table(f"of one new student, {REPLAYED} replayed", ("ms", "{:.1f}"))
    for what, seconds in sorted(parts.items(), key=lambda part: -part[1]):
        of_student.add(what, 1000 * seconds)
    of_student.add("all", 1000 * whole)
    results.tables += [of_start, of_student]
    print(results.markdown)
    finished(results, chosen)


if __name__ == "__main__":
    main()
