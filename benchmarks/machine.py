"""Says on what something was measured."""

import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path


def machine(*packages: str) -> str:
    """Return processor, system and versions in a line.

    Parameters
    ----------
    packages
        Whose versions matter; one that is not installed is left out.
    """
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = (line.partition(":") for line in info.read_text().splitlines())
        cpu = next((value.strip() for key, _, value in lines if key.startswith("model name")), cpu)
    versions = [
        f"{package} {importlib.metadata.version(package)}"
        for package in packages
        if importlib.util.find_spec(package)
    ]
    system = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return ", ".join([cpu, system, *versions])
