"""Tables of other programs: CSV in the encodings and with the separators that they write."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError

LARGEST = 20 * 2**20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SEPARATORS = ",;\t"


class UnreadableTable(CourseError):
    """A file that is no table."""


@dataclass(frozen=True)
class Table:
    """A table with a header.

    Parameters
    ----------
    path
        Where it came from.
    header
        The names of its columns, without spaces around.
    rows
        Each with its line in the file; cells that are missing at its end are empty.
    separator
        What parts its cells.
    encoding
        As it was read.
    """

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    separator: str
    encoding: str

    def column(self, *names: str) -> int | None:
        """Return the place of the first of these columns that there is, whatever its case."""
        places = {name.casefold(): place for place, name in reversed([*enumerate(self.header)])}
        return next((places[name.casefold()] for name in names if name.casefold() in places), None)


def read_table(path: Path) -> Table:
    """Return the table in a file.

    Raises
    ------
    UnreadableTable
        It cannot be read, is no text, or has no header.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableTable(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise UnreadableTable(f"{path} has more than {LARGEST // 2**20} MB: expected a CSV file")
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
        if "\0" in text:
            raise ValueError("no text")
        first = text.partition("\n")[0]
        separator = max(_SEPARATORS, key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        lines = [(reader.line_num, row) for row in reader]
    except (ValueError, csv.Error) as error:
        raise UnreadableTable(
            f"{path}: expected CSV, in UTF-8 or UTF-16 ({error}). In a spreadsheet: save as CSV "
            "UTF-8"
        ) from error
    if not lines or not any(cell.strip() for cell in lines[0][1]):
        raise UnreadableTable(f"{path}: expected a first line with the names of the columns")
    header = tuple(cell.strip() for cell in lines[0][1])
    rows = tuple(
        (number, (*row, *[""] * (len(header) - len(row))))
        for number, row in lines[1:]
        if any(cell.strip() for cell in row)
    )
    return Table(path, header, rows, separator, encoding)
