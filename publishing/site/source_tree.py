"""What Sphinx reads: the repository's own pages under the names that they have there, and ours.

Links between files of the repository therefore lead to the same place here, on the site and
wherever the repository is looked at.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import nbformat

from publishing.site import api_pages
from publishing.site.lecture_pages import FIGURES, page_of

OURS = Path(__file__).parent
COPIED = (
    "docs/*.md",
    "docs/pictures/*.png",
    "data/*/README.md",
    "data/recorded/*/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "LICENSE-CC-BY-4.0",
    "NOTICE.md",
    "SECURITY.md",
)
"""Files of the repository that are pages, or that pages link; nothing of `solutions/`."""
FORMULAS = (
    "tex-chtml.js",
    "input/tex/extensions",
    "output/chtml/fonts",
    "a11y",
    "sre",
)
"""What the pages need of MathJax's es5 folder."""


def lay(root: Path, tree: Path, lectures: Iterable[Path], mathjax: Path) -> None:
    """Write all that Sphinx reads into an empty folder, or over what an earlier call wrote.

    Files that are as they were keep their time, so that Sphinx builds their pages once.

    Parameters
    ----------
    root
        Of the repository.
    tree
        The folder.
    lectures
        Executed notebooks.
    mathjax
        MathJax's es5 folder.

    Raises
    ------
    PictureWithoutText
        A lecture shows a picture without alternative text.
    """
    wanted = _Wanted(tree)
    for pattern in COPIED:
        for path in sorted(root.glob(pattern)):
            wanted.copy(path, path.relative_to(root))
    for path in sorted((OURS / "pages").rglob("*.md")):
        wanted.copy(path, path.relative_to(OURS / "pages"))
    for path in sorted((root / "assignments").glob("*/*.ipynb")):
        wanted.copy(path, path.relative_to(root))
    for lecture in lectures:
        page = page_of(nbformat.read(lecture, as_version=4), lecture.stem)
        wanted.write(Path("lectures", lecture.name), nbformat.writes(page.notebook))
        for name, content in page.pictures.items():
            wanted.write(Path("lectures", FIGURES, name), content)
    names = []
    for name, text in api_pages.pages(root / "nextword"):
        wanted.write(Path("api", f"{name}.rst"), text)
        names.append(name)
    wanted.write(Path("api/pages.txt"), api_pages.index(names))
    for path in (
        OURS / "conf.py",
        *sorted(OURS.glob("static/*.css")),
        *OURS.glob("templates/*.html"),
    ):
        wanted.copy(path, path.relative_to(OURS))
    for name in FORMULAS:
        for path in [mathjax / name, *sorted((mathjax / name).rglob("*"))]:
            if path.is_file():
                wanted.copy(path, Path("static/mathjax", path.relative_to(mathjax)))
    wanted.remove_others(spared="pictures")


class _Wanted:
    """Files of a folder, written where they differ; what is not wanted any more is removed."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.names: set[Path] = set()

    def copy(self, source: Path, name: Path) -> None:
        self.write(name, source.read_bytes())

    def write(self, name: Path, content: str | bytes) -> None:
        as_bytes = content.encode() if isinstance(content, str) else content
        path = self.tree / name
        self.names.add(name)
        if not path.is_file() or path.read_bytes() != as_bytes:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(as_bytes)

    def remove_others(self, spared: str) -> None:
        for path in sorted(self.tree.rglob("*"), reverse=True):
            name = path.relative_to(self.tree)
            if name.parts[0] == spared or name in self.names:
                continue
            if path.is_file():
                path.unlink()
            elif not any(path.iterdir()):
                shutil.rmtree(path)
