"""Every attack earns what its honest parts deserve, and changes nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.engine.run import Mode
from tests.attacks.attack import Attack, attacks
from tests.attacks.range import Range

ATTACKS = list(attacks())
LONG = {"unused"}


def runs() -> list[object]:
    """Return every attack in every mode that it is made for."""
    return [
        pytest.param(
            attack,
            Mode(mode),
            id=f"{attack.name}-{mode}",
            marks=[
                pytest.mark.xdist_group(f"attacks-{mode}"),
                *([pytest.mark.long] if attack.name in LONG else []),
                *([pytest.mark.xfail(reason=attack.hole)] if attack.hole else []),
            ],
        )
        for mode in ("warm", "cold")
        for attack in ATTACKS
        if mode in attack.modes
    ]


@pytest.mark.parametrize(("attack", "mode"), runs())
def test_it_gains_nothing_and_harms_nobody(
    attack: Attack, mode: Mode, attack_range: Range, tmp_path: Path
) -> None:
    ground = attack_range.ground
    guarded = ground.digest()
    folder = tmp_path / "submitted"
    folder.mkdir()
    submission = attack.submission(attack_range.material, ground.names)
    (folder / "counting.ipynb").write_text(json.dumps(submission))

    result = attack_range.grade(folder, mode)

    assert result.points == attack.deserves
    assert attack_range.look_around(result) == []
    assert [words for words in attack.told if words not in result.told] == [], result.told
    assert [words for words in attack.prints if words not in result.outputs] == []
    assert [words for words in attack.silent if words in result.outputs] == []
    assert ground.digest() == guarded
    if mode is Mode.WARM:
        assert attack_range.neighbour() == attack_range.baseline
