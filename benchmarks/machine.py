"""Says on what something was measured."""

import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path


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
