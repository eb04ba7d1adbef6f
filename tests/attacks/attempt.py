"""What is asserted of every attack, in either mode."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from autograder.sandbox.run import Mode
from tests.attacks.attack import Attack, attacks
from tests.attacks.range import Range, Result, limited


def attempt(attack: Attack, mode: Mode, attack_range: Range, folder: Path) -> None:
    """Grade an attack, and see that it earns what its honest parts deserve and changes nothing.

    Parameters
    ----------
    attack
        What is tried.
    mode
        Where it runs.
    attack_range
        Where it is graded.
    folder
        An empty one.
    """
    ground, limits = attack_range.ground, limited(**attack.limits)
    guarded = ground.digest()
    if attack.follows:
        (before,) = (each for each in attacks() if each.name == attack.follows)
        _grade(before, mode, attack_range, folder / "before")

    result = _grade(attack, mode, attack_range, folder / "class")

    assert result.points == result.recorded == attack.deserves
    assert attack_range.look_around(result) == []
    assert [words for words in attack.told if not _any_of(words, result.told)] == [], result.told
    assert [words for words in attack.prints if words not in result.outputs] == []
    assert [words for words in attack.silent if words in result.outputs] == []
    assert ground.digest() == guarded
    if mode is Mode.WARM:
        assert attack_range.neighbour(limits) == attack_range.baseline
    shutil.rmtree(folder)  # pytest would keep what it holds, which can be much


def _grade(attack: Attack, mode: Mode, attack_range: Range, path: Path) -> Result:
    folder = attack_range.fresh_class(path)
    name = f"{attack_range.material.assignment.notebook_name}.ipynb"
    submission = attack.submission(attack_range.material, attack_range.ground.names)
    (attack_range.submitted(folder) / name).write_text(json.dumps(submission))
    return attack_range.grade(folder, mode, limits=limited(**attack.limits))


def _any_of(words: str, text: str) -> bool:
    return any(part in text for part in words.split("|"))
