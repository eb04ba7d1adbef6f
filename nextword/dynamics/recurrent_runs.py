"""Many small recurrent networks, trained side by side: one product a step for all of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from nextword.dynamics.recurrent_units import STARTS, UNITS
from nextword.dynamics.tasks import MixedLengths, Task

Array = np.ndarray[Any, Any]

_SCREENED = 1_000
_HOPELESS = 0.03  # of the first thousand: six standard deviations from the 1% that is allowed
_POSITIVE = (
    *("learning_rate", "max_norm", "max_value", "max_signal", "random_above"),
    *("start_std", "solved_below"),
)
_CHOICES = {
    "number_format": ("float32", "float64"),
    "start": ("normal", *STARTS),
    "unit": tuple(UNITS),
}
_KEPT = ("losses", "norms", "wrong", "inner", "outer")
"""What is kept of a run, beside how it ended."""
_DRAWN_AHEAD = 50  # updates whose sequences are drawn in one call


class RunSettingsError(ValueError):
    """A setting is outside its range."""


@dataclass(frozen=True)
class BackwardPass:
    """What a gradient term may look at, after the pass back through time.

    Attributes
    ----------
    W_h
        The recurrent weights of each run, for `h @ W_h`.
    states
        h_0 to h_T of each run; h_0 is zero.
    signals
        The derivative of each run's mean loss by h_1 to h_T, of each sequence.
    slopes
        The derivative of the nonlinearity at steps 1 to T.
    between
        Where an answer is asked for at several steps: what each of steps 2 to T passes on to the
        one before, without what the loss there says itself. None: the loss is of the last step
        alone, and this is `signals` at steps 1 to T − 1.
    updates
        How many have been made before.
    """

    W_h: Float[np.ndarray, "runs hidden hidden"]
    states: Float[np.ndarray, "runs times batch hidden"]
    signals: Float[np.ndarray, "runs steps batch hidden"]
    slopes: Float[np.ndarray, "runs steps batch hidden"]
    between: Float[np.ndarray, "runs steps-1 batch hidden"] | None = None
    updates: int = 0

    @property
    def passed(self) -> Float[np.ndarray, "runs steps-1 batch hidden"]:
        """What each of steps 2 to T passes on to the one before."""
        return self.signals[:, :-1] if self.between is None else self.between


GradientTerm = Callable[[BackwardPass], Float[np.ndarray, "runs hidden hidden"]]
"""What is added to the gradient by W_h, before it is clipped."""


@dataclass(frozen=True)
class WeightPenalty:
    """The gradient of l1 · Σ|w| + l2/2 · Σw² over the recurrent weights.

    Parameters
    ----------
    l1, l2
        Strengths, 0 or more.
    """

    l1: float = 0.0
    l2: float = 0.0

    def __call__(self, backward: BackwardPass) -> Float[np.ndarray, "runs hidden hidden"]:
        """Return the term that is added to the gradient by W_h."""
        return np.asarray(self.l1 * np.sign(backward.W_h) + self.l2 * backward.W_h)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """How runs are trained: by plain gradient steps on fresh sequences, as in 002.

    Parameters
    ----------
    updates
        How many, at most. A run that solves its task stops there.
    learning_rate
        The same from first to last.
    max_norm
        Where a run's joint gradient is longer it is shortened to this; None takes it as it is.
    max_value
        No entry of the gradient is followed beyond this, up or down; None lets all be.
    max_signal
        On the way back, no entry of the derivative by a state is passed on beyond this, up or
        down; None lets all be. It is a limit for the derivative of a sequence's own loss, which
        stands divided by the batch size in the mean.
    random_above
        Where a run's joint gradient is longer, a step of a random direction is taken in its place,
        as long as if the gradient had been shortened to this.
    batch_size
        How many sequences an update learns from.
    n_hidden
        How many units a network has.
    start_std
        Standard deviation of the initial weights that are drawn; biases begin at 0.
    start
        How W_h begins: ``"normal"``, drawn like all others; ``"sparse"``, with 15 weights into
        each unit, scaled to a spectral radius of 0.95; ``"identity"``.
    unit
        The nonlinearity: ``"tanh"``, ``"sigmoid"`` or ``"relu"``.
    check_every
        Updates between two looks at whether a run has solved its task.
    check_size
        How many fresh sequences it is asked then.
    solved_below
        The share of wrong answers that a solved task stays under.
    terms
        What is added to the gradient by W_h before clipping.
    number_format
        Of all weights and states.

    Raises
    ------
    RunSettingsError
        A setting is outside its range.

    References
    ----------
    Pascanu et al. 2013, sec. 4.1.1, *basic tanh*, whose settings are the defaults. `max_norm` is
    its Algorithm 1, `max_value` after Mikolov (2012), `max_signal` after Graves (2013),
    `random_above` is mentioned in the textbook chapter, sec. 10.11.1 (004).
    """

    updates: int
    learning_rate: float = 0.01
    max_norm: float | None = None
    max_value: float | None = None
    max_signal: float | None = None
    random_above: float | None = None
    batch_size: int = 20
    n_hidden: int = 50
    start_std: float = 0.1
    start: Literal["normal", "sparse", "identity"] = "normal"
    unit: Literal["tanh", "sigmoid", "relu"] = "tanh"
    check_every: int = 250
    check_size: int = 10_000
    solved_below: float = 0.01
    terms: tuple[GradientTerm, ...] = ()
    number_format: str = "float32"

    def __post_init__(self) -> None:
        for name in ("updates", "batch_size", "n_hidden", "check_every", "check_size"):
            if getattr(self, name) < 1:
                raise RunSettingsError(f"expected {name} of 1 or more, got {getattr(self, name)}")
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise RunSettingsError(f"expected {name} above 0 and finite, got {value}")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                words = " or ".join(map(repr, known))
                raise RunSettingsError(f"expected {name} {words}, got {getattr(self, name)!r}")


@dataclass
class Run:
    """What became of one run.

    Attributes
    ----------
    seed
        Where its initial weights and its sequences come from.
    solved_at
        The number of updates after which it was seen to have solved its task, or None.
    broken_at
        The update whose gradient was no number, or None. Such a run ends there, unsolved.
    losses, norms
        Of each update's batch, before the update: mean loss, and length of the joint gradient
        before clipping.
    wrong
        The share of wrong answers at each check, of 1,000 sequences where that is enough to see
        that the task is not solved.
    inner
        At the end: W_h, W_in and b, one under the other.
    outer
        At the end: W_out and its bias, one under the other.
    """

    seed: int
    solved_at: int | None = None
    broken_at: int | None = None
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    inner: Float[np.ndarray, "rows hidden"] = field(default_factory=lambda: np.empty((0, 0)))
    outer: Float[np.ndarray, "rows outputs"] = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def recurrent_weights(self) -> Float[np.ndarray, "hidden hidden"]:
        """W_h at the end, for `h @ W_h`."""
        return self.inner[: self.inner.shape[1]]


class RecurrentRuns:
    """S networks h_t = σ(h_{t−1} W_h + u_t W_in + b) with outputs where the task asks for answers.

    All weights that lead to a state stand in one matrix, so that a step of all runs is one product
    [h, u, 1] @ W, and the gradient by all of them another. A run's numbers do not depend on which
    other runs are trained beside it.

    Parameters
    ----------
    task
        What they learn.
    settings
        How.
    seeds
        One for each run. The same seed has the same initial weights and the same sequences in
        all settings that have as many units and sequences.
    begin_with
        Begin all runs with this one's weights, in place of random ones.

    Raises
    ------
    RunSettingsError
        There is no seed, one stands twice, or the weights to begin with have another shape.

    Examples
    --------
    >>> from nextword.dynamics.temporal_order import TemporalOrder
    >>> runs = RecurrentRuns(TemporalOrder(10), RunSettings(updates=3), seeds=[0, 1])
    >>> [len(run.losses) for run in runs.train()]
    [3, 3]
    """

    def __init__(
        self,
        task: Task,
        settings: RunSettings,
        seeds: Sequence[int],
        begin_with: Run | None = None,
    ) -> None:
        if not len(seeds) or len(set(seeds)) < len(seeds):
            raise RunSettingsError(f"expected seeds, each once, got {list(seeds)}")
        self.task, self.settings = task, settings
        self.runs = [Run(int(seed)) for seed in seeds]
        self._going = list(self.runs)
        self.done = 0
        self._rngs, self._directions = [], []
        inner, outer = [], []
        n_hidden, std = settings.n_hidden, settings.start_std
        for run in self.runs:
            weights, sequences, directions = map(
                np.random.default_rng, np.random.SeedSequence(run.seed).spawn(3)
            )
            inner.append(std * weights.normal(size=(n_hidden + task.n_inputs + 1, n_hidden)))
            outer.append(std * weights.normal(size=(n_hidden + 1, task.n_outputs)))
            inner[-1][-1], outer[-1][-1] = 0, 0
            if settings.start != "normal":
                inner[-1][:n_hidden] = STARTS[settings.start](weights, n_hidden)
            self._rngs.append(sequences)
            self._directions.append(directions)
        self.inner = np.array(inner, dtype=settings.number_format)
        self.outer = np.array(outer, dtype=settings.number_format)
        if begin_with is not None:
            for mine, given in ((self.inner, begin_with.inner), (self.outer, begin_with.outer)):
                if given.shape != mine.shape[1:]:
                    raise RunSettingsError(
                        f"expected weights of shape {mine.shape[1:]} to begin with, got "
                        f"{given.shape}; was that run trained, with as many units?"
                    )
                mine[:] = given
        self._squash, self._slopes = UNITS[settings.unit]
        self._buffers: tuple[Array, Array, Array] = self._new_buffers(settings.batch_size)

    def _new_buffers(self, batch: int) -> tuple[Array, Array, Array]:
        runs, steps, n_hidden = len(self._going), self.task.length, self.settings.n_hidden
        read = np.zeros((runs, steps + 1, batch, self.inner.shape[1]), self.inner.dtype)
        read[..., -1] = 1  # times b
        signals, sums = np.empty((2, runs, steps, batch, n_hidden), read.dtype)
        return read, signals, sums

    # --- a pass forward, a pass back

    def _forward(self, inputs: Array, read: Array, asked: int) -> Array:
        """Fill `read` with [h_{t−1}, u_t, 1] of every step, and return outputs of the last ones."""
        n_hidden, steps = self.settings.n_hidden, inputs.shape[-2]
        read[:, :-1, :, n_hidden:-1] = np.moveaxis(inputs, -3, -2)
        for step in range(steps):
            state = read[:, step + 1, :, :n_hidden]
            np.matmul(read[:, step], self.inner, out=state)
            self._squash(state)
        return _outputs(read[:, -asked:, :, :n_hidden], self.outer)

    def gradients(
        self, inputs: Float[np.ndarray, "runs batch steps inputs"], answers: Array
    ) -> tuple[Array, Array, Array]:
        """Return the mean loss of each run, and its gradients by `inner` and `outer`.

        Terms of the settings are in the gradient, but not in the loss. Of the limits, only that on
        the signal is.

        Parameters
        ----------
        inputs, answers
            A batch for each run.
        """
        n_hidden, steps = self.settings.n_hidden, inputs.shape[2]
        read = self._buffers[0][:, : steps + 1]
        signals, sums = (part[:, :steps] for part in self._buffers[1:])
        asked = answers.shape[2] if answers.ndim > 2 else 1
        outputs = self._forward(inputs, read, asked)
        losses, signal = self.task.loss_and_signal(outputs, answers)
        states = read[..., :n_hidden]
        # As rows: those of a step together, step after step.
        by_output = signal.reshape(*signal.shape[:2], asked, -1).swapaxes(1, 2)
        rows = by_output.reshape(len(read), -1, by_output.shape[-1])
        last = states[:, -asked:].reshape(len(read), -1, n_hidden)
        by_outer = np.concatenate(
            [last.swapaxes(1, 2) @ rows, rows.sum(axis=1, keepdims=True)], axis=1
        )
        slopes = np.empty_like(sums)
        self._slopes(states[:, 1:], slopes)
        if asked > 1:
            signals[:, :-asked] = 0  # the loss says nothing there itself
        by_last = rows @ self.outer[:, :-1].swapaxes(1, 2)
        signals[:, -asked:] = by_last.reshape(*by_output.shape[:3], n_hidden)
        between = self._back(signals, slopes, sums, asked)
        flat_read = read[:, :-1].reshape(len(read), -1, read.shape[-1])
        by_inner = flat_read.swapaxes(1, 2) @ sums.reshape(len(read), -1, n_hidden)
        if self.settings.terms:
            done = len(self._going[0].norms) if self._going else 0
            W_h = self.inner[:, :n_hidden]
            seen = BackwardPass(W_h, states, signals, slopes, between, done)
            for term in self.settings.terms:
                by_inner[:, :n_hidden] += term(seen)
        return losses, by_inner, by_outer

    def _back(self, signals: Array, slopes: Array, sums: Array, asked: int) -> Array | None:
        """Fill `signals`, which has what the loss says itself, and `sums`, from the last step on.

        Returns what each step passes on, where that is not all of the signal before.
        """
        n_hidden, limit = self.settings.n_hidden, self.settings.max_signal
        back = np.ascontiguousarray(self.inner[:, :n_hidden].swapaxes(1, 2))
        between = np.empty_like(signals[:, :-1]) if asked > 1 else None
        passed = signals if between is None else between
        for step in range(signals.shape[1] - 1, -1, -1):
            if limit is not None:
                most = limit / signals.shape[2]
                np.clip(signals[:, step], -most, most, out=signals[:, step])
            np.multiply(signals[:, step], slopes[:, step], out=sums[:, step])
            if step:
                np.matmul(sums[:, step], back, out=passed[:, step - 1])
                if between is not None:
                    signals[:, step - 1] += between[:, step - 1]
        return between

    def update(self, inputs: Array, answers: Array) -> None:
        """Take one step with every run that goes on; note losses and norms, end broken runs."""
        with np.errstate(over="ignore", invalid="ignore"):
            losses, by_inner, by_outer = self.gradients(inputs, answers)
            norms = np.sqrt(
                sum(
                    np.square(gradient, dtype=np.float64).sum(axis=(1, 2))
                    for gradient in (by_inner, by_outer)
                )
            )
            broken = ~np.isfinite(norms)
            steps = self._limited(by_inner, by_outer, norms)
            for weights, step in zip((self.inner, self.outer), steps, strict=True):
                step[broken] = 0
                step *= self.settings.learning_rate
                weights -= step
        for run, loss, norm in zip(self._going, losses.tolist(), norms.tolist(), strict=True):
            run.losses.append(loss)
            run.norms.append(norm)
            if not math.isfinite(norm):
                run.broken_at = len(run.norms)
        if broken.any():
            self._end(broken)

    def _limited(self, by_inner: Array, by_outer: Array, norms: Array) -> tuple[Array, Array]:
        """Return the gradients as the settings let them be followed, in place."""
        settings, both = self.settings, (by_inner, by_outer)
        if settings.max_value is not None:
            for gradient in both:
                np.clip(gradient, -settings.max_value, settings.max_value, out=gradient)
        if settings.max_norm is not None:
            shorter = np.minimum(1, settings.max_norm / np.maximum(norms, settings.max_norm))
            for gradient in both:
                gradient *= shorter.astype(gradient.dtype)[:, None, None]
        if settings.random_above is not None:
            for number in np.flatnonzero(norms > settings.random_above):
                random = [
                    self._directions[number].normal(size=gradient.shape[1:]) for gradient in both
                ]
                length = np.sqrt(sum(np.square(part).sum() for part in random))
                for gradient, part in zip(both, random, strict=True):
                    gradient[number] = settings.random_above / length * part
        return both

    # --- training

    def train(self, watch: Callable[[RecurrentRuns], None] | None = None) -> list[Run]:
        """Train all runs, and return what became of them.

        Parameters
        ----------
        watch
            Called after every check.
        """
        settings = self.settings
        while self.done < settings.updates and self._going:
            task = _at(self.task, self.done)
            ahead = min(
                _DRAWN_AHEAD if task is self.task else 1,
                settings.updates - self.done,
                settings.check_every - self.done % settings.check_every,
            )
            drawn = {
                id(run): task.draw(rng, ahead * settings.batch_size)
                for run, rng in zip(self._going, self._rngs, strict=True)
            }
            for number in range(ahead):
                part = slice(number * settings.batch_size, (number + 1) * settings.batch_size)
                batches = [drawn[id(run)] for run in self._going]
                if not batches:
                    break
                self.update(
                    np.stack([inputs[part] for inputs, _ in batches]),
                    np.stack([answers[part] for _, answers in batches]),
                )
            self.done += ahead
            if self.done % settings.check_every == 0 or self.done == settings.updates:
                self._check(self.done)
                if watch is not None:
                    watch(self)
        self._end(np.ones(len(self._going), dtype=np.bool_))
        return self.runs

    def as_arrays(self) -> dict[str, Array]:
        """Return all that training depends on from here, as arrays: see `resume`."""
        said = {
            "done": self.done,
            "runs": [[run.seed, run.solved_at, run.broken_at] for run in self.runs],
            "going": [run.seed for run in self._going],
            "chance": [
                [rng.bit_generator.state for rng in pair]
                for pair in zip(self._rngs, self._directions, strict=True)
            ],
        }
        weights = {"inner": self.inner.copy(), "outer": self.outer.copy()}
        arrays = {**weights, "said": np.array(json.dumps(said))}
        for run in self.runs:
            for name in _KEPT:
                arrays[f"{run.seed}_{name}"] = np.array(getattr(run, name))
        return arrays

    def resume(self, arrays: Mapping[str, Array]) -> None:
        """Go on where other runs of the same task, settings and seeds were, to the last bit.

        Parameters
        ----------
        arrays
            What their `as_arrays` returned after a check.

        Raises
        ------
        RunSettingsError
            They had other seeds, or networks of another shape.
        """
        said = json.loads(str(arrays["said"]))
        seeds = [seed for seed, _, _ in said["runs"]]
        if seeds != [run.seed for run in self.runs]:
            raise RunSettingsError(f"expected what became of these seeds, got that of {seeds}")
        for mine, theirs in ((self.inner, arrays["inner"]), (self.outer, arrays["outer"])):
            if mine.shape[1:] != theirs.shape[1:] or mine.dtype != theirs.dtype:
                raise RunSettingsError(
                    f"expected weights of {mine.shape[1:]} in {mine.dtype}, "
                    f"got {theirs.shape[1:]} in {theirs.dtype}"
                )
        for run, (_, solved_at, broken_at) in zip(self.runs, said["runs"], strict=True):
            run.solved_at, run.broken_at = solved_at, broken_at
            for name in _KEPT:
                value = arrays[f"{run.seed}_{name}"]
                setattr(run, name, value if value.ndim == 2 else value.tolist())
        self.done = said["done"]
        self._going = [run for run in self.runs if run.seed in said["going"]]
        self._rngs, self._directions = [], []
        for sequences, directions in said["chance"]:
            self._rngs.append(_generator_at(sequences))
            self._directions.append(_generator_at(directions))
        self.inner, self.outer = arrays["inner"].copy(), arrays["outer"].copy()
        self._buffers = self._new_buffers(self.settings.batch_size)

    def _check(self, done: int) -> None:
        if not self._going:
            return
        rng = np.random.default_rng([done, self.task.length])  # fresh, and the same for all runs
        parts = list(_in_parts(self.task, rng, self.settings.check_size))
        everyone = np.arange(len(self._going))
        wrong = self._wrong(everyone, parts[:1])
        close = np.flatnonzero(wrong <= max(_HOPELESS, 3 * self.settings.solved_below))
        if len(close) and len(parts) > 1:
            wrong[close] = self._wrong(close, parts)
        for run, share in zip(self._going, wrong.tolist(), strict=True):
            run.wrong.append(share)
            if share < self.settings.solved_below:
                run.solved_at = done
        self._end(wrong < self.settings.solved_below)

    def _wrong(self, chosen: Array, parts: Sequence[_Part]) -> Array:
        """Return the share of wrong answers of some runs."""
        return _share_wrong(self.inner[chosen], self.outer[chosen], self._squash, parts)

    def _end(self, ended: Array) -> None:
        """Take runs out of the batch, and keep their weights."""
        if not ended.any():
            return
        for number in np.flatnonzero(ended):
            self._going[number].inner = self.inner[number].copy()
            self._going[number].outer = self.outer[number].copy()
        left = np.flatnonzero(~ended)
        self._going = [self._going[number] for number in left]
        self._rngs = [self._rngs[number] for number in left]
        self._directions = [self._directions[number] for number in left]
        self.inner, self.outer = self.inner[left], self.outer[left]
        self._buffers = self._new_buffers(self.settings.batch_size)


def share_wrong(
    runs: Sequence[Run], task: Task, unit: str, rng: np.random.Generator, n: int
) -> Float[np.ndarray, " runs"]:
    """Return the share of fresh sequences that each trained run answers wrongly.

    Parameters
    ----------
    runs
        Which were trained, on this task or on another of as many inputs and outputs.
    task
        What is asked: of any length.
    unit
        Their nonlinearity, as in `RunSettings`.
    rng
        Where sequences come from, the same ones for all runs.
    n
        How many.
    """
    return _share_wrong(*_weights(runs), UNITS[unit][0], list(_in_parts(task, rng, n)))


def mean_loss(
    runs: Sequence[Run], task: Task, unit: str, inputs: Array, answers: Array
) -> Float[np.ndarray, " runs"]:
    """Return the mean loss of each trained run on sequences of a task.

    Parameters
    ----------
    runs, task, unit
        See `share_wrong`.
    inputs, answers
        The same sequences for all runs, as a task draws them.
    """
    total = np.zeros(len(runs))
    for begin in range(0, len(inputs), _SCREENED):
        part = slice(begin, begin + _SCREENED)
        outputs = _answers(*_weights(runs), UNITS[unit][0], inputs[part], task.n_answers)
        everyone = np.broadcast_to(answers[part], (len(runs), *answers[part].shape))
        total += len(inputs[part]) * task.loss_and_signal(outputs, everyone)[0]
    return total / len(inputs)


_Part = tuple[Task, Array, Array]
"""A task, some of its sequences, and their answers."""


def _at(task: Task, number: int) -> Task:
    """Return a task, or the one of its lengths that has a number."""
    return task.at(number) if isinstance(task, MixedLengths) else task


def _in_parts(task: Task, rng: np.random.Generator, n: int) -> Iterator[_Part]:
    """Yield n sequences, a thousand at a time; of mixed lengths, each thousand of another."""
    if isinstance(task, MixedLengths):
        for number, begin in enumerate(range(0, n, _SCREENED)):
            one = task.at(number)
            yield one, *one.draw(rng, min(_SCREENED, n - begin))
        return
    inputs, answers = task.draw(rng, n)
    for begin in range(0, n, _SCREENED):
        part = slice(begin, begin + _SCREENED)
        yield task, inputs[part], answers[part]


def _weights(runs: Sequence[Run]) -> tuple[Array, Array]:
    return np.stack([run.inner for run in runs]), np.stack([run.outer for run in runs])


def _share_wrong(
    inner: Array, outer: Array, squash: Callable[[Array], None], parts: Sequence[_Part]
) -> Array:
    wrong = np.zeros(len(inner))
    for task, inputs, answers in parts:
        outputs = _answers(inner, outer, squash, inputs, task.n_answers)
        wrong += len(inputs) * task.wrong(outputs, answers)
    return wrong / sum(len(inputs) for _, inputs, _ in parts)


def _answers(
    inner: Array, outer: Array, squash: Callable[[Array], None], inputs: Array, n_answers: int
) -> Array:
    """Return the outputs of all runs after the last steps of the same sequences."""
    n_hidden, steps = inner.shape[-1], inputs.shape[1]
    read = np.zeros((len(inner), len(inputs), inner.shape[1]), inner.dtype)
    read[..., -1] = 1
    asked = []
    for step in range(steps):
        read[..., n_hidden:-1] = inputs[:, step]
        state = read @ inner
        squash(state)
        read[..., :n_hidden] = state
        if step >= steps - n_answers:
            asked.append(state)
    return _outputs(np.stack(asked, axis=1), outer)


def _outputs(states: Array, outer: Array) -> Array:
    """Return what runs answer, for states of shape (runs, asked, batch, hidden).

    Of several answers the shape is (runs, batch, asked, outputs), else (runs, batch, outputs).
    """
    outputs = states @ outer[:, None, :-1] + outer[:, None, -1:]
    return outputs[:, 0] if outputs.shape[1] == 1 else outputs.swapaxes(1, 2)


def _generator_at(state: dict[str, Any]) -> np.random.Generator:
    """Return a generator that goes on from a state."""
    generator = np.random.default_rng()
    generator.bit_generator.state = state
    return generator
