import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nextword.learning.training import TrainingSettings, train
from nextword.models.characters import CharacterModel, StepsError, TextStream
from nextword.models.neural import TemperatureError
from nextword.text.batching import BatchSizeError, NoSentencesError
from nextword.text.vocabulary import NotSentencesError

SENTENCES = [list("abcab"), list("c"), [], list("bab ca")]


def model(**options):
    return CharacterModel.start(SENTENCES, 3, 6, min_count=1, **options)


@given(n=st.integers(1, 60), steps=st.integers(1, 12), rows=st.integers(1, 70))
def test_every_character_is_predicted_once_from_the_one_before_it(n, steps, rows):
    stream = TextStream(torch.arange(n + 1), steps)
    batches = list(stream.batches(rows))
    read = {}
    for batch in batches:
        assert batch.inputs.shape == batch.targets.shape == batch.mask.shape
        assert batch.inputs.shape[1] <= steps
        assert (batch.inputs >= 0).all()
        assert (batch.inputs <= n).all()
        for row, (inputs, targets, mask) in enumerate(
            zip(batch.inputs, batch.targets, batch.mask, strict=True)
        ):
            assert torch.equal(targets[mask], inputs[mask] + 1)
            read.setdefault(row, []).extend(targets[mask].tolist())
    assert [place for row in sorted(read) for place in read[row]] == list(range(1, n + 1))
    assert stream.n_tokens == n


@given(n=st.integers(1, 60), steps=st.integers(1, 12), rows=st.integers(1, 20))
def test_only_the_first_batch_begins_and_the_others_go_on(n, steps, rows):
    batches = list(TextStream(torch.arange(n + 1), steps).batches(rows))
    assert [batch.continued for batch in batches] == [False] + [True] * (len(batches) - 1)
    assert len({len(batch.inputs) for batch in batches}) == 1
    for before, after in itertools.pairwise(batches):
        went_on = after.mask[:, 0]
        assert torch.equal(before.targets[went_on, -1], after.inputs[went_on, 0])


def test_streams_of_no_rows_and_pieces_of_no_steps_are_refused():
    with pytest.raises(BatchSizeError, match="1 row or more, got 0"):
        next(TextStream(torch.arange(4), 2).batches(0))
    with pytest.raises(StepsError, match="1 character or more, got 0"):
        model().read(SENTENCES, 0)


def test_a_text_in_pieces_costs_what_it_costs_in_one_go():
    """The state is carried: seven characters at a time is the same text."""
    built = model()
    whole = built.log_probs(SENTENCES)
    assert len(whole) == sum(len(s) + 1 for s in SENTENCES)
    pieces = list(built.read(SENTENCES, 7).batches(1))
    with torch.no_grad():
        nats = sum(float(built.network.loss(piece)) * piece.n_tokens for piece in pieces)
    assert nats == pytest.approx(-whole.sum(), rel=1e-5)
    assert built.bits(SENTENCES) == pytest.approx(-whole.mean() / np.log(2))


def test_the_same_loop_trains_it():
    text = [list("abcabcabc")] * 20
    built = CharacterModel.start(text, 4, 12)
    settings = TrainingSettings(epochs=12, batch_size=2, optimizer="adam", learning_rate=0.02)
    train(built.network, built.read(text, 10), built.read(text, 10), settings, progress=False)
    assert built.bits(text) < 0.3
    assert built.sample(np.random.default_rng(0), 2, "abca", temperature=0) == "bc"


def test_samples_are_of_the_length_asked_for_and_come_again():
    built = model()
    first, again, other = (built.sample(np.random.default_rng(s), 30, "ab") for s in (0, 0, 1))
    assert first == again != other
    assert len(first.replace("<s>", "")) <= 30
    assert built.sample(np.random.default_rng(0), 0) == ""


@pytest.mark.parametrize("prompt", ["", "ab", "zz\nQ"])
def test_any_prompt_can_be_read(prompt):
    assert isinstance(model().sample(np.random.default_rng(0), 5, prompt), str)


@pytest.mark.parametrize("temperature", [-1, float("nan"), float("inf")])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(TemperatureError, match="temperature of 0"):
        model().sample(np.random.default_rng(0), 5, temperature=temperature)


def test_activations_are_of_each_character_and_follow_from_what_was_read():
    built = model()
    found = built.activations("ab\nc")
    assert found.shape == (4, 6)
    assert (np.abs(found) <= 1).all()
    np.testing.assert_allclose(found[:2], built.activations("ab"), rtol=1e-6)
    with pytest.raises(NoSentencesError, match="one character or more"):
        built.activations("")


def test_words_in_place_of_characters_are_refused():
    with pytest.raises(NotSentencesError, match=r"sentence 1 holds 'cat'.*unit='characters'"):
        CharacterModel.start([["a"], ["cat"]])
    with pytest.raises(NotSentencesError):
        model().log_probs(["abc"])
    with pytest.raises(NoSentencesError):
        model().log_probs([])
