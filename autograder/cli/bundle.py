"""The command ``bundle``: what students get, in a zip file."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from autograder.authoring.bundle import make_bundle, write_bundle
from autograder.authoring.bundle_file import FILE, read_bundle_file
from autograder.authoring.course import Course
from autograder.cli.terminal import as_text, counted


def bundle(course: Course, to: Path | None, as_json: bool, console: Console) -> None:
    """Write the zip file, and say what is in it."""
    made = make_bundle(course)
    path = to or course.root / "dist" / f"{made.name}.zip"
    write_bundle(made, path)
    assignments = sum(name.startswith("assignments/") for name in made.notebooks)
    lectures = len(made.notebooks) - assignments
    others = len(made.files) - len(made.notebooks)
    size, repository = path.stat().st_size, read_bundle_file(course).repository
    if as_json:
        content = {
            "file": str(path),
            "bytes": size,
            "assignments": assignments,
            "lectures": lectures,
            "other_files": others,
            "repository": repository,
        }
        print(json.dumps(content, indent=1))
        return
    console.print(
        as_text(
            f"{counted(assignments, 'assignment')}, {counted(lectures, 'lecture')}, "
            f"{counted(others, 'other file')}; {size / 1e6:.1f} MB"
        )
    )
    if not repository:
        console.print(
            as_text(f"no buttons for Binder and Colab: {FILE} names no repository", "yellow")
        )
    console.print(as_text(f"written  {path}"), soft_wrap=True)
