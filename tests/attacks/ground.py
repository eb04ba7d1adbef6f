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
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from autograder.course import Course
from nextword.evidence import EVIDENCE_MIME_TYPE

CGROUPS = Path("/sys/fs/cgroup/pids")


@dataclass
class Ground:
    """A class with private things in it, on the machine on which attacks run.

    Parameters
    ----------
    root
        Everything lies below.
    course
        The real course, which has solutions and checks.
    canary
        A text that stands in everything private.
    mark
        A text that attacks write wherever they can.
    heard
        What reached the services that listen outside.
    """

    root: Path
    course: Path
    canary: str = field(default_factory=lambda: f"canary{secrets.token_hex(8)}")
    mark: str = field(default_factory=lambda: f"mark{secrets.token_hex(8)}")
    heard: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def class_folder(self) -> Path:
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
            "MIME": EVIDENCE_MIME_TYPE,
            "PORT": str(self.port),
            "ABSTRACT": f"listening-{self.mark}",
            "COORDINATOR": str(os.getpid()),
        }

    def plant(self) -> None:
        """Write the private things, and listen."""
        words = f"# {self.canary}\n"
        for name in (
            "submitted/alice/01_counting/counting.ipynb",
            "submitted/mallory/01_counting/placeholder.txt",
            "solutions/01_counting/counting.py",
            "checks.py",
            "secret.json",
        ):
            path = self.class_folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(words)
        with contextlib.closing(sqlite3.connect(self.class_folder / "gradebook.db")) as book:
            book.execute("create table score (student text, points real, note text)")
            book.execute("insert into score values ('alice', 34, ?)", (self.canary,))
            book.commit()
        self.temporary.mkdir()
        os.environ["NEXTWORD_TEST_SECRET"] = self.canary

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Keep services outside that nobody in a sandbox may reach."""
        made = []
        for family, kind, address in (
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_DGRAM, f"\0listening-{self.mark}"),
        ):
            service = socket.socket(family, kind)
            if kind == socket.SOCK_DGRAM and family == socket.AF_INET:
                address = ("127.0.0.1", self.port)
            service.bind(address)
            if kind == socket.SOCK_STREAM:
                self.port = service.getsockname()[1]
                service.listen()
            made.append(service)
            threading.Thread(target=self._listen, args=(service, kind), daemon=True).start()
        yield
        for service in made:
            service.close()

    def _listen(self, service: socket.socket, kind: int) -> None:
        with contextlib.suppress(OSError):
            while True:
                if kind == socket.SOCK_STREAM:
                    connection, _ = service.accept()
                    connection.close()
                else:
                    service.recv(100)
                self.heard.append(str(kind))

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
            {found for root, deep in folders.items() for found in self._marked(root, deep)}
        )

    def _marked(self, folder: Path, deep: int) -> Iterator[str]:
        for where, names, files in os.walk(folder, onerror=lambda error: None):
            if len(Path(where).relative_to(folder).parts) >= deep:
                names.clear()
            names[:] = [
                name
                for name in names
                if not name.startswith("pytest-") and name not in (".git", ".venv", "class")
            ]
            for name in files:
                path = Path(where, name)
                if self.mark in name or self._is_marked(path):
                    yield str(path)

    def _is_marked(self, path: Path) -> bool:
        with contextlib.suppress(OSError):
            status = path.lstat()
            if path.is_file() and not path.is_symlink() and status.st_mtime > self.planted_at:
                return status.st_size < 2**22 and self.mark.encode() in path.read_bytes()
        return False

    planted_at: float = field(default_factory=time.time)


@contextlib.contextmanager
def guarded(course: Course) -> Iterator[Ground]:
    """Set up a ground, and take it away."""
    # Not in pytest's folder: the paths of sockets must be short.
    root = Path(tempfile.mkdtemp(prefix="ground-"))
    ground = Ground(root, course.root)
    before = tempfile.tempdir
    try:
        ground.plant()
        tempfile.tempdir = str(ground.temporary)
        with ground.listening():
            yield ground
    finally:
        tempfile.tempdir = before
        os.environ.pop("NEXTWORD_TEST_SECRET", None)
        shutil.rmtree(root, ignore_errors=True)


def descendants() -> set[int]:
    """Return the processes that this one started, and that those started."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    children.setdefault(int(fields[1]), []).append(int(folder.name))
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        new = children.get(waiting.pop(), [])
        found.update(new)
        waiting += new
    return found


def marked_processes(mark: str) -> set[int]:
    """Return the processes that have the mark in their command or environment."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                if mark.encode() in words:
                    found.add(int(folder.name))
    return found


def groups() -> set[str]:
    """Return the cgroups that this process has made."""
    return {path.name for path in CGROUPS.glob(f"nextword-{os.getpid()}-*")}


def gone(find: object, seconds: float = 5) -> set[object]:
    """Return what `find` still finds after some time."""
    deadline = time.monotonic() + seconds
    while (left := find()) and time.monotonic() < deadline:  # type: ignore[operator]
        time.sleep(0.05)
    return left


class MemoryPeak:
    """The most memory that this process has used since."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = _status("VmRSS")

    def growth(self) -> int:
        """Return by how many bytes it has grown at most."""
        return _status("VmHWM") - self._before


def _status(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(key)


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
