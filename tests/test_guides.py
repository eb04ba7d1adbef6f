"""Commands that guides tell people to type exist, with the options that are named."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from click import Command

from autograder.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS: dict[str, Command] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def typed(path: Path) -> list[list[str]]:
    """Return the words of every `autograder` command of a page, in blocks and within lines."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
    lines += re.findall(r"`(autograder [^`]*)`", text)
    commands = [line.partition("#")[0].strip() for line in lines]
    return [shlex.split(each)[1:] for each in commands if re.match(r"autograder [a-z]", each)]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_every_command_that_a_guide_names_exists_with_its_options(path: Path) -> None:
    for name, *words in typed(path):
        assert name in COMMANDS, f"autograder {name}"
        options = {
            option
            for parameter in COMMANDS[name].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        } | {"--help"}
        named = {word.partition("=")[0] for word in words if word.startswith("--")}
        assert named <= options, f"autograder {name}"


def test_guides_name_many_commands() -> None:
    named = {words[0] for path in GUIDES for words in typed(path)}
    everything = set(COMMANDS)
    assert everything - named == set(), "a command that no guide names"


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_every_make_target_that_a_guide_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = re.findall(r"(?:^|`)make ((?:[A-Z]+=\S+ )?[a-z][a-z -]*)", text, re.MULTILINE)
    named = {
        word
        for line in lines
        for word in line.partition("  ")[0].split()
        if re.fullmatch("[a-z][a-z-]*", word)
    }
    assert named <= set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
