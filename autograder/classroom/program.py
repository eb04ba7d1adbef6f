"""The program that grades a course, and what it has been found to answer.

It is the grader, the course's checks, and the packages that students import from a checkout.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import sys
from itertools import chain
from pathlib import Path

import psutil

import autograder
from autograder.authoring.course import PROBES, Course
from autograder.authoring.material import Material
from autograder.guest.sight import code_digest
from autograder.judging.kept_answers import KeptAnswers
from autograder.sandbox.visible import visible_packages

_CLOCKS_DIFFER = 2.0
"""Seconds by which a file's time and a process's may: the latter counts from a rounded one."""


def program_folders(course: Course) -> tuple[Path, ...]:
    """Return the folders with the program that grades a course: its checks are part of it."""
    checks = [course.assignment(name).checks_folder for name in course.assignment_names()]
    packages = chain.from_iterable(visible_packages().values())
    return Path(autograder.__path__[0]), *packages, course.solutions / PROBES, *checks


def kept_answers(material: Material, folder: Path) -> KeptAnswers | None:
    """Return what is kept in a folder of the answers to an assignment's questions.

    None where the program was changed while this process ran, which may have loaded either: its
    answers could be kept under the name of the other.
    """
    newest = newest_change(material.assignment.course)
    if newest > psutil.Process().create_time() - _CLOCKS_DIFFER:
        return None
    folders = program_folders(material.assignment.course)
    parts = [code_digest(folders), _machine(), *(cell.source for cell in material.notebook.cells)]
    text = "\n".join(f"{len(part)} {part}" for part in parts)
    program = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    assignment = material.assignment
    return KeptAnswers(folder / assignment.name / assignment.notebook_name, program)


def newest_change(course: Course) -> float:
    """Return when the program that grades a course was changed last, as files have times."""
    modules = chain.from_iterable(folder.rglob("*.py") for folder in program_folders(course))
    return max((path.stat().st_mtime for path in modules), default=0.0)


@functools.cache
def _machine() -> str:
    """Return the versions of Python and of all that is installed, and the kind of processor."""
    # Their folders say both; what is written in each, for 200 packages, takes a tenth of a second.
    installed = sorted(found.name for path in sys.path for found in Path(path).glob("*.*-info"))
    return "\n".join((platform.python_version(), platform.machine(), *installed))
