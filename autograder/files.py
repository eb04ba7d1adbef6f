"""Writing files so that a reader finds the old content or the new, never half of either."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, content: str, mode: int = 0o644) -> None:
    """Write `content` to `path` through a temporary file beside it and a rename.

    Parameters
    ----------
    path
        The file; its folder is made where it is missing.
    content
        Text, written as UTF-8. A lone surrogate, which UTF-8 has no bytes for, becomes its escape:
        a student can put one anywhere, and it must not stop a class.
    mode
        Permissions of the new file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(
            handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n"
        ) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
