"""The command ``export``: marks for Canvas, Moodle, Gradescope, and for a spreadsheet."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from autograder.authoring.course import Assignment
from autograder.authoring.coursework import load_coursework
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.exports import Format, exported
from autograder.classroom.marks import marks_of
from autograder.classroom.roster import enrol
from autograder.cli.terminal import as_text, counted
from autograder.files import write_atomically

console = Console()


@dataclass(frozen=True)
class Wanted:
    """What is to be exported, and where.

    Parameters
    ----------
    format_name
        For which program.
    given
        The file that it gave.
    to
        Where to; None means the class's exports.
    column
        Of Canvas, where its title is another.
    zeros
        Whether who has not submitted gets 0.
    """

    format_name: str
    given: Path | None = None
    to: Path | None = None
    column: str | None = None
    zeros: bool = False


def export(
    class_folder: ClassFolder, assignment: Assignment, wanted: Wanted, as_json: bool
) -> None:
    """Write marks for a program, and say what should be known of them."""
    gradebook.back_up(class_folder)
    enrol(class_folder)
    marks = marks_of(class_folder, load_coursework(assignment))
    form = Format(wanted.format_name)
    made = exported(marks, form, wanted.given, wanted.column, wanted.zeros)
    path = wanted.to or class_folder.path / "exports" / f"{assignment.name}-{form.value}.csv"
    write_atomically(path, made.text, mode=0o600)
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
        given_words = "0" if wanted.zeros else "no mark (--zeros gives 0)"
        console.print(as_text(f"not submitted, {given_words}: {', '.join(absent)}"))
    console.print(
        as_text(f"{counted(made.filled, 'mark')} of {assignment.name}, out of {marks.full:g}")
    )
    console.print(as_text(f"written  {path}"), soft_wrap=True)
