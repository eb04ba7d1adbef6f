"""Who shares a processor stands in the queue for it."""

import os
import subprocess
import sys
import time

import pytest

from autograder.sandbox.queued import now, queued_seconds

BUSY = "import time\nwhile time.process_time() < {}: pass"
TWO = """
import os, subprocess, sys
os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
busy = [subprocess.Popen([sys.executable, "-I", "-c", {!r}]) for _ in range(2)]
print("begun", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux pins processes")
def test_of_two_on_one_processor_one_waits():
    began = now()
    command = [sys.executable, "-I", "-c", TWO.format(BUSY.format(30))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as above:
        try:
            assert above.stdout.readline() == b"begun\n"
            while not (queued := queued_seconds(above.pid, began)) and above.poll() is None:
                time.sleep(0.01)
            assert queued > 0
            assert queued_seconds(above.pid, now() + 60) == 0  # began before that
        finally:
            subprocess.run(["pkill", "-P", str(above.pid)], check=True)
            above.kill()


def test_a_process_that_is_gone_did_not_wait():
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    assert queued_seconds(gone.pid, 0.0) == 0
