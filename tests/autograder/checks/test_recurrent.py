"""What must hold of the reference functions of assignment 04."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.material import load_material
from tests.course_code import pick

draw_batch, draw_cache, draw_ids, draw_mask, draw_params = pick(
    "recurrent.drawing", "draw_batch draw_cache draw_ids draw_mask draw_params"
)
full_mask = pick("recurrent.drawing", "full_mask")

SEEDS = st.integers(0, 10_000)
ROWS, STEPS = st.integers(1, 4), st.integers(1, 6)


@pytest.fixture(scope="module")
def reference(course):
    return load_material(course.assignment("04_recurrent")).reference


def slope(f, array, place, step=1e-5):
    """Return the central difference of f where one entry of an array moves."""
    there = array[place]
    array[place] = there + step
    above = f()
    array[place] = there - step
    below = f()
    array[place] = there
    return (above - below) / (2 * step)


def some_places(array, rng, how_many=3):
    return [np.unravel_index(flat, array.shape) for flat in rng.integers(array.size, size=how_many)]


# --- forward and loss ----------------------------------------------------------------------------


@given(seed=SEEDS, rows=ROWS, steps=STEPS)
def test_a_sequence_is_its_steps_and_its_rows_know_nothing_of_each_other(
    reference, seed, rows, steps
):
    rng = np.random.default_rng(seed)
    params, inputs = draw_params(rng, 9, 3, 4), draw_ids(rng, 9, rows, steps)
    logits, cache = reference.rnn_forward(params, inputs, None)
    state = np.tile(params["h0"], (rows, 1))
    for t in range(steps):
        assert np.allclose(cache["states"][:, t], state)
        state = reference.rnn_step(params, params["E"][inputs[:, t]], state)
        assert np.allclose(logits[:, t], state @ params["U"] + params["c"])
    alone, _ = reference.rnn_forward(params, inputs[-1:], None)
    assert np.allclose(alone[0], logits[-1])


@given(seed=SEEDS, cut=st.integers(1, 5))
def test_a_carried_state_goes_on_as_if_nothing_had_been_cut(reference, seed, cut):
    rng = np.random.default_rng(seed)
    params, inputs = draw_params(rng, 7, 2, 3), draw_ids(rng, 7, 3, 6)
    whole, _ = reference.rnn_forward(params, inputs, None)
    first, cache = reference.rnn_forward(params, inputs[:, :cut], None)
    second, _ = reference.rnn_forward(params, inputs[:, cut:], cache["states"][:, -1])
    assert np.allclose(np.concatenate([first, second], axis=1), whole)


@given(seed=SEEDS)
def test_no_state_knows_what_comes_later(reference, seed):
    rng = np.random.default_rng(seed)
    params, inputs = draw_params(rng, 8, 2, 4), draw_ids(rng, 8, 2, 6)
    other = inputs.copy()
    other[:, 3] = (other[:, 3] + 1) % 8
    ours, theirs = (reference.rnn_forward(params, ids, None)[0] for ids in (inputs, other))
    assert np.array_equal(ours[:, :3], theirs[:, :3])
    assert not np.allclose(ours[:, 3:], theirs[:, 3:])


@given(seed=SEEDS, empty_row=st.booleans())
def test_the_loss_is_torch_s_and_blind_to_padding(reference, seed, empty_row):
    rng = np.random.default_rng(seed)
    logits, targets = rng.normal(size=(4, 5, 6)) * 3, draw_ids(rng, 6, 4, 5)
    mask = draw_mask(rng, 4, 5, empty_row)
    loss = reference.sequence_loss(logits, targets, mask)
    expected = torch.nn.functional.cross_entropy(
        torch.tensor(logits[mask]), torch.tensor(targets[mask])
    )
    assert loss == pytest.approx(expected.item())
    noise = np.where(mask[:, :, None], 0, rng.normal(size=logits.shape) * 50)
    elsewhere = np.where(mask, targets, (targets + 1) % 6)
    assert reference.sequence_loss(logits + noise, elsewhere, mask) == pytest.approx(loss)


# --- backward ------------------------------------------------------------------------------------


@given(seed=SEEDS, rows=ROWS, steps=STEPS, padded=st.booleans())
@settings(deadline=None)
def test_bptt_agrees_with_central_differences(reference, seed, rows, steps, padded):
    rng = np.random.default_rng(seed)
    mask = full_mask(rows, steps)
    if padded and rows > 2:
        mask = draw_mask(rng, rows, steps, empty_row=True)
    params, cache, targets, mask = draw_batch(rng, reference, (6, 3, 4), mask)

    def loss():
        logits, _ = reference.rnn_forward(params, cache["inputs"], None)
        return reference.sequence_loss(logits, targets, mask)

    grads = reference.bptt(params, cache, targets, mask, None)
    assert grads.keys() == params.keys()
    for name, value in params.items():
        assert grads[name].shape == value.shape
        for place in some_places(value, rng):
            expected = slope(loss, value, place)
            assert grads[name][place] == pytest.approx(expected, rel=1e-6, abs=1e-8)


@given(seed=SEEDS, t=st.integers(0, 4))
@settings(deadline=None)
def test_the_parts_of_a_loss_agree_with_central_differences_of_their_own_weights(
    reference, seed, t
):
    rng = np.random.default_rng(seed)
    mask = draw_mask(rng, 3, 5, empty_row=True)
    params, cache, targets, mask = draw_batch(rng, reference, (6, 3, 3), mask)
    weights = np.tile(params["W_h"], (t + 1, 1, 1))  # an own W_h for every appearance

    def loss():
        state = cache["states"][:, 0]
        for k in range(t + 1):
            state = reference.rnn_step({**params, "W_h": weights[k]}, cache["x"][:, k], state)
        scores = state @ params["U"] + params["c"]
        rows = np.arange(3)
        losses = np.logaddexp.reduce(scores, axis=1) - scores[rows, targets[:, t]]
        return float(losses[mask[:, t]].sum())

    parts = reference.gradient_by_step(params, cache, targets, mask, t)
    assert parts.shape == weights.shape
    for place in some_places(weights, rng, 6):
        assert parts[place] == pytest.approx(slope(loss, weights, place), rel=1e-6, abs=1e-8)


@given(seed=SEEDS, steps=STEPS)
def test_the_parts_of_all_losses_sum_to_the_gradient(reference, seed, steps):
    rng = np.random.default_rng(seed)
    mask = draw_mask(rng, 4, steps, empty_row=True)
    batch = draw_batch(rng, reference, (7, 2, 3), mask)
    parts = [reference.gradient_by_step(*batch, t).sum(axis=0) for t in range(steps)]
    whole = reference.bptt(*batch, None)["W_h"]
    np.testing.assert_allclose(sum(parts) / mask.sum(), whole, atol=1e-12)


@given(seed=SEEDS, steps=STEPS, k=st.integers(1, 8))
def test_truncation_drops_the_parts_that_lie_further_back(reference, seed, steps, k):
    rng = np.random.default_rng(seed)
    mask = draw_mask(rng, 3, steps, empty_row=True)
    batch = draw_batch(rng, reference, (7, 2, 3), mask)
    kept = [
        reference.gradient_by_step(*batch, t)[max(t - k, 0) :].sum(axis=0) for t in range(steps)
    ]
    cut = reference.bptt(*batch, k)
    np.testing.assert_allclose(sum(kept) / mask.sum(), cut["W_h"], atol=1e-12)
    whole = reference.bptt(*batch, None)
    for name in ("U", "c"):
        np.testing.assert_array_equal(cut[name], whole[name])


@given(seed=SEEDS, steps=STEPS, more=st.integers(0, 3))
def test_truncation_at_the_length_or_beyond_cuts_nothing(reference, seed, steps, more):
    rng = np.random.default_rng(seed)
    batch = draw_batch(rng, reference, (7, 3, 4), full_mask(2, steps))
    whole, cut = (reference.bptt(*batch, k) for k in (None, steps + more))
    for name in whole:
        np.testing.assert_allclose(cut[name], whole[name], atol=1e-12)


@given(seed=SEEDS)
def test_the_order_of_rows_does_not_matter(reference, seed):
    rng = np.random.default_rng(seed)
    mask = draw_mask(rng, 4, 5, empty_row=True)
    params, cache, targets, mask = draw_batch(rng, reference, (6, 2, 3), mask)
    order = rng.permutation(4)
    turned = {name: value[order] for name, value in cache.items()}
    ours = reference.bptt(params, cache, targets, mask, 2)
    theirs = reference.bptt(params, turned, targets[order], mask[order], 2)
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], atol=1e-12)


@given(seed=SEEDS, more=st.integers(1, 3))
def test_padding_contributes_nothing(reference, seed, more):
    rng = np.random.default_rng(seed)
    params, cache, targets, mask = draw_batch(rng, reference, (6, 2, 3), full_mask(2, 4))
    inputs = np.pad(cache["inputs"], ((0, 1), (0, more)), constant_values=3)
    padded = np.pad(mask, ((0, 1), (0, more)))
    wider = reference.rnn_forward(params, inputs, None)[1]
    ours = reference.bptt(params, cache, targets, mask, None)
    theirs = reference.bptt(params, wider, np.pad(targets, ((0, 1), (0, more))), padded, None)
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], atol=1e-12)


@given(seed=SEEDS, rows=ROWS, steps=STEPS)
@settings(deadline=None)
def test_numpy_by_hand_and_torch_give_the_same_numbers(reference, seed, rows, steps):
    rng = np.random.default_rng(seed)
    params, cache, targets, mask = draw_batch(rng, reference, (9, 3, 4), full_mask(rows, steps))
    grads = reference.bptt(params, cache, targets, mask, None)
    module = reference.rnn_module(params)
    log_probs = module(torch.tensor(cache["inputs"]))
    by_hand = cache["logits"] - np.logaddexp.reduce(cache["logits"], axis=2, keepdims=True)
    np.testing.assert_allclose(log_probs.detach().numpy(), by_hand, atol=1e-12)
    torch.nn.functional.nll_loss(
        log_probs.flatten(0, 1), torch.tensor(targets).flatten()
    ).backward()
    for name, weights in module.named_parameters():
        np.testing.assert_allclose(grads[name], weights.grad.numpy(), atol=1e-12)


def test_gradients_have_the_dtype_of_the_parameters(reference):
    rng = np.random.default_rng(0)
    batch = draw_batch(rng, reference, (6, 3, 4), full_mask(2, 3), dtype="float32")
    for truncate in (None, 2):
        grads = reference.bptt(*batch, truncate)
        assert {grad.dtype for grad in grads.values()} == {np.dtype("float32")}


# --- batches, generation, evaluation -------------------------------------------------------------


@given(length=st.integers(0, 60), batch_size=st.integers(1, 8), seq_len=st.integers(1, 12))
def test_every_prediction_comes_once_and_rows_go_on(reference, length, batch_size, seq_len):
    blocks = list(reference.stream_batches(np.arange(length), batch_size, seq_len))
    rows = [[] for _ in range(batch_size)]
    for number, (inputs, targets, mask) in enumerate(blocks):
        assert inputs.shape == targets.shape == mask.shape == (batch_size, seq_len)
        assert number == len(blocks) - 1 or mask.all()
        assert not inputs[~mask].any()
        assert not targets[~mask].any()
        assert (targets[mask] == inputs[mask] + 1).all()
        for row, real, found in zip(rows, mask, inputs, strict=True):
            row += found[real].tolist()
    assert [word for row in rows for word in row] == list(range(length - 1))
    lengths = [len(row) for row in rows]
    assert lengths == sorted(lengths, reverse=True)
    assert max(lengths) - min(lengths) <= 1


@given(seed=SEEDS, length=st.integers(2, 20), seq_len=st.integers(1, 25))
def test_the_perplexity_does_not_depend_on_blocks_and_is_that_of_the_loss(
    reference, seed, length, seq_len
):
    rng = np.random.default_rng(seed)
    params, ids = draw_params(rng, 7, 2, 3), rng.integers(7, size=length)
    perplexity, log_probs = reference.perplexity_of(params, ids, seq_len)
    assert np.allclose(np.exp(log_probs).sum(axis=1), 1)
    logits, _ = reference.rnn_forward(params, ids[None, :-1], None)
    loss = reference.sequence_loss(logits, ids[None, 1:], full_mask(1, length - 1))
    assert perplexity == pytest.approx(np.exp(loss))


@given(seed=SEEDS, prompt=st.lists(st.integers(0, 6), max_size=4), length=st.integers(0, 8))
def test_the_best_words_are_those_of_the_logits(reference, seed, prompt, length):
    rng = np.random.default_rng(seed)
    params = draw_params(rng, 7, 2, 4)
    new = reference.generate(params, prompt, length, 0, rng)
    assert len(new) == length or new[-1] == 1
    assert 1 not in new[:-1]
    read = [0, *prompt, *new]
    logits, _ = reference.rnn_forward(params, np.array([read]), None)
    best = logits[0].argmax(axis=1)
    assert new == best[len(prompt) : len(prompt) + len(new)].tolist()


def test_a_low_temperature_is_nearly_the_best_and_a_high_one_nearly_uniform(reference):
    rng = np.random.default_rng(3)
    params = draw_params(rng, 5, 2, 3)
    (best,) = reference.generate(params, [2], 1, 0, rng)
    cold = [reference.generate(params, [2], 1, 1e-4, rng)[0] for _ in range(50)]
    assert set(cold) == {best}
    hot = [reference.generate(params, [2], 1, 1e4, rng)[0] for _ in range(5_000)]
    assert np.abs(np.bincount(hot, minlength=5) / 5_000 - 0.2).max() < 0.04


@given(seed=SEEDS, length=st.integers(0, 7))
def test_running_freely_on_its_own_words_is_teacher_forcing(reference, seed, length):
    rng = np.random.default_rng(seed)
    params = draw_params(rng, 8, 2, 4)
    params["c"][1] = -50.0  # no end
    own = reference.generate(params, [3], length, 0, rng)
    free = reference.free_running_log_probs(params, [3], own)
    logits, _ = reference.rnn_forward(params, np.array([[0, 3, *own]]), None)
    rows = (logits - np.logaddexp.reduce(logits, axis=2, keepdims=True))[0, 1:]
    np.testing.assert_allclose(free, rows[np.arange(length), own], atol=1e-12)


def test_a_cache_of_the_reference_has_the_keys_that_the_statement_names(reference):
    rng = np.random.default_rng(0)
    params = draw_params(rng, 5, 2, 3)
    cache = draw_cache(rng, reference, params, 2, 4)
    assert cache.keys() == {"inputs", "x", "states", "logits"}
