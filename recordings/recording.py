"""What the recording scripts share: a function a table, written line by line as it is known.

A table takes the place of the one before when it is complete, so that a run that is stopped leaves
no half of one. `made.txt` is written with each of them: what it says is what was run.
"""

import argparse
import csv
import datetime
import platform
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch

from nextword.data_folder import data_folder

Row = dict[str, object]
Arrays = Mapping[str, np.ndarray]


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
    tables: Mapping[str, Callable[[], Iterator[Row]]],
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
        Functions that yield the rows of a table, by its name.
    seeds
        Which ones, in words for `made.txt`.
    arrays
        Functions that return arrays to keep, such as weights, by the name of their file.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--only", choices=[*tables, *arrays])
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
        if kind == "csv":
            _write(folder / file, tables[name]())
        else:
            np.savez_compressed(folder / file, **arrays[name]())
        done.append(file)
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
        kept[where] = sorted({*kept.get(where, []), *done}, key=files.index)
    notes = "".join(f"; {', '.join(named)}: {there}" for there, named in kept.items())
    path.write_text(f"{most}{notes}\n", encoding="utf-8")


def _write(path: Path, rows: Iterator[Row]) -> None:
    unfinished = path.with_suffix(".part")
    with unfinished.open("w", newline="", encoding="utf-8") as written:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(written, list(row), lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
            written.flush()
            print(path.stem, *row.values(), flush=True)
    unfinished.replace(path)
