"""The ground on which attacks run, and the neighbours that must not notice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.authoring.course import Course
from autograder.authoring.material import Material
from autograder.judging.exam import Exam
from tests.attacks.ground import Ground, guarded

pytest.register_assert_rewrite("tests.attacks.attempt", "tests.attacks.range")

from tests.attacks.range import Range  # noqa: E402 - rewritten as it is imported

collect_ignore_glob = ["notebooks/*"]


@pytest.fixture(scope="session")
def ground(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    tmp_path_factory.getbasetemp()  # made before the ground changes where temporary folders go
    with guarded(course) as ground:
        yield ground
        assert ground.marks() == []


@pytest.fixture(scope="session")
def attack_range(ground: Ground, material: Material, exam: Exam) -> Range:
    return Range(ground, material, exam)
