"""Takes system calls away that no notebook needs and that could reach beyond the sandbox.

A filter (seccomp) that the kernel applies to this process and to all that it starts, for good. It
refuses to look into other processes (`ptrace`), to make namespaces, in which mounts of any size
could be made, to use keyrings, whose keys belong to whoever runs the grader, to hold up others by
leases and locks on files that they share, to watch or be told what others do with such files, to
read the kernel's log, which tells who crashed, and doors to the kernel with a history of holes.
Locks on records (`F_SETLK`) stay, as sqlite needs them: on files that nobody in here can write, all
of them are for reading, and none shows.

On machines whose numbers are not known here, nothing is taken away: the namespaces around the
process still stand.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

CLONE_NEW = 0x7E02_0000
"""All flags of `clone` that make a namespace."""
_FILE_COMMANDS = {
    "F_GETLK": 5,
    "F_OFD_GETLK": 36,
    "F_OFD_SETLK": 37,
    "F_OFD_SETLKW": 38,
    "F_SETLEASE": 1024,
    "F_NOTIFY": 1026,
}
"""What `fcntl` may not be asked: who holds a lock, locks of an open file, leases, watches."""
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF_0000, 0x0005_0000, 0x8000_0000
_NUMBER, _MACHINE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24
_X32 = 0x4000_0000

_MACHINES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
"""Machines, as the kernel names them to a filter. The numbers below are in this order; None for
what only the first one has."""
_REFUSED: dict[str, tuple[int, int | None]] = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "inotify_add_watch": (254, 27),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "request_key": (249, 218),
    "setns": (308, 268),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
_MISSING = {"clone3": (435, 435), "flock": (73, 32)}
"""Answered as by a kernel without them, so that libraries take another way. The flags of `clone3`
lie in memory, where a filter cannot look: they use `clone`."""
_CLONE, _FCNTL = (56, 220), (72, 25)


def known() -> bool:
    """Return whether the numbers of this machine's system calls are known."""
    return platform.machine() in _MACHINES


def take_away() -> None:
    """Refuse the system calls from now on.

    Raises
    ------
    OSError
        The kernel does not let itself be asked.
    """
    if not known():
        return
    program = _program(platform.machine())
    code = ctypes.create_string_buffer(program, len(program))
    filter_ = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for call in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, filter_, 0, 0),
    ):
        if libc.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "prctl: the filter of system calls was refused")


def _program(name: str) -> bytes:
    """Return the filter for a machine, in the kernel's byte code.

    A jump counts instructions from the one behind it: where it holds, and where not.
    """
    machine, column = _MACHINES[name], list(_MACHINES).index(name)
    refuse, allow = (_RETURN, 0, 0, _REFUSE | errno.EPERM), (_RETURN, 0, 0, _ALLOW)
    code: list[tuple[int, int, int, int]] = [
        # Another machine's system calls, which a 64-bit kernel offers too, have other numbers.
        (_LOAD, 0, 0, _MACHINE),
        (_IF_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _X32),
        refuse,
    ]
    for numbers in _MISSING.values():
        code += [(_IF_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _REFUSE | errno.ENOSYS)]
    for number in (numbers[column] for numbers in _REFUSED.values()):
        if number is not None:
            code += [(_IF_EQUAL, 0, 1, number), refuse]
    asked = [
        step for command in _FILE_COMMANDS.values() for step in ((_IF_EQUAL, 0, 1, command), refuse)
    ]
    code += [
        (_IF_EQUAL, 0, 4, _CLONE[column]),
        (_LOAD, 0, 0, _ARGUMENT_0),
        (_IF_ANY_BIT, 0, 1, CLONE_NEW),
        refuse,
        allow,
        (_IF_EQUAL, 0, 1 + len(asked), _FCNTL[column]),
        (_LOAD, 0, 0, _ARGUMENT_1),
        *asked,
        allow,
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)
