"""The small course, and what an undisturbed run on its class comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from autograder.authoring.course import Course
from autograder.classroom.class_folder import ClassFolder
from tests.faults.ground import Ground, broken, marks, temporary, write_course


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing happened to."""

    folder: ClassFolder
    marks: bytes

    def first(self, students: int) -> bytes:
        """Return the marks of a class of the first few only."""
        names = {f"student-{number:02}" for number in range(students)}
        kept = [line for line in json.loads(self.marks) if line[0] in names]
        return json.dumps(kept, indent=1).encode()


@pytest.fixture(scope="session")
def ground(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    root = tmp_path_factory.mktemp("small") / "course"
    write_course(root, course.root / "jupytext.toml")
    return Ground(root)


@pytest.fixture(autouse=True)
def _nothing_runs_on(ground: Ground) -> Iterator[None]:
    yield
    ground.end_all()


@pytest.fixture(scope="session")
def undisturbed(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = ground.fresh_class(tmp_path_factory.mktemp("undisturbed") / "class")
    run = ground.run("grade", folder)
    assert run.process.returncode == 0, run.output
    assert broken(folder) == temporary(folder) == []
    found = marks(folder)
    assert found.count(b'"double-graded"') == 12
    return Undisturbed(folder, found)
