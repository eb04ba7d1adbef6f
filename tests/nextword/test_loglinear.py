"""The log-linear model adds up the votes of its clues, and learns the counts that it is shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from nextword.models.loglinear import FILLING, LogLinearNetwork
from nextword.models.neural import NetworkShapeError, NeuralLanguageModel
from nextword.text.batching import WindowReader
from nextword.text.vocabulary import Vocabulary

V, WINDOW = 7, 4
CLUES = [(4, False), (2, False), (2, True), (0, True)]
WINDOWS = npst.arrays(
    np.int64, st.tuples(st.integers(1, 5), st.just(WINDOW)), elements=st.integers(0, V - 1)
)


def with_random_votes(back: int, anywhere: bool, dropout: float = 0.0) -> LogLinearNetwork:
    network = LogLinearNetwork(V, WINDOW, back=back, anywhere=anywhere, dropout=dropout)
    generator = torch.Generator().manual_seed(1)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return network


def test_knows_nothing_at_first():
    network = LogLinearNetwork(V, WINDOW, back=2, anywhere=True)
    assert torch.equal(network(torch.ones(3, WINDOW, dtype=torch.int64)), torch.zeros(3, V))


@pytest.mark.parametrize(("back", "anywhere"), CLUES)
@settings(deadline=None)
@given(windows=WINDOWS)
def test_scores_are_the_sum_of_the_votes_of_all_clues(back, anywhere, windows):
    network = with_random_votes(back, anywhere)
    expected = []
    for window in windows.tolist():
        votes = network.bias.detach().clone()
        for distance in range(1, back + 1):
            votes += network.votes_of(window[-distance], distance)
        if anywhere:
            votes += sum(network.votes_of(word, None) for word in window if word != FILLING)
        expected.append(votes)
    torch.testing.assert_close(network(torch.from_numpy(windows)).detach(), torch.stack(expected))


def test_has_a_weight_for_every_pair_and_distance_and_a_bias_for_every_word():
    assert LogLinearNetwork(V, WINDOW, back=3).n_weights == 3 * V * V + V
    assert LogLinearNetwork(V, WINDOW, back=3, anywhere=True).n_weights == 4 * V * V + V


@settings(deadline=None)
@given(windows=WINDOWS, target=st.integers(0, V - 1))
def test_gradient_of_the_bias_is_expected_minus_observed(windows, target):
    network = with_random_votes(2, anywhere=True)
    logits = network(torch.from_numpy(windows[:1]))
    torch.nn.functional.cross_entropy(logits, torch.tensor([target])).backward()
    observed = torch.nn.functional.one_hot(torch.tensor(target), V)
    torch.testing.assert_close(network.bias.grad, torch.softmax(logits[0], 0).detach() - observed)


def test_dropout_leaves_out_clues_or_doubles_them_in_training_and_nothing_afterwards():
    network = with_random_votes(1, anywhere=False, dropout=0.5)
    windows = torch.full((200, WINDOW), 3)
    vote, bias = network.votes_of(3, 1), network.bias.detach()
    scores = network(windows).detach()
    left_out = torch.isclose(scores, bias).all(1)
    doubled = torch.isclose(scores, bias + 2 * vote).all(1)
    assert (left_out | doubled).all()
    assert 50 < left_out.sum() < 150
    network.eval()
    torch.testing.assert_close(network(windows)[0].detach(), bias + vote)


def test_with_bigram_clues_it_learns_the_bigram_quotients():
    sentences = [list(letters) for letters in ("ab", "abc", "aab", "ca", "acab", "b")]
    vocab = Vocabulary(["a", "b", "c"])
    reader = WindowReader(vocab, 1)
    network = LogLinearNetwork(len(vocab), 1, back=1)
    (batch,) = reader.read(sentences).batches(100)
    descent = torch.optim.SGD(network.parameters(), lr=5.0)
    for _ in range(400):
        descent.zero_grad()
        network.loss(batch).backward()
        descent.step()
    after_a = NeuralLanguageModel(network, reader).next_distribution(["a"])
    pairs = [pair for s in sentences for pair in zip(s, [*s[1:], "</s>"], strict=True)]
    for word in ("a", "b", "c", "</s>"):
        share = pairs.count(("a", word)) / sum(first == "a" for first, _ in pairs)
        assert after_a[vocab.words.index(word)] == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize(
    "options",
    [
        {"vocab_size": 0, "back": 1},
        {"back": 0},
        {"back": -1},
        {"back": WINDOW + 1},
        {"back": 1, "dropout": 1.0},
        {"back": 1, "dropout": -0.1},
    ],
)
def test_refuses_sizes_that_make_no_model(options):
    with pytest.raises(NetworkShapeError, match="expected"):
        LogLinearNetwork(**{"vocab_size": V, "window": WINDOW, **options})


@pytest.mark.parametrize("shape", [(3,), (3, WINDOW - 1), (3, WINDOW, 1)])
def test_refuses_windows_of_another_length(shape):
    network = LogLinearNetwork(V, WINDOW, back=2)
    with pytest.raises(NetworkShapeError, match=r"shape \(batch, 4\)"):
        network(torch.zeros(shape, dtype=torch.int64))
