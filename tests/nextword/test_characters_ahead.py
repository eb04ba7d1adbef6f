"""A text as a problem: what is read, what is asked for, and that it can be learned and scored."""

import numpy as np
import pytest

from nextword.dynamics.characters_ahead import CharactersAhead
from nextword.dynamics.recurrent_runs import RecurrentRuns, RunSettings, mean_loss
from nextword.dynamics.tasks import SequenceLengthError

TEXT = np.random.default_rng(0).integers(4, size=200)


@pytest.mark.parametrize(("ahead", "answers"), [(1, 8), (5, 8), (5, 3), (5, 1)])
def test_what_comes_so_many_characters_later_is_asked_for(ahead, answers):
    task = CharactersAhead(TEXT, 4, ahead, 8, answers)
    inputs, asked = task.draw(np.random.default_rng(0), 30)
    assert inputs.shape == (30, 8, 4)
    assert asked.shape == ((30, answers) if answers > 1 else (30,))
    text = "".join(map(str, TEXT))
    for row, later in zip(inputs.argmax(axis=-1), asked.reshape(30, -1), strict=True):
        read = "".join(map(str, row))
        wanted = "".join(map(str, later))
        ends = [n + 8 for n in range(len(text)) if text.startswith(read, n)]
        assert any(text[end + ahead - answers : end + ahead] == wanted for end in ends)


def test_stretches_begin_anywhere_from_the_first_to_the_last_place():
    task = CharactersAhead(np.arange(20), 20, 5, 4, 4)
    inputs, asked = task.draw(np.random.default_rng(0), 500)
    assert set(inputs.argmax(axis=-1)[:, 0].tolist()) == set(range(12))
    assert asked.max() == 19


def test_a_whole_text_is_asked_for_once():
    task = CharactersAhead(np.arange(20), 20, 2, 6, 3)
    _, asked = task.whole()
    assert asked.ravel().tolist() == list(range(5, 20))[: asked.size]
    assert 20 - 5 - asked.size < 3


def test_a_text_that_repeats_is_learned_and_its_loss_is_that_of_the_answers():
    text = np.tile([0, 1, 2], 60)
    task = CharactersAhead(text, 3, 2, 5, 4)
    settings = RunSettings(updates=200, learning_rate=0.5, max_norm=1.0, n_hidden=8, check_size=50)
    runs = RecurrentRuns(task, settings, [0, 1]).train()
    inputs, asked = task.whole()
    losses = mean_loss(runs, task, "tanh", inputs, asked)
    assert np.all(losses < 0.05)
    run, by_hand = runs[1], []
    for stretch, later in zip(inputs, asked, strict=True):
        state = np.zeros(8)
        for step, read in enumerate(stretch):
            state = np.tanh(np.concatenate([state, read, [1]]) @ run.inner)
            if step >= 1:
                logits = state @ run.outer[:-1] + run.outer[-1]
                by_hand.append(np.log(np.exp(logits).sum()) - logits[later[step - 1]])
    assert losses[1] == pytest.approx(np.mean(by_hand), rel=1e-4)  # float32 against float64


@pytest.mark.parametrize(
    ("ahead", "length", "answers", "words"),
    [
        (0, 5, 5, "1 or more"),
        (1, 5, 6, "not more answers than steps"),
        (1, 5, 0, "1 or more"),
        (5, 196, 1, "201 characters or more, got 200"),
    ],
)
def test_what_cannot_be_made_is_refused(ahead, length, answers, words):
    with pytest.raises(SequenceLengthError, match=words):
        CharactersAhead(TEXT, 4, ahead, length, answers)
    assert CharactersAhead(TEXT, 4, 5, 195, 1)
