"""Keeps the table of attacks in README.md: ``python -m tests.attacks.catalogue`` writes it anew."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from tests.attacks.attack import Attack, attacks

README = Path(__file__).with_name("README.md")
_BEGIN = "<!-- The rest is made by `python -m tests.attacks.catalogue`. -->\n"
THEMES = {
    "points": "For points without the answers",
    "evidence": "By forged, damaged and hostile evidence",
    "channel": "On the way between the sandbox and the grader",
    "private": "For what is private, and for the network",
    "walls": "At the walls: users, namespaces, the kernel",
    "time": "For ever, and too long",
    "crash": "By the end of its own process, and of others",
    "room": "For memory, disk, processes and output without end",
    "neighbours": "On the students before and behind",
    "readers": "In the browser, the terminal and the spreadsheet of who reads the results",
}
"""The folders below `notebooks/`, in the order of the table, and their headings."""


def with_table(text: str) -> str:
    """Return the text of README.md with a current table at its end."""
    head, mark, _ = text.partition(_BEGIN)
    if not mark:
        raise ValueError(f"expected a line {_BEGIN!r}")
    return head + mark + "\n" + table(attacks())


def table(found: Iterable[Attack]) -> str:
    """Return all attacks as Markdown: what each tries and what must happen, theme by theme."""
    by_theme = itertools.groupby(sorted(found, key=_place), key=lambda attack: attack.theme)
    return "\n".join(part for theme, members in by_theme for part in _section(theme, members))


def _place(attack: Attack) -> tuple[int, str]:
    return list(THEMES).index(attack.theme), attack.name


def _section(theme: str, members: Iterable[Attack]) -> list[str]:
    rows = [
        f"| `{attack.name}`{_modes(attack)} | {_cell(attack.tries)} | {_cell(attack.must)} |"
        for attack in members
    ]
    head = f"### {THEMES[theme]}\n\n`notebooks/{theme}/`\n"
    return [head, "| attack | tries | what must happen |", "|---|---|---|", *rows, ""]


def _modes(attack: Attack) -> str:
    return "" if len(attack.modes) > 1 else f" ({attack.modes[0]} only)"


def _cell(words: str) -> str:
    """Return words as Markdown that shows them, and nothing else."""
    for special in "\\`*_{}[]<>|":
        words = words.replace(special, f"\\{special}")
    return words


if __name__ == "__main__":
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
