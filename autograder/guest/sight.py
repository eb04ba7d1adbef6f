"""What a Python process sees of some packages: they must be the same inside and outside."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterable
from pathlib import Path

GUEST = "autograder.guest"
"""The package that this is part of."""
Seen = dict[str, tuple[str, str]]
"""By the name of a package: where it lies, and the digest of its code; of what is not there, ""."""


def main() -> None:
    """Print what is seen of the guest, and of the packages that are named as arguments."""
    print(json.dumps(seen(sys.argv[1:])))


def seen(packages: Iterable[str]) -> Seen:
    """Return what is seen of the guest and of some packages."""
    return {name: _seen(name) for name in (GUEST, *packages)}


def _seen(package: str) -> tuple[str, str]:
    spec = importlib.util.find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return ", ".join(places), code_digest(map(Path, places)) if places else ""


def code_digest(folders: Iterable[Path]) -> str:
    """Return the digest of all modules in some folders, and of where in them they lie."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
