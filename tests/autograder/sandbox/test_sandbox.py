import subprocess
import sys

import pytest

from autograder.sandbox.sandbox import plain_environment, sandbox_command

pytestmark = pytest.mark.needs_sandbox

# Of /proc, what belongs to no process, and what changes other processes of the sandbox.
WRITABLE = """
import os
found = []
for where, folders, files in os.walk("/proc"):
    folders[:] = [n for n in folders if n not in ("self", "thread-self") and not n.isdigit()]
    for path in (os.path.join(where, name) for name in files):
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
            found.append(path)
        except OSError:
            pass
try:
    os.close(os.open("/proc/1/mem", os.O_RDWR))
    found.append("/proc/1/mem")
except OSError:
    pass
print(found)
"""


@pytest.fixture
def inside():
    """Return what a program prints in a sandbox."""

    def run(source, **how):
        command = sandbox_command(
            [sys.executable, "-I", "-c", source], plain_environment("/scratch"), **how
        )
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return run


def test_no_setting_of_the_kernel_can_be_changed(inside):
    # As root, modes alone would let it: root outside is who nobody inside really is.
    assert inside(WRITABLE) == "[]\n"


def test_what_confines_its_children_can_write_about_itself(inside):
    writing = "open('/proc/self/oom_score_adj', 'w').write('1000'); print('written')"
    assert inside(writing, confines=True) == "written\n"
    with pytest.raises(subprocess.CalledProcessError, match="exit status 1"):
        inside(writing)


def test_scratch_can_be_written_where_it_has_a_size_and_nothing_else_can(inside):
    writing = (
        "import os\nfor path in ('/scratch', '/', '/usr', '/dev', '/etc', '/proc'):\n"
        "    try: open(path + '/x', 'w').close(); print(path)\n    except OSError: pass"
    )
    assert inside(writing, scratch_bytes=2**20) == "/scratch\n"
    assert inside(writing) == ""
