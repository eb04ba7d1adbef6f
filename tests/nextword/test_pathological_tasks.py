"""The other problems of 002, sec. 4.1.2: their rules, and that small networks can be asked them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.dynamics.marked_numbers import Addition, Multiplication
from nextword.dynamics.recall import NoiselessMemorisation, RandomPermutation
from nextword.dynamics.tasks import MixedLengths, SequenceLengthError
from nextword.dynamics.temporal_order import TemporalOrder, ThreeBitTemporalOrder


def drawn(task, n, seed=0):
    return task.draw(np.random.default_rng(seed), n)


@given(length=st.integers(10, 60), seed=st.integers(0, 99))
def test_three_symbols_stand_where_they_may_and_say_the_class(length, seed):
    inputs, answers = drawn(ThreeBitTemporalOrder(length), 30, seed)
    assert inputs.shape == (30, length, 6)
    tenth = length // 10
    starts = [length // 10, 3 * length // 10, 6 * length // 10]
    for row, answer in zip(inputs, answers, strict=True):
        text = ThreeBitTemporalOrder.text(row)
        places = [n for n, symbol in enumerate(text) if symbol in "AB"]
        assert len(places) == 3
        for place, start in zip(places, starts, strict=True):
            assert start <= place < start + tenth
        assert "".join(text[n] for n in places) == f"{answer:03b}".translate({48: 65, 49: 66})


def test_all_eight_classes_are_as_frequent():
    _, answers = drawn(ThreeBitTemporalOrder(10), 40_000)
    assert np.bincount(answers) / 40_000 == pytest.approx([1 / 8] * 8, abs=0.01)


@given(length=st.integers(10, 60), seed=st.integers(0, 99))
def test_two_numbers_are_marked_and_their_sum_or_product_is_asked_for(length, seed):
    for task, made in ((Addition(length), np.sum), (Multiplication(length), np.prod)):
        inputs, answers = drawn(task, 30, seed)
        assert inputs.shape == (30, length, 2)
        for (marks, numbers), answer in zip(inputs.swapaxes(1, 2), answers, strict=True):
            places = np.flatnonzero(marks)
            assert marks[places].tolist() == [1, 1]
            assert places[0] < length // 10 <= places[1] < length // 2
            assert answer == pytest.approx(made(numbers[places]))


def test_places_and_numbers_are_uniform_and_a_constant_answer_misses_by_a_sixth():
    inputs, answers = drawn(Addition(20), 40_000)
    places = inputs[..., 0].mean(axis=0)
    assert places[:2] == pytest.approx([1 / 2] * 2, abs=0.01)
    assert places[2:10] == pytest.approx([1 / 8] * 8, abs=0.01)
    assert places[10:].tolist() == [0] * 10
    assert 0 <= inputs[..., 1].min() < 0.001 < 0.999 < inputs[..., 1].max() < 1
    assert inputs[..., 1].mean() == pytest.approx(0.5, abs=0.01)
    loss, _ = Addition.loss_and_signal(np.ones((1, 40_000, 1)), answers[None])
    assert loss[0] == pytest.approx(1 / 6, abs=0.005)


@given(length=st.integers(2, 30), seed=st.integers(0, 99))
def test_the_first_symbol_is_one_of_two_and_asked_for_and_no_other_is(length, seed):
    inputs, answers = drawn(RandomPermutation(length), 30, seed)
    symbols = inputs.argmax(axis=-1)
    assert np.all(inputs.sum(axis=-1) == 1)
    assert symbols[:, 0].tolist() == answers.tolist()
    assert set(answers.tolist()) <= {0, 1}
    assert np.all(symbols[:, 1:] >= 2)


def test_the_other_98_symbols_are_as_frequent():
    inputs, answers = drawn(RandomPermutation(3), 50_000)
    counts = np.bincount(inputs[:, 1:].argmax(axis=-1).ravel(), minlength=100)
    assert counts[2:] / 100_000 == pytest.approx([1 / 98] * 98, abs=0.002)
    assert answers.mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("values", "positions", "bits"), [(2, 5, 5.0), (5, 10, 23.2)])
def test_a_pattern_is_shown_held_and_given_back(values, positions, bits):
    task = NoiselessMemorisation(7, values, positions)
    assert positions * np.log2(values) == pytest.approx(bits, abs=0.05)
    assert task.length == task.n_answers == 7 + 2 * positions
    inputs, answers = drawn(task, 50)
    blank, sign = values, values + 1
    for symbols, asked in zip(inputs.argmax(axis=-1).tolist(), answers.tolist(), strict=True):
        pattern = symbols[:positions]
        assert max(pattern) < values
        assert symbols[positions:] == [*[blank] * 7, sign, *[blank] * (positions - 1)]
        assert asked == [*[blank] * (7 + positions), *pattern]
    first = inputs[:, :positions].argmax(axis=-1)
    assert len({tuple(row) for row in first.tolist()}) > 20


def test_a_sequence_with_one_wrong_answer_of_several_is_wrong():
    task = NoiselessMemorisation(2, 2, 1)
    _, answers = drawn(task, 4)
    right = np.eye(3)[answers][None]
    assert task.wrong(right, answers).tolist() == [0]
    right[0, 1, 2] = np.roll(right[0, 1, 2], 1)
    right[0, 1, 0] = np.roll(right[0, 1, 0], 1)
    assert task.wrong(right, answers).tolist() == [0.25]


def test_a_number_is_wrong_where_its_square_error_is_above_the_papers_bound():
    outputs = np.array([[[1.0], [1.19], [0.81], [1.21]], [[2.0]] * 4])
    assert Addition.wrong(outputs, np.ones(4)).tolist() == [0.25, 1]


@pytest.mark.parametrize("task", [Addition(10), NoiselessMemorisation(2, 2, 2)])
def test_the_signal_is_the_derivative_of_the_loss(task):
    rng = np.random.default_rng(0)
    _, answers = task.draw(rng, 6)
    answers = answers.reshape(2, 3, *answers.shape[1:])
    outputs = 5 * rng.normal(size=(*answers.shape, task.n_outputs))
    if task.n_answers == 1:
        outputs = outputs.reshape(2, 3, 1)
    losses, signal = task.loss_and_signal(outputs, answers)
    for place in np.ndindex(outputs.shape):
        nudged = outputs.copy()
        nudged[place] += 1e-6
        change = (task.loss_and_signal(nudged, answers)[0] - losses) / 1e-6
        assert change[place[0]] == pytest.approx(signal[place], abs=1e-4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ThreeBitTemporalOrder(9), "10 steps or more, got 9"),
        (lambda: Addition(9), "10 steps or more, got 9"),
        (lambda: Multiplication(0), "10 steps or more, got 0"),
        (lambda: RandomPermutation(1), "2 steps or more, got 1"),
        (lambda: NoiselessMemorisation(0), "1 steps or more, got 0"),
        (lambda: NoiselessMemorisation(5, 1), "2 values or more"),
        (lambda: MixedLengths(TemporalOrder, 20, 10), "got 20 to 10"),
        (lambda: MixedLengths(TemporalOrder, 9, 20), "10 steps or more, got 9"),
    ],
)
def test_what_cannot_be_made_is_refused(make, words):
    with pytest.raises(SequenceLengthError, match=words):
        make()


def test_mixed_lengths_are_uniform_and_depend_on_the_number_of_the_update_alone():
    mixed = MixedLengths(TemporalOrder, 10, 13)
    lengths = [mixed.at(number).length for number in range(2_000)]
    assert lengths == [mixed.at(number).length for number in range(2_000)]
    assert np.bincount(lengths)[10:] / 2_000 == pytest.approx([0.25] * 4, abs=0.05)
    assert (mixed.length, mixed.n_inputs, mixed.n_outputs) == (13, 6, 4)
