"""What must hold of the reference functions of assignment 07, and of how counts are judged."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.frequencies import Shares
from autograder.authoring.material import load_material
from tests.course_code import pick

DRAWN, AlwaysAndOften = pick("memory.drawing", "DRAWN AlwaysAndOften")
walk, vanished = pick("memory.signals", "walk vanished")
marked_symbols, CALLS = pick("probes.sequences", "marked_symbols CALLS")
LookBack = pick("probes.sequences", "LookBack")

SEEDS = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def reference(course):
    return load_material(course.assignment("07_memory")).reference


# --- omega ---------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(seed=SEEDS, T=st.integers(1, 5), B=st.integers(1, 3))
def test_the_gradient_of_omega_is_its_difference_quotient_with_signals_held_still(
    reference, seed, T, B
):
    rng = np.random.default_rng(seed)
    dh, W_h, states = walk(rng, T, B, 3)
    direction = rng.normal(size=(3, 3))
    ahead, behind = (reference.omega(dh, W_h + s * 1e-6 * direction, states) for s in (1, -1))
    slope = float(np.sum(reference.omega_gradient(dh, W_h, states) * direction))
    assert slope == pytest.approx((ahead - behind) / 2e-6, rel=1e-4, abs=1e-6)


@settings(max_examples=20)
@given(seed=SEEDS, size=st.floats(1e-5, 1e5))
def test_the_length_of_all_signals_does_not_matter(reference, seed, size):
    dh, W_h, states = walk(np.random.default_rng(seed), 4, 2, 3)
    assert reference.omega(size * dh, W_h, states) == pytest.approx(
        reference.omega(dh, W_h, states)
    )


def test_orthogonal_weights_keep_every_length_where_states_are_zero(reference):
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    dh, zeros = rng.normal(size=(5, 2, 4)), np.zeros((6, 2, 4))
    assert reference.omega(dh, rotation, zeros) == pytest.approx(0, abs=1e-20)
    assert np.abs(reference.omega_gradient(dh, rotation, zeros)).max() < 1e-14


def test_what_has_vanished_is_on_either_side_of_the_bound():
    dh, _, _ = vanished(np.random.default_rng(0), walk(np.random.default_rng(1), 5, 3, 3))
    squares = (dh**2).sum(axis=2)
    assert ((squares > 1e-22) & (squares < 1e-20)).any()  # short, not 0
    assert ((squares > 1e-20) & (squares < 1e-15)).any()  # nearly as short, and alive


# --- the network that the training question looks into -------------------------------------------


def test_the_notebook_looks_back_as_the_graded_gradients_do(reference):
    rng = np.random.default_rng(0)
    params = reference.init_recurrent("basic tanh", 6, 5, 4, rng)
    ids, classes = reference.temporal_order_batch(rng, 7, 10, 2)
    ours, theirs = (look(params, ids, classes) for look in (reference.look_back, LookBack()))
    for one, other in zip(ours[1:], theirs[1:], strict=True):
        assert np.allclose(one, other, rtol=1e-12, atol=0)
    for name, gradient in ours[0].items():
        assert np.allclose(gradient, theirs[0][name], rtol=1e-12, atol=1e-18), name


def test_a_gradient_of_the_network_is_its_difference_quotient(reference):
    rng = np.random.default_rng(1)
    params = reference.init_recurrent("basic tanh", 6, 5, 4, rng)
    ids, classes = reference.temporal_order_batch(rng, 3, 10, 2)
    grads, _, _ = reference.look_back(params, ids, classes)

    def loss(changed):
        scores = reference.scores_of(changed, ids)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return -logs[np.arange(3), classes].mean()

    for name, value in params.items():
        direction = rng.normal(size=value.shape)
        ahead, behind = (loss({**params, name: value + s * 1e-5 * direction}) for s in (1, -1))
        quotient = (ahead - behind) / 2e-5
        assert np.sum(grads[name] * direction) == pytest.approx(quotient, rel=1e-5, abs=1e-9)


# --- how what is drawn is judged -----------------------------------------------------------------


def found(reference, change, seed=3):
    """Return what the probe finds of sequences that were changed."""

    def changed(rng, batch, T, bits):
        return change(*reference.temporal_order_batch(rng, batch, T, bits))

    return marked_symbols(changed, np.random.default_rng(seed), DRAWN, 20, 2)


def test_two_generators_agree_and_what_never_comes_is_seen_once_in_thousands(reference):
    right = found(reference, lambda ids, classes: (ids, classes))
    compare = AlwaysAndOften()
    assert compare.difference(right, found(reference, lambda i, c: (i, c), seed=4)) is None

    def one_of_another_kind(ids, classes):
        ids[5, 0] = 6
        return ids, classes

    assert "never" in compare.difference(right, found(reference, one_of_another_kind))

    def one_wrong_class(ids, classes):
        classes[0] = 3 - classes[0]
        return ids, classes

    assert "class" in compare.difference(right, found(reference, one_wrong_class))


def test_shares_are_told_apart_as_the_assignment_says():
    """Places at the begin only (1/2), repeated symbols (3/4), the same class (1/2)."""
    for right, wrong in ((0.25, 0.5), (0.5, 0.75), (0.25, 0.5)):
        assert Shares().missed(right, wrong, CALLS * DRAWN, known=False) < 1e-6


def test_what_cannot_be_counted_is_a_difference(reference):
    compare = AlwaysAndOften()
    right = found(reference, lambda ids, classes: (ids, classes))
    for got in (None, [], {}, {**right, "symbols": None}, {**right, "symbols": Counter()}):
        assert compare.difference(right, got) is not None
