"""train_window: the loop around a model."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from autograder.authoring.checking import (
    REFERENCE,
    Case,
    Check,
    Group,
    alternative,
    case,
    equal,
    generator,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close
from autograder.guest.recipes import Recipe

from ..probes.models import PositionModel
from .training import Training

Answer = tuple[Any, Any]
WORDS, WINDOW, HELD_OUT = 8, 2, 400
NEVER = 1_000


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield small models on fresh text, odd batch sizes, and models whose losses are known."""
    # Rates at which another order of the examples moves the held-out loss by .003, a sorted one by
    # .1 or more.
    yield _training("steps", rng, 400, 20, [0.8, 0.4])
    yield _training("steps", rng, 400, 16, [0.6, 0.4])
    yield _training("steps", rng, 480, 20, [0.8, 0.5])
    yield _training("batches", rng, 40, 64, [2.0] * 5)
    yield _training("batches", rng, 60, 200, [3.0] * 6)
    yield _training("batches", rng, 90, 50, [1.0, 0.8, 0.6, 0.4])
    for _ in range(2):
        yield _log("steps", rng, 12, 3)
    for patience in (1, 2, 3):
        yield _clock("stopping", rng, _losses(rng, patience, ends=True), patience)
    yield _clock("stopping", rng, _losses(rng, 2, ends=False), 2)
    yield _clock("stopping", rng, _losses(rng, 2, ends=False), 3)
    # Patience begins anew at the second epoch; the fourth is above the first.
    late = np.array([5.0, 3.0, 4.0, 6.0, 2.0, 1.0]) + rng.uniform(0, 0.5, size=6)
    yield _clock("stopping", rng, [0.5, *late], 3)
    rising = np.sort(rng.uniform(1, 3, size=6))
    yield _clock("stopping", rng, [0.5, *rising], 3)
    for examples, batch_size in ((12, 4), (15, 5), (8, 2)):
        yield _ledger("stopping", rng, examples, batch_size)
    yield _clock("edges", rng, [float(rng.uniform(1, 3))], 2)
    yield _clock("edges", rng, [3.0, 2.0, float("nan"), 1.0], 3)
    yield _clock("edges", rng, [3.0, float("inf"), 2.0, 1.0], 3)
    yield _clock("edges", rng, [3.0, 2.0, float("inf"), 1.0], 3)
    for below in (0, -1):
        yield _clock("edges", rng, [3.0, 2.0, 1.0], below)
        yield _clock("edges", rng, [3.0, 2.0, 1.0], 2, batch_size=below)


def _training(
    group: str, rng: np.random.Generator, examples: int, batch_size: int, rates: list[float]
) -> Case:
    """Return the case that trains a model on text of another one, sorted where steps are tested."""
    truth = {
        "votes": rng.normal(size=(WINDOW, WORDS, WORDS)) * 1.2,
        "bias": rng.normal(size=WORDS),
    }
    train, valid, held_out = (_text(rng, truth, n) for n in (examples, 50, HELD_OUT))
    order = np.argsort(train[1], kind="stable") if group == "steps" else np.arange(examples)
    begin = {"votes": np.zeros((WINDOW, WORDS, WORDS)), "bias": np.zeros(WORDS), "unused": None}
    args = (begin, (train[0][order], train[1][order]), valid)
    functions = (Recipe("position loss"), Recipe("position gradients"))
    floor = PositionModel.log_probs(truth, held_out[0])[np.arange(HELD_OUT), held_out[1]]
    seed = generator(rng)
    loop = (rates, batch_size, NEVER, seed)
    return Case(
        group,
        (held_out[0], *args, *functions, *loop),
        probe="trained",
        compare=Training(held_out[1], true_log_probs=floor),
    )


def _text(
    rng: np.random.Generator, truth: dict[str, np.ndarray], examples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return contexts and next words drawn from a model."""
    contexts = rng.integers(WORDS, size=(examples, WINDOW))
    probs = np.exp(PositionModel.log_probs(truth, contexts)).cumsum(axis=1)
    return contexts, (probs < rng.random((examples, 1))).sum(axis=1).clip(max=WORDS - 1)


def _clock(
    group: str,
    rng: np.random.Generator,
    losses: list[float],
    patience: int,
    batch_size: int | None = None,
) -> Case:
    """Return the case of a model whose loss after the n-th step is the n-th of some numbers.

    The first number is that before any step; a step is an epoch, of one batch.
    """
    examples = int(rng.integers(4, 9))
    text = (np.zeros((examples, 2), dtype=np.int64), np.zeros(examples, dtype=np.int64))
    rates = [1.0] * (len(losses) - 1)
    return case(
        group,
        {"x": np.zeros(1)},
        text,
        text,
        Recipe("clock loss", ([float(loss) for loss in losses],)),
        Recipe("clock gradients"),
        rates,
        examples if batch_size is None else batch_size,
        patience,
        generator(rng),
    )


def _ledger(group: str, rng: np.random.Generator, examples: int, batch_size: int) -> Case:
    """Return the case of a model whose losses are known where each example is shown once an epoch.

    Batches are of one size, so that their order does not matter. The loss falls until the third of
    five epochs. Other examples are validated, and more of them than a batch holds.
    """
    train, valid = (
        (rng.integers(40, size=(n, 2)), rng.integers(40, size=n)) for n in (examples, examples + 3)
    )
    rates = [float(rate) for rate in np.sort(rng.uniform(0.3, 1.5, size=5))[::-1]]
    step = float(np.mean(1 + train[0][:, 0] + train[1])) * examples / batch_size
    goal = step * (sum(rates[:3]) + 0.2 * rates[3])
    return case(
        group,
        {"x": np.zeros(1)},
        train,
        valid,
        Recipe("ledger loss", (goal,)),
        Recipe("ledger gradients"),
        rates,
        batch_size,
        3,
        generator(rng),
    )


def _log(group: str, rng: np.random.Generator, examples: int, epochs: int) -> Case:
    """Return the case that looks at the order in which examples are shown, one a batch.

    Two epochs of a right loop have the same order once in 12!, that is 5e8, times.
    """
    text = (np.tile(np.arange(examples)[:, None], 2), np.zeros(examples, dtype=np.int64))
    steps = examples * epochs
    return Case(
        group,
        (
            {"x": np.zeros(1), "log": np.zeros(steps)},
            text,
            text,
            Recipe("clock loss", ([float(steps - n) for n in range(steps + 1)],)),
            Recipe("log gradients"),
            [1.0] * epochs,
            1,
            NEVER,
            generator(rng),
        ),
        probe="order shown",
    )


def _losses(rng: np.random.Generator, patience: int, ends: bool) -> list[float]:
    """Return losses that fall, rise, and fall again, with ties; before the first step the lowest.

    Where they end, an improvement comes too late to be seen.
    """
    falling = np.sort(rng.uniform(4, 6, size=int(rng.integers(2, 4))))[::-1]
    losses = [0.5, *falling]
    for low in (3.5, 3.0):  # as long without an improvement as patience allows, and a new best
        losses += _above(rng, losses[-1], patience - 1)
        losses.append(low + float(rng.uniform(0, 0.3)))
    best = losses[-1]
    if ends:
        losses += [*_above(rng, best, patience - 1), best, 1.5, 1.4, 1.3]  # a tie is none
    else:
        losses += _above(rng, best, patience - 1)
    return [float(loss) for loss in losses]


def _above(rng: np.random.Generator, best: float, epochs: int) -> list[float]:
    """Return losses that jump up and fall again, but not to the best."""
    return (best + np.sort(rng.uniform(0.1, 0.6, size=epochs))[::-1]).tolist()


check = Check(
    groups={
        "steps": Group("small models, by what they say of new text, and the order of examples", 2),
        "batches": Group("batch sizes that leave a smaller batch, or are larger than the text", 1),
        "stopping": Group(
            "validation losses, rates, early stopping, and which parameters come back", 2
        ),
        "edges": Group("no epochs, diverged models, and settings that are refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-6, atol=1e-9),
    seconds_per_case=10.0,
)


@alternative
def in_place(params, train, valid, loss, gradients, rates, size, patience, rng) -> Answer:
    if size < 1 or patience < 1:
        raise ValueError("settings")
    contexts, targets = train
    current = {k: p if p is None else p.copy() for k, p in params.items()}
    best = {k: p if p is None else p.copy() for k, p in current.items()}
    history, lowest, waited = [], float("inf"), 0
    order = np.arange(len(targets))
    for rate in rates:
        rng.shuffle(order)
        for batch in np.split(order, range(size, len(order), size)):
            for name, grad in gradients(current, contexts[batch], targets[batch]).items():
                if current[name] is not None:
                    current[name] -= rate * grad
        history.append(loss(current, valid[0], valid[1]))
        if not np.isfinite(history[-1]):
            raise ValueError("diverged")
        waited += 1
        if history[-1] < lowest:
            lowest, waited = history[-1], 0
            best = {k: p if p is None else p.copy() for k, p in current.items()}
        if waited >= patience:
            return best, history
    return best, history


@alternative
def all_epochs_kept(params, train, valid, loss, gradients, rates, size, patience, rng) -> Answer:
    if not (size >= 1 and patience >= 1):
        raise ValueError("a batch size and a patience of 1 or more")
    kept, losses = [], []
    now = dict(params)
    for rate in rates:
        shuffled = np.argsort(rng.random(len(train[1])))
        batches = [shuffled[i : i + size] for i in range(0, len(shuffled), size)]
        for batch in batches:
            grads = gradients(now, train[0][batch], train[1][batch])
            now = {k: None if now[k] is None else np.subtract(now[k], rate * grads[k]) for k in now}
        kept.append(now)
        losses.append(loss(now, *valid))
        if np.isnan(losses[-1]) or np.isinf(losses[-1]):
            raise ValueError("the loss is not finite")
        recent = losses[-patience:]
        if len(losses) > patience and min(recent) >= min(losses[:-patience]):
            break
    return (kept[losses.index(min(losses))] if losses else now), np.array(losses)


@alternative
def with_torch_tensors(params, train, valid, loss, gradients, rates, size, patience, rng) -> Answer:
    import copy
    import math

    import torch

    if size <= 0 or patience <= 0:
        raise ValueError("not positive")
    contexts, targets = train
    weights = {k: torch.tensor(p) for k, p in params.items() if p is not None}
    nothing = {k: None for k, p in params.items() if p is None}

    def as_arrays() -> Any:
        return {**{k: w.numpy().copy() for k, w in weights.items()}, **nothing}

    best, losses, since = copy.deepcopy(dict(params)), [], 0
    for rate in rates:
        order = torch.tensor(rng.permutation(len(targets)))
        for batch in torch.split(order, size):
            grads = gradients(as_arrays(), contexts[batch.numpy()], targets[batch.numpy()])
            for k in weights:
                weights[k].sub_(rate * torch.as_tensor(grads[k]))
        losses.append(float(loss(as_arrays(), *valid)))
        if not math.isfinite(losses[-1]):
            raise ValueError(losses[-1])
        if losses[-1] < min([*losses[:-1], math.inf]):
            best, since = as_arrays(), 0
        else:
            since += 1
            if since == patience:
                break
    return best, losses


never_shuffled = slip(
    REFERENCE,
    ("rng.permutation(len(targets))", "np.arange(len(targets))"),
    loses="steps",
    hint="The examples come in the same order in every epoch. Draw a new order each time: this text "
    "was sorted, and the last batches have the last word.",
)
shuffled_once = slip(
    REFERENCE,
    ("        order = rng.permutation(len(targets))\n", ""),
    ("[]\n", "[]\n    order = rng.permutation(len(targets))\n"),
    loses="steps",
    hint="The order of the examples is drawn once, and every epoch has the same. Draw a new one at "
    "the beginning of each epoch.",
)
shuffled_apart = slip(
    REFERENCE,
    ("        order = rng", "        targets = rng.permutation(targets)\n        order = rng"),
    loses=("steps", "batches"),
    hint="Contexts and targets are shuffled apart: a context no longer stands beside its own next "
    "word, and all that can be learned is how frequent words are.",
)
last_batch_dropped = slip(
    REFERENCE,
    ("len(order), batch_size", "len(order) - batch_size + 1, batch_size"),
    loses="batches",
    hint="The last batch is left out where it is smaller than the others. With a batch size above "
    "the number of examples nothing is learned at all.",
)
climbs = slip(
    REFERENCE,
    ("p - learning_rate", "p + learning_rate"),
    loses=("steps", "batches", "stopping", "edges"),
    hint="The steps go up the hill: the gradient points to where the loss grows, and is subtracted.",
)
averaged_again = slip(
    REFERENCE,
    ("p - learning_rate *", "p - learning_rate / len(batch) *"),
    loses=("steps", "batches", "stopping", "edges"),
    hint="The gradients are divided by the batch size. They are those of the mean already, and the "
    "steps become far too small.",
)
last_returned = slip(
    REFERENCE,
    ("return best,", "return params,"),
    loses="stopping",
    hint="What comes back are the parameters after the last epoch, not those after the best one "
    "(or a reference to arrays that later steps changed in place).",
)
stops_late = slip(
    REFERENCE,
    (">= patience", "> patience"),
    loses="stopping",
    hint="You stop one epoch too late. With a patience of 1, the first epoch that brings nothing is "
    "the last one.",
)
no_patience = slip(
    REFERENCE,
    ("len(valid_losses) - 1 - best_epoch >= patience", "True"),
    loses="stopping",
    hint="You stop at the first epoch without an improvement. Patience says how many in a row it "
    "takes.",
)
never_counts_anew = slip(
    with_torch_tensors,
    ("best, since = as_arrays(), 0", "best = as_arrays()"),
    loses="stopping",
    hint="The count of epochs without an improvement never begins anew. Only epochs in a row count; "
    "a new best ends the row.",
)
compares_with_the_last = slip(
    with_torch_tensors,
    ("min([*losses[:-1], math.inf])", "[math.inf, *losses][-2]"),
    loses="stopping",
    hint="You compare each loss with that of the epoch before. What counts is whether it is below "
    "the best so far: a loss that falls back from a peak is no improvement yet.",
)
beginning_is_a_candidate = slip(
    in_place,
    ('float("inf")', "loss(current, *valid)"),
    loses="stopping",
    hint="The parameters from before the first epoch take part in the choice of the best. They are "
    "no candidate: only epochs that were run are.",
)
validated_on_training_text = slip(
    REFERENCE,
    ("loss(params, *valid)", "loss(params, *train)"),
    loses="stopping",
    hint="Your validation losses are those of the training examples. What is to be looked at is "
    "`valid`: a loss on text that the steps have not seen.",
)

range_refuses = equal(
    REFERENCE,
    ("batch_size < 1", "batch_size < 0"),
    because="range refuses to go on by 0, with a ValueError",
)
never_written_into = equal(
    REFERENCE,
    (
        "    params = {name: None if p is None else np.array(p) for name, p in params.items()}\n",
        "    pass\n",
    ),
    ("np.array(p)", "p"),
    because="every step makes new arrays, and without one the parameters come back as they came",
)
numbers_already = equal(
    REFERENCE,
    ("float(loss(params, *valid))", "loss(params, *valid)"),
    ("int(np.argmin(valid_losses))", "np.argmin(valid_losses)"),
    because="a loss is a number, and a number of numpy is one",
)
range_refuses_in_place = equal(
    in_place,
    ("size < 1", "size < 0"),
    because="range refuses to go on by 0, with a ValueError",
)
first_epoch_is_the_best = equal(
    in_place,
    (
        "p if p is None else p.copy() for k, p in current.items()}\n    history",
        "p if True else p.copy() for k, p in current.items()}\n    history",
    ),
    (
        "p.copy() for k, p in current.items()}\n    history",
        "p for k, p in current.items()}\n    history",
    ),
    ('float("inf"), 0', 'float("inf"), 1'),
    ('float("inf"), 0', 'float("inf"), -1'),
    because="any loss is below infinity: the first epoch sets all of them anew",
)
refused_further_down = equal(
    all_epochs_kept,
    (" and patience >= 1", ""),
    ("size >= 1", "size >= 0"),
    ("patience >= 1", "patience >= 0"),
    because="range refuses to go on by 0, and min no losses, with a ValueError",
)
same_answer = equal(
    all_epochs_kept,
    ("dict(params)", "params"),
    ("len(train[1])", "len(train[0])"),
    ("np.array(losses)", "losses"),
    ("losses[-patience:]", "losses[:]"),
    because="nothing is written into params, there is a target for each context, and the least of "
    "all losses is as low as the least of the early ones where the recent ones are not lower",
)
first_epoch_is_the_best_in_torch = equal(
    with_torch_tensors,
    ("copy.deepcopy(dict(params))", "dict(params)"),
    ("dict(params)", "params"),
    ("[], 0\n", "[], 1\n"),
    ("[], 0\n", "[], -1\n"),
    because="any loss is below infinity: the first epoch sets all of them anew",
)
as_numpy_takes_them = equal(
    with_torch_tensors,
    ("targets[batch.numpy()]", "targets[batch]"),
    ("float(loss(as_arrays(), *valid))", "loss(as_arrays(), *valid)"),
    because="numpy takes a tensor of indices, and a loss is a number",
)


def _stops_early(losses: list[float], patience: int) -> bool:
    """Return whether losses, the first of them before any step, end a training before its end."""
    epochs = losses[1:]
    return any(
        min(epochs[end - patience : end]) >= min(epochs[: end - patience])
        for end in range(patience + 1, len(epochs))
    )


rules = (
    told(
        "The loop does not care which model",
        "returns the mean loss of some examples",
        "may keep what they got",
        "`train` and `valid` are pairs",
        "is the list of these numbers",
    ),
    rule(
        "a value may be `None`",
        when=lambda unseen, params, *loop: params["unused"] is None,
    ),
    rule(
        "perhaps sorted",
        when=lambda unseen, params, train, *loop: (
            isinstance(unseen, np.ndarray) and (np.diff(train[1]) >= 0).all()
        ),
    ),
    rule(
        "has a number for each epoch",
        when=lambda params, train, valid, loss, gradients, rates, *loop: (
            gradients.name == "ledger gradients" and len(set(rates)) > 1
        ),
    ),
    rule(
        "draw a new random order",
        gives=lambda shown: shown["each once"] and shown["another order"],
    ),
    rule(
        "the last of which may be smaller",
        when=lambda unseen, params, train, valid, loss, gradients, rates, size, *_: (
            isinstance(unseen, np.ndarray) and 1 < size < len(train[1]) and len(train[1]) % size
        ),
    ),
    rule(
        "A batch size above the number of examples",
        when=lambda unseen, params, train, valid, loss, gradients, rates, size, *_: (
            isinstance(unseen, np.ndarray) and size > len(train[1])
        ),
    ),
    rule(
        "compute the loss of *all* of `valid`",
        when=lambda params, train, valid, loss, gradients, rates, size, *_: (
            loss.name == "ledger loss" and size < len(valid[1])
        ),
    ),
    rule(
        "from before the first epoch are not a candidate",
        when=lambda params, train, valid, loss, *_: loss.args[0][0] < min(loss.args[0][1:]),
    ),
    rule(
        "stop after an epoch that is the `patience`-th in a row",
        when=lambda params, train, valid, loss, gradients, rates, size, patience, rng: _stops_early(
            loss.args[0], patience
        ),
    ),
    rule(
        "the first of equals",
        when=lambda params, train, valid, loss, *_: len(set(loss.args[0])) < len(loss.args[0]),
    ),
    rule("No epochs at all", gives=lambda came: came[1] == []),
    rule(
        "`batch_size` or `patience` below 1",
        when=lambda params, train, valid, loss, gradients, rates, size, *_: size < 1,
        gives=ValueError,
    ),
    rule(
        "or `patience` below 1",
        when=lambda params, train, valid, loss, gradients, rates, size, patience, *_: patience < 1,
        gives=ValueError,
    ),
    rule(
        "a validation loss that is `nan`",
        when=lambda params, train, valid, loss, *_: np.isnan(loss.args[0]).any(),
        gives=ValueError,
    ),
    rule(
        "or infinite (a run that has diverged",
        when=lambda params, train, valid, loss, *_: np.isinf(loss.args[0]).any(),
        gives=ValueError,
    ),
    rule(
        "The caller's `params` are not changed",
        when=lambda params, train, valid, loss, *_: loss.name == "ledger loss",
    ),
    rule(
        "All randomness comes from `rng`",
        gives=lambda shown: shown["the same again"] and shown["new in every call"],
    ),
)
