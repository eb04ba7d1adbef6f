"""A cell of an experiment's grid: runs of one task by one method, with a checkpoint."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from nextword.dynamics.marked_numbers import Addition, Multiplication
from nextword.dynamics.norm_preservation import NormPreservation
from nextword.dynamics.recall import NoiselessMemorisation, RandomPermutation
from nextword.dynamics.recurrent_runs import RecurrentRuns, Run, RunSettings
from nextword.dynamics.tasks import MixedLengths, Task
from nextword.dynamics.temporal_order import TemporalOrder, ThreeBitTemporalOrder

Row = dict[str, object]
TASKS: Mapping[str, Callable[[int], Task]] = {
    "temporal-order": TemporalOrder,
    "temporal-order-mixed": lambda longest: MixedLengths(TemporalOrder, longest // 4, longest),
    "temporal-order-3bit": ThreeBitTemporalOrder,
    "addition": Addition,
    "multiplication": Multiplication,
    "permutation": RandomPermutation,
    "memorisation-5bit": NoiselessMemorisation,
    "memorisation-20bit": lambda blanks: NoiselessMemorisation(blanks, 5, 10),
}
"""What can be learned, by length T (002, sec. 4.1): *mixed* is of all lengths from T/4 to T."""
METHODS: Mapping[str, Mapping[str, Any]] = {
    "MSGD": {},
    "MSGD-C": {"max_norm": 1.0},
    "MSGD-R": {"terms": (NormPreservation(4.0),)},
    "MSGD-CR": {"max_norm": 1.0, "terms": (NormPreservation(4.0),)},
}
"""The gradient as it is, with its norm clipped at 1, with Ω, with both (002, sec. 4.1.1)."""
BEGINNINGS: Mapping[str, Mapping[str, Any]] = {
    "sigmoid": {"unit": "sigmoid", "start_std": 0.01},
    "basic-tanh": {"start_std": 0.1},
    "smart-tanh": {"start": "sparse", "start_std": 0.01},
    "identity": {"unit": "relu", "start": "identity", "start_std": 0.01},
}
"""Three of 002, sec. 4.1.1, and rectified units that begin with the identity (Le et al. 2015)."""
VERSIONS = ("nextword", "numpy")


class CheckpointError(RuntimeError):
    """A checkpoint is of something else, cannot be read, or cannot be written."""


@dataclass(frozen=True)
class Cell:
    """One cell of the grid.

    Parameters
    ----------
    task, method, beginning
        Keys of `TASKS`, `METHODS` and `BEGINNINGS`.
    length
        T, in steps.
    learning_rate
        The same from first to last.
    updates
        How many, at most.
    seeds
        How many runs: those of seeds 0, 1, ….
    check_every
        Updates between two looks at whether a run has solved its task; then a checkpoint is kept.
    """

    task: str
    length: int
    method: str
    beginning: str
    learning_rate: float
    updates: int
    seeds: int
    check_every: int = 250

    @property
    def label(self) -> str:
        """What its checkpoint is called."""
        return f"{self.task}-{self.length}-{self.method}-{self.beginning}-{self.learning_rate:g}"

    def runs(self) -> RecurrentRuns:
        """Return its runs, untrained."""
        settings = RunSettings(
            updates=self.updates,
            learning_rate=self.learning_rate,
            check_every=self.check_every,
            **METHODS[self.method],
            **BEGINNINGS[self.beginning],
        )
        return RecurrentRuns(TASKS[self.task](self.length), settings, range(self.seeds))


def run_cell(cell: Cell, folder: Path, watch: Callable[[int], None] | None = None) -> list[Row]:
    """Return a row for each run of a cell, trained from its last checkpoint on.

    Parameters
    ----------
    cell
        What is run.
    folder
        Where its checkpoint is kept, under the cell's label.
    watch
        Is told how many updates have been made.

    Raises
    ------
    CheckpointError
        There is one of other settings or versions, or one that cannot be read or written.
    """
    path, runs = folder / f"{cell.label}.npz", cell.runs()
    settings = asdict(cell) | {name: version(name) for name in VERSIONS}
    if path.exists():
        runs.resume(_read(path, settings))

    def keep(going: RecurrentRuns) -> None:
        _write(path, {**going.as_arrays(), "settings": np.array(json.dumps(settings))})
        if watch is not None:
            watch(going.done)

    return [{**settings, **_outcome(run)} for run in runs.train(keep)]


def _outcome(run: Run) -> Row:
    """Return what became of a run, as text that is the same wherever it is read again."""
    norms = np.array(run.norms)
    finite = norms[np.isfinite(norms)]
    return {
        "seed": run.seed,
        "solved_at": "" if run.solved_at is None else run.solved_at,
        "broken_at": "" if run.broken_at is None else run.broken_at,
        "wrong": f"{run.wrong[-1]:.4f}" if run.wrong else "",
        "median_norm": f"{np.median(finite):.4g}" if len(finite) else "",
        "largest_norm": f"{finite.max():.4g}" if len(finite) else "",
    }


def _read(path: Path, settings: Mapping[str, object]) -> dict[str, np.ndarray[Any, Any]]:
    try:
        with path.open("rb") as file, np.load(file) as kept:
            arrays = dict(kept)
        found = json.loads(str(arrays.pop("settings")))
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint ({error}). Remove it, and the cell begins anew"
        ) from error
    other = [
        f"{name} {found.get(name)!r}, not {wanted!r}"
        for name, wanted in settings.items()
        if found.get(name) != wanted
    ]
    if other:
        raise CheckpointError(
            f"{path} is a checkpoint of other settings: {'; '.join(other)}. Name another folder "
            "for checkpoints, or remove it, and the cell begins anew"
        )
    return arrays


def _write(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Write a checkpoint whole, in place of the one before."""
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, **dict(arrays))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise CheckpointError(
            f"{path} could not be written ({error.strerror or error}). The one before is as it "
            "was: make room, give the same command, and it goes on from there"
        ) from error
