"""A result in a lecture's prose is computed: Markdown cells hold no number but set or quoted ones.

What a cell computed is displayed by `plots.say`. Looked at are numbers with a decimal point, a per
cent sign or thousands, outside formulas, code, tables, quotations and exercises; a whole number
such as *16 runs* is not.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

LECTURES = sorted((Path(__file__).resolve().parents[2] / "lectures").glob("*.ipynb"))
NUMBER = re.compile(r"(?<![\w.])(?:\d*\.\d+|\d+ ?%|\d{1,3}(?:,\d{3})+)(?!\w)")
FORMULA_CODE_OR_SOURCE = re.compile(
    r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\([^()]*(?:00\d|eq|sec|Fig|et al)[^()]*\)", re.DOTALL
)
SET_OR_QUOTED = {
    "01_counting": {"0.4", "0.1"},  # the example of slides 003
    "02_loglinear": set(),
    "02b_training": {"3%", "0.9"},  # Socher et al., as quoted in 001; a momentum, as set
    "03_window": {
        "0.5",  # the fixed weight of a mixture
        "130,000",  # Collobert et al., as quoted in 001
        "1,000", "10,000",  # sentences, words of a vocabulary, as set
    },
    "04_recurrent": {"1,280"},  # tokens, as set in the cell
    "05_gradients": {
        "2.1",  # a section of 002
        ".1", ".5", "1.5", ".7", ".9", "1.1",  # slopes, starts, target, factors, as set
    },
    "06_clipping": {
        ".1", ".05", ".01",  # rates, as set
        "3,000",  # updates, as set
        ".7",  # the target of one unit
        "1%", "10,000",  # when a run counts as solved, as set
        "10.17",  # a figure of 004
        "95%",  # the level of all intervals
    },
    "07_memory": {
        "3.1", "3.3",  # sections of 002
        ".01", ".05",  # rates, as quoted and as set
        ".1", ".7", ".81",  # marked numbers, as set; an answer among three, computed below it
        "336,000",  # an update in the published log of 002's authors
    },
    "08_where_this_leads": {
        "280,000", "1,500",  # tokens and updates, as set
        "10.18",  # a figure of 004
    },
}  # fmt: skip


def numbers_in_prose(source: str) -> set[str]:
    """Return what looks like a result in a Markdown cell."""
    prose = FORMULA_CODE_OR_SOURCE.sub("", source)
    lines = [line for line in prose.splitlines() if not line.startswith(("|", ">"))]
    return {number for line in lines for number in NUMBER.findall(line)}


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_prose_holds_no_number_but_set_or_quoted_ones(path: Path) -> None:
    found: set[str] = set()
    for cell in nbformat.read(path, as_version=4).cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type")
        if cell.cell_type == "markdown" and kind not in {"skip", "notes"}:
            found |= numbers_in_prose(cell.source)
    assert found == SET_OR_QUOTED[path.stem], "let the cell that computes it say it: plots.say"


def test_a_result_is_told_from_formulas_tables_and_sources() -> None:
    result = "It falls to 4.7, by 12%, in 6,000 updates (002, Fig. 10.17), where $x = .5$.\n| 3.2 |"
    assert numbers_in_prose(result) == {"4.7", "12%", "6,000"}
