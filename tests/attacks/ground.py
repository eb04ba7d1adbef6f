"""What is guarded, and how to see that nothing of it was read, changed or left behind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import sqlite3
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from autograder.authoring.course import Course

_PRIVATE = (
    "submitted/alice/01_counting/counting.ipynb",
    "submitted/mallory/01_counting/placeholder.txt",
    "solutions/01_counting/counting.py",
    "checks.py",
    "secret.json",
)
_LARGEST_LOOKED_AT = 4 * 2**20
_NOT_LOOKED_AT = frozenset([".git", ".venv", "class"])


@dataclass
class Ground:
    """A class with private things in it, on the machine on which attacks run.

    Parameters
    ----------
    root
        Everything lies below.
    course
        The real course, which has solutions and checks.
    """

    root: Path
    course: Path
    canary: str = field(default_factory=lambda: f"canary{secrets.token_hex(8)}")
    """Stands in everything private."""
    mark: str = field(default_factory=lambda: f"mark{secrets.token_hex(8)}")
    """Attacks write it wherever they can."""
    heard: list[str] = field(default_factory=list)
    """What reached the services that listen outside."""
    port: int = 0
    """Where these listen."""
    _since: float = field(default_factory=time.time)

    @property
    def class_folder(self) -> Path:
        """The class."""
        return self.root / "class"

    @property
    def temporary(self) -> Path:
        """Where the engine makes its temporary folders."""
        return self.root / "tmp"

    @property
    def names(self) -> dict[str, str]:
        """What attacks know of the machine: more than a student could."""
        return {
            "CLASS": str(self.class_folder),
            "COURSE": str(self.course),
            "ROOT": str(self.root),
            "VENV": sys.prefix,
            "MARK": self.mark,
            "PORT": str(self.port),
            "ABSTRACT": f"listening-{self.mark}",
            "COORDINATOR": str(os.getpid()),
        }

    def plant(self) -> None:
        """Write the private things."""
        for name in _PRIVATE:
            path = self.class_folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"# {self.canary}\n")
        with contextlib.closing(sqlite3.connect(self.class_folder / "gradebook.db")) as database:
            database.execute("create table score (student text, points real, note text)")
            database.execute("insert into score values ('alice', 34, ?)", (self.canary,))
            database.commit()
        self.temporary.mkdir()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Keep services outside that nobody in a sandbox may reach."""
        with contextlib.ExitStack() as services:
            stream = services.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            stream.bind(("127.0.0.1", 0))
            stream.listen()
            self.port = stream.getsockname()[1]
            datagrams = services.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            datagrams.bind(("127.0.0.1", self.port))
            abstract = services.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            abstract.bind(f"\0listening-{self.mark}")
            for words, hear in (
                ("by TCP", stream.accept),
                ("by UDP", lambda: datagrams.recv(100)),
                ("by an abstract socket", lambda: abstract.recv(100)),
            ):
                threading.Thread(target=self._listen, args=(words, hear), daemon=True).start()
            yield

    def _listen(self, words: str, hear: Callable[[], object]) -> None:
        with contextlib.suppress(OSError):  # closed at the end
            while True:
                hear()
                self.heard.append(words)

    def digest(self) -> dict[str, str]:
        """Return what lies in the class folder."""
        return {
            str(path.relative_to(self.root)): (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
            )
            for path in sorted(self.class_folder.rglob("*"))
        }

    def marks(self) -> list[str]:
        """Return files outside of the class that carry the mark in their name or content."""
        packages = Path(sysconfig.get_path("purelib"))
        folders = {Path("/tmp"): 2, Path("/dev/shm"): 2, Path("/var/tmp"): 2, Path.home(): 1}
        folders |= {self.course: 4, Path(sys.prefix): 2, packages: 1, self.root: 9}
        return sorted(
            {found for folder, deep in folders.items() for found in self._marked(folder, deep)}
        )

    def _marked(self, folder: Path, deep: int) -> Iterator[str]:
        for where, names, files in os.walk(folder):
            if len(Path(where).relative_to(folder).parts) >= deep:
                names.clear()
            # Below pytest's own folders lie the submissions, which are marked.
            names[:] = [
                name
                for name in names
                if name not in _NOT_LOOKED_AT and not name.startswith("pytest-")
            ]
            for name in files:
                if self.mark in name or self._is_marked(Path(where, name)):
                    yield str(Path(where, name))

    def _is_marked(self, path: Path) -> bool:
        with contextlib.suppress(OSError):  # another user's, or gone by now
            status = path.lstat()
            new = status.st_mtime > self._since and status.st_size < _LARGEST_LOOKED_AT
            return new and path.is_file() and self.mark.encode() in path.read_bytes()
        return False


@contextlib.contextmanager
def guarded(course: Course) -> Iterator[Ground]:
    """Set up a ground, and take it away."""
    # Not in pytest's folder: the paths of sockets must be short.
    root = Path(tempfile.mkdtemp(prefix="ground-"))
    ground = Ground(root, course.root)
    before = tempfile.tempdir
    try:
        ground.plant()
        os.environ["NEXTWORD_TEST_SECRET"] = ground.canary
        tempfile.tempdir = str(ground.temporary)
        with ground.listening():
            yield ground
    finally:
        tempfile.tempdir = before
        os.environ.pop("NEXTWORD_TEST_SECRET", None)
        shutil.rmtree(root, ignore_errors=True)


class Processes:
    """The processes of the machine, as they are now."""

    def __init__(self) -> None:
        self._children: dict[int, list[int]] = {}
        for folder in _process_folders():
            with contextlib.suppress(OSError):
                state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
                if state != "Z":
                    self._children.setdefault(int(parent), []).append(int(folder.name))

    def below(self, process: int) -> set[int]:
        """Return what a process started, and what that started."""
        found: set[int] = set()
        waiting = [process]
        while waiting:
            children = self._children.get(waiting.pop(), [])
            found.update(children)
            waiting += children
        return found

    def line(self, process: int, length: int) -> set[int]:
        """Return a process with its only child, the only child of that, and so on."""
        found = [process]
        while len(found) < length and len(self._children.get(found[-1], [])) == 1:
            found += self._children[found[-1]]
        return set(found)


def marked_processes(mark: str) -> set[int]:
    """Return the other processes that have the mark in their command or environment."""
    found = set()
    for folder in _process_folders():
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            if mark.encode() in words and int(folder.name) != os.getpid():
                found.add(int(folder.name))
    return found


def _process_folders() -> Iterator[Path]:
    return (folder for folder in Path("/proc").iterdir() if folder.name.isdigit())


def left_after(find: Callable[[], Set[object]], seconds: float = 20) -> Set[object]:
    """Return what `find` still finds after some time; as soon as that is nothing, nothing."""
    deadline = time.monotonic() + seconds
    while (left := find()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


class MemoryPeak:
    """The most memory that this process has used since."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = _memory("VmRSS")

    def growth(self) -> int:
        """Return by how many bytes it has grown at most."""
        return _memory("VmHWM") - self._before


def _memory(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith(f"{key}:"))
    return int(kilobytes) * 1024


class _Live(HTMLParser):
    """Finds what a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "svg", "img", "link", "base", "form"):
            self.found.append(tag)
        for name, value in attributes:
            words = (value or "").strip().lower()
            if name.startswith("on") or words.startswith(("javascript:", "data:")):
                self.found.append(f"{tag} {name}={value}")


def live_parts(html: str) -> list[str]:
    """Return what on a page is not inert."""
    parser = _Live()
    parser.feed(html)
    return parser.found
