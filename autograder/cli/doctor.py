"""Says what this machine offers for grading, and what to do about each lack."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.gradebook import open_gradebook
from autograder.errors import CourseError
from autograder.sandbox import cgroups
from autograder.sandbox.isolation import confinement_problem, sandbox_problem
from autograder.sandbox.obstacles import obstacles
from autograder.sandbox.sandbox import NoSandbox, bubblewrap

_PACKAGES = ("numpy", "torch", "nbgrader", "nbclient", "ipykernel", "IPython", "SQLAlchemy")
_MEMORY_PER_WORKER = 3 * 2**30
_DISK_WANTED = 2 * 2**30
_FAIR_SHARE = Path("/proc/sys/kernel/sched_autogroup_enabled")
"""Whether the kernel shares processors between sessions, of which each sandbox is one."""


@dataclass(frozen=True)
class Symptom:
    """One thing that was looked at.

    Parameters
    ----------
    what
        Its name.
    found
        What there is.
    advice
        What to do, where something should be done.
    commands
        What to type for it, each on one line.
    serious
        Whether grading is refused as it is.
    """

    what: str
    found: str
    advice: str = ""
    commands: tuple[str, ...] = ()
    serious: bool = False


def examine(class_folder: ClassFolder, workers: int) -> Iterator[Symptom]:
    """Look at this machine and at a class folder.

    Parameters
    ----------
    class_folder
        Need not exist.
    workers
        How many notebooks would run at the same time.
    """
    yield from _isolation()
    yield _control_groups()
    yield _processors()
    yield from _room(class_folder, workers)
    yield _versions()
    yield _gradebook(class_folder)
    yield _secret(class_folder)
    yield _access(class_folder)


def _isolation() -> Iterator[Symptom]:
    problem = sandbox_problem()
    try:
        found = bubblewrap()
    except NoSandbox:
        found = None
    if problem is not None:
        tried = f" ({found})" if found else ""
        lacks = obstacles(found)
        advice = ";\n".join(each.advice for each in lacks)
        commands = tuple(each.command for each in lacks if each.command)
        yield Symptom("sandbox", f"{problem}{tried}", advice, commands, serious=True)
        return
    yield Symptom("sandbox", f"works: {found}")
    problem = confinement_problem()
    if problem is None:
        yield Symptom("warm mode", "a process in the sandbox can confine itself further")
    else:
        yield Symptom(
            "warm mode", problem, "grading goes on in cold mode: one kernel a submission, slower"
        )


def _control_groups() -> Symptom:
    found = cgroups.writable()
    if len(found) == len(cgroups.CONTROLLERS):
        return Symptom("cgroups", f"limits on {' and '.join(found)} of a whole sandbox")
    return Symptom(
        "cgroups",
        f"writable: {', '.join(found) or 'none'}",
        "limits of single processes hold; for those of a whole sandbox, run as root with cgroups "
        "version 1",
    )


def _processors() -> Symptom:
    try:
        said = _FAIR_SHARE.read_text(encoding="ascii").strip()
    except OSError:  # it is not there, or hidden, as in some containers
        said = ""
    if said == "1":
        return Symptom("processors", "shared evenly between submissions that run at once")
    return Symptom(
        "processors",
        f"{_FAIR_SHARE} {'is off' if said else 'cannot be read'}",
        "a submission that starts many processes slows down those that run beside it: switch even "
        "shares on, or grade again with --workers 1 who ran out of time",
        (f"sudo sysctl -w kernel.{_FAIR_SHARE.name}=1",) if said else (),
    )


def _room(class_folder: ClassFolder, workers: int) -> Iterator[Symptom]:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    memory = pages * size
    fitting = max(1, memory // _MEMORY_PER_WORKER)
    yield Symptom(
        "memory",
        f"{memory / 2**30:.0f} GiB for {workers} workers",
        f"--workers {fitting} would leave 3 GiB to each" if fitting < workers else "",
    )
    place = next(path for path in (class_folder.path, *class_folder.path.parents) if path.exists())
    free = shutil.disk_usage(place).free
    yield Symptom(
        "disk",
        f"{free / 2**30:.0f} GiB free at {place}",
        "make room: a class of 500 leaves about 100 MB" if free < _DISK_WANTED else "",
    )


def _versions() -> Symptom:
    installed = [f"{name} {metadata.version(name)}" for name in _PACKAGES]
    python = f"Python {sys.version.split()[0]} on {platform.system()} {platform.release()}"
    return Symptom("versions", ", ".join([python, *installed]))


def _gradebook(class_folder: ClassFolder) -> Symptom:
    path = class_folder.gradebook_path
    if not path.exists():
        return Symptom("gradebook", f"none yet at {path}; grading makes it")
    try:
        with open_gradebook(class_folder) as gradebook:
            known = len(gradebook.students)
    except CourseError as error:
        return Symptom("gradebook", "unusable", str(error), serious=True)
    if not os.access(path, os.W_OK):
        return Symptom("gradebook", f"{path} cannot be written", "chmod u+w", serious=True)
    return Symptom("gradebook", f"{path}, {known} students")


def _secret(class_folder: ClassFolder) -> Symptom:
    path = class_folder.path / "secret.json"
    if not path.exists():
        return Symptom("secret", "none yet; the first run draws it")
    try:
        class_folder.secret()
    except CourseError as error:
        return Symptom("secret", "unusable", str(error), serious=True)
    readable = Path(path).stat().st_mode & 0o077
    return Symptom("secret", str(path), "chmod 600: others can read it" if readable else "")


def _access(class_folder: ClassFolder) -> Symptom:
    """Look at who may enter the class folder, which has once been the root of an exchange."""
    path = class_folder.path
    if not path.exists():
        return Symptom("class folder", f"none yet at {path}; grading makes it, for its owner only")
    closing = f"others on this machine can read it: chmod 700 {path}"
    mode = path.stat().st_mode & 0o777
    advice = closing if mode & 0o077 else ""
    released = [folder.parent.name for folder in path.glob("*/outbound")]
    if released:
        moved = f"move {', '.join(sorted(released))} from it into {class_folder.exchange}"
        advice = "; ".join(filter(None, (moved, advice)))
    return Symptom("class folder", f"{path}, mode {mode:o}", advice)
