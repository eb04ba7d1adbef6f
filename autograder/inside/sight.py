"""What a Python process sees of `nextword`: the witness must be the same inside and outside."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterable
from pathlib import Path


def seen() -> dict[str, str]:
    """Return where `nextword` lies, and the digest of its code; of what is not there, no digest."""
    spec = importlib.util.find_spec("nextword")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return {"path": ", ".join(places), "digest": code_digest(map(Path, places))}


def code_digest(folders: Iterable[Path]) -> str:
    """Return the digest of all modules in some folders, and of where in them they lie."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)} {len(content)}\n".encode() + content)
    return digest.hexdigest()
