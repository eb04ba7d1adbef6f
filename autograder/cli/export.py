"""The command ``export``: marks for Canvas, Moodle, Gradescope, and for a spreadsheet."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.exports import Format
from autograder.classroom.marks_out import Order, write_marks
from autograder.cli.terminal import as_text, counted

console = Console()


def order(format_name: str, given: Path | None, column: str | None, zeros: bool) -> Order:
    """Return what was typed as what is wanted (see `autograder.classroom.marks_out.Order`)."""
    return Order(Format(format_name), given, column, zeros)


def export(
    class_folder: ClassFolder,
    assignment: Assignment,
    order: Order,
    to: Path | None,
    as_json: bool,
) -> None:
    """Write marks for a program, and say what should be known of them."""
    marks, made, path = write_marks(class_folder, load_coursework(assignment), order, to)
    without = [mark for mark in marks.each if mark.points is None]
    absent = [mark.person.student for mark in without if not mark.submitted]
    ungraded = [mark.person.student for mark in without if mark.submitted]
    if as_json:
        content = {
            "file": str(path),
            "marks": made.filled,
            "full_marks": marks.full,
            "remarks": list(made.remarks),
            "not_graded": ungraded,
            "not_submitted": absent,
        }
        print(json.dumps(content, indent=1))
        return
    for words in made.remarks:
        console.print(as_text(words, "yellow"))
    if ungraded:
        words = f"submitted, and not graded yet: {', '.join(ungraded)}"
        console.print(as_text(words, "yellow"))
    if absent:
        given_words = "0" if order.zeros else "no mark (--zeros gives 0)"
        console.print(as_text(f"not submitted, {given_words}: {', '.join(absent)}"))
    console.print(
        as_text(f"{counted(made.filled, 'mark')} of {assignment.name}, out of {marks.full:g}")
    )
    console.print(as_text(f"written  {path}"), soft_wrap=True)
