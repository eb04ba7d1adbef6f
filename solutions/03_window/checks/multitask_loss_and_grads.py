"""multitask_loss_and_grads: two taggers share their lower layers."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="no-untyped-call"

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
    rule,
    slip,
    told,
)

from .drawing import GRADIENTS, OF_LARGE_SCORES, draw_contexts, draw_repeating

Params = dict[str, np.ndarray]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield taggers of many shapes, words that occur once or more often, and what is refused."""
    shapes = (
        (4, 1, 2, 1, 2, 2, 2),
        (9, 3, 2, 4, 3, 2, 3),
        (30, 2, 5, 6, 5, 4, 6),
        (40, 4, 3, 8, 12, 5, 3),
    )
    for V, m, window, h, examples, first, second in shapes:
        params = _params(rng, V, m, window, h, first, second)
        windows = draw_contexts(rng, V, examples, window, distinct=True)
        yield case("batches", params, windows, *_tags(rng, examples, first, second))
        params = _params(rng, V, m, window, h, first, second)
        windows = draw_repeating(rng, V, examples, window)
        yield case("repeats", params, windows, *_tags(rng, examples, first, second))
    single = _params(rng, 20, 2, 3, 4, 3, 4)
    single = {name: value.astype("float32") for name, value in single.items()}
    windows = draw_contexts(rng, 20, 5, 3, distinct=True)
    tags = [each.astype("int32") for each in _tags(rng, 5, 3, 4)]
    yield case("batches", single, windows.astype("int32"), *tags)
    params = _params(rng, 8, 2, 3, 4, 3, 4)
    one = draw_contexts(rng, 8, 1, 3, distinct=True)
    yield case("edges", params, one, *_tags(rng, 1, 3, 4))
    # No probability is tiny: its logarithm is right in every right way.
    large = {**params, "b1": params["b1"] + 1000.0, "b2": params["b2"] - 1000.0}
    one = draw_contexts(rng, 8, 1, 3, distinct=True)
    yield Case("edges", (large, one, *_tags(rng, 1, 3, 4)), compare=OF_LARGE_SCORES)
    yield Case("edges", _scattered(rng), compare=OF_LARGE_SCORES)
    two, three = draw_contexts(rng, 8, 2, 3), np.array([0, 1, 2])
    yield case("edges", params, two, np.array([0, 3]), np.array([0, 3]))
    yield case("edges", params, two, np.array([0, 2]), np.array([-1, 3]))
    yield case("edges", params, two, np.array([-1, 2]), np.array([0, 3]))
    yield case("edges", params, two, np.array([0, 2]), np.array([4, 3]))
    yield case("edges", params, np.array([[0, -1, 7]]), np.array([0]), np.array([0]))
    yield case("edges", params, two, three, np.array([0, 3]))
    yield case("edges", params, two, np.array([0, 2]), three)
    yield case("edges", params, np.array([[0, 1, 8]]), np.array([0]), np.array([0]))
    none = np.zeros(0, dtype=np.int64)
    yield case("edges", params, np.zeros((0, 3), dtype=np.int64), none, none)


def _params(
    rng: np.random.Generator, V: int, m: int, window: int, h: int, first: int, second: int
) -> Params:
    inside = window * m
    return {
        "C": rng.normal(size=(V, m)),
        "H": rng.normal(size=(inside, h)) / np.sqrt(inside),
        "d": rng.normal(size=h) / 2,
        "U1": rng.normal(size=(h, first)),
        "b1": rng.normal(size=first),
        "U2": rng.normal(size=(h, second)),
        "b2": rng.normal(size=second),
    }


def _scattered(rng: np.random.Generator) -> tuple[Any, ...]:
    """Return a batch whose one row has scores near 500 where the other's are near -500.

    The last tag of each task has 2,000 less than the others, and is never the true one. So
    exponentials overflow or vanish, whatever number is taken from all scores.
    """
    params, windows = _params(rng, 8, 2, 3, 4, 3, 4), draw_contexts(rng, 8, 2, 3, distinct=True)
    params["C"][windows[:, 0], 0] = rng.permutation([20.0, -20.0])
    params["H"][0] = [1.0, 0.0, 0.0, 0.0]  # the first feature of the oldest word
    for task, far in (("1", 500.0), ("2", -500.0)):
        params[f"U{task}"][0] += far
        params[f"b{task}"][-1] -= 2000.0
    return params, windows, *_tags(rng, 2, 2, 3)


def _tags(
    rng: np.random.Generator, examples: int, first: int, second: int
) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(first, size=examples), rng.integers(second, size=examples)


check = Check(
    groups={
        "batches": Group("taggers of several shapes", 3),
        "repeats": Group("words that occur more than once", 1),
        "edges": Group("one example, none, and what is refused", 1),
    },
    draw=draw,
    compare=GRADIENTS,
)


@alternative
def with_torch(params: Any, windows: np.ndarray, tags1: np.ndarray, tags2: np.ndarray) -> Any:
    import torch

    t = {k: torch.tensor(v, requires_grad=True) for k, v in params.items()}
    ids, one, two = (torch.tensor(np.asarray(a)).long() for a in (windows, tags1, tags2))
    for values, size in ((ids, len(t["C"])), (one, len(t["b1"])), (two, len(t["b2"]))):
        if len(values) == 0 or len(values) != len(ids) or values.min() < 0 or values.max() >= size:
            raise ValueError("arguments")
    hidden = torch.tanh(t["C"][ids].flatten(1) @ t["H"] + t["d"])
    cross_entropy = torch.nn.functional.cross_entropy
    loss = cross_entropy(hidden @ t["U1"] + t["b1"], one)
    loss = loss + cross_entropy(hidden @ t["U2"] + t["b2"], two)
    loss.backward()
    return loss.item(), {k: v.grad for k, v in t.items()}


@alternative
def example_by_example(
    params: Any, windows: np.ndarray, tags1: np.ndarray, tags2: np.ndarray
) -> Any:
    n, m = len(windows), params["C"].shape[1]
    if n == 0 or len(tags1) != n or len(tags2) != n:
        raise ValueError("one tag of each task for each window, and one window at least")
    grads = {name: np.zeros(value.shape) for name, value in params.items()}
    loss = 0.0
    for window, *tags in zip(windows, tags1, tags2):
        if min(window) < 0 or max(window) >= len(params["C"]):
            raise ValueError("unknown word")
        x = np.concatenate([params["C"][i] for i in window])
        hidden = np.tanh(x @ params["H"] + params["d"])
        back = np.zeros(len(hidden))
        for task, tag in enumerate(tags, start=1):
            U, b = params[f"U{task}"], params[f"b{task}"]
            if not 0 <= tag < len(b):
                raise ValueError("unknown tag")
            scores = hidden @ U + b
            p = np.exp(scores - np.logaddexp.reduce(scores))
            loss -= np.log(p[tag]) / n
            p[tag] -= 1
            grads[f"b{task}"] += p / n
            grads[f"U{task}"] += np.outer(hidden, p) / n
            back += U @ p / n
        back *= 1 - hidden**2
        grads["d"] += back
        grads["H"] += np.outer(x, back)
        for k, i in enumerate(window):
            grads["C"][i] += (params["H"] @ back)[k * m : (k + 1) * m]
    return loss, grads


@alternative
def heads_joined(params: Any, windows: np.ndarray, tags1: np.ndarray, tags2: np.ndarray) -> Any:
    C, H, n = params["C"], params["H"], len(windows)
    sizes = [len(params["b1"]), len(params["b2"])]
    if n == 0 or np.any(windows < 0) or np.any(windows >= len(C)):
        raise ValueError("windows")
    hot = np.zeros((n, sum(sizes)))
    for tags, size, start in ((tags1, sizes[0], 0), (tags2, sizes[1], sizes[0])):
        if np.shape(tags) != (n,) or np.any(tags < 0) or np.any(tags >= size):
            raise ValueError("tags")
        hot[np.arange(n), start + tags] = 1
    U = np.hstack([params["U1"], params["U2"]])
    x = C[windows].reshape(n, -1)
    hidden = np.tanh(x @ H + params["d"])
    scores = hidden @ U + np.hstack([params["b1"], params["b2"]])
    logs = [
        part - np.logaddexp.reduce(part, axis=1, keepdims=True)
        for part in np.split(scores, [sizes[0]], axis=1)
    ]
    log_probs = np.hstack(logs)
    ds = (np.exp(log_probs) - hot) / n
    da = ds @ U.T * (1 - hidden * hidden)
    dx = (da @ H.T).reshape(-1, C.shape[1])
    dU, db = np.split(hidden.T @ ds, [sizes[0]], axis=1), np.split(ds.sum(0), [sizes[0]])
    dC = np.eye(len(C))[windows.ravel()].T @ dx
    grads = {"C": dC, "H": x.T @ da, "d": da.sum(0), "U1": dU[0], "U2": dU[1]}
    return -(log_probs * hot).sum() / n, grads | {"b1": db[0], "b2": db[1]}


second_task_only = slip(
    REFERENCE,
    ("d_hidden += d_scores", "d_hidden = d_scores"),
    loses=("batches", "repeats", "edges"),
    hint="Only one task comes back to the shared layers. Both losses depend on the hidden layer, so "
    "what comes back from both adds up: `+=`, not `=`.",
)
tasks_averaged = slip(
    REFERENCE,
    ("tags].mean()", "tags].mean() / 2"),
    ("d_scores /= len(rows)", "d_scores /= 2 * len(rows)"),
    loses=("batches", "repeats", "edges"),
    hint="The two losses are averaged. The cost is their sum.",
)
overflows = slip(
    REFERENCE,
    ("        scores -= scores.max(axis=1, keepdims=True)\n", ""),
    loses="edges",
    overflows=True,
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from all "
    "scores of a row changes no probability.",
)
summed_over_the_batch = slip(
    REFERENCE,
    ("tags].mean()", "tags].sum()"),
    ("        d_scores /= len(rows)\n", ""),
    loses=("batches", "repeats", "edges"),
    hint="The losses are summed over the batch. Of each task it is the mean over the examples; only "
    "the two tasks are added up.",
)
one_update_a_word = slip(
    REFERENCE,
    (
        "np.add.at(d_C, windows.ravel(), (d_inside @ H.T).reshape(-1, C.shape[1]))",
        "d_C[windows.ravel()] += (d_inside @ H.T).reshape(-1, C.shape[1])",
    ),
    loses="repeats",
    hint="A word that stands at several places of a batch gets one update only: with an array of "
    "indices, `+=` writes once for each index, and the last one wins.",
)
tanh_skipped = slip(
    REFERENCE,
    (" * (1 - hidden**2)", ""),
    loses=("batches", "repeats", "edges"),
    hint="The derivative of the tanh is missing on the way back through the shared layer.",
)
shared_layers_averaged = slip(
    REFERENCE,
    ("d_scores @ U.T", "d_scores @ U.T / 2"),
    loses=("batches", "repeats", "edges"),
    hint="The shared layers get a gradient of only half its size: the losses of the tasks are added, "
    "and so is what comes back from them. It is not averaged.",
)
arrays_already = equal(
    REFERENCE,
    ("windows = np.asarray(windows)", "pass"),
    ("np.asarray(windows)", "windows"),
    ("np.asarray(tags1)", "tags1"),
    ("np.asarray(tags2)", "tags2"),
    ("float(log_probs[rows, tags].mean())", "log_probs[rows, tags].mean()"),
    because="all are arrays, as the signature says, and a number of numpy is a number",
)
one_unknown_size = equal(
    REFERENCE,
    ("len(windows), -1", "len(windows), -2"),
    ("reshape(-1,", "reshape(-2,"),
    because="numpy takes any negative size for the unknown one",
)
nothing_has_no_extremes = equal(
    REFERENCE,
    ("len(windows) == 0 or ", ""),
    ("== 0", "== -1"),
    because="the smallest of no ids is a ValueError already",
)
as_torch_takes_them = equal(
    with_torch,
    ("np.asarray(a)", "a"),
    (" or len(values) != len(ids)", ""),
    ("loss.item()", "loss"),
    because="torch takes arrays, and refuses another number of tags with a ValueError; a tensor of "
    "one number is a number",
)
one_unknown_size_of_both = equal(
    heads_joined,
    ("n == 0 or ", ""),
    ("n == 0", "n == -1"),
    ("reshape(n, -1)", "reshape(n, -2)"),
    ("reshape(-1,", "reshape(-2,"),
    because="numpy takes any negative size for the unknown one, which of no rows it refuses with a "
    "ValueError",
)

rules = (
    told("`params` has the names", "There are no direct connections"),
    rule(
        "`windows` has shape `(B, window)`",
        "The loss is the **sum of the two tasks' mean cross-entropies**",
        "`grads` holds its gradient for each name",
        when=lambda params, windows, one, two: (
            len(windows) > 2 and len(params["b1"]) != len(params["b2"])
        ),
        gives=lambda answer: True,
    ),
    rule("Scores may be large", when=lambda params, *_: np.abs(params["b1"]).max() > 99),
    rule(
        "Scores may be large",
        when=lambda params, windows, *_: np.ptp(params["b1"]) > 999 and len(windows) > 1,
    ),
    rule(
        "A number of tags that is not $B$",
        when=lambda params, windows, one, two: len(one) != len(windows) == len(two),
        gives=ValueError,
    ),
    rule(
        "of tags that is not $B$",
        when=lambda params, windows, one, two: len(two) != len(windows) == len(one),
        gives=ValueError,
    ),
    rule("an empty batch", when=lambda params, windows, *_: len(windows) == 0, gives=ValueError),
    rule("an id or a tag", when=lambda params, windows, *_: windows.min() < 0, gives=ValueError),
    rule(
        "a tag out of its range",
        when=lambda params, windows, one, two: min(one) < 0,
        gives=ValueError,
    ),
    rule(
        "tag out of its range raise",
        when=lambda params, windows, one, two: max(two) == len(params["b2"]),
        gives=ValueError,
    ),
)
