"""The attacks are what README.md says they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from autograder.authoring.material import Material
from autograder.sandbox.run import Mode
from tests.attacks.attack import Attack, attacks, read_attack
from tests.attacks.catalogue import README, THEMES, table, with_table
from tests.attacks.range import limited

ATTACKS = list(attacks())
ROW = Attack("a_b", "time", "Waits for <b> | `x`.", "It [ends].", (), modes=("cold",))


def test_the_table_is_current() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python -m tests.attacks.catalogue"


def test_every_theme_has_attacks_and_a_heading() -> None:
    assert {attack.theme for attack in ATTACKS} == set(THEMES)


def test_names_are_unique_also_across_themes() -> None:
    counted = Counter(attack.name for attack in ATTACKS)
    assert [name for name, times in counted.items() if times > 1] == []


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_every_attack_can_be_made_and_says_what_it_is(attack: Attack, material: Material) -> None:
    assert attack.tries.endswith(".")
    assert attack.must.endswith((".", "!"))
    assert set(attack.modes) <= {Mode.WARM, Mode.COLD}
    assert attack.follows in {"", *(other.name for other in ATTACKS)}
    limited(**attack.limits)
    notebook = attack.submission(material, {"CLASS": "/class"})
    assert len(notebook["cells"]) >= len(material.derived.release.cells)


def test_the_table_shows_words_as_they_are() -> None:
    row = "| `a_b` (cold only) | Waits for \\<b\\> \\| \\`x\\`. | It \\[ends\\]. |"
    assert row in table([ROW]).splitlines()


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('"""One line only."""\n\n# %%\n1\n', ValueError),
        ('"""Tries.\nMust.\n"""\nunknown = 1\n\n# %%\n1\n', TypeError),
        ('"""Tries.\nMust.\n"""\n\n# %% no such place\n1\n', ValueError),
        ('"""Tries.\nMust.\n"""\n\n# %% nothing\n1\n', ValueError),
    ],
    ids=["docstring", "declaration", "place", "grade_id"],
)
def test_a_mistake_in_a_file_is_found(
    tmp_path: Path, material: Material, text: str, error: type[Exception]
) -> None:
    path = tmp_path / "mistaken.ipy"
    path.write_text(text)
    with pytest.raises(error):
        read_attack(path).submission(material, {})
