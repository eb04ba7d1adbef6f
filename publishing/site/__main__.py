"""Build the site: `python -m publishing.site`, with --folder for where."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograder.errors import CourseError
from publishing.site.building import build

ROOT = Path(__file__).resolve().parents[2]


def main(words: list[str] | None = None) -> int:
    """Build the site, and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m publishing.site", description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "site")
    asked = parser.parse_args(words)
    try:
        pages = build(ROOT, asked.folder)
    except CourseError as error:
        print(f"The site was not built.\n{error}", file=sys.stderr)
        return 1
    print(pages / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
