"""Ways to be wrong that once kept full marks in the exam of some class.

Each is a change of the reference, or of an alternative solution that is named; or a function. It is
no known mistake with a hint, as few students make it; but its points it has to lose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.authoring.checking import REFERENCE


@dataclass(frozen=True)
class Way:
    """One wrong way.

    Parameters
    ----------
    assignment, question
        Whose.
    words
        What it does.
    changes
        What is replaced by what in a solution.
    of
        The alternative solution that is changed, or `REFERENCE`.
    function
        What stands in place of a changed solution.
    """

    assignment: str
    question: str
    words: str
    changes: tuple[tuple[str, str], ...] = ()
    of: str = REFERENCE
    function: Callable[..., Any] | None = None


WAYS: list[Way] = []


def way(where: str, words: str, *changes: tuple[str, str], of: str = REFERENCE) -> None:
    """Note a wrong way that is a change of a solution."""
    assignment, question = where.split("/")
    WAYS.append(Way(assignment, question, words, changes, of))


def wrong(where: str, words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Note a function as a wrong way."""
    assignment, question = where.split("/")

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        WAYS.append(Way(assignment, question, words, function=function))
        return function

    return mark


# --- 01 ------------------------------------------------------------------------------------------

way(
    "01_counting/count_ngrams",
    "capitals are small letters",
    ("list(sentence)", "[token.lower() for token in sentence]"),
)
way(
    "01_counting/mle_prob",
    "a context is the beginning of a text",
    ("if gram[:-1] == context}", 'if " ".join(gram).startswith(" ".join(context))}'),
)
way(
    "01_counting/mle_prob",
    "the order is the largest that is counted",
    ("order = len(context) + 1", "order = max(counts)"),
)
way(
    "01_counting/add_delta_prob",
    "no delta is above 1",
    ("    denominator", "    delta = min(delta, 1)\n    denominator"),
)
way(
    "01_counting/perplexity",
    "a product of probabilities, which becomes 0",
    (
        "cross_entropy = -math.fsum(log_probs) / len(log_probs)",
        (
            "product = math.prod(base ** float(each) for each in log_probs)\n"
            "    cross_entropy = -math.log(product, base) / len(log_probs) if product else math.inf"
        ),
    ),
)
for question, total, shorter in (
    ("stupid_backoff", "sum(n for gram, n in table.items() if gram[:-1] == shorter)", "table"),
    ("interpolated_prob", "sum(followers.values())", "counts[order]"),
):
    way(
        f"01_counting/{question}",
        "the context is counted one order lower, where <s> is not",
        (total, f"(counts[len(shorter)][shorter] if shorter else sum({shorter}.values()))"),
    )
way(
    "01_counting/sample_text",
    "draws from p ** 1.3",
    ("p=probabilities", "p=probabilities**1.3 / (probabilities**1.3).sum()"),
)
way(
    "01_counting/sample_text",
    "looks at the last token only",
    ("next_probs(tokens)", "next_probs(tokens[-1:])"),
)

ONCE = "map(list, dict.fromkeys(map(tuple, {})))"
"""Sentences without those that have come before."""
way(
    "01_counting/count_ngrams",
    "a sentence that comes again is left out",
    ("in sentences:", f"in {ONCE.format('sentences')}:"),
)
way(
    "01_counting/perplexity",
    "equal log-probabilities count once",
    ("fsum(log_probs) / len(log_probs)", "fsum(set(log_probs)) / len(set(log_probs))"),
)
way(
    "01_counting/fit_lambdas",
    "equal rows count once",
    ("if len(rows) == 0", "rows = np.unique(rows, axis=0)\n    if len(rows) == 0"),
)

# --- 02 ------------------------------------------------------------------------------------------

way(
    "02_loglinear/loglinear_log_probs",
    "a word without features is impossible",
    (
        "scores = features @ beta\n",
        (
            "scores = features @ beta\n"
            "    scores = np.where(np.any(features, axis=1), scores, -np.inf)\n"
        ),
    ),
)
way(
    "02_loglinear/numerical_gradient",
    "x is taken between -1 and 1",
    ("x.copy(), x.copy()", "x.clip(-1, 1), x.clip(-1, 1)"),
)
way(
    "02_loglinear/relative_error",
    "nan is left out",
    ("np.max(errors, initial=0.0)", "np.max(np.nan_to_num(errors), initial=0.0)"),
)
way(
    "02_loglinear/relative_error",
    "nan in both arrays is no difference",
    (
        "np.max(errors, initial=0.0)",
        "np.max(np.where(np.isnan(a) & np.isnan(b), 0.0, errors), initial=0.0)",
    ),
)
way(
    "02_loglinear/topological_order",
    "nodes of one name are one",
    ("if node in seen", "if node.name in seen"),
    ("seen.add(node)", "seen.add(node.name)"),
)
way(
    "02_loglinear/early_stopping",
    "the first epoch is no candidate",
    ("best = 0", "best = min(1, len(losses) - 1)"),
    ("loss < losses[best]", "epoch and loss < losses[best]"),
)
way(
    "02_loglinear/early_stopping",
    "the second of two equal ones, if they are the first",
    ("best = 0", "best = min(1, len(losses) - 1)"),
)
way(
    "02_loglinear/early_stopping",
    "an improvement of less than .001 is none",
    ("loss < losses[best]", "loss < losses[best] - 1e-3"),
)

# --- 03 ------------------------------------------------------------------------------------------

way(
    "03_window/make_windows",
    "ids are floats",
    ("np.concatenate(contexts), np", "np.concatenate(contexts).astype(float), np"),
)
way(
    "03_window/make_windows",
    "ids are bytes",
    ("np.concatenate(contexts), np", "np.concatenate(contexts).astype(np.uint8), np"),
)
way(
    "03_window/make_windows",
    "a sentence that comes again is left out",
    ("in ids:", f"in {ONCE.format('ids')}:"),
)
way(
    "03_window/window_loss",
    "equal log-probabilities count once",
    ("    if np.isnan", "    chosen = np.unique(chosen)\n    if np.isnan"),
)
way(
    "03_window/fit_mixture_weight",
    "equal pairs count once",
    (
        "p, q = p[known], q[known]",
        "p, q = np.unique(np.stack([p[known], q[known]]), axis=1)",
    ),
)
way(
    "03_window/parameter_count",
    "32 bits",
    ("    return count", "    count = int(np.array(count).astype(np.int32))\n    return count"),
)
way(
    "03_window/window_forward",
    "no maximum is taken away",
    ("    scores -= scores.max(axis=1, keepdims=True)\n", ""),
)
way(
    "03_window/mixture_log_probs",
    "axes of length 1 are gone",
    (
        "np.log(weight * p_neural + (1 - weight) * p_ngram)",
        "np.squeeze(np.log(weight * p_neural + (1 - weight) * p_ngram))",
    ),
)
way(
    "03_window/window_backward",
    "a window that comes twice counts once",
    (
        "np.add.at(d_C, contexts.ravel(), d_x.reshape(-1, n_features))",
        (
            "_, once = np.unique(contexts, axis=0, return_index=True)\n"
            "    np.add.at(d_C, contexts[once].ravel(), d_x[once].reshape(-1, n_features))"
        ),
    ),
)
way(
    "03_window/train_window",
    "validates on the training set",
    ("loss(params, *valid)", "loss(params, *train)"),
)
way(
    "03_window/train_window",
    "validates on the first batch",
    ("*valid)", "*(part[:batch_size] for part in valid))"),
)
way(
    "03_window/train_window",
    "one batch whatever its size is to be",
    ("range(0, len(order), batch_size)", "range(0, len(order), len(order))"),
    ("start + batch_size]", "len(order)]"),
)
way(
    "03_window/train_window",
    "shuffles once",
    ("        order = rng.permutation(len(targets))\n", ""),
    (
        "best, valid_losses = params, []\n",
        "best, valid_losses = params, []\n    order = rng.permutation(len(targets))\n",
    ),
)
way(
    "03_window/train_window",
    "draws with replacement",
    ("rng.permutation(len(targets))", "rng.integers(len(targets), size=len(targets))"),
)
way(
    "03_window/train_window",
    "keeps the first rate",
    ("p - learning_rate *", "p - learning_rates[0] *"),
)
way(
    "03_window/train_window",
    "leaves out an example of every epoch",
    ("rng.permutation(len(targets))", "rng.permutation(len(targets))[1:]"),
)
way(
    "03_window/train_window",
    "leaves out the first example",
    ("rng.permutation(len(targets))", "1 + rng.permutation(len(targets) - 1)"),
)
way(
    "03_window/train_window",
    "shuffles with a generator of its own",
    ("rng.permutation", "np.random.default_rng(0).permutation"),
)
way(
    "03_window/train_window",
    "shuffles with the global generator",
    ("rng.permutation", "np.random.permutation"),
)
way(
    "03_window/apply_dropout",
    "a generator of its own",
    ("rng.random", "np.random.default_rng(0).random"),
)
way(
    "03_window/apply_dropout",
    "the global generator",
    ("rng.random(x.shape)", "np.random.random(x.shape)"),
)
way(
    "03_window/apply_dropout",
    "a batch of one is spared",
    ("not train or rate == 0", "not train or rate == 0 or x.shape[:1] == (1,)"),
)
way(
    "03_window/apply_dropout",
    "x is changed",
    ("    return x * mask, mask", "    x *= mask\n    return x.copy(), mask"),
)
MASKS: dict[tuple[int, ...], np.ndarray] = {}


@wrong("03_window/apply_dropout", "a mask is remembered")
def one_mask(x: np.ndarray, rate: float, rng: np.random.Generator, train: bool) -> Any:
    """Return what the first mask of this shape leaves."""
    if not 0 <= rate <= 1:
        raise ValueError(rate)
    if not train or rate in (0, 1):
        mask = np.full(x.shape, 0.0 if train and rate == 1 else 1.0)
    else:
        kept = MASKS.setdefault(x.shape, rng.random(x.shape))
        mask = (kept >= rate) / (1 - rate)
    return x * mask, mask


way(
    "03_window/window_module",
    "float32",
    ("torch.tensor(value)", "torch.tensor(value).float()"),
)
way(
    "03_window/multitask_loss_and_grads",
    "negative tags are taken",
    (" or tags.min() < 0", ""),
)
way(
    "03_window/multitask_loss_and_grads",
    "no maximum is taken away",
    ("        scores -= scores.max(axis=1, keepdims=True)\n", ""),
)
way(
    "03_window/multitask_loss_and_grads",
    "a word that comes twice counts once",
    (
        "np.add.at(d_C, windows.ravel(), (d_inside @ H.T).reshape(-1, C.shape[1]))",
        "d_C[windows.ravel()] += (d_inside @ H.T).reshape(-1, C.shape[1])",
    ),
)

# --- 04 ------------------------------------------------------------------------------------------

way(
    "04_recurrent/rnn_step",
    "sums are taken between -4 and 4",
    (
        'x_t @ params["W_x"] + h_prev @ params["W_h"] + params["b"]',
        'np.clip(x_t @ params["W_x"] + h_prev @ params["W_h"] + params["b"], -4, 4)',
    ),
)
STATES: dict[tuple[int, ...], np.ndarray] = {}


@wrong("04_recurrent/rnn_step", "the state before is the one that it gave last")
def remembers_its_state(params: Any, x_t: np.ndarray, h_prev: np.ndarray) -> np.ndarray:
    """Return the next state, from the last one of this shape."""
    before = STATES.get(h_prev.shape, h_prev)
    new = np.tanh(x_t @ params["W_x"] + before @ params["W_h"] + params["b"])
    STATES[h_prev.shape] = new
    return np.array(new)


way(
    "04_recurrent/sequence_loss",
    "no maximum is taken away",
    ("logits - logits.max(axis=2, keepdims=True)", "logits.copy()"),
)
way(
    "04_recurrent/sequence_loss",
    "one row, or one step, is none",
    ("if not mask.any():", "if 1 in mask.shape or not mask.any():"),
)
way(
    "04_recurrent/bptt",
    "no maximum is taken away",
    ("logits - logits.max(axis=2, keepdims=True)", "logits.copy()"),
)
way(
    "04_recurrent/bptt",
    "never walks back more than six steps",
    (
        "    if truncate is None:\n",
        (
            "    truncate = 6 if truncate is None and n_steps > 6 else truncate\n"
            "    if truncate is None:\n"
        ),
    ),
)
way(
    "04_recurrent/stream_batches",
    "a mask where an id is 0",
    ("mask[row, : len(here)] = True", "mask[row, : len(here)] = ids[here] != 0"),
)
way(
    "04_recurrent/stream_batches",
    "a mask where a target is 0",
    ("mask[row, : len(here)] = True", "mask[row, : len(here)] = ids[here + 1] != 0"),
)
way(
    "04_recurrent/generate",
    "no maximum is taken away",
    ("(scores - scores.max()) / temperature", "scores / temperature"),
)
way(
    "04_recurrent/generate",
    "ends where the prompt has",
    ("new[-1:] != [EOS]", "[*prompt, *new][-1:] != [EOS]"),
)
way(
    "04_recurrent/generate",
    "ends where an end token stands in the prompt",
    ("new[-1:] != [EOS]", "EOS not in [*prompt, *new]"),
)
way(
    "04_recurrent/generate",
    "draws among the five likeliest",
    ("np.exp(scores).cumsum()", "(np.exp(scores) * (scores >= np.sort(scores)[-5])).cumsum()"),
)
way(
    "04_recurrent/generate",
    "never draws the start token",
    ("np.exp(scores).cumsum()", "(np.exp(scores) * (np.arange(len(scores)) != BOS)).cumsum()"),
)
way(
    "04_recurrent/generate",
    "the global generator",
    ("rng.random()", "np.random.random()"),
)
way(
    "04_recurrent/generate",
    "a generator of its own",
    ("state, new =", "rng = np.random.default_rng(0)\n    state, new ="),
)
way(
    "04_recurrent/perplexity_of",
    "no maximum is taken away",
    ("        scores -= scores.max(axis=1, keepdims=True)\n", ""),
)
way(
    "04_recurrent/free_running_log_probs",
    "no maximum is taken away",
    ("scores - scores.max()", "+scores"),
)
way(
    "04_recurrent/free_running_log_probs",
    "goes no further where its own word is the end",
    (
        "waiting = [int(scores.argmax())]",
        "waiting = [word for word in [int(scores.argmax())] if word != EOS]",
    ),
)
# --- 05 ------------------------------------------------------------------------------------------

way(
    "05_gradients/step_jacobian",
    "states are taken between -.9 and .9",
    ("slopes = 1 - h**2", "slopes = 1 - h.clip(-0.9, 0.9) ** 2"),
)
way(
    "05_gradients/step_jacobian",
    "logistic states are taken between .1 and .9",
    ("slopes = h * (1 - h)", "slopes = h.clip(0.1, 0.9) * (1 - h.clip(0.1, 0.9))"),
)
for question, sign in (("must_vanish", "<"), ("may_explode", ">")):
    for words, instead in (
        ("the norm of the symmetric part", "np.linalg.norm((W + W.T) / 2, 2)"),
        ("the root of the norm of the square", "math.sqrt(np.linalg.norm(W @ W, 2))"),
        ("the radius", "np.abs(np.linalg.eigvals(W)).max()"),
        ("the Frobenius norm", "np.linalg.norm(W)"),
    ):
        way(f"05_gradients/{question}", words, ("np.linalg.norm(W, 2)", instead))
    way(
        f"05_gradients/{question}",
        "a tolerance of a twentieth",
        (
            f"{sign} 1 {'-' if sign == '<' else '+'} 1e-9",
            f"{sign} 1 {'-' if sign == '<' else '+'} 0.05",
        ),
    )
for question, sign in (("must_vanish_linear", "<"), ("may_explode_linear", ">")):
    for words, instead in (
        ("the norm", "np.linalg.norm(W, 2)"),
        ("the norm of the symmetric part", "np.linalg.norm((W + W.T) / 2, 2)"),
        (
            "the root of the norm of a power",
            "np.linalg.norm(np.linalg.matrix_power(W, 4), 2) ** 0.25",
        ),
        ("the largest real part", "np.linalg.eigvals(W).real.max()"),
    ):
        way(f"05_gradients/{question}", words, ("np.abs(np.linalg.eigvals(W)).max()", instead))
    way(
        f"05_gradients/{question}",
        "a tolerance of a twentieth",
        (
            f"{sign} 1 {'-' if sign == '<' else '+'} 1e-9",
            f"{sign} 1 {'-' if sign == '<' else '+'} 0.05",
        ),
    )
way(
    "05_gradients/fixed_points",
    "a hundred rounds of the map, which near w = 4 are too few",
    ("high = b, b + w\n    for _ in range(2000)", "high = b, b + w\n    for _ in range(100)"),
    of="by_the_map_and_its_inverse",
)
way(
    "05_gradients/basin_boundary",
    "a hundred rounds of the map, which near w = 4 are too few",
    ("high = b, b + w\n    for _ in range(2000)", "high = b, b + w\n    for _ in range(100)"),
    of="by_the_inverse_map",
)
for places in (60, 61, 100):
    way(
        "05_gradients/fixed_points",
        f"a search on a grid of {places} places",
        ("20_002", str(places)),
        of="on_a_grid_then_bisection",
    )
way(
    "05_gradients/basin_boundary",
    "a search on a grid of width 2",
    ("np.linspace(b - 1, b + w + 1, 50_001)", "np.arange(b - 1, b + w + 3, 2.0)"),
    of="by_sign_changes",
)
BOUNDARIES: dict[float, float | None] = {}


@wrong("05_gradients/basin_boundary", "the answer for a weight is remembered")
def by_weight(w: float, b: float) -> float | None:
    """Return the first answer that was given for this weight."""
    if w not in BOUNDARIES:
        low, high = b, b + w
        for _ in range(5000):
            low, high = (w / (1 + math.exp(-x)) + b for x in (low, high))
        x = (low + high) / 2
        for _ in range(5000 if high - low > 1e-3 else 0):
            p = (x - b) / w
            x = math.log(p) - math.log(1 - p)
        BOUNDARIES[w] = x if high - low > 1e-3 else None
    return BOUNDARIES[w]


# --- 06 ------------------------------------------------------------------------------------------

way(
    "06_clipping/suggest_threshold",
    "factors are taken between .5 and 10",
    ("factor * finite.mean()", "min(max(factor, 0.5), 10) * finite.mean()"),
)
way(
    "06_clipping/suggest_threshold",
    "a norm above a million is no norm",
    ("finite[np.isfinite(finite)]", "finite[np.abs(finite) < 1e6]"),
)
way(
    "06_clipping/clip_by_norm",
    "starts 1% too early",
    ("min(1.0, threshold / norm)", "threshold / norm if norm > 0.99 * threshold else 1.0"),
)
way(
    "06_clipping/clip_by_norm",
    "starts 1% too late",
    ("min(1.0, threshold / norm)", "threshold / norm if norm > 1.01 * threshold else 1.0"),
)
way(
    "06_clipping/clip_by_norm",
    "clips to 1% less",
    ("min(1.0, threshold / norm)", "min(1.0, 0.99 * threshold / norm)"),
)
way(
    "06_clipping/clip_by_value",
    "starts 1% too early",
    (
        "np.clip(grad, -limit, limit)",
        "np.where(abs(grad) > 0.99 * limit, np.sign(grad) * limit, grad)",
    ),
)
way(
    "06_clipping/clip_by_value",
    "starts 1% too late",
    (
        "np.clip(grad, -limit, limit)",
        "np.where(abs(grad) > 1.01 * limit, np.sign(grad) * limit, grad)",
    ),
)
way(
    "06_clipping/unit_error",
    "float32",
    (
        "    x = np.full(np.broadcast_shapes(np.shape(w), np.shape(b)), 0.5)\n",
        (
            "    w, b = np.float32(w), np.float32(b)\n"
            "    x = np.full(np.broadcast_shapes(np.shape(w), np.shape(b)), 0.5, np.float32)\n"
        ),
    ),
)
way(
    "06_clipping/descend",
    "starts 1% too early",
    ("norm > threshold", "norm > 0.99 * threshold"),
)
way(
    "06_clipping/descend",
    "starts 1% too late",
    ("norm > threshold", "norm > 1.01 * threshold"),
)
for question, drawn in (("safe_step", "np.shape(value)"), ("train_with_clipping", "value.shape")):
    way(
        f"06_clipping/{question}",
        "the global generator",
        (f"rng.normal(size={drawn})", f"np.random.normal(size={drawn})"),
    )
    way(
        f"06_clipping/{question}",
        "a generator of its own",
        (f"rng.normal(size={drawn})", f"np.random.default_rng(0).normal(size={drawn})"),
    )
way(
    "06_clipping/safe_step",
    "uniform numbers",
    ("rng.normal(size=np.shape(value))", "rng.uniform(-1, 1, size=np.shape(value))"),
)
way(
    "06_clipping/safe_step",
    "gradients by their place, not by their name",
    (
        "direction[name])\n        for name, value in params.items()",
        "part)\n        for (name, value), part in zip(params.items(), direction.values())",
    ),
)
way(
    "06_clipping/train_with_clipping",
    "gradients by their place, not by their name",
    ("for name in params:", "for name, part in zip(params, direction.values()):"),
    ("scale * direction[name]", "scale * part"),
)
way(
    "03_window/train_window",
    "gradients by their place, not by their name",
    (
        "learning_rate * grads[name]\n                for name, p in params.items()",
        "learning_rate*g\n                for (name, p), g in zip(params.items(), grads.values())",
    ),
)
