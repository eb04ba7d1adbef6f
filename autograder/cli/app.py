"""The commands that staff type: their names, arguments and options. What they do is in `commands`.

`commands` takes a second to import, so it is imported when a command has been understood: help and
complaints come at once, and sandboxes start while it is imported.
"""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from autograder.authoring.course import Course
from autograder.authoring.plain import plain_text
from autograder.classroom.class_folder import ClassFolder, one_run
from autograder.errors import CourseError
from autograder.sandbox.cluster import cluster_executor
from autograder.sandbox.dispatch import local_executor, start_sandboxes
from autograder.sandbox.isolation import safe_mode
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode

app = typer.Typer(
    help="Release, grade and report the assignments of a course of notebooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

CourseOption = Annotated[Path, typer.Option("--course", help="The course's folder.")]
ClassOption = Annotated[
    Path, typer.Option("--class", help="The class folder.", envvar="NEXTWORD_CLASS")
]
ClassOrCourseOption = Annotated[
    Path | None,
    typer.Option(
        "--class",
        help="The class folder: class/, or the course's own where nbgrader made it.",
        envvar="NEXTWORD_CLASS",
    ),
]
AssignmentName = Annotated[str, typer.Argument(help="An assignment, such as 01_counting.")]
StudentOption = Annotated[
    list[str] | None, typer.Option("--student", help="Only this one; may be given again.")
]
QuestionOption = Annotated[
    str | None, typer.Option("--question", help="Execute and judge only this one.")
]
WorkersOption = Annotated[int, typer.Option(min=1, help="Notebooks run at the same time.")]
NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Call known answers anew; neither use nor keep theirs.")
]
HERE, CLASS = Path(), Path("class")
CORES = os.cpu_count() or 1


class Side(StrEnum):
    """Which half of a pair wins."""

    newer = "newer"
    text = "text"
    notebook = "notebook"


class Platform(StrEnum):
    """Who named the files of submissions."""

    canvas = "canvas"
    moodle = "moodle"
    gradescope = "gradescope"
    exchange = "exchange"
    folder = "folder"


class Program(StrEnum):
    """For whom marks are written."""

    csv = "csv"
    canvas = "canvas"
    moodle = "moodle"
    moodle_gradebook = "moodle-gradebook"
    gradescope = "gradescope"


_FORMATS = "csv, canvas, moodle, moodle-gradebook or gradescope."


def run() -> None:
    """Run the command line; a `CourseError` is shown as words and exits with 1."""
    try:
        app()
    except CourseError as error:
        complaints = Console(stderr=True)
        words = escape(plain_text(str(error), kept="\n"))
        complaints.print(f"[bold red]autograder:[/] {words}", highlight=False)
        sys.exit(1)


def _commands() -> ModuleType:
    from autograder.cli import commands

    return commands


def _class_folder(class_path: Path | None, course: Course) -> ClassFolder:
    """Return the class that is meant: nbgrader has submissions in the course's own folder."""
    return ClassFolder((class_path or (course.root if course.is_nbgraders else CLASS)).resolve())


def _students(class_folder: ClassFolder, name: str, wanted: list[str] | None) -> list[str]:
    if wanted:
        return [class_folder.student(name, each) for each in wanted]
    return class_folder.students(name)


def _exit(well: bool) -> None:
    if not well:
        raise typer.Exit(1)


def _end_at_once() -> NoReturn:
    """End a run that was interrupted, without waiting for the notebooks that are being run.

    Their sandboxes and the lock on the class end with this process; the next run removes what they
    leave.
    """
    Console(stderr=True).print("Stopped. What is done is kept: run this again, and it goes on.")
    os._exit(130)


@app.callback()
def before(
    context: typer.Context,
    course: Annotated[
        Path | None, typer.Option("--course", help="The course's folder; also behind the command.")
    ] = None,
) -> None:
    """Take a course that is named before the command as if it stood behind it."""
    if course is not None and context.invoked_subcommand is not None:
        context.default_map = {context.invoked_subcommand: {"course": str(course)}}


@app.command()
def sync(
    path: Annotated[
        Path | None, typer.Argument(help="Either half of a pair; all pairs without it.")
    ] = None,
    side: Annotated[Side, typer.Option("--from", help="Which half wins.")] = Side.newer,
    course: CourseOption = HERE,
) -> None:
    """Bring notebooks and their texts into step, and strip outputs."""
    _commands().sync(course, path, side.value)


@app.command("new-course")
def new_course(
    folder: Annotated[Path, typer.Argument(help="Where to: a new or an empty folder.")],
) -> None:
    """Write a small course of your own to begin with: a lecture, two questions, their checks."""
    _commands().write_course(folder)


@app.command("new-question")
def new_question(
    name: Annotated[str, typer.Argument(help="The function that students will write.")],
    points: Annotated[float, typer.Option(help="What it is worth.")],
    assignment: Annotated[
        str, typer.Option(help="Where it goes; needed if there are several.")
    ] = "",
    course: CourseOption = HERE,
) -> None:
    """Write a question's cells, its check and a misconception as working stubs."""
    _commands().add_question(course, assignment or None, name, points)


@app.command()
def release(
    name: Annotated[str | None, typer.Argument(help="An assignment; all without it.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only see that it is current.")] = False,
    course: CourseOption = HERE,
) -> None:
    """Make the student version in assignments/, through nbgrader, and look for leaks."""
    _commands().release(course, name, check)


@app.command()
def verify(
    name: AssignmentName,
    seeds: Annotated[int, typer.Option(min=1, help="How many exams are drawn.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print the proof as JSON.")] = False,
    rules: Annotated[
        bool, typer.Option("--rules", help="Print which cases show each rule of a statement.")
    ] = False,
    workers: WorkersOption = CORES,
    no_cache: NoCacheOption = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Change right answers in every small way instead.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="With --mutants: so many of each question, not all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sample.")] = 0,
    question: Annotated[
        str | None, typer.Option(help="With --mutants: this question only, not all.")
    ] = None,
    course: CourseOption = HERE,
) -> None:
    """Prove that grading is fair: reference full, release none, wrong ways lose, right ways win.

    And that each rule of a statement has a case in every exam, where the check quotes it.

    With --mutants: that no small change of a right answer keeps its points, unless the check says
    why it may.
    """
    commands = _commands()
    if mutants:
        drawing = commands.MutantOptions(seeds, workers, sample, seed, not no_cache, question)
        _exit(commands.prove_by_mutants(course, name, drawing, as_json))
    else:
        _exit(commands.prove(course, name, seeds, as_json, workers, not no_cache, rules))


@app.command()
def simulate(
    name: AssignmentName,
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the mixture.")] = 0,
    class_path: ClassOption = CLASS,
    course: CourseOption = HERE,
) -> None:
    """Write a class of submissions whose true scores are known."""
    _commands().simulate_class(course, class_path, name, students, seed)


@app.command(epilog="Example: autograder roster ~/Downloads/canvas-grades.csv")
def roster(
    file: Annotated[
        Path | None, typer.Argument(help="A CSV of Canvas, Moodle or Gradescope.")
    ] = None,
    name_by: Annotated[
        str | None, typer.Option(help="The column that names a student's folders.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the roster as JSON.")] = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Say who is in the class, from a platform's CSV or by hand, and who has submitted what."""
    from autograder.cli import roster as command

    here = Course.at(course)
    class_folder = _class_folder(class_path, here)
    with one_run(class_folder):
        if file is not None:
            command.bring(class_folder, file, name_by)
        command.show(class_folder, here, as_json)


@app.command(epilog="Example: autograder collect 01_counting ~/Downloads/*_submissions.zip")
def collect(
    name: AssignmentName,
    sources: Annotated[
        list[Path],
        typer.Argument(help="Zip files of Canvas, Moodle or Gradescope, folders, the exchange."),
    ],
    worksheet: Annotated[
        Path | None,
        typer.Option(help="Moodle's grading worksheet: who the numbers are, and when they came."),
    ] = None,
    scheme: Annotated[
        Platform | None, typer.Option("--from", help="Who named the files, if it is not seen.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Lay submissions into the class folder: the newest of each student, older ones aside."""
    from autograder.cli import collect as command

    assignment = Course.at(course).assignment(name)
    class_folder = _class_folder(class_path, assignment.course)
    kind = None if scheme is None else scheme.value
    with one_run(class_folder):
        _exit(command.collect(class_folder, assignment, sources, kind, worksheet, as_json))


@app.command()
def grade(
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
    no_cache: NoCacheOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Grade a class: run every submission, judge it, record the scores, write feedback."""
    assignment = Course.at(course).assignment(name)
    class_folder = _class_folder(class_path, assignment.course)
    students = _students(class_folder, name, student)
    mode = Mode.OPEN if no_sandbox else Mode.WARM if scheduler else safe_mode()
    executor = cluster_executor(scheduler) if scheduler else local_executor(workers)
    limits = Limits()
    with one_run(class_folder), executor as (running, at_once):
        if not scheduler:
            start_sandboxes(running, min(at_once, len(students)), limits, mode)
        commands = _commands()
        options = commands.RunOptions(mode, limits, force, question, not no_cache)
        selection = commands.Selection(assignment, class_folder, students, bool(student))
        try:
            _exit(commands.grade_selected(selection, running, at_once, options))
        except KeyboardInterrupt:
            if scheduler or no_sandbox:
                raise  # what runs there would go on without this process
            _end_at_once()


@app.command()
def rejudge(
    name: AssignmentName,
    student: StudentOption = None,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Judge a class again from the evidence kept, without running any student's code."""
    assignment = Course.at(course).assignment(name)
    class_folder = _class_folder(class_path, assignment.course)
    students = _students(class_folder, name, student)
    with one_run(class_folder):
        commands = _commands()
        selection = commands.Selection(assignment, class_folder, students, bool(student))
        _exit(commands.rejudge_selected(selection))


@app.command(epilog="Example: autograder export 01_counting canvas ~/Downloads/grades.csv")
def export(
    name: AssignmentName,
    for_whom: Annotated[Program, typer.Argument(metavar="FORMAT", help=_FORMATS)],
    file: Annotated[
        Path | None, typer.Argument(help="Canvas's gradebook, or Moodle's grading worksheet.")
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Where to; class/exports/ without it.")] = None,
    column: Annotated[
        str | None, typer.Option(help="Canvas's column, where the title is another.")
    ] = None,
    zeros: Annotated[bool, typer.Option("--zeros", help="0 for who has not submitted.")] = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Write the final marks for Canvas, Moodle, Gradescope or a spreadsheet."""
    from autograder.cli import export as command

    assignment = Course.at(course).assignment(name)
    class_folder = _class_folder(class_path, assignment.course)
    with one_run(class_folder):
        command.export(class_folder, assignment, for_whom.value, file, to, column, zeros)


@app.command(epilog="Example: autograder forget --class class-2026 --yes")
def forget(
    surely: Annotated[bool, typer.Option("--yes", help="Remove; else it is only listed.")] = False,
    class_path: ClassOption = CLASS,
) -> None:
    """Remove all that is known of a class's students, when the term is over."""
    from autograder.cli import forget as command

    class_folder = ClassFolder(class_path.resolve())
    if not class_folder.path.is_dir():
        raise typer.BadParameter(f"there is no folder {class_folder.path}")
    with one_run(class_folder):
        _exit(command.forget_class(class_folder, surely))


@app.command()
def report(
    name: AssignmentName,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Write the page and the CSV on the whole class again, as after marking by hand.

    Example: autograder report 01_counting
    """
    from autograder.cli.report import report as write

    assignment = Course.at(course).assignment(name)
    class_folder = _class_folder(class_path, assignment.course)
    with one_run(class_folder):
        write(assignment, class_folder, as_json, Console())


@app.command(epilog="Example: autograder similar 01_counting")
def similar(
    name: AssignmentName,
    given: Annotated[
        list[Path] | None,
        typer.Option("--given", help="Further code that everybody was given; may come again."),
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many pairs are shown.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Show side by side whose code is alike, for a person to look at: never a verdict."""
    from autograder.cli import similar as command

    assignment = Course.at(course).assignment(name)
    class_folder = _class_folder(class_path, assignment.course)
    with one_run(class_folder):
        command.similar(assignment, class_folder, given or [], most, as_json)


@app.command()
def mark(
    name: AssignmentName,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 0,
    by: Annotated[str, typer.Option(help="Who marks, for the log.", envvar="USER")] = "",
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address.")
    ] = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Mark written answers on a local page: one question after the other, over all students.

    Example: autograder mark 01_counting
    """
    from autograder.cli.mark import mark_answers

    assignment = Course.at(course).assignment(name)
    class_folder = _class_folder(class_path, assignment.course)
    mark_answers(assignment, class_folder, by, port, not no_browser, Console())


@app.command()
def doctor(workers: WorkersOption = CORES, class_path: ClassOption = CLASS) -> None:
    """Say what this machine offers for grading, and what to do about each lack."""
    _exit(_commands().diagnose(class_path, workers))


@app.command()
def demo(
    name: Annotated[str | None, typer.Argument(help="An assignment; all without it.")] = None,
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the class and of its exam.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where to; made anew.")] = Path("demo"),
    workers: WorkersOption = CORES,
    course: CourseOption = HERE,
) -> None:
    """Release, simulate, grade and report a class, and compare with its true scores."""
    _exit(_commands().demonstrate(course, name, folder, students, seed, workers))
