"""Train cells of a grid, and write what became of every run into a CSV file.

For example: python -m nextword.experiments temporal-order --length 10 20 --method MSGD-C MSGD-CR
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from functools import partial
from itertools import product
from pathlib import Path

from tqdm import tqdm  # type: ignore[import-untyped]

from nextword.experiments.cell import (
    BEGINNINGS,
    METHODS,
    TASKS,
    Cell,
    CheckpointError,
    Row,
    run_cell,
)

_ANSWER_S = 10
"""How long a scheduler may take to answer."""


def cells_of(options: argparse.Namespace) -> list[Cell]:
    """Return the cells that the command line asks for, in a fixed order."""
    return [
        Cell(
            options.task,
            length,
            method,
            beginning,
            options.learning_rate,
            options.updates,
            options.seeds,
        )
        for length, beginning, method in product(options.length, options.beginning, options.method)
    ]


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    first, _, example = (__doc__ or "").strip().partition("\n\n")
    made = argparse.ArgumentParser("python -m nextword.experiments", None, first, example)
    made.add_argument("task", choices=TASKS, help="what is learned")
    made.add_argument("--length", type=int, nargs="+", required=True, help="T, in steps")
    made.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    made.add_argument("--beginning", nargs="+", choices=BEGINNINGS, default=list(BEGINNINGS))
    made.add_argument("--learning-rate", type=float, default=0.01)
    made.add_argument("--updates", type=int, default=20_000, help="of a run, at most")
    made.add_argument("--seeds", type=int, default=20, help="runs of a cell, side by side")
    made.add_argument("--out", type=Path, default=Path("results.csv"))
    made.add_argument("--checkpoints", type=Path, default=Path("checkpoints"))
    made.add_argument("--workers", type=int, default=1, help="cells trained at the same time")
    made.add_argument("--scheduler", help="of a Dask cluster, in place of workers here")
    return made


@contextlib.contextmanager
def executor_of(options: argparse.Namespace) -> Iterator[Executor]:
    """Start what runs cells: processes here, or a Dask cluster that shares the folders."""
    if options.scheduler:
        from distributed import Client  # comes with the extra `cluster`

        with Client(options.scheduler, timeout=_ANSWER_S) as client:  # type: ignore[no-untyped-call]
            yield client.get_executor(pure=False)
    else:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(options.workers, mp_context=spawn) as executor:
            yield executor


def trained_here(cells: Sequence[Cell], folder: Path) -> Iterator[list[Row]]:
    """Train one cell after the other, with a bar of updates."""
    for cell in cells:
        with tqdm(total=cell.updates, desc=cell.label, unit="updates") as bar:
            yield run_cell(cell, folder, lambda done, bar=bar: bar.update(done - bar.n))  # type: ignore[misc]


def trained_apart(cells: Sequence[Cell], folder: Path, executor: Executor) -> list[list[Row]]:
    """Train cells at the same time, with a bar of cells."""
    futures = {executor.submit(partial(run_cell, cell, folder.resolve())): cell for cell in cells}
    for _ in tqdm(as_completed(futures), total=len(cells), unit="cells"):
        pass
    return [future.result() for future in futures]


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write a table whole."""
    rows = list(rows)
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    part.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    options = parser().parse_args(arguments)
    try:
        cells = cells_of(options)
        for cell in cells:
            cell.runs()  # a setting out of range is said before anything is trained
        if options.workers == 1 and not options.scheduler:
            done: list[Row] = []
            for rows in trained_here(cells, options.checkpoints):
                done += rows
                write_rows(options.out, done)  # what is finished can be looked at
        else:
            with executor_of(options) as executor:
                apart = trained_apart(cells, options.checkpoints, executor)
            write_rows(options.out, [row for rows in apart for row in rows])
    except (CheckpointError, ValueError, OSError) as error:
        print(f"nextword.experiments: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from the checkpoints.", file=sys.stderr)
        return 130
    print(f"{options.out}: cells {len(cells)}, runs of each {options.seeds}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
