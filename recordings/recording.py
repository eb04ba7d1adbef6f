"""What the recording scripts share: a function a table, written line by line as it is known."""

import argparse
import csv
import datetime
import platform
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
    for name, table in tables.items():
        if arguments.only in (None, name):
            _write(folder / f"{name}.csv", table())
    for name, make in arrays.items():
        if arguments.only in (None, name):
            np.savez_compressed(folder / f"{name}.npz", **make())
    (folder / "made.txt").write_text(
        f"recordings/{lecture}.py, seeds {seeds}, {arguments.date}, {arguments.machine}\n",
        encoding="utf-8",
    )


def _write(path: Path, rows: Iterator[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as written:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(written, list(row), lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
            written.flush()
            print(path.stem, *row.values(), flush=True)
