"""The command ``export``: marks for Canvas, Moodle, Gradescope, and for a spreadsheet."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.exports import Format
from autograder.classroom.marks_out import Order, write_marks
from autograder.cli.terminal import as_text, counted

console = Console()


def export(
    class_folder: ClassFolder,
    assignment: Assignment,
    format_name: str,
    given: Path | None,
    to: Path | None,
    column: str | None,
    zeros: bool,
) -> None:
    """Write marks for a program, and say what should be known of them."""
    order = Order(Format(format_name), given, column, zeros)
    marks, made, path = write_marks(class_folder, load_coursework(assignment), order, to)
    without = [mark for mark in marks.each if mark.points is None]
    absent = [mark.person.student for mark in without if not mark.submitted]
    ungraded = [mark.person.student for mark in without if mark.submitted]
    for words in made.remarks:
        console.print(as_text(words, "yellow"))
    if ungraded:
        words = f"submitted, and not graded yet: {', '.join(ungraded)}"
        console.print(as_text(words, "yellow"))
    if absent:
        given_words = "0" if zeros else "no mark (--zeros gives 0)"
        console.print(as_text(f"not submitted, {given_words}: {', '.join(absent)}"))
    console.print(
        as_text(f"{counted(made.filled, 'mark')} of {assignment.name}, out of {marks.full:g}")
    )
    console.print(as_text(f"written  {path}"), soft_wrap=True)
