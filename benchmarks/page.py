"""Makes tables of docs/ from what was recorded: `python benchmarks/page.py`.

The pages are written by hand but for what stands between two comments, such as ``<!-- results:
ngrams -->`` and ``<!-- end -->``. What was never recorded stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tables import Results, read_history, read_results, table

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = (DOCS / "performance.md", DOCS / "mutants.md")
HISTORY = "history"
LAST = 3
"""So many of each ratio are on the page; the file has all."""
AIMS_TABLE, ALL_GATES = "aims", "gates"
QUICK_TOO = ("grading", "grading-quick")
AIMS = (
    (
        "grading 01, nothing answered, CPU ms",
        "205",
        "≤ 90",
        QUICK_TOO,
        "nothing answered, CPU ms each",
    ),
    (
        "… its rate to nbgrader's one process",
        "16 to 20",
        "≥ 30",
        QUICK_TOO,
        "ours to nbgrader, 1 process",
    ),
    ("… to nbgrader's two", "9.1 to 10", "≥ 17", QUICK_TOO, "ours to nbgrader, 2 processes"),
    ("… to otter", "48 to 59", "≥ 90", QUICK_TOO, "ours to otter run"),
    (
        "grading 04, to nbgrader's one process",
        "–",
        "≥ 15",
        ("grading-04_recurrent-quick",),
        "ours to nbgrader, 1 process",
    ),
    ("1,000 submissions to 30, each", "1.00", "≤ 1.05", ("grading",), "1,000 to 30, s each"),
    ("Dask to the local pool", "–", "≥ .80", ("cluster",), "Dask's rate to the local pool's"),
    (
        "first start, slowest assignment, s",
        "–",
        "≤ 5",
        ("starting",),
        "first start, slowest assignment, s",
    ),
    (
        "second start, slowest assignment, s",
        "13",
        "≤ 2",
        ("starting",),
        "second, slowest assignment, s",
    ),
    (
        "verify, 3 seeds, slowest assignment, s",
        "44",
        "≤ 15",
        ("starting",),
        "verify, 3 seeds, slowest assignment, s",
    ),
    ("make demo, s", "194 to 316", "≤ 90", ("commands",), "make demo, s"),
    ("make test, s", "690 to 1,220", "≤ 360", ("commands",), "make test, s"),
    (".ci/run, s", "2,100", "≤ 1,500", ("commands-ci",), ".ci/run, s"),
    ("slowest lecture, CPU s", "50", "≤ 30", ("commands",), "slowest lecture, CPU s"),
    *(
        (
            f"Kneser–Ney, {size}M tokens, order {order}: CPU to KenLM's",
            before,
            "≤ 1",
            ("kenlm",),
            f"CPU to lmplz's, nextword, line by line, {size}M tokens, order {order}",
        )
        for size, order, before in (
            ("0.26", 3, "–"),
            ("0.26", 5, "–"),
            ("4", 3, "3.4"),
            ("4", 5, "1.4"),
            ("20", 3, "–"),
            ("20", 5, "–"),
        )
    ),
)
"""What is waited for; what it was, and was to become; in which benchmarks it is called what."""
RUNS = 2
"""So many last runs stand beside an aim."""
BLOCK = re.compile(r"<!-- results: (?P<name>[\w-]+) -->\n(?P<body>.*?)<!-- end -->", re.DOTALL)


def rendered(
    page: str, results: Mapping[str, Results], history: Sequence[Mapping[str, str]]
) -> str:
    """Return the page with the tables of these results."""

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        if name == HISTORY:
            body = _history(history)
        elif name == AIMS_TABLE:
            body = _aims(history)
        elif name == ALL_GATES:
            body = _all_gates(results)
        elif name in results:
            body = results[name].markdown
        else:
            return found[0]
        return f"<!-- results: {name} -->\n\n{body}\n\n<!-- end -->"

    return BLOCK.sub(block, page)


def _all_gates(results: Mapping[str, Results]) -> str:
    """Return a row for each assignment: the sums of its questions' rows."""
    gates = {name: each for name, each in results.items() if name.startswith(f"{ALL_GATES}-")}
    columns = next(iter(gates.values())).tables[0].columns if gates else ()
    numbers = [(column.title, "{:,.0f}") for column in columns[2:]]
    shown = table("assignment", ("questions", "{:,}"), *numbers)
    for name, each in sorted(gates.items()):
        rows = each.tables[0].rows
        sums = [sum(float(row[at] or 0) for row in rows) for at in range(2, len(columns))]
        shown.add(name.removeprefix(f"{ALL_GATES}-"), len(rows), *sums)
    return shown.markdown


def _aims(rows: Sequence[Mapping[str, str]]) -> str:
    shown = table("who waits for what", "it was", "aim", f"the last {RUNS} runs")
    in_order = sorted(rows, key=lambda row: row["date"])
    for what, before, aim, benchmarks, ratio in AIMS:
        found = [r for r in in_order if r["benchmark"] in benchmarks and r["ratio"] == ratio]
        shown.add(what, before, aim, "; ".join(map(_with_pace, found[-RUNS:])))
    return shown.markdown


def _with_pace(row: Mapping[str, str]) -> str:
    """Return what was measured, and the machine's pace where it is known."""
    return f"{row['value']} at pace {row['pace']}" if row.get("pace") else row["value"]


def _history(rows: Sequence[Mapping[str, str]]) -> str:
    kept: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in sorted(rows, key=lambda row: row["date"]):
        kept.setdefault((row["benchmark"], row["ratio"]), []).append(row)
    columns = ("benchmark", "ratio", "date", "machine", "pace", "value")
    shown = table(*columns[:-1], ("it is", "{}"))
    for _, found in sorted(kept.items()):
        for row in found[-LAST:]:
            shown.add(*(row.get(key) or "" for key in columns))
    return shown.markdown


def main() -> None:
    """Write the pages anew."""
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        path.write_text(rendered(page, read_results(), read_history()), encoding="utf-8")


if __name__ == "__main__":
    main()
