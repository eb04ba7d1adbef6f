"""Probes and recipes for training loops, torch modules, and arrays that are drawn at random."""

from collections import Counter

import numpy as np
import pytest
import torch

from autograder.guest.codec import encode
from autograder.guest.probes import tally_rows
from autograder.guest.recipes import Recipe
from tests.course_code import build, pick

module = pick("probes.torch_modules", "module")
trained, PositionModel = pick("probes.models", "trained PositionModel")

CONTEXTS = np.array([[0, 1], [2, 2], [1, 0]])
TARGETS = np.array([1, 0, 2])
PARAMS = {
    "votes": np.random.default_rng(0).normal(size=(2, 3, 3)),
    "bias": np.array([0.1, 0.0, -0.2]),
    "unused": None,
}


def test_a_position_model_gives_distributions_and_their_loss():
    log_probs = PositionModel.log_probs(PARAMS, CONTEXTS)
    assert np.allclose(np.exp(log_probs).sum(axis=1), 1)
    scores = PARAMS["bias"] + PARAMS["votes"][0, 0] + PARAMS["votes"][1, 1]
    assert np.allclose(log_probs[0] - log_probs[0, 0], scores - scores[0])
    loss = PositionModel.loss(PARAMS, CONTEXTS, TARGETS)
    assert loss == pytest.approx(-log_probs[np.arange(3), TARGETS].mean())


def test_the_gradients_of_a_position_model_are_those_of_its_loss():
    grads = PositionModel.gradients(PARAMS, CONTEXTS, TARGETS)
    assert grads["unused"] is None
    for name in ("votes", "bias"):
        for place in np.ndindex(PARAMS[name].shape):
            nudged = {k: None if v is None else v.copy() for k, v in PARAMS.items()}
            nudged[name][place] += 1e-6
            there = PositionModel.loss(nudged, CONTEXTS, TARGETS)
            slope = (there - PositionModel.loss(PARAMS, CONTEXTS, TARGETS)) / 1e-6
            assert grads[name][place] == pytest.approx(slope, abs=1e-5)


@pytest.mark.parametrize("vote", [np.nan, np.inf, 1e308, -800.0])
def test_a_training_that_explodes_is_told_by_its_numbers_whatever_numpy_was_told_to_do(vote):
    """A notebook may have made numpy raise what it would warn of."""
    params = PARAMS | {"votes": np.full((2, 3, 3), vote)}
    params["votes"][:, :, 0] = 800.0
    with np.errstate(all="raise"):
        loss = PositionModel.loss(params, CONTEXTS, TARGETS)
        grads = PositionModel.gradients(params, CONTEXTS, TARGETS)
    assert np.isnan(loss) == (not np.isfinite(2 * vote))
    assert np.isnan(grads["bias"]).any() == np.isnan(loss)


def test_a_clock_counts_its_steps():
    loss, gradients = (
        build(Recipe("clock loss", ([3.0, 2.0, 5.0],))),
        build(Recipe("clock gradients")),
    )
    x = np.zeros(1)
    seen = []
    for _ in range(5):
        seen.append(loss({"x": x}, CONTEXTS, TARGETS))
        x = x - 1.0 * gradients({"x": x}, CONTEXTS, TARGETS)["x"]
    assert seen == [3.0, 2.0, 5.0, 5.0, 5.0]
    assert loss({"x": np.array([-4.0])}, CONTEXTS, TARGETS) == 3.0


def one_step(params, train, valid, loss, gradients, rng, noise=0.0):
    grads = gradients(params, *train)
    params = {
        k: None if p is None else p - 0.5 * grads[k] + noise * rng.random(p.shape)
        for k, p in params.items()
    }
    return params, [loss(params, *valid)]


def outcome(function, *more, **options):
    text = (CONTEXTS, TARGETS)
    functions = (build(Recipe("position loss")), build(Recipe("position gradients")))
    rng = np.random.default_rng(0)
    return trained(function, CONTEXTS[:2], PARAMS, text, text, *functions, rng, *more, **options)


def test_a_training_is_described_by_what_the_trained_model_says():
    found = outcome(one_step)
    assert found["log_probs"].shape == (2, 3)
    assert found["valid_losses"] == [pytest.approx(found["of_returned"])]
    assert found["of_returned"] < PositionModel.loss(PARAMS, CONTEXTS, TARGETS)
    assert found["shapes"] == {"votes": (2, 3, 3), "bias": (3,), "unused": "None"}
    assert found["the same again"] is True
    encode(found)


def test_a_training_is_repeated_with_a_generator_in_the_same_state():
    assert outcome(one_step, noise=0.1)["the same again"] is True

    def by_global_chance(params, train, valid, loss, gradients, rng):
        rng = np.random.default_rng()
        return one_step(params, train, valid, loss, gradients, rng, noise=0.1)

    assert outcome(by_global_chance)["the same again"] is False


class Linear(torch.nn.Module):
    def __init__(self, params, names=("C", "b")):
        super().__init__()
        for name in names:
            self.register_parameter(name, torch.nn.Parameter(torch.tensor(params[name])))
        self.b = getattr(self, "b", torch.tensor(params["b"]))

    def forward(self, contexts):
        return torch.log_softmax(self.C[contexts].sum(1) + self.b, dim=1)


LINEAR = {"C": np.random.default_rng(1).normal(size=(3, 3)), "b": np.zeros(3)}


class Turned(torch.nn.Module):
    """The same model with its table transposed and cut in two."""

    def __init__(self, params):
        super().__init__()
        table = torch.tensor(params["C"]).T
        self.parts = torch.nn.ParameterList([table[:1].clone(), table[1:].clone()])
        self.bias = torch.nn.Parameter(torch.tensor(params["b"]))

    def forward(self, contexts):
        table = torch.cat(list(self.parts)).T
        return torch.log_softmax(table[contexts].sum(1) + self.bias, dim=1)


def test_a_module_is_trained_alike_however_its_parameters_are_kept():
    ours, theirs = (module(m, 3, 0.5, LINEAR, CONTEXTS, TARGETS) for m in (Linear, Turned))
    assert ours["is a module"]
    assert ours["trainable"] == theirs["trainable"] == 12
    assert np.allclose(ours["before"], theirs["before"])
    assert np.allclose(ours["after"], theirs["after"])
    assert not np.allclose(ours["before"], ours["after"])
    encode(ours)


def test_what_is_not_registered_is_not_trained_and_is_seen():
    def without_bias(params):
        return Linear(params, names=("C",))

    full, part = (module(m, 3, 0.5, LINEAR, CONTEXTS, TARGETS) for m in (Linear, without_bias))
    assert part["trainable"] == 9
    assert np.allclose(full["before"], part["before"])
    assert not np.allclose(full["after"], part["after"])


def test_a_module_without_parameters_stays_as_it_is():
    class Fixed(torch.nn.Module):
        def forward(self, contexts):
            return torch.zeros(len(contexts), 3)

    found = module(lambda params: Fixed(), 3, 0.5, LINEAR, CONTEXTS, TARGETS)
    assert found["trainable"] == 0
    assert np.array_equal(found["before"], found["after"])


def test_rows_are_tallied_over_all_arrays_of_one_call():
    def halves(x):
        y = x.copy()
        y[::2] = 0
        return y, torch.tensor(y[:, :1] > 0)

    assert tally_rows(halves, 10, np.array([1.0, 2.0])) == Counter(
        {(0.0, 0.0, 0.0): 5, (1.0, 2.0, 1.0): 5}
    )
    assert tally_rows(lambda x: x, 4, np.array([7.0])) == Counter({(7.0,): 4})
