import numpy as np
import pytest

from nextword.dynamics.drift import Drift
from nextword.learning.training import TrainingSettings, train
from nextword.models.neural import TemperatureError, window_model
from nextword.models.recurrent import NotRecurrentError, recurrent_model
from nextword.text.batching import NoSentencesError
from nextword.text.vocabulary import Vocabulary

VOCAB = Vocabulary(["a", "b", "c"])
SENTENCES = [["a", "b", "c"], ["c"], [], ["b", "b", "a", "c", "a"]]


@pytest.fixture(scope="module")
def model():
    built = recurrent_model(VOCAB, SENTENCES, 3, 8)
    read = built.reader.read
    settings = TrainingSettings(epochs=30, batch_size=2, optimizer="adam", learning_rate=0.02)
    train(built.network, read(SENTENCES), read(SENTENCES), settings, progress=False)
    return built


def test_with_its_teacher_it_is_scored_as_ever(model):
    drift = Drift.of(model, SENTENCES, np.random.default_rng(0))
    np.testing.assert_allclose(drift.forced[drift.real], model.log_probs(SENTENCES), rtol=1e-5)


def test_alone_it_is_scored_after_the_words_that_it_wrote(model):
    drift = Drift.of(model, SENTENCES, np.random.default_rng(1), longest=12)
    for row, (sentence, written) in enumerate(zip(SENTENCES, drift.written, strict=True)):
        for place, target in enumerate([*VOCAB.encode(sentence), VOCAB.eos]):
            if place > len(written):
                break  # it had ended
            expected = np.log(model.next_distribution(written[:place])[target])
            assert drift.free[row, place] == pytest.approx(expected, rel=1e-4)


def test_both_begin_alike_and_places_are_counted_from_one(model):
    drift = Drift.of(model, SENTENCES, np.random.default_rng(0))
    by_place = drift.by_place()
    assert [place for place, _, _ in by_place] == [1, 2, 3, 4, 5, 6]
    assert by_place[0][1] == pytest.approx(by_place[0][2])
    assert len(drift.by_place(at_least=2)) == 4


def test_at_temperature_zero_all_write_the_same_and_it_can_be_let_on(model):
    drift = Drift.of(model, SENTENCES, np.random.default_rng(0), temperature=0, longest=30)
    assert len({tuple(written) for written in drift.written}) == 1
    assert drift.written[0] == model.sample(np.random.default_rng(9), 30, temperature=0)


def test_what_it_cannot_measure_is_refused(model):
    rng = np.random.default_rng(0)
    with pytest.raises(NotRecurrentError, match="got WindowNetwork"):
        Drift.of(window_model(VOCAB, SENTENCES, 2), SENTENCES, rng)
    with pytest.raises(TemperatureError):
        Drift.of(model, SENTENCES, rng, -0.1)
    with pytest.raises(NoSentencesError):
        Drift.of(model, [], rng)
