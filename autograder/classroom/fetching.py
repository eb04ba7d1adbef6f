"""Lays pages where students of nbgrader's exchange fetch feedback, each for one student only.

A page lies in the exchange's folder ``feedback`` under a name that is made of the submission's
secret, which nobody has but the student and staff.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from nbgrader.utils import notebook_hash

from autograder.classroom.receipt import read_secret
from autograder.classroom.session import Session, Sitting
from autograder.files import as_bytes, write_atomically


def notebook_address(notebook: str) -> str:
    """Return a notebook, as JSON, as an address, so that it travels in a page."""
    return f"data:application/x-ipynb+json;base64,{base64.b64encode(as_bytes(notebook)).decode()}"


def lay(feedback: Path, submitted: Path, notebooks: Sequence[str], page: str, anew: bool) -> bool:
    """Lay a page where a student fetches feedback on a submission; return whether one can.

    Parameters
    ----------
    feedback
        The exchange's folder of that name.
    submitted
        The student's folder, with the submission's secret in it; without one nobody could fetch.
    notebooks
        The names of the assignment's notebooks.
    page
        What the student reads.
    anew
        Whether it replaces what lies there, which for practice may be feedback on marks by now.
    """
    secret = read_secret(submitted)
    for name in notebooks if secret else ():
        path = feedback / f"{notebook_hash(secret=secret, notebook_id=name)}.html"
        same = path.is_file() and path.read_bytes() == as_bytes(page)
        if (anew and not same) or not path.exists():
            write_atomically(path, page, lasting=False)
    return bool(secret)


def give_back(session: Session | Sitting, students: Sequence[str], feedback: Path) -> list[str]:
    """Lay the feedback on marks where students fetch it; return who can.

    The notebooks of practice cases, to which a page links beside it, travel in it.

    Parameters
    ----------
    session
        The class and the assignment, graded.
    students
        Whose.
    feedback
        The exchange's folder of that name.
    """
    names = [notebook.notebook_name for notebook in session.notebooks]
    given = []
    for student in students:
        path = session.feedback_path(student)
        if not path.is_file():
            continue
        page = path.read_text(encoding="utf-8")
        for beside in sorted(path.parent.glob("*-practice.ipynb")):
            address = notebook_address(beside.read_text(encoding="utf-8"))
            page = page.replace(
                f'href="{beside.name}"', f'href="{address}" download="{beside.name}"'
            )
        submitted = session.class_folder.submitted(session.name, student)
        if lay(feedback, submitted, names, page, anew=True):
            given.append(student)
    return given
