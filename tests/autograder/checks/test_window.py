"""What must hold of the reference functions of assignment 03, and of how a training is judged."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.material import load_material
from tests.course_code import pick

draw_contexts, draw_params, draw_repeating = pick(
    "window.drawing", "draw_contexts draw_params draw_repeating"
)
Training = pick("window.training", "Training")

SEEDS = st.integers(0, 10_000)
WINDOWS = st.integers(1, 5)
TEXTS = st.lists(st.lists(st.integers(0, 50), max_size=7), max_size=6)


@pytest.fixture(scope="module")
def reference(course):
    return load_material(course.assignment("03_window")).reference


def slope(f, array, place, step=1e-5):
    """Return the central difference of f where one entry of an array moves."""
    there = array[place]
    array[place] = there + step
    above = f()
    array[place] = there - step
    below = f()
    array[place] = there
    return (above - below) / (2 * step)


def agrees_with_central_differences(f, params, grads, rng, places=4):
    """Return whether some entries of each gradient are what nudging the parameter says."""
    for name, value in params.items():
        if value is None:
            assert grads[name] is None
            continue
        assert grads[name].shape == value.shape
        for flat in rng.integers(value.size, size=places):
            place = np.unravel_index(flat, value.shape)
            assert grads[name][place] == pytest.approx(slope(f, value, place), rel=1e-6, abs=1e-8)


# --- windows -------------------------------------------------------------------------------------


@given(text=TEXTS, window=WINDOWS, pad=st.integers(0, 9))
def test_every_id_is_a_target_and_contexts_say_what_stood_before(reference, text, window, pad):
    ids = [np.array(sentence, dtype=np.int64) for sentence in text]
    contexts, targets = reference.make_windows(ids, window, pad)
    assert targets.tolist() == [i for sentence in text for i in sentence]
    assert contexts.shape == (len(targets), window)
    row = 0
    for sentence in text:
        for place in range(len(sentence)):
            before = [pad] * window + sentence[:place]
            assert contexts[row].tolist() == before[-window:]
            row += 1


@given(
    V=st.integers(1, 40),
    m=st.integers(1, 8),
    n=st.integers(2, 6),
    h=st.integers(1, 20),
    direct=st.booleans(),
)
def test_the_parameters_are_as_many_as_the_arrays_hold(reference, V, m, n, h, direct):
    arrays = draw_params(np.random.default_rng(0), V, m, n - 1, h, direct)
    held = sum(array.size for array in arrays.values() if array is not None)
    assert reference.parameter_count(V, m, n, h, direct) == held


# --- forward, loss and backward ------------------------------------------------------------------


@given(seed=SEEDS, window=WINDOWS, direct=st.booleans())
def test_each_context_has_a_distribution_and_only_its_own_words_matter(
    reference, seed, window, direct
):
    rng = np.random.default_rng(seed)
    params = draw_params(rng, 12, 3, window, 4, direct)
    contexts = draw_contexts(rng, 12, 6, window)
    log_probs, _ = reference.window_forward(params, contexts)
    assert np.allclose(np.exp(log_probs).sum(axis=1), 1)
    alone, _ = reference.window_forward(params, contexts[2:3])
    assert np.allclose(alone[0], log_probs[2])


@given(seed=SEEDS, shift=st.floats(-2_000, 2_000))
def test_what_is_added_to_all_scores_changes_nothing(reference, seed, shift):
    rng = np.random.default_rng(seed)
    params, contexts = draw_params(rng, 9, 2, 2, 3, True), draw_contexts(rng, 9, 4, 2)
    shifted = {**params, "b": params["b"] + shift}
    ours, theirs = (reference.window_forward(p, contexts)[0] for p in (params, shifted))
    assert np.allclose(ours, theirs, atol=1e-9)


@given(seed=SEEDS, window=WINDOWS, direct=st.booleans())
@settings(deadline=None)
def test_the_gradient_is_that_of_central_differences(reference, seed, window, direct):
    rng = np.random.default_rng(seed)
    params = draw_params(rng, 10, 2, window, 4, direct)
    contexts, targets = draw_repeating(rng, 10, 5, window), rng.integers(10, size=5)

    def loss():
        return reference.window_loss(reference.window_forward(params, contexts)[0], targets)

    grads = reference.window_backward(
        params, reference.window_forward(params, contexts)[1], targets
    )
    agrees_with_central_differences(loss, params, grads, rng)


@given(seed=SEEDS, direct=st.booleans(), decay=st.floats(0, 1))
@settings(deadline=None)
def test_the_penalty_and_its_gradient_belong_together(reference, seed, direct, decay):
    rng = np.random.default_rng(seed)
    params = draw_params(rng, 6, 2, 2, 3, direct)
    nothing = {k: None if v is None else np.zeros_like(v) for k, v in params.items()}

    def penalty():
        return reference.add_weight_decay(0.0, nothing, params, decay)[0]

    _, grads = reference.add_weight_decay(0.0, nothing, params, decay)
    agrees_with_central_differences(penalty, params, grads, rng)
    assert not grads["b"].any()
    assert not grads["d"].any()


@given(seed=SEEDS, window=WINDOWS)
@settings(deadline=None)
def test_the_gradient_of_two_tasks_is_that_of_central_differences(reference, seed, window):
    rng = np.random.default_rng(seed)
    shared = draw_params(rng, 9, 2, window, 4, direct=False)
    params = {name: shared[name] for name in "CHd"}
    params |= {"U1": rng.normal(size=(4, 3)), "b1": rng.normal(size=3)}
    params |= {"U2": rng.normal(size=(4, 5)), "b2": rng.normal(size=5)}
    batch = (
        draw_repeating(rng, 9, 6, window),
        rng.integers(3, size=6),
        rng.integers(5, size=6),
    )

    def loss():
        return reference.multitask_loss_and_grads(params, *batch)[0]

    _, grads = reference.multitask_loss_and_grads(params, *batch)
    agrees_with_central_differences(loss, params, grads, rng)


@given(seed=SEEDS, window=WINDOWS, direct=st.booleans())
@settings(deadline=None)
def test_numpy_by_hand_and_torch_give_the_same_numbers(reference, seed, window, direct):
    rng = np.random.default_rng(seed)
    params = draw_params(rng, 11, 3, window, 5, direct)
    contexts, targets = draw_repeating(rng, 11, 7, window), rng.integers(11, size=7)
    log_probs, cache = reference.window_forward(params, contexts)
    grads = reference.window_backward(params, cache, targets)
    module = reference.window_module(params)
    by_torch = module(torch.tensor(contexts))
    torch.nn.functional.nll_loss(by_torch, torch.tensor(targets)).backward()
    assert np.abs(by_torch.detach().numpy() - log_probs).max() < 1e-10
    for name, weights in module.named_parameters():
        assert np.abs(weights.grad.numpy() - grads[name]).max() < 1e-10


# --- mixtures and dropout ------------------------------------------------------------------------


@given(seed=SEEDS, tokens=st.integers(1, 60))
def test_no_other_weight_makes_the_text_more_probable(reference, seed, tokens):
    rng = np.random.default_rng(seed)
    p, q = rng.uniform(0.01, 1, size=(2, tokens))
    best = reference.fit_mixture_weight(p, q)
    assert 0 <= best <= 1
    likelihood = [
        reference.mixture_log_probs(p, q, weight).sum() for weight in (best, *np.linspace(0, 1, 41))
    ]
    assert likelihood[0] >= max(likelihood) - 1e-9


@given(seed=SEEDS, rate=st.floats(0, 0.9))
def test_dropout_is_right_on_average(reference, seed, rate):
    x = np.full(20_000, 3.0)
    y, mask = reference.apply_dropout(x, rate, np.random.default_rng(seed), True)
    assert np.array_equal(y, x * mask)
    kept = 1 / (1 - rate)
    assert set(np.unique(mask)) <= {0.0, kept}
    assert abs(y.mean() - 3) < 3 * kept * 6 * math.sqrt(0.25 / len(x))


# --- training ------------------------------------------------------------------------------------


def uniform(contexts=5, words=4):
    """Return what the probe "trained" finds of a model that has learned nothing."""
    return {
        "log_probs": np.log(np.full((contexts, words), 1 / words)),
        "valid_losses": [1.4, 1.3],
        "of_returned": 1.3,
        "shapes": {"bias": (4,), "unused": "None"},
        "the same again": True,
    }


TRAINING = Training(np.array([0, 1, 2, 3, 0]))


def certain(of):
    """Return log-probabilities of a model that is nearly certain of some words."""
    probs = np.full((5, 4), 0.01)
    probs[np.arange(5), of] = 0.97
    return np.log(probs)


def test_two_trainings_agree_when_their_held_out_losses_do():
    better = uniform() | {"log_probs": certain(TRAINING.targets)}
    assert TRAINING.difference(uniform(), uniform()) is None
    assert TRAINING.difference(uniform(), uniform() | {"valid_losses": [9.0, 9.0]}) is None
    assert TRAINING.difference(better, uniform()) == "a higher loss on held-out text"
    assert TRAINING.difference(uniform(), better) == "a lower loss on held-out text"


@pytest.mark.parametrize(
    "change",
    [
        {"log_probs": np.zeros((5, 4))},  # sums to 4
        {"log_probs": np.full((5, 4), np.nan)},
        {"log_probs": np.log(np.full((4, 4), 0.25))},
        {"log_probs": np.log(np.full((5, 3), 1 / 3))},
        {"log_probs": [[0.0] * 4] * 5},
        {"log_probs": None},
        {"valid_losses": [1.4]},
        {"valid_losses": 2},
        {"shapes": {"bias": (4,)}},
        {"shapes": None},
        {"the same again": False},
        {"more": 1},
    ],
)
def test_what_is_no_such_training_differs_and_breaks_nothing(change):
    assert TRAINING.difference(uniform(), uniform() | change) is not None
    assert TRAINING.difference(uniform(), None) is not None
