"""The two notebooks that nbgrader makes of a reference notebook, made in memory.

The *master* is what a submission is graded with: stubs for solutions, hidden lines in place. The
*release* is what students get: the master without hidden lines. nbgrader's own preprocessors make
both, so that its gradebook and ours agree on every checksum.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

from nbformat import NotebookNode
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from traitlets.config import Config

from autograder.authoring.conventions import ANSWER_STUB, STUB, with_its_line
from autograder.authoring.scope import ScopeTests, refuse_lent_names
from autograder.errors import CourseError


@dataclass(frozen=True)
class Derived:
    """What a reference notebook becomes."""

    master: NotebookNode
    release: NotebookNode


class CannotDerive(CourseError):
    """A reference notebook whose marks nbgrader does not understand."""


def derive(reference: NotebookNode, config: Config | None = None) -> Derived:
    """Return the master and the release of a reference notebook.

    Parameters
    ----------
    reference
        With solutions and hidden tests.
    config
        nbgrader's settings, such as what stands for a solution; None means ours.

    Raises
    ------
    CannotDerive, LentName
    """
    first: tuple[type, ...] = ()
    if config is None:
        refuse_lent_names(reference.cells)
        config, reference, first = _our_config(), copy.copy(reference), (ScopeTests,)
        reference.cells = [with_its_line(cell) for cell in reference.cells]
    try:
        return _derive(reference, config, first)
    except RuntimeError as error:
        raise CannotDerive(
            f"nbgrader cannot make a student version: {error}. Look for a BEGIN without its END"
        ) from error


def _our_config() -> Config:
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = ANSWER_STUB
    return config


def _derive(reference: NotebookNode, config: Config, first: tuple[type, ...]) -> Derived:
    master = _apply(
        reference,
        (*first, LockCells, ClearSolutions, ClearOutput, CheckCellMetadata, ComputeChecksums),
        config,
    )
    release = _apply(
        master, (ClearHiddenTests, ClearMarkScheme, ComputeChecksums, CheckCellMetadata), config
    )
    return Derived(master, release)


def _apply(notebook: NotebookNode, preprocessors: tuple[type, ...], config: Config) -> NotebookNode:
    notebook = copy.deepcopy(notebook)
    for preprocessor in preprocessors:
        notebook, _ = preprocessor(config=config).preprocess(notebook, {})
    return notebook
