"""The whole life of an assignment on a simulated class, compared with the truth."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.authoring.release import check_release, write_release
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.class_reports import write_reports
from autograder.classroom.gathering import WITHOUT_SANDBOX, RunOptions
from autograder.classroom.grading import grade
from autograder.classroom.marks_log import log_path
from autograder.classroom.practice_notebook import practice_path
from autograder.classroom.receipt import receipt_paths
from autograder.classroom.recording import Graded
from autograder.classroom.session import Session
from autograder.cli.ahead import ExamsAhead, exams_ahead
from autograder.cli.terminal import closing_table, counted, with_progress
from autograder.proving.manifest import Manifest
from autograder.proving.simulate import Simulated, simulate, simulation, write_class
from autograder.sandbox.dispatch import local_executor, start_sandboxes
from autograder.sandbox.isolation import trusted_mode
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode

LIMITS = Limits(cell_seconds=4)
"""What a simulated submission may use: its endless loops need not be waited for as long.

With 1 s all scores were true as well, on a machine with nothing else to do.
"""


def run_demo(
    course: Course,
    folder: Path,
    students: int,
    seed: int,
    workers: int,
    console: Console,
    names: Sequence[str] = (),
) -> bool:
    """Release, simulate, grade and report assignments; return whether all scores are true.

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
    names
        Of the assignments; none means all of the course.

    Raises
    ------
    ForeignFiles
        The folder holds something else than an earlier demonstration. Nothing has been touched.
    """
    started = time.monotonic()
    class_folder = ClassFolder(folder / "class")
    _make_anew(folder)
    class_folder.set_secret(hashlib.sha256(f"demo {seed}".encode()).hexdigest())
    options = RunOptions(trusted_mode(), LIMITS)
    if options.mode is Mode.OPEN:
        console.rule("[bold yellow]no sandbox on this machine")
        console.print(
            "The demonstration runs its own students' code without one. Real submissions are not "
            "graded like this: see autograder doctor."
        )
    names = names or course.assignment_names()
    all_true = True
    with (
        local_executor(workers) as (executor, at_once),
        exams_ahead(course, names, class_folder.secret()) as ahead,
    ):
        start_sandboxes(executor, at_once, LIMITS, options.mode)()
        for name in names:
            material = load_material(course.assignment(name))
            simulated = simulate(material, students, seed)
            try:
                session = _submitted(material, folder, simulated, ahead, console)
                graded = grade(session, [s.name for s in simulated], executor, at_once, options)
                results = _reported(session, graded, console)
            finally:  # also where it is interrupted, so that the next one may replace it
                _demonstration(folder).add(_written(folder, material, simulated))
            all_true &= _compare(material, simulated, results, class_folder, console)
    for what, where in (
        ("class report", class_folder.path / "reports"),
        ("feedback pages", class_folder.path / "feedback"),
        ("gradebook", class_folder.gradebook_path),
    ):
        console.print(f"{what:15} {where}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"{time.monotonic() - started:.0f} s on {workers} workers")
    return all_true


def _submitted(
    material: Material,
    folder: Path,
    simulated: list[Simulated],
    ahead: ExamsAhead,
    console: Console,
) -> Session:
    """Release an assignment and let the class submit."""
    name = material.assignment.name
    class_folder = ClassFolder(folder / "class")
    check_release(material)
    released = write_release(material, folder / "assignments")
    console.print(f"[bold]{name}[/] released through nbgrader", highlight=False)
    console.print(f"  {released}", soft_wrap=True, highlight=False, markup=False)
    write_class(class_folder, material, simulated)
    console.print(f"submitted by {counted(len(simulated), 'simulated student')}")
    return Session.of(material, class_folder, exam=ahead.of(material))


def _reported(session: Session, graded: Iterator[Graded], console: Console) -> list[Graded]:
    """Return a class's results, as they are graded, and report them."""
    students = len(session.class_folder.students(session.name))
    results = with_progress(graded, students, console)
    console.print(closing_table(session.material, results, said=(WITHOUT_SANDBOX,)))
    write_reports(session, results)
    return results


def _make_anew(folder: Path) -> None:
    """Remove an earlier demonstration, and nothing else."""
    manifest = _demonstration(folder)
    manifest.refuse_foreign(
        folder, "Name another folder: --folder, or look through this one and delete it yourself"
    )
    manifest.remove()


def _demonstration(folder: Path) -> Manifest:
    """Return the list of all that a demonstration wrote."""
    return Manifest(folder / "demonstration.json")


def _written(folder: Path, material: Material, simulated: Sequence[Simulated]) -> list[Path]:
    """Return where a demonstration of an assignment may have written something."""
    class_folder, assignment = ClassFolder(folder / "class"), material.assignment
    name, notebook = assignment.name, assignment.notebook_name
    paths = [
        folder / "assignments" / name / f"{notebook}.ipynb",
        class_folder.gradebook_path,
        class_folder.secret_path,
        log_path(class_folder),
        simulation(class_folder).path,
        class_folder.report_path(name, ".csv"),
        class_folder.report_path(name, ".html"),
    ]
    for student in (each.name for each in simulated):
        feedback = class_folder.feedback_path(name, student, notebook)
        paths += [
            class_folder.submitted(name, student) / f"{notebook}.ipynb",
            class_folder.evidence_path(name, student),
            class_folder.verdict_path(name, student),
            class_folder.autograded_path(name, student, notebook),
            *receipt_paths(class_folder.autograded_path(name, student, notebook).parent),
            feedback,
            practice_path(feedback, notebook),
        ]
    return paths


def _compare(
    material: Material,
    simulated: Sequence[Simulated],
    results: Sequence[Graded],
    class_folder: ClassFolder,
    console: Console,
) -> bool:
    """Say where given scores differ from true ones, in the verdicts or in the gradebook."""
    given = {graded.student: graded for graded in results}
    recorded = gradebook.scores(class_folder, material.assignment.name)
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
