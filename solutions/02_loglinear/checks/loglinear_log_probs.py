"""loglinear_log_probs: a log-linear model of the next word."""

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
from autograder.authoring.comparing import Close

from .drawing import draw_indicators, draw_large, draw_model


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models of some words and features, the edges, and large scores."""
    for words, n_features in ((4, 4), (7, 3), (3, 6), (30, 12)):
        yield case("plain", *draw_model(rng, words, n_features))
    yield case("plain", *draw_indicators(rng, 6, 4))
    features, beta = draw_model(rng, 5, 3)
    features[int(rng.integers(5))] = 0.0
    yield case("plain", features, beta)
    for _ in range(3):
        yield case("special", *draw_large(rng, int(rng.integers(3, 7))))
    yield case("special", *draw_model(rng, 1, 3))
    yield case("special", *draw_model(rng, int(rng.integers(2, 9)), 0))
    yield case("special", *draw_model(rng, 5, 1))


check = Check(
    groups={
        "plain": Group("words with features, also integer ones", 1),
        "special": Group("large scores, one word, one feature, no features", 1, Close(1e-5, 5e-3)),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-6),
)


@alternative
def word_by_word(features: np.ndarray, beta: np.ndarray) -> list[object]:
    scores = [sum(float(b) * float(f) for b, f in zip(beta, row)) for row in features]
    largest = max(scores)
    log_sum = largest + math.log(sum(math.exp(score - largest) for score in scores))
    return [score - log_sum for score in scores]


@alternative
def logaddexp(features: np.ndarray, beta: np.ndarray) -> np.ndarray:
    scores = np.einsum("vk,k->v", features, beta)
    return scores - np.logaddexp.reduce(scores)


@alternative
def torch_float32(features: np.ndarray, beta: np.ndarray) -> object:
    import torch

    scores = torch.tensor(features, dtype=torch.float32) @ torch.tensor(beta, dtype=torch.float32)
    return torch.log_softmax(scores, dim=0)


@alternative
def as_a_column(features: np.ndarray, beta: np.ndarray) -> np.ndarray:
    scores = features.astype(float).dot(beta.reshape(-1, 1))
    scores -= scores.max()
    return (scores - np.log(np.exp(scores).sum())).ravel()


overflow = slip(
    REFERENCE,
    (" - scores.max()", ""),
    loses="special",
    overflows=True,
    hint="Large scores give you nan or infinity: the exponential overflows. Subtract the same number "
    "from all scores first; it cancels.",
)
not_normalised = slip(
    REFERENCE,
    ("return shifted - np.log(np.exp(shifted).sum())", "return scores"),
    loses=("plain", "special"),
    hint="These are scores, not log-probabilities: their exponentials do not sum to 1. The "
    "denominator of the formula is missing.",
)
probabilities = slip(
    REFERENCE,
    ("shifted - np.log(np.exp(shifted).sum())", "np.exp(shifted) / np.exp(shifted).sum()"),
    loses=("plain", "special"),
    hint="You return probabilities. Asked for are their logarithms.",
)
score_as_energy = slip(
    REFERENCE,
    ("features @ beta", "-(features @ beta)"),
    loses=("plain", "special"),
    hint="A higher score makes a word *less* probable in your version. It is exp(+beta·f).",
)
in_bits = slip(
    REFERENCE,
    ("return shifted", "return (shifted"),
    ("sum())", "sum())) / np.log(2)"),
    loses=("plain", "special"),
    hint="Your logarithms are of base 2. Nats are natural logarithms.",
)
over_the_wrong_axis = slip(
    REFERENCE,
    ("features @ beta", "(features * beta).sum(axis=0)"),
    loses=("plain", "special"),
    hint="You sum over the words, down the columns, and so get a distribution over features. A score "
    "belongs to a word: it sums over the features in its row.",
)
mean_of_features = slip(
    REFERENCE,
    ("features @ beta", "features @ beta / max(len(beta), 1)"),
    loses=("plain", "special"),
    hint="You take the mean of the weighted features. A score is their sum: every active feature "
    "adds its whole weight.",
)

rules = (
    rule("Row $v$ of `features` is", when=lambda features, beta: (features == 0).all(axis=1).any()),
    rule("$V \\ge 1$", when=lambda features, beta: len(features) == 1),
    rule("$K = 0$ is allowed", when=lambda features, beta: beta.size == 0),
    rule("`features` may hold integers", when=lambda features, beta: features.dtype == int),
    rule(
        "Scores may be as large as in question 1",
        when=lambda features, beta: np.abs(features @ beta).max() > 999,
    ),
    told(
        "`beta` has $K$ numbers",
        "The result has $V$ numbers",
        "You may call your `log_softmax`",
    ),
)
numbers_as_they_come = equal(
    word_by_word,
    ("float(b)", "b"),
    ("float(f)", "f"),
    because="a product of a number of numpy's and a float is the same",
)
a_product_either_way = equal(
    word_by_word,
    ("beta, row", "row, beta"),
    because="a product is the same in either order",
)
the_only_axis = equal(
    torch_float32,
    ("=0", "=-1"),
    because="scores have one dimension",
)
flattened_at_the_end = equal(
    as_a_column,
    (", 1", ""),
    ("1,", "2,"),
    because="one column, flattened, is the vector; reshape takes any negative number for what is left",
)
as_it_comes = equal(
    torch_float32,
    ("torch.tensor(beta, dtype=torch.float32)", "beta"),
    because="torch takes beta for a tensor of the same numbers, as the operator of an array finds it",
)
