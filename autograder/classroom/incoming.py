"""What is to be collected, a zip file or a folder, as a list of files that are safe to read.

Whoever made the files is not trusted: paths that lead elsewhere, links, files without end and names
that some disks take for one are refused, each with a reason, and the others are still read.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.authoring.plain import plain_text
from autograder.classroom.archives import ENCRYPTED, METHODS, is_litter
from autograder.classroom.submission import LARGEST
from autograder.errors import CourseError

MOST_FILES = 100_000
MOST_BYTES = 8 * 2**30
"""Of all files that are read."""
_DEEPEST = 12
_LONGEST = 200
"""Bytes of a name."""
_AGAIN = "Download it again"


class UnreadableSource(CourseError):
    """A zip file or a folder of which nothing can be collected."""


class UnreadableFile(Exception):
    """A file in it that cannot be read; the message says why."""


@dataclass(frozen=True)
class Arrived:
    """A file that came.

    Parameters
    ----------
    path
        In the source; it leads nowhere else.
    content
        Reads it. Raises `UnreadableFile`.
    """

    path: PurePosixPath
    content: Callable[[], bytes]


@dataclass(frozen=True)
class Source:
    """What is to be collected from.

    Parameters
    ----------
    path
        The zip file or folder.
    files
        What can be read.
    refused
        What cannot, and why.
    """

    path: Path
    files: tuple[Arrived, ...]
    refused: tuple[tuple[str, str], ...]


@dataclass
class _Room:
    """How much may still be read."""

    left: int = field(default=MOST_BYTES)

    def take(self, content: bytes) -> bytes:
        self.left -= len(content)
        if self.left < 0:
            raise UnreadableSource(
                f"More than {MOST_BYTES // 2**30} GB would be read, which no class submits. Look "
                "at what is in there"
            )
        return content


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a zip file or a folder. Its files can be read until this ends.

    Raises
    ------
    UnreadableSource
    """
    room = _Room()
    if path.is_dir():
        yield _source(path, _in_folder(path, room))
        return
    if not path.exists():
        raise UnreadableSource(f"{path}: there is no such file or folder")
    if not zipfile.is_zipfile(path):
        raise UnreadableSource(
            f"{path} is no zip file, or its end is missing. {_AGAIN}, or name a folder"
        )
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise UnreadableSource(f"{path} is a damaged zip file ({error}). {_AGAIN}") from error
    with archive:
        yield _source(path, _in_zip(archive, room))


_Found = tuple[str, Arrived | str]
"""The name of a file, and the file, or why it is refused."""


def _source(path: Path, found: Iterable[_Found]) -> Source:
    files, refused = [], []
    for number, (name, each) in enumerate(found):
        if number >= MOST_FILES:
            raise UnreadableSource(f"{path} holds more than {MOST_FILES:,} files")
        if isinstance(each, str):
            refused.append((plain_text(name)[:_LONGEST], each))
        elif not is_litter(each.path):
            files.append(each)
    times = Counter(str(each.path) for each in files)
    seen: dict[str, str] = {}
    kept = []
    for each in files:
        name = str(each.path)
        other = seen.setdefault(name.casefold(), name)
        if times[name] > 1:
            refused.append((name, "the archive has several files of that name"))
        elif other != name:
            refused.append((name, f"differs from {other} in case only"))
        else:
            kept.append(each)
    return Source(path, tuple(kept), tuple(dict.fromkeys(refused)))


def _in_zip(archive: zipfile.ZipFile, room: _Room) -> Iterator[_Found]:
    for member in archive.infolist():
        if member.is_dir():
            continue
        why = _why_not(member.filename) or _why_no_member(member)
        if why is not None:
            yield member.filename, why
            continue
        path = PurePosixPath(member.filename)
        yield member.filename, Arrived(path, _reader(archive, member, room))


def _why_no_member(member: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "a link, or no regular file"
    if member.flag_bits & ENCRYPTED:
        return "has a password"
    if member.compress_type not in METHODS:
        return "is packed in a rare way"
    return None


def _reader(archive: zipfile.ZipFile, member: zipfile.ZipInfo, room: _Room) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(member) as file:
                content = room.take(file.read(LARGEST + 1))
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            ValueError,
            OSError,
        ) as error:
            raise UnreadableFile("is damaged in the archive, or was cut off") from error
        return _not_too_large(content)

    return read


def _not_too_large(content: bytes) -> bytes:
    if len(content) > LARGEST:
        raise UnreadableFile(f"has more than {LARGEST // 2**20} MB")
    return content


def _why_not(name: str) -> str | None:
    """Return why a path is not followed, None where it leads to a file below its source."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in path.parts[:1]:
        return "its path leads elsewhere"
    if not path.parts:
        return "it has no name"
    if not name.isprintable():
        return "its name has characters that cannot be shown"
    if any(len(os.fsencode(part)) > _LONGEST for part in path.parts):
        return f"its name has more than {_LONGEST} bytes"
    if len(path.parts) > _DEEPEST:
        return "it lies too deep"
    return None


def _in_folder(root: Path, room: _Room) -> Iterator[_Found]:
    """Yield the files in a folder, links not followed."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                there = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield str(folder.relative_to(root)), f"cannot be looked into: {error.strerror}"
            continue
        for entry in there:
            path = Path(entry.path)
            name = path.relative_to(root).as_posix()
            why = _why_not(name)
            if entry.is_symlink():
                yield name, "a link"
            elif why is not None:
                yield name, why
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                yield name, Arrived(PurePosixPath(name), _file_reader(path, room))
            else:
                yield name, "no regular file"


def _file_reader(path: Path, room: _Room) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            # It may have become a link or a pipe since it was looked at.
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise UnreadableFile("no regular file")
                content = room.take(file.read(LARGEST + 1))
        except OSError as error:
            raise UnreadableFile(f"cannot be read: {error.strerror}") from error
        return _not_too_large(content)

    return read
