"""Networks with a longer memory: what they may see, what they learn by, and how large they are."""

import numpy as np
import pytest
import torch

from nextword.learning.falling_rate import train_for
from nextword.learning.training import DivergedError, TrainingSettingsError
from nextword.models.neural import NetworkShapeError, window_model
from nextword.models.recurrent import recurrent_model
from nextword.models.sequence_models import (
    FARTHEST,
    KINDS,
    AttentionNetwork,
    CellNetwork,
    SoftReadNetwork,
    gradients_by_word,
    sequence_model,
)
from nextword.text.batching import SentenceReader
from nextword.text.vocabulary import Vocabulary

VOCAB = Vocabulary(["a", "b", "c", "d"])
SENTENCES = [["a", "b", "c"], ["c"], ["d", "a", "b", "c", "a"]]
V, H, F = 50, 128, 50
LAYER = 4 * 64 * 65 + 64 * H + H + H * 64 + 64 + 3 * 2 * 64
"""Weights of the attention layer without positions: looks, hidden layer, three norms."""
every_kind = pytest.mark.parametrize("kind", KINDS)


def rng():
    return np.random.default_rng(0)


@every_kind
def test_a_later_word_changes_nothing_before_it(kind):
    network = KINDS[kind](V, rng()).double()
    ids = torch.randint(V, (3, 12), generator=torch.Generator().manual_seed(0))
    other = ids.clone()
    other[:, 7] = (ids[:, 7] + 1) % V
    before, after = network(ids).detach(), network(other).detach()
    np.testing.assert_allclose(after[:, :7], before[:, :7], atol=1e-12)
    assert not torch.allclose(after[:, 7:], before[:, 7:])


@every_kind
def test_the_first_word_is_seen_to_the_end(kind):
    network = KINDS[kind](V, rng()).double()
    ids = torch.randint(V, (1, 20), generator=torch.Generator().manual_seed(0))
    other = ids.clone()
    other[0, 0] = (ids[0, 0] + 1) % V
    assert (network(other) - network(ids))[0, -1].abs().max() > 1e-8


@every_kind
def test_filling_costs_nothing_and_changes_nothing(kind):
    network = KINDS[kind](len(VOCAB), rng()).double()
    (batch,) = SentenceReader(VOCAB).read(SENTENCES).batches(3)
    alone = [next(SentenceReader(VOCAB).read([s]).batches(1)) for s in SENTENCES]
    nats = sum(float(network.loss(each).detach()) * each.n_tokens for each in alone)
    assert float(network.loss(batch).detach()) == pytest.approx(nats / batch.n_tokens, rel=1e-12)


@every_kind
def test_every_weight_is_learned(kind):
    network = KINDS[kind](len(VOCAB), rng())
    (batch,) = SentenceReader(VOCAB).read(SENTENCES).batches(3)
    network.loss(batch).backward()
    for name, weights in network.named_parameters():
        if weights.requires_grad:
            assert weights.grad is not None, name
            assert weights.grad.shape == weights.shape
        else:
            assert name == "cells.bias_hh_l0"
            assert not weights.any()


@pytest.mark.parametrize(
    ("kind", "between"),
    [  # what lies between word vectors and output, biases included
        ("identity ReLU", F * H + H * H + H),
        ("LSTM", 4 * (F * H + H * H + H)),
        ("GRU", 3 * (F * H + H * H + 2 * H)),
        ("soft read", F * H + H * H + H + 2 * 64 * H + 2 * H * H + H),
        ("attention", LAYER + 256 * 64),
        ("attention, relative", LAYER + 2 * (FARTHEST + 1)),
    ],
)
def test_they_are_as_large_as_they_say(kind, between):
    model = sequence_model(kind, VOCAB, SENTENCES)
    width, state = (64, 64) if "attention" in kind else (F, H)
    assert model.n_parameters == len(VOCAB) * width + between + len(VOCAB) * (state + 1)


def test_a_seed_makes_the_network_and_leaves_torchs_chance_alone():
    state = torch.random.get_rng_state()
    for kind in KINDS:
        one, same, other = (
            sequence_model(kind, VOCAB, SENTENCES, seed=seed).log_probs(SENTENCES)
            for seed in (1, 1, 2)
        )
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_cells_begin_as_they_are_named():
    identity = CellNetwork("identity ReLU", 5, 3, 4, rng=rng()).cells
    assert torch.equal(identity.all_weights[0][1], torch.eye(4))
    assert identity.nonlinearity == "relu"
    _, w_h, bias, _ = CellNetwork("LSTM", 5, 3, 4, rng=rng()).cells.all_weights[0]
    assert bias.tolist() == [0.0] * 4 + [1.0] * 4 + [0.0] * 8
    for gate in w_h.split(4):
        np.testing.assert_allclose((gate @ gate.T).detach(), np.eye(4), atol=1e-6)


def test_a_soft_read_is_a_weighted_mean_of_the_states_so_far():
    network = SoftReadNetwork(5, 3, 4, 2, rng=rng()).double()
    states = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(0)).double()
    weights = network.read_weights(states).detach()
    np.testing.assert_allclose(weights.sum(-1), 1)
    assert not weights.triu(1).any()
    by_hand = torch.softmax(
        torch.stack(
            [network.query(states[0, 4]) @ network.key(states[0, s]) / 2**0.5 for s in range(5)]
        ),
        0,
    )
    np.testing.assert_allclose(weights[0, 4, :5], by_hand.detach(), rtol=1e-12)


@pytest.mark.parametrize("positions", ["absolute", "relative"])
def test_heads_weigh_the_words_so_far(positions):
    network = AttentionNetwork(V, 8, 2, 4, positions=positions, rng=rng())
    weights = network.attention(torch.arange(10).reshape(2, 5)).detach()
    assert weights.shape == (2, 2, 5, 5)
    np.testing.assert_allclose(weights.sum(-1), 1, rtol=1e-6)
    assert not weights.triu(1).any()


def test_a_relative_head_can_look_a_number_of_words_back():
    network = AttentionNetwork(V, 8, 2, 4, positions="relative", rng=rng())
    with torch.no_grad():
        network.distances[0, 2] = 100.0
        network.distances[1, FARTHEST] = 100.0
    weights = network.attention(torch.zeros(1, FARTHEST + 9, dtype=torch.int64))[0].detach()
    assert weights[0, 10].argmax() == 8
    # All that are far enough share it: the words 0 to 8, seen from the last.
    np.testing.assert_allclose(weights[1, -1, :9], 1 / 9, rtol=1e-5)


def test_without_positions_the_order_of_what_was_read_says_nothing():
    network = AttentionNetwork(V, 8, 2, 4, positions="relative", rng=rng()).double()
    found = network(torch.tensor([[1, 2, 3, 4], [3, 1, 2, 4]]))[:, -1].detach()
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


def test_gradients_by_word_are_those_of_each_sentence_alone():
    for model in (sequence_model("attention", VOCAB, SENTENCES), recurrent_model(VOCAB, SENTENCES)):
        places = [2, 1, 4]
        together = gradients_by_word(model, SENTENCES, places)
        assert [len(each) for each in together] == [place + 1 for place in places]
        for sentence, place, found in zip(SENTENCES, places, together, strict=True):
            (alone,) = gradients_by_word(model, [sentence], [place])
            np.testing.assert_allclose(found, alone, rtol=1e-4)


def test_a_gradient_is_the_change_of_the_loss():
    model = sequence_model("GRU", VOCAB, SENTENCES)
    model.network.double()
    (lengths,) = gradients_by_word(model, [["d", "a"]], [1])

    def loss():
        return -model.log_probs([["d", "a"]])[1]

    row = model.network.features.weight.data[VOCAB.encode(["d"])[0]]
    slopes = []
    for feature in range(len(row)):
        row[feature] += 1e-5
        above = loss()
        row[feature] -= 2e-5
        slopes.append((above - loss()) / 2e-5)
        row[feature] += 1e-5
    assert lengths[1] == pytest.approx(np.linalg.norm(slopes), rel=1e-6)


def test_bad_sizes_ids_and_places_are_told():
    with pytest.raises(NetworkShapeError, match=r"one of identity ReLU, LSTM.*got 'lstm'"):
        sequence_model("lstm", VOCAB, SENTENCES)
    with pytest.raises(NetworkShapeError, match="expected cells"):
        CellNetwork("tanh", 5, rng=rng())
    with pytest.raises(NetworkShapeError, match="n_hidden of 1 or more, got 0"):
        CellNetwork("GRU", 5, 3, 0, rng=rng())
    with pytest.raises(NetworkShapeError, match="3 heads can share, got 8"):
        AttentionNetwork(5, 8, 3, rng=rng())
    with pytest.raises(NetworkShapeError, match="expected positions"):
        AttentionNetwork(5, positions="none", rng=rng())
    short = AttentionNetwork(5, 8, n_positions=4, rng=rng())
    with pytest.raises(NetworkShapeError, match=r"at most 4 words.*got 5"):
        short(torch.zeros(1, 5, dtype=torch.int64))
    with pytest.raises(NetworkShapeError, match=r"shape \(batch, length\)"):
        short(torch.zeros(3, dtype=torch.int64))
    model = sequence_model("GRU", VOCAB, SENTENCES)
    for places in ([1], [4, 0, 0]):
        with pytest.raises(NetworkShapeError, match="one place that it has"):
            gradients_by_word(model, SENTENCES, places)


def test_training_for_so_many_updates_learns_and_repeats_itself():
    losses = []
    for _ in range(2):
        model = sequence_model("attention", VOCAB, SENTENCES)
        examples = model.reader.read(SENTENCES)
        losses.append(
            train_for(model.network, examples, updates=40, learning_rate=0.01, batch_size=2)
        )
        assert not model.network.training
    assert losses[0] == losses[1]
    assert len(losses[0]) == 40
    assert np.mean(losses[0][-5:]) < 0.5 * losses[0][0]


def test_a_rate_of_nothing_and_a_loss_that_is_no_number_are_told():
    model = window_model(VOCAB, SENTENCES, 2)
    examples = model.reader.read(SENTENCES)
    for updates, rate in ((0, 0.1), (5, 0.0), (5, np.nan)):
        with pytest.raises(TrainingSettingsError, match="1 update or more at a rate above 0"):
            train_for(model.network, examples, updates=updates, learning_rate=rate)
    with torch.no_grad():
        model.network.output.bias[0] = np.nan
    with pytest.raises(DivergedError, match="at update 1: the loss is nan"):
        train_for(model.network, examples, updates=5, learning_rate=0.1)
