"""loglinear_gradient: observed minus expected features."""

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
    rule,
    slip,
)
from autograder.authoring.comparing import Close

from .drawing import draw_indicators, draw_large, draw_model


def draw(rng: np.random.Generator, reference: ModuleType) -> Iterator[Case]:
    """Yield models of some words and features with targets, the edges, and large scores."""
    for words, n_features in ((4, 4), (7, 3), (3, 6), (30, 12)):
        yield case("plain", *draw_model(rng, words, n_features), int(rng.integers(words)))
    features, beta = draw_model(rng, 5, 2)
    yield case("plain", features, beta, int(np.argmin(features @ beta)))
    for words in (3, 5, 6):
        features, beta = draw_large(rng, words)
        yield case("large", features, beta, int(rng.integers(words)))
    features, beta = draw_large(rng, 5)
    yield case("large", features, beta, int(np.argmax(features @ beta)))
    for words in (4, 6):
        features, beta = draw_indicators(rng, words, 3)
        yield case("special", features, beta, int(rng.integers(words)))
    yield case("special", *draw_model(rng, 1, 3), 0)
    yield case("special", *draw_model(rng, 4, 0), 2)
    yield case("special", *draw_model(rng, 3, 2), 3)
    yield case("special", *draw_model(rng, 3, 2), -int(rng.integers(1, 4)))
    yield case("special", *draw_model(rng, 3, 2), -1)


check = Check(
    groups={
        "plain": Group("words with features", 2),
        "large": Group("large scores", 1),
        "special": Group("integer features, one word, no features, targets out of range", 1),
    },
    draw=draw,
    compare=Close(rtol=1e-5, atol=1e-5),
)


@alternative
def word_by_word(features: np.ndarray, beta: np.ndarray, target: int) -> np.ndarray:
    if target < 0 or target >= features.shape[0]:
        raise ValueError(target)
    scores = np.array([float(np.dot(row, beta)) for row in features])
    probs = np.exp(scores - np.logaddexp.reduce(scores))
    gradient = features[target].astype(float)
    for prob, row in zip(probs, features):
        gradient = gradient - prob * row
    return gradient


@alternative
def through_the_scores(features: np.ndarray, beta: np.ndarray, target: int) -> np.ndarray:
    if target not in range(len(features)):
        raise ValueError("no such word")
    scores = features @ beta
    shifted = scores - scores.max()
    by_scores = -np.exp(shifted) / np.exp(shifted).sum()
    by_scores[target] += 1
    return features.T @ by_scores


@alternative
def torch_autograd(features: np.ndarray, beta: np.ndarray, target: int) -> object:
    import torch

    if not 0 <= target < len(features):
        raise ValueError("no such word")
    weights = torch.tensor(beta, requires_grad=True)
    scores = torch.tensor(features, dtype=torch.float64) @ weights
    torch.log_softmax(scores, dim=0)[target].backward()  # type: ignore[no-untyped-call]
    return weights.grad


@alternative
def torch_float32(features: np.ndarray, beta: np.ndarray, target: int) -> object:
    import torch

    if not 0 <= target < len(features):
        raise ValueError("no such word")
    table = torch.tensor(features, dtype=torch.float32)
    probs = torch.softmax(table @ torch.tensor(beta, dtype=torch.float32), dim=0)
    return table[target] - probs @ table


@alternative
def differences_of_rows(features: np.ndarray, beta: np.ndarray, target: int) -> list[object]:
    if not 0 <= target < len(features):
        raise ValueError("no such word")
    rows = features[target] - features.astype(float)
    scores = features @ beta
    weights = np.exp(scores - scores.max())
    return list(np.average(rows, axis=0, weights=weights))


expected_forgotten = slip(
    REFERENCE,
    (" - weights @ features / weights.sum()", ""),
    loses=("plain", "large", "special"),
    hint="The expected features are missing: you return what was observed, whatever the model "
    "expects, and the weights would grow for ever.",
)
gradient_of_the_loss = slip(
    REFERENCE,
    ("features[target] - weights", "-features[target] + weights"),
    loses=("plain", "large", "special"),
    hint="The sign is turned round: this is the gradient of the loss, -log p. Asked for is the "
    "gradient of log p.",
)
all_words_alike = slip(
    REFERENCE,
    ("weights @ features / weights.sum()", "features.mean(axis=0)"),
    loses=("plain", "large", "special"),
    hint="You subtract the plain mean of all rows. The expectation weighs each row by the "
    "probability that the model gives to its word.",
)
perceptron = slip(
    REFERENCE,
    ("weights @ features / weights.sum()", "features[np.argmax(scores)]"),
    loses=("plain", "large", "special"),
    hint="You subtract the features of the most probable word only. That is the perceptron's update; "
    "here every word counts, each with its probability.",
)
target_left_out = slip(
    REFERENCE,
    ("weights @ features", "np.delete(weights, target) @ np.delete(features, target, axis=0)"),
    loses=("plain", "large", "special"),
    hint="The expectation leaves the target out. The sum runs over all words, the target included.",
)
not_normalised = slip(
    REFERENCE,
    (" / weights.sum()", ""),
    loses=("plain", "large", "special"),
    hint="The expectation is weighed by scores' exponentials that do not sum to 1. Divide by their "
    "sum, so that they are probabilities.",
)
gradient_by_scores = slip(
    REFERENCE,
    ("features[target] - weights @ features", "np.eye(len(weights))[target] - weights"),
    loses=("plain", "large", "special"),
    hint="You stop at the gradient by the *scores*: one minus the probability at the target, minus "
    "the probability elsewhere. The chain rule goes on to beta, through the features.",
)
overflow = slip(
    REFERENCE,
    (" - scores.max()", ""),
    loses="large",
    overflows=True,
    hint="Large scores give you nan: the exponential overflows. Subtract the same number from all "
    "scores first; it cancels in the probabilities.",
)
integers_stay_integers = slip(
    REFERENCE,
    ("return features[target]", "return (features[target]"),
    ("weights.sum()", "weights.sum()).astype(features.dtype)"),
    loses="special",
    hint="Of integer features you return integers: the difference was put into an array of their "
    "type, which cuts off everything behind the point.",
)

rules = (
    rule(
        "integers, large scores",
        "The result holds floats",
        when=lambda features, beta, target: features.dtype == int,
    ),
    rule(
        "large scores and $K = 0$ may come",
        when=lambda features, beta, target: np.abs(features @ beta).max() > 999,
    ),
    rule("and $K = 0$ may come", when=lambda features, beta, target: beta.size == 0),
    rule("counted from 0", when=lambda features, beta, target: target == 0),
    rule(
        "A target that is not one of",
        when=lambda features, beta, target: target == len(features),
        gives=ValueError,
    ),
    rule(
        "a negative one does too",
        when=lambda features, beta, target: target == -1,
        gives=ValueError,
    ),
)
a_list_of_scores = equal(
    word_by_word,
    (
        "np.array([float(np.dot(row, beta)) for row in features])",
        "[float(np.dot(row, beta)) for row in features]",
    ),
    ("float(np.dot(row, beta))", "np.dot(row, beta)"),
    because="numpy makes an array of them when the logarithm of the sum is taken away",
)
a_product_either_way = equal(
    word_by_word,
    ("row, beta", "beta, row"),
    ("probs, features", "features, probs"),
    because="a product is the same in either order",
)
the_only_axis_torch_autograd = equal(
    torch_autograd,
    ("=0", "=-1"),
    because="scores have one dimension",
)
the_only_axis_torch_float32 = equal(
    torch_float32,
    ("=0", "=-1"),
    because="scores have one dimension",
)
an_array_for_a_list = equal(
    differences_of_rows,
    (
        "list(np.average(rows, axis=0, weights=weights))",
        "np.average(rows, axis=0, weights=weights)",
    ),
    because="an array holds the same numbers as a list of them",
)
