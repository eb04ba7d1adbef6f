"""What statistics decide: which mistakes are seen with a probability above 1 - 1e-6."""

import math
from collections import Counter

import numpy as np
import pytest

from autograder.authoring.frequencies import Frequencies, Shares
from autograder.authoring.spread import Spread
from tests.course_code import module

SAMPLE, DROPOUT, GENERATE = (
    module(name) for name in ("counting.sample_text", "window.apply_dropout", "recurrent.generate")
)
GLOROT, TRAIN = (module(name) for name in ("loglinear.glorot_uniform", "window.train_window"))
SAFE, STEPS, MODELS = (
    module(name) for name in ("clipping.safe_step", "clipping.outcomes", "probes.models")
)
NEVER = 1e-6
RNG = np.random.default_rng(0)


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


def missed(right, wrong, calls):
    """Return the chance that all answers of a mistake come as often as right ones."""
    both = zip(np.ravel(right), np.ravel(wrong), strict=True)
    return min(Shares().missed(float(ours), float(theirs), calls) for ours, theirs in both)


def missed_by(off, calls):
    """Return the largest chance that a probability is missed which is that far off."""
    each = [(p, p + side * off) for p in np.linspace(0, 1, 41) for side in (-1, 1)]
    return max(Shares().missed(right, wrong, calls) for right, wrong in each if 0 <= wrong <= 1)


def test_what_is_said_of_how_far_a_probability_may_be_off():
    for off, calls in (
        (0.32, SAMPLE.DRAWS),
        (0.235, SAMPLE.MANY_DRAWS),
        (0.33, GENERATE.DRAWS),
        (0.22, GENERATE.MANY_DRAWS),
        (0.16, DROPOUT.DRAWS),
    ):
        assert missed_by(off, calls) < NEVER


def test_words_drawn_alike_the_best_and_by_a_small_power_are_seen():
    (_, p) = SAMPLE._choice(RNG).args[1][()]
    p = np.array(p)
    assert missed(p, np.full(len(p), 1 / len(p)), SAMPLE.DRAWS) < NEVER
    assert missed(p, p == p.max(), SAMPLE.DRAWS) < NEVER
    (_, p) = SAMPLE._choice_of_many(RNG).args[1][()]
    p = np.array(p)
    assert missed(p, p**1.3 / (p**1.3).sum(), SAMPLE.MANY_DRAWS) < NEVER


@pytest.mark.parametrize(
    "mistake",
    [
        lambda scores, t: softmax(scores * t),
        lambda scores, t: softmax(scores),
        lambda scores, t: scores == scores.max(),
        lambda scores, t: np.full(len(scores), 1 / len(scores)),
    ],
    ids=["multiplied", "ignored", "the best", "alike"],
)
def test_each_mistake_with_the_temperature_is_seen_at_one_of_them(mistake):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        choices = [(t, GENERATE._choice(rng, 2, best)["c"]) for t, best in GENERATE.CHOICES]
        chances = [
            missed(softmax(scores / t), mistake(scores, t), GENERATE.DRAWS) for t, scores in choices
        ]
        assert min(chances) < NEVER


def test_a_word_that_never_comes_is_missed():
    """Any of a model's, and of the five likeliest words alone each of three others."""
    (_, p) = SAMPLE._choice(RNG).args[1][()]
    assert Shares().missed(min(p), 0.0, SAMPLE.DRAWS) == 0
    temperature, best = GENERATE.CHOICES[0]
    for seed in range(20):
        scores = GENERATE._choice(np.random.default_rng(seed), 2, best)["c"]
        p = np.sort(softmax(scores / temperature))[-8:]  # without </s>, which is never drawn
        assert min(Shares().missed(word, 0.0, GENERATE.DRAWS) for word in p[:3]) == 0


def test_a_rate_taken_for_what_is_kept_is_seen():
    assert missed(0.75, 0.25, DROPOUT.DRAWS) < NEVER


def test_what_is_told_apart_is_told_apart_and_what_is_right_is_not():
    """By simulation: at the power's difference no mistake is missed, and no right answer lost."""
    calls, p, off = 1_500, 0.3, 0.25
    compare = Frequencies()
    assert compare.shares.missed(p, p + off, calls, known=False) < NEVER
    rng = np.random.default_rng(1)

    def tally(probability):
        hits = int(rng.binomial(calls, probability))
        return Counter(a=hits, b=calls - hits)

    assert all(compare.difference(tally(p), tally(p + off)) for _ in range(300))
    assert not any(compare.difference(tally(p), tally(p)) for _ in range(300))


# --- the spread of random weights ----------------------------------------------------------------


def test_right_weights_are_hardly_ever_told_apart():
    right = Spread(half_range=1.0, ends=GLOROT.ENDS)
    assert 20 * right.false_alarm(GLOROT.NUMBERS) < NEVER / 1000  # of a large class as well


@pytest.mark.parametrize(
    ("mistake", "half_range"),
    [
        ("the deviation for the range", lambda n, m: math.sqrt(2 / (n + m))),
        ("no root", lambda n, m: 6 / (n + m)),
        ("four times under the root", lambda n, m: math.sqrt(6 / (n + m)) / 2),
        ("the inputs alone", lambda n, m: math.sqrt(3 / n)),
        ("a tenth too wide", lambda n, m: 1.1 * math.sqrt(6 / (n + m))),
    ],
)
def test_another_range_of_weights_is_surely_seen(mistake, half_range):
    """By their largest number, which is beyond the range, or too far from its end."""
    for fans in ((40, 300), (40, 499), (25, 300), (30, 300)):
        r, wrong = math.sqrt(6 / sum(fans)), half_range(*fans)
        beyond = max(0.0, 1 - r / wrong)  # of its numbers
        assert wrong < (1 - GLOROT.ENDS) * r or (1 - beyond) ** GLOROT.NUMBERS < NEVER, mistake


def test_normal_weights_of_the_same_variance_and_a_range_half_a_percent_off_are_surely_seen():
    tail = math.erfc(math.sqrt(3 / 2))  # of normal numbers, beyond the range of uniform ones
    assert (1 - tail) ** GLOROT.NUMBERS < NEVER
    assert (1 - 0.005 / 1.005) ** GLOROT.NUMBERS < NEVER
    assert 1 - GLOROT.ENDS > 0.995


# --- random steps --------------------------------------------------------------------------------


def normal_share(height):
    return 0.5 * math.erfc(-height / math.sqrt(2))


ENTRIES = sum(math.prod(shape) for shape in SAFE.WIDE.values())


def unseen(right, wrong, calls):
    """Return the chance that shares of so many calls are within what is right at all heights."""
    return min(
        STEPS._SHARES.missed(ours, theirs, calls) for ours, theirs in zip(right, wrong, strict=True)
    )


def test_right_random_steps_are_hardly_ever_told_apart():
    shares = len(STEPS.HEIGHTS) * (2 + 2 * ENTRIES + len(SAFE.WIDE))
    assert shares * STEPS._SHARES.chance < NEVER / 10


def test_directions_from_a_cube_or_its_corners_and_an_array_of_twice_the_noise_are_surely_seen():
    heights = STEPS.HEIGHTS
    right = [normal_share(height) for height in heights]
    cube = np.clip((heights / math.sqrt(3) + 1) / 2, 0, 1)
    signs = 0.5 * (heights > -1) + 0.5 * (heights > 1)
    assert unseen(right, cube, SAFE.TIMES * ENTRIES) < NEVER
    assert unseen(right, signs, SAFE.TIMES * ENTRIES) < NEVER
    share = 0.64 * 4 + 0.36  # the mean square where 64 of 100 entries have twice the deviation
    deviation = math.sqrt(2 / 64)
    moved = [
        normal_share((height + 1) * share / 4 / deviation - 1 / deviation) for height in heights
    ]
    as_it_is = [normal_share(height / deviation) for height in heights]
    assert unseen(as_it_is, moved, SAFE.TIMES) < NEVER


# --- a training loop, by its loss on new text -----------------------------------------------------


def test_the_loss_on_new_text_tells_sorted_examples_from_shuffled_ones_and_no_order_from_another():
    drawn = TRAIN._training("steps", np.random.default_rng(0), 400, 20, [0.8, 0.4])
    unseen, begin, (contexts, targets), *_ = drawn.args
    rng = np.random.default_rng(1)

    def loss(order_of):
        params = begin
        for rate in (0.8, 0.4):
            order = order_of(len(targets))
            for start in range(0, len(order), 20):
                batch = order[start : start + 20]
                grads = MODELS.PositionModel.gradients(params, contexts[batch], targets[batch])
                params = {
                    name: None if value is None else value - rate * grads[name]
                    for name, value in params.items()
                }
        log_probs = MODELS.PositionModel.log_probs(params, unseen)
        return -log_probs[np.arange(len(unseen)), drawn.compare.targets].mean()

    losses = [loss(rng.permutation) for _ in range(8)]
    deviation = math.sqrt(2) * np.std(losses, ddof=1)  # of a difference of two
    assert drawn.compare.margin > 5.2 * deviation  # 5.2 deviations: 2e-7 on both sides
    assert abs(loss(np.arange) - np.mean(losses)) > drawn.compare.margin + 5.2 * deviation
