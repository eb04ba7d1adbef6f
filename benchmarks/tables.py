"""What benchmarks measured, as data.

A script fills tables and prints them; with `--record` it also writes them to
`results/<benchmark>.json`, and adds its main ratios to `results/history.csv`, which grows. Of these
`page.py` makes the tables of `docs/`.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from machine import machine, versions

from publishing.pace import pace

FOLDER = Path(__file__).parent / "results"
HISTORY = FOLDER / "history.csv"
HISTORY_COLUMNS = ("date", "machine", "benchmark", "ratio", "value", "pace")
Cell = str | float | int | None


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title
        What stands on top.
    shown
        How a number is printed, such as ``{:,.0f}``; words are printed as they are.
    """

    title: str
    shown: str = ""

    def text(self, value: Cell) -> str:
        """Return a cell as it is printed; None is empty."""
        if value is None:
            return ""
        return self.shown.format(value) if self.shown and not isinstance(value, str) else str(value)


@dataclass
class Table:
    """Rows of what was measured, numbers unrounded.

    Parameters
    ----------
    columns
        Titles, with how numbers are printed; a title alone is a column of words.
    rows
        What stands in them.
    """

    columns: tuple[Column, ...]
    rows: list[list[Cell]] = field(default_factory=list)

    def add(self, *cells: Cell) -> str:
        """Add a row, and return it as a line of Markdown."""
        if len(cells) != len(self.columns):
            raise ValueError(f"expected {len(self.columns)} cells, got {len(cells)}: {cells}")
        self.rows.append(list(cells))
        return self._line(cells)

    @property
    def head(self) -> str:
        """The two lines on top, in Markdown."""
        titles = " | ".join(column.title for column in self.columns)
        sides = "|".join("---:" if column.shown else "---" for column in self.columns)
        return f"| {titles} |\n|{sides}|"

    @property
    def markdown(self) -> str:
        """The whole table."""
        return "\n".join([self.head, *map(self._line, self.rows)])

    def _line(self, cells: Sequence[Cell]) -> str:
        texts = (column.text(cell) for column, cell in zip(self.columns, cells, strict=True))
        return f"| {' | '.join(texts)} |"


def table(*columns: str | tuple[str, str]) -> Table:
    """Return an empty table: a title is a column of words, a title and a format one of numbers."""
    return Table(tuple(Column(*((each,) if isinstance(each, str) else each)) for each in columns))


@dataclass
class Results:
    """What a benchmark measured in one run.

    Parameters
    ----------
    benchmark
        Its name, which is also that of its file.
    date, machine, versions
        When, on what, and with which versions of what is compared.
    tables
        What it prints.
    about
        What has to be known to read them: sizes, options, what is the best of how many.
    remarks
        Lines below the tables.
    ratios
        The main ones, kept in the history.
    pace
        The machine's: before, between parts where it has them, and after (see `publishing.pace`).
    """

    benchmark: str
    date: str
    machine: str
    versions: Mapping[str, str]
    tables: list[Table] = field(default_factory=list)
    about: str = ""
    remarks: list[str] = field(default_factory=list)
    ratios: dict[str, float] = field(default_factory=dict)
    pace: list[float] = field(default_factory=list)

    @property
    def heading(self) -> str:
        """When, on what, with what, in a line."""
        programs = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        paced = f", pace {self.paced}" if self.pace else ""
        about = f". {self.about}" if self.about else ""
        return f"{self.date}, {self.machine}, {programs}{paced}{about}"

    @property
    def paced(self) -> str:
        """The machine's pace, the least and the most of it."""
        ends = dict.fromkeys(f"{each:.1f}" for each in (min(self.pace), max(self.pace)))
        return " to ".join(ends)

    @property
    def markdown(self) -> str:
        """All of it, as the page shows it."""
        parts = [f"*{self.heading}*", *(each.markdown for each in self.tables), *self.remarks]
        return "\n\n".join(parts)

    def as_json(self) -> str:
        """Return it as the text of its file."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Return what `as_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        tables = [
            Table(tuple(Column(**column) for column in each["columns"]), each["rows"])
            for each in data.pop("tables")
        ]
        return cls(**data, tables=tables)

    def record(self, folder: Path = FOLDER) -> None:
        """Write its file, in the place of an earlier run's, and add its ratios to the history."""
        folder.mkdir(exist_ok=True)
        (folder / f"{self.benchmark}.json").write_text(self.as_json(), encoding="utf-8")
        history = folder / HISTORY.name
        new = not history.exists()
        with history.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            if new:
                writer.writerow(HISTORY_COLUMNS)
            for ratio, value in self.ratios.items():
                row = (self.date, self.machine, self.benchmark, ratio, f"{value:.4g}")
                writer.writerow((*row, self.paced if self.pace else ""))


def read_results(folder: Path = FOLDER) -> dict[str, Results]:
    """Return what was recorded last, by benchmark."""
    files = sorted(folder.glob("*.json"))
    return {path.stem: Results.from_json(path.read_text(encoding="utf-8")) for path in files}


def read_history(folder: Path = FOLDER) -> list[dict[str, str]]:
    """Return all ratios that were ever recorded, in order."""
    with (folder / HISTORY.name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def options(parser: argparse.ArgumentParser) -> None:
    """Add what all benchmarks can be told."""
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--machine", default=machine(), help="what to call this machine")
    parser.add_argument(
        "--record", action="store_true", help="keep the numbers, for the page under docs/"
    )


def begun(benchmark: str, chosen: argparse.Namespace, *packages: str) -> Results:
    """Return results without tables yet.

    Parameters
    ----------
    benchmark
        Its name.
    chosen
        What `options` were given.
    packages
        Whose versions matter.
    """
    return Results(benchmark, chosen.date, chosen.machine, versions(*packages), pace=[pace()])


def finished(results: Results, chosen: argparse.Namespace) -> None:
    """Keep results where that was asked for."""
    results.pace.append(pace())
    if chosen.record:
        results.record()
