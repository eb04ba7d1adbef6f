"""The whole life of an assignment on a simulated class, compared with the truth."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from autograder import gradebook as books
from autograder.class_folder import ClassFolder
from autograder.course import Course
from autograder.engine.dispatch import local_executor
from autograder.engine.isolation import trusted_mode
from autograder.engine.limits import Limits
from autograder.engine.run import Mode
from autograder.grading import WITHOUT_SANDBOX, Graded, How, Session, grade
from autograder.material import Material, load_material
from autograder.release import check_release, write_release
from autograder.report import write_csv, write_summary
from autograder.simulate import (
    ClassExists,
    Simulated,
    is_simulated,
    mark_simulated,
    simulate,
    write_class,
)
from autograder.terminal import closing_table, with_progress

LIMITS = Limits(cell_seconds=10)
"""What a simulated submission may use: its endless loops need not be waited for as long."""


def run_demo(
    course: Course,
    folder: Path,
    students: int,
    seed: int,
    workers: int,
    console: Console,
    limits: Limits = LIMITS,
) -> bool:
    """Release, simulate, grade and report every assignment; return whether all scores are true.

    Parameters
    ----------
    course
        Whose assignments.
    folder
        Made anew: a class folder, with the released assignments beside it.
    students
        How many, for each assignment.
    seed
        Of the simulated class, and of its exam.
    workers
        How many notebooks run at the same time.
    console
        Where to say what happens.
    limits
        What one submission may use.

    Raises
    ------
    ClassExists
        The folder holds something else than an earlier demonstration. Nothing has been touched.
    """
    started = time.monotonic()
    class_folder = ClassFolder(folder / "class")
    _make_anew(folder, class_folder)
    class_folder.set_secret(hashlib.sha256(f"demo {seed}".encode()).hexdigest())
    how = How(trusted_mode(), limits)
    if how.mode is Mode.OPEN:
        console.rule("[bold yellow]no sandbox on this machine")
        console.print(
            "The demonstration runs its own students' code without one. Real submissions are not "
            "graded like this: see autograder doctor."
        )
    all_true = True
    for name in course.assignment_names():
        material = load_material(course.assignment(name))
        check_release(material)
        released = write_release(material, folder / "assignments")
        console.print(f"[bold]{name}[/] released through nbgrader", highlight=False)
        console.print(f"  {released}", soft_wrap=True, highlight=False, markup=False)
        simulated = simulate(material, students, seed)
        write_class(class_folder, material, simulated)
        console.print(f"{len(simulated)} simulated students have submitted")
        session = Session.of(material, class_folder)
        names = [each.name for each in simulated]
        with local_executor(workers) as (executor, at_once):
            graded = grade(session, names, executor, at_once, how)
            results = with_progress(graded, len(names), console)
        console.print(closing_table(material, results, said=(WITHOUT_SANDBOX,)))
        write_csv(class_folder.report_path(name, ".csv"), material, results)
        write_summary(class_folder.report_path(name, ".html"), material, results)
        all_true &= _compare(material, simulated, results, class_folder, console)
    for what, where in (
        ("class report", class_folder.path / "reports"),
        ("feedback pages", class_folder.path / "feedback"),
        ("gradebook", class_folder.gradebook_path),
    ):
        console.print(f"{what:15} {where}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"{time.monotonic() - started:.0f} s on {workers} workers")
    return all_true


def _make_anew(folder: Path, class_folder: ClassFolder) -> None:
    taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if taken and not is_simulated(class_folder):
        raise ClassExists(
            f"{folder} holds something else than an earlier demonstration, and would be replaced. "
            "Name another folder: --folder, or delete it yourself"
        )
    shutil.rmtree(folder, ignore_errors=True)
    mark_simulated(class_folder)


def _compare(
    material: Material,
    simulated: Sequence[Simulated],
    results: Sequence[Graded],
    class_folder: ClassFolder,
    console: Console,
) -> bool:
    """Say where given scores differ from true ones, in the verdicts or in the gradebook."""
    given = {graded.student: graded for graded in results}
    recorded = books.scores(class_folder, material.assignment.name)
    wrong = 0
    for student in simulated:
        verdicts = {v.question: v.points for v in given[student.name].verdicts}
        if verdicts != dict(student.points) or recorded.get(student.name) != student.total:
            wrong += 1
            console.print(
                f"[red]{escape(student.name)}: true {dict(student.points)}, given {verdicts}, "
                f"in the gradebook {recorded.get(student.name)}[/]"
            )
    if wrong:
        console.print(f"[bold red]{wrong} of {len(simulated)} scores are not the true ones[/]")
    else:
        console.print(
            f"[green]all {len(simulated)} scores equal the true ones, question by question, in the "
            "verdicts and in the gradebook[/]"
        )
    return wrong == 0
