"""Products of Jacobians agree with matrix powers, with differences and with torch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextword.dynamics.jacobians import (
    DefectiveMatrixError,
    EigenExpansion,
    MatrixError,
    NoSignalError,
    Unrolled,
    matrix_of_radius,
    norms_back,
)
from nextword.models.neural import NetworkShapeError, window_model
from nextword.models.recurrent import NotRecurrentError, recurrent_model, shares_by_step
from nextword.text.vocabulary import Vocabulary

SENTENCES = [["a", "b", "c", "a"], ["c", "b"], ["b"]]
seeds = st.integers(0, 10_000)


@pytest.fixture
def model():
    made = recurrent_model(Vocabulary.build(SENTENCES), SENTENCES, 4, 6, seed=1)
    with torch.no_grad():
        made.network.start.uniform_(-0.5, 0.5, generator=torch.Generator().manual_seed(0))
    return made


class TestEigenExpansion:
    @given(seeds, st.integers(1, 6), st.integers(0, 8))
    def test_multiplies_as_the_matrix_does(self, seed, size, n):
        rng = np.random.default_rng(seed)
        matrix, vector = rng.normal(size=(size, size)), rng.normal(size=size)
        found = EigenExpansion.of(matrix, vector)
        expected = vector @ np.linalg.matrix_power(matrix, n)
        assert found.times(n) == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert (np.diff(np.abs(found.values)) <= 1e-9).all()

    def test_a_rotation_has_complex_values_and_a_real_result(self):
        turn = EigenExpansion.of(np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([1.0, 0.0]))
        assert np.abs(turn.values) == pytest.approx([1, 1])
        assert turn.times(1) == pytest.approx([0, 1])
        assert turn.times(4) == pytest.approx([1, 0])

    def test_the_zero_matrix_vanishes(self):
        found = EigenExpansion.of(np.zeros((2, 2)), np.ones(2))
        assert found.times(0) == pytest.approx([1, 1])
        assert found.times(1) == pytest.approx([0, 0])

    @pytest.mark.parametrize("matrix", [[[1, 1], [0, 1]], [[0.9, 5], [0, 0.9]], [[0, 1], [0, 0]]])
    def test_a_defective_matrix_is_named_as_one(self, matrix):
        with pytest.raises(DefectiveMatrixError, match="defective"):
            EigenExpansion.of(np.array(matrix), np.ones(2))

    @pytest.mark.parametrize(
        ("matrix", "vector", "said"),
        [
            (np.ones((2, 3)), np.ones(2), r"square, such as \(3, 3\), got \(2, 3\)"),
            (np.ones(3), np.ones(3), "square"),
            (np.empty((0, 0)), np.empty(0), "square"),
            (np.full((2, 2), np.nan), np.ones(2), "finite, got nan or infinity"),
            ([["a"]], np.ones(1), "real numbers"),
            (np.eye(2), np.ones(3), "vector of 2 finite numbers"),
            (np.eye(2), np.array([1, np.inf]), "vector of 2 finite numbers"),
        ],
    )
    def test_says_what_is_wrong(self, matrix, vector, said):
        with pytest.raises(MatrixError, match=said):
            EigenExpansion.of(matrix, vector)

    def test_fewer_than_no_multiplications_are_refused(self):
        with pytest.raises(MatrixError, match="0 multiplications or more"):
            EigenExpansion.of(np.eye(2), np.ones(2)).times(-1)


class TestNormsBack:
    def test_the_non_normal_example_climbs_as_the_facts_say(self):
        norms = norms_back(np.array([[0.9, 5], [0, 0.9]]), np.ones((200, 2)))
        assert norms.max() == pytest.approx(19.38, abs=0.005)
        assert set(np.argsort(-norms)[:2]) == {9, 10}
        assert norms[-1] < 1e-5

    @given(seeds, st.integers(1, 5), st.integers(0, 6))
    def test_are_norms_of_derivatives_of_the_last_state(self, seed, size, steps):
        rng = np.random.default_rng(seed)
        W_h, drive = rng.normal(size=(size, size)), rng.normal(size=(steps, size))

        def last(start, driven):
            state = start
            for u in driven:
                state = torch.tanh(u + state @ torch.from_numpy(W_h))
            return state

        states = [torch.from_numpy(rng.normal(size=size))]
        for u in drive:
            states.append(torch.tanh(torch.from_numpy(u) + states[-1] @ torch.from_numpy(W_h)))
        slopes = np.array([1 - state.numpy() ** 2 for state in states[1:]]).reshape(steps, size)
        expected = [
            torch.linalg.matrix_norm(
                torch.autograd.functional.jacobian(
                    lambda start, gap=gap: last(start, torch.from_numpy(drive[steps - gap :])),
                    states[steps - gap],
                ),
                2,
            ).item()
            for gap in range(steps + 1)
        ]
        assert norms_back(W_h, slopes) == pytest.approx(expected, rel=1e-9, abs=1e-12)

    @given(seeds)
    def test_never_exceed_the_bound(self, seed):
        rng = np.random.default_rng(seed)
        W_h, slopes = rng.normal(size=(4, 4)), rng.uniform(0, 1, (12, 4))
        norms = norms_back(W_h, slopes)
        bound = (slopes.max() * np.linalg.norm(W_h, 2)) ** np.arange(13)
        assert (norms <= bound * (1 + 1e-9)).all()

    @pytest.mark.parametrize(
        ("weights", "slopes", "said"),
        [
            (np.ones((2, 3)), np.ones((4, 3)), "square"),
            (np.eye(2), np.ones((4, 3)), r"slopes of shape \(steps, 2\)"),
            (np.eye(2), np.ones(2), r"slopes of shape \(steps, 2\)"),
            (np.eye(2), np.full((1, 2), np.nan), "finite slopes"),
        ],
    )
    def test_say_what_is_wrong(self, weights, slopes, said):
        with pytest.raises(MatrixError, match=said):
            norms_back(weights, slopes)


class TestMatrixOfRadius:
    @given(seeds, st.floats(0.1, 3), st.integers(1, 8))
    def test_has_that_radius(self, seed, radius, size):
        matrix = matrix_of_radius(radius, size, np.random.default_rng(seed))
        assert np.abs(np.linalg.eigvals(matrix)).max() == pytest.approx(radius)

    @pytest.mark.parametrize(("radius", "size"), [(0, 3), (-1, 3), (np.nan, 3), (1, 0)])
    def test_refuses_what_cannot_be(self, radius, size):
        with pytest.raises(MatrixError, match="radius above 0 and a size of 1 or more"):
            matrix_of_radius(radius, size, np.random.default_rng(0))


class TestUnrolled:
    def test_signals_and_states_make_the_gradient_of_the_recurrent_weights(self, model):
        components, whole = shares_by_step(model, SENTENCES[0], 3)
        found = Unrolled.of(model, SENTENCES[0], 3)
        at_sum = found.signals[1:] * (1 - found.states[1:] ** 2)
        expected = np.einsum("ti,tj->tij", found.states[:-1], at_sum)
        assert components == pytest.approx(expected, abs=1e-6)
        assert whole == pytest.approx(expected.sum(0), abs=1e-6)

    def test_signals_go_back_through_the_jacobians(self, model):
        found = Unrolled.of(model, SENTENCES[0], 4)
        for k in range(1, len(found.states)):
            jacobian = np.diag(1 - found.states[k] ** 2) @ found.W_h.T
            assert found.signals[k] @ jacobian == pytest.approx(found.signals[k - 1], abs=1e-6)

    def test_the_last_signal_counts_as_one(self, model):
        found = Unrolled.of(model, SENTENCES[0], 2).signal_by_gap()
        assert found.shape == (4,)
        assert found[0] == 1

    def test_the_end_of_a_sentence_can_be_predicted(self, model):
        assert Unrolled.of(model, SENTENCES[1], 2).states.shape == (4, 6)

    @pytest.mark.parametrize("place", [-1, 5])
    def test_refuses_a_place_outside_the_sentence(self, model, place):
        with pytest.raises(NetworkShapeError, match=f"place from 0 to 4 .* got {place}"):
            Unrolled.of(model, SENTENCES[0], place)

    def test_refuses_a_model_without_a_state(self):
        vocab = Vocabulary.build(SENTENCES)
        with pytest.raises(
            NotRecurrentError, match="expected a recurrent model, got WindowNetwork"
        ):
            Unrolled.of(window_model(vocab, SENTENCES, 2), SENTENCES[0], 1)

    def test_a_certain_and_right_prediction_has_no_signal(self, model):
        found = Unrolled.of(model, SENTENCES[0], 1)
        certain = Unrolled(found.W_h, found.states, np.zeros_like(found.signals))
        with pytest.raises(NoSignalError, match="probability 1"):
            certain.signal_by_gap()
