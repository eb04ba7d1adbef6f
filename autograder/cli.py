"""The commands that staff type. Each is a few lines: the work is done elsewhere."""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from autograder import gradebook as books
from autograder import pairs
from autograder.authoring import new_question
from autograder.class_folder import ClassFolder, one_run
from autograder.course import Assignment, Course
from autograder.demo import run_demo
from autograder.doctor import examine
from autograder.engine.cluster import cluster_executor
from autograder.engine.dispatch import local_executor, start_sandboxes
from autograder.engine.isolation import safe_mode
from autograder.engine.run import Mode
from autograder.errors import CourseError
from autograder.grading import Graded, How, Session, grade, rejudge
from autograder.material import Material, load_material
from autograder.release import check_release, write_release
from autograder.report import write_csv, write_summary
from autograder.simulate import simulate, write_class
from autograder.terminal import closing_table, proof_table, symptom_table, with_progress
from autograder.verify import verify

app = typer.Typer(
    help="Release, grade and report the assignments of Next Word.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
complaints = Console(stderr=True)

CourseOption = Annotated[Path, typer.Option("--course", help="The course's folder.")]
ClassOption = Annotated[
    Path, typer.Option("--class", help="The class folder.", envvar="NEXTWORD_CLASS")
]
AssignmentName = Annotated[str, typer.Argument(help="An assignment, such as 01_counting.")]
StudentOption = Annotated[
    list[str] | None, typer.Option("--student", help="Only this one; may be given again.")
]
QuestionOption = Annotated[
    str | None, typer.Option("--question", help="Execute and judge only this one.")
]
WorkersOption = Annotated[int, typer.Option(min=1, help="Notebooks run at the same time.")]
HERE, CLASS = Path(), Path("class")
CORES = os.cpu_count() or 1


class Side(StrEnum):
    """Which half of a pair wins."""

    newer = "newer"
    text = "text"
    notebook = "notebook"


_SIDES = {
    Side.newer: None,
    Side.text: pairs.Step.FROM_TEXT,
    Side.notebook: pairs.Step.FROM_NOTEBOOK,
}


def run() -> None:
    """Run the command line; a `CourseError` is shown as words and exits with 1."""
    try:
        app()
    except CourseError as error:
        complaints.print(f"[bold red]autograder:[/] {escape(str(error))}", highlight=False)
        sys.exit(1)


def _assignments(course: Path, name: str | None) -> list[Assignment]:
    found = Course.at(course)
    return [found.assignment(each) for each in ([name] if name else found.assignment_names())]


def _material(course: Path, name: str) -> Material:
    return load_material(Course.at(course).assignment(name))


@app.command()
def sync(
    path: Annotated[
        Path | None, typer.Argument(help="Either half of a pair; all pairs without it.")
    ] = None,
    side: Annotated[Side, typer.Option("--from", help="Which half wins.")] = Side.newer,
    course: CourseOption = HERE,
) -> None:
    """Bring notebooks and their texts into step, and strip outputs."""
    found = [path.with_suffix(".py")] if path else list(pairs.pairs(Course.at(course)))
    for text_path in found:
        if not text_path.exists() and not text_path.with_suffix(".ipynb").exists():
            raise pairs.PairOutOfStep(f"{text_path}: neither the text nor the notebook exists")
        _say(f"{text_path}: {pairs.sync(text_path, _SIDES[side]).value}")


@app.command("new-question")
def new_question_command(
    name: Annotated[str, typer.Argument(help="The function that students will write.")],
    points: Annotated[float, typer.Option(help="What it is worth.")],
    assignment: Annotated[
        str, typer.Option(help="Where it goes; needed if there are several.")
    ] = "",
    course: CourseOption = HERE,
) -> None:
    """Write a question's cells, its check and a misconception as working stubs."""
    candidates = _assignments(course, assignment or None)
    if len(candidates) != 1:
        raise typer.BadParameter("name the assignment: --assignment 01_counting")
    text_path, check_path = new_question(candidates[0], name, points)
    _say(
        f"Now edit:\n  {text_path}\n  {check_path}\nthen: autograder sync, "
        f"autograder release {candidates[0].name}, autograder verify {candidates[0].name}"
    )


@app.command()
def release(
    name: Annotated[str | None, typer.Argument(help="An assignment; all without it.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only see that it is current.")] = False,
    course: CourseOption = HERE,
) -> None:
    """Make the student version in assignments/, through nbgrader, and look for leaks."""
    for assignment in _assignments(course, name):
        material = load_material(assignment)
        if check:
            check_release(material)
            _say(f"{assignment.release_path}: current")
        else:
            _say(f"{write_release(material)}: written")


@app.command("verify")
def verify_command(
    name: AssignmentName,
    seeds: Annotated[int, typer.Option(min=1, help="How many exams are drawn.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the proof as JSON.")] = False,
    workers: WorkersOption = CORES,
    course: CourseOption = HERE,
) -> None:
    """Prove that grading is fair: reference full, release none, wrong ways lose, right ways win."""
    proof = verify(_material(course, name), seeds, workers)
    if as_json:
        print(json.dumps(proof.as_data(), indent=1))
    else:
        console.print(proof_table(proof))
        for words in proof.unstable:
            console.print(f"[red]differs between seeds:[/] {escape(words)}")
        console.print("fair" if proof.fair else "[bold red]NOT FAIR[/]")
    if not proof.fair:
        raise typer.Exit(1)


@app.command("simulate")
def simulate_command(
    name: AssignmentName,
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the mixture.")] = 0,
    class_path: ClassOption = CLASS,
    course: CourseOption = HERE,
) -> None:
    """Write a class of submissions whose true scores are known."""
    material = _material(course, name)
    simulated = simulate(material, students, seed)
    write_class(ClassFolder(class_path.resolve()), material, simulated)
    for student in simulated:
        _say(f"{student.total:4g}  {student.name}")
    _say(f"{len(simulated)} submissions in {class_path}/submitted, true scores above")


@app.command("grade")
def grade_command(
    name: AssignmentName,
    student: StudentOption = None,
    question: QuestionOption = None,
    workers: WorkersOption = CORES,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, tcp://host:port, to run notebooks on.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Also what has not changed.")] = False,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run code that you trust; marks the results.")
    ] = False,
    class_path: ClassOption = CLASS,
    course: CourseOption = HERE,
) -> None:
    """Grade a class: run every submission, judge it, record the scores, write feedback."""
    material = _material(course, name)
    _known_question(material, question)
    class_folder = ClassFolder(class_path.resolve())
    students = _students(class_folder, name, student)
    mode = Mode.OPEN if no_sandbox else Mode.WARM if scheduler else safe_mode()
    executor = cluster_executor(scheduler) if scheduler else local_executor(workers)
    with one_run(class_folder), executor as (running, at_once):
        how = How(mode, force=force, question=question)
        if not scheduler:
            start_sandboxes(running, at_once, how.limits, mode)
        books.back_up(class_folder)
        session = Session.of(material, class_folder)
        graded = grade(session, students, running, at_once, how)
        results = with_progress(graded, len(students), complaints)
        _close(session, results, whole_class=not student)


@app.command("rejudge")
def rejudge_command(
    name: AssignmentName,
    student: StudentOption = None,
    class_path: ClassOption = CLASS,
    course: CourseOption = HERE,
) -> None:
    """Judge a class again from the evidence kept, without running any student's code."""
    material = _material(course, name)
    class_folder = ClassFolder(class_path.resolve())
    students = _students(class_folder, name, student)
    with one_run(class_folder):
        books.back_up(class_folder)
        session = Session.of(material, class_folder)
        results = with_progress(rejudge(session, students), len(students), complaints)
        _close(session, results, whole_class=not student)


@app.command()
def doctor(workers: WorkersOption = CORES, class_path: ClassOption = CLASS) -> None:
    """Say what this machine offers for grading, and what to do about each lack."""
    symptoms = list(examine(ClassFolder(class_path.resolve()), workers))
    console.print(symptom_table(symptoms))
    if any(symptom.serious for symptom in symptoms):
        raise typer.Exit(1)


@app.command()
def demo(
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the class and of its exam.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where to; made anew.")] = Path("demo"),
    workers: WorkersOption = CORES,
    course: CourseOption = HERE,
) -> None:
    """Release, simulate, grade and report a class, and compare with its true scores."""
    if not run_demo(Course.at(course), folder.resolve(), students, seed, workers, console):
        raise typer.Exit(1)


def _say(words: str) -> None:
    """Print words as they are: a path may hold brackets, and is copied from one line."""
    console.print(words, markup=False, highlight=False, soft_wrap=True)


def _known_question(material: Material, question: str | None) -> None:
    names = [kit.name for kit in material.kits]
    if question is not None and question not in names:
        raise typer.BadParameter(f"no question {question!r}; there are {', '.join(names)}")


def _students(class_folder: ClassFolder, name: str, wanted: list[str] | None) -> list[str]:
    if wanted:
        return [class_folder.student(name, each) for each in wanted]
    return class_folder.students(name)


def _close(session: Session, results: list[Graded], whole_class: bool) -> None:
    """Print the closing table, write the reports, and fail if someone could not be graded."""
    console.print(closing_table(session.material, results))
    folder = session.class_folder
    if whole_class:
        write_csv(folder.report_path(session.name, ".csv"), session.material, results)
        write_summary(folder.report_path(session.name, ".html"), session.material, results)
        _say(f"reports   {folder.report_path(session.name, '.html')} and .csv")
    _say(f"feedback  {folder.path}/feedback/<student>/{session.name}/")
    reused = sum(graded.reused for graded in results)
    if reused:
        console.print(f"{reused} of {len(results)} had not changed and were judged from evidence")
    failed = [graded.student for graded in results if graded.failure]
    if failed:
        complaints.print(f"[bold red]not graded:[/] {escape(', '.join(sorted(failed)))}")
        raise typer.Exit(1)
