"""A virtual environment of its own for what students or staff install, made without a network.

Packages are those that these tests run with: a line of a `.pth` file puts their folder on the
path. Such a line, unlike a folder of installed packages, brings no `.pth` files of its own into
force, and by one of those this checkout is installed. So nothing of the checkout can be imported.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = Path(sysconfig.get_paths()["purelib"])
OFFLINE = ("--no-index", "--no-build-isolation", "--disable-pip-version-check")
"""What pip needs besides, to take what is there."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Parameters
    ----------
    folder
        Where it is.
    home
        A home of its own, so that no kernel or setting of the user's is found.
    """

    folder: Path
    home: Path

    @classmethod
    def made(cls, folder: Path) -> Environment:
        """Make one, with all packages but the course's own."""
        venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(folder / "venv")
        made = cls(folder / "venv", folder / "home")
        made.home.mkdir()
        (own,) = made.folder.glob("lib/python*/site-packages")
        (own / "packages.pth").write_text(f"{PACKAGES}\n")
        # What a shell finds by name, as where pip has been installed here.
        (made.folder / "bin" / "pip").write_text(
            f'#!/bin/sh\nexec "{made.python}" -m pip "$@" {" ".join(OFFLINE)}\n'
        )
        (made.folder / "bin" / "pip").chmod(0o755)
        return made

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a shell in which it is active."""
        kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "HOME": str(self.home),
            "VIRTUAL_ENV": str(self.folder),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "PIP_CONFIG_FILE": os.devnull,
        }

    def run(self, command: Sequence[str | Path], where: Path) -> subprocess.CompletedProcess[str]:
        """Run a command in a folder, and return what it said."""
        return subprocess.run(
            list(map(str, command)),
            cwd=where,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def shell(self, line: str, where: Path) -> subprocess.CompletedProcess[str]:
        """Run a line of a shell in a folder, and return what it said."""
        return self.run(["/bin/sh", "-c", line], where)
