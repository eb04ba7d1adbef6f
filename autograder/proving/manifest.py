"""What a command wrote, so that it never removes anything else.

A manifest lies in the folder that it is about. It names each file with the digest of what was
written, and only a file that is still that is ever removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import CourseError
from autograder.files import as_bytes, write_atomically

_NAMED = 5
"""How many foreign files a refusal names."""


class ForeignFiles(CourseError):
    """A folder that would be replaced holds what the command did not write itself."""


@dataclass(frozen=True)
class Manifest:
    """The list of what a command wrote below a folder.

    Parameters
    ----------
    path
        Where the list is kept; what it names lies below the same folder.
    """

    path: Path

    def refuse_foreign(self, folder: Path, advice: str) -> None:
        """See that a folder holds nothing but what is listed, as it was written.

        Parameters
        ----------
        folder
            At or below the manifest's. It need not exist.
        advice
            What to do where there is something else.

        Raises
        ------
        ForeignFiles
            Something else is there: never listed, or changed since. Nothing has been touched.
        """
        digests = self._digests()
        foreign = sorted(
            str(path)
            for path in _below(folder)
            if path != self.path and _digest(path) != digests.get(self._name(path), "")
        )
        if foreign:
            more = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
            raise ForeignFiles(
                f"{folder} would be replaced, but holds what this command did not write, or what "
                f"has been changed since: {', '.join(foreign[:_NAMED])}{more}. {advice}"
            )

    def write(self, contents: Mapping[Path, str]) -> None:
        """Write files, each listed before it is there."""
        new = {self._name(path): _digest_of(as_bytes(text)) for path, text in contents.items()}
        self._keep(self._digests() | new)
        for path, text in contents.items():
            write_atomically(path, text)

    def add(self, paths: Iterable[Path]) -> None:
        """List files that the command has written by other means, as they are now."""
        found = {self._name(path): _digest(path) for path in paths}
        self._keep(self._digests() | {name: digest for name, digest in found.items() if digest})

    def remove(self, wanted: Callable[[Path], bool] = lambda path: True) -> None:
        """Remove listed files that are as they were written, and folders that are empty then.

        Parameters
        ----------
        wanted
            Which of them, by their path relative to the manifest's folder.
        """
        left = self._digests()
        for name in [name for name in left if wanted(Path(name))]:
            path = self.path.parent / name
            if _digest(path) == left[name]:
                path.unlink()
            self._remove_empty(path.parent)
            del left[name]
        self._keep(left)

    def _remove_empty(self, folder: Path) -> None:
        while folder != self.path.parent:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                return
            folder = folder.parent

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path.parent).as_posix()

    def _digests(self) -> dict[str, str]:
        """Return the list; where there is none, or it is damaged, nothing is ours."""
        with contextlib.suppress(OSError, ValueError):
            digests = json.loads(self.path.read_text(encoding="utf-8"))
            if isinstance(digests, dict):
                return {name: digest for name, digest in digests.items() if _inside(name)}
        return {}

    def _keep(self, digests: Mapping[str, str]) -> None:
        write_atomically(self.path, json.dumps(digests, indent=0, sort_keys=True) + "\n")


def _inside(name: str) -> bool:
    """Return whether a name cannot lead out of the folder."""
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts


def _below(folder: Path) -> Iterator[Path]:
    """Yield all that is below a folder but folders themselves; links are not followed."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        yield folder
    for where, folders, files in os.walk(folder):
        yield from (Path(where, name) for name in files)
        yield from (path for name in folders if (path := Path(where, name)).is_symlink())


def _digest(path: Path) -> str | None:
    """Return the digest of a regular file; None for anything else."""
    if path.is_symlink() or not path.is_file():
        return None
    with contextlib.suppress(OSError), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
    return None


def _digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
