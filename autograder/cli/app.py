"""The commands that staff type: their names, arguments and options. What they do is in `commands`.

`commands` takes a second to import, so it is imported when a command has been understood: help and
complaints come at once, and sandboxes start while it is imported.

How a command ends is said by its exit code (see `Ending`).
"""

from __future__ import annotations

import contextlib
import os
import sys
from enum import IntEnum, StrEnum
from pathlib import Path
from types import ModuleType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from autograder.authoring.course import Assignment, Course
from autograder.authoring.plain import plain_text
from autograder.classroom.class_folder import AnotherRun, ClassFolder, one_run, one_watch
from autograder.errors import CourseError
from autograder.sandbox.cluster import cluster_executor
from autograder.sandbox.dispatch import local_executor, start_sandboxes
from autograder.sandbox.isolation import safe_mode
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode

HERE, CLASS = Path(), Path("class")
CORES = os.cpu_count() or 1
_HELP = """Release, grade and report the assignments of a course of notebooks.

A week: collect, grade, mark, report, export. Tables are for people; --json prints one document on
stdout (watch: a line for each event), and all else goes to stderr.

Exit codes: 0 done; 1 done, and something waits for a person or is not as it should be; 2 the
command line was not understood; 3 it could not be done, and stderr says what to put right; 75
another run is at work, try again later; 130 stopped by Ctrl-C.
"""
app = typer.Typer(
    help=_HELP,
    epilog="Example: autograder grade 01_counting",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class Ending(IntEnum):
    """The exit codes of all commands."""

    done = 0
    look = 1
    """Done, and something waits for a person, or is not as it should be."""
    not_understood = 2
    """The command line's fault; typer's own code."""
    not_done = 3
    """Nothing, or not all, was done, and the message says what to put right."""
    busy = 75
    """Another run is at work: the code by which mail programs say *try again later*."""
    stopped = 130


def _assignments_here(context: typer.Context, incomplete: str) -> list[str]:
    """Return the assignments that a shell may complete to."""
    course = context.params.get("course")
    with contextlib.suppress(CourseError):
        names = Course.at(HERE if course is None else course).assignment_names()
        return [name for name in names if name.startswith(incomplete)]
    return []


def _students_here(context: typer.Context, incomplete: str) -> list[str]:
    """Return the students that a shell may complete to: who has submitted the assignment."""
    name, class_path = context.params.get("name"), context.params.get("class_path")
    with contextlib.suppress(CourseError):
        students = ClassFolder(class_path or CLASS).students(name or "*")
        return sorted({each for each in students if each.startswith(incomplete)})
    return []


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
AssignmentName = Annotated[
    str,
    typer.Argument(help="An assignment, such as 01_counting.", autocompletion=_assignments_here),
]
MaybeAssignmentName = Annotated[
    str | None,
    typer.Argument(help="An assignment; all without it.", autocompletion=_assignments_here),
]
StudentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--student", help="Only this one; may be given again.", autocompletion=_students_here
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print what came of it as JSON.")]
QuestionOption = Annotated[
    str | None, typer.Option("--question", help="Execute and judge only this one.")
]
WorkersOption = Annotated[int, typer.Option(min=1, help="Notebooks run at the same time.")]
NoSandboxOption = Annotated[
    bool, typer.Option("--no-sandbox", help="Run code that you trust; marks the results.")
]
NoCacheOption = Annotated[
    bool, typer.Option("--no-cache", help="Call known answers anew; neither use nor keep theirs.")
]


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
    """Run the command line; a `CourseError` is shown as words, and exits with a code of its own."""
    try:
        app()
    except CourseError as error:
        complaints = Console(stderr=True)
        words = escape(plain_text(str(error), kept="\n"))
        complaints.print(f"[bold red]autograder:[/] {words}", highlight=False)
        sys.exit(Ending.busy if isinstance(error, AnotherRun) else Ending.not_done)


def _commands() -> ModuleType:
    from autograder.cli import commands

    return commands


def _class_folder(class_path: Path | None, course: Course) -> ClassFolder:
    """Return the class that is meant: nbgrader has submissions in the course's own folder."""
    return ClassFolder((class_path or (course.root if course.is_nbgraders else CLASS)).resolve())


def _graded_in(class_path: Path | None, course: Path, name: str) -> tuple[Assignment, ClassFolder]:
    """Return the assignment that is meant, and the class that it is graded in."""
    assignment = Course.at(course).assignment(name)
    return assignment, _class_folder(class_path, assignment.course)


def _students(class_folder: ClassFolder, name: str, wanted: list[str] | None) -> list[str]:
    if wanted:
        return [class_folder.student(name, each) for each in wanted]
    return class_folder.students(name)


def _exit(well: bool) -> None:
    if not well:
        raise typer.Exit(Ending.look)


def _end_at_once() -> NoReturn:
    """End a run that was interrupted, without waiting for the notebooks that are being run.

    Their sandboxes and the lock on the class end with this process; the next run removes what they
    leave.
    """
    Console(stderr=True).print("Stopped. What is done is kept: run this again, and it goes on.")
    os._exit(Ending.stopped)


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


@app.command(epilog="Example: autograder sync --from text")
def sync(
    path: Annotated[
        Path | None, typer.Argument(help="Either half of a pair; all pairs without it.")
    ] = None,
    side: Annotated[Side, typer.Option("--from", help="Which half wins.")] = Side.newer,
    as_json: JsonOption = False,
    course: CourseOption = HERE,
) -> None:
    """Bring notebooks and their texts into step, and strip outputs."""
    _commands().sync(course, path, side.value, as_json)


@app.command("new-course", epilog="Example: autograder new-course ~/statistics")
def new_course(
    folder: Annotated[Path, typer.Argument(help="Where to: a new or an empty folder.")],
) -> None:
    """Write a small course of your own to begin with: a lecture, two questions, their checks."""
    _commands().write_course(folder)


@app.command("new-question", epilog="Example: autograder new-question median --points 3")
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


@app.command(epilog="Example: autograder release 01_counting")
def release(
    name: MaybeAssignmentName = None,
    check: Annotated[bool, typer.Option("--check", help="Only see that it is current.")] = False,
    as_json: JsonOption = False,
    course: CourseOption = HERE,
) -> None:
    """Make the student version in assignments/, through nbgrader, and look for leaks."""
    _commands().release(course, name, check, as_json)


@app.command(epilog="Example: autograder bundle --out next-word.zip")
def bundle(
    out: Annotated[
        Path | None, typer.Option(help="Where to; dist/NAME.zip in the course's folder without it.")
    ] = None,
    as_json: JsonOption = False,
    course: CourseOption = HERE,
) -> None:
    """Pack what students get: assignments, lectures, and what the course's bundle.toml names."""
    from autograder.cli.bundle import bundle as pack

    pack(Course.at(course), out, as_json, Console())


@app.command(epilog="Example: autograder verify 01_counting --seeds 5")
def verify(
    name: AssignmentName,
    seeds: Annotated[int, typer.Option(min=1, help="How many exams are drawn.")] = 3,
    as_json: JsonOption = False,
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


@app.command(epilog="Example: autograder simulate 01_counting --students 40 --class /tmp/class")
def simulate(
    name: AssignmentName,
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the mixture.")] = 0,
    as_json: JsonOption = False,
    class_path: ClassOption = CLASS,
    course: CourseOption = HERE,
) -> None:
    """Write a class of submissions whose true scores are known."""
    _commands().simulate_class(course, class_path, name, students, seed, as_json)


@app.command(epilog="Example: autograder roster ~/Downloads/canvas-grades.csv")
def roster(
    file: Annotated[
        Path | None, typer.Argument(help="A CSV of Canvas, Moodle or Gradescope.")
    ] = None,
    name_by: Annotated[
        str | None, typer.Option(help="The column that names a student's folders.")
    ] = None,
    as_json: JsonOption = False,
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
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Lay submissions into the class folder: the newest of each student, older ones aside."""
    from autograder.cli import collect as command

    assignment, class_folder = _graded_in(class_path, course, name)
    kind = None if scheme is None else scheme.value
    with one_run(class_folder):
        _exit(command.collect(class_folder, assignment, sources, kind, worksheet, as_json))


@app.command(epilog="Example: autograder grade 01_counting --student ada --force")
def grade(
    name: AssignmentName,
    student: StudentOption = None,
    question: QuestionOption = None,
    workers: WorkersOption = CORES,
    scheduler: Annotated[
        str | None, typer.Option(help="A Dask scheduler, tcp://host:port, to run notebooks on.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Also what has not changed.")] = False,
    no_sandbox: NoSandboxOption = False,
    no_cache: NoCacheOption = False,
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Grade a class: run every submission, judge it, record the scores, write feedback."""
    assignment, class_folder = _graded_in(class_path, course, name)
    students = _students(class_folder, name, student)
    mode = Mode.OPEN if no_sandbox else Mode.WARM if scheduler else safe_mode()
    executor = cluster_executor(scheduler) if scheduler else local_executor(workers)
    limits = Limits()
    with one_run(class_folder), executor as (running, at_once):
        to_start = 0 if scheduler else min(at_once, len(students))
        torch = assignment.imports_torch
        start_others = start_sandboxes(running, to_start, limits, mode, torch)
        commands = _commands()
        options = commands.RunOptions(mode, limits, force, question, not no_cache)
        selection = commands.Selection(assignment, class_folder, students, bool(student), as_json)
        try:
            _exit(commands.grade_selected(selection, running, at_once, options, start_others))
        except KeyboardInterrupt:
            if scheduler or no_sandbox:
                raise  # what runs there would go on without this process
            _end_at_once()


@app.command(epilog="Example: autograder watch 01_counting /srv/nbgrader/exchange/course101")
def watch(
    name: AssignmentName,
    inbox: Annotated[
        Path | None,
        typer.Argument(
            help="nbgrader's exchange, or a folder of students' folders; class/exchange without it."
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when all is answered that has come: for cron.")
    ] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 2.0,
    workers: WorkersOption = CORES,
    no_sandbox: NoSandboxOption = False,
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Collect and answer submissions as they come, before the deadline, by practice cases only.

    Students read in seconds which practice cases fail, with hints. Nobody is marked: that is
    what `grade` does after the deadline, by other cases.
    """
    from autograder.cli import watch as command

    assignment, class_folder = _graded_in(class_path, course, name)
    path = inbox or class_folder.exchange
    mode, limits = Mode.OPEN if no_sandbox else safe_mode(), Limits()
    with one_watch(class_folder, name), local_executor(workers) as (running, at_once):
        start_sandboxes(running, at_once, limits, mode)()
        how = command.How(running, at_once, mode, limits, None if once else every)
        try:
            _exit(command.watch(assignment, class_folder, path, how, as_json))
        except KeyboardInterrupt:
            if no_sandbox:
                raise
            _end_at_once()


@app.command(epilog="Example: autograder rejudge 01_counting")
def rejudge(
    name: AssignmentName,
    student: StudentOption = None,
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Judge a class again from the evidence kept, without running any student's code."""
    assignment, class_folder = _graded_in(class_path, course, name)
    students = _students(class_folder, name, student)
    with one_run(class_folder):
        commands = _commands()
        selection = commands.Selection(assignment, class_folder, students, bool(student), as_json)
        _exit(commands.rejudge_selected(selection))


@app.command(epilog="Example: autograder feedback 01_counting --exchange /srv/nbgrader/exchange")
def feedback(
    name: AssignmentName,
    student: StudentOption = None,
    exchange: Annotated[
        Path | None,
        typer.Option(help="nbgrader's exchange, or a course in it; class/exchange without it."),
    ] = None,
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Write students' pages again, marks by hand included, and lay them where students fetch."""
    from autograder.cli import feedback as command

    assignment, class_folder = _graded_in(class_path, course, name)
    students = _students(class_folder, name, student)
    with one_run(class_folder):
        _exit(command.feedback(class_folder, assignment, students, exchange, as_json))


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
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Write the final marks for Canvas, Moodle, Gradescope or a spreadsheet."""
    from autograder.cli import export as command

    assignment, class_folder = _graded_in(class_path, course, name)
    with one_run(class_folder):
        order = command.order(for_whom.value, file, column, zeros)
        command.export(class_folder, assignment, order, to, as_json)


@app.command(epilog="Example: autograder forget --class class-2026 --yes")
def forget(
    surely: Annotated[bool, typer.Option("--yes", help="Remove; else it is only listed.")] = False,
    as_json: JsonOption = False,
    class_path: ClassOption = CLASS,
) -> None:
    """Remove all that is known of a class's students, when the term is over."""
    from autograder.cli import forget as command

    class_folder = ClassFolder(class_path.resolve())
    if not class_folder.path.is_dir():
        raise typer.BadParameter(f"there is no folder {class_folder.path}")
    with one_run(class_folder):
        _exit(command.forget_class(class_folder, surely, as_json))


@app.command(epilog="Example: autograder report 01_counting")
def report(
    name: AssignmentName,
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Write the page and the CSV on the whole class again, as after marking by hand."""
    from autograder.cli.report import report as write

    assignment, class_folder = _graded_in(class_path, course, name)
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
    as_json: JsonOption = False,
    class_path: ClassOrCourseOption = None,
    course: CourseOption = HERE,
) -> None:
    """Show side by side whose code is alike, for a person to look at: never a verdict."""
    from autograder.cli import similar as command

    assignment, class_folder = _graded_in(class_path, course, name)
    with one_run(class_folder):
        command.similar(assignment, class_folder, given or [], most, as_json)


@app.command(epilog="Example: autograder mark 01_counting --no-browser --port 8765")
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
    """Mark written answers on a local page: one question after the other, over all students."""
    from autograder.cli.mark import mark_answers

    assignment, class_folder = _graded_in(class_path, course, name)
    mark_answers(assignment, class_folder, by, port, not no_browser, Console())


@app.command(epilog="Example: autograder doctor --class /srv/class-2026")
def doctor(
    workers: WorkersOption = CORES,
    as_json: JsonOption = False,
    class_path: ClassOption = CLASS,
) -> None:
    """Say what this machine offers for grading, and what to do about each lack."""
    _exit(_commands().diagnose(class_path, workers, as_json))


@app.command(epilog="Example: autograder demo 01_counting --students 40")
def demo(
    name: MaybeAssignmentName = None,
    students: Annotated[int, typer.Option(min=1, help="How many.")] = 24,
    seed: Annotated[int, typer.Option(help="Of the class and of its exam.")] = 0,
    folder: Annotated[Path, typer.Option(help="Where to; made anew.")] = Path("demo"),
    workers: WorkersOption = CORES,
    course: CourseOption = HERE,
) -> None:
    """Release, simulate, grade and report a class, and compare with its true scores."""
    _exit(_commands().demonstrate(course, name, folder, students, seed, workers))
