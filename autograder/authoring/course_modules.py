"""Finds the Python of a course: checks beside their notebooks, and probes that travel.

Both are found by the course's folder, not by an installed package. In this process they are modules
of a package of their own, ``course_<digest of the folder>``, so that two courses never meet:
``solutions/01_counting/checks/perplexity.py`` is its ``counting.perplexity``, and
``solutions/probes/graphs.py`` its ``probes.graphs``. So a check imports what it shares with others
by ``from .drawing import ...`` or ``from ..probes.graphs import ...``.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.authoring.course import PROBES, Assignment, Course
from autograder.errors import CourseError
from autograder.guest.catalogue import GENERIC, Catalogue
from autograder.guest.probes import Probe
from autograder.guest.recipes import Builder, Recipe


class BrokenCourseModule(CourseError):
    """A module of a course cannot be imported, or two of them define the same probe."""


@dataclass(frozen=True)
class CourseProbes:
    """What a course asks in ways of its own.

    Parameters
    ----------
    catalogue
        The grader's own probes and builders, and the course's.
    homes
        The names of the course's modules, by the names of probes and builders that they define.
    sources
        The modules' texts by name.
    imports
        Which others a module imports.
    """

    catalogue: Catalogue = GENERIC
    homes: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def needed(self, names: Iterable[str]) -> dict[str, str]:
        """Return the texts of the modules that some probes and recipes need, in order of import."""
        found: dict[str, str] = {}
        for home in sorted({self.homes[name] for name in names if name in self.homes}):
            self._add(home, found)
        return found

    def _add(self, module: str, found: dict[str, str]) -> None:
        for each in self.imports[module]:
            self._add(each, found)
        found.setdefault(module, self.sources[module])


def names_in(value: Any) -> Iterator[str]:
    """Yield the names of all recipes in a case's arguments, which stand at their top level."""
    for part in value.values() if isinstance(value, Mapping) else value:
        if isinstance(part, Recipe):
            yield part.name


@cache
def _package(root: Path) -> str:
    """Return the name of the package that a course is in this process, having made it."""
    name = f"course_{hashlib.sha256(str(root).encode()).hexdigest()[:12]}"
    _make_package(name, Course.at(root).solutions)
    return name


def _make_package(name: str, folder: Path) -> None:
    package = sys.modules.setdefault(name, ModuleType(name, "Part of a course."))
    package.__path__ = [str(folder)]


def course_module(course: Course, name: str) -> ModuleType:
    """Return a module of a course: ``counting.perplexity``, say, or ``probes.graphs``.

    Raises
    ------
    BrokenCourseModule
        It cannot be imported; the message says where and why.
    """
    package = _package(course.root)
    for each in course.assignment_names():
        assignment = course.assignment(each)
        _make_package(f"{package}.{assignment.topic}", assignment.checks_folder)
    try:
        return importlib.import_module(f"{package}.{name}")
    except Exception as error:
        where = name.replace(".", "/")
        raise BrokenCourseModule(
            f"The course's module {where}.py cannot be imported: {type(error).__name__}: {error}"
        ) from error


def check_names(assignment: Assignment) -> set[str]:
    """Return the names of the modules beside an assignment's notebook."""
    return _modules_in(assignment.checks_folder)


def _modules_in(folder: Path) -> set[str]:
    return {name for _, name, _ in pkgutil.iter_modules([str(folder)])}


def load_probes(course: Course) -> CourseProbes:
    """Return what a course asks in ways of its own; nothing where it has no folder for it.

    Raises
    ------
    BrokenCourseModule
    """
    folder = course.solutions / PROBES
    modules = {
        name: course_module(course, f"{PROBES}.{name}") for name in sorted(_modules_in(folder))
    }
    homes: dict[str, str] = {}
    for name, module in modules.items():
        for value in vars(module).values():
            if not isinstance(value, (Probe, Builder)) or value in _of_the_grader():
                continue
            if homes.setdefault(value.name, name) != name:
                raise BrokenCourseModule(
                    f"{value.name!r} is defined twice, in {PROBES}/{homes[value.name]}.py and in "
                    f"{PROBES}/{name}.py"
                )
    sources = {name: (folder / f"{name}.py").read_text(encoding="utf-8") for name in modules}
    imports = {name: tuple(_imported(source, set(modules))) for name, source in sources.items()}
    return CourseProbes(Catalogue.of(modules.values()), homes, sources, imports)


def _of_the_grader() -> list[Probe | Builder]:
    return [*GENERIC.probes.values(), *GENERIC.builders.values()]


def _imported(source: str, known: set[str]) -> Iterator[str]:
    """Yield which of a course's modules a module imports, as ``from .name import ...``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module in known:
            yield node.module
