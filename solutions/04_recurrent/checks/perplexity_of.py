"""perplexity_of: a long text, in blocks, with the state carried along."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

from __future__ import annotations

import math
from collections.abc import Iterator
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
from autograder.authoring.comparing import Close, HeldOut

from .drawing import OF_LARGE_SCORES, draw_params, with_an_impossible_word, with_scattered_scores

TEXTS = 30


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield texts in one block and in several, words after texts, and what is refused."""
    for V, m, H, length, seq_len in ((4, 2, 3, 12, 12), (9, 3, 4, 25, 40), (6, 2, 3, 2, 5)):
        yield case("one block", draw_params(rng, V, m, H), rng.integers(V, size=length), seq_len)
    for V, m, H, length, seq_len in ((5, 2, 3, 23, 5), (8, 3, 4, 40, 7), (12, 4, 5, 30, 9)):
        yield case("blocks", draw_params(rng, V, m, H), rng.integers(V, size=length), seq_len)
    yield case("blocks", draw_params(rng, 6, 2, 3), rng.integers(6, size=11), 1)
    single = draw_params(rng, 7, 3, 4, dtype="float32")
    yield case("blocks", single, rng.integers(7, size=26).astype("int32"), 4)
    for V, seq_len in ((7, 3), (10, 4)):
        yield _held_out(rng, V, seq_len)
    params = draw_params(rng, 5, 2, 3)
    yield case("edges", params, rng.integers(5, size=1), 3)
    for seq_len in (0, -2):
        yield case("edges", params, rng.integers(5, size=8), seq_len)
    yield case("edges", params, np.array([0, 1, -1, 2]), 3)
    yield case("edges", params, np.array([0, 1, 2, 5]), 3)
    yield case("edges", with_an_impossible_word(params), 1 + rng.permutation(4)[:2], 3)
    for seq_len in (1, 3):
        ids = np.array([rng.choice([2, 4]), rng.choice([1, 3])])
        large = (with_scattered_scores(params), ids, seq_len)
        yield Case("edges", large, compare=OF_LARGE_SCORES)


def _held_out(rng: np.random.Generator, V: int, seq_len: int) -> Case:
    """Return the case of many texts, each scored on the word after it, which stays here."""
    texts = [rng.integers(V, size=int(rng.integers(6, 14))) for _ in range(TEXTS)]
    next_words = rng.integers(V, size=TEXTS)
    return Case(
        "held out",
        (draw_params(rng, V, 3, 4), texts, seq_len),
        probe="last rows",
        compare=HeldOut(next_words, margin=1e-4, true_log_probs=np.full(TEXTS, -np.log(V))),
    )


check = Check(
    groups={
        "one block": Group("texts that fit into one block", 1),
        "blocks": Group("texts in several blocks", 2),
        "held out": Group("the words after texts, which you never see", 1),
        "edges": Group("large scores, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def in_blocks_with_arrays(params, ids, seq_len):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    n = len(ids)
    if n < 2 or seq_len < 1 or not np.all((ids >= 0) & (ids < len(E))):
        raise ValueError("refused")
    log_probs = np.empty((n, len(c)))
    carried, total = params["h0"].astype(float), 0.0
    for start in range(0, n, seq_len):
        block = ids[start : start + seq_len]
        states = np.empty((len(block), len(b)))
        for t, word in enumerate(block):
            carried = states[t] = np.tanh(E[word] @ W_x + carried @ W_h + b)
        logits = states @ U + c
        top = logits.max(axis=1, keepdims=True)
        normal = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        log_probs[start : start + len(block)] = logits - normal
        for t in range(len(block)):
            if start + t + 1 < n:
                total -= log_probs[start + t, ids[start + t + 1]]
    return math.exp(total / (n - 1)), log_probs


@alternative
def all_at_once(params, ids, seq_len):
    if seq_len <= 0 or len(ids) < 2 or min(ids) < 0 or max(ids) >= len(params["E"]):
        raise ValueError("refused")
    h, states = params["h0"], []
    for word in ids:
        h = np.tanh(params["E"][word] @ params["W_x"] + h @ params["W_h"] + params["b"])
        states.append(h)
    logits = np.array(states) @ params["U"] + params["c"]
    log_probs = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    observed = np.eye(len(params["c"]), dtype=bool)[ids[1:]]
    return np.exp(-log_probs[:-1][observed].mean()), log_probs


@alternative
def with_torch(params, ids, seq_len):
    import torch

    if len(ids) < 2 or seq_len < 1 or np.any(ids < 0) or np.any(ids >= len(params["E"])):
        raise ValueError("refused")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    words = torch.tensor(ids).long()
    h, parts = p["h0"], []
    for block in torch.split(words, seq_len):
        for e in p["E"][block]:
            h = torch.tanh(e @ p["W_x"] + h @ p["W_h"] + p["b"])
            parts.append(torch.log_softmax(h @ p["U"] + p["c"], dim=0))
    log_probs = torch.stack(parts)
    loss = torch.nn.functional.nll_loss(log_probs[:-1], words[1:])
    return torch.exp(loss), log_probs


state_reset_at_every_block = slip(
    REFERENCE,
    ("states = []", 'state, states = params["h0"], []'),
    loses=("blocks", "held out", "edges"),
    hint="Each block starts from h0 again, so its first words are predicted without what came "
    "before. The state is carried from block to block.",
)
zeros_for_h0 = slip(
    REFERENCE,
    ('params["h0"]', "np.zeros(len(b))"),
    loses=("one block", "blocks", "held out", "edges"),
    hint='You start in zeros. The model starts in the learned params["h0"].',
)
scores_the_word_just_read = slip(
    REFERENCE,
    ("ids[1:]", "ids[:-1]"),
    loses=("one block", "blocks", "edges"),
    hint="Each distribution is scored on the word that was just read. The row after word t is "
    "about word t + 1.",
)
target_shifted_twice = slip(
    REFERENCE,
    ("ids[1:]", "np.append(ids[2:], ids[-1])"),
    loses=("one block", "blocks"),
    hint="Each distribution is scored on the word after the next one: the targets are shifted "
    "twice.",
)
mean_of_block_perplexities = slip(
    REFERENCE,
    (
        "    return",
        "    parts = [losses[i : i + seq_len] for i in range(0, len(losses), seq_len)]\n    return",
    ),
    ("np.exp(losses.mean())", "np.mean([np.exp(part.mean()) for part in parts])"),
    loses="blocks",
    hint="You average the perplexities of the blocks. Average the losses of all words, and "
    "take the exponential once, at the end.",
)
mean_of_block_losses = slip(
    REFERENCE,
    (
        "    return",
        "    parts = [losses[i : i + seq_len] for i in range(0, len(losses), seq_len)]\n    return",
    ),
    ("losses.mean()", "np.mean([part.mean() for part in parts])"),
    loses="blocks",
    hint="You average the mean losses of the blocks, so the words of a last, short block count "
    "more than others. Every word counts the same.",
)
lost_between_blocks = slip(
    REFERENCE,
    ("    return", "    inside = np.arange(1, len(ids)) % seq_len > 0\n    return"),
    ("losses.mean()", "losses[inside].sum() / max(inside.sum(), 1)"),
    loses=("blocks", "edges"),
    hint="The first word of each block but the first is not scored: it was to be predicted at "
    "the end of the block before. Every word but the first one of the text counts.",
)
divided_by_all_words = slip(
    REFERENCE,
    ("losses.mean()", "losses.sum() / len(ids)"),
    loses=("one block", "blocks", "edges"),
    hint="You divide by N. There are N - 1 words to predict: the first one is given.",
)
cross_entropy_returned = slip(
    REFERENCE,
    ("np.exp(losses.mean())", "losses.mean()"),
    loses=("one block", "blocks", "edges"),
    hint="You return the mean loss. Perplexity is e to that power.",
)
two_to_the_nats = slip(
    REFERENCE,
    ("np.exp(losses.mean())", "2.0 ** losses.mean()"),
    loses=("one block", "blocks", "edges"),
    hint="You raise 2 to a loss in nats. 2^J belongs to bits, e^J to nats.",
)
sign_lost = slip(
    REFERENCE,
    ("-log_probs", "log_probs"),
    loses=("one block", "blocks", "edges"),
    hint="The sign is lost: the loss is minus the mean log-probability. A perplexity below 1 "
    "is impossible.",
)
probabilities_returned = slip(
    REFERENCE,
    (", log_probs", ", np.exp(log_probs)"),
    loses=("one block", "blocks", "held out", "edges"),
    hint="You return probabilities as the second part. Asked for are their logarithms.",
)
logits_returned = slip(
    all_at_once,
    (", log_probs", ", logits"),
    loses=("one block", "blocks", "held out", "edges"),
    hint="You return the logits as the second part. Log-probabilities are normalised: their "
    "exponentials sum to 1 in each row.",
)
chosen_only = slip(
    REFERENCE,
    (", log_probs", ", -losses"),
    loses=("one block", "blocks", "held out", "edges"),
    hint="The second part holds the log-probabilities of the words of the text only. Asked for "
    "are those of all words, after each word of the text, the last one too.",
)
overflows = slip(
    REFERENCE,
    ("        scores -= scores.max(axis=1, keepdims=True)\n", ""),
    loses="edges",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from "
    "all scores of a row changes no probability.",
    overflows=True,
)

refused_anyway = equal(
    REFERENCE,
    (" or seq_len < 1", ""),
    ("seq_len < 1", "seq_len < 0"),
    because="range takes no step of 0, and without a block np.concatenate raises ValueError too",
)
arrays_already = equal(
    REFERENCE,
    ("ids = np.asarray(ids)", "pass"),
    ("np.asarray(ids)", "ids"),
    ("np.array(states)", "states"),
    ("float(np.exp(losses.mean()))", "np.exp(losses.mean())"),
    because="ids are an array, a product makes an array of a list, and a number of numpy is one",
)
a_list_of_states = equal(
    all_at_once, ("np.array(states)", "states"), because="a product makes an array of a list"
)

no_step_of_0 = equal(
    in_blocks_with_arrays,
    ("seq_len < 1", "seq_len < 0"),
    because="range takes no step of 0: ValueError",
)
one_axis = equal(
    with_torch,
    (".double()", ""),
    ("dim=0", "dim=-1"),
    because="float32 is enough, and there is one axis",
)

rules = (
    rule(
        "Scores may be as large as 1,000",
        "a relative accuracy of 1e-3 is enough",
        when=lambda params, *_: params["U"].max() > 300,
    ),
    told("`ids` has shape `(N,)`"),
    rule(
        "in blocks of at most `seq_len` steps",
        "wherever blocks begin and end",
        when=lambda params, ids, seq_len: seq_len > 1 and len(ids) % seq_len,
    ),
    rule(
        "in blocks of at most `seq_len` steps",
        when=lambda params, ids, seq_len: seq_len >= len(ids),
    ),
    rule(
        "the log-probabilities of **all** words",
        "Each row is normalised",
        "The last row is about the word after the text",
        when=lambda params, texts, seq_len: len(texts) == TEXTS,
    ),
    rule(
        "is that of the words of the text after the first one",
        when=lambda params, ids, seq_len: len(ids) == 2,
    ),
    rule("Fewer than two ids", when=lambda params, ids, seq_len: len(ids) < 2, gives=ValueError),
    rule("a `seq_len` below 1", when=lambda params, ids, seq_len: seq_len < 1, gives=ValueError),
    rule(
        "an id below 0 or not below $V$",
        when=lambda params, ids, seq_len: ids.min() < 0,
        gives=ValueError,
    ),
    rule(
        "an id below 0 or not below $V$",
        when=lambda params, ids, seq_len: ids.max() >= len(params["E"]),
        gives=ValueError,
    ),
)
