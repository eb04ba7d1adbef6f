"""Ω and its immediate gradient, against their formulas written out and central differences."""

import dataclasses

import numpy as np
import pytest

from nextword.dynamics.norm_preservation import NormPreservation
from nextword.dynamics.recurrent_runs import (
    BackwardPass,
    RecurrentRuns,
    RunSettings,
    RunSettingsError,
)
from nextword.dynamics.temporal_order import TemporalOrder


@pytest.fixture
def backward():
    """A pass back whose signals are what W_h makes of them, with slopes like tanh's."""
    rng = np.random.default_rng(0)
    runs, steps, batch, hidden = 2, 6, 3, 4
    W_h = rng.normal(size=(runs, hidden, hidden)) / 2
    slopes = rng.uniform(0.2, 1, size=(runs, steps, batch, hidden))
    signals = np.empty_like(slopes)
    signals[:, -1] = rng.normal(size=(runs, batch, hidden))
    for step in range(steps - 1, 0, -1):
        signals[:, step - 1] = (signals[:, step] * slopes[:, step]) @ W_h.swapaxes(1, 2)
    states = rng.uniform(-1, 1, size=(runs, steps + 1, batch, hidden))
    return BackwardPass(W_h, states, signals, slopes)


def omega(backward, W_h, form):
    """Ω by its formula, a step and a sequence at a time; signals and slopes are constants."""
    total = np.zeros(len(W_h))
    runs, steps, batch, _ = backward.signals.shape
    for run in range(runs):
        for sequence in range(batch):
            for step in range(1, steps):
                before = backward.signals[run, step, sequence]
                after = W_h[run] @ (before * backward.slopes[run, step, sequence])
                ratio = np.linalg.norm(after) / np.linalg.norm(before)
                total[run] += (ratio - 1) ** 2 if form == "paper" else (ratio**2 - 1) ** 2
    return total / (batch if form == "paper" else batch * (steps - 1))


@pytest.mark.parametrize("form", ["paper", "code"])
def test_its_value_is_the_formulas(backward, form):
    term = NormPreservation(1.0, form)
    np.testing.assert_allclose(term.value(backward), omega(backward, backward.W_h, form))


@pytest.mark.parametrize("form", ["paper", "code"])
def test_its_gradient_is_the_immediate_one(backward, form):
    step, expected = 1e-6, np.empty_like(backward.W_h)
    for place in np.ndindex(backward.W_h.shape[1:]):
        up, down = backward.W_h.copy(), backward.W_h.copy()
        up[:, *place] += step
        down[:, *place] -= step
        expected[:, *place] = (omega(backward, up, form) - omega(backward, down, form)) / (2 * step)
    found = NormPreservation(2.5, form)(backward)
    np.testing.assert_allclose(found, 2.5 * expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("form", ["paper", "code"])
def test_where_a_signal_has_vanished_nothing_is_said(backward, form):
    backward.signals[:, :3] = 0
    term = NormPreservation(4.0, form)
    whole, part = term(backward), term.value(backward)
    assert np.isfinite(whole).all()
    later = dataclasses.replace(
        backward, signals=backward.signals[:, 3:], slopes=backward.slopes[:, 3:]
    )
    np.testing.assert_allclose(part, term.value(later))
    np.testing.assert_allclose(whole, term(later))


@pytest.mark.parametrize("form", ["paper", "code"])
def test_a_turn_that_keeps_every_length_is_left_alone(backward, form):
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(2, 4, 4)))[0]
    kept = np.ones_like(backward.slopes)
    signals = backward.signals.copy()
    for step in range(signals.shape[1] - 1, 0, -1):
        signals[:, step - 1] = signals[:, step] @ turn.swapaxes(1, 2)
    still = dataclasses.replace(backward, W_h=turn, signals=signals, slopes=kept)
    np.testing.assert_allclose(NormPreservation(4.0, form)(still), 0, atol=1e-12)
    np.testing.assert_allclose(NormPreservation(4.0, form).value(still), 0, atol=1e-12)


def test_in_training_it_keeps_signals_longer():
    def after(terms):
        settings = RunSettings(updates=100, max_norm=1.0, n_hidden=10, terms=terms, check_size=10)
        seen = []

        def look(backward):
            seen.append(NormPreservation(1.0).value(backward).mean())
            return np.zeros_like(backward.W_h)

        watched = dataclasses.replace(settings, terms=(*terms, look))
        RecurrentRuns(TemporalOrder(20), watched, range(4)).train()
        return seen[-1]

    assert after((NormPreservation(4.0),)) < 0.8 * after(())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weight": -1.0}, "weight of 0 or more"),
        ({"weight": float("nan")}, "weight of 0 or more"),
        ({"form": "book"}, "'paper' or 'code'"),
    ],
)
def test_what_it_cannot_be_is_refused(settings, message):
    with pytest.raises(RunSettingsError, match=message):
        NormPreservation(**settings)


@pytest.mark.parametrize("form", ["paper", "code"])
def test_where_the_loss_is_of_every_step_ratios_are_of_what_is_passed_on(backward, form):
    loud = np.random.default_rng(1).normal(size=backward.signals.shape)
    through = (loud * backward.slopes)[:, 1:]
    between = through @ backward.W_h[:, None].swapaxes(-1, -2)
    many = dataclasses.replace(backward, signals=loud, between=between)
    term = NormPreservation(1.0, form)
    np.testing.assert_allclose(term.value(many), omega(many, backward.W_h, form))
    up, place = backward.W_h.copy(), (0, 1, 2)
    up[place] += 1e-6
    slope = (omega(many, up, form)[0] - omega(many, backward.W_h, form)[0]) / 1e-6
    assert term(many)[place] == pytest.approx(slope, rel=1e-3)


def test_a_weight_may_fall_like_one_over_the_number_of_updates(backward):
    whole = NormPreservation(4.0)(backward)
    for updates, share in ((0, 1), (100, 1 / 2), (300, 1 / 4)):
        later = dataclasses.replace(backward, updates=updates)
        falling = NormPreservation(4.0, halved_after=100)(later)
        np.testing.assert_allclose(falling, share * whole)
    with pytest.raises(RunSettingsError, match="halved_after above 0, got 0"):
        NormPreservation(halved_after=0)
