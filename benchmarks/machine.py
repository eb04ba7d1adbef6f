"""Says on what something was measured."""

import importlib.metadata
import importlib.util
import os
import platform
import time
from pathlib import Path

PACED = 3_000_000
"""Steps of the loop whose time is the machine's pace."""


def machine() -> str:
    """Return processor, cores and system in a line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = (line.partition(":") for line in info.read_text().splitlines())
        cpu = next((value.strip() for key, _, value in lines if key.startswith("model name")), cpu)
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}"


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of packages; one that is not installed is left out."""
    found = {
        package: importlib.metadata.version(package)
        for package in packages
        if importlib.util.find_spec(package)
    }
    return {"Python": platform.python_version(), **found}


def pace() -> float:
    """Return the CPU seconds of ten million steps of a plain loop, on this machine just now.

    The same machine took from 1.3 to 2.2 within one morning. Seconds that were measured
    beside it are compared after they are divided by it.
    """
    begun = time.process_time()
    total = 0
    for step in range(PACED):
        total += step * step
    return (time.process_time() - begun) * 10_000_000 / PACED
