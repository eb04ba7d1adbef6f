import contextlib
import os
import re
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from autograder.sandbox import warm
from autograder.sandbox.ending import ENDED
from autograder.sandbox.limits import Limits
from autograder.sandbox.warm import SandboxLost, WarmWorkers

pytestmark = pytest.mark.needs_sandbox

LIMITS = Limits(cell_seconds=20)


@pytest.fixture(scope="module")
def workers():
    workers = WarmWorkers()
    yield workers
    workers.close()


def ran(child, source="1 + 1"):
    cell = new_code_cell(source)
    return child.run(0, cell, False, LIMITS.cell_seconds), cell


def the_worker(workers):
    """Return the only worker, by lending it."""
    with workers.session(LIMITS):
        pass
    (worker,) = workers._waiting[LIMITS]
    return worker


def child_of(process):
    """Return the only process that another one has started."""
    stats = (path.read_text() for path in Path("/proc").glob("[0-9]*/stat"))
    found = [text.split()[0] for text in stats if text.rpartition(")")[2].split()[1] == process]
    (child,) = found
    return child


def freeze(worker):
    """Let the warm process stand still, from outside."""
    sandbox = child_of(str(worker._process.pid))
    os.kill(int(child_of(sandbox)), signal.SIGSTOP)


def test_a_worker_is_lent_again(workers):
    worker = the_worker(workers)
    with workers.session(LIMITS) as child:
        assert workers._waiting[LIMITS] == []
        assert ran(child)[1].outputs[0].data["text/plain"] == "2"
    assert the_worker(workers) is worker


@pytest.mark.parametrize("wanted", [False, True])
def test_the_imports_of_optimizers_are_the_workers_where_they_are_wanted(workers, wanted):
    sources = ["from torch import optim"] if wanted else ["best = 'torch'", "1"]
    with workers.session(LIMITS, sources) as child:
        _, cell = ran(child, "import sys; 'torch._dynamo' in sys.modules")
    assert cell.outputs[0].data["text/plain"] == str(wanted)


@pytest.fixture
def fresh_workers():
    workers = WarmWorkers()
    yield workers
    workers.close()


def test_torch_comes_with_the_first_notebook_that_names_it(fresh_workers):
    for source, there in (("1 + 1", False), ("import torch", True), ("1 + 1", True)):
        with fresh_workers.session(LIMITS, [source]) as child:
            _, cell = ran(child, "import sys; 'torch' in sys.modules")
        assert cell.outputs[0].data["text/plain"] == str(there)


def test_torch_comes_before_the_first_notebook_where_it_is_known_to_be_needed(fresh_workers):
    fresh_workers.start(LIMITS, torch=True)
    with fresh_workers.session(LIMITS) as child:
        _, cell = ran(child, "import sys; 'torch' in sys.modules")
    assert cell.outputs[0].data["text/plain"] == "True"


def test_modules_that_need_torch_come_with_it(fresh_workers):
    module = "nextword.learning.training"
    with fresh_workers.session(LIMITS, [f"import {module}"]) as child:
        _, cell = ran(child, f"import sys; '{module}' in sys.modules")
    assert cell.outputs[0].data["text/plain"] == "True"


def test_a_notebook_that_needs_torch_unseen_imports_it_itself(fresh_workers):
    with fresh_workers.session(LIMITS) as child:
        _, cell = ran(child, "__import__('tor' + 'ch').ones(2).sum().item()")
    assert cell.outputs[-1].data["text/plain"] == "2.0"  # behind torch's word on /proc/cpuinfo


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a.b.deep as d", True),
        ("from a.b.deep import x", True),
        ("from a.b import other, deep", True),
        ("from a.b import (\n    other,\n    deep,\n)", True),
        ("from a.b import other  # a line above\ndeep = 1", False),
        ("from a.b import (other)\ndeep = 1", False),
        ("import a.b.deeper", False),
        ("import a.b; deep = 1", False),
    ],
)
def test_the_import_of_a_module_is_found_in_a_cell(source, found):
    assert bool(warm._import_of("a.b.deep").search(source)) is found


def test_the_import_of_a_package_is_found_in_a_cell():
    assert warm._import_of("alone").search("import alone.b")
    assert not warm._import_of("alone").search("x = 'lonely'")


ENDLESS = "while True:\n    {}"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (ENDLESS.format("x = 1"), r"line [12]: (while True:|x = 1)"),
        (f"import time\n{ENDLESS.format('time.sleep(9)')}", r"line 3: time\.sleep\(9\)"),
        (f"\n  \n\n\nx = 1\n{ENDLESS.format('pass')}", r"line [67]: (while True:|pass)"),
        (f"s = '\\x0c\u2028'\n{ENDLESS.format('pass')}", r"line [23]: (while True:|pass)"),
        (f"from signal import *\nsignal(SIGUSR1, SIG_IGN)\n{ENDLESS.format('1')}", ""),
        (f"%%time\nx = 1\n{ENDLESS.format('1')}", ""),
        ("max(iter(int, 1))", ""),
    ],
)
def test_a_cell_that_is_slow_is_told_with_the_line_that_it_was_at(workers, source, line):
    with workers.session(LIMITS) as child:
        ended = str(child.run(0, new_code_cell(source), False, 1))
    words = "it ran longer than 1 s"
    assert re.fullmatch(f"{words}, and was at {line}" if line else words, ended)
    assert the_worker(workers).alive


def test_a_line_of_another_cell_is_told_with_its_place(workers):
    with workers.session(LIMITS) as child:
        assert child.run(4, new_code_cell("def f():\n    while True: pass"), False, 9) is None
        ended = child.run(6, new_code_cell("f()"), False, 1)
    assert ended.line == "line 2 of cell 5: while True: pass"


FORGING = """
import gc, json, os, signal, socket, struct
sockets = (each for each in gc.get_objects() if isinstance(each, socket.socket))
(channel,) = (each for each in sockets if str(each.fileno()) != os.environ["AUTOGRADER_CASES"])
def say(**message):
    body = json.dumps(message).encode()
    os.write(channel.fileno(), struct.pack("!I", len(body)) + body)
"""


@pytest.mark.parametrize("place", [1, -1, 9, "2", None])
def test_no_line_of_a_questions_own_cell_is_told_whatever_the_child_says(workers, place):
    forged = {"cell": 2, "in": place, "line": 1, "at": "secret"}
    forge = f"signal.signal(signal.SIGUSR1, lambda *_: say(**{forged}))"
    with workers.session(LIMITS) as child:
        assert child.run(1, new_code_cell("hidden = 1"), True, 9) is None
        cell = new_code_cell(f"{FORGING}{forge}\nwhile True: pass")
        assert str(child.run(2, cell, False, 1)) == "it ran longer than 1 s"


def test_a_line_that_nobody_asked_for_is_passed_over(workers):
    with workers.session(LIMITS) as child:
        ended, cell = ran(child, f"{FORGING}\nos.kill(os.getpid(), signal.SIGUSR1)\n6 * 7")
        assert (ended, cell.outputs[0].data["text/plain"]) == (None, "42")
        assert ran(child)[1].outputs[0].data["text/plain"] == "2"


def test_a_sandbox_that_is_lost_after_the_end_costs_only_itself(workers, monkeypatch):
    lost = the_worker(workers)
    monkeypatch.setattr(warm, "_REPORT_SECONDS", 0.2)
    with workers.session(LIMITS) as child:
        assert ran(child)[0] is None
        freeze(lost)
    assert not lost.alive
    assert the_worker(workers) is not lost


def test_a_sandbox_that_is_lost_under_a_submission_is_told(workers):
    lost = the_worker(workers)

    def submission():
        with workers.session(LIMITS) as child:
            lost._process.kill()
            assert ran(child)[0] == ENDED

    with pytest.raises(SandboxLost):
        submission()
    assert the_worker(workers) is not lost


def test_a_cell_that_ends_its_process_does_not_end_the_worker(workers):
    worker = the_worker(workers)
    with workers.session(LIMITS) as child:
        assert ran(child, "import os; os._exit(1)")[0] == ENDED
    assert the_worker(workers) is worker


def test_a_worker_outlives_the_pool_in_whose_thread_it_was_started():
    workers = WarmWorkers()
    with contextlib.closing(workers):
        with ThreadPoolExecutor(1) as pool:
            worker = pool.submit(the_worker, workers).result()
        with pytest.raises(subprocess.TimeoutExpired):
            worker._process.wait(timeout=1)
        assert the_worker(workers) is worker


def test_a_worker_that_is_held_back_is_lent_when_it_is_ready():
    workers = WarmWorkers()
    first = workers.start(LIMITS)
    workers.later(first, LIMITS)()
    assert len(workers._waiting[LIMITS]) == 2
    workers.close()


def test_a_worker_that_nobody_waits_for_is_not_started_after_all():
    workers = WarmWorkers()
    with ThreadPoolExecutor(1) as executor:
        first = workers.start(LIMITS)
        held_back = executor.submit(workers.later(first, LIMITS))
        workers.stop_starting()
        with pytest.raises(warm.WarmProcessFailed, match="the warm process ended"):
            held_back.result()
    assert not first.alive
    assert workers._waiting[LIMITS] == []


def test_a_worker_that_is_held_back_is_not_started_after_the_run(workers):
    first = the_worker(workers)
    held_back = workers.later(first, LIMITS)
    workers.stop_starting()
    held_back()
    assert workers._waiting[LIMITS] == [first]


def test_a_worker_that_cannot_start_says_so_to_everybody_who_waits(monkeypatch):
    monkeypatch.setattr(warm, "START", "raise SystemExit('no numpy here')")
    worker = warm.WarmWorker(LIMITS)
    with ThreadPoolExecutor(3) as executor:
        for waited in [executor.submit(worker.wait) for _ in range(3)]:
            with pytest.raises(warm.WarmProcessFailed, match=r"No sandbox .*: no numpy here"):
                waited.result()


def test_a_worker_that_is_starting_is_ended_where_nobody_waits_for_it():
    workers = WarmWorkers()
    with ThreadPoolExecutor(1) as executor:
        first = workers.start(LIMITS)
        first.wait()
        held_back = executor.submit(workers.later(first, LIMITS))
        while not workers._run.starting:
            assert not held_back.done()
        (second,) = workers._run.starting
        workers.stop_starting()
        with pytest.raises(warm.WarmProcessFailed, match="the warm process ended"):
            held_back.result()
    assert not second.alive
    workers.close()


@pytest.mark.parametrize(("queued", "ended"), [(0.0, True), (0.3, True), (9.0, False)])
def test_a_cell_gets_back_what_it_stood_in_the_queue_for_a_processor(workers, queued, ended):
    with workers.session(LIMITS) as child:
        child._queued = lambda: queued
        found = child.run(0, new_code_cell("import time; time.sleep(2)"), False, 1)
    assert (found is not None) == ended


def test_a_cell_gets_no_more_time_than_the_limit_allows(workers):
    with workers.session(LIMITS) as child:
        child._queued = lambda: 1e9
        ended = child.run(0, new_code_cell("while True: pass"), False, 0.2)
    assert str(ended).startswith("it ran longer than 0.2 s")
