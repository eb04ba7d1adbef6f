"""What statistics decide: which mistakes are seen with a probability above 1 - 1e-6."""

import math
from collections import Counter

import numpy as np
import pytest
from scipy.stats import binom

from autograder.authoring.comparing import Frequencies, Spread
from tests.course_code import module

SAMPLE, DROPOUT, GENERATE = (
    module(name) for name in ("counting.sample_text", "window.apply_dropout", "recurrent.generate")
)
GLOROT, TRAIN = (module(name) for name in ("loglinear.glorot_uniform", "window.train_window"))
STEPS, MODELS = module("clipping.outcomes"), module("probes.models")
NEVER = 1e-6
RNG = np.random.default_rng(0)


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum()


def furthest(right, wrong):
    return float(np.abs(np.asarray(right) - np.asarray(wrong)).max())


def test_words_drawn_alike_the_best_and_by_a_small_power_are_seen():
    surely = Frequencies().told_apart(SAMPLE.DRAWS)
    assert surely < 0.352
    (_, p) = SAMPLE._choice(RNG).args[1][()]
    p = np.array(p)
    assert furthest(p, np.full(len(p), 1 / len(p))) > surely
    assert furthest(p, p == p.max()) > surely
    (_, p) = SAMPLE._choice_of_many(RNG).args[1][()]
    p = np.array(p)
    surely = Frequencies().told_apart(SAMPLE.MANY_DRAWS)
    assert furthest(p, p**1.3 / (p**1.3).sum()) > surely


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
    surely = Frequencies().told_apart(GENERATE.DRAWS)
    assert surely < 0.5
    for seed in range(20):
        rng = np.random.default_rng(seed)
        choices = [(t, GENERATE._choice(rng, 2, best)["c"]) for t, best in GENERATE.CHOICES]
        off = [furthest(softmax(scores / t), mistake(scores, t)) for t, scores in choices]
        assert max(off) > surely


def test_a_word_beyond_the_five_likeliest_is_missed():
    """Each of three would have to come too seldom; who seldom draws one draws others more often."""
    temperature, best = GENERATE.CHOICES[0]
    for seed in range(20):
        scores = GENERATE._choice(np.random.default_rng(seed), 2, best)["c"]
        p = np.sort(softmax(scores / temperature))[-8:]  # without </s>, which is never drawn
        seldom = binom.cdf(Frequencies().never_by_chance - 1, GENERATE.DRAWS, p[:3])
        assert seldom.prod() < 1e-6


def test_a_rate_taken_for_what_is_kept_is_seen():
    surely = Frequencies().told_apart(DROPOUT.DRAWS)
    assert surely < 0.16
    assert abs(0.75 - 0.25) > surely


def test_what_is_told_apart_is_told_apart_and_what_is_right_is_not():
    """By simulation: at the power's difference no mistake is missed, and no right answer lost."""
    calls, compare = 1_500, Frequencies()
    surely = compare.told_apart(calls)
    rng = np.random.default_rng(1)
    p = 0.3

    def tally(probability):
        hits = int(rng.binomial(calls, probability))
        return Counter(a=hits, b=calls - hits)

    assert all(compare.difference(tally(p), tally(p + surely)) for _ in range(300))
    assert not any(compare.difference(tally(p), tally(p)) for _ in range(300))


# --- the spread of random weights ----------------------------------------------------------------


def test_right_weights_are_hardly_ever_told_apart():
    assert (
        10 * GLOROT.check.compare.false_alarm(GLOROT.NUMBERS) < NEVER
    )  # ten cases an exam, and more


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
    """The largest number is further off than chance can hide, in layers as they are drawn."""
    surely = Spread().told_apart(GLOROT.NUMBERS)
    for fans in ((40, 300), (40, 499), (25, 300), (30, 300)):
        r, wrong = math.sqrt(6 / sum(fans)), half_range(*fans)
        assert abs(wrong - r) / r > 0.045 + (surely - 0.045) * (1 + wrong / r) / 2, mistake


def test_normal_weights_of_the_same_variance_and_a_range_half_a_percent_off_are_surely_seen():
    surely = Spread().told_apart(GLOROT.NUMBERS)
    ninety_fifth = 1.6449 / math.sqrt(3)  # of half the range, where a uniform number is at 0.9
    assert ninety_fifth - 0.9 < surely  # the quantile alone does not decide
    tail = 2 * 0.5 * math.erfc(1.3 * math.sqrt(3) / math.sqrt(2))  # beyond 1.3 times the range
    assert (1 - tail) ** GLOROT.NUMBERS < NEVER  # but the largest of all numbers does
    ends = GLOROT.check.compare.ends
    assert 3 * ends < 0.005 - 0.0005  # three tolerances, and what the largest may be short of r by
    assert math.exp(-GLOROT.NUMBERS * 0.0005 / 2) < NEVER


# --- random steps --------------------------------------------------------------------------------


def strays(numbers, chance):
    """Return how far a share of so many numbers strays (Dvoretzky, Kiefer and Wolfowitz)."""
    return math.sqrt(math.log(2 / chance) / (2 * numbers))


def normal_share(height):
    return 0.5 * math.erfc(-height / math.sqrt(2))


ENTRIES, CALLS, PLACES, HEIGHTS = 193_000, 1_000, 400, 25


def test_right_random_steps_are_hardly_ever_told_apart():
    steps = STEPS.RandomSteps()
    # Hoeffding, of the difference of two means of n numbers each: 2 exp(-n d^2)
    together = 2 * HEIGHTS * 2 * math.exp(-ENTRIES * steps.together**2)
    apart = PLACES * HEIGHTS * 2 * math.exp(-CALLS * steps.at_a_place**2)
    assert together + apart < NEVER


def test_directions_from_a_cube_or_its_corners_and_an_array_of_twice_the_noise_are_surely_seen():
    steps = STEPS.RandomSteps()
    seen = steps.together + 2 * strays(ENTRIES, NEVER / 2)
    heights = np.linspace(-3, 3, 25)
    right = np.array([normal_share(height) for height in heights])
    cube = np.clip((heights / math.sqrt(3) + 1) / 2, 0, 1)
    signs = 0.5 * (heights > -1) + 0.5 * (heights > 1)
    assert furthest(right, cube) > seen
    assert furthest(right, signs) > seen
    share = 0.64 * 4 + 0.36  # the mean square where 64 of 100 entries have twice the deviation
    deviation = math.sqrt(2 / 64)
    moved = [
        normal_share((height + 1) * share / 4 / deviation - 1 / deviation) for height in heights
    ]
    as_it_is = [normal_share(height / deviation) for height in heights]
    assert furthest(as_it_is, moved) > steps.at_a_place + 2 * strays(CALLS, NEVER / 2)


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
