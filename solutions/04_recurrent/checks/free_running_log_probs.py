"""free_running_log_probs: true words after the model's own ones."""

# Mistakes and alternatives are written as students write.
# mypy: disable-error-code="misc, no-untyped-call, no-untyped-def, operator, var-annotated"

from __future__ import annotations

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
    misconception,
    rule,
    slip,
    told,
)
from autograder.authoring.comparing import Close

from .drawing import LARGE, OF_LARGE_SCORES, Params, draw_params, with_large_scores

BOS, EOS = 0, 1
CLEAR = 0.05
"""How much better than the second the model's best word is, so that rounding changes none."""


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models and texts in which the model's own words are not the true ones."""
    for prompt_length, length in ((2, 5), (1, 8), (4, 6)):
        yield case("drifting", *_roll_out(rng, reference, prompt_length, length))
    yield case("drifting", *_roll_out(rng, reference, 2, 7, end=0.5))
    yield case("edges", *_roll_out(rng, reference, 0, 6))
    yield case("edges", *_roll_out(rng, reference, 3, 2))
    params, prompt, words = _roll_out(rng, reference, 2, 4)
    large = with_large_scores(params)
    large["c"][EOS] = -LARGE  # and no word of the text is one
    sayable = [word if word != EOS else BOS for word in words]
    yield Case("edges", (large, prompt, sayable), compare=OF_LARGE_SCORES)
    yield case("edges", params, prompt, [])
    yield case("edges", params, [2, len(params["E"])], words)
    yield case("edges", params, prompt, [*words, -1])


def _roll_out(
    rng: np.random.Generator,
    reference: ModuleType,
    prompt_length: int,
    length: int,
    end: float = -50.0,
) -> tuple[Params, list[int], list[int]]:
    """Return a model, a prompt, and words that are not what the model itself would say.

    Where the score `end` of the end token is above 0, the model says it before its last word.
    """
    while True:
        params = draw_params(rng, 9, 4, 6, scale=1.5)
        prompt = [int(word) for word in rng.integers(2, 9, size=prompt_length)]
        params["c"][EOS] = end
        own: list[int] = []
        for _ in range(length):
            read = np.array([[BOS, *prompt, *own]])
            own.append(int(reference.rnn_forward(params, read, None)[0][0, -1].argmax()))
        if end > 0 and EOS not in own[1:-1]:
            continue
        read = np.array([[BOS, *prompt, *own[:-1]]])
        scores = np.sort(reference.rnn_forward(params, read, None)[0][0, prompt_length:], axis=1)
        if (scores[:, -1] - scores[:, -2] > CLEAR).all() and len(set(own)) >= min(length, 3):
            words = [int((word + rng.integers(1, 9)) % 9) for word in own]
            return params, prompt, words


check = Check(
    groups={
        "drifting": Group("texts from which the model drifts away", 2),
        "edges": Group("no prompt, few words, large scores, and what is refused", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, per_array=True),
)


@alternative
def with_the_whole_text_again(params, prompt, words):
    read = [BOS, *(int(word) for word in prompt)]
    if any(not 0 <= word < len(params["E"]) for word in [*read, *words]):
        raise ValueError("no such word")
    answer = []
    for true in words:
        h = params["h0"]
        for word in read:
            h = np.tanh(params["E"][word] @ params["W_x"] + h @ params["W_h"] + params["b"])
        scores = h @ params["U"] + params["c"]
        top = scores.max()
        answer.append(scores[true] - top - np.log(np.exp(scores - top).sum()))
        read.append(int(scores.argmax()))
    return answer


@alternative
def with_torch(params, prompt, words):
    import torch

    n = len(params["E"])
    if any(word < 0 or word >= n for word in [*prompt, *words]):
        raise ValueError("ids")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    h, waiting = p["h0"], [BOS, *prompt]
    answer = torch.zeros(len(words))
    for t, true in enumerate(words):
        for word in waiting:
            h = torch.tanh(p["E"][word] @ p["W_x"] + h @ p["W_h"] + p["b"])
        log_probs = torch.log_softmax(h @ p["U"] + p["c"], dim=0)
        answer[t] = log_probs[true]
        waiting = [int(log_probs.argmax())]
    return answer


truth_fed = slip(
    REFERENCE,
    ("int(scores.argmax())", "true_word"),
    loses=("drifting", "edges"),
    hint="You feed the true word at each step. That is teacher forcing; here the model reads "
    "what it says itself.",
)
own_word_scored = slip(
    REFERENCE,
    ("scores[true_word]", "scores.max()"),
    loses=("drifting", "edges"),
    hint="You score the model's own words. They decide what it reads next; scored are the true "
    "words.",
)
state_reset = slip(
    REFERENCE,
    ("state @ W_h", 'params["h0"] @ W_h'),
    loses=("drifting", "edges"),
    hint="The state is not carried along: each word is read from h0.",
)
nothing_read = slip(
    REFERENCE,
    ("[int(scores.argmax())]", "[]"),
    loses=("drifting", "edges"),
    hint="After the prompt nothing is read any more: all words are scored with the same "
    "distribution.",
)
prompt_not_read = slip(
    REFERENCE,
    ("[BOS, *(int(word) for word in prompt)]", "[BOS]"),
    loses=("drifting", "edges"),
    hint="The prompt is not read: you start from <s> alone.",
)
start_not_read = slip(
    REFERENCE,
    ("[BOS, *(", "[*("),
    loses=("drifting", "edges"),
    hint="<s> is not read before the prompt.",
)
zeros_for_h0 = slip(
    REFERENCE,
    ('params["h0"]', "np.zeros(len(b))"),
    loses=("drifting", "edges"),
    hint='You start in zeros. The model starts in the learned params["h0"].',
)
logits_returned = slip(
    REFERENCE,
    ("        scores = scores - scores.max()\n", ""),
    (" - np.log(np.exp(scores).sum())", ""),
    loses=("drifting", "edges"),
    hint="You return logits. Log-probabilities are normalised.",
)
probabilities_returned = slip(
    REFERENCE,
    ("return log_probs", "return np.exp(log_probs)"),
    loses=("drifting", "edges"),
    hint="You return probabilities. Asked for are their logarithms.",
)

overflows = slip(
    REFERENCE,
    ("        scores = scores - scores.max()\n", ""),
    loses="edges",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from "
    "all scores of a step changes no probability.",
    overflows=True,
)


@misconception(
    "drifting",
    "edges",
    hint="You score each word after the model has read its own one, a step too late: a word is "
    "scored with the distribution from which the model would choose at that place.",
)
def scored_after_reading(params, prompt, words):
    E, W_x, W_h, b, U, c = (params[k] for k in ("E", "W_x", "W_h", "b", "U", "c"))
    everything = [BOS, *prompt, *words]
    if min(everything) < 0 or max(everything) >= len(E):
        raise ValueError
    h = params["h0"]
    for word in [BOS, *prompt]:
        h = np.tanh(E[word] @ W_x + h @ W_h + b)
    answer = []
    for true in words:
        logits = h @ U + c
        logits - np.logaddexp.reduce(logits)
        own = int(np.argmax(logits))
        h = np.tanh(E[own] @ W_x + h @ W_h + b)
        logits = h @ U + c
        answer.append(logits[true] - np.logaddexp.reduce(logits))
    return np.array(answer)


whole_numbers_already = equal(
    REFERENCE,
    ("int(word) for word in prompt", "word for word in prompt"),
    ("int(word) for word in words", "word for word in words"),
    ("int(scores.argmax())", "scores.argmax()"),
    because="ids are whole numbers, of Python or of numpy",
)
whole_numbers_too = equal(
    with_the_whole_text_again,
    ("int(word)", "word"),
    ("int(scores.argmax())", "scores.argmax()"),
    because="ids are whole numbers, of Python or of numpy",
)
filled_later = equal(
    with_torch,
    (".double()", ""),
    ("zeros", "ones"),
    ("dim=0", "dim=-1"),
    ("int(log_probs.argmax())", "log_probs.argmax()"),
    because="float64 comes as float64, all places are filled, and there is one axis",
)

rules = (
    rule(
        "Scores may be as large as 1,000",
        "a relative accuracy of 1e-3 is enough",
        when=lambda params, *_: params["c"].max() > 900,
    ),
    told("So the first number is"),
    rule(
        "reads `BOS`, then the ids of `prompt` (perhaps none)",
        when=lambda params, prompt, words: not prompt,
    ),
    rule(
        "reads `BOS`, then the ids of `prompt`", when=lambda params, prompt, words: len(prompt) > 1
    ),
    rule(
        "**read its own word instead",
        when=lambda params, prompt, words: len(words) > 3,
        gives=lambda found: len(found) > 3,
    ),
    rule(
        "It reads on in this way after an `EOS` too",
        when=lambda params, prompt, words: params["c"][EOS] > 0,
    ),
    rule("No words give an empty array", when=lambda params, prompt, words: len(words) == 0),
    rule(
        "An id below 0 or not below $V$",
        "in `prompt`",
        when=lambda params, prompt, words: max(prompt) >= len(params["E"]),
        gives=ValueError,
    ),
    rule("or in `words`", when=lambda params, prompt, words: min(words) < 0, gives=ValueError),
)
