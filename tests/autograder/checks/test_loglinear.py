"""What must hold of the reference functions of assignment 02, and of what its cases can tell."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.checking import alternative
from autograder.authoring.course import Course
from autograder.authoring.material import load_material
from autograder.judging.judge import judge
from nextword.learning.flow_graph import Node
from tests.course_code import build, module
from tests.exams import shared_exam

drawing = module("loglinear.drawing")

COURSE = Course.at(Path(__file__).resolve().parents[3])
MATERIAL = load_material(COURSE.assignment("02_loglinear"))
REFERENCE = MATERIAL.reference
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 6)


@pytest.fixture(scope="module")
def questions():
    return {exam.question.name: exam for exam in shared_exam(MATERIAL).questions}


# --- scores and probabilities --------------------------------------------------------------------


@given(seed=SEEDS, shape=st.lists(SIZES, min_size=1, max_size=3), data=st.data())
def test_probabilities_sum_to_one_and_keep_the_differences_of_scores(seed, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    scale = data.draw(st.sampled_from([1e-3, 1.0, 1e4]))
    scores = scale * np.random.default_rng(seed).normal(size=shape)
    log_probs = REFERENCE.log_softmax(scores, axis=axis)
    assert np.all(log_probs <= 0)
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=axis), 1)
    expected = torch.log_softmax(torch.tensor(scores), dim=axis).numpy()
    np.testing.assert_allclose(log_probs, expected, rtol=1e-12, atol=1e-12)


@given(seed=SEEDS, shift=st.floats(-1e4, 1e4))
def test_a_constant_added_to_all_scores_changes_nothing(seed, shift):
    scores = np.random.default_rng(seed).normal(size=(3, 4))
    np.testing.assert_allclose(
        REFERENCE.log_softmax(scores + shift), REFERENCE.log_softmax(scores), atol=1e-10
    )


@given(seed=SEEDS, words=SIZES, n_features=st.integers(0, 5))
def test_a_log_linear_model_is_the_softmax_of_its_scores(seed, words, n_features):
    features, beta = drawing.draw_model(np.random.default_rng(seed), words, n_features)
    np.testing.assert_allclose(
        REFERENCE.loglinear_log_probs(features, beta),
        REFERENCE.log_softmax(features @ beta),
        atol=1e-14,
    )


# --- gradients -----------------------------------------------------------------------------------


@given(seed=SEEDS, words=SIZES, n_features=st.integers(1, 5), data=st.data())
@settings(deadline=None)
def test_the_gradient_is_that_of_central_differences_and_of_torch(seed, words, n_features, data):
    features, beta = drawing.draw_model(np.random.default_rng(seed), words, n_features)
    target = data.draw(st.integers(0, words - 1))
    gradient = REFERENCE.loglinear_gradient(features, beta, target)
    numerical = REFERENCE.numerical_gradient(
        lambda weights: REFERENCE.loglinear_log_probs(features, weights)[target], beta, 1e-5
    )
    np.testing.assert_allclose(gradient, numerical, atol=1e-8)
    weights = torch.tensor(beta, requires_grad=True)
    torch.log_softmax(torch.tensor(features) @ weights, dim=0)[target].backward()
    np.testing.assert_allclose(gradient, weights.grad.numpy(), atol=1e-12)


def test_indicators_of_bigrams_end_at_the_bigram_counts():
    counts = np.array([1.0, 3.0, 6.0])
    features, beta = np.eye(3), np.zeros(3)
    for _ in range(2_000):
        beta += 0.05 * sum(
            count * REFERENCE.loglinear_gradient(features, beta, word)
            for word, count in enumerate(counts)
        )
    learned = np.exp(REFERENCE.loglinear_log_probs(features, beta))
    np.testing.assert_allclose(learned, counts / counts.sum(), atol=1e-12)


@given(seed=SEEDS, shape=st.lists(SIZES, max_size=3))
def test_central_differences_of_a_square_are_exact(seed, shape):
    rng = np.random.default_rng(seed)
    x, weights = np.asarray(rng.normal(size=shape)), np.asarray(rng.normal(size=shape))
    gradient = REFERENCE.numerical_gradient(lambda y: float(np.sum(weights * y**2)), x, 0.5)
    np.testing.assert_allclose(gradient, 2 * weights * x, atol=1e-12)


@given(seed=SEEDS, size=st.integers(0, 6), factor=st.floats(0.1, 10))
def test_the_relative_error_is_symmetric_and_has_no_unit(seed, size, factor):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=size), rng.normal(size=size)
    error = REFERENCE.relative_error(a, b)
    assert 0 <= error <= 1
    assert error == REFERENCE.relative_error(b, a)
    assert error == pytest.approx(REFERENCE.relative_error(factor * a, factor * b))
    assert REFERENCE.relative_error(a, a) == 0
    assert size == 0 or REFERENCE.relative_error(a, -a) == pytest.approx(1)


# --- flow graphs ---------------------------------------------------------------------------------

GRAPHS = st.sampled_from([drawing.draw_tree, drawing.draw_chain, drawing.draw_shared])


@given(seed=SEEDS, draw=GRAPHS)
def test_every_node_comes_once_after_its_parents(seed, draw):
    output = build(draw(np.random.default_rng(seed)))
    nodes = REFERENCE.topological_order(output)
    assert nodes[-1] is output
    assert len(set(nodes)) == len(nodes)
    for place, node in enumerate(nodes):
        assert set(node.parents) <= set(nodes[:place])


@given(seed=SEEDS, draw=GRAPHS)
def test_gradients_sum_the_products_along_all_paths(seed, draw):
    output = build(draw(np.random.default_rng(seed)))
    nodes = REFERENCE.topological_order(output)
    along_paths = dict.fromkeys(nodes, 0.0)

    def walk(node, product):
        along_paths[node] += product
        for parent, derivative in zip(node.parents, node.derivatives, strict=True):
            walk(parent, product * derivative)

    walk(output, 1.0)
    REFERENCE.backpropagate(output)
    for node in nodes:
        assert node.grad == pytest.approx(along_paths[node], abs=1e-12)


@given(a=st.floats(0.1, 2), b=st.floats(-2, -0.1))
def test_gradients_of_arithmetic_are_those_of_torch(a, b):
    def formula(x, y, exp, log, tanh):
        return tanh(x * y + 1) / (2 - exp(y)) - log(x * x) + -y * 3 + (1 - x) / (4 + x)

    x, y = Node(a), Node(b)
    output = formula(x, y, Node.exp, Node.log, Node.tanh)
    REFERENCE.backpropagate(output)
    tensors = [torch.tensor(number, dtype=torch.float64, requires_grad=True) for number in (a, b)]
    expected = formula(*tensors, torch.exp, torch.log, torch.tanh)
    expected.backward()
    assert output.value == pytest.approx(expected.item())
    assert [x.grad, y.grad] == pytest.approx([tensor.grad.item() for tensor in tensors])


def points_by_group(question, answer):
    """Return the points of each group's words."""
    verdict = judge(question, question.evidence_of(answer.function))
    return {group.says: group.points for group in verdict.groups}, verdict


@alternative
def along_every_path(output):
    """Sum over paths: right, and endless on a ladder of doublings."""

    def clear(node):
        node.grad = 0.0
        for parent in node.parents:
            clear(parent)

    def walk(node, product):
        node.grad += product
        for parent, derivative in zip(node.parents, node.derivatives, strict=True):
            walk(parent, product * derivative)

    clear(output)
    walk(output, 1.0)


def test_a_walk_along_every_path_loses_the_graphs_with_many_paths_and_nothing_else(questions):
    points, verdict = points_by_group(questions["backpropagate"], along_every_path)
    assert sorted(says for says, earned in points.items() if not earned) == [
        "graphs with far more paths than arcs"
    ]
    assert "does the walk follow every path" in verdict.example.got
    assert verdict.misconception is None


@alternative
def changes_a_value(output):
    output.value += 1.0
    REFERENCE.backpropagate(output)


def test_a_changed_value_is_no_right_gradient(questions):
    points, verdict = points_by_group(questions["backpropagate"], changes_a_value)
    assert not any(points.values())
    assert "are not what they were" in verdict.example.got


# --- steps ---------------------------------------------------------------------------------------


@given(seed=SEEDS, mu=st.floats(0, 0.9))
def test_momentum_on_a_constant_slope_reaches_its_final_speed(seed, mu):
    grad = np.random.default_rng(seed).normal(size=3)
    x = velocity = np.zeros(3)
    for _ in range(400):
        x, velocity = REFERENCE.momentum_step(x, grad, velocity, 0.1, mu)
    np.testing.assert_allclose(velocity, -0.1 * grad / (1 - mu), rtol=1e-9)


@given(seed=SEEDS, factor=st.floats(0.01, 100))
def test_adagrad_does_not_see_the_unit_of_a_gradient(seed, factor):
    grads = np.random.default_rng(seed).normal(size=(5, 3))
    ends = []
    for scale in (1.0, factor):
        x = cache = np.zeros(3)
        for grad in grads:
            x, cache = REFERENCE.adagrad_step(x, scale * grad, cache, 0.1, 1e-300)
        ends.append(x)
    np.testing.assert_allclose(*ends, rtol=1e-9)


@given(losses=st.lists(st.integers(0, 6), min_size=1, max_size=12), patience=st.integers(1, 5))
def test_the_epoch_kept_is_the_best_before_the_first_run_of_bad_ones(losses, patience):
    best = REFERENCE.early_stopping(losses, patience)
    assert losses[best] == min(losses[: best + patience + 1])
    assert losses.index(losses[best]) == best
    for epoch in range(best):  # training has not stopped before
        assert min(losses[epoch + 1 : epoch + patience + 1]) < min(losses[: epoch + 1]) or any(
            losses[later] < min(losses[:later])
            for later in range(max(epoch - patience + 1, 1), epoch + 1)
        )


def test_a_patience_longer_than_training_keeps_the_best_of_all():
    losses = [3.0, 2.0, 4.0, 1.0, math.nan, 5.0]
    assert REFERENCE.early_stopping(losses, 100) == 3


@given(seed=SEEDS, fan_in=st.integers(1, 30), fan_out=st.integers(1, 30))
def test_glorot_keeps_the_variance_between_one_over_fan_in_and_fan_out(seed, fan_in, fan_out):
    r = {
        activation: np.abs(
            REFERENCE.glorot_uniform(fan_in, fan_out, np.random.default_rng(seed), activation)
        )
        for activation in ("tanh", "sigmoid")
    }
    assert r["tanh"].max() <= math.sqrt(6 / (fan_in + fan_out))
    np.testing.assert_allclose(r["sigmoid"], 4 * r["tanh"])
