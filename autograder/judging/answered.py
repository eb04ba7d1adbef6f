"""What judging needs to know of a submission that was run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from nbformat import NotebookNode


class Answered(Protocol):
    """What running a submission gave."""

    @property
    def notebook(self) -> NotebookNode:
        """The executed notebook."""
        ...

    @property
    def evidence(self) -> Mapping[str, str]:
        """What the witness said, by question."""
        ...

    @property
    def absences(self) -> Mapping[str, str]:
        """Why a question has no evidence, by question."""
        ...
