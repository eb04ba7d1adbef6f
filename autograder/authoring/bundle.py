"""Packs what students get into a zip file, and sees that nothing else is in it.

The same course gives the same bytes: names are sorted, and no time, user or permission of this
machine goes in. (Another version of zlib may compress otherwise.)
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring import pairs
from autograder.authoring.beside import assignment_files
from autograder.authoring.bundle_file import BundleFile, read_bundle_file
from autograder.authoring.buttons import BUTTONS, buttons, for_colab
from autograder.authoring.course import CHECKS, Course
from autograder.authoring.coursework import load_coursework
from autograder.authoring.earlier import NAME as RECORD
from autograder.authoring.release import MARKS, Leak, check_release
from autograder.authoring.student_project import PROJECT, student_project
from autograder.errors import CourseError
from autograder.files import write_atomically

_FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file knows: every file in it is said to be of then."""
_LEFT_OUT = re.compile(r"\..*|__pycache__|.*\.py[co]|.*~|.*\.egg-info", re.ASCII)
"""Names of files and folders that editors, Python and version control leave behind."""
_SPEAKERS = "notes"


class NothingToBundle(CourseError):
    """The course has neither assignments nor lectures."""


@dataclass(frozen=True)
class Bundle:
    """What students get.

    Parameters
    ----------
    name
        Of the zip file, and of the folder in it.
    files
        Their contents, by their paths within that folder.
    notebooks
        The paths of those that students open: assignments, then lectures.
    """

    name: str
    files: Mapping[str, bytes]
    notebooks: tuple[str, ...]

    def as_zip(self) -> bytes:
        """Return the zip file's bytes: the same for the same files."""
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for path, content in sorted(self.files.items()):
                entry = zipfile.ZipInfo(f"{self.name}/{path}", _FIRST_TIME)
                entry.create_system = 3  # Unix, whatever this is: permissions are kept by it
                entry.external_attr = 0o100644 << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return written.getvalue()


def make_bundle(course: Course) -> Bundle:
    """Return what students get of a course, having found every release current.

    Raises
    ------
    BrokenBundleFile, NothingToBundle, StaleRelease, Leak, PairOutOfStep, OutputCommitted
    """
    said = read_bundle_file(course)
    assignments, lectures = dict(_assignments(course)), dict(_lectures(course))
    notebooks = {**assignments, **lectures}
    opened = tuple(path for path in notebooks if path.endswith(".ipynb"))
    if not opened:
        raise NothingToBundle(f"{course.root} has neither assignments nor lectures")
    files = {**notebooks, **dict(_others(course, said))}
    files |= dict(for_colab(said, {path: notebooks[path] for path in opened}))
    if said.page is not None:
        page = (course.root / said.page).read_text("utf-8")
        files["README.md"] = page.replace(BUTTONS, buttons(said, opened)).encode()
    _refuse_marks(files)
    return Bundle(said.name, files, opened)


def write_bundle(bundle: Bundle, path: Path) -> None:
    """Write a bundle's zip file.

    Raises
    ------
    NoRoom, InTheWay
    """
    write_atomically(path, bundle.as_zip())


def _assignments(course: Course) -> Iterator[tuple[str, bytes]]:
    """Yield released notebooks and what lies beside them, as the solutions give them today."""
    for name in course.assignment_names():
        work = load_coursework(course.assignment(name))
        check_release(work)
        folder = f"assignments/{name}"
        for sheet in work.sheets:
            path = f"{folder}/{sheet.assignment.notebook_name}.ipynb"
            yield path, _as_bytes(copy.deepcopy(sheet.derived.release))
        for beside, content in assignment_files(work.assignment).items():
            yield f"{folder}/{beside}", content


def _lectures(course: Course) -> Iterator[tuple[str, bytes]]:
    """Yield lectures without what their speakers say, and the pictures beside them."""
    texts = [path for path in pairs.pairs(course) if path.is_relative_to(course.lectures)]
    for text_path in texts:
        lecture = pairs.check(text_path)
        lecture.cells = [cell for cell in lecture.cells if not _is_for_speakers(cell)]
        place = text_path.with_suffix(".ipynb").relative_to(course.root)
        yield place.as_posix(), _as_bytes(lecture)
    halves = {path.with_suffix(suffix) for path in texts for suffix in (".py", ".ipynb")}
    for path in _below(course.lectures):
        if path not in halves:
            yield path.relative_to(course.root).as_posix(), path.read_bytes()


def _is_for_speakers(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("slideshow", {}).get("slide_type") == _SPEAKERS)


def _as_bytes(notebook: NotebookNode) -> bytes:
    written: str = nbformat.writes(pairs.with_stable_ids(notebook)) + "\n"
    return written.encode()


def _others(course: Course, said: BundleFile) -> Iterator[tuple[str, bytes]]:
    """Yield what the course's ``bundle.toml`` names."""
    for name in said.files:
        path = course.root / name
        if name == PROJECT:
            yield name, student_project(path, said.files).encode()
        elif path.is_file():
            yield name, path.read_bytes()
        else:
            for each in _below(path):
                yield each.relative_to(course.root).as_posix(), each.read_bytes()


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, at any depth, but those that are left behind by programs."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if _LEFT_OUT.fullmatch(path.name) or path.is_symlink():
            continue
        if path.is_dir():
            yield from _below(path)
        else:
            yield path


def _refuse_marks(files: Mapping[str, bytes]) -> None:
    """See that no file holds a mark of a solution or hidden line, or lies where checks lie."""
    for path, content in sorted(files.items()):
        if {CHECKS, RECORD} & set(path.split("/")):
            raise Leak(f"{path} would be in the bundle: students must not get it")
        for mark in (*MARKS, "# collect "):
            if mark.encode() in content:
                raise Leak(f"{path} would be in the bundle, and holds {mark!r}")
