"""Programs of ours that Node.js runs, and the packages that they and the pages use.

The packages are fetched once by npm into `build/node/`, as `package-lock.json` has them: each with
its checksum, and by one of several that want them at once. What is made with them needs neither npm
nor a network.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from autograder.errors import CourseError

FOLDER = Path("build/node")
_PROGRAMS = Path(__file__).parent / "node"
_LISTS = ("package.json", "package-lock.json")


class NoNode(CourseError):
    """Node.js or its npm is not installed, or npm could not fetch the packages."""


def packages(folder: Path = FOLDER) -> Path:
    """Return the folder of the fetched packages, such as `reveal.js` in it.

    Parameters
    ----------
    folder
        Where they are kept. They are fetched if those there are not of the locked versions.

    Raises
    ------
    NoNode
    """
    wanted = [(_PROGRAMS / name).read_bytes() for name in _LISTS]
    kept = [folder / name for name in _LISTS]
    fetched = folder / "node_modules"
    whole = fetched / ".package-lock.json"  # what npm writes last

    def there() -> bool:
        """Tell whether those of the locked versions are there, whole."""
        has_all = all(path.is_file() for path in [whole, *kept])
        return has_all and [path.read_bytes() for path in kept] == wanted

    if not there():
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            if not there():  # who held the lock before may have fetched them
                _fetch(dict(zip(kept, wanted, strict=True)), folder)
    return fetched


def _fetch(lists: Mapping[Path, bytes], folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise NoNode(
            "expected Node.js with npm, which fetches reveal.js and MathJax; found none. "
            "Debian, Ubuntu: apt install nodejs npm"
        )
    for path, content in lists.items():
        path.write_bytes(content)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        raise NoNode(f"npm could not fetch the packages of {_PROGRAMS / _LISTS[0]}:\n{run.stderr}")


def run_program(name: str, text: str, folder: Path = FOLDER) -> Any:
    """Return what a program of `publishing/node/` answers to a text, as JSON.

    Parameters
    ----------
    name
        `typeset.js` or `validate.js`; each says at its top what it reads and writes.
    text
        What it reads.
    folder
        Where the packages are kept.

    Raises
    ------
    NoNode
    """
    environment = os.environ | {"NODE_PATH": str(packages(folder).resolve())}
    run = subprocess.run(
        ["node", _PROGRAMS / name],
        input=text,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise NoNode(f"{name} failed:\n{run.stderr}")
    return json.loads(run.stdout)
