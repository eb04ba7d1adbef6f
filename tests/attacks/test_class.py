"""A class in which attackers and honest students are graded side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.classroom.session import Session
from autograder.proving.simulate import answer_source
from autograder.sandbox.run import Mode
from tests.attacks.attack import Attack, Cell, attacks
from tests.attacks.range import LIMITS, Range
from tests.running import grade_all

pytestmark = pytest.mark.needs_sandbox

GREEDY = (
    "descriptor_to_coordinator",
    "endless_in_c",
    "fork_bomb",
    "frame_of_brackets",
    "memory_by_children",
    "print_200_mb",
    "stop_everybody",
    "thread_bomb",
)
"""Attacks that want all there is of something."""


def test_honest_students_get_their_points_beside_attackers(
    attack_range: Range, tmp_path: Path
) -> None:
    material = attack_range.material
    (question,) = (each for each in material.checked if each.name == "perplexity")
    answer = Cell("perplexity", {}, answer_source(question.alternatives[0], "perplexity"))
    honest = Attack("honest", "", "Nothing.", "Its points.", (answer,))
    greedy = [attack for attack in attacks() if attack.name in GREEDY]
    folder = attack_range.fresh_class(tmp_path / "class")
    students = []
    pairs = [each for attack in greedy for each in (attack, honest)]
    for number, attack in enumerate(pairs):
        students.append(f"{number:02}-{attack.name}")
        submission = attack.submission(material, attack_range.ground.names)
        path = attack_range.submitted(folder, students[-1]) / "counting.ipynb"
        path.write_text(json.dumps(submission))

    session = Session(material, folder, attack_range.exam)
    results = list(grade_all(session, students, workers=2, limits=LIMITS, mode=Mode.WARM))

    assert len(students) == 2 * len(GREEDY)
    assert {each.student: each.failure for each in results} == dict.fromkeys(students)
    assert {each.student: each.points for each in results} == {
        student: question.points if student.endswith("-honest") else 0 for student in students
    }
    assert [each.student for each in results if "honest" in each.student and each.remarks] == []
    assert list(attack_range.left_behind()) == []
