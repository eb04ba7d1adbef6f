"""How much a cell may put out, counted where it is made: what is dropped need not be sent."""

from __future__ import annotations

import json
from typing import Any

Content = dict[str, Any]
"""What an output has besides its kind: text, data and metadata, or an error."""


class Budget:
    """What the cell that runs may still put out.

    The student's code can get around it. It is bounded once more where it arrives.

    Parameters
    ----------
    kept_bytes
        Output kept of a cell.
    """

    def __init__(self, kept_bytes: int) -> None:
        self.kept_bytes = kept_bytes
        self.start()

    def start(self) -> None:
        """Begin a cell."""
        self._size = 0

    def text(self, text: str) -> str:
        """Return what is kept of a piece of a stream."""
        kept = text[: max(0, self.kept_bytes - self._size)]
        self._size += len(kept)
        return kept

    def output(self, content: Content) -> Content | None:
        """Return what is kept of a display, a result or an error: all of it, or nothing."""
        self._size += len(json.dumps(content, default=str))
        return content if self._size <= self.kept_bytes else None
