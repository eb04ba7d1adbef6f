"""Pages of the library: one for each room of `nextword`, made of its docstrings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LOWEST_FIRST = (
    "grammar",
    "corpora",
    "text",
    "learning",
    "models",
    "dynamics",
    "experiments",
    "pictures",
)
"""Rooms in the order in which docs/architecture.md lists them; others follow."""
FOR_OLD_NOTEBOOKS = {"earlier_names"}


def pages(package: Path) -> Iterator[tuple[str, str]]:
    """Yield name and reStructuredText of each page of a package.

    Parameters
    ----------
    package
        Its folder.
    """
    rooms = {path.parent.name: path.parent for path in package.glob("*/__init__.py")}
    known = [name for name in LOWEST_FIRST if name in rooms]
    for name in [*known, *sorted(rooms.keys() - set(known))]:
        yield name, _page(f"{package.name}.{name}", sorted(_modules(rooms[name])))
    alone = sorted(_modules(package) - FOR_OLD_NOTEBOOKS)
    if alone:
        yield "alone", _page(package.name, alone, "Beside the rooms")


def index(names: list[str]) -> str:
    """Return a table of contents of these pages, as MyST Markdown."""
    return "\n".join(["```{toctree}", ":maxdepth: 2", "", *names, "```", ""])


def _modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py") if not path.stem.startswith("_")}


def _page(package: str, modules: list[str], title: str | None = None) -> str:
    parts = [_heading(title or package, "=")]
    if title is None:
        parts.append(f".. automodule:: {package}\n\n")
    for module in modules:
        parts.append(_heading(module.replace("_", " "), "-"))
        parts.append(f".. automodule:: {package}.{module}\n   :members:\n")
    return "\n".join(parts)


def _heading(words: str, underline: str) -> str:
    return f"{words}\n{underline * len(words)}\n"
