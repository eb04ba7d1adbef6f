"""window_backward: the gradient by hand."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="arg-type, index, no-untyped-call, operator, union-attr"

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

from .drawing import (
    GRADIENTS,
    Params,
    draw_contexts,
    draw_params,
    draw_repeating,
)

Cache = Mapping[str, np.ndarray]


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models of many shapes, with words that occur once or more often."""
    shapes = ((4, 1, 2, 1, 2), (9, 3, 2, 4, 3), (25, 2, 4, 6, 5), (40, 5, 3, 8, 11))
    for V, m, window, h, examples in shapes:
        for group, direct in (("plain", False), ("direct", True)):
            params = draw_params(rng, V, m, window, h, direct)
            contexts = draw_contexts(rng, V, examples, window, distinct=True)
            yield _case(group, rng, reference, params, contexts)
        params = draw_params(rng, V, m, window, h, direct=True)
        yield _case("repeats", rng, reference, params, draw_repeating(rng, V, examples, window))
    single = draw_params(rng, 12, 3, 2, 5, False, "float32")
    contexts = draw_contexts(rng, 12, 4, 2, distinct=True)
    yield _case("plain", rng, reference, single, contexts.astype("int32"), "int32")
    params = draw_params(rng, 8, 2, 3, 4, False)
    one = draw_contexts(rng, 8, 1, 3, distinct=True)
    yield _case("edges", rng, reference, params, one)
    _, cache = reference.window_forward(params, draw_contexts(rng, 8, 3, 3))
    for wrong in ([0, 8, 1], [0, -1, 1], [0, 1], [0, 1, 2, 3]):
        yield case("edges", params, cache, np.array(wrong))
    yield case("edges", params, cache, np.array([1]))  # which numpy would repeat
    _, empty = reference.window_forward(params, np.zeros((0, 3), dtype=np.int64))
    yield case("edges", params, empty, np.zeros(0, dtype=np.int64))


def _case(
    group: str,
    rng: np.random.Generator,
    reference: ModuleType,
    params: Params,
    contexts: np.ndarray,
    dtype: str = "int64",
) -> Case:
    """Return a case with the reference's cache, and targets of which two are the same word."""
    _, cache = reference.window_forward(params, contexts)
    b = params["b"]
    targets = rng.integers(0 if b is None else len(b), size=len(contexts))
    targets[-1] = targets[0]
    return case(group, params, cache, targets.astype(dtype))


check = Check(
    groups={
        "plain": Group("models without direct connections", 2),
        "direct": Group("models with direct connections", 2),
        "repeats": Group("words that occur more than once", 1),
        "edges": Group("one example, none, and targets that are refused", 1),
    },
    draw=draw,
    compare=GRADIENTS,
)


@alternative
def with_loops(params: Any, cache: Cache, targets: np.ndarray) -> Any:
    C, H, U, W = params["C"], params["H"], params["U"], params["W"]
    if len(targets) == 0 or len(targets) != len(cache["contexts"]):
        raise ValueError("batch")
    m = C.shape[1]
    grads = {k: None if v is None else np.zeros(v.shape) for k, v in params.items()}
    rows = zip(cache["contexts"], cache["x"], cache["hidden"], cache["log_probs"], targets)
    for context, x, hidden, log_probs, target in rows:
        if not 0 <= target < len(C):
            raise ValueError("target")
        dy = np.exp(log_probs)
        dy[target] -= 1.0
        dy = dy / len(targets)
        da = U.dot(dy) * (1 - hidden * hidden)
        dx = H.dot(da)
        grads["b"] += dy
        grads["U"] += np.outer(hidden, dy)
        grads["d"] += da
        grads["H"] += np.outer(x, da)
        if W is not None:
            grads["W"] += np.outer(x, dy)
            dx = dx + W.dot(dy)
        for k, word in enumerate(context):
            grads["C"][word] += dx[k * m : (k + 1) * m]
    return grads


@alternative
def with_torch(params: Any, cache: Cache, targets: np.ndarray) -> Any:
    import torch

    t = {k: None if v is None else torch.tensor(v).double() for k, v in params.items()}
    for weights in t.values():
        if weights is not None:
            weights.requires_grad_(True)
    ids, wanted = torch.tensor(np.asarray(cache["contexts"])), torch.tensor(np.asarray(targets))
    if len(wanted) == 0 or len(wanted) != len(ids):
        raise ValueError("targets")
    if wanted.min() < 0 or wanted.max() >= len(t["b"]):
        raise ValueError("outside the vocabulary")
    x = t["C"][ids.long()].flatten(1)
    scores = torch.tanh(x @ t["H"] + t["d"]) @ t["U"] + t["b"]
    if t["W"] is not None:
        scores = scores + x @ t["W"]
    torch.nn.functional.cross_entropy(scores, wanted.long()).backward()
    return {k: None if v is None else v.grad for k, v in t.items()}


@alternative
def with_one_hot_products(params: Any, cache: Cache, targets: np.ndarray) -> Any:
    V, m = params["C"].shape
    contexts = cache["contexts"]
    n, window = contexts.shape
    if n == 0 or np.shape(targets) != (n,) or np.any(targets < 0) or np.any(targets >= V):
        raise ValueError("targets")
    ds = (np.exp(cache["log_probs"]) - np.eye(V)[targets]) / n
    da = (ds @ params["U"].T) * (1 - np.square(cache["hidden"]))
    dx = da @ params["H"].T
    direct = params["W"] is not None
    if direct:
        dx = dx + ds @ params["W"].T
    dC = sum(np.eye(V)[contexts[:, k]].T @ dx[:, k * m : (k + 1) * m] for k in range(window))
    return {
        "b": ds.sum(axis=0),
        "W": cache["x"].T @ ds if direct else None,
        "U": cache["hidden"].T @ ds,
        "d": da.sum(axis=0),
        "H": cache["x"].T @ da,
        "C": dC,
    }


@alternative
def with_bincount_in_float32(params: Any, cache: Cache, targets: np.ndarray) -> Any:
    p = {k: None if v is None else v.astype(np.float32) for k, v in params.items()}
    x, hidden = cache["x"].astype(np.float32), cache["hidden"].astype(np.float32)
    n, (V, m) = len(x), p["C"].shape
    if n == 0 or len(targets) != n or min(targets) < 0 or max(targets) >= V:
        raise ValueError("not a batch with its targets")
    ds = np.exp(cache["log_probs"].astype(np.float32))
    ds[range(n), targets] -= 1
    ds /= np.float32(n)
    da = (ds @ p["U"].T) * (1 - hidden * hidden)
    dx = da @ p["H"].T
    if p["W"] is not None:
        dx += ds @ p["W"].T
    places = (cache["contexts"].reshape(-1, 1) * m + np.arange(m)).ravel()
    dC = np.bincount(places, dx.ravel(), minlength=V * m).reshape(V, m)
    grads = {"C": dC, "H": x.T @ da, "d": da.sum(0), "U": hidden.T @ ds, "b": ds.sum(0)}
    grads["W"] = None if p["W"] is None else x.T @ ds
    return grads


one_update_a_word = slip(
    REFERENCE,
    (
        "np.add.at(d_C, contexts.ravel(), d_x.reshape(-1, n_features))",
        "d_C[contexts.ravel()] += d_x.reshape(-1, n_features)",
    ),
    loses="repeats",
    hint="A word that stands at several places of a batch gets one update only: with an array of "
    "indices, `d_C[ids] += ...` writes once for each index, and the last one wins.",
)
of_the_sum = slip(
    REFERENCE,
    ("    d_scores /= n_examples\n", ""),
    loses=("plain", "direct", "repeats"),
    hint="The gradient is that of the sum over the batch. The loss is the mean: divide by the number "
    "of examples, or a larger batch takes larger steps.",
)
averaged_twice = slip(
    REFERENCE,
    ("/= n_examples", "/= n_examples**2"),
    loses=("plain", "direct", "repeats"),
    hint="The batch is averaged twice: the gradient of the scores is already divided by the number "
    "of examples.",
)
biases_averaged = slip(
    REFERENCE,
    ("d_inside.sum(axis=0)", "d_inside.mean(axis=0)"),
    ("d_scores.sum(axis=0)", "d_scores.mean(axis=0)"),
    loses=("plain", "direct", "repeats"),
    hint="The gradients of the biases are means over the batch of numbers that are divided by its "
    "size already. Like every other gradient they are sums of what comes back from each example.",
)
sign_turned = slip(
    REFERENCE,
    ("/= n_examples", "/= -n_examples"),
    loses=("plain", "direct", "repeats", "edges"),
    hint="All signs are turned round: this is the gradient of the log-likelihood. Of the loss, it is "
    "predicted minus observed.",
)
observed_forgotten = slip(
    REFERENCE,
    ("    d_scores[np.arange(n_examples), targets] -= 1\n", ""),
    loses=("plain", "direct", "repeats", "edges"),
    hint="What was observed is missing: the scores' gradient is predicted minus observed, and "
    "without the targets nothing can be learned from them.",
)
tanh_skipped = slip(
    REFERENCE,
    (" * (1 - hidden**2)", ""),
    loses=("plain", "direct", "repeats", "edges"),
    hint="The derivative of the tanh is missing on the way back through the hidden layer.",
)
slope_before_tanh = slip(
    REFERENCE,
    ("1 - hidden**2", '1 - (x @ H + params["d"]) ** 2'),
    loses=("plain", "direct", "repeats", "edges"),
    hint="The derivative of the tanh is computed from what goes into it. Written with a square, it "
    "is 1 minus the square of what comes out.",
)
slope_of_the_sigmoid = slip(
    REFERENCE,
    ("(1 - hidden**2)", "hidden * (1 - hidden)"),
    loses=("plain", "direct", "repeats", "edges"),
    hint="You use the derivative of the logistic sigmoid, h (1 - h). The hidden units are tanh.",
)
one_path_to_the_features = slip(
    REFERENCE,
    ("    if W is not None:\n        d_x += d_scores @ W.T\n", ""),
    loses=("direct", "repeats"),
    hint="The features get no gradient through the direct connections. x reaches the scores on two "
    "paths, and what comes back on both adds up.",
)
last_place_only = slip(
    REFERENCE,
    ("contexts.ravel(), d_x.reshape(-1, n_features)", "contexts[:, -1], d_x[:, -n_features:]"),
    loses=("plain", "direct", "repeats", "edges"),
    hint="Only the last word of each context gets a gradient for its features. The features of every "
    "place of the context went into x.",
)
arrays_already = equal(
    REFERENCE,
    ("np.asarray(cache[name])", "cache[name]"),
    ("targets = np.asarray(targets)", "pass"),
    ("np.asarray(targets)", "targets"),
    ("reshape(-1,", "reshape(-2,"),
    because="all are arrays, and numpy takes any negative size for the unknown one",
)
nothing_has_no_extremes = equal(
    REFERENCE,
    ("n_examples == 0 or ", ""),
    ("== 0", "== -1"),
    because="the smallest of no targets is a ValueError already",
)
as_torch_takes_them = equal(
    with_torch,
    (".double()", ""),
    ("requires_grad_(True)", "requires_grad_()"),
    ('np.asarray(cache["contexts"])', 'cache["contexts"]'),
    ("np.asarray(targets)", "targets"),
    ("ids.long()", "ids"),
    (" or len(wanted) != len(ids)", ""),
    because="torch takes float32, arrays and ids of int32, and refuses another number of targets "
    "with a ValueError",
)
nothing_has_no_extremes_in_float32 = equal(
    with_bincount_in_float32,
    ("n == 0 or ", ""),
    ("n == 0", "n == -1"),
    because="the smallest of no targets is a ValueError already",
)
whole_numbers = equal(
    with_bincount_in_float32,
    ("np.float32(n)", "n"),
    ("reshape(-1,", "reshape(-2,"),
    because="what is divided in place stays float32, and numpy takes any negative size for the "
    "unknown one",
)

rules = (
    told("`cache` is what `window_forward` returned", "It holds no other keys"),
    rule(
        "`targets` has shape `(B,)`",
        "Each gradient has the shape of its parameter",
        when=lambda params, cache, targets: len(targets) > 2 and params["W"] is not None,
    ),
    rule(
        "That of `C` is dense",
        when=lambda params, cache, targets: (
            len({*cache["contexts"].ravel().tolist()}) < len(params["C"])
        ),
        gives=lambda grads: True,
    ),
    rule(
        'Where `params["W"]` is `None`',
        when=lambda params, cache, targets: params["W"] is None,
        gives=lambda grads: True,
    ),
    rule("An empty batch", when=lambda params, cache, targets: len(targets) == 0, gives=ValueError),
    rule(
        "a number of targets that is not $B$",
        when=lambda params, cache, targets: 0 < len(targets) < len(cache["x"]),
        gives=ValueError,
    ),
    rule(
        "targets that is not $B$",
        when=lambda params, cache, targets: len(targets) > len(cache["x"]),
        gives=ValueError,
    ),
    rule(
        "a target below 0", when=lambda params, cache, targets: min(targets) < 0, gives=ValueError
    ),
    rule(
        "or not below $V$",
        when=lambda params, cache, targets: max(targets) == len(params["C"]),
        gives=ValueError,
    ),
)
