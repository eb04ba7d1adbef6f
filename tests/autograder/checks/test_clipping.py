"""What must hold of the reference functions of assignment 06, and of how steps are judged."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.authoring.checking import alternative
from autograder.authoring.comparing import Close
from autograder.authoring.material import load_material
from autograder.guest.recipes import Recipe
from autograder.judging.judge import judge
from tests.course_code import build, pick
from tests.exams import shared_exam

SHAPES, draw_grads, draw_params, spoiled = pick(
    "clipping.drawing", "SHAPES draw_grads draw_params spoiled"
)
ClippedTraining, Fresh, RandomSteps = pick("clipping.outcomes", "ClippedTraining Fresh RandomSteps")
TIMES, WIDE = pick("clipping.safe_step", "TIMES WIDE")
PositionModel = pick("probes.models", "PositionModel")
moves = pick("probes.steps", "moves")

SEEDS = st.integers(0, 10_000)
EXPONENTS = st.integers(-290, 290)
NOT_FINITE = st.sampled_from([math.nan, math.inf, -math.inf])


@pytest.fixture(scope="module")
def material(course):
    return load_material(course.assignment("06_clipping"))


@pytest.fixture(scope="module")
def reference(material):
    return material.reference


@pytest.fixture(scope="module")
def exams(material):
    return {exam.question.name: exam for exam in shared_exam(material).questions}


def flat(grads):
    return np.concatenate([np.ravel(grad) for grad in grads.values()])


# --- norms ---------------------------------------------------------------------------------------


@given(seed=SEEDS, exponent=EXPONENTS)
def test_a_norm_grows_with_its_gradient_over_the_whole_range_of_the_format(
    reference, seed, exponent
):
    grads = draw_grads(np.random.default_rng(seed), 1.0)
    scaled = {name: 10.0**exponent * grad for name, grad in grads.items()}
    assert reference.global_norm(scaled) == pytest.approx(10.0**exponent, rel=1e-12)


@given(seed=SEEDS, value=NOT_FINITE, name=st.sampled_from(sorted(SHAPES)))
def test_one_spoiled_entry_spoils_the_norm_and_is_left_alone_by_clipping(
    reference, seed, value, name
):
    rng = np.random.default_rng(seed)
    grads = spoiled(rng, draw_grads(rng, 3.0), value, name)
    assert np.array_equal(reference.global_norm(grads), abs(value), equal_nan=True)
    for clip in (reference.clip_by_norm, reference.clip_by_value):
        assert np.array_equal(flat(clip(grads, 0.1)), flat(grads), equal_nan=True)


@given(seed=SEEDS, factor=st.floats(0.1, 10), n=st.integers(1, 20))
def test_a_threshold_is_so_many_times_the_mean_of_what_is_finite(reference, seed, factor, n):
    rng = np.random.default_rng(seed)
    norms = rng.uniform(0.1, 9, size=n)
    mixed = rng.permutation(np.concatenate([norms, [math.nan, math.inf]]))
    assert reference.suggest_threshold(mixed, factor) == pytest.approx(factor * norms.mean())


# --- clipping ------------------------------------------------------------------------------------


@given(seed=SEEDS, exponent=EXPONENTS, threshold=st.floats(0.1, 10))
def test_clipping_by_norm_keeps_the_direction_and_bounds_the_length(
    reference, seed, exponent, threshold
):
    grads = draw_grads(np.random.default_rng(seed), 10.0**exponent)
    clipped = reference.clip_by_norm(grads, threshold)
    norm = reference.global_norm(clipped)
    assert norm == pytest.approx(min(10.0**exponent, threshold), rel=1e-12)
    assert np.allclose(flat(clipped) / norm, flat(grads) / 10.0**exponent, rtol=1e-12)


@given(seed=SEEDS, limit=st.floats(0.01, 3))
def test_clipping_by_value_is_still_a_descent_direction(reference, seed, limit):
    grads = draw_grads(np.random.default_rng(seed), 3.0)
    clipped = reference.clip_by_value(grads, limit)
    assert np.abs(flat(clipped)).max() <= limit
    assert flat(clipped) @ flat(grads) > 0


@given(seed=SEEDS, norm=st.floats(0.5, 20), threshold=st.floats(0.5, 5))
@settings(deadline=None)
def test_clipping_by_norm_agrees_with_torch_to_what_torch_adds(reference, seed, norm, threshold):
    grads = draw_grads(np.random.default_rng(seed), norm)
    parameters = [
        torch.nn.Parameter(torch.zeros(np.shape(grad)).double()) for grad in grads.values()
    ]
    for parameter, grad in zip(parameters, grads.values(), strict=True):
        parameter.grad = torch.tensor(grad)
    torch.nn.utils.clip_grad_norm_(parameters, threshold)
    theirs = flat({i: p.grad.numpy() for i, p in enumerate(parameters)})
    assert np.allclose(flat(reference.clip_by_norm(grads, threshold)), theirs, rtol=2.1e-6)


@given(seed=SEEDS, n=st.integers(1, 8))
def test_there_is_no_bias_where_nothing_is_clipped_or_one_example_is_all(reference, seed, n):
    grads = np.random.default_rng(seed).normal(size=(n, 3))
    longest = np.linalg.norm(grads, axis=1).max()
    assert np.allclose(reference.clipping_bias(grads, 1.01 * longest), 0)
    assert np.allclose(reference.clipping_bias(grads[:1], 0.1), 0)


def test_the_example_of_the_textbook_chapter(reference):
    bias = reference.clipping_bias(np.array([[10.0, 0.0], [0.0, 1.0]]), 1.0)
    assert np.allclose(bias, [0.5 - 0.995037, 0.5 - 0.0995037], atol=1e-6)


@given(seed=SEEDS, B=st.integers(1, 3), T=st.integers(1, 6), limit=st.floats(0.2, 2))
def test_a_clipped_signal_never_exceeds_its_limit_and_without_one_is_backpropagation(
    reference, seed, B, T, limit
):
    rng = np.random.default_rng(seed)
    dh, W_h = rng.normal(size=(B, T, 3)), 2 * rng.normal(size=(3, 3))
    states = rng.uniform(-0.9, 0.9, size=(B, T + 1, 3))
    assert np.abs(reference.clip_backward_signal(dh, W_h, states, limit)).max() <= limit
    free = reference.clip_backward_signal(dh, W_h, states, math.inf)
    expected = dh[:, -1]
    assert np.allclose(free[:, -1], expected)
    for t in range(T - 2, -1, -1):
        expected = dh[:, t] + (expected * (1 - states[:, t + 2] ** 2)) @ W_h.T
        assert np.allclose(free[:, t], expected)


# --- one unit ------------------------------------------------------------------------------------


@given(seed=SEEDS, steps=st.integers(0, 12))
@settings(deadline=None)
def test_the_gradient_of_the_unit_is_that_of_central_differences_and_of_torch(
    reference, seed, steps
):
    rng = np.random.default_rng(seed)
    w, b = rng.uniform(-3, 3, size=(2, 1)), rng.uniform(-1, 1, size=3)
    by_w, by_b = reference.unit_gradient(w, b, steps)
    error, eps = reference.unit_error, 1e-5
    assert by_w.shape == by_b.shape == error(w, b, steps).shape == (2, 3)
    slope_w = (error(w + eps, b, steps) - error(w - eps, b, steps)) / (2 * eps)
    slope_b = (error(w, b + eps, steps) - error(w, b - eps, steps)) / (2 * eps)
    assert np.allclose(by_w, slope_w, rtol=1e-6, atol=1e-9)
    assert np.allclose(by_b, slope_b, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("w", "expected"), [(3, 0.1235), (4, 0.5800), (4.5, 9.746), (5, 661.7), (5.5, 46489)]
)
def test_the_derivative_on_the_wall_is_the_known_one(reference, w, expected):
    on_the_wall = 0.5 - w / (1 + math.exp(-0.5))
    _, by_b = reference.unit_gradient(w, on_the_wall, 50)
    assert abs(by_b) == pytest.approx(expected, rel=1e-3)


def test_one_step_on_the_wall_leads_out_of_the_valley_and_a_clipped_one_does_not(reference):
    # Along the wall the clipped path is chaotic: how an exponential is rounded changes its errors.
    def gradient(w, b):
        return reference.unit_gradient(w, b, 50)

    plain = reference.descend(gradient, (5.0, -2.2), 0.1, None, 200)
    clipped = reference.descend(gradient, (5.0, -2.2), 0.1, 1.0, 500)
    assert np.linalg.norm(np.diff(plain, axis=0), axis=1).max() == pytest.approx(39.1, abs=0.1)
    assert np.linalg.norm(np.diff(clipped, axis=0), axis=1).max() <= 0.1 + 1e-9
    assert reference.unit_error(*plain[-1], 50) == pytest.approx(0.09)
    assert reference.unit_error(*clipped[-1], 50) < 2e-3


def test_the_cliff_s_gradient_is_that_of_the_cliff():
    numbers = (0.7, (0.2, -0.4), 3.0, 4.0, (0.8, -0.6), 0.5)
    c, bottom, h, k, n, place = numbers
    gradient = build(Recipe("cliff gradient", numbers))

    def height(w, b):
        bowl = c * ((w - bottom[0]) ** 2 + (b - bottom[1]) ** 2) / 2
        return bowl + h / (1 + math.exp(-k * (n[0] * w + n[1] * b - place)))

    for w, b in ((0.6, 0.1), (-1.0, 2.0), (3.0, 0.5)):
        by_w, by_b = gradient(w, b)
        assert by_w == pytest.approx((height(w + 1e-6, b) - height(w - 1e-6, b)) / 2e-6, abs=1e-7)
        assert by_b == pytest.approx((height(w, b + 1e-6) - height(w, b - 1e-6)) / 2e-6, abs=1e-7)


# --- steps ---------------------------------------------------------------------------------------


@given(seed=SEEDS, value=NOT_FINITE, name=st.sampled_from(sorted(SHAPES)))
def test_a_random_step_has_its_length_and_leaves_everything_finite(reference, seed, value, name):
    rng = np.random.default_rng(seed)
    params = draw_params(rng)
    grads = spoiled(rng, draw_grads(rng, 3.0), value, name)
    after = reference.safe_step(params, grads, 0.25, 2.0, rng)
    assert np.linalg.norm(flat(after) - flat(params)) == pytest.approx(0.5)


RANDOM = RandomSteps(TIMES, tuple(math.prod(shape) for shape in WIDE.values()))


def random_steps(rng, noise=np.random.Generator.normal):
    """Return what the probe finds of steps made of noise that is normalised jointly."""

    def step(params):
        drawn = {name: noise(rng, size=np.shape(value)) for name, value in params.items()}
        return {name: params[name] + drawn[name] / np.linalg.norm(flat(drawn)) for name in params}

    return moves(step, TIMES, draw_params(np.random.default_rng(0), WIDE))


def test_right_random_steps_are_never_told_apart():
    expected = random_steps(np.random.default_rng(0))
    for seed in range(1, 25):
        got = random_steps(np.random.default_rng(seed)) | {"the same again": False}
        for slack in (0.6, 1.0):  # as a known mistake's, and as what is right
            assert RANDOM.difference(expected, got, slack) is None


def test_directions_that_are_not_equally_probable_are_found_at_any_seed():
    def corners(rng, size):
        return rng.uniform(-1, 1, size=size)

    def signs(rng, size):
        return rng.choice([-1.0, 1.0], size=size)

    def one_array_more(rng, size):
        return rng.normal(size=size) * (2.0 if size == (12, 12) else 1.0)

    def each_array_by_itself(rng, size):
        drawn = rng.normal(size=size)
        return drawn / np.sqrt(np.mean(drawn**2))

    expected = random_steps(np.random.default_rng(0))
    for noise in (corners, signs, one_array_more, each_array_by_itself):
        for seed in range(1, 7):
            got = random_steps(np.random.default_rng(seed), noise)
            told = RANDOM.difference(expected, got, slack=10.0)
            assert told == "directions that are not equally probable", noise


@pytest.mark.parametrize(
    "change",
    [
        {"most length": 1.1},
        {"least length": 0.0},
        {"shapes": {"b": (3,)}},
        {"the same again": True},
        {"different steps": 8},
        {"different steps": True},
        {"different steps": None},
        {"shares of all entries": None},
        {"shares in each array": np.zeros((2, 2))},
        {"more": 1},
    ],
)
def test_what_is_no_such_outcome_differs_and_breaks_nothing(change):
    expected = random_steps(np.random.default_rng(0))
    assert RANDOM.difference(expected, expected | change) is not None
    assert RANDOM.difference(expected, None) is not None
    assert RANDOM.difference(expected, expected) is None


# --- training ------------------------------------------------------------------------------------


def uniform():
    """Return what the probe "clipped training" finds of a model that has learned nothing."""
    return {
        "log_probs": np.log(np.full((5, 4), 1 / 4)),
        "norms": [0.5, math.inf],
        "distance": 0.3,
        "shapes": {"bias": (4,)},
        "the same again": True,
        "new in every call": True,
    }


@pytest.mark.parametrize("random", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        {"log_probs": np.zeros((5, 4))},
        {"log_probs": np.full((5, 4), np.nan)},
        {"log_probs": np.log(np.full((4, 4), 0.25))},
        {"log_probs": None},
        {"norms": [0.5]},
        {"norms": [math.nan, 0.5]},
        {"norms": [0.5, math.nan]},
        {"norms": 2},
        {"shapes": None},
        {"the same again": False},
        {"new in every call": False},
        {"more": 1},
    ],
)
def test_what_is_no_such_training_differs_and_breaks_nothing(change, random):
    compare = ClippedTraining(np.array([0, 1, 2, 3, 0]), random=random)
    assert compare.difference(uniform(), uniform()) is None
    assert compare.difference(uniform(), uniform() | change) is not None
    assert compare.difference(uniform(), None) is not None


def test_distance_and_norms_count_where_nothing_is_random():
    without, with_chance = (
        ClippedTraining(np.array([0, 1, 2, 3, 0]), random=random) for random in (False, True)
    )
    for change in ({"distance": 0.4}, {"norms": [0.6, math.inf]}):
        assert without.difference(uniform(), uniform() | change) is not None
        assert with_chance.difference(uniform(), uniform() | change) is None
    single = uniform() | {"norms": [math.inf]}
    assert with_chance.difference(single, single | {"distance": 0.4}) is not None


def test_gradients_spike_in_marked_batches_only():
    rng = np.random.default_rng(0)
    params = {"votes": rng.normal(size=(2, 3, 3)), "bias": rng.normal(size=3)}
    targets, plain, marked = (
        np.array([1, 2]),
        np.array([[1, 0], [0, 2]]),
        np.array([[0, 1], [1, 1]]),
    )
    for contexts, factor in ((plain, 1.0), (marked, 1e3)):
        grads = build(Recipe("spiking gradients", (1e3,)))(params, contexts, targets)
        expected = PositionModel.gradients(params, contexts, targets)
        assert grads.keys() == {"votes", "bias"}
        assert all(np.array_equal(grads[name], factor * expected[name]) for name in grads)
    grads = build(Recipe("spiking gradients", (math.nan,)))(params, marked, targets)
    assert np.isfinite(grads["votes"]).all()
    assert np.isnan(grads["bias"]).tolist() == [True, False, False]


def test_listed_gradients_are_copies_of_those_that_a_batch_names():
    planes = [{"b": np.zeros(2)}, {"b": np.ones(2)}]
    gradients = build(Recipe("listed gradients", (planes,)))
    for _ in range(2):
        grads = gradients({"b": np.zeros(2)}, np.array([[1, 0]]), np.array([0]))
        assert np.array_equal(grads["b"], [1, 1])
        grads["b"][:] = 7


# --- what is returned, and what came -------------------------------------------------------------


def outcome(**changes):
    return {"returned": 1.0, "with inputs as they were": True, "with new arrays": True} | changes


def test_changed_inputs_and_shared_arrays_are_told_apart_from_wrong_answers():
    compare = Fresh(Close())
    assert compare.difference(outcome(), outcome()) is None
    changed = outcome(**{"with inputs as they were": False})
    assert compare.difference(outcome(), changed) == "it changed its input"
    assert "new ones" in compare.difference(outcome(), outcome(**{"with new arrays": False}))
    assert compare.difference(outcome(), outcome(returned=2.0)) == "another number"
    assert compare.difference(outcome(), 1.0) == "no outcome of a call"


@pytest.mark.parametrize("question", ["clip_by_norm", "clip_by_value"])
def test_the_hint_for_a_change_in_place_and_for_old_arrays_is_the_right_one(exams, question):
    exam = exams[question]
    mistakes = {mistake.name: mistake for mistake in exam.question.misconceptions}
    for name in ("in_place", "same_arrays_back"):
        verdict = judge(exam, exam.evidence_of(mistakes[name].function))
        assert verdict.misconception == name
        assert 0 < verdict.points < verdict.max_points


def test_who_draws_random_numbers_without_need_loses_nothing(exams):
    exam = exams["safe_step"]

    @alternative
    def draws_first(params, grads, learning_rate, threshold, rng):
        noise = {name: rng.normal(size=np.shape(value)) for name, value in params.items()}
        if not 0 < threshold < math.inf:
            raise ValueError(threshold)
        if all(np.isfinite(grad).all() for grad in grads.values()):
            noise = grads
            length = min(threshold, math.hypot(*flat(grads)))
        else:
            length = threshold
        norm = math.hypot(*flat(noise)) or 1.0
        return {k: p - learning_rate * (length / norm) * noise[k] for k, p in params.items()}

    verdict = judge(exam, exam.evidence_of(draws_first.function))
    assert verdict.points == verdict.max_points, verdict


@pytest.mark.parametrize("norm", [None, "1.0", [1.0], 10**400, {}, np.zeros(2), True])
@pytest.mark.parametrize("random", [False, True])
def test_forged_norms_are_no_norms(random, norm):
    outcome = {
        "shapes": {},
        "the same again": True,
        "new in every call": True,
        "norms": [1.0],
        "distance": 1.0,
        "log_probs": np.log(np.full((1, 2), 0.5)),
    }
    compare = ClippedTraining(np.array([0]), random=random)
    assert compare.difference(outcome, outcome) is None
    assert compare.difference(outcome, {**outcome, "norms": [norm]}) == "not a norm for every batch"
