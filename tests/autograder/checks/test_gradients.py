"""What must hold of the reference functions of assignment 05, and of what its checks draw."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.material import load_material
from tests.course_code import build, module, pick

basin_boundary = module("gradients.basin_boundary")
conditions = module("gradients.conditions")
fixed_points = module("gradients.fixed_points")
gradient_norm_by_gap = module("gradients.gradient_norm_by_gap")
power_iteration = module("gradients.power_iteration")
NEVER_EXPLODES, NORM_EXPLODES, ONLY_SHRINKS, Refutation = pick(
    "gradients.claims", "NEVER_EXPLODES NORM_EXPLODES ONLY_SHRINKS Refutation"
)
at_the_threshold, blocks, draw_states, draw_weights, folds = pick(
    "gradients.drawing", "at_the_threshold blocks draw_states draw_weights folds"
)
rotation, sheared, skewed, two_attractors = pick(
    "gradients.drawing", "rotation sheared skewed two_attractors"
)

SEEDS = st.integers(0, 10_000)
SIZES = st.integers(1, 5)
CLAIMS = st.sampled_from([NEVER_EXPLODES, ONLY_SHRINKS, NORM_EXPLODES])
ACTIVATIONS = {
    "tanh": np.tanh,
    "logistic": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: np.maximum(a, 0),
    "identity": lambda a: a,
}


@pytest.fixture(scope="module")
def reference(course):
    return load_material(course.assignment("05_gradients")).reference


def slopes_of(f, x, step=1e-6):
    """Return the Jacobian of f at x by central differences, a row for each number of f."""
    columns = [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(len(x))]
    return np.array(columns).T


def network(seed, size, steps, scale=1.2):
    rng = np.random.default_rng(seed)
    W_h = draw_weights(rng, size, scale)
    return rng, W_h, draw_states(rng, W_h, steps)


# --- Jacobians -----------------------------------------------------------------------------------


@given(seed=SEEDS, size=SIZES, activation=st.sampled_from(sorted(ACTIVATIONS)))
@settings(deadline=None)
def test_one_step_agrees_with_central_differences(reference, seed, size, activation):
    rng = np.random.default_rng(seed)
    W_h, before, read = draw_weights(rng, size), rng.normal(size=size), rng.normal(size=size)

    def step(h):
        return ACTIVATIONS[activation](h @ W_h + read)

    jacobian = reference.step_jacobian(W_h, step(before), activation)
    np.testing.assert_allclose(jacobian, slopes_of(step, before), atol=1e-7)


@given(seed=SEEDS, size=SIZES, k=st.integers(0, 5), factors=st.integers(0, 5))
@settings(deadline=None)
def test_many_steps_agree_with_central_differences_and_with_one_step(
    reference, seed, size, k, factors
):
    _, W_h, states = network(seed, size, k + factors)
    read = np.arctanh(states[1:]) - states[:-1] @ W_h

    def walk(h):
        for i in range(k, k + factors):
            h = np.tanh(h @ W_h + read[i])
        return h

    product = reference.jacobian_product(W_h, states, k + factors, k)
    np.testing.assert_allclose(product, slopes_of(walk, states[k]), atol=1e-6)
    by_step = np.eye(size)
    for i in range(k + 1, k + factors + 1):
        by_step = reference.step_jacobian(W_h, states[i], "tanh") @ by_step
    np.testing.assert_allclose(product, by_step, atol=1e-12)


@given(seed=SEEDS, size=SIZES, cut=st.integers(0, 6))
@settings(deadline=None)
def test_a_way_is_its_two_parts(reference, seed, size, cut):
    _, W_h, states = network(seed, size, 6)
    first, second = (reference.jacobian_product(W_h, states, t, k) for t, k in ((cut, 0), (6, cut)))
    whole = reference.jacobian_product(W_h, states, 6, 0)
    np.testing.assert_allclose(second @ first, whole, atol=1e-12)


@given(seed=SEEDS, size=SIZES, steps=st.integers(1, 6))
@settings(deadline=None)
def test_components_sum_to_the_gradient_of_torch(reference, seed, size, steps):
    rng = np.random.default_rng(seed)
    values = {
        "W_h": draw_weights(rng, size),
        "W_x": rng.normal(size=(3, size)),
        "b": rng.normal(size=size),
    }
    read, start, d_state = (rng.normal(size=shape) for shape in ((steps, 3), size, size))
    weights = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    states = [torch.tensor(np.tanh(start))]
    for row in torch.tensor(read):
        inside = states[-1] @ weights["W_h"] + row @ weights["W_x"] + weights["b"]
        states.append(torch.tanh(inside))
    (states[-1] @ torch.tensor(d_state)).backward()
    seen = torch.stack(states).detach().numpy()
    parts = reference.temporal_components(values["W_h"], seen, read, d_state)
    for name, weight in weights.items():
        assert parts[name].shape == (steps, *values[name].shape)
        np.testing.assert_allclose(parts[name].sum(axis=0), weight.grad.numpy(), atol=1e-12)


@given(seed=SEEDS, size=SIZES, steps=st.integers(1, 6))
@settings(deadline=None)
def test_a_component_is_the_product_of_its_three_factors(reference, seed, size, steps):
    rng, W_h, states = network(seed, size, steps)
    read, d_state = rng.normal(size=(steps, 2)), rng.normal(size=size)
    parts = reference.temporal_components(W_h, states, read, d_state)
    for k in range(1, steps + 1):
        carried = d_state @ reference.jacobian_product(W_h, states, steps, k)
        signal = carried * (1 - states[k] ** 2)
        np.testing.assert_allclose(parts["b"][k - 1], signal, atol=1e-12)
        np.testing.assert_allclose(parts["W_h"][k - 1], np.outer(states[k - 1], signal), atol=1e-12)
        np.testing.assert_allclose(parts["W_x"][k - 1], np.outer(read[k - 1], signal), atol=1e-12)


@given(seed=SEEDS, size=SIZES, lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4))
@settings(deadline=None)
def test_norms_by_gap_are_those_of_jacobian_products_and_blind_to_padding(
    reference, seed, size, lengths
):
    rng = np.random.default_rng(seed)
    batch = gradient_norm_by_gap._batch(rng, size, 7, np.array(lengths))
    W_h, states, _, d_last = batch
    norms = reference.gradient_norm_by_gap(*batch)
    assert norms.shape == (max(lengths) + 1,)
    for gap, norm in enumerate(norms):
        expected = [
            np.linalg.norm(d @ reference.jacobian_product(W_h, h, n, n - gap))
            for h, n, d in zip(states, lengths, d_last, strict=True)
            if n >= gap
        ]
        assert norm == pytest.approx(np.mean(expected))
    for row, length in zip(states, lengths, strict=True):
        row[length + 1 :] = 7.0
    np.testing.assert_array_equal(reference.gradient_norm_by_gap(*batch), norms)


# --- spectra, bounds and conditions --------------------------------------------------------------


@given(seed=SEEDS, size=SIZES, power=st.integers(1, 4))
@settings(deadline=None)
def test_the_radius_of_a_power_is_the_power_of_the_radius_and_at_most_the_norm(
    reference, seed, size, power
):
    W = draw_weights(np.random.default_rng(seed), size)
    radius = reference.spectral_radius(W)
    raised = reference.spectral_radius(np.linalg.matrix_power(W, power))
    assert raised == pytest.approx(radius**power, rel=1e-6, abs=1e-9)
    assert radius <= np.linalg.norm(W, 2) * (1 + 1e-9)


@given(seed=SEEDS)
@settings(deadline=None)
def test_power_iteration_has_come_to_the_radius_wherever_the_start_was(reference, seed):
    rng = np.random.default_rng(seed)
    for each in power_iteration.draw(rng, reference):
        W, n_iter, _ = each.args
        if W.shape[0] != W.shape[1] or n_iter < 1:
            continue
        for start in (0, seed):
            found = reference.power_iteration(W, n_iter, np.random.default_rng(start))
            expected = reference.spectral_radius(W)
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-7), each


@given(seed=SEEDS, size=SIZES, gap=st.integers(0, 12), scale=st.floats(0.2, 2))
@settings(deadline=None)
def test_no_product_is_above_its_bound(reference, seed, size, gap, scale):
    _, W_h, states = network(seed, size, 12, scale)
    norm = np.linalg.norm(reference.jacobian_product(W_h, states, 12, 12 - gap), 2)
    assert norm <= reference.vanishing_bound(W_h, 1.0, gap) * (1 + 1e-9)


@given(seed=SEEDS)
@settings(deadline=None)
def test_conditions_exclude_each_other_and_cases_keep_their_distance(reference, seed):
    rng = np.random.default_rng(seed)
    drawn = [*conditions.by_norm(rng), *conditions.norm_specials(rng, -1)]
    answers = []
    for W, gamma in drawn:
        if W.shape[0] != W.shape[1] or gamma <= 0:
            continue
        vanish, explode = reference.must_vanish(W, gamma), reference.may_explode(W, gamma)
        assert not (vanish and explode)
        scaled = gamma * np.linalg.norm(W.astype(float), 2)
        assert abs(scaled - 1) < 0.8e-9 or abs(scaled - 1) > 0.02  # within 1e-9 it counts as 1
        assert (not vanish and not explode) == (abs(scaled - 1) < 0.8e-9)
        if vanish:  # a sufficient condition: it vanishes in the linear network too
            assert reference.must_vanish_linear(gamma * W)
        if reference.may_explode_linear(gamma * W):  # a necessary one, the other way round
            assert explode
        answers.append((vanish, explode))
    assert {answer[0] for answer in answers} == {answer[1] for answer in answers} == {True, False}
    for W in conditions.by_radius(rng, -1):
        if W.shape[0] == W.shape[1]:
            radius = reference.spectral_radius(W)
            assert abs(radius - 1) < 0.8e-9 or abs(radius - 1) > 0.02


def test_sufficient_and_necessary_are_told_apart_by_the_matrices_drawn(reference):
    seen = set()
    for W, gamma in conditions.by_norm(np.random.default_rng(0)):
        linear = reference.must_vanish_linear(gamma * W)
        seen.add((reference.must_vanish(W, gamma), linear))
    assert seen == {(True, True), (False, True), (False, False)}


@given(seed=SEEDS)
@settings(deadline=None)
def test_what_must_vanish_vanishes_and_a_linear_network_decays_in_the_end(reference, seed):
    rng = np.random.default_rng(seed)
    W_h = draw_weights(rng, 4)
    W_h *= 0.9 / np.linalg.norm(W_h, 2)
    states = draw_states(rng, W_h, 80)
    assert reference.must_vanish(W_h, 1.0)
    assert np.linalg.norm(reference.jacobian_product(W_h, states, 80, 0), 2) < 0.9**80 * 1.001
    humped = sheared(rng, 3, 0.8, 6.0)
    assert reference.must_vanish_linear(humped)
    assert not reference.must_vanish(humped, 1.0)
    assert np.linalg.norm(np.linalg.matrix_power(humped, 200), 2) < 1e-8


@pytest.mark.parametrize("size", [1.5, 4, 50, 1000])
def test_the_reference_refutes_every_claim(reference, size):
    for claim in (NEVER_EXPLODES, ONLY_SHRINKS, NORM_EXPLODES):
        W, d = reference.counterexample(claim, size)
        compare = Refutation(claim, size)
        assert compare.fault((W, d)) is None
        assert compare.difference((W, d), (W.tolist(), d.tolist())) is None


@given(claim=CLAIMS, size=st.floats(1.1, 900))
@settings(deadline=None)
def test_what_is_no_counterexample_is_told_apart(reference, claim, size):
    right = reference.counterexample(claim, size)
    W, d = right
    compare = Refutation(claim, size)
    for wrong in (
        None,
        "a matrix",
        W,
        (W,),
        (W, d, d),
        (W, d[:1]),
        (W[:1], d),
        (W * np.nan, d),
        (W, d * 1.1),
        (W, -d),
        (np.eye(2), np.ones(2)),
        ([["a"]], [1]),
        ([[1], [1, 2]], [1, 1]),
        (100 * W, d),
        (np.zeros((0, 0)), np.zeros(0)),
        (W * (1 + 0j), d),
    ):
        assert compare.difference(right, wrong, slack=10.0) is not None
        assert compare.difference(wrong, right) is not None
        assert compare.difference(wrong, (3 * np.eye(3), np.ones(3))) is not None


@given(seed=SEEDS, units=st.integers(2, 8))
@settings(deadline=None)
def test_how_far_powers_reach_is_what_they_reach_one_by_one(seed, units):
    rng = np.random.default_rng(seed)
    J = 0.8 * np.eye(units) + np.triu(rng.uniform(-3.0, 3.0, (units, units)), k=1)
    powers = list(itertools.accumulate([J] * 200, np.matmul))
    reached = np.linalg.norm(powers[1:], 2, axis=(1, 2)).max()
    example = J, np.ones(units)
    assert Refutation(ONLY_SHRINKS, reached).fault(example) is None
    assert Refutation(ONLY_SHRINKS, 1.001 * reached).fault(example) == "an example that is too weak"


def test_another_example_is_as_good_and_equal_wrong_ones_are_the_same():
    compare = Refutation(ONLY_SHRINKS, 5.0)
    right = (np.array([[0.9, 5.0], [0.0, 0.9]]), np.ones(2))
    assert compare.difference((np.array([[0.8, 9.0], [0.0, 0.8]]), np.ones(2)), right) is None
    wrong = (np.eye(2), np.ones(2))
    assert compare.difference(wrong, ([[1, 0], [0, 1]], [1, 1])) is None
    assert compare.difference(wrong, (2 * np.eye(2), np.ones(2))) is not None


# --- one unit ------------------------------------------------------------------------------------


def step(w, b, x):
    return w / (1 + math.exp(-x)) + b


@given(w=st.floats(0.1, 60), share=st.floats(-0.5, 1.5))
@settings(deadline=None)
def test_every_fixed_point_stays_and_stable_and_unstable_ones_take_turns(reference, w, share):
    b = -w * share
    points = reference.fixed_points(w, b)
    slopes = [w * math.exp(-x) / (1 + math.exp(-x)) ** 2 for x in points]
    for x in points:
        assert step(w, b, x) == pytest.approx(x, abs=1e-7)
    assert len(points) in (1, 3)
    assert np.all(np.diff(points) > 0)
    if len(points) == 3:
        assert slopes[0] < 1 < slopes[1]
        assert slopes[2] < 1
        assert reference.basin_boundary(w, b) == pytest.approx(points[1], abs=1e-7)
    else:
        assert reference.basin_boundary(w, b) is None


@given(seed=SEEDS, most=st.floats(5, 60))
@settings(deadline=None)
def test_starts_on_both_sides_of_a_boundary_part(reference, seed, most):
    w, b = two_attractors(np.random.default_rng(seed), 4.8, most)
    low, boundary, high = reference.fixed_points(w, b)
    assert min(boundary - low, high - boundary) >= 0.1
    for side, end in ((-1e-5, low), (1e-5, high)):
        x = boundary + side
        for _ in range(2000):
            x = step(w, b, x)
        assert x == pytest.approx(end, abs=1e-6)


@given(w=st.floats(4.05, 60))
@settings(deadline=None)
def test_between_the_folds_there_are_three_fixed_points_and_elsewhere_one(reference, w):
    lower, upper = reference.fold_points(w)
    assert (lower, upper) == pytest.approx(folds(w))
    assert lower + upper == pytest.approx(-w)
    inside = (upper - lower) * 0.02
    for b, expected in ((lower, 3), (upper, 1)):
        assert len(reference.fixed_points(w, b + inside)) == expected
        assert len(reference.fixed_points(w, b - inside)) == 4 - expected


def test_the_numbers_of_the_unit_with_weight_5(reference):
    assert reference.fold_points(5.0) == pytest.approx([-2.65561, -2.34439], abs=1e-5)
    assert reference.fixed_points(5.0, -2.5) == pytest.approx([-1.776, 0, 1.776], abs=1e-3)
    assert reference.basin_boundary(5.0, 0.5 - 5 / (1 + math.exp(-0.5))) == pytest.approx(0.5)
    assert 0.5 - 5 / (1 + math.exp(-0.5)) == pytest.approx(-2.6123, abs=1e-4)
    assert reference.fold_points(4.0).shape == reference.fold_points(0.3).shape == (0,)


@given(seed=SEEDS)
@settings(deadline=None)
def test_cases_of_one_unit_are_what_their_groups_say_and_keep_away_from_folds(reference, seed):
    rng = np.random.default_rng(seed)
    drawn = [*fixed_points.draw(rng, reference), *basin_boundary.draw(rng, reference)]
    for each in drawn:
        w, b = each.args
        assert 0 < w <= 60
        assert -80 <= b <= 80
        points = reference.fixed_points(w, b)
        if each.group in ("one", "three"):
            assert len(points) == {"one": 1, "three": 3}[each.group]
        assert np.all(np.diff(points) >= 0.1)
        if w > 4:
            assert min(abs(b - fold) for fold in folds(w)) > 0.001


# --- drawing -------------------------------------------------------------------------------------


@given(seed=SEEDS)
@settings(deadline=None)
def test_drawn_matrices_have_the_spectra_that_they_are_drawn_with(seed):
    rng = np.random.default_rng(seed)
    W = sheared(rng, 3, 0.5, 2.0)
    assert np.linalg.norm(W, 2) == pytest.approx(2.0)
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(0.5)
    W = skewed(rng, blocks(1.5 * rotation(1.3), -0.4), 1.0)
    assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(1.5)
    assert np.linalg.norm(W, 2) > 1.6


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("norm", [True, False])
def test_the_threshold_is_computed_on_the_side_asked_for(side, norm):
    W = at_the_threshold(np.random.default_rng(3), side, norm)
    found = np.linalg.norm(W, 2) if norm else np.abs(np.linalg.eigvals(W)).max()
    assert 0 < (found - 1) * side < 1e-12


def test_answers_to_single_precision_are_those_to_the_same_numbers_in_double(reference):
    _, W_h, states = network(0, 4, 5)
    W_h, states = W_h.astype("float32"), states.astype("float32")
    wide = W_h.astype(float), states.astype(float)
    for narrow, double in (
        (reference.jacobian_product(W_h, states, 5, 1), reference.jacobian_product(*wide, 5, 1)),
        (
            reference.step_jacobian(W_h, states[1], "tanh"),
            reference.step_jacobian(wide[0], wide[1][1], "tanh"),
        ),
        (reference.spectral_radius(W_h), reference.spectral_radius(wide[0])),
        (reference.vanishing_bound(W_h, 1.0, 9), reference.vanishing_bound(wide[0], 1.0, 9)),
    ):
        np.testing.assert_array_equal(narrow, double)


def test_the_generator_of_a_power_iteration_is_built_from_its_recipe(reference):
    (first, *_) = power_iteration.draw(np.random.default_rng(0), reference)
    W, n_iter, seed = first.args
    assert reference.power_iteration(W, n_iter, build(seed)) > 0


@pytest.mark.parametrize("claim", [NEVER_EXPLODES, ONLY_SHRINKS, NORM_EXPLODES])
@pytest.mark.parametrize(
    "answer",
    [
        np.array(2.5),
        np.zeros((2, 0)),
        np.zeros((2, 2, 2)),
        [[[10**400]], [1.0]],
        [[[0.5]], [10**400]],
        [[0.5] * 400_000, [1.0]],
        [np.full((3, 3), np.nan), np.ones(3)],
        [1e6 * np.eye(20, k=1) + 1e-12 * np.eye(20, k=-19), np.ones(20)],
        "ab",
        {0: 1, 1: 2},
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_an_odd_counterexample_refutes_nothing_and_breaks_nothing(claim, answer):
    assert Refutation(claim, 1e9).fault(answer) is not None
