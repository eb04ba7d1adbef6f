"""The ground on which attacks run, and the neighbours that must not notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.course import Course
from autograder.engine.limits import Limits
from autograder.exam import Exam
from autograder.material import Material
from tests.attacks.ground import Ground, guarded
from tests.attacks.range import Range, sandbox_lacks

collect_ignore_glob = ["notebooks/*"]

LIMITS = Limits(
    cell_seconds=5,
    notebook_seconds=40,
    memory_bytes=4 * 2**30,
    output_bytes=50_000,
    scratch_bytes=32 * 2**20,
    processes=32,
    restarts=3,
)


@pytest.fixture(scope="session")
def ground(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    tmp_path_factory.getbasetemp()  # made before the ground changes where temporary folders go
    with guarded(course) as ground:
        yield ground
        assert ground.marks() == []


@pytest.fixture(scope="session")
def attack_range(ground: Ground, material: Material, exam: Exam) -> Range:
    lack = sandbox_lacks()
    if lack:
        pytest.skip(lack)
    return Range(ground, material, exam, LIMITS)
