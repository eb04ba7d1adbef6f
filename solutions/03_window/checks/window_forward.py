"""window_forward: from contexts to log-probabilities."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="arg-type, operator"

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
from autograder.authoring.comparing import Close

from .drawing import draw_contexts, draw_params

Answer = tuple[Any, Mapping[str, Any]]
SHAPES = ((4, 1, 2, 1, 2), (7, 3, 2, 4, 3), (15, 2, 4, 6, 5), (40, 6, 3, 10, 12))


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models of many shapes, batches of several sizes, large scores, and what is refused."""
    for V, m, window, h, examples in SHAPES:
        for group, direct in (("plain", False), ("direct", True)):
            params = draw_params(rng, V, m, window, h, direct)
            yield case(group, params, draw_contexts(rng, V, examples, window))
    single = draw_params(rng, 9, 3, 3, 5, False, "float32")
    yield case("plain", single, draw_contexts(rng, 9, 4, 3).astype("int32"))
    for examples in (4, 1, 3):
        params = draw_params(rng, 6, 2, 3, 4, False)
        far = params["U"] * rng.uniform(300, 2_000)
        yield case("edges", {**params, "U": far}, draw_contexts(rng, 6, examples, 3))
    params = draw_params(rng, 6, 2, 3, 4, False)
    yield case("edges", params, np.zeros((0, 3), dtype=np.int64))
    for wrong in (-1, 6):
        contexts = draw_contexts(rng, 6, 3, 3)
        contexts[rng.integers(3), rng.integers(3)] = wrong
        yield case("edges", params, contexts)
    for name, value in (("b", np.nan), ("U", np.inf)):
        diverged = params[name].copy()  # type: ignore[union-attr]
        diverged.flat[0] = value
        yield case("edges", {**params, name: diverged}, draw_contexts(rng, 6, 3, 3))


check = Check(
    groups={
        "plain": Group("models without direct connections", 2),
        "direct": Group("models with direct connections", 1),
        "edges": Group("large scores, one example, none, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-6, per_array=True, more_keys=True),
)


@alternative
def with_loops(params: Any, contexts: np.ndarray) -> Answer:
    C, H, d, U, W, b = (params[name] for name in "CHdUWb")
    xs, hiddens, rows = [], [], []
    for context in contexts:
        if min(context) < 0 or max(context) >= len(C):
            raise ValueError("unknown id")
        x = np.concatenate([C[i] for i in context])
        hidden = np.tanh(d + x @ H)
        y = b + hidden @ U
        if W is not None:
            y = y + x @ W
        if not np.all(np.isfinite(y)):
            raise ValueError("diverged")
        top = max(y)
        xs.append(x)
        hiddens.append(hidden)
        rows.append(y - top - np.log(sum(np.exp(y - top))))
    log_probs = np.array(rows).reshape(len(contexts), len(b))
    x_all, hidden_all = np.array(xs).reshape(-1, len(H)), np.array(hiddens).reshape(-1, len(d))
    return log_probs, {
        "contexts": contexts,
        "x": x_all,
        "hidden": hidden_all,
        "log_probs": log_probs,
    }


@alternative
def with_one_hot_products(params: Any, contexts: np.ndarray) -> Answer:
    V = params["C"].shape[0]
    if np.any(contexts < 0) or np.any(contexts >= V):
        raise ValueError("an id outside the vocabulary")
    hot = np.eye(V)[contexts]
    e = np.concatenate([hot[:, k] @ params["C"] for k in range(contexts.shape[1])], axis=1)
    inside = e @ params["H"] + params["d"]
    h = np.tanh(inside)
    y = h @ params["U"] + params["b"]
    if params["W"] is not None:
        y = y + e @ params["W"]
    if np.isnan(y).any() or np.isinf(y).any():
        raise ValueError("not finite")
    log_probs = y - np.logaddexp.reduce(y, axis=1, keepdims=True)
    cache = {"contexts": contexts, "x": e, "hidden": h, "log_probs": log_probs, "inside": inside}
    return log_probs, cache


@alternative
def with_torch(params: Any, contexts: np.ndarray) -> Answer:
    import torch

    t = {k: None if v is None else torch.tensor(v, dtype=torch.float32) for k, v in params.items()}
    ids = torch.tensor(np.asarray(contexts)).long()
    if ids.numel() and (ids.min() < 0 or ids.max() >= len(t["C"])):
        raise ValueError("ids")
    x = torch.nn.functional.embedding(ids, t["C"]).flatten(1)
    hidden = torch.tanh(x @ t["H"] + t["d"])
    y = hidden @ t["U"] + t["b"]
    if t["W"] is not None:
        y = y + x @ t["W"]
    if not torch.isfinite(y).all():
        raise ValueError("scores")
    log_probs = torch.log_softmax(y, dim=-1)
    return log_probs, {"contexts": ids, "x": x, "hidden": hidden, "log_probs": log_probs}


features_summed = slip(
    REFERENCE,
    ("reshape(len(contexts), len(H))", "sum(axis=1)"),
    ("x @ H", "x @ H[: C.shape[1]]"),
    ("x @ W", "x @ W[: C.shape[1]]"),
    loses=("plain", "direct", "edges"),
    hint="You add up the features of the words instead of joining them. Summed, the model cannot "
    "tell which word stood where, and most of H is never used.",
)
newest_first = slip(
    REFERENCE,
    ("C[contexts]", "C[contexts[:, ::-1]]"),
    loses=("plain", "direct", "edges"),
    hint="The features are joined in the wrong order of words: the newest word comes first. The "
    "rows of H belong to the places of the context as it came, the oldest first.",
)
features_interleaved = slip(
    REFERENCE,
    ("C[contexts]", "C[contexts].transpose(0, 2, 1)"),
    loses=("plain", "direct", "edges"),
    hint="The features of the words are shuffled together: x holds the first feature of every word, "
    "then the second of every word, and so on. All features of one word stand side by side.",
)
no_nonlinearity = slip(
    REFERENCE,
    ("np.tanh(x @ H + d)", "x @ H + d"),
    loses=("plain", "direct", "edges"),
    hint="The hidden layer has no tanh. Without it the network is one linear map, and U and H could "
    "be multiplied into one matrix.",
)
logistic_sigmoid = slip(
    REFERENCE,
    ("np.tanh(x @ H + d)", "1 / (1 + np.exp(-(x @ H + d)))"),
    loses=("plain", "direct", "edges"),
    hint="The hidden units are squashed by the logistic sigmoid. Here it is the tanh, between -1 "
    "and 1.",
)
bias_outside = slip(
    REFERENCE,
    ("np.tanh(x @ H + d)", "np.tanh(x @ H) + d"),
    loses=("plain", "direct", "edges"),
    hint="The bias d is added outside the tanh. It belongs inside: it says where a unit switches.",
)
cache_before_tanh = slip(
    REFERENCE,
    ("np.tanh(x @ H + d)", "x @ H + d"),
    ("hidden @ U", "np.tanh(hidden) @ U"),
    loses=("plain", "direct", "edges"),
    hint="The cache holds the hidden units before the tanh. The backward pass needs them after it.",
)
direct_ignored = slip(
    REFERENCE,
    ("    if W is not None:\n        scores += x @ W\n", ""),
    loses="direct",
    hint="The direct connections do nothing: where W is not None, x W is part of the scores.",
)
probabilities_returned = slip(
    REFERENCE,
    ("return scores,", "return np.exp(scores),"),
    loses=("plain", "direct", "edges"),
    hint="You return probabilities. Asked for are their logarithms.",
)
scores_returned = slip(
    REFERENCE,
    ("    scores -= scores.max(axis=1, keepdims=True)\n", ""),
    ("    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))\n", ""),
    loses=("plain", "direct", "edges"),
    hint="You return the scores as they are. Log-probabilities are normalised: their exponentials "
    "sum to 1 in each row.",
)
softmax_over_the_batch = slip(
    REFERENCE,
    ("scores.max(axis=1", "scores.max(axis=0"),
    ("sum(axis=1", "sum(axis=0"),
    loses=("plain", "direct", "edges"),
    hint="The softmax runs over the examples of the batch. Each example has a distribution of its "
    "own, over the words: each row sums to 1, not each column.",
)
rounded_up = slip(
    REFERENCE,
    ("    return scores", "    scores = np.log(np.exp(scores) + 1e-12)\n    return scores"),
    loses="edges",
    hint="Something small is added inside the logarithm, so that no probability gets smaller than "
    "that. Take the logarithm apart on paper instead: the exponential need not be undone.",
)
overflows = slip(
    REFERENCE,
    ("    scores -= scores.max(axis=1, keepdims=True)\n", ""),
    loses="edges",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from all "
    "scores of a row changes no probability.",
    overflows=True,
)
arrays_already = equal(
    REFERENCE,
    ("contexts = np.asarray(contexts)", "pass"),
    ("np.asarray(contexts)", "contexts"),
    because="contexts are an array, as the signature says",
)
shaped_in_the_end = equal(
    with_loops,
    ("xs.append", "xs.extend"),
    ("hiddens.append", "hiddens.extend"),
    ("rows.append", "rows.extend"),
    ("reshape(-1, len(H))", "reshape(-2, len(H))"),
    ("reshape(-1, len(d))", "reshape(-2, len(d))"),
    because="the numbers get their shape in the end, and numpy takes any negative size for the "
    "unknown one",
)
other_keys = equal(
    with_one_hot_products,
    ('"inside": inside', '"insidex": inside'),
    ('"inside": inside', '"": inside'),
    settled="Further keys do no harm",
)
as_torch_takes_them = equal(
    with_torch,
    (", dtype=torch.float32", ""),
    (".long()", ""),
    ("np.asarray(contexts)", "contexts"),
    ("dim=-1", "dim=1"),
    because="float64 is more than is needed, torch looks up ids of int32 as well, and the last "
    "axis of two is axis 1",
)

rules = (
    told("`params` is a dict with the six names", "Further keys do no harm"),
    rule(
        "the oldest word first",
        "All sizes follow from the shapes",
        "$x$ is the *concatenation* of the feature vectors",
        "Each place has its own rows",
        "`log_probs` has shape `(B, V)`",
        "`cache` is a dict of what the backward pass will need",
        when=lambda params, contexts: contexts.shape[1] > 2 and params["C"].shape[1] > 1,
        gives=lambda answer: len(answer[0]) > 1,
    ),
    rule("Scores may be large", gives=lambda answer: answer[0].min() < -1000),
    rule("A batch of one example", when=lambda params, contexts: len(contexts) == 1),
    rule("A batch without examples", when=lambda params, contexts: len(contexts) == 0),
    rule("An id below 0", when=lambda params, contexts: contexts.min() < 0, gives=ValueError),
    rule(
        "or not below $V$",
        when=lambda params, contexts: contexts.max() == len(params["C"]),
        gives=ValueError,
    ),
    rule(
        "a score that is infinite",
        when=lambda params, contexts: np.isinf(params["U"]).any(),
        gives=ValueError,
    ),
    rule(
        "or `nan`: a model",
        when=lambda params, contexts: np.isnan(params["b"]).any(),
        gives=ValueError,
    ),
)
