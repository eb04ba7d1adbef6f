"""Reads the attacks and makes a submission of each. README.md says how one is written."""

from __future__ import annotations

import ast
import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.authoring.material import Material
from autograder.sandbox.run import Mode

NOTEBOOKS = Path(__file__).parent / "notebooks"
_CELL = re.compile(r"^# %%(?P<where>[^{\n]*)(?P<metadata>\{.*\})?\n", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """One cell of an attack.

    Parameters
    ----------
    where
        What stands behind ``# %%``.
    metadata
        Its metadata.
    source
        What is in it.
    """

    where: str
    metadata: Mapping[str, Any]
    source: str


@dataclass(frozen=True)
class Attack:
    """What one file tries.

    Parameters
    ----------
    name, theme
        The names of its file and of the folder that this lies in.
    tries, must
        The two lines of its docstring: what it tries, and what must happen.
    cells
        What is put into the untouched release.
    deserves
        Points that honest parts of it earn, by question.
    told
        Words that staff must read, all of them. Between ``|``, any of them.
    prints, silent
        Words that its outputs must have, all of them, and words that they must not have.
    modes
        Where it makes sense.
    limits
        Where it needs others than `tests.attacks.range.LIMITS`.
    follows
        The attack that is graded just before it, by the same worker.
    """

    name: str
    theme: str
    tries: str
    must: str
    cells: tuple[Cell, ...]
    deserves: Mapping[str, float] = field(default_factory=dict)
    told: Sequence[str] = ()
    prints: Sequence[str] = ()
    silent: Sequence[str] = ()
    modes: Sequence[str] = ("warm", "cold")
    limits: Mapping[str, int] = field(default_factory=dict)
    follows: str = ""

    def submission(self, material: Material, names: Mapping[str, str]) -> dict[str, Any]:
        """Return the untouched release with the attack in it, as a student's JSON.

        Parameters
        ----------
        material
            The assignment.
        names
            What ``{NAME}`` stands for in cells.
        """
        notebook: dict[str, Any] = json.loads(json.dumps(material.derived.release))
        front: list[dict[str, Any]] = []
        for written in self.cells:
            kind = "markdown" if written.where.startswith("[markdown]") else "code"
            cell = {
                "cell_type": kind,
                "metadata": copy.deepcopy(dict(written.metadata)),
                "source": fill_in(written.source, names),
                **({"outputs": [], "execution_count": None} if kind == "code" else {}),
            }
            match written.where.removeprefix("[markdown]").split():
                case []:
                    front.append(cell)
                case ["last"]:
                    notebook["cells"].append(cell)
                case ["after", grade_id]:
                    notebook["cells"].insert(_index(notebook, grade_id) + 1, cell)
                case [grade_id]:
                    answer = notebook["cells"][_index(notebook, grade_id)]
                    answer["source"] = cell["source"]
                    answer["metadata"] |= cell["metadata"]
                case _:
                    raise ValueError(f"{self.name}: no such place as {written.where!r}")
        notebook["cells"][:0] = front
        return notebook


def _index(notebook: Mapping[str, Any], grade_id: str) -> int:
    ids = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]]
    return ids.index(grade_id)


def fill_in(source: str, names: Mapping[str, str]) -> str:
    """Replace ``{NAME}`` for the names that are known, and no other braces."""
    for name, value in names.items():
        source = source.replace(f"{{{name}}}", value)
    return source


def read_attack(path: Path) -> Attack:
    """Return the attack in a file.

    Raises
    ------
    TypeError, ValueError
        It declares what nobody reads, or its docstring has no two lines.
    """
    text = path.read_text(encoding="utf-8")
    starts = list(_CELL.finditer(text))
    ends = [*(start.start() for start in starts[1:]), len(text)]
    head = ast.parse(text[: starts[0].start()])
    tries, must = (ast.get_docstring(head) or "").splitlines()
    declared = {
        ast.unparse(node.targets[0]): ast.literal_eval(node.value)
        for node in head.body
        if isinstance(node, ast.Assign)
    }
    cells = tuple(
        Cell(
            start["where"].strip(),
            json.loads(start["metadata"] or "{}"),
            text[start.end() : end].strip("\n"),
        )
        for start, end in zip(starts, ends, strict=True)
    )
    return Attack(path.stem, path.parent.name, tries, must, cells, **declared)


def attacks() -> Iterator[Attack]:
    """Yield all attacks, theme by theme."""
    for path in sorted(NOTEBOOKS.glob("*/*.ipy")):
        yield read_attack(path)


def attacks_in(mode: Mode) -> list[Attack]:
    """Return the attacks that make sense in a mode."""
    return [attack for attack in attacks() if mode in attack.modes]
