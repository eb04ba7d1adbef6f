"""The command ``forget``: the end of a term."""

from __future__ import annotations

import json

from rich.console import Console

from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.forgetting import forget, personal
from autograder.cli.terminal import as_text, counted

console = Console()


def forget_class(class_folder: ClassFolder, surely: bool, as_json: bool) -> bool:
    """Say what is known of students, and remove it if that is meant; return whether it is gone."""
    found = personal(class_folder)
    if surely:
        forget(class_folder)
    gone = surely or not found
    if as_json:
        known = [vars(remains) | {"path": str(remains.path)} for remains in found]
        print(json.dumps({"known": known, "removed": surely}, indent=1))
        return gone
    for remains in found:
        size = f"{remains.size / 2**20:.1f} MB"
        words = f"{remains.path}  {counted(remains.files, 'file')}, {size}"
        console.print(as_text(words), soft_wrap=True)
    if not found:
        console.print("Nothing is known of anybody.")
    elif surely:
        console.print(
            "Removed. What you copied elsewhere, uploaded, or keep in backups of this machine is "
            "not."
        )
    else:
        console.print(
            "Nothing was removed. To remove all of this for good: autograder forget --yes"
        )
    return gone
