import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.dynamics.temporal_order import ANSWERS, SYMBOLS, SequenceLengthError, TemporalOrder


@given(length=st.integers(10, 60), seed=st.integers(0, 99))
def test_two_symbols_that_matter_stand_where_they_may_and_say_the_class(length, seed):
    inputs, answers = TemporalOrder(length).draw(np.random.default_rng(seed), 50)
    assert inputs.shape == (50, length, len(SYMBOLS))
    assert np.all(inputs.sum(axis=-1) == 1)
    tenth = length // 10
    for row, answer in zip(inputs, answers, strict=True):
        text = TemporalOrder.text(row)
        first, second = (n for n, symbol in enumerate(text) if symbol in "AB")
        assert tenth <= first < 2 * tenth
        assert length // 2 <= second < length // 2 + tenth
        assert text[first] + text[second] == ANSWERS[answer]


def test_classes_places_and_distractors_are_uniform():
    inputs, answers = TemporalOrder(30).draw(np.random.default_rng(0), 40_000)
    letters = inputs.argmax(axis=-1)
    assert np.bincount(answers) / 40_000 == pytest.approx([0.25] * 4, abs=0.01)
    places = np.mean(letters < 2, axis=0)
    assert places[[3, 4, 5, 15, 16, 17]] == pytest.approx([1 / 3] * 6, abs=0.01)
    assert places.sum() == pytest.approx(2)
    assert np.bincount(letters[:, 20]) / 40_000 == pytest.approx([0, 0, *[0.25] * 4], abs=0.01)


def test_the_same_generator_gives_the_same_sequences():
    one, other = (TemporalOrder(12).draw(np.random.default_rng(3), 5) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


@pytest.mark.parametrize("length", [9, 0, -1])
def test_a_sequence_too_short_for_a_tenth_is_refused(length):
    with pytest.raises(SequenceLengthError, match=rf"10 steps or more, got {length}"):
        TemporalOrder(length)


def test_the_signal_is_the_derivative_of_the_loss():
    rng = np.random.default_rng(0)
    outputs, answers = 50 * rng.normal(size=(2, 3, 4)), rng.integers(4, size=(2, 3))
    losses, signal = TemporalOrder.loss_and_signal(outputs, answers)
    for place in np.ndindex(outputs.shape):
        nudged = outputs.copy()
        nudged[place] += 1e-6
        change = (TemporalOrder.loss_and_signal(nudged, answers)[0] - losses) / 1e-6
        assert change[place[0]] == pytest.approx(signal[place], abs=1e-4)
    assert np.allclose(signal.sum(axis=-1), 0)


def test_the_share_of_wrong_answers_is_counted_for_each_run():
    outputs = np.array([np.eye(4), np.roll(np.eye(4), 1, axis=0)])
    assert TemporalOrder.wrong(outputs, np.arange(4)).tolist() == [0, 1]
