"""What the filter takes away, tried in a process of its own, and that notebooks can do without."""

import ctypes
import subprocess
import sys

import pytest

from autograder.guest import system_calls

pytestmark = pytest.mark.skipif(
    not system_calls.known(), reason="the numbers of this machine's system calls are not known"
)
FILTERED = """
import ctypes, errno, os, fcntl, sqlite3, sys
sys.path.insert(0, sys.argv[1])
import system_calls

libc = ctypes.CDLL(None, use_errno=True)

def answer(name, *args):
    ctypes.set_errno(0)
    done = getattr(libc, name)(*args)
    return "done" if done != -1 else errno.errorcode[ctypes.get_errno()]

def asked(file, command, argument=0):
    try:
        fcntl.fcntl(file, getattr(fcntl, command), argument)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

folder = os.open(".", os.O_RDONLY)
file = open("a file", "w+")
system_calls.take_away()
"""


@pytest.fixture
def filtered(tmp_path):
    """Return what a program prints under the filter."""

    def run(source):
        folder = system_calls.__file__.rpartition("/")[0]
        command = [sys.executable, "-c", FILTERED + source, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
        return done.stdout.strip()

    return run


@pytest.mark.parametrize("call", ["inotify_init", "inotify_init1", "inotify_add_watch"])
def test_nobody_watches_a_folder(filtered, call):
    assert filtered(f"print(answer({call!r}, 0, b'.', 1))") == "EPERM"


@pytest.mark.parametrize("call", ["fanotify_init", "fanotify_mark"])
def test_nobody_watches_a_file_system(filtered, call):
    assert filtered(f"print(answer({call!r}, 0, 1, ctypes.c_ulong(1), -100, b'.'))") == "EPERM"


def test_nobody_reads_who_crashed_in_the_kernels_log(filtered):
    assert filtered("print(answer('klogctl', 3, ctypes.create_string_buffer(99), 99))") == "EPERM"


def test_nobody_is_told_of_a_folder_by_a_signal(filtered):
    assert filtered("print(asked(folder, 'F_NOTIFY', fcntl.DN_CREATE))") == "EPERM"


def test_no_file_is_locked_for_others(filtered):
    assert filtered("print(answer('flock', file.fileno(), fcntl.LOCK_EX))") == "ENOSYS"


@pytest.mark.parametrize("command", ["F_GETLK", "F_OFD_GETLK", "F_OFD_SETLK", "F_OFD_SETLKW"])
def test_nobody_sees_who_holds_a_lock_or_leaves_one_on_an_open_file(filtered, command):
    assert filtered(f"print(asked(file, {command!r}, bytes(32)))") == "EPERM"


def test_other_questions_about_files_are_answered(filtered):
    assert filtered("print(asked(file, 'F_GETFD'), asked(file, 'F_GETFL'))") == "done done"
    assert filtered("print(asked(file, 'F_SETLK', bytes(32)))") == "done"


def test_processes_and_threads_can_be_started(filtered):
    starting = (
        "import subprocess, threading\n"
        "thread = threading.Thread(target=print, args=['thread'])\n"
        "thread.start(); thread.join(); sys.stdout.flush()\n"
        "subprocess.run(['echo', 'process'], check=True)"
    )
    assert filtered(starting) == "thread\nprocess"


def test_a_database_in_a_file_works(filtered):
    writing = (
        "with sqlite3.connect('data.db') as database:\n"
        "    database.execute('create table t (x)'); database.execute('insert into t values (1)')\n"
        "print(sqlite3.connect('data.db').execute('select x from t').fetchall())"
    )
    assert filtered(writing) == "[(1,)]"


def test_libraries_that_lock_find_another_way(filtered):
    locking = (
        "import filelock\n"
        "with filelock.FileLock('a lock', timeout=5): print('locked')\n"
        "import matplotlib.font_manager as fonts\n"
        "with fonts.cbook._lock_path('fonts'): print('fonts')"
    )
    assert filtered(f"import warnings; warnings.simplefilter('ignore')\n{locking}") == (
        "locked\nfonts"
    )


@pytest.fixture
def resolve():
    """Return the kernel's number of a call on a machine, as libseccomp knows it."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("libseccomp is not installed")
    return lambda machine, name: library.seccomp_syscall_resolve_name_arch(
        ctypes.c_uint32(machine), name.encode()
    )


@pytest.mark.parametrize("machine", system_calls._MACHINES)
def test_the_numbers_are_those_of_the_kernel(resolve, machine):
    column = list(system_calls._MACHINES).index(machine)
    calls = system_calls._REFUSED | system_calls._MISSING
    calls |= {"clone": system_calls._CLONE, "fcntl": system_calls._FCNTL}
    code = system_calls._MACHINES[machine]
    known = {name: resolve(code, name) for name in calls}
    # A call that a machine lacks has a negative number there.
    assert {name: number if number >= 0 else None for name, number in known.items()} == {
        name: numbers[column] for name, numbers in calls.items()
    }
