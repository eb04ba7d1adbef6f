import dataclasses

import numpy as np
import pytest
import torch

from nextword.dynamics.recall import NoiselessMemorisation
from nextword.dynamics.recurrent_runs import (
    BackwardPass,
    RecurrentRuns,
    Run,
    RunSettings,
    RunSettingsError,
    WeightPenalty,
    share_wrong,
)
from nextword.dynamics.tasks import MixedLengths
from nextword.dynamics.temporal_order import TemporalOrder

TASK = TemporalOrder(12)
EXACT = RunSettings(updates=4, n_hidden=7, batch_size=5, number_format="float64", check_size=50)


def batches(n_runs, settings=EXACT, task=TASK):
    rng = np.random.default_rng(5)
    drawn = [task.draw(rng, settings.batch_size) for _ in range(n_runs)]
    return np.stack([inputs for inputs, _ in drawn]), np.stack([answers for _, answers in drawn])


def by_torch(inner, outer, inputs, answers):
    """Return loss and gradients of one run by automatic differentiation."""
    inner, outer = (torch.tensor(weights, requires_grad=True) for weights in (inner, outer))
    n_hidden = inner.shape[1]
    state = torch.zeros(len(inputs), n_hidden, dtype=inner.dtype)
    for read in torch.tensor(inputs, dtype=inner.dtype).swapaxes(0, 1):
        state = torch.tanh(state @ inner[:n_hidden] + read @ inner[n_hidden:-1] + inner[-1])
    outputs = state @ outer[:-1] + outer[-1]
    loss = torch.nn.functional.cross_entropy(outputs, torch.tensor(answers))
    return [loss.item(), *(g.numpy() for g in torch.autograd.grad(loss, (inner, outer)))]


def test_losses_and_gradients_of_all_runs_are_those_of_torch():
    runs = RecurrentRuns(TASK, EXACT, [0, 1, 2])
    runs.inner *= 5  # far from the beginning, where all is nearly linear
    inputs, answers = batches(3)
    found = runs.gradients(inputs, answers)
    for number in range(3):
        expected = by_torch(runs.inner[number], runs.outer[number], inputs[number], answers[number])
        for ours, theirs in zip(found, expected, strict=True):
            assert np.allclose(ours[number], theirs, rtol=1e-10, atol=1e-12)


def test_a_step_goes_down_the_gradient_and_notes_loss_and_joint_norm():
    runs = RecurrentRuns(TASK, EXACT, [0, 1])
    inputs, answers = batches(2)
    losses, by_inner, by_outer = runs.gradients(inputs, answers)
    before = runs.inner.copy(), runs.outer.copy()
    runs.update(inputs, answers)
    assert np.allclose(runs.inner, before[0] - 0.01 * by_inner)
    assert np.allclose(runs.outer, before[1] - 0.01 * by_outer)
    for number, run in enumerate(runs.runs):
        assert run.losses == [pytest.approx(losses[number])]
        joint = np.concatenate([by_inner[number].ravel(), by_outer[number].ravel()])
        assert run.norms == [pytest.approx(np.linalg.norm(joint))]


def moved(**limits):
    """Return how far, and where, one step of a run with a long gradient goes, and the gradient."""
    settings = dataclasses.replace(EXACT, learning_rate=1.0, **limits)
    runs = RecurrentRuns(TASK, settings, [3])
    runs.outer *= 20
    inputs, answers = batches(1)
    unlimited = RecurrentRuns(TASK, EXACT, [3])
    unlimited.outer *= 20
    _, *gradients = unlimited.gradients(inputs, answers)
    before = np.concatenate([runs.inner.ravel(), runs.outer.ravel()])
    runs.update(inputs, answers)
    after = np.concatenate([runs.inner.ravel(), runs.outer.ravel()])
    return before - after, np.concatenate([g.ravel() for g in gradients])


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def test_a_clipped_norm_keeps_the_direction_and_has_the_length():
    step, gradient = moved(max_norm=0.05)
    assert np.linalg.norm(gradient) > 0.05
    assert np.linalg.norm(step) == pytest.approx(0.05)
    assert cosine(step, gradient) == pytest.approx(1)


def test_a_short_gradient_is_left_alone_by_all_limits():
    for limit in ("max_norm", "max_value", "max_signal", "random_above"):
        step, gradient = moved(**{limit: 1e6})
        assert np.allclose(step, gradient), limit


def test_clipped_values_bend_the_direction_but_go_down():
    step, gradient = moved(max_value=0.01)
    assert np.allclose(step, np.clip(gradient, -0.01, 0.01))
    assert 0 < cosine(step, gradient) < 0.999


def test_a_clipped_signal_bounds_what_each_step_passes_on():
    seen = []

    def look(backward: BackwardPass):
        seen.append(np.abs(backward.signals).max())
        return np.zeros_like(backward.W_h)

    moved(max_signal=0.02, terms=(look,))
    assert seen == [pytest.approx(0.02 / EXACT.batch_size)]


def test_a_random_step_has_the_length_and_another_direction():
    step, gradient = moved(random_above=0.05)
    assert np.linalg.norm(step) == pytest.approx(0.05)
    assert abs(cosine(step, gradient)) < 0.5


def test_a_term_is_added_before_clipping():
    step, gradient = moved(terms=(WeightPenalty(l2=100.0),), max_norm=0.05)
    assert np.linalg.norm(step) == pytest.approx(0.05)
    W_h = RecurrentRuns(TASK, EXACT, [3]).inner[0, :7]
    assert cosine(step[: 7 * 7], W_h.ravel()) > 0.9
    assert cosine(gradient[: 7 * 7], W_h.ravel()) < 0.9


def test_penalties_are_derivatives_of_what_they_say():
    W_h = np.array([[[0.5, -2.0], [0.0, 1.0]]])
    nothing = np.zeros((1, 1, 1, 2))
    backward = BackwardPass(W_h, nothing, nothing, nothing)
    assert WeightPenalty(l2=0.1)(backward).tolist() == (0.1 * W_h).tolist()
    assert WeightPenalty(l1=0.1)(backward).tolist() == [[[0.1, -0.1], [0.0, 0.1]]]


def test_a_run_is_the_same_alone_and_beside_others():
    settings = RunSettings(updates=30, check_every=10, check_size=100, learning_rate=0.05)
    alone = RecurrentRuns(TASK, settings, [4]).train()[0]
    beside = RecurrentRuns(TASK, settings, [9, 4, 2]).train()[1]
    assert alone.losses == beside.losses
    assert alone.norms == beside.norms
    assert np.array_equal(alone.inner, beside.inner)


def test_methods_see_the_same_beginning_and_the_same_sequences():
    first = []
    for limits in ({}, {"max_norm": 1e-3}, {"max_value": 1e-3}):
        settings = dataclasses.replace(EXACT, check_every=10, **limits)
        first.append(RecurrentRuns(TASK, settings, [1]).train()[0].losses[0])
    assert len(set(first)) == 1


def test_a_short_problem_is_solved_and_a_solved_run_stops():
    seen = []
    settings = RunSettings(updates=3_000, check_every=100, max_norm=1.0)
    runs = RecurrentRuns(TemporalOrder(10), settings, [0, 1])
    found = runs.train(watch=lambda going: seen.append(len(going.inner)))
    for run in found:
        assert run.solved_at is not None
        assert run.solved_at % 100 == 0
        assert len(run.losses) == run.solved_at
        assert run.wrong[-1] < 0.01 <= min(run.wrong[:-1])
        assert run.recurrent_weights.shape == (50, 50)
    assert seen[-1] == 0
    task = TemporalOrder(10)
    inputs, answers = task.draw(np.random.default_rng(77), 2_000)
    state = np.zeros((2_000, 50))
    for read in inputs.swapaxes(0, 1):
        state = np.tanh(
            state @ found[0].recurrent_weights + read @ found[0].inner[50:-1] + found[0].inner[-1]
        )
    outputs = state @ found[0].outer[:-1] + found[0].outer[-1]
    assert np.mean(outputs.argmax(axis=1) != answers) < 0.02


def test_a_run_whose_gradient_is_no_number_ends_there_and_harms_no_other():
    settings = dataclasses.replace(EXACT, updates=6, check_every=3)
    untouched = RecurrentRuns(TASK, settings, [1]).train()[0]
    runs = RecurrentRuns(TASK, settings, [0, 1])
    runs.inner[0, 0, 0] = np.nan
    broken, other = runs.train()
    assert (broken.broken_at, broken.solved_at) == (1, None)
    assert len(broken.norms) == 1
    assert other.broken_at is None
    assert other.losses == untouched.losses


def test_all_runs_may_break():
    runs = RecurrentRuns(TASK, EXACT, [0, 1])
    runs.outer[:] = np.inf
    assert [run.broken_at for run in runs.train()] == [1, 1]


def test_training_can_go_on_from_a_run_at_another_length():
    run = RecurrentRuns(TASK, EXACT, [0]).train()[0]
    runs = RecurrentRuns(TemporalOrder(20), EXACT, [5, 6], begin_with=run)
    assert np.array_equal(runs.inner[0], run.inner)
    assert np.array_equal(runs.inner[1], run.inner)
    assert runs.train()[0].losses != runs.runs[1].losses


def test_weights_of_another_shape_are_refused():
    with pytest.raises(RunSettingsError, match=r"to begin with, got \(0, 0\); was that run"):
        RecurrentRuns(TASK, EXACT, [0], begin_with=Run(0))


@pytest.mark.parametrize("seeds", [[], [1, 1]])
def test_seeds_are_some_and_each_stands_once(seeds):
    with pytest.raises(RunSettingsError, match="each once"):
        RecurrentRuns(TASK, EXACT, seeds)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"updates": 0}, "updates of 1 or more, got 0"),
        ({"batch_size": 0}, "batch_size of 1 or more"),
        ({"n_hidden": 0}, "n_hidden of 1 or more"),
        ({"check_every": 0}, "check_every of 1 or more"),
        ({"check_size": 0}, "check_size of 1 or more"),
        ({"learning_rate": 0.0}, "learning_rate above 0 and finite, got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate above 0 and finite, got nan"),
        ({"max_norm": 0.0}, "max_norm above 0"),
        ({"max_norm": float("inf")}, "max_norm above 0 and finite, got inf"),
        ({"max_value": -1.0}, "max_value above 0"),
        ({"max_signal": -1.0}, "max_signal above 0"),
        ({"random_above": 0.0}, "random_above above 0"),
        ({"start_std": 0.0}, "start_std above 0"),
        ({"solved_below": 0.0}, "solved_below above 0"),
        ({"number_format": "float16"}, "'float32' or 'float64', got 'float16'"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, message):
    with pytest.raises(RunSettingsError, match=message):
        RunSettings(**{"updates": 5, **wrong})


@pytest.mark.parametrize("unit", ["sigmoid", "relu"])
def test_gradients_of_other_units_are_differences_of_the_loss(unit):
    task = TemporalOrder(10)
    settings = RunSettings(
        updates=1, n_hidden=6, batch_size=4, unit=unit, start="sparse", number_format="float64"
    )
    runs = RecurrentRuns(task, settings, [0])
    inputs, answers = (each[None] for each in task.draw(np.random.default_rng(1), 4))
    _, by_inner, _ = runs.gradients(inputs, answers)
    for place in [(0, 0, 0), (0, 7, 3), (0, 12, 5)]:
        losses = []
        for step in (1e-6, -2e-6):
            runs.inner[place] += step
            losses.append(runs.gradients(inputs, answers)[0][0])
        runs.inner[place] += 1e-6
        assert by_inner[place] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5, abs=1e-9)


def test_a_resumed_training_ends_as_if_it_had_not_been_interrupted():
    task = TemporalOrder(10)
    settings = RunSettings(
        updates=60, learning_rate=0.1, check_every=20, check_size=1_000, random_above=0.05
    )
    whole = RecurrentRuns(task, settings, range(3)).train()
    kept = []
    RecurrentRuns(task, settings, range(3)).train(lambda runs: kept.append(runs.as_arrays()))
    for arrays in kept:
        again = RecurrentRuns(task, settings, range(3))
        again.resume(arrays)
        for one, other in zip(again.train(), whole, strict=True):
            assert (one.losses, one.norms, one.wrong) == (other.losses, other.norms, other.wrong)
            assert (one.inner == other.inner).all()
            assert (one.outer == other.outer).all()


def test_runs_of_other_seeds_or_shapes_are_not_resumed():
    task = TemporalOrder(10)
    arrays = RecurrentRuns(task, RunSettings(updates=1), [0, 1]).as_arrays()
    with pytest.raises(RunSettingsError, match="these seeds"):
        RecurrentRuns(task, RunSettings(updates=1), [0, 2]).resume(arrays)
    with pytest.raises(RunSettingsError, match="expected weights"):
        RecurrentRuns(task, RunSettings(updates=1, n_hidden=20), [0, 1]).resume(arrays)


MANY = NoiselessMemorisation(3, 2, 2)


def test_gradients_of_answers_at_every_step_are_those_of_torch():
    runs = RecurrentRuns(MANY, EXACT, [0, 1])
    runs.inner *= 5
    inputs, answers = batches(2, task=MANY)
    found = runs.gradients(inputs, answers)
    for number in range(2):
        inner, outer = (
            torch.tensor(weights[number], requires_grad=True)
            for weights in (runs.inner, runs.outer)
        )
        state, losses = torch.zeros(5, 7, dtype=inner.dtype), []
        for step in range(MANY.length):
            read = torch.tensor(inputs[number, :, step], dtype=inner.dtype)
            state = torch.tanh(state @ inner[:7] + read @ inner[7:-1] + inner[-1])
            outputs = state @ outer[:-1] + outer[-1]
            losses.append(
                torch.nn.functional.cross_entropy(
                    outputs, torch.tensor(answers[number, :, step], dtype=torch.int64)
                )
            )
        loss = torch.stack(losses).mean()
        expected = [loss.item(), *torch.autograd.grad(loss, (inner, outer))]
        for ours, theirs in zip(found, expected, strict=True):
            assert np.allclose(ours[number], theirs, rtol=1e-10, atol=1e-12)


def test_a_term_sees_what_each_step_passes_on_apart_from_what_the_loss_says_there():
    seen = []

    def look(backward: BackwardPass):
        seen.append(backward)
        return np.zeros_like(backward.W_h)

    settings = dataclasses.replace(EXACT, terms=(look,))
    for task in (MANY, TASK):
        RecurrentRuns(task, settings, [0, 1]).gradients(*batches(2, task=task))
        (backward,) = seen
        through = backward.signals[:, 1:] * backward.slopes[:, 1:]
        back = backward.W_h[:, None].swapaxes(-1, -2)
        assert np.allclose(through @ back, backward.passed, rtol=1e-12, atol=0)
        assert np.allclose(backward.passed, backward.signals[:, :-1]) == (task is TASK)
        seen.clear()


def test_a_network_that_answers_at_every_step_learns_to_give_a_pattern_back():
    settings = RunSettings(updates=3_000, learning_rate=0.5, max_norm=1.0, n_hidden=20)
    (run,) = RecurrentRuns(NoiselessMemorisation(1, 2, 1), settings, [0]).train()
    assert run.solved_at is not None
    again = share_wrong(
        [run], NoiselessMemorisation(1, 2, 1), "tanh", np.random.default_rng(9), 1500
    )
    assert again[0] < 0.02


MIXED = MixedLengths(TemporalOrder, 10, 16)


def test_each_update_learns_from_its_length_and_a_resumed_training_ends_the_same():
    settings = RunSettings(
        updates=40, n_hidden=7, learning_rate=0.1, check_every=20, check_size=2_500
    )
    kept, lengths = [], []

    class Watched(RecurrentRuns):
        def update(self, inputs, answers):
            lengths.append(inputs.shape[2])
            super().update(inputs, answers)

    whole = Watched(MIXED, settings, range(2)).train(lambda runs: kept.append(runs.as_arrays()))
    assert lengths == [MIXED.at(update).length for update in range(40)]
    again = RecurrentRuns(MIXED, settings, range(2))
    again.resume(kept[0])
    for one, other in zip(again.train(), whole, strict=True):
        assert (one.losses, one.wrong) == (other.losses, other.wrong)
        assert (one.inner == other.inner).all()


def test_a_run_may_be_asked_at_any_length():
    weights = RecurrentRuns(TASK, dataclasses.replace(EXACT, updates=1), [0, 1]).train()
    for run in weights:
        run.outer[:-1], run.outer[-1] = 0, [0, 0, 0, 9]  # always BB
    shares = share_wrong(weights, TemporalOrder(31), "tanh", np.random.default_rng(0), 2_500)
    assert shares == pytest.approx([0.75, 0.75], abs=0.03)
    assert shares[0] == shares[1]
