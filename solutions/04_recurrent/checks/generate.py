"""generate: roll-outs of a recurrent model."""

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
    generator,
    rule,
    slip,
    tally,
    told,
)
from autograder.authoring.comparing import Close
from autograder.authoring.frequencies import Frequencies

from .drawing import LARGE, Params, draw_params, with_large_scores

BOS, EOS = 0, 1
DRAWS = 320
"""Enough to miss a probability that is 0.33 off with a chance below 1e-6. Each mistake with the
temperature is further off in one of the two models. A word at 0.07 or more that never comes is
missed for sure: the five likeliest words alone leave out three of them.
"""
MANY_DRAWS = 720
"""Enough to miss a probability that is 0.22 off with a chance below 1e-6: of `_last_of_many` whole
numbers for scores are 0.24 off, the first of two words drawn 0.227, noise of the wrong sign 0.49.
"""
CHOICES = ((3.0, 5.0), (0.25, 1.7))
"""Temperatures, and how much higher the best score is there."""
CLEAR = 0.05
"""How much better than the second the best word of a roll-out is, so that rounding changes none."""


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models that are rolled out greedily, models that end, and models with a choice."""
    for prompt_length in (0, 2, 4):
        for length in (5, 7):
            params, prompt = _rollout(rng, reference, prompt_length, length, ends=False)
            yield case("best words", params, prompt, length, 0, generator(rng))
    for place in (1, 2):  # in the middle of the prompt, and at its end
        params, prompt = _rollout(rng, reference, 3, 6, ends=False, end_at=place)
        yield case("best words", params, prompt, 6, 0, generator(rng))
    for prompt_length in (0, 2, 3):
        params, prompt = _rollout(rng, reference, prompt_length, 12, ends=True)
        yield case("ending", params, prompt, 12, 0.0, generator(rng))
    yield case("ending", draw_params(rng, 6, 2, 3), [2, 3], 0, 1.0, generator(rng))
    for temperature, prompt in ((-0.5, [2]), (1.0, [2, 6]), (0, [-1, 3])):
        yield case("ending", draw_params(rng, 6, 2, 3), prompt, 4, temperature, generator(rng))
    (high, another), (low, best_is_bos) = (
        (temperature, _choice(rng, word, best))
        for word, (temperature, best) in zip((int(rng.integers(2, 9)), BOS), CHOICES, strict=True)
    )
    large = with_large_scores(best_is_bos)
    large["c"][EOS] = -LARGE
    for temperature, params in ((high, another), (low, large)):
        prompt = [int(word) for word in rng.integers(2, 9, size=2)]
        yield _tally(rng, reference, DRAWS, params, prompt, temperature)
    temperature = float(rng.choice([0.7, 1.6]))
    many = _last_of_many(rng, temperature)
    yield _tally(rng, reference, MANY_DRAWS, many, [], temperature)
    by_rng = (another, prompt, 30, 1.5, generator(rng))
    yield Case("choosing", by_rng, probe="by its generator", compare=Close(rtol=0.0, atol=0.0))


def _tally(
    rng: np.random.Generator,
    reference: ModuleType,
    draws: int,
    params: Params,
    prompt: list[int],
    temperature: float,
) -> Case:
    """Return a tally of the first word after a prompt."""
    scores = reference.rnn_forward(params, np.array([[BOS, *prompt]]), None)[0][0, -1]
    weights = np.exp((scores - scores.max()) / temperature)
    of = {(word,): float(p) for word, p in enumerate(weights / weights.sum())}
    call = (params, prompt, 1, temperature, generator(rng))
    return tally("choosing", draws, *call, compare=Frequencies(of))


def _rollout(
    rng: np.random.Generator,
    reference: ModuleType,
    prompt_length: int,
    length: int,
    ends: bool,
    end_at: int | None = None,
) -> tuple[Params, list[int]]:
    """Return a model and a prompt whose best next words are clear, and of several kinds.

    With `end_at`, an `EOS` stands at that place of the prompt.
    """
    while True:
        params = draw_params(rng, 9, 4, 6, scale=1.5)
        params["U"] *= 2
        if not ends:
            params["c"][EOS] = -50.0
        prompt = [int(word) for word in rng.integers(2, 9, size=prompt_length)]
        if end_at is not None:
            prompt[end_at] = EOS
        new = reference.generate(params, prompt, length, 0, rng)
        words = np.array([[BOS, *prompt, *new[:-1]]])
        scores = np.sort(reference.rnn_forward(params, words, None)[0][0, prompt_length:], axis=1)
        clear = bool((scores[:, -1] - scores[:, -2] > CLEAR).all())
        if clear and len(set(new)) >= 4 and (not ends or (new[-1] == EOS and len(new) < length)):
            return params, prompt


def _choice(rng: np.random.Generator, word: int, score: float) -> Params:
    """Return a model that hardly looks at what it read: one word has a high score, `EOS` none."""
    params = draw_params(rng, 9, 2, 3)
    params["U"] *= 0.01
    params["c"] = rng.uniform(-0.3, 0.3, size=9)
    params["c"][[word, EOS]] = score, -50.0
    return params


def _last_of_many(rng: np.random.Generator, temperature: float) -> Params:
    """Return a model of 40 words the last of which comes every third time, whatever it read.

    Divided by the temperature its score lies just above a whole number, the others just below one.
    """
    params = draw_params(rng, 40, 2, 3)
    params["U"] = np.zeros_like(params["U"])
    params["c"] = np.round(temperature * np.array([-0.01] * 39 + [3.01]), 6)  # to be read
    params["c"][EOS] = -50.0
    return params


check = Check(
    groups={
        "best words": Group("roll-outs of the best words", 2),
        "ending": Group("where a roll-out ends, and what is refused", 1),
        "choosing": Group("how often words are drawn, at several temperatures", 2),
    },
    draw=draw,
    compare=Close(rtol=0.0, atol=0.0),
    seconds_per_case=10.0,
)


@alternative
def with_the_cumulative_sum(params, prompt, length, temperature, rng):
    if temperature < 0:
        raise ValueError("temperature")
    if any(not 0 <= word < len(params["E"]) for word in prompt):
        raise ValueError("prompt")

    def read(h, word):
        x = params["E"][word]
        return np.tanh(x @ params["W_x"] + h @ params["W_h"] + params["b"])

    h = read(params["h0"], BOS)
    for word in prompt:
        h = read(h, word)
    new = []
    for _ in range(length):
        scores = h @ params["U"] + params["c"]
        if temperature == 0:
            word = scores.argmax()
        else:
            scaled = scores / temperature
            shares = np.cumsum(np.exp(scaled - np.logaddexp.reduce(scaled)))
            word = min(int((shares < rng.random()).sum()), len(scores) - 1)
        new.append(word)
        if word == EOS:
            return new
        h = read(h, word)
    return new


@alternative
def with_gumbel_noise(params, prompt, length, temperature, rng):
    text = np.array([BOS, *prompt], dtype=int)
    if not temperature >= 0 or text.min() < 0 or text.max() >= params["E"].shape[0]:
        raise ValueError("no")
    h, n, new = params["h0"], 0, []
    while len(new) < length:
        while n < len(text):
            e = params["E"][text[n]]
            h = np.tanh(e @ params["W_x"] + h @ params["W_h"] + params["b"])
            n += 1
        noise = rng.gumbel(size=len(params["c"])) * temperature
        text = np.append(text, np.argmax(h @ params["U"] + params["c"] + noise))
        new.append(text[-1])
        if new[-1] == EOS:
            break
    return np.array(new, dtype=int)


@alternative
def with_torch(params, prompt, length, temperature, rng):
    import torch

    if not temperature >= 0 or not all(0 <= word < len(params["E"]) for word in prompt):
        raise ValueError("refused")
    p = {k: torch.tensor(v).double() for k, v in params.items()}
    h, new, waiting = p["h0"], [], [BOS, *prompt]
    while len(new) < length and (not new or new[-1] != EOS):
        for word in waiting:
            h = torch.tanh(p["E"][word] @ p["W_x"] + h @ p["W_h"] + p["b"])
        logits = h @ p["U"] + p["c"]
        if temperature == 0:
            waiting = [int(logits.argmax())]
        else:
            chances = torch.softmax(logits / temperature, dim=0).numpy()
            waiting = [int(np.flatnonzero(rng.multinomial(1, chances / chances.sum()))[0])]
        new += waiting
    return new


temperature_multiplied = slip(
    REFERENCE,
    ("/ temperature", "* temperature"),
    loses="choosing",
    hint="The temperature works the wrong way round: a high one makes your model more certain. "
    "Logits are divided by it.",
)
temperature_ignored = slip(
    REFERENCE,
    (" / temperature", ""),
    loses="choosing",
    hint="The temperature changes nothing, but for 0. If you scale the probabilities by it, "
    "dividing by their sum undoes that: it belongs before the exponential.",
)
logits_without_softmax = slip(
    REFERENCE,
    ("(scores - scores.max()) / temperature", "np.clip(scores / temperature, 0, None)"),
    ("np.exp(scores)", "scores"),
    loses="choosing",
    hint="You draw from the logits, shifted or cut so that they can pass for probabilities. It "
    "takes the exponential to make probabilities of logits.",
)
always_the_best = slip(
    REFERENCE,
    ("temperature == 0", "temperature >= 0"),
    loses="choosing",
    hint="You always take the best word. That is temperature 0; above it, words are drawn.",
)
global_generator = slip(
    REFERENCE,
    ("rng.random()", "np.random.random()"),
    loses="choosing",
    hint="Your randomness does not come from rng: with a generator in the same state your function "
    "gives another text. np.random has a generator of its own.",
)
overflows = slip(
    REFERENCE,
    ("(scores - scores.max()) / temperature", "scores / temperature"),
    loses="choosing",
    hint="Large scores overflow: the exponential of 1000 is infinite. What is subtracted from "
    "all scores of a step changes no probability.",
    overflows=True,
)
drawn_uniformly = slip(
    REFERENCE,
    ("np.exp(scores)", "np.ones_like(scores)"),
    loses="choosing",
    hint="Above temperature 0 all words come equally often, whatever their logits.",
)
prompt_returned = slip(
    REFERENCE,
    ("return new", "return [*prompt, *new]"),
    loses=("best words", "ending", "choosing"),
    hint="You return the prompt along with the new words. Asked for are the new words only.",
)
own_words_not_read = slip(
    REFERENCE,
    ("waiting = [word]", "waiting = waiting[-1:]"),
    loses=("best words", "ending"),
    hint="The words that are generated are not read: the model keeps reading the last word of "
    "the prompt. Each new word is the next input.",
)
state_not_updated = slip(
    REFERENCE,
    ("waiting = [word]", "waiting = []"),
    loses=("best words", "ending"),
    hint="After the prompt the state stays as it is, and every word is chosen from the same "
    "distribution. Each new word is read, and changes the state.",
)
prompt_not_read = slip(
    with_the_cumulative_sum,
    ("    for word in prompt:\n        h = read(h, word)\n", ""),
    loses=("best words", "ending"),
    hint="The prompt is not read: you start from <s> alone. The state has to go through the "
    "words of the prompt first.",
)
start_not_read = slip(
    with_the_cumulative_sum,
    ('read(params["h0"], BOS)', 'params["h0"]'),
    loses=("best words", "ending"),
    hint="<s> is not read before the prompt. Every sentence of training began with it.",
)
zeros_for_h0 = slip(
    REFERENCE,
    ('params["h0"]', "np.zeros(len(b))"),
    loses=("best words", "ending"),
    hint='You start in zeros. The model starts in the learned params["h0"].',
)
state_reset_at_every_word = slip(
    REFERENCE,
    ("state @ W_h", 'params["h0"] @ W_h'),
    loses=("best words", "ending"),
    hint="Each word is read from h0: the state is not carried along, so your model knows the "
    "last word only.",
)
last_word_read_twice = slip(
    REFERENCE,
    ("state, new =", "waiting.append(waiting[-1])\n    state, new ="),
    loses=("best words", "ending"),
    hint="The last word is read twice before a new one is chosen. Each word is read once.",
)
never_ends = slip(
    REFERENCE,
    (" and new[-1:] != [EOS]", ""),
    loses="ending",
    hint="You go on after </s>. It ends the roll-out.",
)
end_dropped = slip(
    REFERENCE,
    ("return new", "return [word for word in new if word != EOS]"),
    loses="ending",
    hint="</s> is not returned. It ends the roll-out and is its last word.",
)
prompt_counted = slip(
    REFERENCE,
    ("< length", "< length - len(prompt)"),
    loses=("best words", "choosing"),
    hint="The prompt is counted in the length. There may be `length` new words after it.",
)
whole_numbers_already = equal(
    REFERENCE,
    ("(int(word) for word in prompt)", "(word for word in prompt)"),
    ("int(scores.argmax())", "scores.argmax()"),
    (
        'int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))',
        'np.searchsorted(shares, rng.random() * shares[-1], side="right")',
    ),
    because="a number of numpy is an id as well",
)
never_on_an_edge = equal(
    REFERENCE,
    (', side="right"', ""),
    because="a random number lies on an edge once in 2**53 times",
)
no_start_in_a_prompt = equal(
    with_the_cumulative_sum,
    ("not 0 <= word", "not 0 < word"),
    ("not 0 <= word", "not 1 <= word"),
    because="the prompt is without <s>, whose id is 0",
)
the_last_share_is_one = equal(
    with_the_cumulative_sum,
    (
        "min(int((shares < rng.random()).sum()), len(scores) - 1)",
        "min(len(scores) - 1, int((shares < rng.random()).sum()))",
    ),
    (
        "min(int((shares < rng.random()).sum()), len(scores) - 1)",
        "int((shares < rng.random()).sum())",
    ),
    ("int((shares < rng.random()).sum())", "(shares < rng.random()).sum()"),
    ("shares < rng", "shares <= rng"),
    ("len(scores) - 1", "len(scores) + 1"),
    ("len(scores) - 1", "len(scores)"),
    ("len(scores) - 1", "len(scores) - 0"),
    because="the last share is 1 but for rounding: a random number is on an edge or above the last "
    "one less than once in 2**50 times, and a number of numpy is an id as well",
)
whole_numbers_in_arrays = equal(
    with_gumbel_noise,
    ("[BOS, *prompt], dtype=int", "[BOS, *prompt]"),
    ("np.array(new, dtype=int)", "np.array(new)"),
    ("np.array(new, dtype=int)", "new"),
    because="the ids are whole numbers already, and without any there is nothing to be seen",
)
one_word_is_drawn = equal(
    with_torch,
    ("all(0 <= word", "all(0 < word"),
    ("all(0 <= word", "all(1 <= word"),
    (".double()", ""),
    ("int(logits.argmax())", "logits.argmax()"),
    ("dim=0).numpy()", "dim=0)"),
    ("dim=0", "dim=-1"),
    (
        "int(np.flatnonzero(rng.multinomial(1, chances / chances.sum()))[0])",
        "np.flatnonzero(rng.multinomial(1, chances / chances.sum()))[0]",
    ),
    ("chances / chances.sum()", "chances * chances.sum()"),
    ("chances / chances.sum()", "chances"),
    ("))[0])", "))[-1])"),
    because="the prompt is without <s>, whose id is 0; all parameters have one dtype; there is one axis; "
    "chances sum to 1, and of one draw one count is not zero; a number of numpy or torch is an id",
)

rules = (
    told("(A word that is not in the vocabulary", "How you draw is up to you"),
    rule("perhaps empty, without `<s>`", when=lambda params, prompt, *_: len(prompt) == 0),
    rule(
        "**reads `BOS` first, then the prompt**",
        when=lambda params, prompt, length, temperature, rng: len(prompt) > 1 and temperature == 0,
        gives=lambda new: len(new) > 1,
    ),
    rule(
        "reads that word, chooses another one",
        "Return **the new words only**",
        gives=lambda new: len(new) >= 5,
    ),
    rule("`length` of them at most", when=lambda params, prompt, length, *_: length == 0),
    rule(
        "`EOS` ends the roll-out",
        when=lambda params, prompt, length, temperature, rng: EOS not in prompt,
        gives=lambda new: new[-1] == EOS,
    ),
    rule(
        "(Where the prompt holds an `EOS`",
        when=lambda params, prompt, *_: EOS in prompt,
        gives=lambda new: len(new) > 0,
    ),
    rule(
        "`BOS` included, can be drawn like the rest",
        when=lambda times, params, prompt, length, temperature, rng: times == DRAWS and BOS == 0,
        gives=lambda found: any(BOS in words for words in found),
    ),
    rule(
        "`temperature` 0 means",
        when=lambda params, prompt, length, temperature, rng: temperature == 0,
        gives=lambda new: len(new) > 0,
    ),
    rule(
        "Above 0, a word is drawn",
        when=lambda times, params, prompt, length, temperature, rng: temperature < 1,
    ),
    rule(
        "Above 0, a word is drawn",
        when=lambda times, params, prompt, length, temperature, rng: temperature > 1,
    ),
    rule(
        "with randomness from `rng` alone",
        when=lambda params, prompt, length, temperature, rng: length == 30,
        gives=lambda found: found["the same again"],
    ),
    rule(
        "Scores may be as large as 1,000",
        when=lambda times, params, *_: params["c"].max() > 900,
    ),
    rule(
        "A negative temperature",
        when=lambda params, prompt, length, temperature, rng: temperature < 0,
        gives=ValueError,
    ),
    rule(
        "an id of the prompt below 0 or not below $V$",
        when=lambda params, prompt, *_: min(prompt) < 0,
        gives=ValueError,
    ),
    rule(
        "an id of the prompt below 0 or not below $V$",
        when=lambda params, prompt, *_: max(prompt) >= len(params["E"]),
        gives=ValueError,
    ),
)
