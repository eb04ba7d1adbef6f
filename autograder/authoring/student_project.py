"""The students' ``pyproject.toml``: the course's, without what students do not get.

Staff's extras and commands go, and packages that are not in the bundle. What is left, comments
included, stands as the course has it, so that a dependency is written down once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from autograder.errors import CourseError

PROJECT = "pyproject.toml"
_STAFFS = ("optional-dependencies", "scripts", "gui-scripts", "entry-points")


class BrokenProject(CourseError):
    """The course's ``pyproject.toml`` cannot be cut down to what students get."""


def student_project(path: Path, files: Sequence[str]) -> str:
    """Return what students get of a course's ``pyproject.toml``.

    Parameters
    ----------
    path
        The course's; hatchling builds it.
    files
        Which files and folders of the course are in the bundle.

    Raises
    ------
    BrokenProject
    """
    try:
        course = tomlkit.parse(path.read_text("utf-8"))
        build, project = course["build-system"], course["project"]
        wheel = course["tool"]["hatch"]["build"]["targets"]["wheel"]
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise BrokenProject(
            f"{path}: expected [build-system], [project] and [tool.hatch.build.targets.wheel]: "
            f"{error}. Mend it, or take it out of the files that bundle.toml names"
        ) from error
    for key in _STAFFS:
        project.pop(key, None)
    students = tomlkit.document()
    students["build-system"], students["project"] = build, project
    students["tool"] = {"hatch": {"build": {"targets": {"wheel": _packed(wheel, files)}}}}
    return tomlkit.dumps(students)


def _packed(wheel: tomlkit.items.Table, files: Sequence[str]) -> dict[str, object]:
    """Return which packages and folders a wheel of the bundle holds."""
    kept: dict[str, object] = {
        "packages": [name for name in wheel.get("packages", []) if name in files]
    }
    included = {
        source: place for source, place in wheel.get("force-include", {}).items() if source in files
    }
    return kept | ({"force-include": included} if included else {})
