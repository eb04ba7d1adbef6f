import math

import numpy as np
import pytest
import torch

from nextword.learning.training import (
    DivergedError,
    TrainingSettings,
    TrainingSettingsError,
    train,
)
from nextword.models.neural import window_model
from nextword.text.batching import SentenceReader, WindowReader
from nextword.text.vocabulary import Vocabulary
from tests.nextword.test_neural import Recurrent

WORDS = "abcd"
VOCAB = Vocabulary(WORDS)
CYCLE = [[WORDS[(start + step) % 4] for step in range(6)] for start in range(4)]  # after a comes b


def made(**options):
    return window_model(VOCAB, CYCLE, 2, n_features=4, n_hidden=8, **options)


def trained(model, settings, valid=CYCLE, **options):
    read = model.reader.read
    return train(model.network, read(CYCLE), read(valid), settings, progress=False, **options)


FAST = TrainingSettings(epochs=30, batch_size=7, learning_rate=0.3)


@pytest.mark.parametrize(
    "settings",
    [
        FAST,
        TrainingSettings(epochs=60, batch_size=7, optimizer="sgd", learning_rate=0.3, momentum=0.9),
        TrainingSettings(epochs=60, batch_size=7, optimizer="adam", learning_rate=0.03, max_norm=1),
    ],
    ids=lambda settings: settings.optimizer,
)
def test_every_optimiser_learns_what_is_certain(settings):
    model = made()
    before = model.perplexity(CYCLE)
    history = trained(model, settings)
    assert model.perplexity(CYCLE) < 2.5 < before
    assert math.log(before) == pytest.approx(history.valid_losses[0], rel=1e-5)


def test_a_recurrent_network_is_trained_by_the_same_loop():
    network, reader = Recurrent(), SentenceReader(VOCAB)
    history = train(
        network,
        reader.read(CYCLE),
        reader.read(CYCLE),
        TrainingSettings(epochs=40, batch_size=2, learning_rate=0.2),
        progress=False,
    )
    assert history.valid_losses[history.best_epoch] < 0.5 * history.valid_losses[0]


def test_the_same_seed_gives_the_same_run_and_torchs_own_chance_is_left_alone():
    state = torch.random.get_rng_state()
    runs = []
    for seed in (1, 1, 2):
        model = made(dropout=0.5)
        settings = TrainingSettings(epochs=2, batch_size=5, seed=seed)
        runs.append(trained(model, settings).losses)
    assert runs[0] == runs[1] != runs[2]
    assert torch.equal(state, torch.random.get_rng_state())


def test_the_network_is_left_with_the_weights_that_were_best_on_the_validation_text():
    model = made()
    against = [sentence[::-1] for sentence in CYCLE]  # the more is learned, the worse it gets
    history = trained(model, FAST, against)
    best = min(history.valid_losses)
    assert history.valid_losses[history.best_epoch] == best
    assert history.best_epoch < history.epochs
    assert -model.log_probs(against).mean() == pytest.approx(best, rel=1e-5)


def test_patience_ends_training_and_nothing_else_does():
    against = [sentence[::-1] for sentence in CYCLE]
    settings = TrainingSettings(epochs=30, batch_size=7, learning_rate=0.3, patience=2)
    history = trained(made(), settings, against)
    assert history.epochs == history.best_epoch + 2
    assert trained(made(), FAST, against).epochs == 30


def test_losses_are_of_every_update_and_valid_losses_of_every_epoch():
    settings = TrainingSettings(epochs=3, batch_size=5)
    seen = []
    history = trained(made(), settings, watch=lambda h: seen.append(len(h.losses)), watch_every=2)
    n_tokens = sum(len(sentence) + 1 for sentence in CYCLE)
    assert history.updates_per_epoch == math.ceil(n_tokens / 5)
    assert len(history.losses) == 3 * history.updates_per_epoch
    assert len(history.valid_losses) == 4
    assert history.valid_perplexities == [math.exp(loss) for loss in history.valid_losses]
    assert seen == sorted(seen)
    assert {6, 12, 18} <= set(seen)
    assert {0, 2, 4} <= set(seen)


def test_norms_are_of_every_update_and_from_before_clipping():
    def norms(max_norm):
        settings = TrainingSettings(epochs=2, batch_size=5, optimizer="sgd", max_norm=max_norm)
        history = trained(made(), settings)
        assert len(history.norms) == len(history.losses)
        return history.norms

    free, clipped = norms(None), norms(1e-4)
    assert free[0] == pytest.approx(clipped[0], rel=1e-5)
    assert all(norm > 1e-3 for norm in clipped)


@pytest.mark.parametrize("learning_rate", [1e4, 1e30])
def test_a_diverging_run_stops_with_a_word_of_advice(learning_rate):
    settings = TrainingSettings(
        epochs=1000, batch_size=4, optimizer="sgd", learning_rate=learning_rate
    )
    with pytest.raises(DivergedError, match="smaller learning rate") as raised:
        trained(made(), settings)
    assert "update" in str(raised.value)


def test_the_learning_rate_shrinks_from_epoch_to_epoch():
    """At a ten-thousandth of the rate the second epoch changes nothing that could be seen."""
    kept, shrunk = (
        trained(made(), TrainingSettings(epochs=2, batch_size=7, rate_decay=decay))
        for decay in (1.0, 1e-4)
    )
    assert shrunk.valid_losses[:2] == kept.valid_losses[:2]
    assert shrunk.valid_losses[2] == pytest.approx(shrunk.valid_losses[1], abs=1e-3)
    assert kept.valid_losses[2] < kept.valid_losses[1] - 0.01


def test_decay_shrinks_weights_and_spares_biases():
    """Under a decay that leaves no weight, only the biases can say anything."""
    counts = np.bincount([*VOCAB.encode([w for s in CYCLE for w in s]), *[VOCAB.eos] * 4])
    shares = counts[counts > 0] / counts.sum()
    for decay_biases, expected in ((False, -(shares * np.log(shares)).sum()), (True, np.log(7))):
        settings = TrainingSettings(
            epochs=60,
            batch_size=28,
            optimizer="sgd",
            learning_rate=0.1,
            weight_decay=5.0,
            decay_biases=decay_biases,
        )
        history = trained(made(), settings)
        assert history.valid_losses[-1] == pytest.approx(expected, abs=0.06)


def test_progress_is_printed_where_asked(capsys):
    model = made()
    examples = model.reader.read(CYCLE)
    train(model.network, examples, examples, TrainingSettings(epochs=1))
    assert "perplexity" in capsys.readouterr().out
    trained(model, TrainingSettings(epochs=1))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"patience": 0},
        {"learning_rate": 0},
        {"learning_rate": math.nan},
        {"learning_rate": math.inf},
        {"rate_decay": 0},
        {"max_norm": 0},
        {"momentum": 1},
        {"weight_decay": -1},
        {"optimizer": "magic"},
    ],
    ids=str,
)
def test_impossible_settings_are_refused_by_name(settings):
    (name,) = settings
    with pytest.raises(TrainingSettingsError, match=name):
        TrainingSettings(**settings)


def test_training_leaves_a_network_in_the_mode_it_was_in():
    model = made()
    model.network.eval()
    trained(model, TrainingSettings(epochs=1))
    assert not model.network.training


def test_a_window_reader_of_another_length_is_told():
    model = made()
    wrong = WindowReader(VOCAB, 3).read(CYCLE)
    with pytest.raises(ValueError, match=r"\(batch, 2\)"):
        train(model.network, wrong, wrong, progress=False)


def test_a_nan_is_never_trained_on():
    model = made()
    with torch.no_grad():
        model.network.output.bias[0] = np.nan
    with pytest.raises(DivergedError, match="nan"):
        trained(model, TrainingSettings(epochs=1))
