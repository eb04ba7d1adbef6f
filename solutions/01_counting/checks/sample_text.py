"""sample_text: drawing words, one after another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
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
from autograder.guest.recipes import Recipe

from .drawing import WORDS

NextProbs = Callable[[list[str]], tuple[list[str], np.ndarray]]
Table = dict[tuple[str, ...], tuple[list[str], list[float]]]
DRAWS = 360
"""Enough to miss a probability that is 0.32 off with a chance below 1e-6: drawing all alike is 0.43
off, always the best 0.44. A word at 0.06 that never comes is missed for sure.
"""
MANY_DRAWS = 650
"""Enough to miss a probability that is 0.235 off with a chance below 1e-6. Among many words a power of
the probabilities is further off: p^1.3 by 0.24 for the best one.
"""


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models that leave no choice, models that end, and models with a choice."""
    for length in (1, 4, 7):
        yield case("continuing", _chain(rng, ends=False), [], length, generator(rng))
        prompt = _words(rng, 3)
        yield case("continuing", _chain(rng, ends=False), prompt, length, generator(rng))
    yield case("continuing", _chain(rng, ends=False, memory=2), _words(rng, 2), 6, generator(rng))
    for _ in range(2):
        yield case("ending", _chain(rng, ends=True), _words(rng, 2), 40, generator(rng))
        yield case("ending", _chain(rng, ends=True), [], 40, generator(rng))
    yield case("ending", _chain(rng, ends=True), [*_words(rng, 2), "</s>"], 5, generator(rng))
    yield case("ending", _chain(rng, ends=False), _words(rng, 2), 0, generator(rng))
    yield _tally(rng, DRAWS, _choice(rng), _words(rng, 1), 1)
    yield _tally(rng, DRAWS, _choice(rng), [], 2)
    yield _tally(rng, MANY_DRAWS, _choice_of_many(rng), [], 1)
    by_rng = (_choice(rng), _words(rng, 1), 40, generator(rng))
    yield Case("choosing", by_rng, probe="by its generator", compare=Close(rtol=0.0, atol=0.0))


def _tally(
    rng: np.random.Generator, draws: int, model: Recipe, prompt: list[str], length: int
) -> Case:
    """Return a tally of texts from a model that draws each word from the same distribution."""
    table: Table = model.args[1]
    next_word = dict(zip(*table[()], strict=True))
    of = {
        (*prompt, *words): math.prod(next_word[word] for word in words)
        for words in itertools.product(next_word, repeat=length)
    }
    return tally("choosing", draws, model, prompt, length, generator(rng), compare=Frequencies(of))


def _words(rng: np.random.Generator, how_many: int) -> list[str]:
    return [str(word) for word in rng.choice(WORDS, how_many, replace=False)]


def _chain(rng: np.random.Generator, ends: bool, memory: int = 1) -> Recipe:
    """Return a model that leaves no choice, though it lists words of probability 0 as well."""
    words = [str(word) for word in rng.permutation(WORDS)]
    following = {word: words[(i + 1) % len(words)] for i, word in enumerate(words)}
    if ends:
        following[words[int(rng.integers(2, len(words)))]] = "</s>"
    table: Table = {}
    for i, word in enumerate(words):
        certain = ([words[0], following[word], words[-1]], [0.0, 1.0, 0.0])
        table[(word,)] = certain
        if memory == 2:  # of one token it says something else
            table |= {(before, word): certain for before in words}
            table[(word,)] = ([words[i - 1]], [1.0])
    # After </s> the model goes on, so that a function that does not stop is seen.
    table[("</s>",)] = ([words[1]], [1.0])
    table[()] = ([words[-1], words[0]], [0.0, 1.0])
    return Recipe("table model", (memory, table))


def _choice(rng: np.random.Generator) -> Recipe:
    """Return a model with the same distribution after every word.

    It is as far from always drawing the best word as from drawing all alike, so that few draws tell
    the three apart.
    """
    words = _words(rng, 8)
    distribution = (words, [0.06, 0.06, 0.56, 0.08, 0.06, 0.06, 0.06, 0.06])
    table: Table = {(word,): distribution for word in WORDS}
    table[()] = distribution
    return Recipe("table model", (1, table))


def _choice_of_many(rng: np.random.Generator) -> Recipe:
    """Return a model of the first word alone: 40, one of which comes far more often than others."""
    words = [f"{word}-{n}" for n in range(4) for word in _words(rng, 10)]
    return Recipe("table model", (1, {(): (words, [0.42, *[0.58 / 39] * 39])}))


check = Check(
    groups={
        "continuing": Group("models that leave no choice: prompt, prefix and length", 1),
        "ending": Group("where to stop", 1),
        "choosing": Group("how often each word is drawn", 2),
    },
    draw=draw,
    seconds_per_case=5.0,
)


@alternative
def cumulative(
    next_probs: NextProbs, prompt: list[str], length: int, rng: np.random.Generator
) -> list[str]:
    tokens = [*prompt]
    while len(tokens) < len(prompt) + length and tokens[-1:] != ["</s>"]:
        words, probabilities = next_probs(tokens)
        edges = np.cumsum(probabilities)
        place = int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))
        tokens.append(words[place])
    return tokens


@alternative
def choice_of_words(
    next_probs: NextProbs, prompt: list[str], length: int, rng: np.random.Generator
) -> list[str]:
    text = list(prompt)
    new = 0
    while new < length and (not text or text[-1] != "</s>"):
        words, p = next_probs(text)
        text.append(rng.choice(np.array(words), p=p))
        new += 1
    return text


@alternative
def recursive(
    next_probs: NextProbs, prompt: list[str], length: int, rng: np.random.Generator
) -> list[str]:
    if length == 0 or (prompt and prompt[-1] == "</s>"):
        return list(prompt)
    words, p = next_probs(prompt)
    word = words[int(np.flatnonzero(rng.multinomial(1, p))[0])]
    return recursive(next_probs, [*prompt, word], length - 1, rng)


@alternative
def gumbel(
    next_probs: NextProbs, prompt: list[str], length: int, rng: np.random.Generator
) -> tuple[str, ...]:
    tokens = tuple(prompt)
    for _ in range(length):
        if tokens and tokens[-1] == "</s>":
            return tokens
        words, p = next_probs(list(tokens))
        with np.errstate(divide="ignore"):
            scores = np.log(p) + rng.gumbel(size=len(p))
        tokens += (words[int(scores.argmax())],)
    return tokens


takes_the_best = slip(
    REFERENCE,
    ("rng.choice(len(words), p=probabilities)", "np.argmax(probabilities)"),
    loses="choosing",
    hint="Every call draws the same words. Either you always take the most probable word, where "
    "sampling draws each with its probability, or you make a generator of your own from a fixed seed, "
    "where rng goes on from call to call.",
)
draws_uniformly = slip(
    REFERENCE,
    (", p=probabilities", ""),
    loses=("continuing", "ending", "choosing"),
    hint="You draw among the words without their probabilities, so that rare and frequent words come "
    "equally often. rng.choice takes them as its argument p.",
)
global_generator = slip(
    REFERENCE,
    ("rng.choice", "np.random.choice"),
    loses="choosing",
    hint="Your randomness does not come from rng: with a generator in the same state your function "
    "gives another text. np.random has a generator of its own.",
)
prompt_ignored = slip(
    REFERENCE,
    ("tokens = list(prompt)", "tokens = []"),
    ("return tokens", "return list(prompt) + tokens"),
    loses=("continuing", "ending"),
    hint="The model is asked without the prompt: it begins anew instead of going on from it. Give it "
    "all tokens so far.",
)
prompt_not_returned = slip(
    REFERENCE,
    ("return tokens", "return tokens[len(prompt) :]"),
    loses=("continuing", "ending", "choosing"),
    hint="You return the new tokens only. The result begins with the prompt.",
)
never_stops = slip(
    REFERENCE,
    ('        if tokens and tokens[-1] == "</s>":\n            break\n', ""),
    loses="ending",
    hint="You go on after </s>. The sentence is over: stop there, also where the prompt ends in it.",
)
end_token_dropped = slip(
    REFERENCE,
    ("return tokens", 'return [token for token in tokens if token != "</s>"]'),
    loses="ending",
    hint="You drop </s> from the result. It is a token like the others, and belongs to it.",
)
prompt_counted = slip(
    REFERENCE,
    ("range(length)", "range(length - len(prompt))"),
    loses=("continuing", "choosing"),
    hint="The prompt is counted in the length. There may be `length` new tokens after it.",
)

nothing_is_added = equal(
    recursive, ("list(prompt)", "prompt"), because="what is returned holds the same tokens"
)

ended_already = equal(
    REFERENCE, ("break", "continue"), because="every round that is left finds the end token again"
)
sums_to_one = equal(
    cumulative,
    ("* edges[-1]", "/ edges[-1]"),
    ("rng.random() * edges[-1]", "rng.random()"),
    because="the last edge is the sum of all probabilities, which is 1",
)
never_on_an_edge = equal(
    cumulative,
    (', side="right"', ""),
    (
        'int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))',
        'np.searchsorted(edges, rng.random() * edges[-1], side="right")',
    ),
    because="a random number lies on an edge once in 2**53 times, and a place of numpy is a place",
)
one_word_is_drawn = equal(
    recursive,
    ("int(np.flatnonzero(rng.multinomial(1, p))[0])", "np.flatnonzero(rng.multinomial(1, p))[0]"),
    ("rng.multinomial(1, p))[0]", "rng.multinomial(1, p))[-1]"),
    because="of one draw one count is not zero, and a place of numpy is a place",
)
prefix_in_a_tuple = equal(
    gumbel, ("next_probs(list(tokens))", "next_probs(tokens)"), settled="a tuple will do"
)
a_warning_at_most = equal(
    gumbel,
    ('divide="ignore"', ""),
    ("int(scores.argmax())", "scores.argmax()"),
    because="the logarithm of 0 is minus infinity with a warning, too, and a place of numpy is a place",
)
words_in_a_list = equal(
    choice_of_words, ("np.array(words)", "words"), because="rng.choice makes an array of a list"
)

rules = (
    told(
        "`next_probs(prefix)` is a model",
        "a tuple will do",
        "it returns a list of words",
        "How you draw is up to you",
    ),
    rule(
        "Given all tokens so far",
        "Do not pad the prefix",
        when=lambda model, *_: model.args[0] == 2,
    ),
    rule("it may be empty", when=lambda model, prompt, *_: prompt == []),
    rule(
        "Return a list: the prompt, followed by",
        when=lambda model, prompt, length, rng: prompt,
        gives=lambda text: len(text) > 3,
    ),
    rule("**at most `length`** new tokens", when=lambda model, prompt, length, rng: length == 0),
    rule(
        "Stop after `</s>`",
        when=lambda model, prompt, length, rng: "</s>" not in prompt,
        gives=lambda text: text[-1] == "</s>",
    ),
    rule("A prompt that already ends in", when=lambda model, prompt, *_: "</s>" in prompt),
    rule(
        "with the probability that the model gives to it",
        when=lambda times, *_: times in (DRAWS, MANY_DRAWS),
    ),
    rule(
        "All randomness comes from `rng`",
        when=lambda model, prompt, length, rng: length == 40,
        gives=lambda found: found["the same again"],
    ),
)
