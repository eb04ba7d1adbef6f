"""Results that took longer than a lecture has, recorded by the scripts in `recordings/`."""

import csv

import numpy as np

from nextword.data_folder import data_folder


class NoRecordingError(FileNotFoundError):
    """There is no recorded table, and no file of arrays, of this name."""


def recorded(name: str) -> list[dict[str, float | str]]:
    """Return the rows of a recorded table; numbers are floats.

    Parameters
    ----------
    name
        Folder and table, as "03_window/windows". The folder's `README.md` says which script made
        it, with which seeds, on which machine, and when.

    Raises
    ------
    NoRecordingError
        There is no such table.
    """
    folder = data_folder() / "recorded"
    path = folder / f"{name}.csv"
    if not path.is_file():
        known = sorted(str(p.relative_to(folder).with_suffix("")) for p in folder.glob("*/*.csv"))
        raise NoRecordingError(f"expected one of {', '.join(known) or 'none'}, got {name!r}")
    with path.open(newline="", encoding="utf-8") as lines:
        return [
            {key: _number(value) for key, value in row.items()} for row in csv.DictReader(lines)
        ]


def recorded_arrays(name: str) -> dict[str, np.ndarray]:
    """Return what was recorded as arrays, by name: a network's weights, or losses of runs.

    Parameters
    ----------
    name
        Folder and file, as "04_recurrent/network". The folder's `README.md` says what it holds.

    Raises
    ------
    NoRecordingError
        There is no such file.
    """
    folder = data_folder() / "recorded"
    path = folder / f"{name}.npz"
    if not path.is_file():
        known = sorted(str(p.relative_to(folder).with_suffix("")) for p in folder.glob("*/*.npz"))
        raise NoRecordingError(f"expected one of {', '.join(known) or 'none'}, got {name!r}")
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def made(folder: str) -> str:
    """Return which script made the tables of a folder, on which machine, and when.

    Parameters
    ----------
    folder
        As "03_window".

    Raises
    ------
    NoRecordingError
        There is no such folder.
    """
    path = data_folder() / "recorded" / folder / "made.txt"
    if not path.is_file():
        raise NoRecordingError(f"expected the folder of a recording, got {folder!r}")
    return path.read_text(encoding="utf-8").strip()


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
