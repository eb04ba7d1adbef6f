"""A progress bar's line, in a terminal or in its place of a notebook."""

import sys
from typing import TextIO, cast

from IPython import get_ipython
from IPython.display import DisplayHandle, display


class NotebookLine:
    """A file for `tqdm`: shows the line that was written last, always in the same place.

    In a stream of text every step of the bar stays in the notebook's file, and in pages and slides
    made of it; what is displayed in one place is replaced.
    """

    def __init__(self) -> None:
        self._written = ""
        self._shown = ""
        self._place: DisplayHandle | None = None

    def write(self, text: str) -> int:
        """Keep what stands after the last return to the line's beginning."""
        self._written = (self._written + text).rsplit("\r", 1)[-1]
        return len(text)

    def flush(self) -> None:
        """Show the line."""
        line = self._written.strip()
        if not line or line == self._shown:
            return
        self._shown = line
        shown = {"text/plain": line}
        if self._place is None:
            self._place = display(shown, raw=True, display_id=True)
        else:
            self._place.update(shown, raw=True)


def progress_file() -> TextIO:
    """Return where a progress bar is to be written: a place of the notebook, or standard output."""
    shell = get_ipython()
    if shell is None or type(shell).__name__ == "TerminalInteractiveShell":
        return sys.stdout
    return cast("TextIO", NotebookLine())
