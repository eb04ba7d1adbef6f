"""Runs notebooks on a Dask cluster. The extra `cluster` installs what it needs."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Iterator
from concurrent.futures import Executor
from importlib import metadata

from autograder.errors import CourseError
from autograder.sandbox.same_witness import ours

_SECONDS = 10
_PACKAGES = ("ipython", "matplotlib", "nbformat", "numpy", "torch")
"""What can make a difference to marks, as far as it is installed."""


class UnreachableCluster(CourseError):
    """The scheduler does not answer."""


class UnfitWorkers(CourseError):
    """Workers have other versions than we have: they could give other marks."""


def versions() -> dict[str, str]:
    """Return what must be the same on every machine: runs here and on the workers."""
    known = {each.name.lower() for each in metadata.distributions()}
    installed = {name: metadata.version(name) for name in _PACKAGES if name in known}
    code = {f"{name}'s code": digest[:12] for name, (_, digest) in ours().items()}
    return {"python": platform.python_version()} | installed | code


@contextlib.contextmanager
def cluster_executor(address: str) -> Iterator[tuple[Executor, int]]:
    """Run notebooks on a cluster; a submission whose worker is lost is run on another.

    Parameters
    ----------
    address
        Of the scheduler, such as ``tcp://10.0.0.1:8786``.

    Yields
    ------
    executor, at_once

    Raises
    ------
    UnreachableCluster, UnfitWorkers
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise UnreachableCluster(
            'A cluster needs Dask: pip install -c constraints.txt -e ".[staff,cluster]"'
        ) from error
    try:
        client = Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise UnreachableCluster(
            f"No Dask scheduler answers at {address} within {_SECONDS} s: {error}. Is it running, "
            "and can this machine reach it? docs/cluster.md says how to bring one up"
        ) from error
    with client:
        at_once = _fitting_threads(client, address)
        with client.get_executor(retries=2, pure=False) as executor:  # type: ignore[no-untyped-call]
            yield executor, at_once


def _fitting_threads(client: object, address: str) -> int:
    """Return how many notebooks the workers run at the same time, having seen that they fit."""
    ours = versions()
    theirs = client.run(versions)  # type: ignore[attr-defined]
    if not theirs:
        raise UnreachableCluster(f"The scheduler at {address} has no workers yet")
    for worker, found in theirs.items():
        different = [
            f"{name} {found.get(name)} (here {version})"
            for name, version in ours.items()
            if found.get(name) != version
        ]
        if different:
            raise UnfitWorkers(
                f"Worker {worker} has other versions: {', '.join(different)}. Install the same "
                "constraints.txt there"
            )
    return sum(client.nthreads().values())  # type: ignore[attr-defined]
