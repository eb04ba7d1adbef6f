"""Probes for functions that yield blocks, that score texts, and for modules over sequences."""

import itertools

import numpy as np
import torch

from autograder.guest.codec import encode
from autograder.guest.probes import listed
from tests.course_code import pick

last_rows = pick("probes.texts", "last_rows")
module = pick("probes.torch_modules", "module")


def test_what_is_yielded_is_listed_as_is_what_is_returned():
    def blocks(n):
        for i in range(n):
            yield np.full(2, i), i

    for function in (blocks, lambda n: list(blocks(n)), lambda n: tuple(blocks(n))):
        found = listed(function, 3)
        assert [number for _, number in found] == [0, 1, 2]
        encode(found)


def test_a_generator_that_never_ends_is_cut_off():
    assert listed(itertools.count, 5) == list(range(5, 1_005))


def test_the_last_row_of_each_text_is_kept():
    def function(params, text, factor):
        return "a number", [[params * word, factor] for word in text]

    rows = last_rows(function, 2, [np.array([1, 2]), np.array([5])], 7)
    assert np.array_equal(rows, [[4, 7], [10, 7]])


class Sequences(torch.nn.Module):
    """Log-probabilities at every step, or in one row for all steps."""

    def __init__(self, params, flat):
        super().__init__()
        self.table = torch.nn.Parameter(torch.tensor(params["table"]))
        self.flat = flat

    def forward(self, inputs):
        log_probs = torch.log_softmax(self.table[inputs], dim=-1)
        return log_probs.flatten(0, -2) if self.flat else log_probs


def test_a_module_over_sequences_is_trained_on_all_steps_alike():
    params = {"table": np.random.default_rng(0).normal(size=(4, 4))}
    inputs, targets = np.array([[0, 1, 2], [3, 3, 0]]), np.array([[1, 2, 3], [0, 1, 1]])
    ours = module(lambda p: Sequences(p, False), 2, 0.5, params, inputs, targets)
    theirs = module(lambda p: Sequences(p, True), 2, 0.5, params, inputs.ravel(), targets.ravel())
    assert ours["before"].shape == (2, 3, 4)
    assert torch.allclose(ours["after"].flatten(0, 1), theirs["after"])
    assert not torch.allclose(ours["after"], ours["before"])
