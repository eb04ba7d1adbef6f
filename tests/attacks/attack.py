"""Reads the attacks and makes a submission of each.

An attack is a file in `notebooks/`. The first line of its docstring says what it tries, the second
what must happen. Then come cells, each behind a line ``# %%`` that may say where it stands:

==========================  ======================================================
``# %%``                    a cell of the student's own, in front of all others
``# %% last``               behind all others
``# %% perplexity``         instead of the answer of that name
``# %% after perplexity``   behind the cell of that grade_id
``# %% [markdown]``         in front, and markdown; `last` and a name can follow
==========================  ======================================================

JSON at the end of the line becomes the cell's metadata. Between docstring and cells can stand::

    deserves = {"perplexity": 3}  # points that honest parts of it earn; otherwise none
    told = ["published evidence"]  # words that staff must read, all of them
    prints = ["refused"]          # words that its outputs must have, all of them
    silent = ["WRITTEN"]          # words that its outputs must not have
    modes = ["warm"]              # where it makes sense; otherwise both
    hole = "what is not mended"   # what lets it succeed as yet

The files are named .ipy, as IPython names scripts with magics, so that nothing ever imports one by
mistake: they are run in sandboxes only. ``{CLASS}`` and other names in braces stand for what
`fill_in` is given.
"""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.material import Material

NOTEBOOKS = Path(__file__).parent / "notebooks"
_CELL = re.compile(r"^# %%(?P<where>[^{\n]*)(?P<metadata>\{.*\})?\n", re.MULTILINE)


@dataclass(frozen=True)
class Attack:
    """What one file tries."""

    name: str
    tries: str
    must: str
    cells: tuple[tuple[str, dict[str, Any], str], ...]
    deserves: Mapping[str, float]
    told: tuple[str, ...]
    prints: tuple[str, ...]
    silent: tuple[str, ...]
    modes: tuple[str, ...]
    hole: str

    def submission(self, material: Material, names: Mapping[str, str]) -> dict[str, Any]:
        """Return the untouched release with the attack in it, as a student's JSON."""
        notebook = json.loads(json.dumps(copy.deepcopy(material.derived.release)))
        front: list[dict[str, Any]] = []
        for where, metadata, source in self.cells:
            kind = "markdown" if where.startswith("[markdown]") else "code"
            place = where.removeprefix("[markdown]").strip()
            cell = {"cell_type": kind, "metadata": metadata, "source": fill_in(source, names)}
            cell |= {"outputs": [], "execution_count": None} if kind == "code" else {}
            if not place:
                front.append(cell)
            elif place == "last":
                notebook["cells"].append(cell)
            elif place.startswith("after "):
                index = _index(notebook, place.removeprefix("after "))
                notebook["cells"].insert(index + 1, cell)
            else:
                answer = notebook["cells"][_index(notebook, place)]
                answer["source"] = cell["source"]
                answer["metadata"] |= metadata
        notebook["cells"][:0] = front
        return notebook


def _index(notebook: dict[str, Any], grade_id: str) -> int:
    return next(
        index
        for index, cell in enumerate(notebook["cells"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def fill_in(source: str, names: Mapping[str, str]) -> str:
    """Replace ``{NAME}`` for the names that are known, and no other braces."""
    for name, value in names.items():
        source = source.replace(f"{{{name}}}", value)
    return source


def read_attack(path: Path) -> Attack:
    """Return the attack in a file."""
    text = path.read_text(encoding="utf-8")
    starts = list(_CELL.finditer(text))
    head = ast.parse(text[: starts[0].start()])
    tries, must = (ast.get_docstring(head) or "").splitlines()[:2]
    declared = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in head.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    ends = [*(start.start() for start in starts[1:]), len(text)]
    cells = tuple(
        (
            start["where"].strip(),
            json.loads(start["metadata"] or "{}"),
            text[start.end() : end].strip("\n"),
        )
        for start, end in zip(starts, ends, strict=True)
    )
    return Attack(
        path.stem,
        tries,
        must,
        cells,
        declared.pop("deserves", {}),
        *(tuple(declared.pop(name, ())) for name in ("told", "prints", "silent")),
        tuple(declared.pop("modes", ("warm", "cold"))),
        declared.pop("hole", ""),
        *declared,  # a name that nobody reads is a mistake, and one argument too many
    )


def attacks() -> Iterator[Attack]:
    """Yield all attacks."""
    for path in sorted(NOTEBOOKS.glob("*.ipy")):
        yield read_attack(path)


__all__ = ["NOTEBOOKS", "Attack", "attacks", "fill_in", "read_attack"]
