"""Where the processor time of one submission goes, that of a run's start, and that of a proof.

Run it from the repository with `python benchmarks/profile_submission.py [ASSIGNMENT]`; it takes a
minute and prints tables in Markdown. The submissions are the untouched release, where all the time
is our own, and the reference. What is counted is processor time of the whole tree of processes, not
time on the wall; on a busy machine it is more all the same, so that two versions are compared by
turns. Each figure is the mean of `RUNS`.
"""

import datetime
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
import psutil
from machine import machine, versions
from nbformat import NotebookNode

from autograder.authoring.conventions import grade_id_of, role_of
from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.classroom.stage import stage
from autograder.judging.each_question import judge_all
from autograder.judging.exam import Exam, draw_exam
from autograder.proving.simulate import simulate
from autograder.proving.verify import known_findings
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode, execute
from autograder.sandbox.warm import WarmChild, WarmWorker

REPO = Path(__file__).resolve().parents[1]
NAME = "01_counting"
SECRET = "benchmark"
RUNS = 15
Table = dict[str, float]


def sandboxes(live: bool = False) -> float:
    """Return the processor seconds of all sandboxes' processes; of those alone that live, exactly.

    The kernel tells to the nanosecond of a process that lives, in steps of 10 ms with its children.
    """
    seconds = 0.0
    for process in psutil.Process().children(recursive=True):
        if live:
            stat = Path(f"/proc/{process.pid}/schedstat").read_text(encoding="ascii")
            seconds += int(stat.split()[0]) / 1e9
        else:
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def kind_of(cell: NotebookNode) -> str:
    """Return what a cell is to the grader."""
    if grade_id_of(cell) is None:
        return "cells: no question's"
    return f"cells: {role_of(cell) or 'solution'}"


def submission(notebook: NotebookNode, exam: Exam) -> Table:
    """Return the milliseconds of each part of running and judging a notebook, warm.

    The child's own start falls within its first cell, which is sent before it is there.
    """
    spent: Counter[str] = Counter()
    run_cell = WarmChild.run

    def run(child: WarmChild, index: int, cell: NotebookNode, *args: Any, **how: Any) -> Any:
        before = sandboxes(live=True)
        ending = run_cell(child, index, cell, *args, **how)
        spent[kind_of(cell)] += sandboxes(live=True) - before
        return ending

    execute(notebook, exam.inputs, Limits(), Mode.WARM)
    for _ in range(RUNS):
        begun = time.process_time()
        execution = execute(notebook, exam.inputs, Limits(), Mode.WARM)
        spent["program: run"] += time.process_time() - begun
        begun = time.process_time()
        judge_all(exam, execution)
        spent["program: judge"] += time.process_time() - begun
    before = sandboxes()
    with mock.patch.object(WarmChild, "run", run):
        for _ in range(RUNS):
            execute(notebook, exam.inputs, Limits(), Mode.WARM)
    spent["sandbox: all"] = sandboxes() - before
    cells = sum(seconds for what, seconds in spent.items() if what.startswith("cells"))
    spent["sandbox: beside cells"] = spent["sandbox: all"] - cells
    return {what: 1000 * seconds / RUNS for what, seconds in spent.items()}


def start(name: str) -> tuple[Table, Material, Exam]:
    """Return the milliseconds of each part of a run's start, the assignment, and the exam."""
    spent: Table = {}

    def timed(what: str, call: Callable[[], Any]) -> Any:
        begun = time.process_time()
        made = call()
        spent[what] = 1000 * (time.process_time() - begun)
        return made

    course = Course.at(REPO)
    material = timed("load the assignment", lambda: load_material(course.assignment(name)))
    exam = timed("draw the exam", lambda: draw_exam(material, SECRET))
    worker = WarmWorker(Limits())
    worker.wait()
    spent["start a sandbox"] = 1000 * sandboxes(live=True)
    worker.close()
    return spent, material, exam


def proof(material: Material) -> Table:
    """Return the milliseconds that `verify` takes for one exam, by question.

    An exam is drawn with known answers called anew, as the first time; known answers are judged.
    """
    spent: Table = {}
    for question in material.checked:
        alone = replace(material, checked=(question,), asserted=())
        begun = time.process_time()
        (exam,) = draw_exam(alone, SECRET).questions
        drawn = time.process_time()
        judged = list(known_findings(0, exam))
        spent[f"{question.name}: draw"] = 1000 * (drawn - begun)
        spent[f"{question.name}: judge {len(judged)} answers"] = 1000 * (
            time.process_time() - drawn
        )
    return spent


def show(title: str, table: Table) -> None:
    """Print a table, the largest first."""
    print(f"\n| {title} | ms CPU |\n|---|---:|")
    for what, milliseconds in sorted(table.items(), key=lambda part: -part[1]):
        print(f"| {what} | {milliseconds:.1f} |")


def main() -> None:
    """Print the tables."""
    name = sys.argv[1] if len(sys.argv) > 1 else NAME
    programs = ", ".join(f"{what} {version}" for what, version in versions("torch").items())
    print(f"{name}, {datetime.date.today()}, {machine()}, {programs}")
    parts, material, exam = start(name)
    show("a run's start", parts)
    for student in simulate(material, 2, seed=1):
        submitted = nbformat.reads(student.content, as_version=4)
        staged, _ = stage(submitted, material.derived, material.earlier)
        show(student.name.partition("-")[2], submission(staged, exam))
    show("a proof of one exam", proof(material))


if __name__ == "__main__":
    main()
