"""Buttons on the students' page that open a notebook elsewhere: Binder, Colab, a JupyterHub.

What is behind them is a repository that holds what the bundle holds, named in ``bundle.toml``.
Binder builds the bundle's ``environment.yml``. Colab gives every notebook a machine of its own, on
which the course's library is not installed: a copy of each notebook, below ``colab/``, begins with
a cell that installs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode, urlsplit

import nbformat
from nbformat.v4 import new_code_cell

from autograder.authoring.bundle_file import BundleFile
from autograder.authoring.conventions import EXPLORATION
from autograder.authoring.pairs import with_stable_ids

BUTTONS = "<!-- buttons -->"
"""Where a page has its buttons."""
COLAB = "colab"
"""The folder with the notebooks for Colab."""
_GITHUB = "github.com"
_BINDER_BADGE = "https://mybinder.org/badge_logo.svg"
_COLAB_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


def buttons(said: BundleFile, notebooks: Sequence[str]) -> str:
    """Return a table with a line of buttons for each notebook, nothing without an address.

    Parameters
    ----------
    said
        Where the course's notebooks are on the web.
    notebooks
        Their paths in the bundle.
    """
    links = {path: list(_links(said, path)) for path in notebooks}
    if not any(links.values()):
        return ""
    width = max(map(len, links.values()))
    lines = [f"| notebook |{' |' * width}", f"|---|{'---|' * width}"]
    lines += [f"| `{path}` | {' | '.join(found)} |" for path, found in links.items()]
    return "\n".join(["To open one without installing anything:", "", *lines])


def _links(said: BundleFile, path: str) -> Iterator[str]:
    """Yield the buttons of a notebook, in Markdown."""
    if project := _on_github(said):
        place = f"{project}/{quote(said.branch, safe='')}"
        binder = f"https://mybinder.org/v2/gh/{place}?{urlencode({'labpath': path})}"
        yield f"[![Open {path} in Binder]({_BINDER_BADGE})]({binder})"
        copied = f"{project}/blob/{quote(said.branch)}/{COLAB}/{quote(path)}"
        colab = f"https://colab.research.google.com/github/{copied}"
        yield f"[![Open {path} in Colab]({_COLAB_BADGE})]({colab})"
    if said.repository and said.hub:
        folder = said.repository.rpartition("/")[2]
        asked = {
            "repo": said.repository,
            "branch": said.branch,
            "urlpath": f"lab/tree/{folder}/{path}",
        }
        yield f"[on the hub]({said.hub}/hub/user-redirect/git-pull?{urlencode(asked)})"


def _on_github(said: BundleFile) -> str:
    """Return ``OWNER/NAME`` of a repository on GitHub, nothing of another."""
    parts = urlsplit(said.repository)
    return parts.path.strip("/") if parts.hostname == _GITHUB else ""


def for_colab(said: BundleFile, notebooks: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield notebooks for Colab: each with a first cell that installs what it imports.

    The cell does nothing elsewhere, and is not run when a notebook is graded.
    """
    if not _on_github(said):
        return
    installs = [f"%pip install --quiet {package}" for package in said.colab]
    installs.append(f"%pip install --quiet --no-deps git+{said.repository}@{said.branch}")
    lines = [
        "# In Colab, this installs what the notebook imports. Elsewhere it does nothing.",
        "import sys",
        "",
        'if "google.colab" in sys.modules:',
        *(f"    {install}" for install in installs),
    ]
    for path, content in notebooks.items():
        notebook = nbformat.reads(content.decode(), as_version=4)
        cell = new_code_cell("\n".join(lines), metadata={"tags": [EXPLORATION]})
        notebook.cells.insert(0, cell)
        written = nbformat.writes(with_stable_ids(notebook)) + "\n"
        yield f"{COLAB}/{path}", written.encode()
