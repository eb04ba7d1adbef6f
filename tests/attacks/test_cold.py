"""Every attack, in cold mode: it earns what its honest parts deserve, and changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.sandbox.run import Mode
from tests.attacks.attack import Attack, attacks_in
from tests.attacks.attempt import attempt
from tests.attacks.range import Range

pytestmark = pytest.mark.needs_sandbox


@pytest.mark.parametrize("attack", attacks_in(Mode.COLD), ids=lambda attack: attack.name)
def test_it_gains_nothing_and_harms_nobody(
    attack: Attack, attack_range: Range, tmp_path: Path
) -> None:
    attempt(attack, Mode.COLD, attack_range, tmp_path)
