"""Clusters that lose a worker, do not answer, or have other packages."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from autograder.sandbox import cluster
from autograder.sandbox.cluster import UnfitWorkers, UnreachableCluster, cluster_executor
from tests.faults.ground import broken, marks, temporary

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="the extra cluster is not installed"
)


_CLUSTER = """
import json, sys
from distributed import LocalCluster

settings = dict(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1")
with LocalCluster(dashboard_address=None, silence_logs=50, **settings) as made:
    pids = [nanny.pid for nanny in made.workers.values()]
    print(json.dumps([made.scheduler_address, pids]), flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def two_workers():
    """The address of a cluster and the processes of its workers. It has a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", _CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as cluster_process:
        yield json.loads(cluster_process.stdout.readline())
        cluster_process.stdin.close()
        cluster_process.wait(30)


def test_an_address_that_answers_nothing_is_told_in_words(monkeypatch):
    monkeypatch.setattr(cluster, "_SECONDS", 1)
    with (
        pytest.raises(
            UnreachableCluster, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"
        ),
        cluster_executor("tcp://127.0.0.1:9"),
    ):
        pass


def test_an_address_that_is_none_is_told_in_words():
    with (
        pytest.raises(UnreachableCluster, match="No Dask scheduler answers at nowhere"),
        cluster_executor("nowhere"),
    ):
        pass


def test_workers_with_other_versions_are_refused_by_name(two_workers, monkeypatch):
    here, real = os.getpid(), cluster.versions

    def versions():
        return real() | ({} if os.getpid() == here else {"torch": "1.0"})

    monkeypatch.setattr(cluster, "versions", versions)
    with (
        pytest.raises(
            UnfitWorkers, match=r"other versions: torch 1\.0 \(here \d.*\)\. Install the"
        ),
        cluster_executor(two_workers[0]),
    ):
        pass


@pytest.mark.needs_sandbox
@pytest.mark.long
def test_a_worker_that_is_lost_costs_nobody_anything(ground, undisturbed, two_workers, tmp_path):
    folder = ground.fresh_class(tmp_path / "class")
    address, workers = two_workers
    run = ground.start("grade", folder, "--scheduler", address)
    run.wait_for(lambda: run.recorded() >= 3)
    assert run.process.poll() is None, run.output
    os.kill(workers[0], signal.SIGKILL)
    assert run.finish() == 0, run.output
    assert marks(folder) == undisturbed.marks
    assert broken(folder) == temporary(folder) == []
    assert "12/12" in run.output
    with folder.report_path("01_small", ".csv").open() as file:
        students = Counter(line.partition(",")[0] for line in list(file)[1:])
    assert students == Counter(f"student-{number:02}" for number in range(12))
