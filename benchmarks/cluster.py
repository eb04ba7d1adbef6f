"""The same class through a Dask cluster of two workers on this machine, beside the local pool.

Run it from the repository with `python benchmarks/cluster.py`; it prints a table in Markdown.
Scheduler and workers are Dask's own commands, as docs/cluster.md says, each worker a process with
one thread. A rate is that of n submissions of `01_counting` minus that of a few, as in
`benchmarks/grading.py`; what travels are the bytes of a pickle of what is sent for one submission,
and of what comes back.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
from grading import NAME, REPO, SECRET, STARTED, Run, compared, measured, ordinary_class
from tables import begun, finished, options, table

from autograder.authoring.course import Course
from autograder.authoring.material import Material, load_material
from autograder.classroom import gradebook
from autograder.classroom.class_folder import ClassFolder
from autograder.classroom.stage import stage
from autograder.judging.exam import draw_exam
from autograder.proving.simulate import Simulated, write_class
from autograder.sandbox.dispatch import execute_or_retry
from autograder.sandbox.limits import Limits
from autograder.sandbox.run import Mode


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Run a scheduler and workers; yield the scheduler's address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    dask = [str(Path(sys.executable).parent / "dask")]
    port = address.rpartition(":")[2]
    commands = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"],
        [*dask, "worker", address, "--nworkers", str(workers), "--nthreads", "1", "--no-dashboard"],
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with contextlib.ExitStack() as stack:
        for command in commands:
            process = stack.enter_context(subprocess.Popen(command, env=environment, **quiet))
            stack.callback(process.terminate)
        _wait_for(address, workers)
        yield address


def _wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=60)


def grade(words: list[str], material: Material, students: list[Simulated], where: Path) -> Run:
    """Grade with `autograder grade`, and these words besides."""
    folder = ClassFolder(where / "class")
    folder.set_secret(SECRET)
    write_class(folder, material, students)
    command = ["autograder", "grade", NAME, "--course", str(REPO), "--class", str(folder.path)]
    run = measured([[*command, *words]], where)
    return Run(run.wall, run.cpu, run.peak, gradebook.scores(folder, NAME))


def travelling(material: Material, student: Simulated) -> tuple[int, int]:
    """Return the bytes of what is sent for a submission, and of what comes back."""
    submitted = nbformat.reads(student.content, as_version=4)
    staged, _ = stage(submitted, material.derived)
    sent = (staged, draw_exam(material, SECRET).inputs, Limits(), Mode.WARM, {})
    returned = execute_or_retry(*sent)
    return len(pickle.dumps(sent)), len(pickle.dumps(returned))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=120)
    options(parser)
    chosen = parser.parse_args()
    material = load_material(Course.at(REPO).assignment(NAME))
    students = ordinary_class(material, chosen.submissions)
    local = functools.partial(grade, ["--workers", "2"], material)
    rows = [compared("local pool, 2 workers", students, local, STARTED)]
    with cluster(2) as address:
        remote = functools.partial(grade, ["--scheduler", address], material)
        rows.append(compared("Dask, 2 workers", students, remote, STARTED))
    sent, returned = travelling(material, students[0])
    results = begun("cluster", chosen, "distributed", "torch")
    results.about = f"{NAME}."
    rate_columns = (("submissions/min", "{:.0f}"), ("of the local rate", "{:.0%}"))
    shown = table("where", ("n", "{}"), *rate_columns)
    results.tables.append(shown)
    for each in rows:
        share = rows[0].seconds_each / each.seconds_each
        shown.add(each.who, each.submissions, 60 / each.seconds_each, share)
        results.ratios["Dask's rate to the local pool's"] = share
    results.remarks.append(f"A submission: {sent:,} bytes are sent, {returned:,} come back.")
    print(f"\n{results.markdown}")
    finished(results, chosen)


if __name__ == "__main__":
    main()
