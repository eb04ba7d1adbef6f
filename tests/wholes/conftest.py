"""One simulated class of the real course, graded once for all tests that look at it."""

import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from autograder.class_folder import ClassFolder
from autograder.course import Course
from autograder.demo import run_demo
from autograder.execute import Limits
from autograder.material import Material
from autograder.simulate import FIRST_NAMES, Simulated, simulate

SEED = 0
LIMITS = Limits(cell_seconds=15, notebook_seconds=120)
"""Under which the endless loops of the class do not hold up the tests."""


@dataclass(frozen=True)
class Demonstration:
    """What `run_demo` left behind."""

    folder: Path
    all_true: bool
    printed: str
    simulated: list[Simulated]

    @property
    def class_folder(self) -> ClassFolder:
        return ClassFolder(self.folder / "class")


@pytest.fixture(scope="session")
def demonstration(
    course: Course, material: Material, tmp_path_factory: pytest.TempPathFactory
) -> Demonstration:
    plenty = simulate(material, 2 * len(FIRST_NAMES), SEED)
    students = sum(not student.name.endswith("-mixture") for student in plenty) + 1
    folder = tmp_path_factory.mktemp("demonstration") / "demo"
    console = Console(file=io.StringIO(), width=120)
    all_true = run_demo(course, folder, students, SEED, workers=2, console=console, limits=LIMITS)
    return Demonstration(folder, all_true, console.file.getvalue(), plenty[:students])
