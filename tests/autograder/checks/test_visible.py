"""The visible tests: every alternative passes them, every mistake meets a message that teaches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.authoring.conventions import EXPLORATION, grade_id_of, split_grade_id
from autograder.authoring.course import Course
from autograder.authoring.material import CheckedQuestion, Material, load_material
from autograder.proving.simulate import answer_source

TRIES = 40
"""A mistake that visible tests miss by chance, once in thirty times, is missed in one of them."""


def visible_failures(
    material: Material, question: CheckedQuestion, answer: Any, tries: int = 1
) -> list[BaseException | None]:
    """Run the student's notebook up to a question's visible tests, with `answer` as the answer.

    Return what its visible tests raised in each of `tries` runs of them, which differ in the state
    of numpy's global generator.
    """
    namespace: dict[str, Any] = {}
    for cell in material.derived.release.cells:
        grade_id = grade_id_of(cell)
        if grade_id == f"{question.name}-visible":
            exec(answer_source(answer, question.name), namespace)
            return [_failure(cell.source, dict(namespace), seed) for seed in range(tries)]
        plain = grade_id is None and EXPLORATION not in cell.metadata.get("tags", [])
        given = grade_id is not None and split_grade_id(grade_id)[1] == "given"
        if cell.cell_type == "code" and (plain or given):
            exec(cell.source, namespace)
    raise AssertionError(f"{question.name} has no visible tests")


def _failure(source: str, namespace: dict[str, Any], seed: int) -> BaseException | None:
    np.random.seed(seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(source, namespace)
    except Exception as failure:
        return failure
    return None


def materials(course: Course) -> Iterator[Material]:
    return (load_material(course.assignment(name)) for name in course.assignment_names())


def test_every_alternative_passes_its_visible_tests(course: Course) -> None:
    failures = {
        (question.name, answer.name): failure
        for material in materials(course)
        for question in material.checked
        for answer in question.alternatives
        for failure in visible_failures(material, question, answer)
        if failure is not None
    }
    assert not failures


def misconceptions(course: Course) -> Iterator[tuple[Material, CheckedQuestion, Any]]:
    for material in materials(course):
        for question in material.checked:
            for answer in question.misconceptions:
                yield material, question, answer


def test_every_misconception_meets_a_message_of_its_visible_tests(course: Course) -> None:
    for material, question, answer in misconceptions(course):
        (failure,) = visible_failures(material, question, answer)
        where = f"{question.name}, {answer.name}: {failure!r}"
        assert isinstance(failure, AssertionError), where
        assert len(str(failure)) > 20, where


@pytest.mark.long
def test_a_mistake_with_randomness_is_seen_whatever_comes_by_chance(course: Course) -> None:
    by_chance = [
        (material, question, answer)
        for material, question, answer in misconceptions(course)
        if "np.random." in answer_source(answer, question.name)
    ]
    assert "global_generator" in {answer.name for _, _, answer in by_chance}
    for material, question, answer in by_chance:
        failures = visible_failures(material, question, answer, TRIES)
        assert None not in failures, f"{question.name}, {answer.name}: seen by chance only"


def test_the_untouched_stub_says_what_to_do(course: Course) -> None:
    for material in materials(course):
        cells = {grade_id_of(cell): cell.source for cell in material.derived.release.cells}
        for question in material.checked:
            namespace: dict[str, Any] = {}
            exec(cells["imports-given"], namespace)
            exec(cells[question.name], namespace)
            with pytest.raises(NotImplementedError, match="write this function"):
                exec(cells[f"{question.name}-visible"], namespace | {"corpus": [["a"]]})
