"""How much a cell may put out, counted where it is made: what is dropped need not be sent."""

from __future__ import annotations

import json
from typing import Any

Content = dict[str, Any]
"""What an output has besides its kind: text, data and metadata, or an error."""

KEPT_CHARACTERS = 1_000
"""Of an error, of a result in text, and of parts of a reply, for which there is no room."""


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
        """Return what is kept of a display, a result or an error: all of it, or nothing.

        Of an error, and of a result in text, the beginning is always kept: it may decide on points.
        """
        self._size += len(json.dumps(content, default=str))
        return content if self._size <= self.kept_bytes else _shortened(content)


def _shortened(content: Content) -> Content | None:
    """Return the beginning of an error, or of a result in text; None of anything else."""
    if "ename" in content:
        words = {key: str(content[key])[:KEPT_CHARACTERS] for key in ("ename", "evalue")}
        return content | words | {"traceback": []}
    if "execution_count" in content and "text/plain" in content.get("data", {}):
        text = str(content["data"]["text/plain"])[:KEPT_CHARACTERS]
        return content | {"data": {"text/plain": text}, "metadata": {}}
    return None
