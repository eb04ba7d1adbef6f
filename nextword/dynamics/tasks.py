"""What small recurrent networks learn: sequences, what is asked of them, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

import numpy as np
from jaxtyping import Float, Int64

Array = np.ndarray[Any, Any]


class SequenceLengthError(ValueError):
    """No problem of this length can be made."""


def check_length(length: int, shortest: int) -> None:
    """Refuse a length below the shortest with which a problem can be made.

    Raises
    ------
    SequenceLengthError
        It is.
    """
    if length < shortest:
        raise SequenceLengthError(f"expected a length of {shortest} steps or more, got {length}")


class Task(Protocol):
    """What is learned, such as `temporal_order.TemporalOrder`."""

    @property
    def length(self) -> int:
        """How many steps a sequence has."""
        ...

    @property
    def n_inputs(self) -> int:
        """How many numbers are read at a step."""
        ...

    @property
    def n_outputs(self) -> int:
        """How many numbers are given after a step at which an answer is asked for."""
        ...

    @property
    def n_answers(self) -> int:
        """At how many steps one is, the last of the sequence."""
        ...

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return inputs of shape (n, length, n_inputs), and answers.

        Answers are n in a row, or of shape (n, n_answers) where each sequence has several. Outputs
        are then of shape (runs, n, n_answers, n_outputs), else (runs, n, n_outputs).
        """
        ...

    def loss_and_signal(self, outputs: Array, answers: Array) -> tuple[Array, Array]:
        """Return each run's mean loss, and its derivative by the outputs."""
        ...

    def wrong(self, outputs: Array, answers: Array) -> Array:
        """Return the share of sequences that each run answers wrongly."""
        ...


class OneOfSeveral:
    """Answers that are one of several classes, by number, with the softmax of outputs."""

    n_answers: ClassVar[int] = 1

    @staticmethod
    def loss_and_signal(
        outputs: Float[np.ndarray, "runs *asked classes"],
        answers: Int64[np.ndarray, " runs *asked"],
    ) -> tuple[Float[np.ndarray, " runs"], Float[np.ndarray, "runs *asked classes"]]:
        """Return each run's mean cross-entropy in nats, and its derivative by the outputs."""
        top = outputs.max(axis=-1, keepdims=True)
        shares = np.exp(outputs - top)
        totals = shares.sum(axis=-1, keepdims=True)
        shares /= totals
        at = answers[..., None]
        right = np.take_along_axis(outputs - top, at, axis=-1) - np.log(totals)
        np.put_along_axis(shares, at, np.take_along_axis(shares, at, axis=-1) - 1, axis=-1)
        by_run = right.reshape(len(right), -1)
        return -by_run.mean(axis=-1), shares / by_run.shape[1]

    @staticmethod
    def wrong(
        outputs: Float[np.ndarray, "runs batch *asked classes"],
        answers: Int64[np.ndarray, " batch *asked"],
    ) -> Float[np.ndarray, " runs"]:
        """Return the share of sequences with an answer that is not the most probable class."""
        missed = outputs.argmax(axis=-1) != answers
        return np.asarray(np.mean(missed.reshape(*missed.shape[:2], -1).any(axis=-1), axis=-1))


class ANumber:
    """Answers that are a number."""

    n_outputs: ClassVar[int] = 1
    n_answers: ClassVar[int] = 1
    TOLERATED: ClassVar[float] = 0.04
    """The squared error above which a sequence counts as answered wrongly (002, sec. 4.1.2)."""

    @staticmethod
    def loss_and_signal(
        outputs: Float[np.ndarray, "runs batch 1"], answers: Float[np.ndarray, "runs batch"]
    ) -> tuple[Float[np.ndarray, " runs"], Float[np.ndarray, "runs batch 1"]]:
        """Return each run's mean squared error, and its derivative by the outputs."""
        over = outputs[..., 0] - answers.astype(outputs.dtype)
        return np.square(over).mean(axis=-1), (2 / over.shape[1] * over)[..., None]

    @classmethod
    def wrong(
        cls, outputs: Float[np.ndarray, "runs batch 1"], answers: Float[np.ndarray, " batch"]
    ) -> Float[np.ndarray, " runs"]:
        """Return the share of sequences whose squared error is above `TOLERATED`."""
        return np.asarray(np.mean(np.square(outputs[..., 0] - answers) > cls.TOLERATED, axis=-1))


@dataclass(frozen=True)
class MixedLengths:
    """One task at many lengths: each update learns from sequences of one of them.

    Parameters
    ----------
    of_length
        Makes the task of a length, such as `temporal_order.TemporalOrder`.
    shortest, longest
        Between which lengths are uniform, both included.

    Raises
    ------
    SequenceLengthError
        `shortest` is above `longest`, or there is no task of that length.

    References
    ----------
    Pascanu et al. 2013, sec. 4.1.1: *sequences of different random lengths in this interval for
    different MSGD steps*, there from 50 to 200.

    Examples
    --------
    >>> from nextword.dynamics.temporal_order import TemporalOrder
    >>> mixed = MixedLengths(TemporalOrder, 10, 40)
    >>> [mixed.at(update).length for update in range(4)]
    [36, 24, 35, 35]
    """

    of_length: Callable[[int], Task]
    shortest: int
    longest: int

    def __post_init__(self) -> None:
        if self.shortest > self.longest:
            raise SequenceLengthError(
                f"expected lengths from a shorter to a longer one, got {self.shortest} to "
                f"{self.longest}"
            )
        self.of_length(self.shortest)  # refuses what is too short

    @cached_property
    def _longest(self) -> Task:
        return self.of_length(self.longest)

    @property
    def length(self) -> int:
        """How many steps the longest sequences have."""
        return self._longest.length

    @property
    def n_inputs(self) -> int:
        """How many numbers are read at a step."""
        return self._longest.n_inputs

    @property
    def n_outputs(self) -> int:
        """How many numbers are given after a step at which an answer is asked for."""
        return self._longest.n_outputs

    @property
    def n_answers(self) -> int:
        """At how many steps of the longest sequences one is."""
        return self._longest.n_answers

    def at(self, update: int) -> Task:
        """Return what an update learns from: of a length that depends on its number alone."""
        drawn = np.random.default_rng(update).integers(self.shortest, self.longest, endpoint=True)
        return self.of_length(int(drawn))

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """Return sequences of the longest length, and their answers."""
        return self._longest.draw(rng, n)

    def loss_and_signal(self, outputs: Array, answers: Array) -> tuple[Array, Array]:
        """Return each run's mean loss, and its derivative by the outputs."""
        return self._longest.loss_and_signal(outputs, answers)

    def wrong(self, outputs: Array, answers: Array) -> Array:
        """Return the share of sequences that each run answers wrongly."""
        return self._longest.wrong(outputs, answers)
