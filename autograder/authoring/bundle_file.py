"""What a bundle for students holds, as ``bundle.toml`` in the course's folder says it.

::

    name = "next-word"                    # of the zip file, and of the folder in it
    page = "docs/start.md"             # becomes its README.md
    files = ["LICENSE", "nextword"]       # files and folders besides assignments and lectures

    repository = "https://github.com/OWNER/next-word"   # the same on the web: gives buttons
    branch = "main"
    hub = "https://hub.example.edu"       # a JupyterHub that has nbgitpuller
    colab = ["jaxtyping"]                 # packages that notebooks need and Colab lacks

A course without the file gives its assignments and lectures, under the name of its folder.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from autograder.authoring.course import Course
from autograder.errors import CourseError

FILE = "bundle.toml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


class BrokenBundleFile(CourseError):
    """The file does not say what it must, or says what cannot be. A line for each error."""


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("expected letters, digits, '.', '_' and '-', as file names have")
    return text


def _inside(text: str) -> str:
    """Return a path that leads to something in the course's folder."""
    path = PurePosixPath(text)
    if path.is_absolute() or "\\" in text or not path.parts or ".." in path.parts:
        raise ValueError("expected a path within the course's folder, with '/' between its parts")
    return path.as_posix()


def _address(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("expected an address that begins with https://, or nothing")
    return text.rstrip("/").removesuffix(".git")


Inside = Annotated[str, AfterValidator(_inside)]
Address = Annotated[str, AfterValidator(_address)]


class BundleFile(BaseModel):
    """What goes into a bundle besides assignments and lectures, and where it is on the web.

    Attributes
    ----------
    name
        Of the zip file, and of the folder in it.
    page
        What becomes the bundle's ``README.md``; None: it has none.
    files
        Files and folders of the course, at the same places in the bundle.
    repository, branch
        Where the same lies in a git repository; without an address there are no buttons.
    hub
        A JupyterHub that has nbgitpuller.
    colab
        Packages that notebooks need and Colab lacks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, AfterValidator(_name)]
    page: Inside | None = None
    files: list[Inside] = []
    repository: Address = ""
    branch: str = "main"
    hub: Address = ""
    colab: list[str] = []


def read_bundle_file(course: Course) -> BundleFile:
    """Return what a course's ``bundle.toml`` says.

    Raises
    ------
    BrokenBundleFile
        The message has a line for each error.
    """
    path = course.root / FILE
    if not path.exists():
        return BundleFile(name=course.root.name if _NAME.fullmatch(course.root.name) else "course")
    try:
        said = BundleFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BrokenBundleFile(f"{path}: {error}") from error
    except ValidationError as error:
        raise BrokenBundleFile("\n".join(_complaints(path, error))) from error
    _refuse_what_is_not_for_students(course, said)
    return said


def _complaints(path: Path, error: ValidationError) -> list[str]:
    known = ", ".join(BundleFile.model_fields)
    lines = []
    for each in error.errors():
        key = ".".join(str(part) for part in each["loc"])
        if each["type"] == "extra_forbidden":
            lines.append(f"{path}: {key!r} is no key of it. Known: {known}")
        elif each["type"] == "missing":
            lines.append(f"{path}: {key!r} is missing")
        else:
            words = each["msg"].removeprefix("Value error, ")
            lines.append(f"{path}: {key} = {each['input']!r}: {words}")
    return lines


def _refuse_what_is_not_for_students(course: Course, said: BundleFile) -> None:
    """See that all files are there, and that none is, or holds, what students must not get."""
    problems = []
    for name in [*said.files, *([said.page] if said.page else [])]:
        path = course.root / name
        if not path.exists():
            problems.append(f"{name!r}: there is no {path}")
        elif any(part.startswith(".") for part in PurePosixPath(name).parts):
            problems.append(f"{name!r}: what is hidden is for no student")
        elif path.resolve().is_relative_to(course.solutions) or course.solutions.is_relative_to(
            path.resolve()
        ):
            problems.append(f"{name!r}: {course.solutions.name}/ holds the solutions")
        elif not path.resolve().is_relative_to(course.root):
            problems.append(f"{name!r}: leads out of {course.root}")
    if problems:
        raise BrokenBundleFile("\n".join(f"{course.root / FILE}: {words}" for words in problems))
