"""early_stopping: which epoch is kept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    case,
    equal,
    rule,
    slip,
    told,
)


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield losses that stop training, losses that do not, and the edges."""
    for patience in (1, 2, 3, 5):
        yield case("stopped", _stopped(rng, patience), patience)
    yield case("stopped", _sawtooth(rng), 3)
    yield case("stopped", np.array(_stopped(rng, 2)), patience=2)
    low = float(rng.uniform(2, 3))
    yield case("stopped", [low, low + 0.7, low + 0.4, low - 1.0], 2)
    for patience in (2, 3, 4):
        yield case("going on", _just_in_time(rng, patience), patience)
    falling = np.sort(rng.uniform(1, 5, size=int(rng.integers(4, 9))))[::-1].tolist()
    yield case("going on", falling, 1)
    yield case("going on", [*falling, 5.5, 5.2], 3)
    for patience in (2, 3):
        first, best, later = (float(x) for x in np.sort(rng.uniform(1, 5, size=3))[::-1])
        yield case("special", [first, best, *[best] * patience, later], patience)
        yield case("special", [first, best, *[math.nan] * (patience - 1), later], patience)
        yield case("special", [first, best, *[math.nan] * patience, later], patience)
    yield case("special", [low, low - 1e-5, low + 0.5], 3)
    yield case("special", [low, low, low + 0.5, low + 0.4], 3)
    yield case("special", [float(rng.uniform(1, 5))], 1)
    yield case("special", [], 3)
    yield case("special", falling, 0)
    yield case("special", falling, -int(rng.integers(1, 4)))


def _fall(rng: np.random.Generator) -> list[float]:
    """Return losses that fall from epoch to epoch, the last of them at least 3."""
    return np.sort(rng.uniform(3, 6, size=int(rng.integers(2, 5))))[::-1].tolist()


def _stopped(rng: np.random.Generator, patience: int) -> list[float]:
    """Return losses that are better again after training has stopped, one epoch too late."""
    fall = _fall(rng)
    worse = (fall[-1] + rng.uniform(0.1, 1, size=patience)).tolist()
    return [*fall, *worse, fall[-1] - 1.0, fall[-1] - 0.5, fall[-1] - 2.0]


def _sawtooth(rng: np.random.Generator) -> list[float]:
    """Return losses that often fall, but never below the best, before they do so too late."""
    best = float(rng.uniform(2, 3))
    return [best + 2, best, best + 0.9, best + 0.6, best + 0.3, best + 0.2, best - 1, best - 0.5]


def _just_in_time(rng: np.random.Generator, patience: int) -> list[float]:
    """Return losses that improve in the last epoch that patience allows, again and again."""
    losses = _fall(rng)
    for _ in range(3):
        worse = losses[-1] + rng.uniform(0.1, 1, size=patience - 1)
        losses += [*worse.tolist(), losses[-1] - float(rng.uniform(0.1, 0.5))]
    return [*losses, losses[-1] + 0.5]


check = Check(
    groups={
        "stopped": Group("training that is stopped, with better losses later", 1),
        "going on": Group("training that is never stopped, with improvements just in time", 1),
        "special": Group("equal losses, nan, a single epoch, no losses, no patience", 1),
    },
    draw=draw,
)


@alternative
def counter_of_bad_epochs(losses: Sequence[float], patience: int) -> int:
    if not len(losses) or patience <= 0:
        raise ValueError("expected losses and patience")
    best_loss, best_epoch, bad = math.inf, 0, 0
    for epoch in range(len(losses)):
        if losses[epoch] < best_loss:
            best_loss, best_epoch, bad = losses[epoch], epoch, 0
        else:
            bad += 1
        if bad == patience:
            return best_epoch
    return best_epoch


@alternative
def windows(losses: Sequence[float], patience: int) -> int:
    if len(losses) == 0 or patience < 1:
        raise ValueError("expected losses and patience")
    best = 0
    while True:
        better = [
            epoch
            for epoch in range(best + 1, min(best + patience, len(losses) - 1) + 1)
            if losses[epoch] < losses[best]
        ]
        if not better:
            return best
        best = better[0]


@alternative
def with_numpy(losses: Sequence[float], patience: int) -> np.int64:
    if np.size(losses) == 0 or patience < 1:
        raise ValueError("expected losses and patience")
    best_so_far = np.fmin.accumulate(np.asarray(losses, dtype=float))
    improvements = np.flatnonzero(np.r_[True, best_so_far[1:] < best_so_far[:-1]])
    gaps = np.flatnonzero(np.diff(improvements) > patience)
    return improvements[gaps[0]] if gaps.size else improvements[-1]


@alternative
def recursive(losses: Sequence[float], patience: int) -> int:
    if len(losses) == 0 or patience < 1:
        raise ValueError("expected losses and patience")

    def after(best: int) -> int:
        for epoch in range(best + 1, min(best + patience + 1, len(losses))):
            if losses[epoch] < losses[best]:
                return after(epoch)
        return best

    return after(0)


best_of_all = slip(
    REFERENCE,
    ("        elif epoch - best >= patience:\n            break\n", ""),
    loses=("stopped", "special"),
    hint="You return the best of all epochs. Training has stopped before some of them: nobody will "
    "see these losses.",
)
last_epoch = slip(
    REFERENCE,
    ("return best", "return epoch"),
    loses=("stopped", "going on", "special"),
    hint="You return the epoch after which training stops. Kept are the parameters of the best "
    "epoch before it.",
)
counted_from_one = slip(
    REFERENCE,
    ("return best", "return best + 1"),
    loses=("stopped", "going on", "special"),
    hint="Your epochs are counted from 1. The first is epoch 0.",
)
one_epoch_too_early = slip(
    REFERENCE,
    (">= patience", ">= patience - 1"),
    loses=("stopped", "going on", "special"),
    hint="You lose patience one epoch too early: an improvement at best + patience still counts.",
)
one_epoch_too_late = slip(
    REFERENCE,
    (">= patience", "> patience"),
    loses=("stopped", "special"),
    hint="You wait one epoch too long: after best + patience without an improvement it is over.",
)
against_the_epoch_before = slip(
    counter_of_bad_epochs,
    (
        "        else:\n",
        "        elif losses[epoch] < losses[epoch - 1]:\n            bad = 0\n        else:\n",
    ),
    loses="stopped",
    hint="You compare each loss with the one before it. An improvement is a loss below the *best* so "
    "far; a small recovery after a bad epoch is none.",
)
count_never_reset = slip(
    counter_of_bad_epochs,
    ("losses[epoch], epoch, 0", "losses[epoch], epoch, bad"),
    loses="going on",
    hint="The epochs without improvement are added up over the whole training. Each improvement "
    "starts the count anew.",
)
last_of_equals = slip(
    REFERENCE,
    ("loss < losses[best]", "loss <= losses[best]"),
    loses="special",
    hint="An equal loss counts as an improvement in your version. Of equal losses the first is the "
    "best, and patience is counted from it.",
)
best_loss = slip(
    REFERENCE,
    ("return best", "return losses[best]"),
    loses=("stopped", "going on", "special"),
    hint="You return the best loss. Asked for is its epoch, a whole number.",
)
nan_improves = slip(
    REFERENCE,
    ("if loss < losses[best]", "if not loss >= losses[best]"),
    loses="special",
    hint="nan is taken for an improvement, or for the best loss: no comparison with nan is true, so a "
    "test for *not an improvement* passes it by. Test for the improvement.",
)


def _gains(losses: Sequence[float]) -> list[tuple[int, float]]:
    """Return of each improvement how many epochs after the last, and by how much it is better."""
    gains, best = [], 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            gains.append((epoch - best, losses[best] - loss))
            best = epoch
    return gains


rules = (
    rule(
        "counted **from 0**",
        when=lambda losses, patience: len(losses) > 1,
        gives=lambda best: best == 0,
    ),
    rule(
        "what comes after the stop counts for nothing",
        when=lambda losses, patience: losses[-1] == min(losses),
        gives=lambda best: best == 0,
    ),
    rule(
        "An epoch is an improvement if its loss is *less than* the best",
        when=lambda losses, patience: min(gain for _, gain in _gains(losses)) < 1e-4,
    ),
    rule(
        "of equal losses the first is the best",
        when=lambda losses, patience: len({*losses}) < len(losses) and not np.isnan(losses).any(),
    ),
    rule("Patience is counted from the best epoch", when=lambda losses, patience: patience > 3),
    rule(
        "An improvement at best + `patience` still counts",
        "Each improvement starts the count anew",
        when=lambda losses, patience: [after for after, _ in _gains(losses)].count(patience) > 1,
    ),
    rule(
        "Where training is never stopped",
        when=lambda losses, patience: (
            patience == 1 and np.all(np.diff(losses) < 0) and len(losses) > 1
        ),
    ),
    rule("A loss that is `nan`", when=lambda losses, patience: np.isnan(losses).any()),
    told("`losses[0]` is a finite number"),
    rule("No losses", when=lambda losses, patience: not losses, gives=ValueError),
    rule(
        "a patience below 1",
        when=lambda losses, patience: losses and patience == 0,
        gives=ValueError,
    ),
)

the_first_epoch_improves = equal(
    counter_of_bad_epochs,
    ("math.inf, 0, 0", "math.inf, 1, 0"),
    ("math.inf, 0, 0", "math.inf, -1, 0"),
    ("math.inf, 0, 0", "math.inf, 0, 1"),
    ("math.inf, 0, 0", "math.inf, 0, -1"),
    because="the first loss is finite, so below infinity, and sets all three",
)
nothing_before_is_better = equal(
    windows,
    ("range(best + 1, min(best", "range(best, min(best"),
    ("range(best + 1, min(best", "range(1, min(best"),
    ("range(best + 1, min(best", "range(best + 0, min(best"),
    ("range(best + 1, min(best", "range(min(best"),
    ("min(best + patience, len(losses) - 1)", "min(len(losses) - 1, best + patience)"),
    because="no epoch up to the best is better than it, and the smaller of two has no order",
)

nothing_before_is_better_recursive = equal(
    recursive,
    ("range(best + 1, min(best", "range(best, min(best"),
    ("range(best + 1, min(best", "range(1, min(best"),
    ("range(best + 1, min(best", "range(best + 0, min(best"),
    ("range(best + 1, min(best", "range(min(best"),
    ("min(best + patience + 1, len(losses))", "min(len(losses), best + patience + 1)"),
    because="no epoch up to the best is better than it, and the smaller of two has no order",
)
an_array_of_a_list = equal(
    with_numpy,
    ("np.asarray(losses, dtype=float)", "np.asarray(losses)"),
    ("np.asarray(losses, dtype=float)", "losses"),
    because="accumulate makes an array of a list, and whole numbers compare like floats",
)
