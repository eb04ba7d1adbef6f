"""Probes for functions that clip gradients and take steps."""

import numpy as np
import pytest
import torch

from autograder.guest.codec import decode, encode
from autograder.guest.probes import fresh
from autograder.guest.recipes import Recipe
from tests.course_code import build, pick

PositionModel = pick("probes.models", "PositionModel")
HEIGHTS, clipped_training, moves = pick("probes.steps", "HEIGHTS clipped_training moves")
torch_steps = pick("probes.torch_modules", "torch_steps")

GRADS = {"W": np.array([[1.0, 2.0]]), "b": np.array(3.0)}


def copied(grads):
    return {name: np.array(grad) for name, grad in grads.items()}


def test_a_copy_is_fresh():
    found = fresh(copied, copied(GRADS))
    assert found["with inputs as they were"] is True
    assert found["with new arrays"] is True
    assert found["returned"]["b"] == 3.0


@pytest.mark.parametrize(
    "keeps",
    [
        lambda grads: grads,
        lambda grads: {"W": grads["W"].T, "b": 0},
        lambda grads: [grads["b"][...]],
        lambda grads: {"W": torch.from_numpy(grads["W"])},
    ],
)
def test_what_shares_memory_with_an_input_is_not_new(keeps):
    found = fresh(keeps, copied(GRADS))
    assert found["with new arrays"] is False
    assert found["with inputs as they were"] is True


def test_a_change_in_place_is_seen_also_of_nan_and_not_that_of_a_generator():
    def doubles(grads, rng):
        rng.normal()
        grads["W"] *= 2
        return copied(grads)

    def draws(grads, rng):
        rng.normal()
        return copied(grads)

    assert (
        fresh(doubles, copied(GRADS), np.random.default_rng(0))["with inputs as they were"] is False
    )
    spoiled = copied(GRADS) | {"b": np.array(np.nan)}
    assert fresh(draws, spoiled, np.random.default_rng(0))["with inputs as they were"] is True


def test_moves_measures_lengths_and_shares():
    def step(params, rng):
        drawn = rng.normal(size=4)
        drawn *= 0.5 / np.linalg.norm(drawn)
        return {"W": params["W"] + drawn[:3], "b": params["b"] + drawn[3]}

    found = moves(step, 4_000, {"W": np.ones(3), "b": np.array(2.0)}, np.random.default_rng(0))
    assert found["shapes"] == {"W": (3,), "b": ()}
    assert found["least length"] == pytest.approx(0.5)
    assert found["most length"] == pytest.approx(0.5)
    assert found["the same again"] is True
    assert found["different steps"] == 4_000
    for key, columns in (
        ("shares of all entries", 1),
        ("shares at each place", 4),
        ("shares of turned entries", 1),
        ("shares at each turned place", 4),
    ):
        shares = np.reshape(found[key], (columns, len(HEIGHTS)))
        assert np.abs(shares[:, len(HEIGHTS) // 2] - 0.5).max() < 0.05
        assert np.abs(shares[:, np.searchsorted(HEIGHTS, 1.0)] - 0.8413).max() < 0.05
    assert found["shares in each array"].shape == (2, len(HEIGHTS))


def test_moves_survives_steps_of_no_length_and_of_nan():
    for value in (0.0, np.nan):
        found = moves(lambda params, value=value: {"b": params["b"] + value}, 5, {"b": np.ones(2)})
        assert np.array_equal(found["most length"], value, equal_nan=True)
        assert found["different steps"] == (1 if value == 0 else 5)  # nan equals nothing
        encode(found)


def test_a_training_is_measured_by_what_the_model_says_and_how_far_it_went():
    rng = np.random.default_rng(0)
    params = {"votes": rng.normal(size=(2, 3, 3)), "bias": np.zeros(3)}
    contexts = np.array([[0, 1], [2, 2]])

    def shifted(params, batches, rng):
        return {**params, "bias": params["bias"] + [3.0, 0.0, 4.0]}, np.array([1, 2])

    found = clipped_training(shifted, contexts, params, [], rng)
    assert found["distance"] == pytest.approx(5)
    assert found["norms"] == [1.0, 2.0]
    assert found["the same again"] is True
    after = shifted(params, [], rng)[0]
    assert np.allclose(found["log_probs"], PositionModel.log_probs(after, contexts))

    def by_chance(params, batches, rng):
        return {**params, "bias": params["bias"] + np.random.default_rng().normal(size=3)}, []

    assert clipped_training(by_chance, contexts, params, [], rng)["the same again"] is False


def test_torch_steps_begin_with_old_gradients_and_a_parameter_without_one():
    rng = np.random.default_rng(0)
    params = {"votes": rng.normal(size=(2, 3, 3)), "bias": np.zeros(3)}
    batches = [(np.array([[0, 1], [2, 2]]), np.array([1, 0]))] * 3
    seen = []

    def looks(module, optimizer, loss, threshold):
        seen.append({name: p.grad is None for name, p in module.named_parameters()})
        module.zero_grad()
        loss.backward()
        optimizer.step()
        seen.append(module.weights["bias"].grad.clone())
        return threshold

    found = torch_steps(looks, params, batches, [1.0, 2.0, np.inf], 0.1, 7.0)
    assert found["norms"] == [7.0] * 3
    assert list(seen[0].values()).count(True) == 1
    expected = PositionModel.gradients(params, *batches[0])
    assert np.allclose(seen[1], expected["bias"])
    assert torch.isinf(seen[5]).tolist() == [True, False, False]
    assert np.isfinite(found["votes"].numpy()).all()
    assert np.array_equal(params["bias"], np.zeros(3)), "parameters that came stay as they are"


def test_recipes_and_outcomes_cross():
    recipes = [
        Recipe("spiking gradients", (float("nan"),)),
        Recipe("listed gradients", ([{"b": np.ones(2)}],)),
        Recipe("cliff gradient", (0.5, (0.0, 1.0), 3.0, 4.0, (1.0, 0.0), 0.5)),
    ]
    for recipe in recipes:
        again = decode(encode(recipe))
        assert again.name == recipe.name
        assert callable(build(again))
