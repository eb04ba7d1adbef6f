"""The course's checks and probes as modules of this process: they are found by its folder."""

from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.authoring.course import Course
from autograder.authoring.course_modules import course_module, load_probes

COURSE = Course.at(Path(__file__).resolve().parents[1])
PROBES = load_probes(COURSE)
build = PROBES.catalogue.build


def module(name: str) -> ModuleType:
    """Return a module such as ``counting.perplexity`` or ``probes.graphs``."""
    return course_module(COURSE, name)


def pick(name: str, names: str) -> Any:
    """Return what a module calls by some names, apart by spaces: a tuple if there are several."""
    found = tuple(getattr(module(name), each) for each in names.split())
    return found if len(found) > 1 else found[0]
