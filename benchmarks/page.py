"""Makes the tables of docs/performance.md from what was recorded: `python benchmarks/page.py`.

The page is written by hand but for what stands between two comments, such as ``<!-- results:
ngrams -->`` and ``<!-- end -->``. What was never recorded stays as it is.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tables import Results, read_history, read_results, table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
HISTORY = "history"
LAST = 3
"""So many of each ratio are on the page; the file has all."""
BLOCK = re.compile(r"<!-- results: (?P<name>[\w-]+) -->\n(?P<body>.*?)<!-- end -->", re.DOTALL)


def rendered(
    page: str, results: Mapping[str, Results], history: Sequence[Mapping[str, str]]
) -> str:
    """Return the page with the tables of these results."""

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        if name == HISTORY:
            body = _history(history)
        elif name in results:
            body = results[name].markdown
        else:
            return found[0]
        return f"<!-- results: {name} -->\n\n{body}\n\n<!-- end -->"

    return BLOCK.sub(block, page)


def _history(rows: Sequence[Mapping[str, str]]) -> str:
    kept: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in sorted(rows, key=lambda row: row["date"]):
        kept.setdefault((row["benchmark"], row["ratio"]), []).append(row)
    shown = table("benchmark", "ratio", "date", "machine", ("it is", "{}"))
    for _, found in sorted(kept.items()):
        for row in found[-LAST:]:
            shown.add(*(row[key] for key in ("benchmark", "ratio", "date", "machine", "value")))
    return shown.markdown


def main() -> None:
    """Write the page anew."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(rendered(page, read_results(), read_history()), encoding="utf-8")


if __name__ == "__main__":
    main()
