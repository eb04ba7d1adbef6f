"""A process confines itself: namespaces of its own, a private scratch folder, no privileges.

The sandbox around it (bubblewrap) already hides the course, the class and the network. This hides
one student from the next. Linux only; every step that fails ends the process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import resource
import signal
import struct
from pathlib import Path

CLONE_NEWNS = 0x0002_0000
CLONE_NEWIPC = 0x0800_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000
_NAMESPACES = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 1, 2, 4, 1 << 14, 1 << 18
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_LAST_CAPABILITY = 40
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a mount point, not a file
_CAPABILITY_VERSION_3 = 0x2008_0522
_KEYCTL = {"x86_64": 250, "aarch64": 219}
_KEYCTL_JOIN_SESSION_KEYRING = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *args: object) -> None:
    if getattr(_libc, name)(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def enter_namespaces() -> None:
    """Leave the namespaces of the warm process; the next fork is process 1 of its own."""
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NAMESPACES)
    for path, line in (
        ("/proc/self/setgroups", "deny"),
        ("/proc/self/uid_map", f"{user} {user} 1"),
        ("/proc/self/gid_map", f"{group} {group} 1"),
    ):
        Path(path).write_text(line, encoding="ascii")


def hide_the_rest(scratch: str, scratch_bytes: int) -> None:
    """Give this process a scratch folder and an empty /proc of its own, and nothing to write else.

    Parameters
    ----------
    scratch
        Where the folder is mounted; it must exist.
    scratch_bytes
        How much it holds.
    """
    _mount("none", "/", None, _MS_REC | _MS_PRIVATE, "")
    flags = _MS_NOSUID | _MS_NODEV
    _mount("tmpfs", scratch, "tmpfs", flags, f"size={scratch_bytes},nr_inodes=4096,mode=700")
    _mount("tmpfs", _SHARED_MEMORY, "tmpfs", flags, "size=64m,nr_inodes=256,mode=700")
    for folder in ("/proc", "/cache"):
        _mount("tmpfs", folder, "tmpfs", flags | _MS_RDONLY, "size=4k,nr_inodes=2,mode=555")
    os.chdir(scratch)


def _mount(source: str, target: str, kind: str | None, flags: int, data: str) -> None:
    fields = [source.encode(), target.encode(), kind.encode() if kind else None]
    _call("mount", *fields, ctypes.c_ulong(flags), data.encode())


def leave_keyring() -> None:
    """Leave the session keyring of whoever runs the grader, with the keys in it, for an empty one.

    Where the kernel refuses, as in many containers, it refuses keyrings to everybody.
    """
    number = _KEYCTL.get(platform.machine())
    if number is not None:
        _libc.syscall(number, _KEYCTL_JOIN_SESSION_KEYRING, None)


def be_first_to_go() -> None:
    """Let the kernel end this process and its children first where memory runs out."""
    with contextlib.suppress(OSError):  # in some containers, where it is a wish at best
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def give_up_privileges() -> None:
    """Drop every capability for good, and forbid gaining any."""
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(_LAST_CAPABILITY + 1):
        _call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    _call("capset", header, struct.pack("=6I", 0, 0, 0, 0, 0, 0))
    _call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with_parent() -> None:
    """End this process, and with it its namespace, as soon as its parent ends."""
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def limit_resources(memory_bytes: int, file_bytes: int, processes: int, cpu_seconds: int) -> None:
    """Set the limits that the kernel enforces for this process and all that it starts."""
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NPROC, processes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
