"""From the repository to pages that were looked through."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from publishing.executed import KEPT, execute_all
from publishing.node_programs import packages
from publishing.site.errors import FaultyPages
from publishing.site.faults import faults_of
from publishing.site.front_pictures import write_pictures
from publishing.site.source_tree import OURS, lay


def build(
    root: Path,
    folder: Path,
    executed: Path = KEPT,
    tell: Callable[[str], None] = print,
) -> Path:
    """Build the site, and return the folder of its pages.

    Parameters
    ----------
    root
        Of the repository.
    folder
        For all that is made: `html`, the pages; `source`, what Sphinx reads.
    executed
        Where executed lectures are kept.
    tell
        Gets a line for each step, with its seconds.

    Raises
    ------
    CellFailed
        A cell of a lecture failed.
    PictureWithoutText
        A lecture shows a picture without alternative text.
    FaultyPages
        Sphinx warned, or something is wrong with the pages.
    NoNode
        MathJax could not be had, which npm brings.
    """
    folder = folder.resolve()
    began = perf_counter()
    lectures = execute_all(sorted((root / "lectures").glob("*.py")), executed)
    tell(f"{perf_counter() - began:6.1f} s  {len(lectures)} lectures executed, or kept")
    lay(root, folder / "source", lectures, packages() / "mathjax" / "es5")
    write_pictures(folder / "source" / "pictures")
    tell(f"{perf_counter() - began:6.1f} s  laid out, the front page's pictures drawn")
    write_pages(folder / "source", folder / "html")
    tell(f"{perf_counter() - began:6.1f} s  pages written")
    faults = faults_of(folder / "html")
    if faults:
        raise FaultyPages(faults)
    tell(f"{perf_counter() - began:6.1f} s  links, pictures and headings looked through")
    return folder / "html"


def write_pages(source: Path, html: Path) -> None:
    """Let Sphinx write the pages.

    Parameters
    ----------
    source
        What it reads, with its `conf.py`.
    html
        Where pages go. What was read stands beside it, for the next time.

    Raises
    ------
    FaultyPages
        Sphinx warned.
    """
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-q",
        "--no-color",  # else its words are hidden among codes where CI is set
        "-j",
        "auto",
    ]
    command += ["-d", html.with_name("doctrees"), source, html]
    if not (html / "searchindex.js").is_file():  # written last: what a killed build left is not all
        command += ["-E", "-a"]
    done = subprocess.run(command, cwd=OURS.parents[1], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).replace(f"{source}/", "").splitlines()
        raise FaultyPages([line for line in lines if line.strip()])
