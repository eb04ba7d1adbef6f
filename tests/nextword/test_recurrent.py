import numpy as np
import pytest
import torch

from nextword.learning.training import TrainingSettings, train
from nextword.models.neural import NetworkShapeError, NeuralLanguageModel, window_model
from nextword.models.recurrent import (
    NothingToLearnError,
    NotRecurrentError,
    RecurrentNetwork,
    recurrent_model,
    shares_by_step,
)
from nextword.text.batching import Batch, SentenceReader
from nextword.text.vocabulary import Vocabulary

VOCAB = Vocabulary(["a", "b", "c", "d"])
SENTENCES = [["a", "b"], ["c"], ["d", "a", "b", "c", "a", "x"]]


def network(**options):
    return RecurrentNetwork(
        len(VOCAB), n_features=3, n_hidden=5, rng=np.random.default_rng(1), **options
    ).double()


def batch_of(sentences, size=10):
    (batch,) = SentenceReader(VOCAB).read(sentences).batches(size)
    return batch


def test_the_network_is_its_equation():
    """Three steps written with nothing but numpy, in rows."""
    built = network()
    torch.nn.init.normal_(built.start)
    torch.nn.init.normal_(built.output.bias)
    W_x, W_h, b, second = (w.detach().numpy() for w in built.cells.all_weights[0])
    E, state = built.features.weight.detach().numpy(), built.start.detach().numpy()
    U, c = built.output.weight.detach().numpy().T, built.output.bias.detach().numpy()
    assert not second.any()
    found = built(torch.tensor([[2, 5, 2]])).detach().numpy()[0]
    for step, word in enumerate([2, 5, 2]):
        state = np.tanh(E[word] @ W_x.T + state @ W_h.T + b)
        np.testing.assert_allclose(found[step], state @ U + c, rtol=1e-12)


def test_everything_in_the_equation_is_learned_and_nothing_twice():
    built = network()
    built.loss(batch_of(SENTENCES)).backward()
    learned = {name for name, w in built.named_parameters() if w.grad is not None}
    assert learned == {
        "start",
        "features.weight",
        "cells.weight_ih_l0",
        "cells.weight_hh_l0",
        "cells.bias_ih_l0",
        "output.weight",
        "output.bias",
    }
    n_words = len(VOCAB)
    model = NeuralLanguageModel(built, SentenceReader(VOCAB))
    assert model.n_parameters == n_words * 3 + 5 * (3 + 5 + 1) + 5 + (5 + 1) * n_words


def test_reading_on_from_a_state_is_reading_in_one_go():
    built, ids = network(), torch.tensor([[3, 4, 5, 6, 3]])
    whole = built.states(ids)
    first = built.states(ids[:, :2])
    torch.testing.assert_close(built.states(ids[:, 2:], first[:, -1]), whole[:, 2:])


def test_the_loss_is_the_mean_over_real_tokens_in_any_company():
    built = network()
    together = built.loss(batch_of(SENTENCES)).item()
    alone = [(built.loss(batch_of([s])).item(), len(s) + 1) for s in SENTENCES]
    assert together == pytest.approx(sum(x * n for x, n in alone) / sum(n for _, n in alone))
    model = NeuralLanguageModel(built, SentenceReader(VOCAB))
    assert together == pytest.approx(-model.log_probs(SENTENCES).mean())


def test_filling_has_no_gradient():
    built = network()
    batch = batch_of(SENTENCES)
    other = Batch(
        torch.where(batch.mask, batch.inputs, torch.tensor(6)),
        torch.where(batch.mask, batch.targets, torch.tensor(5)),
        batch.mask,
    )
    grads = []
    for each in (batch, other):
        built.zero_grad()
        built.loss(each).backward()
        grads.append([w.grad.clone() for w in built.parameters() if w.grad is not None])
    assert all(torch.equal(a, b) for a, b in zip(*grads, strict=True))


def test_a_row_in_which_all_is_filling_changes_nothing_for_the_others():
    built, batch = network(), batch_of(SENTENCES)
    more = [torch.cat([each, each[:1]]) for each in (batch.inputs, batch.targets, batch.mask)]
    more[2][-1] = False
    assert built.loss(Batch(*more)).item() == pytest.approx(built.loss(batch).item())


def test_a_batch_that_continues_begins_with_the_last_states_and_sends_no_gradient_back():
    built, ids = network(), torch.tensor([[3, 4, 5, 6, 3]])
    real = torch.ones(1, 2, dtype=torch.bool)
    states = built.states(ids[:, :4]).detach()
    built.loss(Batch(ids[:, :2], ids[:, 1:3], real))
    loss = built.loss(Batch(ids[:, 2:4], ids[:, 3:], real, continued=True))
    expected = torch.nn.functional.cross_entropy(built.output(states[0, 2:]), ids[0, 3:])
    assert loss.item() == pytest.approx(expected.item())
    loss.backward()
    assert built.start.grad is None


def test_scoring_between_two_batches_changes_nothing_for_learning():
    built, ids = network(), torch.tensor([[3, 4, 5, 6, 3]])
    real = torch.ones(1, 2, dtype=torch.bool)
    first = Batch(ids[:, :2], ids[:, 1:3], real)
    second = Batch(ids[:, 2:4], ids[:, 3:], real, continued=True)
    built.loss(first)
    expected = built.loss(second).item()
    built.loss(first)
    built.eval()
    built.loss(Batch(ids[:, 1:3], ids[:, 2:4], real))
    built.train()
    assert built.loss(second).item() == expected


def test_a_continued_batch_needs_one_before_it_with_as_many_rows():
    built, ids = network(), torch.tensor([[3, 4], [5, 6]])
    real = torch.ones(2, 2, dtype=torch.bool)
    with pytest.raises(NetworkShapeError, match="a batch before the one that continues it"):
        built.loss(Batch(ids, ids, real, continued=True))
    built.loss(Batch(ids[:1], ids[:1], real[:1]))
    with pytest.raises(NetworkShapeError, match=r"states of shape \(2, 5\).*got \(1, 5\)"):
        built.loss(Batch(ids, ids, real, continued=True))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.tensor([1, 2]), r"ids of shape \(batch, length\).*got \(2,\)"),
        (torch.zeros(2, 0, dtype=torch.int64), r"1 or more of each, got \(2, 0\)"),
        (torch.tensor([[1, 7]]), "ids from 0 to 6, got 7; was this encoded"),
        (torch.tensor([[-1, 3]]), "ids from 0 to 6, got -1"),
    ],
)
def test_inputs_that_are_no_rows_of_ids_are_refused(inputs, message):
    with pytest.raises(NetworkShapeError, match=message):
        network()(inputs)


def test_a_batch_in_which_all_is_filling_is_refused():
    batch = batch_of(SENTENCES)
    with pytest.raises(NothingToLearnError, match="all is filling"):
        network().loss(Batch(batch.inputs, batch.targets, torch.zeros_like(batch.mask)))


@pytest.mark.parametrize("sentences", [[[]], [["a"]], [["a"] * 40, []]])
def test_sentences_of_any_length_can_be_read_alone_or_together(sentences):
    model = recurrent_model(VOCAB, SENTENCES, 3, 5)
    assert np.isfinite(model.log_probs(sentences)).all()
    assert model.next_distribution(["a", "no such word"]).sum() == pytest.approx(1)


@pytest.mark.parametrize("options", [{"n_hidden": 0}, {"n_features": -1}, {"vocab_size": 0}])
def test_sizes_below_one_are_refused(options):
    with pytest.raises(NetworkShapeError, match=f"expected {next(iter(options))} of 1 or more"):
        RecurrentNetwork(**{"vocab_size": 3, "rng": np.random.default_rng(0), **options})


def test_dropout_of_everything_is_refused():
    with pytest.raises(NetworkShapeError, match="dropout from 0 to below 1"):
        network(dropout=1.0)


def test_an_untrained_model_knows_the_frequencies_and_the_same_seed_gives_the_same_weights():
    models = [recurrent_model(VOCAB, [["a", "a", "b"]] * 50, 3, 5, seed=s) for s in (0, 0, 1)]
    first, again, other = (m.log_probs([["a", "b", "c"]]) for m in models)
    assert first.tolist() == again.tolist() != other.tolist()
    assert first[0] > first[1] > first[2]
    with pytest.raises(NetworkShapeError, match="expected 7 counts above 0"):
        models[0].network.begin_with_frequencies(np.zeros(7))


def test_it_remembers_what_no_window_of_three_can_see():
    text = [[first, *"ddddd", first] for first in "abc"] * 20
    model = recurrent_model(VOCAB, text, 4, 16)
    settings = TrainingSettings(
        epochs=25, batch_size=10, optimizer="adam", learning_rate=0.02, rate_decay=0.98, max_norm=1
    )
    read = model.reader.read
    train(model.network, read(text), read(text), settings, progress=False)
    assert all(model.next_distribution(s[:-1])[VOCAB.encode([s[0]])[0]] > 0.9 for s in text[:3])


@pytest.mark.parametrize("place", [0, 1, 3, 6])
def test_shares_by_step_sum_to_the_gradient(place):
    model = NeuralLanguageModel(network(), SentenceReader(VOCAB))
    sentence = SENTENCES[2]
    shares, whole = shares_by_step(model, sentence, place)
    assert shares.shape == (place + 1, 5, 5)
    np.testing.assert_allclose(shares.sum(axis=0), whole, atol=1e-14)
    inputs = SentenceReader(VOCAB).inputs_after(sentence[:place])
    target = torch.tensor([[*VOCAB.encode(sentence), VOCAB.eos][place]])
    loss = torch.nn.functional.cross_entropy(model.network(inputs)[:, -1], target)
    (expected,) = torch.autograd.grad(loss, [model.network.cells.weight_hh_l0])
    np.testing.assert_allclose(whole, expected.numpy().T, atol=1e-14)


def test_shares_by_step_need_a_place_of_the_sentence_and_a_recurrent_model():
    model = NeuralLanguageModel(network(), SentenceReader(VOCAB))
    with pytest.raises(NetworkShapeError, match="a place from 0 to 2 in a sentence of 2 words"):
        shares_by_step(model, ["a", "b"], 3)
    with pytest.raises(NotRecurrentError, match="expected a recurrent model, got WindowNetwork"):
        shares_by_step(window_model(VOCAB, SENTENCES, 2), ["a"], 0)
