"""What the recording scripts share: a function a table, written line by line as it is known.

A table takes the place of the one before when it is complete, so that a run that is stopped leaves
no half of one. `made.txt` is written with each of them: what it says is what was run. With
`--go-on` rows of cells that are there already stay, and only the others are made.
"""

import argparse
import csv
import datetime
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from nextword.data_folder import data_folder

Row = dict[str, object]
Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Cell:
    """A row that is made when it is wanted.

    Parameters
    ----------
    names
        The columns that say which one it is.
    run
        Returns the others.
    """

    names: Row
    run: Callable[[], Row]


Table = Callable[[], Iterator[Row | Cell]]


def machine() -> str:
    """Return processor, system and versions in a line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = (line.partition(":") for line in info.read_text().splitlines())
        cpu = next((value.strip() for key, _, value in lines if key.startswith("model name")), cpu)
    return (
        f"{cpu}, one thread, {platform.system()}, Python {platform.python_version()}, "
        f"numpy {np.__version__}, torch {torch.__version__}"
    )


def record(
    lecture: str,
    description: str,
    tables: Mapping[str, Table],
    seeds: str,
    arrays: Mapping[str, Callable[[], Arrays]] = MappingProxyType({}),
) -> None:
    """Make the tables of a lecture under `data/recorded/`, as the command line asks.

    Parameters
    ----------
    lecture
        Such as ``03_window``: the name of the script, and of the folder.
    description
        The script's docstring.
    tables
        Functions that yield the rows of a table, or their cells, by its name.
    seeds
        Which ones, in words for `made.txt`.
    arrays
        Functions that return arrays to keep, such as weights, by the name of their file.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--only", choices=[*tables, *arrays])
    parser.add_argument("--go-on", action="store_true", help="keep the rows that are there")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--machine", default=machine(), help="what to call this machine")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    folder = data_folder() / "recorded" / lecture
    folder.mkdir(parents=True, exist_ok=True)
    files = [*(f"{name}.csv" for name in tables), *(f"{name}.npz" for name in arrays)]
    script = f"recordings/{lecture}.py, seeds {seeds}"
    where = f"{arguments.date}, {arguments.machine}"
    done: list[str] = []
    for file in files:
        name, _, kind = file.rpartition(".")
        if arguments.only not in (None, name):
            continue
        kept = 0
        if kind == "csv":
            kept = _write(folder / file, tables[name](), arguments.go_on)
        else:
            np.savez_compressed(folder / file, **arrays[name]())
        done.append(f"other rows than the first {kept} of {file}" if kept else file)
        _say_made(folder / "made.txt", script, where, done, files)


def _say_made(path: Path, script: str, where: str, done: list[str], files: list[str]) -> None:
    """Write which files were made when and where: all of them at once, or some after the others."""
    before = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    begun = f"{script}, {where} ("
    if not before or before.startswith(begun) or set(done) == set(files):
        only = "" if set(done) == set(files) else f" ({', '.join(done)} only)"
        path.write_text(f"{script}, {where}{only}\n", encoding="utf-8")
        return
    most, *others = before.split("; ")
    kept = {}
    for other in others:
        named, _, made_there = other.partition(": ")
        left = [file for file in re.split(", | and ", named) if file not in done]
        if left:
            kept[made_there] = left
    if not most.endswith(where):
        kept[where] = [
            *kept.get(where, []),
            *(each for each in done if each not in kept.get(where, [])),
        ]
    notes = "".join(f"; {', '.join(named)}: {made_there}" for made_there, named in kept.items())
    path.write_text(f"{most}{notes}\n", encoding="utf-8")


def _write(path: Path, rows: Iterator[Row | Cell], go_on: bool) -> int:
    """Write a table; return how many rows were there, and stay."""
    before: list[dict[str, str]] = []
    if go_on and path.is_file():
        with path.open(newline="", encoding="utf-8") as table:
            before = list(csv.DictReader(table))
    kept = 0
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", newline="", encoding="utf-8") as written:
        writer = None
        for each in rows:
            known = _known(each, before) if isinstance(each, Cell) else None
            kept += known is not None
            row = known or ({**each.names, **each.run()} if isinstance(each, Cell) else each)
            if writer is None:
                writer = csv.DictWriter(written, list(row), lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
            written.flush()
            print(path.stem, *row.values(), flush=True)
    unfinished.replace(path)
    return kept


def _known(cell: Cell, rows: list[dict[str, str]]) -> Row | None:
    names = {key: str(value) for key, value in cell.names.items()}
    return next((dict(row) for row in rows if names.items() <= row.items()), None)
